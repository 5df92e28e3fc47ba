"""Norms and distances."""

import math

import numpy as np

from . import FLOATS, HALVES, Draw, Named, call, refuse

d = Draw(14)
FLOATING = (*FLOATS, *HALVES)
POWERS = (0, 0.5, 1, 1.5, 2, 3, -1, math.inf, -math.inf)
ZERO_ROW = np.array([[0.0, 0.0], [3.0, -4.0]])

CALLS = [
    *(
        call(name, d.distinct(3, 4) + 0.03, p, *arguments, dtypes=FLOATING)
        for name in ("norm", "linalg.vector_norm")
        for p in POWERS
        for arguments in ((), (1,), (0, True), ((0, 1),))
    ),
    *(
        call("linalg.vector_norm", ZERO_ROW, p, 1, differentiable=False, device=p != -1)
        for p in POWERS
    ),
    call("linalg.vector_norm", d.normal(4)), call("linalg.vector_norm", d.normal()),
    call("linalg.vector_norm", d.normal(), 3, 0),
    call("linalg.vector_norm", d.normal(0, 3)), call("linalg.vector_norm", d.normal(0, 3), 1, 0),
    call("linalg.vector_norm", d.normal(0, 3), math.inf, 1),
    call("linalg.vector_norm", d.normal(2, 3), dim=(0,), dtype=Named("float64")),
    call("norm", d.normal(2, 3)), call("norm", d.normal(2, 3), "fro"),
    call("norm", d.normal(2, 3), "fro", 1, True), call("norm", d.normal(2, 3), "fro", (0, 1)),
    call("norm", d.normal(2, 3, 2), 2), call("norm", d.normal(2, 3, 2), "fro"),
    call("norm", d.normal(2, 3, 2), dim=(0, 2)), call("norm", d.normal(2, 3), 1, dim=-1),
    call("norm", d.normal(2, 3), None), call("norm", d.normal()),
    call("norm", d.normal(3), 2, 0, False, dtype=Named("float64")),
    call(".norm", d.normal(2, 3)), call(".norm", d.normal(2, 3), 1, 1, True),
    *(
        call("linalg.matrix_norm", d.normal(3, 4), ord, *arguments)
        for ord in ("fro", 1, -1, math.inf, -math.inf)
        for arguments in ((), ((-2, -1), True), ((1, 0),))
    ),
    call("linalg.matrix_norm", d.normal(2, 3, 2), 1),
    call("linalg.matrix_norm", d.normal(2, 3, 2), math.inf, (0, 2)),
    call("linalg.matrix_norm", d.normal(2, 3), dtype=Named("float64")),
    call("linalg.norm", d.normal(2, 3)), call("linalg.norm", d.normal(4), 3),
    call("linalg.norm", d.normal(2, 3), 1), call("linalg.norm", d.normal(2, 3), "fro"),
    call("linalg.norm", d.normal(2, 3), 2, 1), call("linalg.norm", d.normal(2, 3, 2)),
    call("linalg.norm", d.normal(2, 3, 2), math.inf, (0, 1), True),
    call("linalg.norm", d.normal(2, 3), None, 0, True),
    *(
        call(name, d.normal(2, 3), d.normal(2, 3), p, differentiable=p != 0)
        for name in ("dist", ".dist")
        for p in POWERS
    ),
    call("dist", d.normal(2, 3), d.normal(3)), call("dist", d.normal(), d.normal()),
    *(
        call("cdist", d.normal(3, 4), d.normal(2, 4), p, differentiable=p != 0)
        for p in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, math.inf)
    ),
    call("cdist", d.normal(2, 3, 4), d.normal(2, 2, 4)),
    call("cdist", d.normal(2, 1, 3, 4), d.normal(3, 2, 4), p=1.0),
    call("cdist", d.normal(0, 4), d.normal(2, 4)), call("cdist", d.normal(3, 0), d.normal(2, 0)),
    call("cdist", d.normal(30, 3), d.normal(2, 3)),
    call("cdist", d.normal(3, 2), d.normal(2, 2), compute_mode="use_mm_for_euclid_dist"),
    call("cdist", d.normal(30, 2), d.normal(2, 2), compute_mode="donot_use_mm_for_euclid_dist"),
    *(
        call("renorm", d.normal(3, 4), p, dim, 1.0)
        for p in (1, 2, 3.0) for dim in (0, 1, -1)
    ),
    call("renorm", d.normal(3, 2, 2), 2, 1, 0.5), call(".renorm", d.normal(3, 2), 2, 0, 100.0),
]  # fmt: skip

