"""Convolutions and transposed convolutions."""

from . import FLOATS, HALVES, Draw, call, refuse

d = Draw(41)
F = "nn.functional"
ALL = (*FLOATS, *HALVES)
line, plane, space = d.normal(2, 4, 7), d.normal(2, 4, 6, 5), d.normal(1, 2, 3, 4, 5)
w1, w2, w3 = d.normal(6, 4, 3), d.normal(6, 4, 3, 2), d.normal(3, 2, 2, 1, 3)
t1, t2, t3 = d.normal(4, 6, 3), d.normal(4, 6, 3, 2), d.normal(2, 3, 2, 1, 3)
b3, b6, whole = d.normal(3), d.normal(6), d.integers(-3, 4, 1, 4, 6, 5)

PLANES = (
    {}, {"stride": 2}, {"stride": (1, 3)}, {"padding": 1}, {"padding": (2, 0)},
    {"padding": [1, 2], "stride": [2]}, {"dilation": 2}, {"dilation": (1, 3), "padding": (0, 2)},
    {"padding": "same"}, {"padding": "valid", "stride": 2}, {"padding": "same", "dilation": (2, 1)},
    {"stride": 3, "padding": 3, "dilation": 2},
)  # fmt: skip
TRANSPOSED = (
    {}, {"stride": 2}, {"stride": (3, 1)}, {"padding": 1}, {"padding": (0, 1), "dilation": 2},
    {"stride": 2, "output_padding": 1}, {"stride": (3, 2), "output_padding": (2, 0)},
    {"dilation": 3, "output_padding": 2}, {"stride": 2, "padding": 2, "output_padding": [1, 0]},
    {"stride": 3, "dilation": 2, "padding": 1},
)  # fmt: skip

CALLS = [
    *(call(f"{F}.conv2d", plane, w2, **window) for window in PLANES),
    call(f"{F}.conv2d", plane, w2, b6, dtypes=ALL),
    call(f"{F}.conv2d", plane, w2, b6, 2, 1, 1, 1),
    call(f"{F}.conv2d", plane, d.normal(6, 2, 3, 2), b6, padding=1, groups=2, dtypes=ALL),
    call(f"{F}.conv2d", plane, d.normal(4, 1, 3, 3), groups=4, padding=1),
    call(f"{F}.conv2d", plane, d.normal(8, 1, 2, 3), stride=(2, 1), padding=1, groups=4),
    call(f"{F}.conv2d", plane, d.normal(4, 1, 3, 2), dilation=2, stride=2, padding=2, groups=4),
    call(f"{F}.conv2d", plane, d.normal(5, 4, 1, 1), d.normal(5)),
    call(f"{F}.conv2d", plane, d.normal(5, 4, 1, 1), stride=2),
    call(f"{F}.conv2d", plane, d.normal(1, 4, 6, 5)),
    call(f"{F}.conv2d", plane, d.normal(3, 4, 2, 2), padding="same"),
    call(f"{F}.conv2d", plane[0], w2, b6, padding=1),
    call(f"{F}.conv2d", plane[0], w2, padding="same"),
    call(f"{F}.conv2d", d.normal(0, 4, 6, 5), w2, b6),
    call(f"{F}.conv2d", d.normal(2, 13, 4, 5), d.normal(9, 13, 3, 3), padding=1, twice=False),
    call(f"{F}.conv2d", whole, d.integers(-3, 4, 2, 4, 3, 2), padding=1),
    call(f"{F}.conv1d", line, w1, b6, dtypes=ALL),
    call(f"{F}.conv1d", line, w1, padding=2, stride=2, dilation=2),
    call(f"{F}.conv1d", line, w1, padding=(1,), stride=[3]),
    call(f"{F}.conv1d", line, d.normal(6, 4, 4), padding="same"),
    call(f"{F}.conv1d", line, d.normal(4, 2, 3), None, 1, 1, 1, 2),
    call(f"{F}.conv1d", line, d.normal(4, 1, 3), padding=1, groups=4),
    call(f"{F}.conv1d", line[0], w1, b6),
    call(f"{F}.conv1d", line, d.normal(2, 4, 1)),
    call(f"{F}.conv3d", space, w3, b3, dtypes=ALL),
    call(f"{F}.conv3d", space, w3, stride=(1, 2, 1), padding=(1, 0, 2)),
    call(f"{F}.conv3d", space, w3, padding="same", dilation=2),
    call(f"{F}.conv3d", space[0], w3, b3, padding=1, stride=2),
    call(f"{F}.conv3d", space, d.normal(4, 1, 2, 2, 2), groups=2),
    *(call(f"{F}.conv_transpose2d", plane, t2, **window) for window in TRANSPOSED),
    call(f"{F}.conv_transpose2d", plane, t2, b6, dtypes=ALL),
    call(f"{F}.conv_transpose2d", plane, t2, b6, 2, 1, 1, 1, 1),
    call(f"{F}.conv_transpose2d", plane, d.normal(4, 3, 3, 2), b6, stride=2, groups=2, dtypes=ALL),
    call(f"{F}.conv_transpose2d", plane, d.normal(4, 1, 3, 3), groups=4, padding=1, stride=2),
    call(f"{F}.conv_transpose2d", plane, d.normal(4, 2, 1, 1), d.normal(2)),
    call(f"{F}.conv_transpose2d", plane, d.normal(4, 2, 1, 1), stride=2, output_padding=1),
    call(f"{F}.conv_transpose2d", plane[0], t2, b6),
    call(f"{F}.conv_transpose2d", d.normal(0, 4, 6, 5), t2),
    call(f"{F}.conv_transpose1d", line, t1, b6, dtypes=ALL),
    call(f"{F}.conv_transpose1d", line, t1, stride=3, padding=2, output_padding=2, dilation=2),
    call(f"{F}.conv_transpose1d", line[0], d.normal(4, 3, 2), b6, groups=2),
    call(f"{F}.conv_transpose3d", space, t3, b3, dtypes=ALL),
    call(f"{F}.conv_transpose3d", space, t3, stride=2, padding=(1, 0, 0), output_padding=(0, 1, 0)),
    call(f"{F}.conv_transpose3d", space[0], d.normal(2, 1, 1, 2, 2), groups=2, dilation=(1, 2, 1)),
]

