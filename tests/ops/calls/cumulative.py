"""Running sums, products and extremes; differences and integrals."""

import numpy as np

from . import EVERY, FLOATS, HALVES, INTEGERS, Draw, Named, call, refuse

d = Draw(13)
FLOATING = (*FLOATS, *HALVES)
NAN = np.array([[1.0, np.nan, 3.0, 3.0], [2.0, 2.0, 1.0, 2.0]])
ZEROS = np.array([[1.5, 0.0, 2.0, 0.5], [0.0, 0.5, 0.0, 3.0]])

CALLS = [
    *(
        call(name, *arguments, dtypes=FLOATING if name == "logcumsumexp" else EVERY)
        for name in ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin")
        for arguments in (
            (d.distinct(2, 5), 1),
            (d.distinct(3, 4), 0),
            (d.distinct(2, 3, 2), -2),
            (d.distinct(7), -1),
            (d.normal(), 0),
            (d.normal(), -1),
            (d.normal(0, 3), 0),
            (d.normal(0, 3), 1),
            (d.normal(1), 0),
        )
    ),
    *(
        call(name, d.normal(2, 3), 1, dtype=Named(dtype), dtypes=INTEGERS, differentiable=False)
        for name in ("cumsum", "cumprod")
        for dtype in ("float32", "float64", "int32", "int64", "uint8")
    ),
    call("cumsum", d.normal(3), dim=0, dtype=Named("float64")),
    call("cumprod", d.normal(3), 0, dtype=Named("float64")),
    call("cumprod", ZEROS, 1, dtypes=EVERY), call("cumprod", ZEROS, 0, dtypes=EVERY),
    call("logcumsumexp", 300 * d.normal(6), 0),
    call("logcumsumexp", np.array([-np.inf, 1.0, np.inf]), 0, differentiable=False, device=False),
    *(
        call(name, values, axis, dtypes=FLOATING, differentiable=False)
        for name in ("cummax", "cummin", "cumsum")
        for values in (NAN, ZEROS)
        for axis in (0, 1)
    ),
    call(".cumsum", d.normal(2, 3), 1), call(".cumprod", d.normal(2, 3), -1),
    call(".cummax", d.distinct(4), 0), call(".diff", d.normal(4)),
    *(
        call("diff", *arguments, dtypes=EVERY)
        for arguments in (
            (d.normal(5),),
            (d.normal(5), 2),
            (d.normal(5), 0),
            (d.normal(3), 4),
            (d.normal(3, 4), 1, 0),
            (d.normal(3, 4), 2, -1),
            (d.normal(0, 3), 1, 0),
            (d.normal(3), 1, -1, d.normal(2)),
            (d.normal(3), 1, 0, None, d.normal(1)),
        )
    ),
    call("diff", d.normal(2, 3), n=2, dim=0, prepend=d.normal(1, 3), append=d.normal(2, 3)),
    *(
        call(name, *arguments, dtypes=(*FLOATS, *INTEGERS))
        for name in ("trapezoid", "cumulative_trapezoid")
        for arguments in (
            (d.normal(4),),
            (d.normal(2, 4), d.normal(4)),
            (d.normal(2, 4), d.normal(2, 4)),
            (d.normal(3, 4), d.normal(1, 4)),
            (d.normal(1),),
            (d.normal(0),),
        )
    ),
    call("trapz", d.normal(2, 4), d.normal(4)), call("trapz", d.normal(2, 4), dim=0),
    call("trapz", d.normal(4), dx=0.5),
    *(
        call(name, *arguments, **keywords)
        for name in ("trapezoid", "cumulative_trapezoid")
        for arguments, keywords in (
            ((d.normal(3, 2), d.normal(3)), {"dim": 0}),
            ((d.normal(3, 2, 2), d.normal(3)), {"dim": -3}),
            ((d.normal(3, 2),), {"dim": 0, "dx": 0.25}),
        )
    ),
    call("diff", d.normal(3, 2), 0, 0, d.normal(1, 2), d.normal(2, 2)),
]  # fmt: skip

x = d.normal(2, 3)
REFUSED = [
    *(
        refusal
        for name in ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin")
        for refusal in (
            refuse("dim=2 is out of range", name, x, 2),
            refuse("dim=-3 is out of range", name, x, -3),
            refuse("dim=1 is out of range", name, d.normal(), 1),
            refuse("dim must be an int, got tuple", name, x, (0, 1)),
            refuse("dim must be an int, got NoneType", name, x, None),
            refuse("dim", name, x),
            refuse("input must be a tensor", name, "a", 0),
        )
    ),
    refuse("must be floating point", "logcumsumexp", d.integers(0, 3, 3), 0),
    refuse("0-d", "diff", d.normal()),
    refuse("n=-1", "diff", x, -1),
    refuse("n must be an int", "diff", x, 1.5),
    refuse("dim=2 is out of range", "diff", x, 1, 2),
    refuse(r"\(3,\)", "diff", x, 1, 0, d.normal(3)),
    refuse(r"\(2, 2\)", "diff", x, 1, 0, d.normal(2, 2)),
    refuse("input must be a tensor", "diff", "a"),
    *(
        refusal
        for name in ("trapezoid", "cumulative_trapezoid")
        for refusal in (
            refuse("0-d", name, d.normal()),
            refuse("x or dx", name, x, d.normal(3), dx=1.0),
            refuse("dim=2 is out of range", name, x, dim=2),
            refuse("y must hold numbers", name, d.booleans(3)),
            refuse(r"x of shape \(2,\) .* 3 points", name, x, d.normal(2)),
            refuse("y must be a tensor", name, "a"),
        )
    ),
]
