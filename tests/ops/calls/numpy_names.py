"""NumPy's axis= and keepdims=, which PyTorch takes for dim= and keepdim=."""

import numpy as np

from . import Draw, call, refuse

d = Draw(31)

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
    call("chunk", d.normal(3, 4), 2, axis=1),
]

REFUSED = [
    refuse("dim=2", "sum", d.normal(2, 3), axis=2),
    refuse("multiple values|twice|both", "sum", d.normal(2, 3), 0, axis=1),
    refuse("must be an int", "sum", d.normal(2, 3), d.integers(0, 2, 2)),
    refuse("dim", "softmax", d.normal(2, 3), np.array([0.5, 1.0])),
]
