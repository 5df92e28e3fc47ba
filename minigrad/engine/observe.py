"""The one point where instrumentation listens: every op run forward, every node run backward.

A listener is called as ``listener(event, node, values)`` with event ``"forward"`` (values: output
arrays) or ``"backward"`` (values: gradients the node returned). Without listeners this costs one
global read per op.
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
