"""A rate that falls where a metric stops getting better."""

import math
import warnings

from ...engine import observe
from .base import (
    EPOCH_DEPRECATION_WARNING,
    LRScheduler,
    check_optimizer,
    group_values,
    set_value,
)


class ReduceLROnPlateau(LRScheduler):
    """Multiply the rate by ``factor`` after more than ``patience`` steps without improvement.

    A metric improves if it is below the best by more than ``threshold``: relative to the best
    (``threshold_mode="rel"``) or in its own unit (``"abs"``); above it for ``mode="max"``. After a
    reduction ``cooldown`` steps are not counted. The rate never falls below ``min_lr`` (one value,
    or one per group), and a change below ``eps`` is not made.

    :meth:`step` takes the metric, and TypeError is raised without one. Raises ValueError for a
    factor ≥ 1 and unknown modes.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = mg.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (1.0, 1.0, 1.0):
    ...     scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.5]
    """

    _interval = "epoch"

    def __init__(
        self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4,
        threshold_mode="rel", cooldown=0, min_lr=0, eps=1e-8,
    ):  # fmt: skip
        if factor >= 1.0:
            raise ValueError(f"Factor should be < 1.0. It is {factor}")
        check_optimizer(optimizer)
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown! Use 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown! Use 'rel' or 'abs'")
        groups = len(optimizer.param_groups)
        several = isinstance(min_lr, list | tuple)
        if several and len(min_lr) != groups:
            raise ValueError(f"expected {groups} min_lrs, got {len(min_lr)}")
        self.optimizer = optimizer
        self.factor = factor
        self.default_min_lr = None if several else min_lr
        self.min_lrs = list(min_lr) if several else [min_lr] * groups
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.last_epoch = 0
        self._last_lr = group_values(optimizer, "lr")
        self._reset()

    def _reset(self):
        """Forget the metrics."""
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    @property
    def in_cooldown(self):
        """Whether steps are not counted yet."""
        return self.cooldown_counter > 0

    def step(self, metrics, epoch=None):
        """Take a metric, a number or a tensor of one element, and reduce the rate if it is due."""
        current = float(metrics)
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = group_values(self.optimizer, "lr")
        if observe.watchers:
            observe.watchers["schedule"](self)

    def _reduce_lr(self):
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from "
                    f"when `ReduceLROnPlateau` was initialized ({len(self.min_lrs)}): a group was "
                    "added. Give the `min_lrs` field one value for every group"
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, low in zip(groups, self.min_lrs, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, low)
            if old - new > self.eps:
                set_value(group, "lr", new)

    def _is_better(self, a, best):
        sign = -1 if self.mode == "min" else 1
        if self.threshold_mode == "rel":
            target = best * (1.0 + sign * self.threshold)
        else:
            target = best + sign * self.threshold
        return a < target if self.mode == "min" else a > target

    def lr_at(self, k):
        """Raises TypeError: the rate depends on metrics that are not known yet."""
        raise TypeError(
            "ReduceLROnPlateau has no lr_at() and no preview(): its rate depends on the metrics "
            "given to step(), not on the step alone"
        )

    def preview(self, n):
        """Raises TypeError, as :meth:`lr_at` does."""
        return self.lr_at(n)
