"""Schedulers whose rate is the initial rate times a factor of the step."""

from collections import Counter

from .. import schedules
from .base import LRScheduler


class FactorLR(LRScheduler):
    """Rates lr(k) = initial lr × factor(k): step k multiplies the current rate by a ratio."""

    def _rate(self, k, lr):
        """lr × factor(k): the schedule as a pure function."""
        raise NotImplementedError

    def _ratio(self, k):
        """factor(k) / factor(k − 1)."""
        raise NotImplementedError

    def _rates(self, k, start):
        return [self._rate(k, lr) for lr in start]

    def _next(self, k, rates):
        ratio = self._ratio(k)
        return rates if ratio == 1 else [lr * ratio for lr in rates]

    def _get_closed_form_lr(self):
        return self._rates(self.last_epoch, self.base_lrs)


class StepLR(FactorLR):
    """Multiply the rate by ``gamma`` every ``step_size`` steps.

    lr(k) = lr₀ γ^⌊k / step_size⌋. Raises ValueError for a step size below 1.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> mg.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5).preview(5)
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    _interval = "epoch"

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        if step_size <= 0:
            raise ValueError(f"Expected positive step_size, but got {step_size}")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, k, lr):
        return schedules.step_decay(k, lr, self.step_size, self.gamma)

    def _ratio(self, k):
        return self.gamma if k and k % self.step_size == 0 else 1.0


class MultiStepLR(FactorLR):
    """Multiply the rate by ``gamma`` at every milestone; one that is listed twice counts twice.

    lr(k) = lr₀ γⁿ, n the number of milestones ≤ k.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> mg.optim.lr_scheduler.MultiStepLR(optimizer, [1, 3, 3], gamma=0.5).preview(5)
    [1.0, 0.5, 0.5, 0.125, 0.125]
    """

    _interval = "epoch"

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, k, lr):
        return schedules.multi_step(k, lr, sorted(self.milestones.elements()), self.gamma)

    def _ratio(self, k):
        return self.gamma ** self.milestones[k]

    def load_state_dict(self, state_dict):
        """Continue from what :meth:`state_dict` gave; load the optimizer's state too."""
        super().load_state_dict(state_dict)
        self.milestones = Counter(self.milestones)  # a file keeps it as a plain dict


class ExponentialLR(FactorLR):
    """Multiply the rate by ``gamma`` at every step: lr(k) = lr₀ γᵏ."""

    _interval = "epoch"

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, k, lr):
        return schedules.exponential(k, lr, self.gamma)

    def _ratio(self, k):
        return 1.0 if self._is_initial else self.gamma


class ConstantLR(FactorLR):
    """Multiply the rate by ``factor`` until step ``total_iters``: the simplest warm-up.

    Raises ValueError for a factor outside [0, 1].
    """

    def __init__(self, optimizer, factor=1 / 3, total_iters=5, last_epoch=-1):
        if not 0 <= factor <= 1:
            raise ValueError(
                "Constant multiplicative factor expected to be between 0 and 1., but got "
                f"factor={factor}"
            )
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _rate(self, k, lr):
        return schedules.constant(k, lr, self.factor, self.total_iters)

    def _ratio(self, k):
        if k == 0:
            return self.factor
        return 1.0 / self.factor if k == self.total_iters else 1.0

    def _next(self, k, rates):
        if self.factor == 0 and k == self.total_iters:  # no ratio leads back from a rate of zero
            return self._get_closed_form_lr()
        return super()._next(k, rates)


class LinearLR(FactorLR):
    """Move the factor on the rate linearly from ``start_factor`` to ``end_factor``.

    It is reached at step ``total_iters``. Raises ValueError for a ``start_factor`` outside (0, 1]
    or an ``end_factor`` outside [0, 1]; :class:`Warmup` begins at zero.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> mg.optim.lr_scheduler.LinearLR(optimizer, 0.25, total_iters=3).preview(5)
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def __init__(self, optimizer, start_factor=1 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        if not 0 < start_factor <= 1:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and less or equal "
                f"to 1, but got start_factor={start_factor}"
            )
        if not 0 <= end_factor <= 1:
            raise ValueError(
                "Ending multiplicative factor expected to be between 0 and 1, but got "
                f"end_factor={end_factor}"
            )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _rate(self, k, lr):
        return schedules.linear(k, lr, self.start_factor, self.end_factor, self.total_iters)

    def _ratio(self, k):
        if k == 0:
            return self.start_factor
        if self._is_initial or k > self.total_iters:
            return 1.0
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (k - 1) * rise)


class PolynomialLR(FactorLR):
    """Let the rate fall to zero at step ``total_iters``: lr(k) = lr₀ (1 − k / total_iters)^power.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> mg.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2).preview(6)
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1):
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def _rate(self, k, lr):
        return schedules.polynomial(k, lr, self.total_iters, self.power)

    def _ratio(self, k):
        if self._is_initial or k > self.total_iters:
            return 1.0
        left, before = 1.0 - k / self.total_iters, 1.0 - (k - 1) / self.total_iters
        return (left / before) ** self.power
