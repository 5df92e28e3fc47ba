"""Convolutions and transposed convolutions."""

from . import FLOATS, HALVES, Draw, Named, layer, refuse

d = Draw(43)
line, plane, space = d.normal(2, 4, 7), d.normal(2, 4, 6, 5), d.normal(1, 2, 3, 4, 4)
MODES = ("reflect", "replicate", "circular")

LAYERS = [
    layer("Conv2d", 4, 6, 3, inputs=(plane,), dtypes=(*FLOATS, *HALVES)),
    layer("Conv2d", 4, 6, (3, 2), 2, (1, 0), (1, 2), 2, False, inputs=(plane,)),
    layer("Conv2d", 4, 4, 3, padding=1, groups=4, inputs=(plane,)),
    layer("Conv2d", 4, 3, 3, padding="same", inputs=(plane,)),
    layer("Conv2d", 4, 3, [2, 3], padding="valid", inputs=(plane[0],)),
    *(layer("Conv2d", 4, 3, 3, padding=(1, 2), padding_mode=m, inputs=(plane,)) for m in MODES),
    layer("Conv2d", 4, 3, (2, 3), padding="same", padding_mode="reflect", inputs=(plane,)),
    layer("Conv2d", 4, 3, 2, padding="valid", padding_mode="circular", inputs=(plane,)),
    layer("Conv2d", 4, 6, 3, inputs=(d.normal(0, 4, 5, 5),)),
    layer("Conv2d", 2, 3, 3, padding=[0, 1], dtype=Named("float64"), inputs=(plane[:, :2],)),
    layer("Conv1d", 4, 6, 3, inputs=(line,)),
    layer("Conv1d", 4, 6, kernel_size=3, stride=2, padding=2, bias=False, inputs=(line[0],)),
    layer("Conv1d", 4, 2, 4, padding="same", padding_mode="circular", inputs=(line,)),
    layer("Conv3d", 2, 4, 2, inputs=(space,)),
    layer("Conv3d", 2, 3, (1, 3, 2), padding=1, padding_mode="replicate", inputs=(space,)),
    layer("ConvTranspose2d", 4, 6, 3, inputs=(plane,), dtypes=(*FLOATS, *HALVES)),
    layer("ConvTranspose2d", 4, 6, (3, 2), 2, 1, 1, 2, False, 2, inputs=(plane,)),
    layer("ConvTranspose2d", 4, 2, 3, stride=2, inputs=(plane,), options={"output_size": [14, 11]}),
    layer(
        "ConvTranspose2d", 4, 2, 3, 2, inputs=(plane,), options={"output_size": (2, 2, 13, 12)}
    ),
    layer("ConvTranspose1d", 4, 3, 3, stride=3, output_padding=2, inputs=(line[0],)),
    layer("ConvTranspose1d", 4, 3, 3, 2, inputs=(line,), options={"output_size": (16,)}),
    layer("ConvTranspose3d", 2, 4, 2, stride=(1, 2, 1), padding=1, inputs=(space,)),
]

REFUSED = [
    refuse("out_channels=6 must be divisible by groups=4", "Conv2d", 4, 6, 3, groups=4),
    refuse("in_channels=5 must be divisible by groups=2", "Conv2d", 5, 6, 3, groups=2),
    refuse("groups must be a positive integer", "Conv2d", 4, 6, 3, groups=0),
    refuse("'same', 'valid' or numbers, got 'full'", "Conv2d", 4, 6, 3, padding="full"),
    refuse("'same' needs stride 1", "Conv2d", 4, 6, 3, padding="same", stride=2),
    refuse("padding_mode must be one of", "Conv2d", 4, 6, 3, padding_mode="constant"),
    refuse("negative", "Conv2d", 4, 6, -3),
    refuse("takes 3 channels", "Conv2d", 3, 6, 3, inputs=(plane,)),
    refuse("4 dimensions", "Conv2d", 4, 6, 3, inputs=(plane[0, 0],)),
    refuse("float64.*float32", "Conv2d", 4, 6, 3, inputs=(plane,)),
    refuse("larger than an input", "Conv1d", 4, 6, 9, inputs=(line.astype("float32"),)),
    refuse("too wide", "Conv2d", 4, 6, 3, padding=6, padding_mode="reflect", inputs=(plane,)),
    refuse("padding_mode can only be 'zeros'", "ConvTranspose2d", 4, 6, 3, padding_mode="reflect"),
    refuse(
        r"\[14, 11\] must be from \[13, 11\] to \[13, 12\]", "ConvTranspose2d", 4, 2, 3, (1, 2), 0,
        dilation=(4, 1), inputs=(plane[:, :, :5],), options={"output_size": (14, 11)},
    ),
    refuse(
        "2 or 4 elements", "ConvTranspose2d", 4, 2, 3, inputs=(plane,),
        options={"output_size": (13,)},
    ),
    refuse("smaller than stride", "ConvTranspose1d", 4, 2, 3, 2, 0, 2, inputs=(
        line.astype("float32"),
    )),
]  # fmt: skip
