"""Activations."""

from . import Draw, layer, refuse

d = Draw(2)
x = d.normal(5, 4)

LAYERS = [
    *(layer(name, inputs=(x,)) for name in ("ReLU", "Tanh", "Sigmoid", "GELU")),
    layer("GELU", "tanh", inputs=(x,)),
    layer("ReLU", inplace=True, inputs=(x,), differentiable=False),
    *(layer(name, dim, inputs=(x,)) for name in ("Softmax", "LogSoftmax") for dim in (1, -2)),
]

REFUSED = [
    refuse("approximate", "GELU", "fast", inputs=(x,)),
    refuse("dim=2", "Softmax", 2, inputs=(x,)),
]
