"""Pooling by windows, by parts, and undone."""

import numpy as np

from . import FLOATS, HALVES, Draw, call, refuse

d = Draw(71)
F = "nn.functional"
ALL = (*FLOATS, *HALVES)
line, plane, space = d.distinct(2, 3, 9), d.distinct(2, 3, 6, 7), d.distinct(2, 2, 4, 5, 4)
whole, none = d.integers(-9, 9, 1, 2, 5, 4), d.normal(0, 3, 6, 7)
wide = d.distinct(1, 2, 5, 23)
ties = d.integers(0, 3, 1, 2, 6, 6).astype(float)
odd = d.normal(1, 2, 6, 6)
odd[0, 0, 1, 1:3] = odd[0, 0, 4] = np.nan
odd[0, 1, :3] = -np.inf
odd[0, 1, 3, 3] = np.inf

WINDOWS = (
    (2,), ((2, 3),), (3, 2), (2, (1, 3)), (3, 1, 1), ((3, 2), (2, 1), (1, 0)), ([2], [3]),
    (2, None), (4, 3, 2), (1,), ((6, 7),), (2, []),
)  # fmt: skip
DILATED = (
    {"dilation": 2}, {"dilation": (1, 3)}, {"padding": 1, "dilation": 2},
    {"stride": 2, "padding": 1, "dilation": (2, 1), "ceil_mode": True}, {"ceil_mode": True},
    {"stride": 5, "ceil_mode": True}, {"stride": (4, 5), "padding": 1, "ceil_mode": True},
)  # fmt: skip
MEANS = (
    {"padding": 1}, {"padding": 1, "count_include_pad": False}, {"ceil_mode": True},
    {"ceil_mode": True, "count_include_pad": False, "padding": 1}, {"stride": 2, "padding": 1},
    {"ceil_mode": True, "padding": 1, "stride": (4, 5)}, {"stride": 1, "ceil_mode": True},
)  # fmt: skip
WIDE = (
    (2,), ((2, 1),), (3, 2, 1), ((2, 3), 1, (0, 1), (1, 2)), (2, 2, 1), (3, 2, 0, 1, True),
)  # fmt: skip
NORMS = (1, 2, 3, 1.5, -1, float("inf"), -float("inf"))


def unpool(axes, *args, **kwargs):
    """Unpooling of what pooling of ``plane`` and the like finds in windows without overlap"""
    shape = ((2, 3, 4), (2, 3, 3, 3), (2, 2, 2, 2, 2))[axes - 1]
    rows = np.stack([d.rng.permutation(2**axes * np.prod(shape[2:])) for _ in range(shape[0])])
    index = rows[:, None, : np.prod(shape[2:])].repeat(shape[1], 1).reshape(shape)
    return call(f"{F}.max_unpool{axes}d", d.normal(*shape), index, *args, **kwargs)


