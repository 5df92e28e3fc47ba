"""Door: activations computed again in backward, under the names of torch.utils.checkpoint."""

from ..recompute import checkpoint, checkpoint_sequential

__all__ = ["checkpoint", "checkpoint_sequential"]
