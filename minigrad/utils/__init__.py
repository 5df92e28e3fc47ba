"""Door: helpers under PyTorch's names."""

from .. import data
from . import checkpoint

__all__ = ["checkpoint", "data"]
