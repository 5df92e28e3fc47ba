"""Windows as columns, and back."""

from . import FLOATS, HALVES, Draw, call, refuse

d = Draw(42)
F = "nn.functional"
ALL = (*FLOATS, *HALVES)
x, columns = d.normal(2, 3, 5, 6), d.normal(2, 12, 20)
WINDOWS = (
    ((2, 3), 1, 0, 1), (3, 1, 1, 1), (2, 2, 0, 1), (2, 1, 1, 2), ((3, 1), (1, 2), (2, 0), (2, 3)),
    ((5, 6), 1, 0, 1), (1, 1, 2, 2),
)  # fmt: skip

CALLS = [
    *(call(f"{F}.unfold", x, *window) for window in WINDOWS),
    call(f"{F}.unfold", x, kernel_size=2, dilation=1, padding=1, stride=2, dtypes=ALL),
    call(f"{F}.unfold", x[0], [2, 2]),
    call(f"{F}.unfold", d.normal(0, 3, 5, 6), 2),
    call(f"{F}.fold", columns, (5, 6), 2, dtypes=ALL),
    call(f"{F}.fold", columns[0], (5, 6), 2),
    call(f"{F}.fold", d.normal(0, 12, 20), (5, 6), 2),
    call(f"{F}.fold", d.normal(2, 9, 30), (5, 6), 3, padding=1),
    call(f"{F}.fold", d.normal(2, 12, 12), (5, 6), kernel_size=2, padding=1, stride=2),
    call(f"{F}.fold", d.normal(2, 6, 6), 6, (3, 2), (1, 2), (1, 0), (2, 3)),
    call(f"{F}.fold", d.normal(1, 4, 16), 5, 2),
]

REFUSED = [
    refuse("kernel_size must be one int or 2 ints", f"{F}.unfold", x, (3,)),
    refuse("kernel_size must be one int or 2 ints", f"{F}.unfold", x, (3, 2, 1)),
    refuse("kernel_size must be at least 1", f"{F}.unfold", x, 0),
    refuse("stride must be at least 1", f"{F}.unfold", x, 2, stride=0),
    refuse("dilation must be at least 1", f"{F}.unfold", x, 2, dilation=0),
    refuse("padding must be at least 0", f"{F}.unfold", x, 2, padding=-1),
    refuse(r"larger than extents \(5, 6\)", f"{F}.unfold", x, 7),
    refuse("got shape", f"{F}.unfold", x[0, 0], 2),
    refuse("extents 0", f"{F}.unfold", d.normal(2, 0, 5, 6), 2),
    refuse("extents 0", f"{F}.unfold", d.normal(2, 3, 0, 6), 2),
    refuse("int64", f"{F}.unfold", d.integers(0, 3, 1, 3, 5, 6), 2),
    refuse("input must be a tensor", f"{F}.unfold", [1.0], 2),
    refuse("20 columns|columns for", f"{F}.fold", columns, (5, 7), 2),
    refuse("multiple of 9 rows", f"{F}.fold", columns, (5, 6), 3, padding=1),
    refuse("output_size must be one int or 2", f"{F}.fold", columns, (5,), 2),
    refuse("output_size must be an int", f"{F}.fold", columns, 5.0, 2),
    refuse("output_size must be at least 1", f"{F}.fold", columns, -5, 2),
    refuse("stride must be at least 1", f"{F}.fold", columns, (5, 6), 2, stride=0),
    refuse("kernel_size must be at least 1", f"{F}.fold", columns, (5, 6), 0),
    refuse("larger than extents", f"{F}.fold", columns, 1, 2),
    refuse("got shape", f"{F}.fold", columns[0, 0], (5, 6), 2),
    refuse("extents 0", f"{F}.fold", d.normal(2, 0, 20), (5, 6), 2),
    refuse("int64", f"{F}.fold", d.integers(0, 3, 1, 12, 20), (5, 6), 2),
]