x, whole = d.normal(2, 3), d.integers(0, 3, 2, 2)
REFUSED = [
    refuse("1 or 2 axes", "linalg.norm", d.normal(3, 4), 2, ()),
    refuse("1 or 2 axes", "linalg.norm", d.normal(2, 3, 4), 1, (0, 1, 2)),
    *(
        refusal
        for name in ("norm", "linalg.vector_norm", "linalg.norm")
        for refusal in (
            refuse("must be floating point", name, whole),
            refuse("dim=2 is out of range", name, x, 2, 2),
            refuse(r"\(0, 0\) names an axis twice", name, x, None if name == "linalg.norm" else 2,
                   (0, 0)),
            refuse("dim must be an int", name, x, 2, "a"),
            refuse("must be a tensor", name, "a"),
            refuse("not floating", name, x, 2, 0, dtype=Named("int64")),
            refuse("narrower", name, x, 2, 0, dtype=Named("float16")),
        )
    ),
    refuse("p must be a number or .*'x'", "norm", x, "x"),
    refuse("one or two axes", "norm", d.normal(2, 2, 2), "fro", (0, 1, 2)),
    refuse("ord must be a number, got 'fro'", "linalg.vector_norm", x, "fro"),
    refuse("no elements", "linalg.vector_norm", d.normal(0), math.inf),
    refuse("no elements", "linalg.vector_norm", d.normal(0), -1),
    refuse("at least 2 axes", "linalg.matrix_norm", d.normal(3)),
    refuse("pair of ints, got 0", "linalg.matrix_norm", x, "fro", 0),
    refuse("pair of ints", "linalg.matrix_norm", x, "fro", (0, 1, 1)),
    refuse("names an axis twice", "linalg.matrix_norm", x, "fro", (0, -2)),
    refuse("ord must be .*got 3", "linalg.matrix_norm", x, 3),
    refuse("ord must be .*'x'", "linalg.matrix_norm", x, "x"),
    refuse("must be floating point", "linalg.matrix_norm", whole),
    refuse("1 or 2 axes", "linalg.norm", d.normal(2, 2, 2), 2),
    refuse("pair of ints", "linalg.norm", x, "fro", 0),
    refuse("ord must be", "linalg.norm", x, 3, (0, 1)),
    refuse(r"\(2, 3\) and \(2,\)", "dist", x, d.normal(2)),
    refuse("must be floating point", "dist", whole, whole),
    refuse("other must be a tensor", "dist", x, "a"),
    refuse("same length", "cdist", x, d.normal(2, 2)),
    refuse("at least 2 axes", "cdist", d.normal(3), x),
    refuse("p=-1 must not be negative", "cdist", x, x, -1),
    refuse("must be floating point", "cdist", whole, whole),
    refuse("compute_mode='x'", "cdist", x, x, compute_mode="x"),
    refuse("x2 must be a tensor", "cdist", x, "a"),
    refuse("cannot be broadcast", "cdist", d.normal(2, 1, 3), d.normal(3, 1, 3)),
    refuse("at least 2 axes", "renorm", d.normal(3), 2, 0, 1.0),
    refuse("p=-1", "renorm", x, -1, 0, 1.0), refuse("p=0", "renorm", x, 0, 0, 1.0),
    refuse("maxnorm=-1", "renorm", x, 2, 0, -1.0),
    refuse("dim=2 is out of range", "renorm", x, 2, 2, 1.0),
    refuse("must be floating point", "renorm", whole, 2, 0, 1.0),
]  # fmt: skip
