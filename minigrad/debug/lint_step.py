"""P2, U1, U2 and U3: what an optimizer finds in the gradients of its parameters at a step."""

import weakref

from ..nn.parameter import Parameter
from . import lint_clip, lint_mode, lint_model, progress
from .progress import described, optimizers, thread, trained
from .warning import report

YOUNG = 5  # steps in which foreign parameters are looked for; at the last one, equal units
PATIENCE = 25  # steps without any gradient until U2
PROBED = 4  # an old optimizer is asked for new gradients so often
IDLE = 3  # steps in a row without a new gradient until U3
LOST = 2  # steps in a row whose gradients were cleared until P2
_ref = weakref.ref
_records = optimizers.entries
_evaluating = lint_mode.evaluating.entries


def on_accumulate(parameter, known):
    """A gradient was added to one that was there: note it where a step had used that one."""
    key, total = id(parameter), _ref(parameter._grad)
    for _, record in optimizers.items():
        if key not in record.ids:
            continue
        stale = record.stale.get(key)
        if _was_used(record, key, known) or (stale is not None and stale() is known):
            record.stale[key], record.busy = total, True
        record.sums[key] = total, record.calls


def _was_used(record, key, known):
    """Whether a step has used a gradient, which nobody has changed since."""
    used, version = record.consumed.get(key, (None, 0))
    if used is None or used() is not known:
        used, calls = record.sums.get(key, (None, 0))
        if used is None or used() is not known or calls == record.calls:
            return False
        version = 0  # if it was clipped before the step, nothing tells that from being cleared
    return _version(known) == version and known._array.any().item()  # NumPy may have cleared it


def _version(gradient):
    return 0 if gradient._writes is None else gradient._writes[0]


def on_backward(roots, leaves):
    """A backward pass has reached ``leaves``."""
    own = thread.own
    own.backwards += 1
    if own.curious:
        own.curious -= 1
        own.recent.append((own.backwards, [_ref(leaf) for leaf in leaves]))
    if own.scaled:
        lint_clip.mark(roots, leaves)
    if lint_mode.small:
        lint_mode.on_backward(leaves)


def on_step(optimizer):
    """An optimizer has made a step."""
    known = _records.get(id(optimizer))
    record = optimizers.of(optimizer) if known is None else known[1]
    record.calls = calls = record.calls + 1
    if record.busy or calls % PROBED == 0:
        _look(optimizer, record)
    if _evaluating:
        lint_mode.on_step(optimizer)


def _look(optimizer, record):
    """Do what there is to do at a step."""
    if record.stale:
        _check_stale(optimizer, record)
    fresh = _has_new_gradient(optimizer, record)
    if record.groups != len(optimizer.param_groups):
        _begin(optimizer, record)
    elif not fresh and record.backwards == thread.own.backwards:
        return  # the same gradients again, and no pass that could have gone elsewhere
    if record.young or record.waiting:
        _look_in_detail(optimizer, record)
    elif not fresh:
        record.young = YOUNG
    record.busy = bool(record.young or record.waiting)
    record.backwards = thread.own.backwards


def _begin(optimizer, record):
    """An optimizer, or a group of it, is new."""
    parameters = progress.parameters_of(optimizer)
    record.groups, record.young = len(optimizer.param_groups), YOUNG
    record.waiting += [[_ref(p), 0] for p in parameters if id(p) not in record.ids]
    record.ids = frozenset(map(id, parameters))
    record.consumed = {}


def _has_new_gradient(optimizer, record):
    """Whether the first gradient that there is, is another one than when this was last asked."""
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            gradient = parameter._grad
            if gradient is not None:
                before, record.probe = record.probe, _ref(gradient)
                return before is None or before() is not gradient
    return False


