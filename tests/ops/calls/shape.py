"""Shapes."""

from . import EVERY, Draw, call, refuse

d = Draw(2)

CALLS = [
    call("unbind", d.normal(3, 2), 1, dtypes=EVERY),
    call("permute", d.normal(3, 2, 1), (2, 0, 1)),
    call("cat", [d.normal(3, 2), d.normal(1, 2)], dim=0, dtypes=EVERY),
]

REFUSED = [
    refuse("dim=3", "unbind", d.normal(3, 2), 3),
]