CALLS = [
    *(call(f"{F}.max_pool2d", plane, *window) for window in WINDOWS),
    *(call(f"{F}.max_pool2d", plane, 3, **window) for window in DILATED),
    *(call(f"{F}.max_pool2d", plane, 3, **window, return_indices=True) for window in DILATED),
    *(call(f"{F}.max_pool2d", wide, *window, return_indices=True) for window in WIDE),
    call(f"{F}.max_pool2d", plane, 2, dtypes=ALL),
    call(f"{F}.max_pool2d", plane, 2, 2, 0, 1, False, True, dtypes=ALL),
    call(f"{F}.max_pool2d", plane[0], 3, 2, 1, return_indices=True),
    call(f"{F}.max_pool2d", none, 2, return_indices=True),
    call(f"{F}.max_pool2d", whole, 2, return_indices=True),
    call(f"{F}.max_pool2d", ties, 3, 1, 1, return_indices=True, differentiable=False),
    call(f"{F}.max_pool2d", odd, 2, return_indices=True, differentiable=False),
    call(f"{F}.max_pool2d", odd, 3, 1, 1, return_indices=True, differentiable=False),
    call(f"{F}.max_pool2d", odd, 3, 2, 0, 2, True, return_indices=True, differentiable=False),
    call(f"{F}.max_pool1d", line, 2, dtypes=ALL),
    call(f"{F}.max_pool1d", line, 3, 2, 1, 2, True, True),
    call(f"{F}.max_pool1d", line, (2,), [3], return_indices=True),
    call(f"{F}.max_pool1d", line[0], 4, ceil_mode=True),
    call(f"{F}.max_pool1d", d.normal(0, 3, 9), 4),
    call(f"{F}.max_pool3d", space, 2, dtypes=ALL),
    call(f"{F}.max_pool3d", space, (2, 3, 2), 1, (1, 0, 1), return_indices=True),
    call(f"{F}.max_pool3d", space, 2, 3, 0, (1, 2, 1), True, True),
    call(f"{F}.max_pool3d", space[0], (1, 2, 3)),
    *(call(f"{F}.avg_pool2d", plane, *window) for window in WINDOWS),
    *(call(f"{F}.avg_pool2d", plane, (3, 2), **window) for window in MEANS),
    *(call(f"{F}.avg_pool2d", plane, 2, divisor_override=n, padding=1) for n in (1, 3, -2)),
    call(f"{F}.avg_pool2d", plane, 2, dtypes=ALL),
    call(f"{F}.avg_pool2d", plane, 2, 2, 0, False, True, None),
    call(f"{F}.avg_pool2d", plane[0], 3, 2),
    call(f"{F}.avg_pool2d", none, 3, 2),
    call(f"{F}.avg_pool2d", odd, 2, differentiable=False),
    call(f"{F}.avg_pool2d", whole, 2),
    call(f"{F}.avg_pool2d", whole, 3, 1, 1, count_include_pad=False),
    call(f"{F}.avg_pool2d", whole, 2, divisor_override=3),
    call(f"{F}.avg_pool1d", line, 2, dtypes=ALL),
    call(f"{F}.avg_pool1d", line, (4,), 3, [2], True, False),
    call(f"{F}.avg_pool1d", line[0], 4, 2, ceil_mode=True),
    call(f"{F}.avg_pool3d", space, 2),
    call(f"{F}.avg_pool3d", space, (2, 3, 2), 2, (1, 1, 0), True, False),
    call(f"{F}.avg_pool3d", space, 3, 1, divisor_override=5),
    call(f"{F}.avg_pool3d", space[0], (1, 2, 3)),
    *(call(f"{F}.lp_pool2d", plane + 13, p, 2) for p in NORMS),
    call(f"{F}.lp_pool2d", plane, 2, (3, 2), 2, dtypes=FLOATS),
    call(f"{F}.lp_pool2d", plane, 2.0, 4, 3, True),
    call(f"{F}.lp_pool2d", plane + 0.03, float("inf"), 4, 3, True),
    call(f"{F}.lp_pool2d", np.zeros((1, 1, 4, 4)), 2, 2, differentiable=False),
    call(f"{F}.lp_pool1d", line, 2, 3, dtypes=FLOATS),
    call(f"{F}.lp_pool1d", line[0], 4, 2, 3, True),
    call(f"{F}.lp_pool3d", space, 2, 2),
    call(f"{F}.lp_pool3d", space[0], 2.0, (1, 2, 2), 1),
    *(
        call(f"{F}.adaptive_{kind}_pool2d", plane, size)
        for kind in ("max", "avg")
        for size in (1, 2, 4, 9, (3, 5), [6, 7], (None, 3), (4, None), (None, None), (1, 2))
    ),
    *(
        call(f"{F}.adaptive_{kind}_pool{x.ndim - 2}d", x, size, dtypes=ALL)
        for kind in ("max", "avg")
        for x, size in ((line, 4), (plane, 3), (space, 2), (line, 1), (plane, 1), (space, 1))
    ),
    *(
        call(f"{F}.adaptive_{kind}_pool{x.ndim - 1}d", x, size)
        for kind in ("max", "avg")
        for x, size in ((line[0], (5,)), (plane[0], (2, None)), (space[0], (1, None, 3)))
    ),
    call(f"{F}.adaptive_max_pool1d", line, 4, True),
    call(f"{F}.adaptive_max_pool2d", plane, (4, 3), return_indices=True),
    call(f"{F}.adaptive_max_pool2d", odd, 4, return_indices=True, differentiable=False),
    call(f"{F}.adaptive_max_pool3d", space, (3, 2, 4), return_indices=True),
    call(f"{F}.adaptive_max_pool2d", none, 2),
    call(f"{F}.adaptive_avg_pool2d", none, 2),
    call(f"{F}.adaptive_avg_pool2d", none[:, :0], 2, differentiable=False),
    call(f"{F}.adaptive_avg_pool2d", plane, (0, 2), differentiable=False),
    call(f"{F}.adaptive_max_pool2d", plane, (2, 0), differentiable=False),
    *(unpool(axes, 2) for axes in (1, 2, 3)),
    unpool(1, (2,), [2], 0, dtypes=ALL),
    unpool(2, 2, None, 0, (7, 6), dtypes=ALL),
    unpool(2, (2, 2), output_size=(2, 3, 6, 7)),
    unpool(2, (4, 3), 2, (1, 0)),
    unpool(3, 2, output_size=(5, 4, 4)),
]

