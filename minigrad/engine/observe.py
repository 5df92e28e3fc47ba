"""The one point where instrumentation listens: every op run forward, every node run backward.

A listener is called as ``listener(event, node, values)`` with event ``"forward"`` (values: output
arrays), ``"backward"`` (values: gradients the node returned) or ``"function"`` (of a user: the
class of its nodes, and arguments and results). Without listeners this costs one
global read per op.

``watchers`` hears less often, of what a training program does: of losses, steps of optimizers and
schedulers, batches, backward passes. It holds a function for every event, ``watchers[event]``,
which is called where ``watchers`` is true: it is empty when nobody watches.
"""

listeners = ()


def subscribe(listener):
    """Add a listener; returns a function that removes it."""
    global listeners
    listeners = (*listeners, listener)

    def unsubscribe():
        global listeners
        listeners = tuple(other for other in listeners if other is not listener)

    return unsubscribe


def announce(event, node, values):
    """Tell every listener."""
    for listener in listeners:
        listener(event, node, values)


def _nothing(*_values):
    """Hears of an event that nobody watches."""


class _Nobody(dict):
    """No watchers, also for an event that was announced just before they left."""

    def __missing__(self, event):
        return _nothing


class _StandingBy(dict):
    """Watchers that are made when the first event comes."""

    def __init__(self, load):
        super().__init__()
        self.load = load

    def __bool__(self):
        return True

    def __missing__(self, event):
        self.load()
        return _nothing if watchers is self else watchers[event]


watchers = _Nobody()


def watch(functions):
    """Let these hear of the events that are their names, in the place of all others."""
    global watchers
    watchers = functions or _Nobody()


def stand_by(load):
    """Let ``load()``, which is to call :func:`watch`, be called at the first event."""
    watch(_StandingBy(load))
