"""Extremes, medians and quantiles."""

import numpy as np

from . import EVERY, FLOATS, HALVES, INTEGERS, Draw, call, refuse

d = Draw(12)
NUMBERS = (*FLOATS, *HALVES, *INTEGERS)
NAN = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, 2.0], [3.0, 1.0, 2.0]])
TIED = np.array([[2.0, 5.0, 5.0], [1.0, 1.0, 0.0]])

CALLS = [
    *(
        call(name, *arguments, dtypes=EVERY)
        for name in ("amax", "amin")
        for arguments in (
            (d.distinct(2, 3),),
            (d.distinct(2, 3), 1),
            (d.distinct(2, 3, 2), (0, -1), True),
            (d.distinct(2, 3), ()),
            (d.normal(),),
            (d.normal(), -1, True),
            (d.normal(0, 3), 1),
        )
    ),
    *(
        call(name, TIED, 1, dtypes=EVERY, twice=False, differentiable=name in ("amax", "amin"))
        for name in ("amax", "amin", "argmax", "argmin", "max", "min")
    ),
    *(
        call(name, *arguments, dtypes=EVERY)
        for name in ("max", "min")
        for arguments in (
            (d.distinct(2, 3),),
            (d.normal(),),
            (d.distinct(2, 3), 1),
            (d.distinct(2, 3), -2, True),
            (d.distinct(2, 3, 2), 1),
            (d.normal(), 0),
            (d.normal(), -1, True),
            (d.normal(0, 3), 1),
            (d.distinct(2, 3), d.distinct(3) + 0.05),
        )
    ),
    call("max", d.distinct(2, 3), dim=1, keepdim=True), call("min", d.distinct(2, 3), dim=0),
    call("max", d.distinct(2), other=d.distinct(2) + 0.05),
    call(".max", d.distinct(2, 3), 1), call(".min", d.distinct(2, 3)),
    call(".max", d.distinct(2, 3), d.distinct(3) + 0.05),
    *(
        call(name, *arguments, dtypes=EVERY)
        for name in ("argmax", "argmin")
        for arguments in (
            (d.distinct(2, 3),),
            (d.distinct(2, 3), 1),
            (d.distinct(2, 3), -2, True),
            (d.normal(),),
            (d.normal(), 0, True),
            (d.normal(0, 3), 1),
        )
    ),
    call("argmax", d.distinct(2, 3), keepdim=True),
    call("argmin", d.distinct(2, 3), None, True),
    call("aminmax", d.distinct(2, 3), dtypes=EVERY),
    call("aminmax", d.distinct(2, 3), dim=1, keepdim=True, dtypes=EVERY),
    call("aminmax", d.distinct(2, 3), dim=-2),
    call("aminmax", d.distinct(2, 3), keepdim=True),
    call("aminmax", d.normal(), dim=0),
    *(
        call(name, *arguments, dtypes=NUMBERS)
        for name in ("median", "nanmedian")
        for arguments in (
            (d.distinct(2, 3),),
            (d.distinct(4),),
            (d.normal(),),
            (d.normal(), 0),
            (d.distinct(3, 4, 2), 1, True),
        )
    ),
    *(
        call(name, *arguments, dtypes=(*FLOATS, *HALVES))
        for name in ("median", "nanmedian")
        for arguments in (
            (d.distinct(2, 4), 1), (d.distinct(5, 2), -2, True), (d.normal(0, 3), 1),
        )
    ),
    call("mode", d.integers(0, 3, 4, 7)),
    call("mode", d.integers(0, 3, 4, 7), 0, True),
    call("mode", np.array([[2.0, 1.0, 2.0, 1.0]]), dtypes=EVERY, differentiable=False),
    call("mode", d.distinct(3, 4), 1),
    call("mode", d.normal()),
    call("median", d.normal(0), differentiable=False),
    *(
        call(name, NAN, *arguments, dtypes=(*FLOATS, *HALVES), differentiable=False)
        for name in ("amax", "amin", "max", "min", "argmax", "argmin", "median", "nanmedian")
        for arguments in ((), (0,), (1,))
    ),
    call("aminmax", NAN, dim=1, differentiable=False),
    *(
        call(name, d.distinct(3, 4), 0.3, *arguments, interpolation=interpolation)
        for name in ("quantile", "nanquantile")
        for interpolation in ("linear", "lower", "higher", "midpoint", "nearest")
        for arguments in ((), (1,), (0, True))
    ),
    *(
        call(name, *arguments)
        for name in ("quantile", "nanquantile")
        for arguments in (
            (d.distinct(3, 4), np.array([0.1, 0.6])),
            (d.distinct(3, 4), np.array([0.1, 0.6]), -1),
            (d.distinct(3, 2, 2), np.array([0.2]), 1, True),
            (d.distinct(3, 4), np.array(0.35), 0, True),
            (d.normal(), 0.5),
            (d.normal(), 0.5, 0),
            (d.distinct(5), 1),
            (d.distinct(5), 0),
        )
    ),
    *(
        call(name, NAN, q, *arguments, differentiable=False)
        for name in ("quantile", "nanquantile")
        for q in (0.3, np.array([0.0, 0.5, 1.0]))
        for arguments in ((), (0,), (1, True))
    ),
    call(".quantile", d.distinct(5), 0.25),
]  # fmt: skip

