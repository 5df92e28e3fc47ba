"""Linear algebra under PyTorch's names.

>>> import minigrad as mg
>>> mg.linalg.norm(mg.tensor([[3.0, 0.0], [0.0, 4.0]]))
tensor(5.)
"""

from .errors import LinAlgError
from .ops.decompositions import eigh, eigvalsh, inv, matrix_power, solve, solve_triangular, svdvals
from .ops.decompositions import linalg_cholesky as cholesky
from .ops.decompositions import linalg_det as det
from .ops.decompositions import linalg_qr as qr
from .ops.decompositions import linalg_slogdet as slogdet
from .ops.decompositions import linalg_svd as svd
from .ops.matmul import matmul
from .ops.norms import linalg_norm as norm
from .ops.norms import matrix_norm, vector_norm
from .ops.products import linalg_cross as cross
from .ops.products import linalg_diagonal as diagonal
from .ops.products import linalg_vander as vander
from .ops.products import multi_dot, vecdot
from .ops.pseudoinverse import cond, lstsq, matrix_rank, pinv

__all__ = [
    "LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv",
    "lstsq", "matmul", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv",
    "qr", "slogdet", "solve", "solve_triangular", "svd", "svdvals", "vander", "vecdot",
    "vector_norm",
]  # fmt: skip
