"""Schedulers of schedulers: one after the other, together, after a warm-up."""

from bisect import bisect_right

from .. import schedules
from .base import Folded, LRScheduler, group_values, set_value
from .cosine import check_start_factor
from .functions import MultiplicativeLR
from .plateau import ReduceLROnPlateau


class Composition(LRScheduler):
    """Holds schedulers of one optimizer."""

    @property
    def base_lrs(self):
        """The initial rate of every group."""
        return group_values(self.optimizer, "initial_lr")

    @property
    def interval(self):
        """How often to step: ``"step"``, ``"epoch"`` or ``"any"``; set for all of them."""
        return self._interval

    @interval.setter
    def interval(self, value):
        for scheduler in self._schedulers:
            scheduler.interval = value
        LRScheduler.interval.fset(self, value)

    def step(self):
        """Step the scheduler or the schedulers whose turn it is."""
        raise NotImplementedError

    def _restart(self):
        for group, lr in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            set_value(group, "lr", lr)
        self._initial_step()

    def state_dict(self):
        """The own attributes, and the states of the schedulers."""
        states = [scheduler.state_dict() for scheduler in self._schedulers]
        return {**super().state_dict(), "_schedulers": states}

    def load_state_dict(self, state_dict):
        """Continue from what :meth:`state_dict` gave; load the optimizer's state too."""
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(state)
        super().load_state_dict({**state_dict, "_schedulers": self._schedulers})


class SequentialLR(Composition):
    """Run one scheduler after the other: number i + 1 takes over at step ``milestones[i]``.

    There it begins at its own step 0 from the initial rate, whatever its predecessor left;
    :class:`MultiplicativeLR` goes on from the rate it finds. Compositions may be nested.

    Raises ValueError if the schedulers belong to different optimizers, if there is not one
    milestone less than schedulers, if milestones decrease, and for :class:`ReduceLROnPlateau`.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> warmup = mg.optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2)
    >>> decay = mg.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    >>> mg.optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], [2]).preview(5)
    [0.5, 0.75, 1.0, 0.5, 0.25]
    """

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        _check_members(type(self).__name__, optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than "
                f"the number of milestone points, but got number of schedulers {len(schedulers)} "
                f"and the number of milestones to be equal to {len(milestones)}"
            )
        if list(milestones) != sorted(milestones):
            raise ValueError(f"milestones must not decrease, but got {milestones}")
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        _undo(self)
        self._restart()

    def _initial_step(self):
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def _turn(self, k):
        """The scheduler whose turn it is at step ``k``, and the step at which it took over."""
        index = bisect_right(self._milestones, k)
        return self._schedulers[index], self._milestones[index - 1] if index else 0

    def step(self):
        """Step the scheduler whose turn it is."""
        self.last_epoch += 1
        scheduler, begin = self._turn(self.last_epoch)
        if begin and begin == self.last_epoch:
            scheduler._restart()
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def _next(self, k, rates):
        scheduler, begin = self._turn(k)
        if begin and begin == k:
            return scheduler._rates(0, scheduler._start_after(rates))
        return scheduler._next(k - begin, rates)

    def _rates(self, k, start):
        scheduler, begin = self._turn(k)
        if begin:
            start = scheduler._start_after(self._rates(begin - 1, start))
        return scheduler._rates(k - begin, start)


class ChainedScheduler(Folded, Composition):
    """Step several schedulers together, each on the rate that the one before it left.

    Schedulers that multiply the rate by a factor give the product of their factors. Raises
    ValueError if they belong to different optimizers, and for :class:`ReduceLROnPlateau`.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> warmup = mg.optim.lr_scheduler.ConstantLR(optimizer, 0.5, total_iters=2)
    >>> decay = mg.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    >>> mg.optim.lr_scheduler.ChainedScheduler([warmup, decay]).preview(4)
    [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(self, schedulers, optimizer=None):
        if optimizer is None and schedulers:
            optimizer = getattr(schedulers[0], "optimizer", None)
        _check_members(type(self).__name__, optimizer, schedulers, " to be chained")
        self._schedulers = schedulers
        self.optimizer = optimizer
        self._last_lr = group_values(optimizer, "lr")

    def _initial_step(self):
        for scheduler in self._schedulers:
            scheduler._initial_step()
        self._last_lr = group_values(self.optimizer, "lr")

    def step(self):
        """Step all schedulers."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = group_values(self.optimizer, "lr")

    def _first(self, start):
        for scheduler in self._schedulers:
            start = scheduler._rates(0, start)
        return start

    def _next(self, k, rates):
        for scheduler in self._schedulers:
            rates = scheduler._next(k, rates)
        return rates


class Ramp(LRScheduler):
    """A line from ``start_factor`` times ``peaks`` to ``peaks`` in ``total_iters`` steps."""

    def __init__(self, optimizer, peaks, total_iters, start_factor):
        self.total_iters = total_iters
        self.start_factor = start_factor
        super().__init__(optimizer)
        self.base_lrs = peaks

    def _at(self, k):
        shape = self.start_factor, 1.0, self.total_iters
        return [schedules.linear(k, lr, *shape) for lr in self.base_lrs]


class Warmup(SequentialLR):
    """Let the rate rise linearly to the first rate of ``inner`` in ``steps`` steps, then run it.

    ``inner`` is a new scheduler of the optimizer; its step 0 is step ``steps`` of the whole. The
    rate begins at ``start_factor`` times its first rate. Raises ValueError for negative ``steps``,
    a factor outside [0, 1] and :class:`ReduceLROnPlateau`. Source: Goyal et al. 2017, section 2.2.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> decay = mg.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    >>> mg.optim.lr_scheduler.Warmup(decay, 4).preview(7)
    [0.0, 0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    """

    def __init__(self, inner, steps, start_factor=0.0):
        optimizer = getattr(inner, "optimizer", None)
        _check_members(type(self).__name__, optimizer, [inner])
        if not isinstance(steps, int) or steps < 0:
            raise ValueError(f"Expected a number of steps >= 0, but got {steps}")
        check_start_factor(start_factor)
        if isinstance(inner, MultiplicativeLR):  # a chain begins at its own first rate again
            inner = ChainedScheduler([inner])
        ramp = Ramp(optimizer, inner.get_last_lr(), steps, start_factor)
        super().__init__(optimizer, [ramp, inner], [steps])


def _undo(scheduler):
    """Take back the first step of a scheduler, or of those that it holds."""
    if isinstance(scheduler, Composition):
        for member in scheduler._schedulers:
            _undo(member)
    else:
        scheduler.last_epoch -= 1


def _check_members(owner, optimizer, schedulers, purpose=""):
    """Raise unless there are schedulers, all of this optimizer, that need no metric."""
    if len(schedulers) < 1:
        raise ValueError(f"{owner} expects at least one scheduler{purpose}, but got no scheduler.")
    for number, scheduler in enumerate(schedulers):
        name = type(scheduler).__name__
        if not hasattr(scheduler, "optimizer"):
            raise TypeError(
                f"{owner} at index {number} should have `optimizer` as its attribute, but got "
                f"{name}"
            )
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(
                f"{owner} does not support `ReduceLROnPlateau` scheduler as it requires additional "
                "kwargs to be specified when calling `step`, but got one at index "
                f"{number} in the given schedulers sequence."
            )
        if scheduler.optimizer is not optimizer:
            raise ValueError(
                f"{owner} expects all schedulers to belong to the same optimizer, but got "
                f"scheduler {name} at index {number}, which belongs to another one"
            )
