"""Door: gradients, user-defined ops and gradient checks under PyTorch's names."""

from .. import function
from ..engine.gradients import backward, grad
from ..engine.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from ..function import Function, FunctionCtx, once_differentiable
from ..testing import gradcheck, gradgradcheck
from . import functional

__all__ = [
    "Function",
    "FunctionCtx",
    "backward",
    "enable_grad",
    "function",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "once_differentiable",
    "set_grad_enabled",
]
