"""Door: checks of gradients, modules and values."""

from .closeness import assert_close
from .gradcheck import gradcheck, gradgradcheck
from .module_check import check_module

__all__ = ["assert_close", "check_module", "gradcheck", "gradgradcheck"]
