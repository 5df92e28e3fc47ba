"""Where to start with each optimizer."""

from .optimizer import Optimizer

# name: (lr, weight_decay, betas or None, why)
_STARTS = {
    "SGD": (0.1, 5e-4, None, "With momentum 0.9 and a schedule; generalizes well but needs "
            "tuning. Best for convolutional networks and long runs."),
    "Adam": (3e-4, 0.0, (0.9, 0.999), "A rate for each parameter, fast convergence. Best for "
             "quick prototypes and GANs. For weight decay take AdamW."),
    "AdamW": (3e-4, 0.01, (0.9, 0.999), "1e-4 to 5e-4; decoupled weight decay. Best for "
              "transformers, language and fine-tuning."),
    "NAdam": (3e-4, 0.0, (0.9, 0.999), "Adam with Nesterov momentum: the rates of Adam."),
    "RAdam": (3e-4, 0.0, (0.9, 0.999), "Adam that warms up by itself: the rates of Adam."),
    "Adamax": (2e-3, 0.0, (0.9, 0.999), "Adam by the largest gradient: for sparse gradients."),
    "RMSprop": (1e-3, 0.0, None, "For recurrent networks and reinforcement learning."),
    "Adagrad": (1e-2, 0.0, None, "For sparse features: rates only fall."),
    "Adadelta": (1.0, 0.0, None, "It finds its own units; 1 is the rate of the paper."),
    "Adafactor": (1e-2, 0.0, None, "A bound of the relative step; little memory, for large "
                  "transformers."),
    "Muon": (2e-2, 0.01, None, "For hidden matrices, beside AdamW for all other parameters; or "
             "with adjust_lr_fn='match_rms_adamw' the rate and weight decay of AdamW."),
    "Lion": (1e-4, 0.1, (0.9, 0.99), "A third to a tenth of the rate of AdamW, three to ten times "
             "its weight decay."),
    "LAMB": (2e-3, 0.01, (0.9, 0.999), "For batches of thousands; with warmup."),
    "LBFGS": (1.0, 0.0, None, "With line_search_fn='strong_wolfe' and full batches: for small, "
              "smooth problems without noise."),
}  # fmt: skip

# task: {name: what differs}
_TASKS = {
    "cnn": {"SGD": {}, "AdamW": {"lr": 5e-4, "weight_decay": 0.05}},
    "transformer": {
        "AdamW": {"weight_decay": 0.1, "betas": (0.9, 0.95)},
        "Adam": {"betas": (0.9, 0.98)},
    },
    "fine-tuning": {"AdamW": {"lr": 1e-4}, "SGD": {"lr": 0.01}},
    "gan": {"Adam": {"lr": 2e-4, "betas": (0.5, 0.999)}},
}
_REASONS = {
    "cnn": "For a convolutional network from scratch.",
    "transformer": "For a transformer from scratch: warm up, and let the variance follow faster.",
    "fine-tuning": "For fine-tuning: pretrained weights bear smaller steps.",
    "gan": "For a GAN: little momentum, after Radford et al. 2016.",
}


def recommended(opt_cls, task=None):
    """Where to start: a dict of ``lr``, ``weight_decay``, ``betas`` (or None) and ``why``.

    The defaults of the classes are PyTorch's, which are not the rates that people begin with.
    ``opt_cls`` is an optimizer class, an optimizer or a name; ``task`` is None, ``"cnn"``,
    ``"transformer"``, ``"fine-tuning"`` or ``"gan"``. Raises ValueError where there is nothing to
    recommend.

    >>> import minigrad as mg
    >>> start = mg.optim.recommended(mg.optim.AdamW)
    >>> start["lr"], start["weight_decay"], start["betas"]
    (0.0003, 0.01, (0.9, 0.999))
    >>> mg.optim.recommended(mg.optim.Adam, task="gan")["lr"]
    0.0002
    """
    if isinstance(opt_cls, Optimizer):
        opt_cls = type(opt_cls)
    name = opt_cls if isinstance(opt_cls, str) else getattr(opt_cls, "__name__", None)
    if name not in _STARTS:
        raise ValueError(
            f"there is no recommendation for {name or opt_cls!r}, only for {', '.join(_STARTS)}"
        )
    if task is not None and task not in _TASKS:
        raise ValueError(f"task must be None or one of {', '.join(_TASKS)}, got {task!r}")
    start = dict(zip(("lr", "weight_decay", "betas", "why"), _STARTS[name], strict=True))
    if task is None:
        return start
    changes = _TASKS[task].get(name)
    if changes is None:
        fitting = " or ".join(_TASKS[task])
        raise ValueError(f"{name} is not recommended for task {task!r}: take {fitting}")
    return {**start, **changes, "why": f"{_REASONS[task]} {start['why']}"}
