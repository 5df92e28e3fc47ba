"""Comparisons, tests of elements, and bits."""

import numpy as np

from . import EVERY, Draw, call, refuse

d = Draw(5)
x, y = d.normal(3, 4), d.normal(4)
mask, counts, few = d.booleans(3, 4), d.integers(-9, 9, 3, 4), d.integers(0, 5, 4)
odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 2.0, -1.5])
COMPARISONS = (
    "eq", "ge", "greater", "greater_equal", "gt", "le", "less", "less_equal", "lt", "ne",
    "not_equal",
)  # fmt: skip
TESTS = (
    "isnan", "isinf", "isposinf", "isneginf", "isfinite", "isreal", "logical_not", "signbit",
)  # fmt: skip
LOGIC = ("logical_and", "logical_or", "logical_xor")
BITS = ("bitwise_and", "bitwise_or", "bitwise_xor")
SHIFTS = ("bitwise_left_shift", "bitwise_right_shift")

CALLS = [
    *(call(name, x, y, dtypes=EVERY) for name in COMPARISONS),
    *(call(name, x, 1, dtypes=EVERY) for name in COMPARISONS),
    *(call(name, counts, 0.5) for name in COMPARISONS),
    *(call(name, x, counts, dtypes=EVERY) for name in COMPARISONS),
    *(call(name, odd, odd[::-1].copy()) for name in COMPARISONS),
    call("eq", d.normal(0, 4), y, dtypes=EVERY),
    call("eq", d.normal(), 1),
    *(call(name, x, dtypes=EVERY) for name in TESTS),
    *(call(name, odd, dtypes=("float64", "float32", "float16", "bfloat16")) for name in TESTS),
    *(call(name, d.normal(0, 2), dtypes=EVERY) for name in TESTS),
    *(call(name, mask, d.normal(3, 4), dtypes=EVERY) for name in LOGIC),
    *(call(name, counts, few) for name in LOGIC),
    *(call(name, counts, few) for name in (*BITS, *SHIFTS, "gcd", "lcm")),
    *(call(name, counts, d.integers(0, 9)) for name in (*BITS, *SHIFTS, "gcd", "lcm")),
    *(call(name, mask, d.booleans(4)) for name in BITS),
    *(call(name, mask, counts) for name in BITS),
    *(call(name, counts, 6) for name in (*BITS, *SHIFTS)),
    *(call(name, 6, few) for name in (*BITS, *SHIFTS)),
    *(call(name, counts, n) for name in SHIFTS for n in (70, -1)),
    call("bitwise_not", counts),
    call("bitwise_not", mask),
    *(call(f".__{name}__", counts, few) for name in ("and", "or", "xor", "lshift", "rshift")),
    *(call(f".__{name}__", few, 6) for name in ("rand", "ror", "rxor", "rlshift", "rrshift")),
    call(".__invert__", counts),
    call("equal", x, x),
    call("equal", x, y),
    call("equal", counts, counts.astype(float)),
    call("isclose", x, x + 1e-6, dtypes=("float64",)),
    call("isclose", x, x, dtypes=EVERY),
    call("isclose", x, y, 0.5, 0.5, dtypes=EVERY),
    call("isclose", odd, odd, equal_nan=True, device=False),
    call("isclose", odd, odd[::-1].copy(), rtol=float("inf"), device=False),
    call("isclose", counts, counts + 1, atol=1.0),
    call("isclose", odd, odd, 0.0, 0.0, device=False),
    call("isclose", d.normal(0, 2), d.normal(2)),
    call("allclose", x, x + 1e-9, dtypes=("float64",)),
    call("allclose", odd, odd, device=False),
    call("allclose", odd, odd, equal_nan=True, device=False),
    call("isin", counts, few),
    call("isin", counts, few, invert=True),
    call("isin", counts, few[:1], assume_unique=False),
    call("isin", counts, 2),
    call("isin", 2, counts),
    call("isin", d.normal(3), d.normal(0)),
    call("isin", odd, odd),
    call("isin", counts, d.integers(-9, 9, 60)),
    call("isin", x, counts),
]

REFUSED = [
    *(refuse(f"{name}.*input.*int", name, 2, x) for name in ("eq", "lt", "ge")),
    refuse("other.*str", "eq", x, "a"),
    refuse("other.*NoneType", "lt", x, None),
    refuse(r"lt.*\(3, 4\) and \(3,\)", "lt", x, d.normal(3)),
    *(refuse(f"{name}.*other.*int", name, x, 2) for name in LOGIC),
    refuse(r"logical_or.*\(3, 4\) and \(3,\)", "logical_or", x, d.normal(3)),
    *(refuse(f"{name}.*input.*float", name, 2.0) for name in TESTS),
    *(refuse(f"{name}.*float32", name, x.astype("f"), 2) for name in (*BITS, *SHIFTS)),
    *(refuse(f"{name}.*float", name, counts, 2.0) for name in (*BITS, *SHIFTS)),
    *(refuse(f"{name}.*2 and 3", name, 2, 3) for name in (*BITS, *SHIFTS)),
    *(refuse(f"{name}.*bool", name, mask, mask) for name in (*SHIFTS, "gcd", "lcm")),
    *(refuse(f"{name}.*float", name, x, x) for name in ("gcd", "lcm")),
    *(refuse(f"{name}.*other.*int", name, counts, 2) for name in ("gcd", "lcm")),
    refuse(r"bitwise_and.*\(3, 4\) and \(3,\)", "bitwise_and", counts, d.integers(0, 2, 3)),
    refuse("bitwise_not.*float", "bitwise_not", x),
    refuse("bitwise_not.*input.*int", "bitwise_not", 2),
    refuse("float", ".__invert__", x),
    refuse("equal.*other.*int", "equal", x, 2),
    refuse("isclose.*other.*int", "isclose", x, 2),
    refuse("isclose.*int64", "isclose", x, counts),
    refuse("rtol.*-1", "isclose", x, x, rtol=-1.0),
    refuse("atol.*-1", "isclose", x, x, atol=-1.0),
    refuse(r"isclose.*\(3, 4\) and \(3,\)", "isclose", x, d.normal(3)),
    refuse("int64", "allclose", x, counts),
    refuse("other.*int", "allclose", x, 2),
    refuse("isin.*bool", "isin", mask, mask),
    refuse("isin.*2 and 2", "isin", 2, 2),
    refuse("list", "isin", x, [1, 2]),
]
