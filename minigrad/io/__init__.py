"""Door: saving and loading. Nothing is ever unpickled: reading a file cannot run code."""

from .checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from .saving import load, save

__all__ = ["Checkpoint", "load", "load_checkpoint", "save", "save_checkpoint"]
