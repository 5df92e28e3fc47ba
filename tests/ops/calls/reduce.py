"""Sums, products, means, and their logarithms."""

import numpy as np

from . import EVERY, FLOATS, HALVES, INTEGERS, Draw, Named, call, refuse

d = Draw(11)
FLOATING = (*FLOATS, *HALVES)
NAN = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])

CALLS = [
    *(
        call(name, *arguments, dtypes=dtypes, device=name != "nanmean")
        for name, dtypes in (
            ("sum", EVERY), ("nansum", EVERY), ("mean", FLOATING), ("nanmean", FLOATING),
        )
        for arguments in (
            (d.normal(2, 3, 4),),
            (d.normal(2, 3), 1),
            (d.normal(2, 3), -2, True),
            (d.normal(2, 3, 4), (0, -1)),
            (d.normal(2, 3, 4), [1, 2], True),
            (d.normal(2, 3), ()),
            (d.normal(),),
            (d.normal(), 0),
            (d.normal(), -1, True),
            (d.normal(0, 3), 0),
            (d.normal(0, 3), 1),
            (d.normal(0),),
        )
    ),
    call("sum", d.normal(2, 3), dim=1, keepdim=True, dtype=Named("float64"), dtypes=EVERY),
    call("sum", d.normal(4), dtype=Named("int32"), dtypes=INTEGERS, differentiable=False),
    call("sum", d.normal(4), dtype=Named("bool"), dtypes=INTEGERS, differentiable=False),
    call("mean", d.normal(4), dtype=Named("float32"), dtypes=EVERY, error={"float64": 1e-6},
         differentiable=False),
    call("nanmean", d.normal(4), dtype=Named("float64")),
    call("nansum", d.normal(2, 3), 0, dtype=Named("float64")),
    call(".sum", d.normal(2, 3), 0), call(".mean", d.normal(2, 3), 0, True),
    call(".prod", d.normal(2, 3), 0),
    call("nansum", NAN, 1, differentiable=False, dtypes=FLOATING),
    call("nanmean", NAN, 1, differentiable=False, device=False, dtypes=FLOATING),
    call("sum", NAN, 0, differentiable=False),
    call("prod", d.normal(2, 3), dtypes=EVERY),
    call("prod", d.normal(2, 3), 1, dtypes=EVERY),
    call("prod", d.normal(2, 3, 2), -2, True, dtypes=EVERY),
    call("prod", d.normal(), dtypes=EVERY),
    call("prod", d.normal(), 0, True),
    call("prod", d.normal(0, 3), 0, dtypes=EVERY),
    call("prod", d.normal(0), dtypes=EVERY),
    call("prod", np.array([[1.5, 0.0, 2.0], [0.0, 0.0, 3.0]]), dtypes=EVERY),
    call("prod", np.array([[1.5, 0.0, 2.0], [0.0, 0.0, 3.0]]), 1, dtypes=EVERY),
    call("prod", d.integers(1, 4, 3), dtype=Named("int32")),
    call("prod", d.normal(3), dim=0, dtype=Named("float64")),
    *(
        call("logsumexp", *arguments, dtypes=EVERY, device=arguments[0].size > 0,
             differentiable=arguments[0].size > 0)
        for arguments in (
            (d.normal(2, 3), 1),
            (d.normal(2, 3), -2, True),
            (d.normal(2, 3, 4), (0, 2)),
            (d.normal(2, 3, 4), (1, 2), True),
            (d.normal(), 0),
            (d.normal(0, 3), 0),
            (d.normal(0, 3), 1),
            (500 * d.normal(2, 3), 1),
        )
    ),
    call("logsumexp", np.array([[np.inf, 1.0], [-np.inf, 1.0], [np.nan, 1.0]]), 1,
         differentiable=False, device=False),
    call("logsumexp", np.full(3, -np.inf), 0, differentiable=False, device=False),
    *(
        call(name, *arguments, dtypes=EVERY)
        for name in ("any", "all")
        for arguments in (
            (np.array([[0.0, 1.0], [2.0, 3.0]]),),
            (np.array([[0.0, 1.0], [0.0, 3.0]]), 0),
            (np.array([[0.0, 1.0], [0.0, 3.0]]), -1, True),
            (d.normal(2, 3, 4), (0, 2)),
            (d.normal(),),
            (d.normal(), 0),
            (d.normal(0, 3), 0),
            (d.normal(0),),
        )
    ),
    call("any", np.array([np.nan, 0.0])), call("all", np.array([np.nan, 1.0])),
    call("count_nonzero", np.array([[0.0, 1.0], [2.0, 3.0]]), dtypes=EVERY),
    call("count_nonzero", np.array([[0.0, 1.0], [2.0, 0.0]]), 0, dtypes=EVERY),
    call("count_nonzero", d.normal(2, 3, 4), (0, -1), dtypes=EVERY),
    call("count_nonzero", d.normal(), dtypes=EVERY),
    call("count_nonzero", d.normal(0, 2), dim=0),
    call(".all", d.booleans(2, 3), 1),
    call(".any", d.booleans(2, 3), dim=0, keepdim=True),
]  # fmt: skip

x = d.normal(2, 3)
REFUSED = [
    *(
        refusal
        for name in ("sum", "nansum", "mean", "nanmean", "any", "all", "logsumexp")
        for refusal in (
            refuse("dim=2 is out of range", name, x, 2),
            refuse("dim=-3 is out of range", name, x, (0, -3)),
            refuse(r"dim=\(1, -1\) names an axis twice", name, x, (1, -1)),
            refuse("dim must be an int, got str", name, x, "a"),
            refuse("input must be a tensor", name, "a", 0),
        )
    ),
    *(
        refuse(f"{name}: input must be floating point", name, d.integers(0, 4, 3))
        for name in ("mean", "nanmean")
    ),
    refuse("dim=2 is out of range", "prod", x, 2),
    refuse("dim must be an int, got tuple", "prod", x, (0, 1)),
    refuse("mean: input must be floating point", "mean", x, dtype=Named("int64")),
    refuse("dim=5 is out of range", "count_nonzero", x, 5),
    refuse("names an axis twice", "count_nonzero", x, (0, 0)),
    refuse("dim must be an int", "logsumexp", x, None),
    refuse("dim", "logsumexp", x),
    refuse("dim=1 is out of range", "sum", d.normal(), 1),
]
