"""Which functions are tensor methods too, and which of those have an in-place twin.

``x.abs()`` is ``mg.abs(x)``: the function of a room becomes the method of its name. ``x.abs_()``
writes ``mg.abs(x)`` into x.
"""

from .ops import (
    activation,
    arithmetic,
    bitwise,
    cast,
    clamp,
    compare,
    complexes,
    cumulative,
    decompositions,
    diagonals,
    extremes,
    floats,
    functions,
    joining,
    matmul,
    norms,
    piecewise,
    places,
    products,
    pseudoinverse,
    quantiles,
    rearrange,
    reduce,
    rounding,
    sampling,
    scatter,
    select,
    sets,
    shape,
    softmax,
    sorting,
    special,
    statistics,
    strided,
)

_ARITHMETIC = (
    "abs absolute add addcdiv addcmul copysign div divide float_power hypot ldexp lerp mul "
    "multiply neg negative pow reciprocal rsqrt sgn sign sqrt square sub subtract true_divide"
)
_BITWISE = (
    "bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor gcd lcm"
)
_COMPARISONS = (
    "eq ge greater greater_equal gt le less less_equal logical_and logical_not logical_or "
    "logical_xor lt ne not_equal"
)
_ROUNDING = "ceil fix floor floor_divide fmod frac remainder round trunc"
_CLAMPS = "clamp clamp_max clamp_min clip"
_SELECTION = "heaviside masked_fill nan_to_num"

_ACTIVATIONS = "relu sigmoid tanh"
_FUNCTIONS = (
    "acos acosh arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh "
    "cos cosh deg2rad exp exp2 expm1 log log10 log1p log2 rad2deg sin sinc sinh tan"
)
_SPECIAL = "digamma erf erfc erfinv lgamma logit mvlgamma polygamma xlogy"

_PLACES = "index_put masked_scatter put"
_SCATTERING = "index_add index_copy index_fill index_reduce scatter scatter_add scatter_reduce"
_SUMS = "addbmm addmm addmv addr baddbmm"

_METHODS = {
    activation: _ACTIVATIONS,
    arithmetic: f"{_ARITHMETIC} positive",
    bitwise: _BITWISE,
    cast: "clone",
    complexes: "angle conj conj_physical is_conj is_neg resolve_conj resolve_neg",
    compare: (
        f"{_COMPARISONS} allclose equal isclose isfinite isinf isnan isneginf isposinf isreal "
        "signbit"
    ),
    floats: "frexp nextafter",
    functions: f"{_FUNCTIONS} logaddexp logaddexp2",
    matmul: "matmul mm",
    cumulative: "cummax cummin cumprod cumsum diff logcumsumexp",
    extremes: "amax amin aminmax argmax argmin max median min mode nanmedian",
    norms: "dist norm renorm",
    products: f"{_SUMS} bmm cross dot ger inner kron mv outer vdot",
    pseudoinverse: "pinverse",
    quantiles: "nanquantile quantile",
    piecewise: "hardshrink prelu",
    reduce: "all any count_nonzero logsumexp mean nanmean nansum prod sum",
    strided: "as_strided",
    statistics: "corrcoef cov std var",
    rounding: _ROUNDING,
    sampling: "bernoulli multinomial",
    clamp: _CLAMPS,
    select: f"{_SELECTION} fmax fmin maximum minimum",
    decompositions: (
        "cholesky cholesky_inverse cholesky_solve det inverse logdet matrix_power qr slogdet svd"
    ),
    diagonals: "diag diag_embed diagflat diagonal trace tril triu",
    rearrange: "flip fliplr flipud repeat repeat_interleave roll rot90 tile unfold",
    joining: "chunk dsplit hsplit narrow select split split_with_sizes tensor_split unbind vsplit",
    shape: (
        "adjoint broadcast_to expand flatten moveaxis movedim permute ravel reshape squeeze "
        "sum_to_size swapaxes swapdims t transpose unflatten unsqueeze view"
    ),
    softmax: "log_softmax softmax",
    special: _SPECIAL,
    places: (
        f"{_PLACES} argwhere diagonal_scatter masked_select nonzero select_scatter slice_scatter "
        "take"
    ),
    scatter: f"{_SCATTERING} gather index_select take_along_dim",
    sets: "bincount histc histogram unique unique_consecutive",
    sorting: "argsort kthvalue msort sort topk",
}

_IN_PLACE = {
    cumulative: "cumprod cumsum",
    diagonals: "tril triu",
    norms: "renorm",
    products: _SUMS,
    activation: _ACTIVATIONS,
    arithmetic: _ARITHMETIC,
    bitwise: _BITWISE,
    compare: _COMPARISONS,
    floats: "nextafter",
    functions: _FUNCTIONS,
    rounding: _ROUNDING,
    clamp: _CLAMPS,
    select: _SELECTION,
    special: _SPECIAL,
    places: _PLACES,
    scatter: _SCATTERING,
}


def _functions(table):
    return {name: getattr(room, name) for room, names in table.items() for name in names.split()}


METHODS = _functions(_METHODS)
IN_PLACE = _functions(_IN_PLACE)
RESHAPED = _functions({shape: "squeeze swapaxes swapdims t transpose unsqueeze"})
