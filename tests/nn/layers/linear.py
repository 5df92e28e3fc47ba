"""Layers around matrix products, and layers that only change shapes."""

from . import HALVES, Draw, layer, refuse

d = Draw(1)
x = d.normal(5, 4)

LAYERS = [
    *(layer("Linear", 4, 3, bias=bias, inputs=(x,)) for bias in (True, False)),
    layer("Linear", 4, 3, inputs=(d.normal(4),)),
    layer("Linear", 4, 1, inputs=(d.normal(2, 3, 4),), dtypes=HALVES),
    layer("Linear", 4, 3, inputs=(d.normal(0, 4),)),
    layer("Bilinear", 4, 3, 2, inputs=(x, d.normal(5, 3))),
    layer("Bilinear", 4, 1, 2, bias=False, inputs=(d.normal(2, 3, 4), d.normal(2, 3, 1))),
    layer("Identity", 54, unused=1, inputs=(x,)),
    layer("Flatten", inputs=(d.normal(2, 3, 4),)),
    layer("Flatten", 0, 1, inputs=(d.normal(2, 3, 4),)),
    layer("Unflatten", 1, (2, 2), inputs=(x,)),
    layer("Unflatten", -1, [2, -1], inputs=(x,)),
]

REFUSED = [
    refuse("5.*4|4.*5", "Linear", 5, 2, inputs=(x,)),
    refuse("float64.*float32|float32.*float64", "Linear", 4, 2, inputs=(x,)),
    refuse("in1_features", "Bilinear", 0, 2, 3),
    refuse("do not fit", "Bilinear", 4, 3, 2, inputs=(x, x)),
    refuse("unflattened_size", "Unflatten", 1, 3),
]
