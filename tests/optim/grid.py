"""The options with which every optimizer is run beside PyTorch's: one table.

A row is a dict of constructor arguments. :data:`SHAPES` are the parameters of two groups, the
second of which has half the learning rate; optimizers of matrices get :data:`MATRICES`.
"""

import itertools

SHAPES = (((3, 4), (4,)), ((), (2, 3, 2)))
MATRICES = (((3, 4), (5, 2)), ((4, 4), (2, 6)))


def product(**choices):
    """All combinations of some values for each option, as dicts."""
    return [dict(zip(choices, row, strict=True)) for row in itertools.product(*choices.values())]


BOTH = (False, True)
DECAYS = product(weight_decay=(0, 0.1), maximize=BOTH)
DECOUPLED = product(weight_decay=(0, 0.1), decoupled_weight_decay=BOTH)

GRID = {
    "SGD": [
        {"lr": 0.1},
        *(
            {"lr": 0.1, **row}
            for row in product(
                momentum=(0, 0.9), dampening=(0, 0.3), weight_decay=(0, 0.1), nesterov=BOTH,
                maximize=BOTH,
            )
            if row["momentum"] or not row["dampening"]
            if not row["nesterov"] or (row["momentum"] and not row["dampening"])
        ),
    ],
    "Adam": [
        {},
        *({"lr": 0.05, "amsgrad": a, **row} for a in BOTH for row in DECAYS),
        {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3},
        {"lr": 0.05, "betas": (0.0, 0.0), "eps": 1e-3},
        {"lr": 0.05, "decoupled_weight_decay": True, "weight_decay": 0.1},
    ],
    "AdamW": [
        {},
        *({"lr": 0.05, "amsgrad": a, **row} for a in BOTH for row in DECAYS),
    ],
    "Adadelta": [
        {},
        *({"lr": 2.0, **row} for row in DECAYS),
        {"rho": 0.5, "eps": 1e-3},
        {"rho": 1.0},
        {"rho": 0.0, "eps": 1e-3},
    ],
    "Adagrad": [
        {},
        *({"lr": 0.1, **row} for row in DECAYS),
        {"lr": 0.1, "lr_decay": 0.1},
        {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.1},
        {"eps": 0.1},
    ],
    "Adamax": [
        {},
        *({"lr": 0.05, **row} for row in DECAYS),
        {"betas": (0.5, 0.9), "eps": 1e-2},
        {"betas": (0.0, 0.0)},
    ],
    "NAdam": [
        {},
        *({"lr": 0.05, **row} for row in DECAYS),
        *({"lr": 0.05, **row} for row in DECOUPLED),
        {"betas": (0.5, 0.9), "eps": 1e-3, "momentum_decay": 0.5},
        {"momentum_decay": 0},
    ],
    "RAdam": [
        {},
        *({"lr": 0.05, **row} for row in DECAYS),
        *({"lr": 0.05, **row} for row in DECOUPLED),
        {"betas": (0.5, 0.9), "eps": 1e-3},
        {"betas": (0.5, 0.3)},  # the variance is never trusted
    ],
    "RMSprop": [
        {},
        *(
            {"momentum": m, "centered": c, "alpha": 0.9, **row}
            for m in (0, 0.9)
            for c in BOTH
            for row in DECAYS
        ),
        {"alpha": 0.5, "eps": 0.1},
    ],
    "Rprop": [
        {},
        {"maximize": True},
        {"lr": 0.1, "etas": (0.3, 1.5)},
        {"lr": 0.1, "step_sizes": (0.05, 0.2)},
    ],
    "ASGD": [
        {},
        *({"lr": 0.1, "lambd": 0.05, **row} for row in DECAYS),
        {"lr": 0.1, "t0": 10},
        {"lr": 0.1, "lambd": 0.1, "alpha": 0.5, "t0": 0},
    ],
    "Adafactor": [
        {},
        *({"lr": 0.1, **row} for row in DECAYS),
        {"lr": 0.1, "beta2_decay": -0.5, "eps": (1e-2, 0.5), "d": 2.0},
    ],
    "Muon": [
        {},
        {"lr": 0.02, "nesterov": False},
        {"adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.0},
        {"ns_steps": 3, "momentum": 0.5, "ns_coefficients": (1.5, -0.5, 0.0)},
    ],
}  # fmt: skip

OF_MATRICES = ("Muon",)
CASES = [(name, options) for name, rows in GRID.items() for options in rows]
EVERY = {name: rows[-1] for name, rows in GRID.items()}  # one row of each
