"""Interpolation, and channels exchanged for pixels."""

from . import EVERY, FLOATS, HALVES, Draw, call, refuse

d = Draw(72)
F = "nn.functional"
ALL = (*FLOATS, *HALVES)
line, plane, space = d.normal(2, 3, 7), d.normal(2, 3, 5, 6), d.normal(1, 2, 3, 4, 2)
BY_AXES = {1: (line, "linear"), 2: (plane, "bilinear"), 3: (space, "trilinear")}
MODES = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}
FREE = ("nearest", "nearest-exact", "area")

RESIZED = [
    call(f"{F}.interpolate", BY_AXES[axes][0], mode=mode, **{by: value}, **options)
    for axes, modes in MODES.items()
    for mode in (*FREE, *modes)
    for by, value in (
        ("size", 1), ("size", 4), ("size", 11), ("scale_factor", 2), ("scale_factor", 0.6),
        ("scale_factor", 1.7),
    )
    for options in (({},) if mode in FREE else ({"align_corners": True}, {"align_corners": False}))
]  # fmt: skip

SMOOTH = [
    call(
        f"{F}.interpolate", plane, **target, mode=mode, antialias=True, align_corners=aligned,
        dtypes=FLOATS,
    )  # fmt: skip
    for mode in ("bilinear", "bicubic", "lanczos")
    for target in ({"size": 2}, {"size": (9, 3)}, {"scale_factor": 0.4}, {"scale_factor": 1.5})
    for aligned in ((None, True) if mode != "lanczos" else (None, False))
]

CALLS = [
    *RESIZED,
    *SMOOTH,
    *(
        call(f"{F}.interpolate", x, scale_factor=1.5, mode=mode, dtypes=ALL)
        for x, linear in BY_AXES.values()
        for mode in ("nearest", "nearest-exact", "area", linear)
    ),
    call(f"{F}.interpolate", plane, 7, None, "bicubic", True, dtypes=ALL),
    call(f"{F}.interpolate", plane, (3, 9), mode="bilinear"),
    call(f"{F}.interpolate", plane, scale_factor=(1.3, 0.7), mode="bicubic"),
    call(f"{F}.interpolate", plane, scale_factor=[2, 1], mode="nearest"),
    *(
        call(f"{F}.interpolate", x, scale_factor=1.45, mode=mode, recompute_scale_factor=again)
        for x, mode in ((plane, "bilinear"), (line, "nearest"), (plane, "area"))
        for again in (True, False)
    ),
    *(
        call(f"{F}.interpolate", d.normal(1, 1, n), scale_factor=s, mode=mode, dtypes=FLOATS)
        for n, s in ((10, 1.1), (13, 0.77), (30, 0.1), (3, 33.3), (49, 1 / 7), (64, 0.35))
        for mode in ("nearest", "nearest-exact", "linear")
    ),
    *(
        call(f"{F}.interpolate", d.normal(1, 1, n), m, mode=mode, dtypes=FLOATS)
        for n, m in ((10, 27), (27, 10), (50, 7), (7, 50), (12, 24), (9, 9))
        for mode in ("nearest", "nearest-exact", "linear")
    ),
    *(
        call(f"{F}.interpolate", d.normal(0, 2, 4, 4), 3, mode=mode)
        for mode in ("nearest", "bilinear", "area")
    ),
    call(f"{F}.interpolate", plane, 3, mode="nearest", dtypes=(*ALL, "uint8")),
    call(f"{F}.pixel_shuffle", d.normal(2, 8, 3, 4), 2, dtypes=EVERY),
    call(f"{F}.pixel_shuffle", d.normal(9, 2, 1), 3),
    call(f"{F}.pixel_shuffle", d.normal(2, 3, 4, 2, 2), upscale_factor=2),
    call(f"{F}.pixel_shuffle", d.normal(0, 4, 2, 2), 2, differentiable=False),
    call(f"{F}.pixel_shuffle", d.normal(2, 3, 2), 1),
    call(f"{F}.pixel_unshuffle", d.normal(2, 2, 4, 6), 2, dtypes=EVERY),
    call(f"{F}.pixel_unshuffle", d.normal(1, 6, 3), downscale_factor=3),
    call(f"{F}.pixel_unshuffle", d.normal(2, 1, 3, 2, 2), 2),
    call(f"{F}.channel_shuffle", d.normal(2, 6, 3, 2), 3, dtypes=EVERY),
    call(f"{F}.channel_shuffle", d.normal(1, 6, 2), groups=2),
    call(f"{F}.channel_shuffle", d.normal(0, 6, 2), 6),
    call(f"{F}.channel_shuffle", d.normal(2, 4, 1, 2, 3), 1),
]


