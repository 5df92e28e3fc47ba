"""What ``print(optimizer)`` adds to its hyper-parameters: what weight decay really does."""

import math

from .groups import is_bias

# how weight decay acts where the group does not say ``decoupled_weight_decay``
_ACTS = {
    "SGD": "gradient",
    "ASGD": "gradient",
    "Adafactor": "decoupled",
    "Muon": "decoupled",
    "Lion": "decoupled",
    "LAMB": "ratio",
    **dict.fromkeys(
        ("Adam", "NAdam", "RAdam", "Adamax", "RMSprop", "Adagrad", "Adadelta"), "moments"
    ),
}
# optimizers whose steps are about lr long in every element, so that rates of SGD are too large
_STEPS_OF_LR = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "RMSprop", "Lion")
_RATE_OF_SGD = 0.05
_NORMS = ("norm", "bn", "ln")


def notes(optimizer):
    """Sentences about each group: effective decay, half-life, a rate out of scale, biases.

    >>> import minigrad as mg
    >>> p = mg.zeros(1, requires_grad=True)
    >>> print(*notes(mg.optim.AdamW([p], lr=1e-3, weight_decay=0.1)), sep="\\n")
    Group 0: effective weight decay 0.0001 per step (lr * weight_decay), half-life 6931 steps.
    """
    names = [kind.__name__ for kind in type(optimizer).__mro__]
    found = []
    for number, group in enumerate(optimizer.param_groups):
        for note in (_decay(names, group), _rate(names, group), _spared(group)):
            if note:
                found.append(f"Group {number}: {note}")
    return found


def _decay(names, group):
    if not group.get("weight_decay", 0) > 0:
        return None
    acts = next((_ACTS[name] for name in names if name in _ACTS), None)
    if group.get("decoupled_weight_decay"):
        acts = "decoupled"
    return _SENTENCES[acts](group) if acts else None


def _half_life(group, formula, gain=1.0):
    shrink = float(group["lr"]) * group["weight_decay"] * gain
    if not shrink > 0:
        return f"effective weight decay 0 per step ({formula}) while lr is 0."
    steps = math.log(2) / shrink
    return (
        f"effective weight decay {shrink:.4g} per step ({formula}), "
        f"half-life {steps:.{0 if steps > 100 else 1}f} steps."
    )


def _of_gradient(group):
    momentum, dampening = group.get("momentum", 0), group.get("dampening", 0)
    if not 0 < momentum < 1:
        return _half_life(group, "lr * weight_decay")
    formula = "lr * weight_decay / (1 - momentum)"
    if dampening:
        formula = "lr * weight_decay * (1 - dampening) / (1 - momentum)"
    return _half_life(group, formula, (1 - dampening) / (1 - momentum))


def _of_moments(group):
    return (
        f"weight_decay {group['weight_decay']:g} is added to the gradient and passes through the "
        "moments: not uniform, weights with large gradients decay less. AdamW decays all alike."
    )


def _of_ratio(group):
    return (
        f"weight_decay {group['weight_decay']:g} is part of the direction, whose length is that of "
        "the weights: how much decays depends on the rest of it."
    )


_SENTENCES = {
    "decoupled": lambda group: _half_life(group, "lr * weight_decay"),
    "gradient": _of_gradient,
    "moments": _of_moments,
    "ratio": _of_ratio,
}


def _rate(names, group):
    kind = next((name for name in names if name in _STEPS_OF_LR), None)
    lr = float(group["lr"]) if "lr" in group else 0.0
    if kind is None or lr < _RATE_OF_SGD:
        return None
    return (
        f"lr {lr:g} is of the scale of SGD; every element moves by about lr per step in {kind}, "
        f"which usually wants 1e-4 to 1e-3 (see optim.recommended)."
    )


def _spared(group):
    if not group.get("weight_decay", 0) > 0:
        return None
    names = [name for name in group.get("param_names", ()) if _is_spared(name)]
    if not names:
        return None
    return (
        f"biases or norm parameters decay too: {len(names)}, {names[0]!r} first; "
        "optim.param_groups(model, weight_decay) leaves them out."
    )


def _is_spared(name):
    """Whether a dotted name sounds like a bias or like a parameter of a normalisation layer."""
    *path, own = name.lower().split(".")
    words = [word.rstrip("0123456789") for part in path for word in part.split("_")]
    return is_bias(own) or any(word.endswith(_NORMS[0]) or word in _NORMS for word in words)
