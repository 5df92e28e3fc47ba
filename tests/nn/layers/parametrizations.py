"""Layers with a parametrized weight."""

from . import Draw, calling, layer, refuse

d = Draw(4)
x = d.normal(5, 4)
linear = calling("nn.Linear", 4, 3)
WEIGHT, SPECTRAL = "utils.parametrizations.weight_norm", "utils.parametrizations.spectral_norm"

LAYERS = [
    layer(WEIGHT, linear, inputs=(x,)),
    layer(WEIGHT, linear, dim=None, inputs=(x,)),
    layer(WEIGHT, calling("nn.Bilinear", 4, 4, 2), dim=1, inputs=(x, x)),
    layer(WEIGHT, linear, "bias", None, inputs=(x,)),
    layer(SPECTRAL, linear, inputs=(x,), training=False),
    layer(SPECTRAL, linear, n_power_iterations=3, dim=1, inputs=(x,), training=False),
    layer(SPECTRAL, calling("nn.Bilinear", 4, 4, 2), inputs=(x, x), training=False),
    layer(SPECTRAL, linear, "bias", inputs=(x,)),
    layer(SPECTRAL, calling(f"nn.{WEIGHT}", linear), inputs=(x,), training=False),
]

REFUSED = [
    refuse("'weights'", WEIGHT, linear, "weights"),
    refuse("'weights'", SPECTRAL, linear, "weights"),
    refuse("positive, got 0", SPECTRAL, linear, n_power_iterations=0),
    refuse("dim=2", SPECTRAL, linear, dim=2),
]
