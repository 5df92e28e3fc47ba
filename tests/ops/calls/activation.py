"""Activations, softmax and its like."""


from . import EVERY, FLOATS, HALVES, Draw, Named, call, refuse

d = Draw(13)
ALL = (*FLOATS, *HALVES)
F = "nn.functional"

POINTWISE = (
    "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
    "logsigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softplus",
    "softshrink", "softsign", "tanh", "tanhshrink",
)  # fmt: skip
SIXTH = {"float64": 1e-7}  # PyTorch's derivative holds 1/6 in single precision
CURVES = [(f"{F}.{name}", SIXTH if name == "hardsigmoid" else {}) for name in POINTWISE]
BOTH = ("celu", "hardshrink", "relu", "selu", "sigmoid", "tanh")
REPLACING = (
    "celu", "elu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "mish", "relu",
    "relu6", "selu", "silu",
)  # fmt: skip

CALLS = [
    *(call(name, d.normal(3, 4) * 2, dtypes=EVERY, error=error) for name, error in CURVES),
    *(call(name, d.normal(), error=error) for name, error in CURVES),
    *(call(name, d.normal(0, 2)) for name, _ in CURVES),
    *(call(name, d.uniform(-30, 30, 40), error=error) for name, error in CURVES),
    *(call(name, d.normal(3)) for name in BOTH),
    *(call(f".{name}", d.normal(3)) for name in ("hardshrink", "relu", "sigmoid", "tanh")),
    *(call(f"{F}.{name}", d.normal(3), inplace=False, dtypes=("float32",)) for name in REPLACING),
    call(f"{F}.celu", d.normal(3, 4), 0.5, dtypes=ALL),
    call(f"{F}.celu", d.normal(3, 4), alpha=-1.5),
    call(f"{F}.elu", d.normal(3, 4), 0.5, dtypes=ALL),
    call(f"{F}.elu", d.normal(3, 4), alpha=-2),
    call(f"{F}.gelu", d.normal(3, 4), approximate="tanh", dtypes=ALL),
    call(f"{F}.hardtanh", d.normal(3, 4), -0.5, 2, dtypes=EVERY),
    call(f"{F}.hardtanh", d.normal(3, 4), min_val=0.1, max_val=0.1, differentiable=False),
    call(f"{F}.leaky_relu", d.normal(3, 4), 0.2, dtypes=ALL),
    call(f"{F}.leaky_relu", d.normal(3, 4), negative_slope=-1.0),
    call(f"{F}.threshold", d.normal(3, 4), 0.3, -2, dtypes=ALL),
    call(f"{F}.threshold", d.normal(3, 4), 1, 2, dtypes=EVERY),
    call("threshold", d.normal(3, 4), threshold=-0.5, value=7.0),
    call(f"{F}.hardshrink", d.normal(3, 4), 0.9, dtypes=ALL),
    call(f"{F}.hardshrink", d.normal(3, 4), -0.9),
    call(f"{F}.softshrink", d.normal(3, 4), 0.9, dtypes=ALL),
    call(f"{F}.softshrink", d.normal(3, 4), 0),
    call(f"{F}.softplus", d.normal(3, 4), 2, dtypes=ALL),
    call(f"{F}.softplus", d.normal(3, 4), 1.5, 0.7, error={"float32": 1e-4}),
    call(f"{F}.softplus", d.normal(3, 4), beta=-1.0),
    call(f"{F}.prelu", d.normal(2, 3, 4), d.normal(3), dtypes=ALL),
    call(f"{F}.prelu", d.normal(2, 3), d.normal(1)),
    call("prelu", d.normal(4), d.normal(1)),
    call("prelu", d.normal(2, 3), d.normal()),
    call(".prelu", d.normal(2, 3), d.normal(3)),
    call("prelu", d.normal(0, 3), d.normal(3)),
    call(f"{F}.rrelu", d.normal(3, 4), dtypes=ALL),
    call(f"{F}.rrelu", d.normal(3, 4), 0.1, 0.5, False),
    call("rrelu", d.normal(3, 4), lower=0.25, upper=0.25, training=True),
    call(f"{F}.glu", d.normal(3, 4), dtypes=ALL),
    call(f"{F}.glu", d.normal(4, 3), 0),
    call(f"{F}.glu", d.normal(2, 6, 3), dim=-2),
    call(f"{F}.glu", d.normal(0, 4)),
    call(f"{F}.softmax", d.normal(3, 4), 1, dtypes=ALL),
    call(f"{F}.softmax", d.normal(3, 4), dim=0, dtype=Named("float64")),
    call(f"{F}.softmax", d.integers(0, 4, 3), 0, dtype=Named("float32")),
    call("softmax", d.normal(2, 3, 4), -2),
    call("softmax", d.normal(), 0),
    call("softmax", d.normal(0, 3), 1),
    call(".softmax", d.normal(3, 4), 1),
    call(f"{F}.log_softmax", d.normal(3, 4), 1, dtypes=ALL),
    call("log_softmax", d.normal(2, 3, 4), -2),
    call("log_softmax", d.normal(), -1),
    call(".log_softmax", d.normal(3, 4), 0, dtype=Named("float64")),
    call(f"{F}.softmin", d.normal(3, 4), 1, dtypes=ALL),
    call(f"{F}.softmin", d.normal(2, 3, 4), dim=-2),
]

