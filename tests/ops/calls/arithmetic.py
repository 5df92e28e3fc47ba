"""Arithmetic."""

from . import EVERY, Draw, call, refuse

d = Draw(1)

CALLS = [
    call("add", d.normal(3, 4), d.normal(4), dtypes=EVERY),
    call("add", d.normal(3), 2, alpha=3, dtypes=EVERY),
    call("neg", d.normal(3), dtypes=EVERY),
]

REFUSED = [
    refuse(r"\(2, 3\) and \(2,\)", "add", d.normal(2, 3), d.normal(2)),
]
