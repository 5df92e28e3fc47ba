"""Selection among values."""

import numpy as np

from . import EVERY, FLOATS, HALVES, INTEGERS, Draw, call, refuse

d = Draw(4)
FLOATING = (*FLOATS, *HALVES)
x, y = d.distinct(3, 4) + 0.03, d.normal(4)
mask, counts = d.booleans(3, 4), d.integers(0, 5, 3, 4)
step = {"differentiable": False}
odd = np.array([np.nan, 1.0, np.inf, -np.inf, -2.0])

CALLS = [
    call("maximum", x, y, dtypes=EVERY),
    call("maximum", d.normal(), counts, dtypes=EVERY),
    call("minimum", x, d.normal(3, 1), dtypes=EVERY),
    call("minimum", d.normal(0, 4), y, dtypes=EVERY),
    call("fmax", x, y, dtypes=EVERY),
    call("fmin", x, y, dtypes=EVERY),
    call("fmin", d.normal(), counts, dtypes=EVERY),
    call("clamp", x, -0.25, 0.25, dtypes=EVERY),
    call("clamp", x, min=0, dtypes=EVERY),
    call("clamp", x, max=1, dtypes=EVERY),
    call("clamp", x, 0.35, -0.15, dtypes=FLOATING),
    call("clamp", x, y, y + 1.5, dtypes=FLOATING),
    call("clamp", x, None, d.normal(), dtypes=EVERY),
    call("clamp", x, counts - 2, dtypes=FLOATING),
    call("clip", d.normal(0, 2), 0, 1, dtypes=EVERY),
    call("clip", d.normal(), 0, 1, dtypes=FLOATING),
    call("clamp_min", x, 0.25, dtypes=EVERY),
    call("clamp_min", x, y, dtypes=EVERY),
    call("clamp_max", x, 1, dtypes=EVERY),
    call("clamp_max", x, y, dtypes=EVERY),
    call("where", mask, x, y, dtypes=EVERY),
    call("where", mask, x, 2, dtypes=EVERY),
    call("where", mask, 2.5, x, dtypes=EVERY),
    call("where", mask, 1, 2.5),
    call("where", mask, True, False),
    call("where", mask[0], d.normal(3, 1), d.normal(), dtypes=EVERY),
    call("where", mask, d.normal(), counts, dtypes=EVERY),
    call("where", mask),
    call("where", counts),
    call("where", x, dtypes=EVERY),
    call("where", d.integers(1, 2)),
    call(".where", x, mask, 0.0, dtypes=EVERY),
    call("masked_fill", x, mask, 2, dtypes=EVERY),
    call("masked_fill", x, mask[0], -1.5, dtypes=(*FLOATING, *INTEGERS[:2])),
    call("masked_fill", x, mask, d.normal(), dtypes=FLOATING),
    call("masked_fill", d.normal(), mask, 2.0),
    call("masked_fill", counts, mask, 2.5),
    call("masked_fill", d.booleans(4), mask[0], 2),
    call("nan_to_num", odd, dtypes=FLOATING, **step),
    call("nan_to_num", odd, 1.5, 9.0, -9, dtypes=FLOATING, **step),
    call("nan_to_num", x, dtypes=EVERY),
    call("heaviside", x, d.normal(3, 4), dtypes=EVERY, **step),
    call("heaviside", np.array([0.0, np.nan, -1.0, 2.0]), y, dtypes=FLOATING, **step),
]

flags = mask[0]
REFUSED = [
    refuse("maximum.*other.*int", "maximum", x, 2),
    refuse("minimum.*input.*float", "minimum", 2.0, x),
    refuse("fmax.*other.*int", "fmax", x, 2),
    refuse(r"maximum.*\(3, 4\) and \(3,\)", "maximum", x, d.normal(3)),
    refuse(r"fmin.*\(3, 4\) and \(3,\)", "fmin", x, d.normal(3)),
    refuse("min and max", "clamp", x),
    refuse("clamp.*str", "clamp", x, "a"),
    refuse("clamp.*list", "clamp", x, [1.0], None),
    refuse("two numbers or two tensors", "clamp", x, y, 2),
    refuse("two numbers or two tensors", "clamp", x, 1, y),
    refuse("clamp.*input.*float", "clamp", 2.0, 1, 2),
    refuse("clamp of bools", "clamp", flags, False, True),
    refuse(r"clamp.*\(3, 4\) and \(3,\)", "clamp", x, d.normal(3)),
    refuse(r"clamp.*\(3, 4\).*\(3,\)", "clamp", x, None, d.normal(3)),
    refuse("clamp", "clamp_min", x, None),
    refuse("condition.*float", "where", x, x, y),
    refuse("condition.*int64", "where", counts, x, y),
    refuse("condition.*list", "where", [True], x, y),
    refuse("condition.*bool", "where", True, x, y),
    refuse("other is missing", "where", mask, x),
    refuse("str", "where", mask, x, "a"),
    refuse(r"where.*\(3, 4\).*\(3,\)", "where", mask, x, d.normal(3)),
    refuse("mask.*int64", "masked_fill", x, counts, 2.0),
    refuse("mask.*float", "masked_fill", x, x, 2.0),
    refuse("mask.*bool", "masked_fill", x, True, 2.0),
    refuse(r"0-d.*\(4,\)", "masked_fill", x, mask, y),
    refuse("value.*str", "masked_fill", x, mask, "a"),
    refuse(r"\(3,\).*\(3, 4\)", "masked_fill", x, d.booleans(3), 2.0),
    refuse("nan.*str", "nan_to_num", x, "a"),
    refuse("posinf.*str", "nan_to_num", x, posinf="a"),
    refuse("heaviside.*int64", "heaviside", x, counts),
    refuse("heaviside.*values.*float", "heaviside", x, 2.0),
    refuse("cast in place", ".clamp_", counts, 1.5),
    refuse(r"\(3, 4\).*\(4,\)", ".clamp_", y, x),
    refuse(r"\(3, 4\).*\(4,\)", ".masked_fill_", y, mask, 2.0),
]