def _look_in_detail(optimizer, record):
    """A step of a young optimizer: look at every gradient."""
    before, now = record.consumed, {}
    for parameter in progress.parameters_of(optimizer):
        gradient = parameter._grad
        if gradient is not None:
            now[id(parameter)] = _ref(gradient), _version(gradient)
    record.consumed = now
    if all(key in before and before[key][0]() is used() for key, (used, _) in now.items()):
        _check_idle(optimizer, record)
        return
    record.steps += 1
    record.idle = record.lost = 0
    record.young = max(record.young - 1, 0)
    if record.steps == 1:
        for parameter in progress.parameters_of(optimizer):
            trained.of(parameter)
    if record.young:
        thread.own.curious = 8
    if record.steps <= YOUNG:
        _check_foreign(optimizer, record)
    if record.steps == YOUNG:
        lint_model.check_symmetry(optimizer)
    _check_waiting(optimizer, record)


def _check_stale(optimizer, record):
    """P2: a gradient that a step has used was added to and is used again."""
    stale, record.stale = record.stale, {}
    found = [
        p for p in progress.parameters_of(optimizer)
        if p._grad is not None and id(p) in stale and stale[id(p)]() is p._grad
    ]  # fmt: skip
    if found:
        report(
            "P2",
            f"this step uses gradients again that the last one has used, with new ones added "
            f"({described(found, optimizer)}): call optimizer.zero_grad() once per step, before "
            "backward()",
        )


def _passes_since(record):
    """The leaves of the backward passes since the last step."""
    for number, leaves in thread.own.recent:
        if number > record.backwards:
            alive = [leaf() for leaf in leaves]
            yield [leaf for leaf in alive if leaf is not None]


def _check_foreign(optimizer, record):
    """U1: parameters beside the optimizer's in a backward pass that belong to no optimizer."""
    own, foreign = record.ids, {}
    for leaves in _passes_since(record):
        if any(id(leaf) in own for leaf in leaves):
            foreign.update((id(p), p) for p in leaves if _is_trainable(p) and id(p) not in own)
    if foreign:
        taken = progress.owned()
        found = [p for key, p in foreign.items() if key not in taken]
        if found:
            report(
                "U1",
                f"{len(found)} parameters got a gradient but no optimizer has them: "
                f"{described(found)}. Give them to an optimizer, or freeze them with "
                "requires_grad_(False)",
            )


def _is_trainable(leaf):
    return isinstance(leaf, Parameter) and leaf._requires_grad and leaf._grad is not None


def _check_waiting(optimizer, record):
    """U2: parameters that never got a gradient."""
    left, overdue = [], []
    for entry in record.waiting:
        parameter = entry[0]()
        if parameter is None or parameter._grad is not None or not parameter._requires_grad:
            continue
        entry[1] += 1
        if entry[1] == PATIENCE:
            overdue.append(parameter)
        else:
            left.append(entry)
    record.waiting = left
    if overdue:
        report(
            "U2",
            f"in {PATIENCE} steps {len(overdue)} parameters of this optimizer never got a "
            f"gradient: {described(overdue, optimizer)}. They are not used, or cut off by "
            "detach(), no_grad() or an index; freeze them if that is meant",
        )


def _check_idle(optimizer, record):
    """U3 and P2: a step for which there is no new gradient."""
    thread.own.curious = 8
    leaves = {id(leaf): leaf for row in _passes_since(record) for leaf in row}
    if not leaves:
        return
    if not record.ids.isdisjoint(leaves):
        record.lost += 1
        if record.lost == LOST and not record.steps:
            report(
                "P2",
                "this step has no gradients: they were cleared between backward() and step(); "
                "call zero_grad() before backward() or after step()",
            )
        return
    taken = progress.owned()
    foreign = [p for key, p in leaves.items() if key not in taken]
    record.idle = record.idle + 1 if foreign else 0
    if record.idle == IDLE:
        report(
            "U3",
            f"in {IDLE} steps none of this optimizer's parameters got a gradient, but "
            f"{len(foreign)} that no optimizer has did ({described(foreign)}): was the model made "
            "again or copied after the optimizer? Make the optimizer after it",
        )
