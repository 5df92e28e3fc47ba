"""Interpolation and exchanges of channels and pixels."""

from . import FLOATS, HALVES, Draw, layer, refuse

d = Draw(74)
ALL = (*FLOATS, *HALVES)
line, plane, space = d.normal(2, 3, 7), d.normal(2, 4, 5, 6), d.normal(1, 2, 3, 4, 2)

LAYERS = [
    layer("Upsample", 4, inputs=(plane,), dtypes=ALL),
    layer("Upsample", (3, 8), inputs=(plane,)),
    layer("Upsample", scale_factor=2, inputs=(line,), dtypes=ALL),
    layer("Upsample", None, 2, "nearest-exact", inputs=(space,)),
    layer("Upsample", scale_factor=(1.5, 2), mode="bilinear", inputs=(plane,), dtypes=ALL),
    layer("Upsample", 9, mode="linear", align_corners=True, inputs=(line,)),
    layer("Upsample", None, 1.3, "bicubic", False, True, inputs=(plane,)),
    layer("Upsample", scale_factor=2, mode="trilinear", inputs=(space,)),
    layer("UpsamplingNearest2d", 8, inputs=(plane,)),
    layer("UpsamplingNearest2d", scale_factor=2, inputs=(plane,), dtypes=ALL),
    layer("UpsamplingBilinear2d", (8, 3), inputs=(plane,), dtypes=ALL),
    layer("UpsamplingBilinear2d", scale_factor=1.5, inputs=(plane,)),
    layer("PixelShuffle", 2, inputs=(plane,), dtypes=ALL),
    layer("PixelUnshuffle", 3, inputs=(d.normal(1, 6, 3),), dtypes=ALL),
    layer("ChannelShuffle", 2, inputs=(plane,), dtypes=ALL),
]

REFUSED = [
    refuse("either size or scale_factor", "Upsample", inputs=(plane,)),
    refuse("either size or scale_factor", "Upsample", 2, 2, inputs=(plane,)),
    refuse("float", "Upsample", scale_factor=[2, 3]),
    refuse("no mode", "Upsample", 2, mode="linear", inputs=(plane,)),
    refuse("align_corners is for modes", "Upsample", 2, align_corners=True, inputs=(plane,)),
    refuse("no mode", "UpsamplingBilinear2d", 3, inputs=(line,)),
    refuse("divisible", "PixelShuffle", 3, inputs=(plane,)),
    refuse("divisible", "PixelUnshuffle", 2, inputs=(plane,)),
    refuse("divisible", "ChannelShuffle", 3, inputs=(plane,)),
]
