"""Sorting, the largest k, and places in sorted rows."""

import numpy as np

from . import EVERY, FLOATS, HALVES, INTEGERS, Draw, call, refuse

d = Draw(32)
NUMBERS = (*FLOATS, *HALVES, *INTEGERS)
X, CUBE = d.distinct(3, 4), d.distinct(2, 3, 4)
WHOLE, WHOLE_CUBE = X * 10 + 7, CUBE * 10 + 13
TIED = np.array([[2.0, 5.0, 5.0], [1.0, 1.0, 0.0]])
NAN = np.array([[1.0, np.nan, 3.0], [np.nan, np.inf, -np.inf], [3.0, 1.0, np.nan]])
SORTED, ROWS = np.sort(d.normal(6)), np.sort(d.normal(2, 5))
VALUES = np.array([[0.5, -2.0, 9.0], [1.0, 0.0, -9.0]])
ORDER = np.array([2, 0, 1])
MIXED = np.array([3.0, 9.0, -1.0])

CALLS = [
    call("topk", d.normal(2, 0, 3), 1, 0), call("topk", d.normal(2, 0, 3), 2, 0, False),
    call("searchsorted", np.array([False, True]), np.array([0.5, 1.5]), differentiable=False),
    call("bucketize", 0.5, np.array([False, True])),
    *(
        call(name, *arguments, dtypes=EVERY, **keywords)
        for name in ("sort", "argsort")
        for arguments, keywords in (
            ((X,), {}), ((X, 0), {}), ((CUBE, 1), {}), ((CUBE, -3, True), {}), ((d.normal(),), {}),
            ((d.normal(0, 3), 1), {}), ((X, 1), {"descending": True}),
        )
    ),
    *(
        call(name, TIED, dim=1, descending=descending, stable=True, dtypes=EVERY,
             differentiable=False)
        for name in ("sort", "argsort")
        for descending in (False, True)
    ),
    *(
        call(name, NAN, dim=dim, descending=descending, stable=True, differentiable=False,
             dtypes=(*FLOATS, *HALVES))
        for name in ("sort", "argsort")
        for dim in (0, 1)
        for descending in (False, True)
    ),
    call(".sort", X, 0, True), call(".argsort", X, -1, True), call("sort", d.normal(0)),
    call("msort", X, dtypes=EVERY), call("msort", CUBE), call(".msort", X),
    call("msort", d.normal()),
    *(
        call("topk", *arguments, dtypes=NUMBERS, **keywords)
        for arguments, keywords in (
            ((WHOLE, 2), {}), ((WHOLE, 1, 0), {}), ((WHOLE_CUBE, 3, 1, False), {}),
            ((WHOLE_CUBE, 2), {"dim": -3, "largest": True, "sorted": True}), ((X, 0), {}),
            ((d.normal(), 1), {}), ((WHOLE, 4), {"largest": False}),
        )
    ),
    call("topk", d.distinct(5), 5), call(".topk", X, 2, 1), call("topk", d.normal(), 0),
    call("topk", d.distinct(500), 7), call("topk", d.distinct(2, 300), 5, largest=False),
    call("topk", NAN[0], 3, differentiable=False),
    call("topk", NAN[:1], 2, largest=False, differentiable=False),
    *(
        call("kthvalue", *arguments, dtypes=NUMBERS)
        for arguments in ((WHOLE, 2), (WHOLE, 1, 0), (WHOLE_CUBE, 3, 1, True), (d.normal(), 1),
                          (d.normal(), 1, 0, True))
    ),
    call("kthvalue", NAN[0], 3, differentiable=False), call(".kthvalue", X, 2, dim=1, keepdim=True),
    *(
        call("searchsorted", SORTED, VALUES, dtypes=NUMBERS if not right else FLOATS, right=right)
        for right in (False, True)
    ),
    call("searchsorted", ROWS, VALUES), call("searchsorted", ROWS, ROWS, right=True),
    call("searchsorted", ROWS, ROWS, side="right"), call("searchsorted", ROWS, ROWS, side="left"),
    call("searchsorted", SORTED, SORTED, side="right", right=True),
    call("searchsorted", SORTED, 0.25), call("searchsorted", SORTED, 1, out_int32=True),
    call("searchsorted", np.array([1, 3, 5]), 3.5), call("searchsorted", SORTED, np.array(0.1)),
    call("searchsorted", np.array([1, 3, 5]), np.array([[3, 4]]), out_int32=True),
    call("searchsorted", MIXED, VALUES, sorter=ORDER),
    call("searchsorted", SORTED, np.array([np.nan, np.inf, -np.inf])),
    call("searchsorted", d.normal(0), VALUES), call("searchsorted", SORTED, d.normal(0)),
    *(call("bucketize", VALUES, SORTED, right=right) for right in (False, True)),
    call("bucketize", 0.5, SORTED, out_int32=True),
    call("bucketize", np.array([2, 3]), np.array([1, 3, 3])),
    call("bucketize", d.normal(), SORTED), call("bucketize", VALUES, SORTED, dtypes=NUMBERS),
]
REFUSED = [
    refuse("k=1 along dim=1", "kthvalue", d.normal(2, 0), 1, 1),
    refuse("bools", "searchsorted", np.array([False, True]), np.array([True])),
    refuse("dim=2", "sort", X, 2), refuse("dim=-3", "sort", X, -3),
    refuse("dim=1", "sort", d.normal(), 1),
    refuse("must be a tensor", "sort", [1.0]), refuse("dim=2", "argsort", X, 2),
    refuse("must be a tensor", "argsort", 3.0), refuse("must be an int", "sort", X, 0.5),
    refuse("must be a tensor", "msort", [2.0]),
    refuse(r"k=5.*\[0, 4\]", "topk", X, 5), refuse("k=-1", "topk", X, -1),
    refuse("k=4.*dim=0", "topk", X, 4, 0), refuse("dim=2", "topk", X, 1, 2),
    refuse("k must be an int", "topk", X, 1.5), refuse("must be a tensor", "topk", [1.0], 1),
    refuse("k=2", "topk", d.normal(), 2), refuse("bool", "topk", X > 0, 1),
    refuse(r"k=0.*\[1, 4\]", "kthvalue", X, 0), refuse("k=5", "kthvalue", X, 5),
    refuse("k=-1", "kthvalue", X, -1), refuse("dim=-3", "kthvalue", X, 1, -3),
    refuse("k must be an int", "kthvalue", X, 1.5), refuse("bool", "kthvalue", X > 0, 1),
    refuse("must be a tensor", "kthvalue", 3.0, 1), refuse("k=1", "kthvalue", d.normal(0), 1),
    refuse("0-d", "searchsorted", d.normal(), VALUES),
    refuse(r"\(2, 5\).*\(3,\)", "searchsorted", ROWS, VALUES[0]),
    refuse("agree", "searchsorted", ROWS, d.normal(3, 5)), refuse("1-D", "searchsorted", ROWS, 0.5),
    refuse("'middle'", "searchsorted", SORTED, VALUES, side="middle"),
    refuse("contradicts", "searchsorted", SORTED, VALUES, side="left", right=True),
    refuse("sorter of shape", "searchsorted", SORTED, VALUES, sorter=ORDER),
    refuse("sorter must be int64", "searchsorted", MIXED, VALUES, sorter=MIXED),
    refuse("sorter.*index 3", "searchsorted", MIXED, VALUES, sorter=ORDER + 1),
    refuse("input", "searchsorted", SORTED, "a"),
    refuse("boundaries must be 1-D", "bucketize", VALUES, ROWS),
    refuse("must be a tensor", "bucketize", VALUES, [1.0, 2.0]),
]
