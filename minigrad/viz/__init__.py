"""Pictures. Matplotlib is imported inside the functions that draw, never with the package."""

from .curves import training_curves

__all__ = ["training_curves"]
