"""P3: schedulers that are stepped at the wrong frequency."""

from .progress import Attached, current_pass, optimizers, thread
from .warning import report

CHANGE = 2  # a rate that changes less than this, within a pass or HORIZON steps, is no mistake
HORIZON = 100
LONGEST = 10_000  # steps that are looked ahead


class _Schedule:
    """What was seen at the last step of a scheduler."""

    __slots__ = ("calls", "steps", "mark", "ended", "slow")

    def __init__(self):
        self.calls = 0
        self.steps = 0  # of the optimizer
        self.mark = None  # of the pass over the data that was under way
        self.ended = 0  # passes that were over
        self.slow = 0  # steps in a row that came after several of the optimizer


_schedules = Attached(_Schedule)


def on_schedule(scheduler):
    """A scheduler has made a step."""
    record, optimizer = _schedules.of(scheduler), optimizers.of(scheduler.optimizer)
    made = optimizer.calls - record.steps
    current, ended = current_pass(), thread.own.ended
    if record.calls:
        over = ended != record.ended
        same = current is not None and current.mark is record.mark
        if scheduler.interval == "epoch" and same and made <= 1 and not over:
            _check_fast(scheduler, current)
        if scheduler.interval == "step":
            record.slow = record.slow + 1 if made >= 2 and not same else 0
            if record.slow == (1 if over else 2):
                _check_slow(scheduler, made)
    record.calls += 1
    record.steps, record.ended = optimizer.calls, ended
    record.mark = None if current is None else current.mark


def _check_fast(scheduler, current):
    """A scheduler for epochs has made its second step within a pass: one after every batch."""
    batches = _batches(current.loader())
    looked_at = min(max(batches or 0, HORIZON), LONGEST)
    explicit = "_interval" in vars(scheduler)
    begun = max(scheduler.last_epoch - 2, 0)
    ahead = 0, looked_at, batches or HORIZON, 10 * (batches or HORIZON)
    rates = _rates(scheduler, [begun + min(steps, LONGEST) for steps in ahead])
    if rates is None:
        later = ""
    else:
        start, far, one, ten = rates
        if not explicit and _is_close(start, far):
            return  # made for single steps: it hardly changes in so many
        span = "this pass" if batches else f"{HORIZON} steps"
        later = f": from {start:.3g} the rate goes to {one:.3g} in {span}, to {ten:.3g} in ten such"
    report(
        "P3",
        f"{type(scheduler).__name__} is meant to be stepped once per epoch but is stepped after "
        f"every batch{later}. Move scheduler.step() out of the loop over batches, or set "
        "scheduler.interval = 'step' if that is meant",
    )


def _is_close(a, b):
    return a > 0 and b > 0 and 1 / CHANGE <= b / a <= CHANGE


def _batches(loader):
    """The batches of a pass, or None where that is not known."""
    try:
        return len(loader)
    except TypeError:
        return None


def _rates(scheduler, steps):
    """The rates of the first group at some steps; None where they cannot be foretold."""
    found = []
    for step in steps:
        try:
            rate = scheduler.lr_at(step)
        except (NotImplementedError, TypeError):
            return None
        found.append(rate[0] if isinstance(rate, list) else rate)
    return found


def _check_slow(scheduler, made):
    """A scheduler for steps is stepped once in many."""
    total = next(
        (int(n) for n in map(vars(scheduler).get, ("total_steps", "total_size", "T_0")) if n), None
    )
    if total is not None and total <= made:
        return  # at every step it would be over before the epoch is: it is made for epochs
    share = f": about {max(total // made, 1)} of its {total} points are used" if total else ""
    report(
        "P3",
        f"{type(scheduler).__name__} is meant to be stepped after every step of the optimizer but "
        f"is stepped once in {made}{share}. Move scheduler.step() behind optimizer.step(), or set "
        "scheduler.interval = 'epoch' if that is meant",
    )
