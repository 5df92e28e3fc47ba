"""Cycles of the rate, with the momentum moving the other way."""

from .. import schedules
from .base import LRScheduler, check_optimizer, per_group, set_value
from .functions import attributes, restore

OPPOSITE = {
    "initial_lr": "max_momentum",
    "max_lr": "base_momentum",
    "min_lr": "max_momentum",
}


class MomentumCycle(LRScheduler):
    """A schedule of the rate that also sets ``momentum``, or β₁ where the optimizer has betas."""

    def _bounds(self, optimizer, base_momentum, max_momentum):
        """The lowest and the highest momentum of every group; checks that there is one to set."""
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ValueError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
            )
        self.use_beta1 = "betas" in optimizer.defaults
        return (
            per_group("base_momentum", optimizer, base_momentum),
            per_group("max_momentum", optimizer, max_momentum),
        )

    def _start_momentum(self, low, high):
        """Put the bounds in the groups, and the momentum at the highest."""
        self._write_momentum(high)
        for group, base, top in zip(self.optimizer.param_groups, low, high, strict=True):
            group["max_momentum"] = top
            group["base_momentum"] = base

    def _momenta(self, k):
        """The momentum of every group at step ``k``."""
        raise NotImplementedError

    def _update_lr(self, epoch=None):
        super()._update_lr(epoch)
        if self.cycle_momentum:
            self._write_momentum(self._momenta(self.last_epoch))

    def _write_momentum(self, values):
        for group, momentum in zip(self.optimizer.param_groups, values, strict=True):
            if self.use_beta1:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum


