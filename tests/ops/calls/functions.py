"""Exponentials, logarithms, trigonometric and hyperbolic functions."""

import numpy as np

from . import EVERY, FLOATS, HALVES, Draw, call, refuse

d = Draw(11)

DOMAINS = {
    (-2, 2): "arctan arcsinh asinh atan cos cosh deg2rad exp exp2 expm1 rad2deg sin sinc sinh",
    (-1.2, 1.2): "tan",
    (0.1, 3): "log log10 log1p log2",
    (-0.9, 0.9): "acos arccos arcsin arctanh asin atanh",
    (1.2, 3): "acosh arccosh",
}
UNARY = [(name, domain) for domain, names in DOMAINS.items() for name in names.split()]

CALLS = [
    *(call(name, d.uniform(*domain, 3, 4), dtypes=(*FLOATS, *HALVES)) for name, domain in UNARY),
    *(call(name, d.integers(0, 2, 3), dtypes=("int64",)) for name, domain in UNARY),
    *(call(name, d.booleans(3), dtypes=("bool",)) for name, domain in UNARY),
    *(call(name, d.uniform(*domain)) for name, domain in UNARY),
    *(call(name, d.normal(0, 2)) for name, _ in UNARY),
    call("exp", d.normal(2, 3), dtypes=EVERY),
    call("sin", d.normal(2, 3), dtypes=EVERY),
    call("sinc", np.array([0.0, 0.5, -1.5, 2.5]), twice=False),
    call("atan2", d.normal(3, 4), d.normal(4), dtypes=EVERY),
    call("atan2", d.normal(3), d.integers(1, 4, 3)),
    call("arctan2", d.normal(3, 1), d.normal(2)),
    call("atan2", d.normal(0), d.normal(1)),
    call("logaddexp", d.normal(3, 4), d.normal(4), dtypes=(*FLOATS, *HALVES)),
    call("logaddexp", d.normal(), d.normal(2)),
    call("logaddexp", np.array([900.0, -900.0]), np.array([890.0, -901.0])),
    call("logaddexp2", d.normal(3, 4), d.normal(4), dtypes=(*FLOATS, *HALVES)),
    call("logaddexp2", d.normal(0, 2), d.normal(2)),
    call("logaddexp2", np.array([2000.0, -3.0]), np.array([1990.0, -3.0])),
    call(".exp", d.normal(3)),
    call(".atan2", d.normal(3), d.normal(3)),
    call(".logaddexp", d.normal(3), d.normal(3)),
]

x, y, whole = d.normal(2, 3), d.normal(2), d.integers(1, 5, 3)

REFUSED = [
    *(refuse("str", name, "1") for name, _ in UNARY[:14:3]),
    *(refuse("list", name, [1.0]) for name, _ in UNARY[1:14:3]),
    refuse(r"\(2, 3\) and \(2,\)", "atan2", x, y),
    refuse("other must be a tensor", "atan2", x, 1.0),
    refuse("input must be a tensor", "atan2", 1.0, x),
    refuse(r"\(2, 3\) and \(2,\)", "logaddexp", x, y),
    refuse("other must be a tensor", "logaddexp", x, 1.0),
    refuse("floats", "logaddexp", whole, whole),
    refuse("floats", "logaddexp", d.booleans(3), d.booleans(3)),
    refuse("input must be a tensor", "logaddexp", 1.0, x),
    refuse(r"\(2, 3\) and \(2,\)", "logaddexp2", x, y),
    refuse("other must be a tensor", "logaddexp2", x, 1.0),
    refuse("floats", "logaddexp2", whole, whole),
    refuse("input must be a tensor", "logaddexp2", 1.0, x),
]