mask = d.booleans(1, 4, 6, 5)
REFUSED = [
    refuse("bias must be a tensor, got list", f"{F}.conv2d", plane, w2, [1.0] * 6),
    refuse(r"takes 3 channels.*\(2, 4, 6, 5\) has 4", f"{F}.conv2d", plane, d.normal(6, 3, 3, 3)),
    refuse("takes 2 channels.*has 4", f"{F}.conv1d", line, d.normal(6, 2, 3)),
    refuse("divisible by groups=2", f"{F}.conv2d", plane, d.normal(5, 2, 3, 3), groups=2),
    refuse("divisible by groups=3", f"{F}.conv_transpose2d", plane, t2, groups=3),
    refuse("takes 3 channels", f"{F}.conv_transpose2d", plane, d.normal(3, 6, 3, 3)),
    refuse(r"larger than an input of extents \(6, 5\)", f"{F}.conv2d", plane, d.normal(1, 4, 7, 1)),
    refuse("dilation", f"{F}.conv1d", line, w1, dilation=4),
    refuse("'same', 'valid' or numbers, got 'full'", f"{F}.conv2d", plane, w2, padding="full"),
    refuse("'same' needs stride 1", f"{F}.conv2d", plane, w2, padding="same", stride=2),
    refuse("padding must be an int", f"{F}.conv_transpose2d", plane, t2, padding="same"),
    refuse(r"4 dimensions.*got shape \(5,\)", f"{F}.conv2d", plane[0, 0, 0], w2),
    refuse("3 dimensions", f"{F}.conv1d", plane, w1),
    refuse("weight must have 4 dimensions", f"{F}.conv2d", plane, w1),
    refuse("stride must be at least 1, got 0", f"{F}.conv2d", plane, w2, stride=0),
    refuse("stride must be at least 1", f"{F}.conv2d", plane, w2, stride=(1, -1)),
    refuse("padding must be at least 0, got -1", f"{F}.conv2d", plane, w2, padding=-1),
    refuse("dilation must be at least 1", f"{F}.conv2d", plane, w2, dilation=0),
    refuse("groups must be at least 1", f"{F}.conv2d", plane, w2, groups=0),
    refuse("groups must be at least 1", f"{F}.conv_transpose2d", plane, t2, groups=-1),
    refuse("stride must be one int or 2 ints", f"{F}.conv2d", plane, w2, stride=(1, 2, 3)),
    refuse("stride must be an int", f"{F}.conv2d", plane, w2, stride=1.5),
    refuse("padding must be an int", f"{F}.conv2d", plane, w2, padding=True),
    refuse("groups must be an int", f"{F}.conv2d", plane, w2, groups=2.0),
    refuse("float64.*float32", f"{F}.conv2d", plane, w2.astype("float32")),
    refuse("float64.*float32", f"{F}.conv2d", plane, w2, b6.astype("float32")),
    refuse("int64", f"{F}.conv2d", whole, w2),
    refuse("bool", f"{F}.conv2d", mask, mask),
    refuse(r"bias must have shape \(6,\)", f"{F}.conv2d", plane, w2, d.normal(5)),
    refuse(r"bias must have shape \(6,\)", f"{F}.conv2d", plane, w2, d.normal(6, 1)),
    refuse(r"\(12,\)", f"{F}.conv_transpose2d", plane, t2, b6, groups=2),
    refuse("input must be a tensor", f"{F}.conv2d", [1.0], w2),
    refuse("weight must be a tensor", f"{F}.conv2d", plane, 1.0),
    refuse("extents 0", f"{F}.conv2d", d.normal(2, 4, 0, 5), w2, padding=3),
    refuse("extents 0", f"{F}.conv2d", plane, d.normal(6, 4, 0, 3)),
    refuse("first extent", f"{F}.conv2d", plane, d.normal(0, 4, 3, 3)),
    refuse("smaller than stride", f"{F}.conv_transpose2d", plane, t2, output_padding=1),
    refuse("smaller than stride", f"{F}.conv_transpose2d", plane, t2, stride=2, output_padding=2),
    refuse("output_padding.*at least 0", f"{F}.conv_transpose2d", plane, t2, output_padding=-1),
    refuse("leaves nothing", f"{F}.conv_transpose2d", plane, t2, padding=5),
]  # fmt: skip