class CyclicLR(MomentumCycle):
    """The rate rises linearly from ``base_lr`` to ``max_lr`` and falls back, again and again.

    A cycle has ``step_size_up`` steps up and ``step_size_down`` (default: as many) down. Its height
    is scaled: not at all (``"triangular"``), halved every cycle (``"triangular2"``), by γ^step
    (``"exp_range"``), or by ``scale_fn`` of the cycle (``scale_mode="cycle"``, from 1) or of the
    step (``"iterations"``). With ``cycle_momentum`` the momentum falls from ``max_momentum`` to
    ``base_momentum`` while the rate rises. Rates and momenta may be lists, one value per group.

    Raises ValueError for an unknown mode without ``scale_fn``, and if the optimizer has no momentum
    to cycle. Source: Smith 2017.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], momentum=0.9)
    >>> mg.optim.lr_scheduler.CyclicLR(optimizer, 0.0, 1.0, step_size_up=2).preview(6)
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
    """

    _interval = "step"

    def __init__(
        self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None,
        mode="triangular", gamma=1.0, scale_fn=None, scale_mode="cycle", cycle_momentum=True,
        base_momentum=0.8, max_momentum=0.9, last_epoch=-1,
    ):  # fmt: skip
        check_optimizer(optimizer)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(f"mode is invalid and scale_fn is None: mode={mode!r}")
        self.optimizer = optimizer
        base_lrs = per_group("base_lr", optimizer, base_lr)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        if scale_fn is None:
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale_mode = scale_mode
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._bounds(
                optimizer, base_momentum, max_momentum
            )
        if last_epoch == -1:  # nothing is written before all is checked
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                set_value(group, "lr", lr)
            if cycle_momentum:
                self._start_momentum(self.base_momentums, self.max_momentums)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x):
        """The height of a cycle, at cycle or step ``x``."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        return schedules.cyclic_scale(self.mode, x, self.gamma)

    def _between(self, k, starts, ends):
        x = schedules.cycle_of(k, self.total_size) if self.scale_mode == "cycle" else k
        shape = self.total_size, self.step_ratio, self.scale_fn(x)
        return [schedules.cyclic(k, a, b, *shape) for a, b in zip(starts, ends, strict=True)]

    def _at(self, k):
        return self._between(k, self.base_lrs, self.max_lrs)

    def _momenta(self, k):
        return self._between(k, self.max_momentums, self.base_momentums)

    def state_dict(self):
        """All attributes but the optimizer; of ``scale_fn`` only what an object holds."""
        return {**super().state_dict(), "_scale_fn_custom": attributes(self._scale_fn_custom)}

    def load_state_dict(self, state_dict):
        """Continue from what :meth:`state_dict` gave; ``scale_fn`` stays that of this object."""
        restore(self._scale_fn_custom, state_dict["_scale_fn_custom"])
        super().load_state_dict({**state_dict, "_scale_fn_custom": self._scale_fn_custom})


class OneCycleLR(MomentumCycle):
    """One cycle over the whole run: up to ``max_lr``, then far below the rate at the start.

    The rate rises from max_lr / div_factor during the share ``pct_start`` of ``total_steps`` (or
    ``epochs`` × ``steps_per_epoch``), then falls to a ``final_div_factor``-th of the rate at the
    start, along half a cosine (``anneal_strategy="cos"``) or a line (``"linear"``). There is no
    hold at the top. ``three_phase=True`` first falls back to the rate at the start, as long as the
    rise took. ``phases=(warmup, hold, anneal)``, three shares with the sum 1 in place of
    ``pct_start``, holds the rate at ``max_lr`` in between. With ``cycle_momentum`` the momentum
    falls from ``max_momentum`` to ``base_momentum`` while the rate rises, and back.

    Step it after every batch; beyond ``total_steps`` it raises ValueError. Rates and momenta may be
    lists, one value per group. Source: Smith and Topin 2019.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], momentum=0.9)
    >>> schedule = mg.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> [round(lr, 2) for lr in schedule.preview(10)]
    [0.04, 0.52, 1.0, 0.95, 0.81, 0.61, 0.39, 0.19, 0.05, 0.0]
    """

    _interval = "step"

    def __init__(
        self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None,
        pct_start=0.3, anneal_strategy="cos", cycle_momentum=True, base_momentum=0.85,
        max_momentum=0.95, div_factor=25.0, final_div_factor=1e4, three_phase=False,
        last_epoch=-1, *, phases=None,
    ):  # fmt: skip
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if phases is not None:
            _check_phases(phases, three_phase)
        self._schedule_phases = [
            {
                "end_step": end,
                "start_lr": start,
                "end_lr": stop,
                "start_momentum": OPPOSITE[start],
                "end_momentum": OPPOSITE[stop],
            }
            for end, start, stop in schedules.one_cycle_phases(
                self.total_steps, pct_start, three_phase, phases
            )
        ]
        self._anneal_func_type = anneal_strategy
        max_lrs = per_group("max_lr", optimizer, max_lr)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            momenta = self._bounds(optimizer, base_momentum, max_momentum)
        if last_epoch == -1:  # nothing is written before all is checked
            for group, top in zip(optimizer.param_groups, max_lrs, strict=True):
                group["initial_lr"] = top / div_factor
                group["max_lr"] = top
                group["min_lr"] = group["initial_lr"] / final_div_factor
            if cycle_momentum:
                self._start_momentum(*momenta)
        super().__init__(optimizer, last_epoch)

    def _annealed(self, k, start, end):
        """The value of every group at step ``k``, between values that the phases name."""
        last_steps = [phase["end_step"] for phase in self._schedule_phases]
        number, share = schedules.one_cycle_position(k, last_steps)
        start, end = self._schedule_phases[number][start], self._schedule_phases[number][end]
        return [
            schedules.anneal(group[start], group[end], share, self._anneal_func_type)
            for group in self.optimizer.param_groups
        ]

    def _at(self, k):
        if k > self.total_steps:
            raise ValueError(
                f"Tried to step {k} times. The specified number of total steps is "
                f"{self.total_steps}"
            )
        return self._annealed(k, "start_lr", "end_lr")

    def _momenta(self, k):
        return self._annealed(k, "start_momentum", "end_momentum")


def _total_steps(total_steps, epochs, steps_per_epoch):
    """The number of steps, from either way to give it."""
    if total_steps is not None:
        return _positive_integer("total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    return _positive_integer("epochs", epochs) * _positive_integer(
        "steps_per_epoch", steps_per_epoch
    )


def _positive_integer(name, value):
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"Expected positive integer {name}, but got {value}")
    return value


def _check_phases(phases, three_phase):
    if three_phase:
        raise ValueError("Give either three_phase=True or phases=, not both")
    if len(phases) != 3 or min(phases) < 0 or abs(sum(phases) - 1) > 1e-6:
        raise ValueError(
            f"Expected phases=(warmup, hold, anneal), shares >= 0 with the sum 1, but got {phases}"
        )
