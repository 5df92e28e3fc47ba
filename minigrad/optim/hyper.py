"""The hyper-parameters of a group as the numbers that update kernels take."""

from .state import advance


def floats(group, *names):
    """Hyper-parameters as floats; a learning rate may be a tensor of one element."""
    return [float(group[name]) for name in names]


def direction(group):
    """+1, or −1 where the objective is maximized."""
    return -1.0 if group["maximize"] else 1.0


def by_step(compute):
    """``compute(step)`` as a function of a parameter's state, whose step it counts.

    It is computed once for all parameters that are at the same step.
    """
    known = {}

    def numbers(state):
        step = advance(state)
        found = known.get(step)
        if found is None:
            found = known[step] = compute(step)
        return found

    return numbers
