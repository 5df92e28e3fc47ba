"""Dropout layers."""

from . import Draw, layer, refuse

d = Draw(8)
INPUTS = {
    "Dropout": [(3, 4), ()],
    "Dropout1d": [(2, 3, 4), (3, 4)],
    "Dropout2d": [(2, 3, 2, 2)],
    "Dropout3d": [(2, 3, 2, 2, 1), (3, 2, 2, 2)],
    "AlphaDropout": [(3, 4), ()],
    "FeatureAlphaDropout": [(2, 3, 4), (3, 4)],
}

LAYERS = [
    layer(name, *settings, inputs=(d.normal(*shape),), random=True)
    for name, shapes in INPUTS.items()
    for shape in shapes
    for settings in ((), (0.2,), (0.8,), (1.0,), (0,))
] + [
    layer(name, 0.4, True, inputs=(d.normal(*shapes[0]),), random=True, differentiable=False)
    for name, shapes in INPUTS.items()
]

REFUSED = [
    *(refuse("between 0 and 1, (but )?got", name, p) for name in INPUTS for p in (-0.1, 1.2)),
    *(refuse("str", name, "a") for name in INPUTS),
    *(refuse("floats", name, inputs=(d.integers(0, 3, 2, 3, 2, 2),))
      for name in ("Dropout", "Dropout2d", "FeatureAlphaDropout")),
    refuse("got a 4D", "Dropout1d", inputs=(d.normal(2, 3, 2, 2),)),
]  # fmt: skip
