"""Door: special functions under the names of ``torch.special``."""

from .ops.activation import sigmoid as expit
from .ops.functions import exp2, expm1, log1p, sinc
from .ops.reduce import logsumexp
from .ops.rounding import round
from .ops.softmax import log_softmax, softmax
from .ops.special import digamma, entr, erf, erfc, erfinv, logit, ndtr, polygamma, xlog1py, xlogy
from .ops.special import digamma as psi
from .ops.special import lgamma as gammaln
from .ops.special import mvlgamma as multigammaln

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "log1p",
    "log_softmax", "logit", "logsumexp", "multigammaln", "ndtr", "polygamma", "psi",
    "round", "sinc", "softmax", "xlog1py", "xlogy",
]  # fmt: skip