whole_line, mask = d.integers(0, 9, 2, 3, 9), d.booleans(1, 2, 4, 4)
y, at = d.normal(1, 2, 2, 2), np.arange(8).reshape(1, 2, 2, 2)


def refused(match, name, *args, **kwargs):
    return refuse(match, f"{F}.{name}", *args, **kwargs)


REFUSED = [
    *(
        refused(match, f"{kind}_pool2d", plane, *window)
        for kind in ("max", "avg")
        for match, window in (
            (r"padding=\(2, 2\) must be at most half", (2, 2, 2)),
            (r"at most half of kernel_size=\(3, 5\)", ((3, 5), 1, 2)),
            ("kernel_size must be at least 1, got 0", (0,)),
            ("kernel_size must be an int", (2.0,)),
            ("kernel_size must be an int", (True,)),
            ("kernel_size must be one int or 2 ints", ((2, 2, 2),)),
            ("stride must be at least 1", (2, 0)),
            ("stride must be one int or 2", (2, (1, 2, 3))),
            ("padding must be at least 0", (2, 2, -1)),
            (r"do not fit into extents \(6, 7\)", (8,)),
        )
    ),
    refused("dilation must be at least 1", "max_pool2d", plane, 2, dilation=0),
    refused(r"at most half of kernel_size", "max_pool2d", plane, 3, 1, 2, 2),
    refused(r"at most half of kernel_size", "max_pool1d", line, 3, 1, 2, 2),
    refused("dilation=.*do not fit", "max_pool2d", plane, 4, dilation=3),
    refused(r"do not fit into extents \(9,\)", "max_pool1d", line, 10),
    refused("kernel_size must be one int or 1", "avg_pool1d", line, (2, 2)),
    refused("got shape", "max_pool2d", plane[0, 0], 2),
    refused("got shape", "max_pool1d", plane, 2),
    refused("got shape", "avg_pool3d", plane[0], 2),
    refused("samples may be 0", "max_pool2d", plane[:, :0], 2),
    refused("samples may be 0", "avg_pool2d", plane[:, :, :0], 2),
    refused("samples may be 0", "adaptive_max_pool2d", plane[:, :0], 2),
    refused("samples may be 0", "adaptive_avg_pool2d", plane[:, :, :0], 2),
    refused("bool", "max_pool2d", mask, 2),
    refused("bool", "avg_pool2d", mask, 2),
    refused("int64", "adaptive_avg_pool2d", whole, 2),
    refused("int64", "adaptive_avg_pool1d", whole_line, 1),
    refused("int64", "adaptive_max_pool2d", whole, 2),
    refused("input must be a tensor", "max_pool2d", 1.0, 2),
    refused("input must be a tensor", "adaptive_avg_pool1d", [1.0], 2),
    refused("divisor_override must not be 0", "avg_pool2d", plane, 2, divisor_override=0),
    refused("divisor_override must be an int", "avg_pool3d", space, 2, divisor_override=1.5),
    refused("kernel_size must be one int or 2", "lp_pool2d", plane, 2, (2,)),
    refused("do not fit", "lp_pool1d", line, 2, 10),
    refused("output_size must be one int or 2", "adaptive_avg_pool2d", plane, (3,)),
    refused("output_size must be one int or 2", "adaptive_max_pool2d", plane, (3,)),
    refused("output_size must be one int or 2", "adaptive_avg_pool2d", plane, (2, 2, 2)),
    refused("output_size must be at least 0", "adaptive_avg_pool2d", plane, (-1, 3)),
    refused("output_size must be at least 0", "adaptive_max_pool2d", plane, -1),
    refused("output_size must be an int", "adaptive_avg_pool2d", plane, 2.5),
    refused("output_size must be an int", "adaptive_avg_pool1d", line, None),
    refused("output_size must be an int", "adaptive_max_pool1d", line, (None,)),
    refused("output_size must be one int or 1", "adaptive_max_pool1d", line, [3, 3]),
    refused("got shape", "adaptive_max_pool1d", plane, 2),
    refused("give an output_size", "fractional_max_pool2d", plane, 2),
    refused("output_ratio must be 2", "fractional_max_pool2d", plane, 2, None, (0.5,) * 3),
    refused("too large for", "fractional_max_pool2d", plane, 4, 4),
    refused("too large for", "fractional_max_pool3d", space, 2, (4, 3, 3)),
    refused("got shape", "fractional_max_pool2d", plane[0, 0], 2, 3),
    refused("samples may be 0", "fractional_max_pool2d", plane[:, :0], 2, 3),
    refused("kernel_size must be one int or 2", "fractional_max_pool2d", plane, (2,), 3),
    refused("output_size must be one int or 2", "fractional_max_pool2d", plane, 2, (3,)),
    refused("kernel_size must be an int", "fractional_max_pool2d", plane, 2.0, 3),
    refused(
        r"_random_samples must have shape \(2, 3, 2\)", "fractional_max_pool2d", plane, 2, 3,
        _random_samples=d.uniform(0, 1, 2, 3, 3),
    ),
    refused("index 27 lies outside", "max_unpool2d", y, at + 27, 2),
    refused("index -1 lies outside", "max_unpool2d", y, at - 1, 2),
    refused("must have the shape of input", "max_unpool2d", y, at[:, :1], 2),
    refused("index must be int64", "max_unpool2d", y, at.astype("int32"), 2),
    refused("int64", "max_unpool2d", at, at, 2),
    refused("differ from .4, 4. by less than", "max_unpool2d", y, at, 2, output_size=(7, 4)),
    refused("2 or 4 elements", "max_unpool2d", y, at, 2, output_size=(4, 4, 4)),
    refused("kernel_size must be an int", "max_unpool2d", y, at, 2.0),
    refused("leaves nothing", "max_unpool2d", y, at, 2, 2, 3),
    refused("got shape", "max_unpool2d", y[0, 0], at[0, 0], 2),
    refused("samples may be 0", "max_unpool2d", y[:, :0], at[:, :0], 2),
    refused("indices must be a tensor", "max_unpool2d", y, 1, 2),
]  # fmt: skip
