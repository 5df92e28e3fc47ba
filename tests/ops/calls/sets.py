"""Distinct elements and counts."""

import numpy as np

from . import EVERY, Draw, call, refuse

d = Draw(33)
X = np.round(d.normal(3, 5) * 2) / 2
ROWS = np.array([[1.0, 2.0, 1.0], [0.0, 2.0, 0.0], [1.0, 2.0, 1.0], [1.0, 0.0, 1.0]])
RUNS = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 1.0])
COUNTED = np.array([0, 3, 1, 3, 3])
BOTH = {"return_inverse": True, "return_counts": True}
FACTS = {"differentiable": False, "dtypes": EVERY}
SPREAD = d.uniform(0.05, 3.95, 40)

CALLS = [
    *(
        call(name, x, **keywords, **FACTS)
        for name in ("unique", "unique_consecutive")
        for x in (X, RUNS, np.array(2.0), d.normal(0))
        for keywords in ({}, BOTH)
    ),
    *(
        call(name, ROWS, dim=dim, **keywords, **FACTS)
        for name in ("unique", "unique_consecutive")
        for dim in (0, 1, -1)
        for keywords in ({}, BOTH)
    ),
    call("unique", X, return_inverse=True, **FACTS), call("unique", X, return_counts=True, **FACTS),
    call("unique", np.repeat(ROWS[None], 2, 0), dim=0, **BOTH, **FACTS),
    call("unique", np.repeat(ROWS[:, None], 2, 1), dim=1, **BOTH, **FACTS),
    call("unique", np.array([np.nan, 1.0, np.nan]), differentiable=False),
    call(".unique", X, True, True, True, None, differentiable=False),
    call(".unique_consecutive", RUNS, True, True, differentiable=False),
    call("unique", d.normal(0, 3), dim=0, differentiable=False),
    call("bincount", COUNTED), call("bincount", COUNTED, minlength=7),
    call("bincount", COUNTED[:0]),
    call("bincount", COUNTED.astype(np.uint8)), call("bincount", COUNTED.astype(np.int32), None, 2),
    call("bincount", COUNTED, d.normal(5), differentiable=False),
    call("bincount", COUNTED, np.arange(5), 6), call("bincount", COUNTED[:0], minlength=3),
    call(".bincount", COUNTED),
    call("histc", SPREAD, 4, 0, 4, differentiable=False),
    call("histc", np.round(SPREAD * 2) / 2, 4, 0, 4, differentiable=False, dtypes=EVERY),
    call("histc", SPREAD, bins=8, min=1, max=3, differentiable=False),
    call("histc", np.array([1.0, 2.0, 1.0]), bins=2, differentiable=False),
    call("histc", np.array([2.0, 2.0]), bins=3, differentiable=False),
    call("histc", d.normal(0), bins=3, differentiable=False),
    call("histc", np.array(2.0), 4, 0, 4, differentiable=False),
    call("histc", SPREAD.reshape(8, 5), 5, -1, 2.5, differentiable=False),
    call(".histc", SPREAD, 4, 0, 4, differentiable=False),
    call("histogram", SPREAD, 4, range=(0.0, 4.0), differentiable=False),
    call("histogram", SPREAD, np.array([0.0, 0.5, 3.0, 3.5]), differentiable=False),
    call("histogram", SPREAD, 5, range=(1.0, 3.0), weight=d.uniform(0, 1, 40), density=True,
         differentiable=False),
    call("histogram", np.array([1.0, 2.0, 3.5]), 3, density=True, differentiable=False),
    call(".histogram", SPREAD, 4, range=(0.0, 4.0), differentiable=False),
    call("histogram", np.array([2.0, 2.0]), 4, differentiable=False),
    call("histogram", np.array([]), 4, differentiable=False),
    call("histogram", np.array([2.0, 1.0]), 4, range=(1.0, 1.0), differentiable=False),
    call("histc", np.array([2.0, 2.0]), 4, differentiable=False),
]
NAN = np.array([np.nan, 1.0])
REFUSED = [
    refuse("must be a tensor", "unique", [1, 2]), refuse("dim=2", "unique", X, dim=2),
    refuse("empty", "unique", d.normal(2, 0), dim=0),
    refuse("dim=0", "unique", np.array(2.0), dim=0),
    refuse("dim=-3", "unique_consecutive", X, dim=-3),
    refuse("must be a tensor", "unique_consecutive", 3.0),
    refuse("empty", "unique_consecutive", d.normal(2, 0), dim=0),
    refuse("integers.*float", "bincount", X[0]),
    refuse("vector", "bincount", np.array([[1, 2], [3, 4]])),
    refuse("minimum -1", "bincount", np.array([1, -1])),
    refuse("minlength=-1", "bincount", COUNTED, minlength=-1),
    refuse(r"weights.*\(3,\).*\(5,\)", "bincount", COUNTED, d.normal(3)),
    refuse("minlength must be an int", "bincount", COUNTED, minlength=1.5),
    refuse("weights must be a tensor", "bincount", COUNTED, [1, 2, 3, 4, 5]),
    refuse("bool", "bincount", COUNTED > 1), refuse("vector", "bincount", np.array(3)),
    refuse("bins=0", "histc", SPREAD, 0), refuse("bins=-3", "histc", SPREAD, -3),
    refuse("min=3.*max=1", "histc", SPREAD, 4, 3, 1), refuse("finite", "histc", NAN, 4),
    refuse("finite", "histc", SPREAD, 4, 0, float("inf")), refuse("int64", "histc", COUNTED),
    refuse("bins must be an int", "histc", SPREAD, 2.5),
    refuse("min must be a number", "histc", SPREAD, 4, "a", 1),
    refuse("must be a tensor", "histc", [1.0]), refuse("bool", "histc", SPREAD > 1),
    refuse("bins=0", "histogram", SPREAD, 0), refuse("int64", "histogram", COUNTED, 3),
    refuse("bins must be a vector", "histogram", SPREAD, ROWS),
    refuse("weight", "histogram", SPREAD, 3, weight=d.normal(3)),
    refuse("weight", "histogram", SPREAD, 3, weight=np.arange(40)),
    refuse("finite", "histogram", NAN, 4), refuse("must be a tensor", "histogram", [1.0], 3),
    refuse("min=3.*max=1", "histogram", SPREAD, 3, range=(3.0, 1.0)),
    refuse("range must be two numbers", "histogram", np.array([2.0, 3.0]), 4, range=(1.0,)),
]
