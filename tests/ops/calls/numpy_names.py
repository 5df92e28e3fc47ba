"""NumPy's axis= and keepdims=, which PyTorch takes for dim= and keepdim=."""

import numpy as np

from . import Draw, call, refuse

d = Draw(31)

X, AT, ROWS = d.distinct(3, 4), np.array([[2, 0], [1, 3], [0, 1]]), np.array([2, 0])
PAIRS = d.normal(3, 2)
REDUCTIONS = (
    "all any amax amin argmax argmin logsumexp max mean median min nanmean nanmedian nansum prod "
    "std std_mean sum var var_mean"
)
ALONG = (
    "count_nonzero cummax cummin cumprod cumsum diff log_softmax logcumsumexp softmax squeeze "
    "unbind unsqueeze"
)

CALLS = [
    *(
        call(name, d.distinct(3, 4), axis=1, keepdims=True, twice=False)
        for name in REDUCTIONS.split()
    ),
    *(call(name, d.distinct(3, 4), axis=0) for name in ALONG.split()),
    call("aminmax", d.distinct(3, 4), axis=-1, keepdims=True),
    call("cat", [d.normal(2, 3), d.normal(2, 3)], axis=1),
    call("stack", [d.normal(2, 3), d.normal(2, 3)], axis=-1),
    call("quantile", d.distinct(3, 4), 0.3, axis=1),
    call(".sum", d.normal(3, 4), axis=(0, 1)),
    *(call(name, X, axis=0) for name in ("sort", "argsort")),
    *(call(name, X, 2, axis=0) for name in ("topk", "kthvalue")),
    call("gather", X, axis=1, index=AT), call("take_along_dim", X, AT, axis=1),
    call("scatter", X, axis=1, index=AT, src=PAIRS),
    call("scatter_add", X, axis=1, index=AT, src=PAIRS),
    call("scatter_reduce", X, axis=1, index=AT, src=PAIRS, reduce="sum"),
    call("index_select", X, axis=0, index=ROWS), call("index_fill", X, axis=0, index=ROWS, value=1),
    *(
        call(name, X, axis=0, index=ROWS, source=X[:2])
        for name in ("index_add", "index_copy")
    ),
    call("index_reduce", X, axis=0, index=ROWS, source=X[:2], reduce="prod"),
    call("select_scatter", X, X[0], axis=0, index=1),
    call("slice_scatter", X, X[:, :2], axis=1, end=2),
    call("chunk", d.normal(3, 4), 2, axis=1),
]

REFUSED = [
    refuse("dim=2", "sum", d.normal(2, 3), axis=2),
    refuse("multiple values|twice|both", "sum", d.normal(2, 3), 0, axis=1),
    refuse("must be an int", "sum", d.normal(2, 3), d.integers(0, 2, 2)),
    refuse("dim", "softmax", d.normal(2, 3), np.array([0.5, 1.0])),
]
