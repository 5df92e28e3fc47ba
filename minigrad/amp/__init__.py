"""Mixed precision: autocast, loss scaling, and what narrow formats do to numbers."""

from .autocast import (
    autocast,
    clear_autocast_cache,
    custom_bwd,
    custom_fwd,
    get_autocast_dtype,
    is_autocast_available,
    is_autocast_cache_enabled,
    is_autocast_enabled,
)
from .grad_scaler import GradScaler
from .memory import memory_report
from .recommended import recommend
from .rounding import round_to, stochastic_rounding

__all__ = [
    "GradScaler",
    "autocast",
    "clear_autocast_cache",
    "custom_bwd",
    "custom_fwd",
    "get_autocast_dtype",
    "is_autocast_available",
    "is_autocast_cache_enabled",
    "is_autocast_enabled",
    "memory_report",
    "recommend",
    "round_to",
    "stochastic_rounding",
]