x = d.distinct(2, 3)
REFUSED = [
    *(
        refusal
        for name in ("amax", "amin", "max", "min", "argmax", "argmin", "median", "nanmedian")
        for refusal in (
            refuse("dim=2 is out of range", name, x, 2),
            refuse("dim=-3 is out of range", name, x, -3),
            refuse("dim must be an int, got str", name, x, "a"),
            refuse("input must be a tensor", name, "a"),
        )
    ),
    *(
        refuse("has no elements", name, d.normal(0, 3), *dim)
        for name in ("amax", "amin", "max", "min", "argmax", "argmin")
        for dim in ((), (0,))
    ),
    refuse("has no elements", "median", d.normal(0, 3), 0),
    refuse("has no elements", "mode", d.normal(2, 0), 1),
    refuse("dim=2", "mode", d.normal(2, 3), 2),
    refuse("has no elements", "aminmax", d.normal(0)),
    refuse(r"\(0, 0\) names an axis twice", "amax", x, (0, 0)),
    *(refuse(f"{n}: keepdim=True needs a dim", n, x, keepdim=True)
      for n in ("max", "min", "median", "nanmedian")),
    *(refuse("int, got tuple", n, x, (0, 1)) for n in ("max", "min", "argmax", "argmin", "median")),
    refuse(r"\(2, 3\) and \(2,\)", "max", x, d.normal(2)),
    refuse("positional", "max", x, 0, True, 1),
    refuse("dim=2 is out of range", "aminmax", x, dim=2),
    refuse("positional", "aminmax", x, 0),
    *(
        refusal
        for name in ("quantile", "nanquantile")
        for refusal in (
            refuse(r"q must lie in \[0, 1\], got 1.5", name, x, 1.5),
            refuse(r"q must lie in \[0, 1\]", name, x, np.array([0.5, -0.1])),
            refuse(r"shape \(1, 1\)", name, x, np.array([[0.5]])),
            refuse("q must be a number or a 1-D tensor of .*float64", name, x, np.array([1])),
            refuse("interpolation must be one of .*'cubic'", name, x, 0.5, interpolation="cubic"),
            refuse("has no elements", name, d.normal(0), 0.5),
            refuse("has no elements", name, d.normal(0, 3), 0.5, 1),
            refuse("dim=2 is out of range", name, x, 0.5, 2),
            refuse("must be floating point", name, d.integers(0, 3, 4), 0.5),
        )
    ),
]  # fmt: skip
