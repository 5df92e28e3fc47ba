"""Learning-rate schedules as pure functions of the step, which counts from 0.

They take and return one rate, a number or a tensor, and keep no state. The classes of
:mod:`minigrad.optim.lr_scheduler` are built on them.

>>> from minigrad.optim import schedules
>>> [schedules.linear(k, 1.0, start_factor=0.5, total_iters=2) for k in range(4)]
[0.5, 0.75, 1.0, 1.0]
"""

import math
from bisect import bisect_right


def step_decay(step, lr, step_size, gamma=0.1):
    """lr γ^⌊step / step_size⌋. Source: He et al. 2016, section 3.4."""
    return lr * gamma ** (step // step_size)


def multi_step(step, lr, milestones, gamma=0.1):
    """lr γ^n, n the number of sorted ``milestones`` that are reached; duplicates count twice."""
    return lr * gamma ** bisect_right(milestones, step)


def exponential(step, lr, gamma):
    """lr γ^step."""
    return lr * gamma**step


def constant(step, lr, factor=1 / 3, total_iters=5):
    """lr × factor before ``total_iters``, then lr. Source: He et al. 2016, section 4.2.

    Without iterations there is no step that ends the factor, as in PyTorch.
    """
    return lr * (factor if step < total_iters or not total_iters else 1.0)


def linear(step, lr, start_factor=1 / 3, end_factor=1.0, total_iters=5):
    """lr (a + (b − a) t), t = min(step / total_iters, 1), from factor a to factor b.

    Without iterations the factor stays a, as in PyTorch. Source: Goyal et al. 2017, section 2.2.
    """
    rise = (end_factor - start_factor) * min(total_iters, step)
    return lr * (start_factor + rise / (total_iters or 1))


def polynomial(step, lr, total_iters=5, power=1.0):
    """lr (1 − t)^power, t = min(step / total_iters, 1). Source: Chen et al. 2017, section 4.1."""
    return lr * (1.0 - min(total_iters, step) / (total_iters or 1)) ** power


def cosine(step, lr, T_max, eta_min=0.0):
    """η_min + (lr − η_min) (1 + cos(π step / T_max)) / 2: it rises again after ``T_max``.

    Source: Loshchilov and Hutter 2017, equation 5.
    """
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * step / T_max)) / 2


def restart_position(step, T_0, T_mult=1):
    """(steps since the last restart, length of the current period); fractions are allowed.

    Period i has T_0 T_multⁱ steps.
    """
    if T_mult == 1:
        return step % T_0, T_0
    period = T_0
    while step >= period:
        step, period = step - period, period * T_mult
    return step, period


def cosine_warm_restarts(step, lr, T_0, T_mult=1, eta_min=0.0):
    """The cosine of the current period. Source: Loshchilov and Hutter 2017 (SGDR)."""
    since, period = restart_position(step, T_0, T_mult)
    return cosine(since, lr, period, eta_min)


def warmup_cosine(step, lr, warmup_steps, total_steps, eta_min=0.0, start_factor=0.0):
    """Linear from lr × start_factor to lr, then the cosine to η_min, where it stays.

    Sources: Goyal et al. 2017; Loshchilov and Hutter 2017.
    """
    if step < warmup_steps:
        return linear(step, lr, start_factor, 1.0, warmup_steps)
    decay = total_steps - warmup_steps
    return cosine(min(step - warmup_steps, decay), lr, decay, eta_min)


def cycle_of(step, total_size):
    """The number of the cycle that a step is in, from 1."""
    return math.floor(1 + step / total_size)


def triangle(step, total_size, step_ratio):
    """From 0 up to 1, reached at the share ``step_ratio`` of a cycle, and down to 0."""
    x = 1.0 + step / total_size - cycle_of(step, total_size)
    return x / step_ratio if x <= step_ratio else (x - 1) / (step_ratio - 1)


def cyclic(step, base_lr, max_lr, total_size, step_ratio, scale=1.0):
    """base + (max − base) × triangle × scale. Source: Smith 2017."""
    return base_lr + (max_lr - base_lr) * triangle(step, total_size, step_ratio) * scale


def cyclic_scale(mode, x, gamma=1.0):
    """The height of a triangle: 1, 2^(1 − cycle) or γ^step. Source: Smith 2017, section 3."""
    if mode == "exp_range":
        return gamma**x
    return 1 / 2.0 ** (x - 1) if mode == "triangular2" else 1.0


def one_cycle_phases(total_steps, pct_start=0.3, three_phase=False, phases=None):
    """[(last step, name of the first rate, name of the last rate)] of a one-cycle policy.

    The rate rises from ``initial_lr`` to ``max_lr`` and falls to ``min_lr``; with ``three_phase``
    it first falls back to ``initial_lr``; with ``phases``, the shares of warm-up, hold and
    annealing, it first stays at ``max_lr``. Source: Smith and Topin 2019.
    """
    last = total_steps - 1
    if phases is not None:
        warmup, hold, _ = phases
        ends = float(warmup * total_steps) - 1, float((warmup + hold) * total_steps) - 1, last
        names = "initial_lr", "max_lr", "max_lr", "min_lr"
    elif three_phase:
        ends = float(pct_start * total_steps) - 1, float(2 * pct_start * total_steps) - 2, last
        names = "initial_lr", "max_lr", "initial_lr", "min_lr"
    else:
        ends = float(pct_start * total_steps) - 1, last
        names = "initial_lr", "max_lr", "min_lr"
    return list(zip(ends, names[:-1], names[1:], strict=True))


def one_cycle_position(step, last_steps):
    """(number of the phase, share of it that is over), from the last step of every phase.

    A phase without length is over.
    """
    number, begin = 0, 0.0
    while step > last_steps[number] and number + 1 < len(last_steps):
        begin = last_steps[number]
        number += 1
    length = last_steps[number] - begin
    return number, (step - begin) / length if length else 1.0


def anneal(start, end, share, strategy="cos"):
    """From start to end as the share goes from 0 to 1: half a cosine, or a line (``"linear"``)."""
    if strategy == "linear":
        return (end - start) * share + start
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)
