"""Activations."""

from . import Draw, layer, refuse

d = Draw(2)
x = d.normal(5, 4) * 2

PLAIN = (
    "ReLU", "Tanh", "Sigmoid", "GELU", "SiLU", "Mish", "SELU", "Hardswish", "Hardsigmoid",
    "LogSigmoid", "Softsign", "Tanhshrink", "ELU", "CELU", "LeakyReLU", "Hardtanh", "ReLU6",
    "Softplus", "Hardshrink", "Softshrink", "GLU", "PReLU",
)  # fmt: skip
REPLACING = (
    "ReLU", "SiLU", "Mish", "SELU", "Hardswish", "Hardsigmoid", "ELU", "CELU", "LeakyReLU",
    "Hardtanh", "ReLU6", "RReLU",
)  # fmt: skip
SIXTH = {"Hardsigmoid": {"float64": 1e-7}}  # PyTorch's derivative holds 1/6 in single precision
RANDOM = {"RReLU": {"random": True}}

LAYERS = [
    *(layer(name, inputs=(x,), error=SIXTH.get(name, {})) for name in PLAIN),
    *(
        layer(name, inplace=True, inputs=(x,), differentiable=False, **RANDOM.get(name, {}))
        for name in REPLACING
    ),
    layer("GELU", "tanh", inputs=(x,)),
    layer("ELU", 0.5, inputs=(x,)),
    layer("CELU", 0.5, True, inputs=(x,), differentiable=False),
    layer("LeakyReLU", 0.2, inputs=(x,)),
    layer("Hardtanh", -0.5, 2, inputs=(x,)),
    layer("Threshold", 0.1, 20, inputs=(x,)),
    layer("Threshold", 0.1, value=20, inplace=True, inputs=(x,), differentiable=False),
    layer("Softplus", 2, 10, inputs=(x,)),
    layer("Hardshrink", 0.9, inputs=(x,)),
    layer("Softshrink", lambd=0.9, inputs=(x,)),
    layer("GLU", 0, inputs=(d.normal(4, 3),)),
    layer("RReLU", 0.1, 0.4, inputs=(x,), **RANDOM["RReLU"]),
    layer("PReLU", 4, 0.1, inputs=(x,)),
    layer("PReLU", num_parameters=3, inputs=(d.normal(2, 3, 4),)),
    *(
        layer(name, dim, inputs=(x,))
        for name in ("Softmax", "LogSoftmax", "Softmin")
        for dim in (1, -2)
    ),
    layer("Softmax2d", inputs=(d.normal(2, 3, 2, 2),)),
    layer("Softmax2d", inputs=(d.normal(3, 2, 2),)),
]

REFUSED = [
    refuse("3 elements.* 4 channels", "PReLU", 3, inputs=(x.astype("float32"),)),
    refuse("approximate", "GELU", "fast", inputs=(x,)),
    refuse("dim=2", "Softmax", 2, inputs=(x,)),
    refuse("max_val=-1", "Hardtanh", 1, -1),
    refuse("lambd", "Softshrink", -1, inputs=(x,)),
    refuse("odd", "GLU", 0, inputs=(x,)),
    refuse("dtype of input", "PReLU", 3, inputs=(x,)),
    refuse("3 or 4", "Softmax2d", inputs=(x,)),
    refuse("alpha", "CELU", 0.0, inputs=(x,)),
    refuse("lower", "RReLU", 0.5, 0.1, inputs=(x,)),
    refuse("unexpected", "ReLU", alpha=1),
]
