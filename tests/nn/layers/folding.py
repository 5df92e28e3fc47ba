"""Windows as columns, and back."""

from . import FLOATS, HALVES, Draw, layer, refuse

d = Draw(44)
x = d.normal(2, 3, 5, 6)

LAYERS = [
    layer("Unfold", 3, inputs=(x,), dtypes=(*FLOATS, *HALVES)),
    layer("Unfold", (3, 2), dilation=(1, 2), padding=1, stride=2, inputs=(x[0],)),
    layer("Fold", (5, 6), 2, inputs=(d.normal(2, 12, 20),), dtypes=(*FLOATS, *HALVES)),
    layer("Fold", 5, (2, 3), 2, (1, 2), inputs=(d.normal(6, 25),)),
    layer("Fold", [4, 4], kernel_size=2, stride=2, inputs=(d.normal(1, 8, 4),)),
]

REFUSED = [
    refuse("kernel_size must be at least 1", "Unfold", 0, inputs=(x,)),
    refuse("columns", "Fold", (5, 6), 2, inputs=(d.normal(2, 12, 19),)),
]