def refused(match, *args, **kwargs):
    return refuse(match, f"{F}.interpolate", *args, **kwargs)


whole, mask = d.integers(0, 9, 1, 2, 4, 4), d.booleans(1, 2, 4, 4)
REFUSED = [
    refused("positive and finite", plane, scale_factor=float("nan")),
    refused("either size or scale_factor", plane),
    refused("either size or scale_factor", plane, 4, 2.0),
    refused("align_corners is for modes", plane, 4, align_corners=True),
    refused("align_corners is for modes", plane, 4, mode="area", align_corners=False),
    refused("no mode 'cubic'", plane, 4, mode="cubic"),
    refused("no mode 'bilinear'.*got|no mode 'bilinear' for input", line, 4, mode="bilinear"),
    refused("no mode 'linear'", plane, 4, mode="linear"),
    refused("no mode 'trilinear'", plane, 4, mode="trilinear"),
    refused("no mode 'bicubic'", line, 4, mode="bicubic"),
    refused("no mode 'linear'", space, 4, mode="linear"),
    refused("no mode 'nearest'", plane[0, 0], 4),
    refused("size must be at least 1", plane, 0),
    refused("size must be at least 1", plane, (3, -1)),
    refused("size must be an int", plane, 4.0),
    refused("size must be an int", plane, (4.0, 4)),
    refused("size must be an int", plane, True),
    refused("size must be one number or 2", plane, [4]),
    refused("scale_factor must be one number or 2", plane, scale_factor=(1.5,)),
    refused("scale_factor must be made of numbers", plane, scale_factor="a"),
    refused("must be positive", plane, scale_factor=0.01),
    refused("must be positive", plane, scale_factor=-1.0),
    refused("must be positive", d.normal(2, 0, 4, 4), 3),
    refused("must be positive", d.normal(2, 3, 0, 4), 3, mode="bilinear"),
    refused("needs scale_factor", plane, 4, recompute_scale_factor=True),
    refused("antialias is for", plane, 4, antialias=True),
    refused("antialias is for", line, 4, mode="linear", antialias=True),
    refused("needs antialias", plane, 4, mode="lanczos"),
    refused("no align_corners", plane, 4, mode="lanczos", align_corners=True, antialias=True),
    refused("bool", mask, 3),
    refused("int64", whole, 3, mode="bilinear"),
    refused("int64", whole, 3, mode="area"),
    refused("input must be a tensor", 1.0, 3),
    refuse("divisible by upscale_factor² = 4", f"{F}.pixel_shuffle", d.normal(2, 6, 3, 4), 2),
    refuse("upscale_factor must be positive", f"{F}.pixel_shuffle", plane, 0),
    refuse("upscale_factor must be an int", f"{F}.pixel_shuffle", plane, 2.0),
    refuse("got shape", f"{F}.pixel_shuffle", plane[0, 0], 1),
    refuse("downscale_factor=2", f"{F}.pixel_unshuffle", d.normal(1, 3, 4), 2),
    refuse("downscale_factor=2", f"{F}.pixel_unshuffle", d.normal(1, 4, 3), 2),
    refuse("downscale_factor must be positive", f"{F}.pixel_unshuffle", plane, -1),
    refuse("got shape", f"{F}.pixel_unshuffle", plane[0, 0], 1),
    refuse("divisible by groups=4", f"{F}.channel_shuffle", d.normal(2, 6, 4), 4),
    refuse("groups must be positive", f"{F}.channel_shuffle", d.normal(2, 6, 4), 0),
    refuse("3 dimensions or more", f"{F}.channel_shuffle", d.normal(2, 6), 2),
]
