"""Cosine annealing: plain, with warm restarts, and after a warm-up."""

import math

from .. import schedules
from .base import LRScheduler


class CosineAnnealingLR(LRScheduler):
    """lr(k) = η_min + (lr₀ − η_min) (1 + cos(π k / T_max)) / 2.

    The rate is ``eta_min`` at step ``T_max`` and rises again after it, with a period of 2 T_max.
    Raises ValueError for ``T_max`` = 0. Source: Loshchilov and Hutter 2017.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = mg.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    >>> [round(lr, 3) for lr in schedule.preview(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.146]
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        if T_max == 0:
            raise ValueError("Expected T_max other than 0: the number of steps down to eta_min")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _rates(self, k, start):
        return [schedules.cosine(k, lr, self.T_max, self.eta_min) for lr in start]

    def _next(self, k, rates):
        if self._is_initial:
            return rates
        T, low = self.T_max, self.eta_min
        if (k - 1 - T) % (2 * T) == 0:  # from η_min no ratio leads up
            rise = (1 - math.cos(math.pi / T)) / 2
            return [lr + (b - low) * rise for lr, b in zip(rates, self.base_lrs, strict=True)]
        ratio = (1 + math.cos(math.pi * k / T)) / (1 + math.cos(math.pi * (k - 1) / T))
        return [ratio * (lr - low) + low for lr in rates]

    def _get_closed_form_lr(self):
        return self._rates(self.last_epoch, self.base_lrs)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing that jumps back to the initial rate after T_0, T_0 T_mult, … steps.

    ``step(epoch)`` takes fractions, such as ``epoch + batch / batches``. Raises ValueError unless
    ``T_0`` and ``T_mult`` are positive integers. Source: Loshchilov and Hutter 2017 (SGDR).

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = mg.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2, T_mult=2)
    >>> [round(lr, 3) for lr in schedule.preview(7)]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, float | int):
            raise ValueError(
                f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}"
            )
        self.T_0 = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur, self.T_i = schedules.restart_position(max(last_epoch, 0), T_0, T_mult)
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The rates at ``T_cur`` of a period of ``T_i`` steps."""
        self._warn_outside_of_step()
        return [schedules.cosine(self.T_cur, b, self.T_i, self.eta_min) for b in self.base_lrs]

    def _at(self, k):
        return [
            schedules.cosine_warm_restarts(k, lr, self.T_0, self.T_mult, self.eta_min)
            for lr in self.base_lrs
        ]

    def step(self, epoch=None):
        """Go to the next step, or to step ``epoch``, which may be a fraction, and set the rates."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        elif epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        else:
            self.T_cur, self.T_i = schedules.restart_position(epoch, self.T_0, self.T_mult)
        self._update_lr(math.floor(epoch))


class WarmupCosine(LRScheduler):
    """Linear warm-up to the initial rate, then a cosine down to ``eta_min``, where it stays.

    The rate rises from ``start_factor`` times the initial rate at step 0 to the whole at step
    ``warmup_steps``, and is ``eta_min`` from step ``total_steps`` on. Raises ValueError unless 0 ≤
    warmup_steps < total_steps and 0 ≤ start_factor ≤ 1. Sources: Goyal et al. 2017; Loshchilov and
    Hutter 2017.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = mg.optim.lr_scheduler.WarmupCosine(optimizer, 2, 6)
    >>> [round(lr, 3) for lr in schedule.preview(8)]
    [0.0, 0.5, 1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    _interval = "step"

    def __init__(
        self, optimizer, warmup_steps, total_steps, eta_min=0.0, start_factor=0.0, last_epoch=-1
    ):
        if not 0 <= warmup_steps < total_steps:
            raise ValueError(
                "Expected 0 <= warmup_steps < total_steps, but got "
                f"warmup_steps={warmup_steps} and total_steps={total_steps}"
            )
        check_start_factor(start_factor)
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps
        self.eta_min = eta_min
        self.start_factor = start_factor
        super().__init__(optimizer, last_epoch)

    def _at(self, k):
        shape = self.warmup_steps, self.total_steps, self.eta_min, self.start_factor
        return [schedules.warmup_cosine(k, lr, *shape) for lr in self.base_lrs]


def check_start_factor(start_factor):
    """Raise ValueError unless a warm-up may begin at this factor."""
    if not 0 <= start_factor <= 1:
        raise ValueError(f"Expected start_factor between 0 and 1, but got {start_factor}")
