"""Modules that hold others, or parameters."""

from . import Draw, calling, layer, refuse

d = Draw(3)
x = d.normal(5, 4)

LAYERS = [
    layer("Sequential", calling("nn.Linear", 4, 3), calling("nn.Tanh"), inputs=(x,)),
    layer("Sequential", inputs=(x,)),
    layer(
        "Sequential",
        calling("nn.Sequential", calling("nn.Linear", 4, 2), calling("nn.PReLU")),
        calling("nn.Softmax", 1),
        inputs=(x,),
    ),
]

REFUSED = [
    refuse("not a Module", "Sequential", 3),
    refuse("not a Module", "ModuleList", [3]),
    refuse("not a Module", "ModuleDict", {"a": 3}),
    refuse("iterable", "ParameterList", x),
    refuse(r"no '\.'", "ParameterDict", {"a.b": x}),
    refuse("missing", "ModuleList", inputs=(x,)),
    refuse("missing", "ParameterList", inputs=(x,)),
]
