"""What every scheduler shares: counting steps, writing rates, looking ahead, state."""

import warnings
from collections import deque
from itertools import accumulate, islice

from ...engine import observe
from ...engine.graph import TensorBase
from ..optimizer import Optimizer

EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. If epoch is different from "
    "None, the closed form is used instead of the chainable form, where available."
)
ORDER_WARNING = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the first value of the "
    "learning rate schedule is skipped. Call `optimizer.step()` first, then `lr_scheduler.step()`; "
    "see https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
INTERVALS = ("step", "epoch", "any")


class LRScheduler:
    """Base of the schedulers. A subclass gives ``get_lr()``: the rates at ``last_epoch``.

    The constructor sets the rates of step 0, or of step ``last_epoch + 1`` where an optimizer that
    has been scheduled before goes on. ``initial_lr`` in each group is the rate it began with.

    ``interval`` says how often to call :meth:`step`: after every batch (``"step"``), after every
    pass over the data (``"epoch"``), or as you like (``"any"``). It may be assigned.

    >>> import minigrad as mg
    >>> class Halving(mg.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=0.5)
    >>> scheduler = Halving(optimizer)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    _get_lr_called_within_step = False
    _is_initial = False
    _interval = "any"
    _unsaved = ("optimizer", "_interval")

    def __init__(self, optimizer, last_epoch=-1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        if last_epoch == -1:
            for group in optimizer.param_groups:
                group.setdefault("initial_lr", copied(group["lr"]))
        for number, group in enumerate(optimizer.param_groups):
            if "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{number}] when resuming "
                    "scheduler with last_epoch >= 0: load the state of the optimizer first, or "
                    "leave last_epoch out for a new run"
                )
        self.base_lrs = group_values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        self._initial_step()

    # stepping
    def step(self, epoch=None):
        """Go to the next step, or (deprecated) to step ``epoch``, and set the rates."""
        if self._step_count == 1 and not getattr(self.optimizer, "_opt_called", False):
            warnings.warn(ORDER_WARNING, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)
        if observe.watchers and not self._is_initial:
            observe.watchers["schedule"](self)

    def _initial_step(self):
        """Set the rates of the first step."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def _restart(self):
        """Begin at step 0 in the middle of a run, at a milestone of :class:`SequentialLR`."""
        self._update_lr(0)

    def _update_lr(self, epoch=None):
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        jump = epoch is not None and hasattr(self, "_get_closed_form_lr")
        self._get_lr_called_within_step = True
        try:
            rates = self._get_closed_form_lr() if jump else self.get_lr()
        finally:
            self._get_lr_called_within_step = False
        self._write(rates)

    def _write(self, rates):
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            set_value(group, "lr", lr)
        self._last_lr = group_values(self.optimizer, "lr")

    # rates
    def get_last_lr(self):
        """The rates that were set last, one per group."""
        return self._last_lr

    def get_lr(self):
        """The rates at ``last_epoch``, for :meth:`step`; users want :meth:`get_last_lr`."""
        self._warn_outside_of_step()
        return self._next(self.last_epoch, group_values(self.optimizer, "lr"))

    def _warn_outside_of_step(self):
        if not self._get_lr_called_within_step:
            message = (
                "To get the last learning rate computed by the scheduler, please use "
                "`get_last_lr()`."
            )
            warnings.warn(message, UserWarning, stacklevel=3)

    def _next(self, k, rates):
        """The rates at step ``k``, after ``rates`` at the step before: the chainable form."""
        return self._at(k)

    def _rates(self, k, start):
        """The rates at step ``k`` of a run that begins with ``start``: the closed form."""
        return self._at(k)

    def _at(self, k):
        """The rates at step ``k``, where only this scheduler's own values count."""
        raise NotImplementedError(
            f"{type(self).__name__} must define get_lr(); it has no closed form for lr_at()"
        )

    def _start_after(self, rates):
        """The rates that a run begins with which takes over from ``rates``."""
        return self.base_lrs

    # looking ahead
    @property
    def interval(self):
        """How often to step: ``"step"``, ``"epoch"`` or ``"any"``."""
        return self._interval

    @interval.setter
    def interval(self, value):
        if value not in INTERVALS:
            raise ValueError(f"interval must be one of {INTERVALS}, but got {value!r}")
        self._interval = value

    def lr_at(self, k):
        """The rate at step ``k``, from 0: a float for one group, else a list of floats.

        It changes neither scheduler nor optimizer, and holds where this scheduler is the
        optimizer's only one. A run and ``lr_at`` may differ by rounding.
        """
        if k < 0:
            raise ValueError(f"lr_at(k) takes a step k >= 0, but got {k}")
        return shown(self._rates(k, self.base_lrs))

    def preview(self, n):
        """The rates at steps 0 to ``n - 1``: a list of what :meth:`lr_at` gives.

        >>> import minigrad as mg
        >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> mg.optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2).preview(4)
        [0.5, 0.75, 1.0, 1.0]
        """
        return [self.lr_at(k) for k in range(n)]

    # state
    def state_dict(self):
        """All attributes but the optimizer, under PyTorch's names."""
        return {key: value for key, value in vars(self).items() if key not in self._unsaved}

    def load_state_dict(self, state_dict):
        """Continue from what :meth:`state_dict` gave; load the optimizer's state too."""
        vars(self).update(state_dict)


class _LRScheduler(LRScheduler):
    """The old name of :class:`LRScheduler`."""


class Folded(LRScheduler):
    """Schedulers whose rates only the steps before them give."""

    def _first(self, start):
        """The rates at step 0."""
        return start

    def _path(self, start):
        """The rates at steps 0, 1, …"""
        steps = iter(range(1, 2**63))
        return accumulate(steps, lambda rates, k: self._next(k, rates), initial=self._first(start))

    def _rates(self, k, start):
        return deque(islice(self._path(start), k + 1), maxlen=1).pop()

    def preview(self, n):
        """The rates at steps 0 to ``n - 1``: a list of what :meth:`lr_at` gives."""
        return [shown(rates) for rates in islice(self._path(self.base_lrs), n)]


def check_optimizer(optimizer):
    """Raise TypeError unless it is an Optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def shown(rates):
    """Rates as floats: one number for one group."""
    rates = [float(lr) for lr in rates]
    return rates[0] if len(rates) == 1 else rates


def copied(value):
    """A tensor's copy; any other value itself."""
    return value.clone() if isinstance(value, TensorBase) else value


def group_values(optimizer, key):
    """The value of a key in every group."""
    return [copied(group[key]) for group in optimizer.param_groups]


def set_value(group, key, value):
    """Set a value in a group; a tensor stays the tensor it is and is filled."""
    if isinstance(group.get(key), TensorBase):
        group[key].fill_(float(value))
    else:
        group[key] = value


def per_group(name, optimizer, value):
    """One value per group, from one value for all or from a list of them."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        value = [value] * groups
    elif len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} "
            f"values, param_groups has {groups}."
        )
    return [copied(v) for v in value]
