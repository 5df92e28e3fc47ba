"""Dropout of elements and of channels: what does not depend on the masks, and refusals."""

from . import FLOATS, HALVES, Draw, call, refuse

d = Draw(42)
F = "nn.functional"
SHAPES = {
    "dropout": [(3, 4), (), (0, 2)],
    "dropout1d": [(2, 3, 4), (3, 4), (0, 3, 2)],
    "dropout2d": [(2, 3, 2, 2)],
    "dropout3d": [(2, 3, 2, 2, 1), (3, 2, 2, 2)],
    "alpha_dropout": [(3, 4), (), (0, 2)],
    "feature_alpha_dropout": [(2, 3, 4), (3, 4)],
}
SETTINGS = [(0.5, False), (0.0, True), (1.0, True), (0, False), (1, False)]

CALLS = [
    *(
        call(f"{F}.{name}", d.normal(*shape), p, training, dtypes=(*FLOATS, *HALVES))
        for name, shapes in SHAPES.items()
        for shape in shapes
        for p, training in SETTINGS
    ),
    *(
        call(f"{F}.{name}", d.normal(*shapes[0]), p=0.3, training=False, inplace=False)
        for name, shapes in SHAPES.items()
    ),
    *(call(f"{F}.{name}", d.integers(0, 5, *shapes[0]), 0.5, False)
      for name, shapes in SHAPES.items()),
]  # fmt: skip

REFUSED = [
    refuse("must be a number, got str", f"{F}.dropout", d.normal(3), "a"),
    *(
        refuse(f"between 0 and 1, (but )?got {p}", f"{F}.{name}", d.normal(*shapes[0]), p, training)
        for name, shapes in SHAPES.items()
        for p in (-0.1, 1.5)
        for training in (True, False)
    ),
    *(
        refuse("floats in training", f"{F}.{name}", d.integers(0, 5, *shapes[0]), 0.5, True)
        for name, shapes in SHAPES.items()
    ),
    *(
        refuse(f"2D or 3D input, got a {n}D", f"{F}.dropout1d", d.normal(*[2] * n), 0.5, training)
        for n in (0, 1, 4, 5)
        for training in (True, False)
    ),
    refuse(r"\(N, C, \.\.\.\), got shape \(4,\)", f"{F}.feature_alpha_dropout", d.normal(4), 0.5,
           True),
    *(refuse("list", f"{F}.{name}", [1.0], 0.5, True) for name in SHAPES),
]  # fmt: skip
