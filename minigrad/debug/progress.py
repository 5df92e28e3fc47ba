"""What a program has done so far, as far as the lints need to know. Nothing is kept alive."""

import threading
import weakref
from collections import deque


class Attached:
    """A record for an object, by identity, which is forgotten with the object.

    An entry is gone before the id is free again: weak references call back before that.
    """

    def __init__(self, make):
        self._make = make
        self.entries = {}  # id: (weak reference, record)

    def of(self, owner):
        """The record of an object, made where there is none."""
        entry = self.entries.get(id(owner))
        if entry is not None:
            return entry[1]
        key, record = id(owner), self._make()
        self.entries[key] = weakref.ref(owner, lambda gone: self._forget(key, gone)), record
        return record

    def known(self, owner):
        """Whether the object has a record."""
        return id(owner) in self.entries

    def items(self):
        """Pairs of object and record."""
        pairs = [(owner(), record) for owner, record in list(self.entries.values())]
        return [pair for pair in pairs if pair[0] is not None]

    def discard(self, owner):
        """Forget the record of an object."""
        self.entries.pop(id(owner), None)

    def _forget(self, key, gone):
        entry = self.entries.get(key)
        if entry is not None and entry[0] is gone:
            del self.entries[key]


class OptimizerRecord:
    """What an optimizer has done."""

    __slots__ = (
        "calls", "busy", "groups", "young", "steps", "ids", "consumed", "sums", "stale", "probe",
        "idle", "lost", "backwards", "waiting",
    )  # fmt: skip

    def __init__(self):
        self.calls = 0  # of step()
        self.busy = True  # whether there is more to do at the next step than to count it
        self.groups = 0  # of parameters
        self.young = 0  # so many steps more are looked at in detail
        self.steps = 0  # those that had a new gradient, while it was young
        self.ids = frozenset()  # of the parameters
        self.consumed = {}  # id of a parameter: gradient of the last detailed step, its version
        self.sums = {}  # id of a parameter: sum of several gradients, steps before it was made
        self.stale = {}  # id of a parameter: a sum of a new gradient and one that was consumed
        self.probe = None  # one gradient of an earlier step
        self.idle = 0  # steps in a row in which only foreign parameters got a gradient
        self.lost = 0  # steps in a row whose gradients were cleared before
        self.backwards = 0  # backward passes of the thread until the last step
        self.waiting = []  # parameters without any gradient yet: [weak reference, steps]


class Pass:
    """A pass over the data that is under way."""

    __slots__ = ("mark", "loader")

    def __init__(self, mark, loader):
        self.mark, self.loader = mark, weakref.ref(loader)


class _Own:
    """What one thread has done."""

    def __init__(self):
        self.backwards = 0
        self.curious = 8  # so many backward passes are looked at in detail
        self.recent = deque(maxlen=8)  # pairs: number of a backward pass, its leaves
        self.scaled = deque(maxlen=16)  # numbers of nodes that a GradScaler made
        self.passes = []  # the one that handed out the last batch is the last
        self.ended = 0  # passes that are over


class _Thread(threading.local):
    def __init__(self):
        self.own = _Own()


thread = _Thread()
optimizers = Attached(OptimizerRecord)
trained = Attached(bool)  # the parameters that an optimizer has moved


def on_batch(loader, mark):
    """A loader handed out a batch of the pass ``mark``."""
    own = thread.own
    passes = own.passes
    if passes and passes[-1].mark is mark:
        return
    found = next((p for p in passes if p.mark is mark), None)
    if found is None:
        found = Pass(mark, loader)
    own.passes = [*(p for p in passes[-7:] if p is not found), found]


def on_pass_ended(mark):
    """The pass ``mark`` is over, or was given up."""
    own = thread.own
    own.passes = [p for p in own.passes if p.mark is not mark]
    own.ended += 1


def current_pass():
    """The pass that handed out the last batch, or None."""
    passes = thread.own.passes
    return passes[-1] if passes else None


def parameters_of(optimizer):
    """All parameters of an optimizer."""
    return [p for group in optimizer.param_groups for p in group["params"]]


def owned():
    """The ids of the parameters of all optimizers that are in use."""
    return {id(p) for optimizer, _ in optimizers.items() for p in parameters_of(optimizer)}


def described(parameters, optimizer=None):
    """The names of some parameters, as far as they are known: the first three of them."""
    known = {}
    for group in [] if optimizer is None else optimizer.param_groups:
        known.update(zip(map(id, group["params"]), group.get("param_names", ()), strict=False))
    names = [known.get(id(p)) or name_of(p) for p in parameters]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def place_of(parameter):
    """The module that holds a parameter, or None, and its name there."""
    holder, name = getattr(parameter, "_place", None) or (None, None)
    return (None if holder is None else holder()), name


def name_of(parameter):
    """The dotted name of a parameter, or its shape where no module holds it."""
    module, name = place_of(parameter)
    if module is None:
        return f"a tensor of shape {tuple(parameter._array.shape)}"
    path = module._path()
    return f"{path}.{name}" if path else name