x, whole, mask = d.normal(2, 3), d.integers(0, 4, 3), d.booleans(3)
FLOATS_ONLY = (
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "leaky_relu",
    "logsigmoid", "mish", "rrelu", "selu", "silu", "softplus", "softshrink",
)  # fmt: skip
NO_BOOLS = ("hardtanh", "relu", "relu6", "softsign", "tanhshrink")

REFUSED = [
    *(refuse("floats", f"{F}.{name}", whole) for name in FLOATS_ONLY),
    *(refuse("floats", f"{F}.{name}", mask) for name in (*FLOATS_ONLY, *NO_BOOLS)),
    *(refuse("list", f"{F}.{name}", [1.0]) for name in POINTWISE),
    refuse("min_val=2 is greater than max_val=1", f"{F}.hardtanh", x, 2, 1),
    refuse("alpha must not be 0", f"{F}.celu", x, 0.0),
    refuse("lambd must not be negative, got -1", f"{F}.softshrink", x, -1),
    refuse("approximate must be 'none' or 'tanh', got 'fast'", f"{F}.gelu", x, approximate="fast"),
    refuse("floats", f"{F}.threshold", mask, 1, 2),
    refuse("2 elements.* 3 channels", f"{F}.prelu", x, d.normal(2)),
    refuse("0 or 1 axes", f"{F}.prelu", x, d.normal(3, 1)),
    refuse("dtype of input", f"{F}.prelu", x, whole),
    refuse("weight must be a tensor", f"{F}.prelu", x, 0.1),
    refuse("lower=0.5 is greater than upper=0.1", f"{F}.rrelu", x, 0.5, 0.1, True),
    refuse(r"dim=1 of shape \(2, 3\) has an odd extent", f"{F}.glu", x, 1),
    refuse("dim=2", f"{F}.glu", x, 2),
    refuse("0-d", f"{F}.glu", d.normal()),
    refuse("dim=2", f"{F}.softmax", x, 2),
    refuse("floats", f"{F}.softmax", whole, 0),
    refuse("floats", f"{F}.softmax", mask, 0),
    refuse("dim must be an int", f"{F}.softmax", x, 0.5),
    refuse("list", f"{F}.softmax", [1.0], 0),
    refuse("dim=-3", f"{F}.log_softmax", x, -3),
    refuse("floats", f"{F}.log_softmax", whole, 0),
    refuse("dim=2", f"{F}.softmin", x, 2),
    refuse("floats", f"{F}.softmin", whole, 0),
    refuse("bool", f"{F}.softmin", mask, 0),
    refuse("floats", f"{F}.gumbel_softmax", whole),
    refuse("dim=2", f"{F}.gumbel_softmax", x, dim=2),
    refuse("list", f"{F}.gumbel_softmax", [1.0]),
]
