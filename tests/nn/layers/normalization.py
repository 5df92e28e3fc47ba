"""Normalisation layers, in one, two and three dimensions."""

from . import HALVES, Draw, Named, layer, refuse

d = Draw(7)
SPACES = {1: (6,), 2: (3, 4), 3: (2, 3, 2)}
KINDS = (
    {},
    {"affine": False},
    {"affine": True, "bias": False},
    {"track_running_stats": False},
    {"affine": True, "track_running_stats": True},
    {"momentum": None, "track_running_stats": True},
    {"eps": 0.1, "momentum": 0.4, "track_running_stats": True},
)

LAYERS = [
    *(
        layer(f"BatchNorm{n}d", 3, **kind, inputs=(d.normal(4, 3, *space) + 1,))
        for n, space in SPACES.items()
        for kind in KINDS
    ),
    *(layer("BatchNorm1d", 3, **kind, inputs=(d.normal(7, 3) * 2,)) for kind in KINDS),
    layer("BatchNorm1d", 5, inputs=(d.normal(9, 5),), dtypes=HALVES),
    layer("BatchNorm2d", 2, inputs=(d.normal(4, 2, 3, 3),), dtypes=HALVES),
    layer("BatchNorm1d", 3, inputs=(d.normal(0, 3),)),
    *(
        layer(f"InstanceNorm{n}d", 3, **kind, inputs=(d.normal(4, 3, *space) + 1,))
        for n, space in SPACES.items()
        for kind in KINDS
    ),
    *(
        layer(f"InstanceNorm{n}d", 3, **kind, inputs=(d.normal(3, *space),))
        for n, space in SPACES.items()
        for kind in KINDS[-3:-1]
    ),
    layer("InstanceNorm1d", 3, inputs=(d.normal(2, 3, 6),), dtypes=HALVES),
    layer("LayerNorm", 8, inputs=(d.normal(4, 8),)),
    layer("LayerNorm", (3, 5), inputs=(d.normal(2, 3, 5),)),
    layer("LayerNorm", [8], 0.1, False, inputs=(d.normal(2, 3, 8),)),
    layer("LayerNorm", 8, bias=False, inputs=(d.normal(8),)),
    layer("LayerNorm", 8, elementwise_affine=False, bias=True, inputs=(d.normal(4, 8),)),
    layer("LayerNorm", 8, inputs=(d.normal(4, 8),), dtypes=HALVES),
    layer("LayerNorm", 8, inputs=(d.normal(0, 8),)),
    layer("RMSNorm", 8, inputs=(d.normal(4, 8),)),
    layer("RMSNorm", (3, 5), eps=0.1, inputs=(d.normal(2, 3, 5),)),
    layer("RMSNorm", [8], None, False, inputs=(d.normal(2, 3, 8),)),
    layer("RMSNorm", 8, inputs=(d.normal(4, 8),), dtypes=HALVES),
    layer("GroupNorm", 2, 8, inputs=(d.normal(4, 8),)),
    layer("GroupNorm", 2, 4, 0.1, inputs=(d.normal(3, 4, 5),)),
    layer("GroupNorm", 1, 4, affine=False, inputs=(d.normal(3, 4, 2, 3),)),
    layer("GroupNorm", 4, 4, bias=False, inputs=(d.normal(3, 4, 2, 2, 2),)),
    layer("GroupNorm", 3, 6, inputs=(d.normal(2, 6, 4),), dtypes=HALVES),
    layer("LocalResponseNorm", 3, inputs=(d.normal(2, 5, 4),)),
    layer("LocalResponseNorm", 2, 0.5, 0.6, 2.0, inputs=(d.normal(2, 5, 4, 3),)),
]

REFUSED = [
    *(
        refuse(f"expected {wanted} input .got {n}D input", name, 3, inputs=(d.normal(*[3] * n),))
        for name, wanted, wrong in (
            ("BatchNorm1d", "2D or 3D", (1, 4, 5)),
            ("BatchNorm2d", "4D", (2, 3, 5)),
            ("BatchNorm3d", "5D", (3, 4)),
            ("InstanceNorm1d", "2D or 3D", (1, 4)),
            ("InstanceNorm2d", "3D or 4D", (2, 5)),
            ("InstanceNorm3d", "4D or 5D", (3, 6)),
        )
        for n in wrong
    ),
    refuse("running_mean has shape", "BatchNorm1d", 3, inputs=(d.normal(2, 4),)),
    refuse("running_mean has shape", "BatchNorm2d", 3, inputs=(d.normal(3, 2, 2, 2),)),
    *(
        refuse("more than 1 value per channel", name, 3, dtype=Named("float64"), inputs=(x,))
        for name, x in (("BatchNorm1d", d.normal(1, 3)), ("BatchNorm2d", d.normal(1, 3, 1, 1)))
    ),
    refuse("floating, got", "BatchNorm1d", 3, inputs=(d.integers(0, 4, 2, 3),)),
    refuse("negative", "BatchNorm1d", -1),
    refuse("'a'|str", "BatchNorm1d", "a"),
    refuse("more than 1 spatial element", "InstanceNorm1d", 3, inputs=(d.normal(1, 3, 1),)),
    refuse("4 channels", "InstanceNorm1d", 3, affine=True, inputs=(d.normal(2, 4, 5),)),
    refuse(r"normalized_shape=\(3,\).*\(2, 4\)", "LayerNorm", 3, inputs=(d.normal(2, 4),)),
    refuse("has dtype", "LayerNorm", 3, inputs=(d.normal(2, 3),)),
    refuse(r"normalized_shape=\(3,\)", "RMSNorm", 3, inputs=(d.normal(2, 4),)),
    refuse("divisible by num_groups", "GroupNorm", 3, 4),
    refuse("positive", "GroupNorm", 0, 4),
    refuse("6 channels", "GroupNorm", 2, 4, inputs=(d.normal(2, 6, 3),)),
    refuse("6 channels", "GroupNorm", 4, 4, inputs=(d.normal(2, 6, 3),)),
    refuse(r"got shape \(2, 3\)", "LocalResponseNorm", 2, inputs=(d.normal(2, 3),)),
]
