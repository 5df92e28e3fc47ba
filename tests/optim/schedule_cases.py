"""Every scheduler on a grid of options, and how to run them on either library."""

import itertools

import minigrad as mg


class Decay:
    """A function of the step that is an object with state."""

    def __init__(self, rate=0.9):
        self.rate = rate

    def __call__(self, k):
        return self.rate**k


def grid(**options):
    """All combinations of lists of options."""
    return [
        dict(zip(options, values, strict=True)) for values in itertools.product(*options.values())
    ]


GRIDS = {
    "StepLR": grid(step_size=[1, 7], gamma=[0.1, 0.9]),
    "MultiStepLR": grid(milestones=[[5, 20, 20], [0, 3], []], gamma=[0.5]),
    "ConstantLR": grid(factor=[0.3, 1.0], total_iters=[1, 7]),
    "LinearLR": grid(start_factor=[0.1, 1.0], end_factor=[1.0, 0.4, 0.0], total_iters=[1, 9]),
    "ExponentialLR": grid(gamma=[0.97, 1.0, 0.0]),
    "PolynomialLR": grid(total_iters=[1, 60], power=[1.0, 0.5, 2]),
    "CosineAnnealingLR": grid(T_max=[1, 5, 100], eta_min=[0.0, 0.01]),
    "CosineAnnealingWarmRestarts": grid(T_0=[1, 6], T_mult=[1, 2, 3], eta_min=[0.0, 0.01]),
    "CyclicLR": [
        {"base_lr": 0.1, "max_lr": [0.4, 0.8], **options}
        for options in (
            *grid(
                step_size_up=[5], step_size_down=[None, 9], gamma=[0.99],
                mode=["triangular", "triangular2", "exp_range"], cycle_momentum=[True, False],
            ),
            *grid(step_size_up=[4], scale_fn=[Decay()], scale_mode=["cycle", "iterations"]),
            {"base_momentum": [0.7, 0.75], "max_momentum": [0.8, 0.95]},
        )
    ],
    "OneCycleLR": [
        {"max_lr": [0.4, 0.8], **options}
        for options in (
            *grid(
                total_steps=[200], pct_start=[0.0, 0.3, 0.45], anneal_strategy=["cos", "linear"],
                three_phase=[False, True], cycle_momentum=[True, False],
            ),
            {"epochs": 10, "steps_per_epoch": 20, "div_factor": 10, "final_div_factor": 50},
            {"total_steps": 250, "base_momentum": [0.7, 0.75], "max_momentum": [0.8, 0.95]},
        )
    ],
    "LambdaLR": [
        {"lr_lambda": lambda k: 0.95**k},
        {"lr_lambda": [Decay(0.9), lambda k: 1 / (1 + k)]},
    ],
    "MultiplicativeLR": [
        {"lr_lambda": lambda k: 0.95},
        {"lr_lambda": [Decay(0.999), lambda k: 1 - 1 / (k + 3)]},
    ],
}  # fmt: skip
OURS = {
    "WarmupCosine": [
        {"warmup_steps": w, "total_steps": 50, "eta_min": e, "start_factor": s}
        for w, e, s in itertools.product((0, 7), (0.0, 0.01), (0.0, 0.1))
    ],
    "OneCycleLR": [
        {"max_lr": [0.4, 0.8], "total_steps": 200, "phases": shares, "anneal_strategy": strategy}
        for shares in ((0.3, 0.3, 0.4), (0.0, 0.5, 0.5), (0.3, 0.0, 0.7), (0.5, 0.5, 0.0))
        for strategy in ("cos", "linear")
    ],
}
# one of each, for pairs
TYPICAL = {
    "StepLR": {"step_size": 7},
    "MultiStepLR": {"milestones": [5, 20]},
    "ConstantLR": {"factor": 0.3, "total_iters": 6},
    "LinearLR": {"start_factor": 0.1, "total_iters": 9},
    "ExponentialLR": {"gamma": 0.97},
    "PolynomialLR": {"total_iters": 25},
    "CosineAnnealingLR": {"T_max": 11, "eta_min": 0.01},
    "CosineAnnealingWarmRestarts": {"T_0": 6, "T_mult": 2},
    "CyclicLR": {"base_lr": 0.1, "max_lr": 0.4, "step_size_up": 5},
    "OneCycleLR": {"max_lr": 0.4, "total_steps": 60},
    "LambdaLR": {"lr_lambda": Decay()},
    "MultiplicativeLR": {"lr_lambda": Decay(0.99)},
}


def cases(grids):
    """(name, options) of all grids, for parametrize."""
    return [(name, options) for name, grid in grids.items() for options in grid]


PEERS = cases(GRIDS)
ALL = PEERS + cases(OURS)


def label(value):
    """A short name of a case."""
    if isinstance(value, dict):
        value = [k if callable(v) or isinstance(v, list) else f"{k}={v}" for k, v in value.items()]
        return ",".join(value)
    return str(value)


def optimizer(lib, kind="SGD", rates=(0.05, 0.5)):
    """An optimizer of one group per rate."""
    groups = [{"params": [lib.zeros(1, requires_grad=True)], "lr": lr} for lr in rates]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(lib.optim, kind)(groups, lr=0.1, **options)


def scheduler(lib, opt, name, options):
    """A scheduler by its name."""
    return getattr(lib.optim.lr_scheduler, name)(opt, **options)


def start(name, options, lib=mg, kind="SGD"):
    """A fresh optimizer and its scheduler."""
    opt = optimizer(lib, kind)
    return opt, scheduler(lib, opt, name, options)


def values(opt):
    """The rate and the momentum of every group."""
    return [
        float(value)
        for group in opt.param_groups
        for value in (group["lr"], group["betas"][0] if "betas" in group else group["momentum"])
    ]


def run(opt, sched, steps):
    """``values`` now and after every step."""
    path = [values(opt)]
    for _ in range(steps):
        opt.step()
        sched.step()
        path.append(values(opt))
    return path
