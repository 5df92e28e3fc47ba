"""Gathering and scattering."""

import numpy as np

from . import EVERY, FLOATS, HALVES, INTEGERS, Draw, call, refuse

d = Draw(31)
X, SRC = d.normal(3, 4), d.normal(3, 4)
CUBE = d.normal(2, 3, 4)
DISTINCT, OTHERS = d.distinct(3, 4), d.distinct(3, 4) + 0.05
COLUMNS = np.array([[0, 2, 3], [1, 1, 0], [3, 2, 2]])
ROWS = np.array([[0, 2, 0, 1], [1, 1, 2, 1]])
ONCE = np.array([[0, 2], [3, 1], [2, 0]])
PICK = np.array([2, 0, 2])
ONE, NONE = np.array(0), np.array([], np.int64)
REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
NUMBERS = (*FLOATS, *HALVES, *INTEGERS)

CALLS = [
    call("scatter", X, 1, np.zeros(0, np.int64), 2.0),
    call("gather", X, 1, COLUMNS, dtypes=EVERY),
    call("gather", X, 0, ROWS, dtypes=EVERY),
    call("gather", X, -1, COLUMNS[:2], dtypes=EVERY),
    call("gather", X, -2, ROWS[:, :2]),
    call("gather", X, 0, np.array([[1, 2]], np.int32)),
    call("gather", CUBE, 1, d.integers(0, 3, 2, 5, 4)),
    call("gather", CUBE, 2, d.integers(0, 4, 1, 2, 6)),
    call("gather", CUBE, 0, d.integers(0, 2, 3, 2, 3)),
    call("gather", d.normal(), 0, ONE), call("gather", d.normal(4), 0, np.array([3, 3, 0])),
    call("gather", X, 1, np.zeros((3, 0), np.int64)), call("gather", d.normal(), 0, np.array([0])),
    call("gather", X, dim=1, index=COLUMNS, sparse_grad=False), call(".gather", X, 1, COLUMNS),
    call("index_select", X, 0, PICK, dtypes=EVERY), call("index_select", X, 1, PICK, dtypes=EVERY),
    call("index_select", X, -1, PICK), call("index_select", CUBE, 1, PICK),
    call("index_select", CUBE, 2, PICK), call("index_select", X, 0, np.array(1)),
    call("index_select", X, 0, NONE), call("index_select", d.normal(), 0, np.array([0])),
    call("index_select", X, 1, np.array([1, 1], np.int32)), call(".index_select", X, 0, PICK),
    call("take_along_dim", X, COLUMNS, 1, dtypes=EVERY), call("take_along_dim", X, ROWS, dim=0),
    call("take_along_dim", X, np.array([[1], [0], [3]]), 1),
    call("take_along_dim", X, np.array([[-1, 0]]), 1),
    call("take_along_dim", X, np.array([[1], [0]]), -2), call("take_along_dim", X, PICK),
    call("take_along_dim", d.normal(1, 4), COLUMNS % 3, 1), call(".take_along_dim", X, ROWS, 0),
    *(
        call(name, X, 1, ONCE, SRC[:, :2], dtypes=EVERY)
        for name in ("scatter", "scatter_add")
    ),
    *(
        call(name, X, *arguments)
        for name in ("scatter", "scatter_add")
        for arguments in (
            (-1, ONCE[:2], SRC[:2, :2]), (0, np.array([[1, 0, 2, 2]]), SRC[:1]),
            (0, ROWS[:1, :2], SRC[:1, :2]), (1, ONCE.astype(np.int32), SRC[:, :2]),
        )
    ),
    call("scatter", d.normal(), 0, ONE, d.normal()),
    call("scatter_add", d.normal(), 0, ONE, d.normal()),
    *(
        call(name, X, dim, index, SRC, differentiable=False)
        for name in ("scatter", "scatter_add")
        for dim, index in (
            (-1, ONCE[:2]), (0, ROWS[:1, :2]), (1, ONCE), (1, np.zeros((3, 0), np.int64)),
        )
    ),
    call("scatter", CUBE, 2, np.array([[[3, 0]], [[1, 2]]]), d.normal(2, 1, 2)),
    call("scatter", X, 1, COLUMNS, 1.5, dtypes=(*FLOATS, *HALVES)),
    call("scatter", X, 1, COLUMNS, 2, dtypes=EVERY), call("scatter", X, 0, ROWS, value=-1),
    call("scatter", X, 1, ONCE, src=SRC[:, :2]), call(".scatter", X, 1, ONCE, SRC[:, :2]),
    call("scatter", X, 1, COLUMNS, SRC, reduce="add", differentiable=False, dtypes=NUMBERS),
    call("scatter", X, 1, COLUMNS, SRC, reduce="multiply", differentiable=False, dtypes=NUMBERS),
    call("scatter", X, 1, COLUMNS, 2.0, reduce="add", differentiable=False),
    call("scatter", X, 0, ROWS, 3, reduce="multiply", differentiable=False),
    call("scatter_add", X, 1, COLUMNS, SRC[:, :3], dtypes=EVERY),
    call("scatter_add", X, 0, ROWS, SRC[:2], dtypes=EVERY),
    call("scatter_add", CUBE, 1, d.integers(0, 3, 2, 4, 4), d.normal(2, 4, 4)),
    call("scatter_add", d.normal(5), 0, np.array([4, 4, 0]), d.normal(3)),
    call(".scatter_add", X, 1, COLUMNS, SRC[:, :3]),
    *(
        call("scatter_reduce", DISTINCT, dim, index, src, reduce, include_self=own, dtypes=kinds)
        for reduce in REDUCTIONS
        for dim, index, src, kinds in (
            (1, COLUMNS, OTHERS[:, :3], EVERY), (0, ROWS, OTHERS[:2], FLOATS),
        )
        for own in (True, False)
    ),
    call("scatter_reduce", d.normal(), 0, ONE, d.normal(), "sum"),
    call(".scatter_reduce", X, 1, ONCE, SRC[:, :2], reduce="mean"),
    call("scatter_reduce", X, 1, np.zeros((3, 0), np.int64), SRC, "amax", include_self=False,
         differentiable=False),
    call("index_add", X, 0, PICK, SRC, dtypes=EVERY), call("index_add", X, -2, PICK, SRC),
    call("index_add", X, 1, PICK, SRC[:, :3], alpha=-2, dtypes=NUMBERS),
    call("index_add", X, 1, PICK.astype(np.int32), SRC[:, :3], alpha=0.5),
    call("index_add", CUBE, 1, PICK, d.normal(2, 3, 4)), call("index_add", X, 0, NONE, SRC[:0]),
    call("index_add", d.normal(), 0, np.array([0]), d.normal()),
    call(".index_add", X, 0, PICK, SRC),
    call("index_copy", X, 0, np.array([2, 0]), SRC[:2], dtypes=EVERY),
    call("index_copy", X, -1, np.array([3, 1]), SRC[:, :2]),
    call("index_copy", X, 0, NONE, SRC[:0]),
    call("index_copy", CUBE, 1, np.array([2, 0]), d.normal(2, 2, 4)),
    call("index_copy", d.normal(), 0, np.array([0]), d.normal()),
    call(".index_copy", X, 0, np.array([1]), SRC[:1]),
    call("index_fill", X, 0, PICK, 1, dtypes=EVERY), call("index_fill", X, 1, PICK, -1.5),
    call("index_fill", X, 1, np.array([-1]), 2.0), call("index_fill", X, 1, PICK, d.normal()),
    call("index_fill", CUBE, -2, PICK, d.normal()), call("index_fill", X, 0, np.array(2), 2.0),
    call("index_fill", d.normal(), 0, np.array([0]), 2.0), call("index_fill", X, 0, NONE, 2.0),
    call(".index_fill", X, 0, PICK, 0.0),
    *(
        call("index_reduce", DISTINCT, 0, PICK, OTHERS, reduce, include_self=own, dtypes=NUMBERS)
        for reduce in REDUCTIONS[1:]
        for own in (True, False)
    ),
    call("index_reduce", DISTINCT, 1, PICK, OTHERS[:, :3], "amax"),
    call(".index_reduce", X, 0, PICK, SRC, "mean"),
    call("nn.functional.embedding", PICK, X, dtypes=(*FLOATS, *HALVES)),
    call("nn.functional.embedding", ROWS % 3, X), call("nn.functional.embedding", ONE, X),
    call("nn.functional.embedding", ROWS.astype(np.int32), X),
    call("nn.functional.embedding", NONE, X),
    call("nn.functional.embedding", np.array([[1, 0]]), X, padding_idx=2),
    call("nn.functional.embedding", np.array([1, 0]), X, padding_idx=-1, scale_grad_by_freq=True),
    call("nn.functional.embedding", PICK, X, None, None, 2.0, False, False),
    call("gather", d.normal(3), 0, np.array([], np.uint8), differentiable=False),
    call("scatter", d.normal(3), 0, np.array([], np.int32), 1.0),
]
FLOAT = np.array([0.0, 1.0])
PAIR = np.array([0, 1])
REFUSED = [
    refuse("index 4.*dimension 1.*size 4", "gather", X, 1, np.array([[4]])),
    refuse("index -1", "gather", X, 1, np.array([[-1]])),
    refuse("index 3.*dimension 0.*size 3", "gather", X, 0, np.array([[3]])),
    refuse(r"index of shape \(2,\)", "gather", X, 0, PAIR),
    refuse(r"\(4, 1\).*\(3, 4\)", "gather", X, 1, np.zeros((4, 1), np.int64)),
    refuse("int64.*float", "gather", X, 0, X), refuse("dim=2", "gather", X, 2, COLUMNS),
    refuse("bool", "gather", X, 0, X > 0), refuse("index must be a tensor", "gather", X, 0, [[0]]),
    refuse("input must be a tensor", "gather", 1.0, 0, PAIR), refuse("int", "gather", X, 0.5, ROWS),
    refuse("index 3.*dimension 0", "index_select", X, 0, np.array([3])),
    refuse("index -1", "index_select", X, 0, np.array([-1])),
    refuse("0-d or 1-D", "index_select", X, 0, ROWS), refuse("dim=-3", "index_select", X, -3, PICK),
    refuse("int64.*float", "index_select", X, 0, FLOAT),
    refuse("one index", "index_select", d.normal(), 0, PAIR),
    refuse("index must be a tensor", "index_select", X, 0, [0]),
    refuse("axes of input", "take_along_dim", X, PICK, 0),
    refuse("broadcast", "take_along_dim", X, ROWS[:, :3], 0),
    refuse("int64", "take_along_dim", X, np.array([[1]], np.int32), 0),
    refuse("index 12", "take_along_dim", X, np.array([12])),
    refuse("index 4.*dimension 1", "scatter", X, 1, COLUMNS + 1, SRC),
    refuse("index -1", "scatter", X, 1, COLUMNS - 1, 0.5),
    refuse("one dtype", "scatter", X, 1, COLUMNS, PICK),
    refuse("reduce", "scatter", X, 1, COLUMNS, SRC, reduce="mean"),
    refuse("src of|axes of src", "scatter", X, 1, COLUMNS, SRC[:2]),
    refuse("axes of input", "scatter", X[:2], 1, COLUMNS, SRC),
    refuse("value", "scatter", X, 1, COLUMNS, "a"), refuse("either", "scatter", X, 1, COLUMNS),
    refuse("int64", "scatter", X, 1, X, SRC),
    refuse("one dtype", "scatter_add", X, 1, COLUMNS, PICK),
    refuse("index 4", "scatter_add", X, 1, COLUMNS + 1, SRC),
    refuse("axes of src", "scatter_add", X, 1, COLUMNS, SRC[0]),
    refuse("src must be a tensor", "scatter_add", X, 1, COLUMNS, 1.0),
    refuse("dim=5", "scatter_add", X, 5, COLUMNS, SRC),
    refuse("one of sum.*'add'", "scatter_reduce", X, 1, COLUMNS, SRC, "add"),
    refuse("index 4", "scatter_reduce", X, 1, COLUMNS + 1, SRC, "amax"),
    refuse("index 4", "scatter_reduce", X, 1, COLUMNS + 1, SRC, "prod"),
    refuse("one dtype", "scatter_reduce", X, 1, COLUMNS, COLUMNS, "amax"),
    refuse("index 3", "index_add", X, 0, PICK + 1, SRC),
    refuse("index -2", "index_add", X, 0, PICK - 2, SRC),
    refuse(r"source of shape \(3, 4\)", "index_add", X, 0, PAIR, SRC),
    refuse("source", "index_add", X, 1, PICK, SRC),
    refuse("0-d or 1-D", "index_add", X, 0, ROWS, SRC),
    refuse("one dtype", "index_add", X, 0, PICK, COLUMNS),
    refuse("int64", "index_add", X, 0, np.array([0.0, 1.0, 2.0]), SRC),
    refuse("index 3", "index_copy", X, 0, PICK + 1, SRC),
    refuse("index -1", "index_copy", X, 0, PICK - 1, SRC),
    refuse("source", "index_copy", X, 0, PAIR, SRC),
    refuse("int64.*int32", "index_copy", X, 0, PICK.astype(np.int32), SRC),
    refuse("one dtype", "index_copy", X, 0, PICK, COLUMNS),
    refuse("index 3", "index_fill", X, 0, PICK + 1, 1.0),
    refuse("index", "index_fill", X, 0, PICK - 4, 1.0),
    refuse("0-d", "index_fill", X, 0, PICK, X[0]),
    refuse("int64", "index_fill", X, 0, PICK.astype(np.int32), 1.0),
    refuse("value", "index_fill", X, 0, PICK, "a"),
    refuse("'sum'", "index_reduce", X, 0, PICK, SRC, "sum"),
    refuse("index 3", "index_reduce", X, 0, PICK + 1, SRC, "amax"),
    refuse("index 3.*dimension 0.*size 3", "nn.functional.embedding", PICK + 1, X),
    refuse("index -1", "nn.functional.embedding", PICK - 1 - PICK, X),
    refuse("matrix", "nn.functional.embedding", PICK, X[0]),
    refuse("int64", "nn.functional.embedding", X, X),
    refuse("padding_idx=3", "nn.functional.embedding", PICK, X, 3),
]
