"""Parts of numbers, layouts of memory and distances of rows."""

import numpy as np

from . import EVERY, FLOATS, HALVES, Draw, Named, call, refuse

d = Draw(32)
ROWS = d.normal(3, 4)

CALLS = [
    *(call(name, d.normal(2, 3), dtypes=EVERY) for name in ("conj", "conj_physical", "real")),
    *(call(name, d.normal(2, 3)) for name in ("resolve_conj", "resolve_neg")),
    *(call(n, d.normal(3), dtypes=EVERY) for n in ("is_complex", "is_signed", "is_conj", "is_neg")),
    call("angle", np.array([1.0, -2.0, 0.5]), dtypes=EVERY),
    call("fill", d.normal(2, 3), 2.5, dtypes=EVERY, device=False),
    call("fill", d.normal(2, 3), d.integers(1, 3), device=False),
    call("detach", d.normal(2)),
    call("as_strided", d.normal(6), (2, 3), (3, 1), dtypes=EVERY, device=False),
    call(".as_strided", d.normal(6), (3, 2), (1, 2), 1, device=False),
    call(".as_strided", d.normal(2, 3), (), (), 4, device=False),
    call(".as_strided", d.normal(2, 3), (0, 2), (1, 1), device=False),
    call("split_with_sizes", d.normal(5, 2), [2, 3]),
    call(".split_with_sizes", d.normal(2, 5), (1, 0, 4), -1),
    call(".sum_to_size", d.normal(2, 3, 4), 3, 1),
    call(".sum_to_size", d.normal(2, 3), (1, 3)),
    call(".is_same_size", d.normal(2, 3), d.normal(2, 3)),
    call(".get_device", d.normal(2), device=False),
    call("nn.functional.normalize", ROWS, dtypes=(*FLOATS, *HALVES)),
    call("nn.functional.normalize", ROWS, p=1, dim=0),
    call("nn.functional.cosine_similarity", ROWS, d.normal(3, 4), dtypes=FLOATS),
    call("nn.functional.cosine_similarity", ROWS, d.normal(4), dim=-1),
    call("cosine_similarity", ROWS, d.normal(3, 4), 0),
    call("nn.functional.pairwise_distance", ROWS, d.normal(3, 4)),
    call("pairwise_distance", ROWS, d.normal(4), 3.0, 1e-3, True),
    # numbers that the integer dtype of the other operand cannot hold
    *(call(n, d.integers(1, 9, 4), -1) for n in ("div", "copysign", "xlogy")),
    *(call(n, d.normal(4), -1, dtypes=("uint8",)) for n in ("div", "copysign")),
    call("div", d.integers(1, 9, 3), 2.5),
    call("div", d.normal(4), 1000, dtypes=("uint8", "bool")),
    call("div", 300, d.normal(4), dtypes=("bool", "int32")),
    # numbers that wrap around
    call("full", (2,), -1, dtype=Named("uint8")),
    call("full_like", d.normal(3), -3, dtypes=("uint8",)),
    call("clamp", d.normal(4), -1, dtypes=("uint8",)),
    call("masked_fill", d.normal(4), d.booleans(4), -1, dtypes=("uint8",)),
    call(".clone", d.normal(0, 3), dtypes=EVERY),
    call("floor_divide", d.integers(0, 2, 0), 0),
    call("remainder", d.integers(0, 2, 0, 3), np.array([0, 1, 2])),
    # no axes: each element by itself
    *(call(n, d.normal(3, 4), dim=(), dtypes=EVERY) for n in ("all", "any")),
    call("softmax", d.normal(2, 3), 1, Named("float64")),
]

REFUSED = [
    refuse("real|complex", "imag", d.normal(2)),
    refuse("conj", "conj", 1.0),
    refuse("length", "as_strided", d.normal(6), (2, 3), (1,)),
    refuse("leave", "as_strided", d.normal(6), (2, 3), (3, 2)),
    refuse("storage_offset", "as_strided", d.normal(6), (2,), (1,), -1),
    refuse("negative", "as_strided", d.normal(6), (2,), (-1,)),
    refuse("sum to", "split_with_sizes", d.normal(5), [2, 2]),
    refuse("split_sizes", "split_with_sizes", d.normal(4), 2),
    refuse("summed", ".sum_to_size", d.normal(2, 3), 2, 2),
    refuse("summed", ".sum_to_size", d.normal(2, 3), 1, 2, 3),
    refuse("0-d", "fill", d.normal(2), d.normal(2)),
    refuse("dim", "nn.functional.normalize", d.normal(2, 3), dim=2),
    refuse("x2", "nn.functional.cosine_similarity", d.normal(2, 3), 1.0),
    refuse("300 does not fit", "tensor", [1, 300], dtype=Named("int8")),
    refuse("-129 does not fit", "tensor", -129, dtype=Named("int8")),
    refuse("does not fit", "tensor", 1e300, dtype=Named("int64")),
    refuse("300 does not fit", "full", (2,), 300, dtype=Named("uint8")),
    refuse("does not fit", "full", (2,), 1e300, dtype=Named("float32")),
    refuse("-256 does not fit", "full", (2,), -256, dtype=Named("uint8")),
    refuse("does not fit", "full_like", d.integers(0, 2, 2), 1e300),
    refuse("does not fit", ".fill_", d.integers(0, 2, 2), 1e300),
    refuse("tuple", "full", 2, 1.0),
    refuse("number", "scalar_tensor", [1.0]),
    refuse("other must be a tensor", "dist", d.normal(2), 1.0),
    refuse("broadcast", "pairwise_distance", d.normal(2, 3), d.normal(2, 2)),
]
