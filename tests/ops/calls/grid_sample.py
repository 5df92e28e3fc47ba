"""Images read at points, and grids of points."""

import numpy as np

from . import FLOATS, HALVES, Draw, call, refuse

d = Draw(75)
F = "nn.functional"
ALL = (*FLOATS, *HALVES)
plane, points = d.normal(2, 2, 4, 5), d.uniform(-1.4, 1.4, 2, 3, 3, 2)
space, places = d.normal(1, 2, 3, 2, 4), d.uniform(-1.4, 1.4, 1, 2, 2, 3, 3)
nowhere = np.where(np.abs(points) > 1.2, points, np.nan)
theta, theta3 = d.normal(2, 2, 3), d.normal(1, 3, 4)
PADDINGS = ("zeros", "border", "reflection")

CALLS = [
    *(
        call(f"{F}.grid_sample", x, grid, mode, padding, aligned)
        for x, grid in ((plane, points), (space, places))
        for mode in ("bilinear", "nearest", "bicubic")
        for padding in PADDINGS
        for aligned in (True, False)
        if mode != "bicubic" or x is plane
    ),
    call(f"{F}.grid_sample", plane, points, align_corners=False, dtypes=ALL),
    call(f"{F}.grid_sample", plane, 4 * points, "bilinear", "reflection", align_corners=True),
    call(f"{F}.grid_sample", plane[:, :, :1], points, "bilinear", "reflection", True),
    call(f"{F}.grid_sample", plane[:0], points[:0], align_corners=False),
    *(
        call(f"{F}.grid_sample", plane, nowhere, mode, padding, False, differentiable=False)
        for mode in ("bilinear", "nearest", "bicubic")
        for padding in PADDINGS
    ),
    *(
        call(f"{F}.affine_grid", theta, [2, 3, 4, 5], aligned, dtypes=FLOATS)
        for aligned in (True, False)
    ),
    call(f"{F}.affine_grid", theta3, (1, 1, 2, 3, 4), align_corners=False),
    call(f"{F}.affine_grid", theta, (2, 1, 1, 3), align_corners=False),
]


def refused(match, name, *args, **kwargs):
    return refuse(match, f"{F}.{name}", *args, **kwargs, align_corners=False)


REFUSED = [
    refused("mode must be .*got 'cubic'", "grid_sample", plane, points, "cubic"),
    refused("padding_mode must be", "grid_sample", plane, points, padding_mode="wrap"),
    refused("takes images", "grid_sample", space, places, "bicubic"),
    refused("same number of samples", "grid_sample", plane, points[:1]),
    refused(r"got shapes \(2, 2, 4, 5\)", "grid_sample", plane, places),
    refused("got shapes", "grid_sample", plane, d.normal(2, 3, 3, 3)),
    refused("got shapes", "grid_sample", plane[0], points[0]),
    refused("float64.*float32", "grid_sample", plane, points.astype("float32")),
    refused("extent 0", "grid_sample", plane[:, :, :0], points),
    refused("int64", "grid_sample", d.integers(0, 9, 2, 1, 2, 2), d.integers(0, 1, 2, 1, 1, 2)),
    refused("grid must be a tensor", "grid_sample", plane, 1.0),
    refused("expected theta", "affine_grid", theta3, (1, 2, 3, 4)),
    refused("positive size", "affine_grid", theta, (2, 1, 0, 4)),
    refused("size must be", "affine_grid", theta, (2, 3, 4)),
    refused("differ in N", "affine_grid", theta, (1, 3, 4, 5)),
    refused("must be of floats", "affine_grid", d.integers(0, 3, 2, 2, 3), (2, 3, 4, 5)),
]
