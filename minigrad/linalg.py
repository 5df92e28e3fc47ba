"""Linear algebra under PyTorch's names.

>>> import minigrad as mg
>>> mg.linalg.norm(mg.tensor([[3.0, 0.0], [0.0, 4.0]]))
tensor(5.)
"""

from .ops.norms import linalg_norm as norm
from .ops.norms import matrix_norm, vector_norm

__all__ = ["matrix_norm", "norm", "vector_norm"]
