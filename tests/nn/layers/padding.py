"""Padding in every way over one, two and three axes."""

from . import Draw, layer, refuse

d = Draw(7)
INPUTS = {1: d.normal(2, 3, 4), 2: d.normal(2, 1, 3, 4), 3: d.normal(1, 2, 3, 2, 4)}
UNEVEN = {1: (1, 2), 2: (1, 2, 0, 1), 3: (1, 2, 0, 1, 1, 0)}
KINDS = ("Circular", "Reflection", "Replication", "Zero")

LAYERS = [
    *(
        layer(f"{kind}Pad{axes}d", padding, inputs=(x,))
        for kind in KINDS
        for axes, x in INPUTS.items()
        for padding in (1, UNEVEN[axes])
    ),
    *(
        layer(f"{kind}Pad{axes}d", 1, inputs=(x[0],))
        for kind in KINDS
        for axes, x in INPUTS.items()
    ),
    *(
        layer(f"ConstantPad{axes}d", padding, 3.5, inputs=(x,))
        for axes, x in INPUTS.items()
        for padding in (2, UNEVEN[axes])
    ),
    layer("ZeroPad2d", (-1, 1, 0, -1), inputs=(INPUTS[2],)),
    layer("ConstantPad1d", (1, 1), value=7, inputs=(d.normal(3),)),
]

REFUSED = [
    refuse("4", "ReflectionPad1d", 4, inputs=(INPUTS[1],)),
    refuse("2 or 3 axes", "ReflectionPad1d", 1, inputs=(INPUTS[2],)),
    refuse("3 or 4 axes", "ReplicationPad2d", 1, inputs=(INPUTS[3],)),
    refuse("pad|circular", "CircularPad1d", 5, inputs=(INPUTS[1],)),
]
