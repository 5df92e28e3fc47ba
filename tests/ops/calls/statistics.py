"""Variances and covariances."""

import numpy as np

from . import FLOATS, HALVES, Draw, call, refuse

d = Draw(15)
FLOATING = (*FLOATS, *HALVES)
MOMENTS = ("var", "std", "var_mean", "std_mean")

CALLS = [
    *(
        call(name, *arguments, dtypes=FLOATING)
        for name in MOMENTS
        for arguments in (
            (d.normal(2, 4),),
            (d.normal(3, 4), 1),
            (d.normal(3, 4), -2, False),
            (d.normal(3, 4), 0, True, True),
            (d.normal(2, 3, 2), (0, -1)),
            (d.normal(2, 3), False),
        )
    ),
    *(
        call(name, *arguments, **keywords)
        for name in MOMENTS
        for arguments, keywords in (
            ((d.normal(3, 4),), {"correction": 0}),
            ((d.normal(3, 4), 1), {"correction": 2, "keepdim": True}),
            ((d.normal(3, 4), 0), {"unbiased": False}),
            ((d.normal(3, 4), None), {"correction": 0.5}),
            ((d.normal(3, 4),), {"unbiased": True}),
        )
    ),
    *(call(name, np.ones((2, 3)), 1, differentiable=False) for name in MOMENTS),
    call(".var", d.normal(3)), call(".std", d.normal(2, 3), 0, False),
    call("cov", d.normal(3, 5)), call("cov", d.normal(5)),
    call("cov", d.normal(3, 4), correction=0),
    call("cov", d.integers(0, 5, 3, 4)), call("cov", d.normal(1, 4)), call(".cov", d.normal(2, 3)),
    call("cov", d.normal(2, 3), fweights=d.integers(1, 4, 3)),
    call("cov", d.normal(2, 3), aweights=d.uniform(0.5, 2, 3)),
    call("cov", d.normal(2, 3), correction=0, fweights=d.integers(1, 4, 3),
         aweights=d.uniform(0.5, 2, 3)),
    call("corrcoef", d.normal(3, 5)), call("corrcoef", d.normal(5)),
    call("corrcoef", d.integers(0, 5, 2, 4)), call(".corrcoef", d.normal(2, 3)),
]  # fmt: skip

x = d.normal(2, 3)
REFUSED = [
    *(
        refusal
        for name in MOMENTS
        for refusal in (
            refuse(f"{name}: input must be floating point", name, d.integers(0, 3, 4)),
            refuse("not both", name, x, 0, True, correction=1),
            refuse("dim=2 is out of range", name, x, 2),
            refuse(r"\(0, 0\) names an axis twice", name, x, (0, 0)),
            refuse("dim must be an int, got str", name, x, "a"),
            refuse("correction must be a number, got 'a'", name, x, correction="a"),
            refuse("input must be a tensor", name, "a"),
        )
    ),
    refuse("at most 2 dimensions", "cov", d.normal(2, 2, 2)),
    refuse("at most 2 dimensions", "corrcoef", d.normal(2, 2, 2)),
    refuse("fweights must be integers", "cov", x, fweights=d.normal(3)),
    refuse("aweights must be floating point", "cov", x, aweights=d.integers(0, 3, 3)),
    refuse(r"fweights must be of shape \(3,\)", "cov", x, fweights=d.integers(1, 3, 2)),
    refuse(r"aweights must be of shape \(3,\)", "cov", x, aweights=d.uniform(0, 1, 3, 1)),
    refuse("fweights cannot be negative", "cov", x, fweights=np.array([1, -1, 1])),
    refuse("aweights cannot be negative", "cov", x, aweights=np.array([1.0, -1.0, 1.0])),
]
