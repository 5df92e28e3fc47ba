"""Pooling layers."""

import numpy as np

from . import FLOATS, HALVES, Draw, layer, refuse

d = Draw(73)
ALL = (*FLOATS, *HALVES)
line, plane, space = d.distinct(2, 3, 9), d.distinct(2, 3, 6, 7), d.distinct(2, 2, 4, 5, 4)
BY_AXES = {1: line, 2: plane, 3: space}
u = d.uniform(0, 1, 2, 3, 3)
found, at = d.normal(2, 3, 3, 3), np.arange(54).reshape(2, 3, 3, 3) % 9 * 4

LAYERS = [
    *(
        layer(f"{kind}Pool{axes}d", *args, inputs=(x,))
        for kind in ("Max", "Avg")
        for axes, x in BY_AXES.items()
        for args in ((2,), (3, 2), (3, 1, 1), ((2,) * axes, (1,) * axes))
    ),
    *(
        layer(f"{kind}Pool{axes}d", 2, inputs=(x,), dtypes=ALL)
        for kind in ("Max", "Avg")
        for axes, x in BY_AXES.items()
        if (kind, axes) != ("Avg", 3)  # PyTorch has none for halves
    ),
    layer("MaxPool1d", 3, 2, 1, 2, True, True, inputs=(line,)),
    layer("MaxPool2d", 3, 2, 1, 1, True, inputs=(plane,)),
    layer("MaxPool2d", (3, 2), dilation=(1, 2), ceil_mode=True, inputs=(plane[0],)),
    layer("MaxPool3d", 2, stride=3, return_indices=True, ceil_mode=True, inputs=(space,)),
    layer("AvgPool1d", [3], 2, 1, True, False, inputs=(line[0],)),
    layer("AvgPool2d", 3, 2, 1, True, False, inputs=(plane,)),
    layer("AvgPool2d", (3, 2), divisor_override=4, inputs=(plane[0],)),
    layer("AvgPool3d", (1, 2, 2), 1, 0, True, False, 3, inputs=(space,)),
    *(
        layer(f"LPPool{axes}d", p, 2, stride, ceil, inputs=(x + 20,))
        for axes, x in BY_AXES.items()
        for p, stride, ceil in ((2, None, False), (1.5, 3, True), (float("inf"), 1, False))
    ),
    *(
        layer(f"Adaptive{kind}Pool{axes}d", size, inputs=(x,), dtypes=ALL)
        for kind in ("Max", "Avg")
        for axes, x in BY_AXES.items()
        for size in (1, 3, (2,) * axes)
    ),
    layer("AdaptiveMaxPool1d", 4, return_indices=True, inputs=(line[0],)),
    layer("AdaptiveMaxPool2d", (None, 3), True, inputs=(plane,)),
    layer("AdaptiveAvgPool2d", (5, None), inputs=(plane[0],)),
    layer("AdaptiveAvgPool3d", (None, 2, 1), inputs=(space,)),
    layer("FractionalMaxPool2d", 2, 3, None, True, u[..., :2], inputs=(plane,), device=False),
    layer("FractionalMaxPool2d", 3, output_ratio=(0.5, 0.7), _random_samples=u[..., :2],
          inputs=(plane,)),
    layer("FractionalMaxPool3d", (2, 3, 1), 2, _random_samples=u[:, :2], inputs=(space,)),
    layer("MaxUnpool2d", 2, inputs=(found, at), dtypes=ALL),
    layer("MaxUnpool2d", [2, 3], 2, 0, inputs=(found, at), options={"output_size": (7, 8)}),
    layer("MaxUnpool1d", 4, 1, 0, inputs=(found[0], np.tile([0, 4, 2], (3, 3, 1)))),
    layer("MaxUnpool3d", (2, 2, 2), inputs=(found, np.arange(54).reshape(2, 3, 3, 3) % 27 * 8)),
]

REFUSED = [
    refuse("at most half", "MaxPool2d", 2, padding=2, inputs=(plane,)),
    refuse("at most half", "AvgPool1d", 2, padding=2, inputs=(line,)),
    refuse("do not fit", "MaxPool3d", 7, inputs=(space,)),
    refuse("kernel_size must be one int or 1", "AvgPool1d", (2, 2), inputs=(line,)),
    refuse("stride must be at least 1", "MaxPool1d", 2, 0, inputs=(line,)),
    refuse("got shape", "MaxPool2d", 2, inputs=(line[0],)),
    refuse("divisor_override must not be 0", "AvgPool2d", 2, divisor_override=0, inputs=(plane,)),
    refuse("output_size must be one int or 2", "AdaptiveAvgPool2d", (2,), inputs=(plane,)),
    refuse("output_size must be at least 0", "AdaptiveMaxPool1d", -2, inputs=(line,)),
    refuse("samples may be 0", "AdaptiveMaxPool2d", 2, inputs=(plane[:, :0],)),
    refuse("give either", "FractionalMaxPool2d", 2),
    refuse("give either", "FractionalMaxPool2d", 2, 3, 0.5),
    refuse("between 0 and 1", "FractionalMaxPool3d", 2, output_ratio=1.5),
    refuse("between 0 and 1", "FractionalMaxPool2d", 2, output_ratio=(0.5, 0)),
    refuse("lies outside", "MaxUnpool2d", 2, inputs=(found, at + 5)),
    refuse("differ from", "MaxUnpool2d", 2, inputs=(found, at), options={"output_size": (9, 9)}),
]
