"""A line search for the strong Wolfe conditions."""

import math
from typing import NamedTuple

C1, C2 = 1e-4, 0.9  # how much of the slope the loss must follow, and how much may remain


class Point(NamedTuple):
    """What is known at distance ``t`` along the direction."""

    t: float
    loss: float
    grad: object
    slope: float


def strong_wolfe(objective, start, t, longest, tolerance, max_iter):
    """A point where f(t) <= f + c₁ t s and |s(t)| <= −c₂ s, and how often it evaluated f.

    f and s are loss and slope at ``start``. ``objective(t)`` gives the :class:`Point` at t;
    ``t`` is tried first. ``longest`` is the largest element of the direction: a bracket shorter
    than ``tolerance`` in every element ends the search, as do ``max_iter`` steps. Source: Nocedal
    and Wright 2006, algorithms 3.5 and 3.6, with the safeguards of minFunc.
    """
    new, previous, count = objective(t), start, 0
    bracket = None
    while count < max_iter and bracket is None:
        higher = _too_high(new, start) or (count > 1 and new.loss >= previous.loss)
        if not higher and _flat(new, start):
            return new, count + 1
        if higher or new.slope >= 0:
            bracket = [previous, new]
            break
        bounds = new.t + 0.01 * (new.t - previous.t), 10 * new.t
        previous, new = new, objective(interpolated(previous, new, bounds))
        count += 1
    return _zoom(objective, start, bracket or [start, new], longest, tolerance, max_iter, count)


def _too_high(point, start):
    return point.loss > start.loss + C1 * point.t * start.slope


def _flat(point, start):
    return abs(point.slope) <= -C2 * start.slope


def _zoom(objective, start, bracket, longest, tolerance, max_iter, count):
    """Shrink a bracket until one of its ends meets the conditions; its lower end."""
    low = _lower(bracket)
    stuck = False
    while count < max_iter:
        if abs(bracket[1].t - bracket[0].t) * longest < tolerance:
            break
        t, stuck = _inside(interpolated(*bracket), bracket, stuck)
        new = objective(t)
        count += 1
        if _too_high(new, start) or new.loss >= bracket[low].loss:
            bracket[1 - low] = new
            low = _lower(bracket)
            continue
        done = _flat(new, start)
        if not done and new.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = new
        if done:
            break
    return bracket[low], count + 1


def _lower(bracket):
    return 0 if bracket[0].loss <= bracket[1].loss else 1


def _inside(t, bracket, stuck):
    """``t``, or a point a tenth away from the end of the bracket where t would make no progress.

    That is at or beyond an end, or for the second time close to one.
    """
    first, last = sorted(point.t for point in bracket)
    margin = 0.1 * (last - first)
    if not min(last - t, t - first) < margin:
        return t, False
    if not (stuck or t >= last or t <= first):
        return t, True
    return (last - margin if abs(t - last) < abs(t - first) else first + margin), False


def interpolated(a, b, bounds=None):
    """The minimum of the cubic through two points with their slopes, within bounds.

    Without ``bounds`` these are the points themselves; without a minimum it is the middle.
    """
    a, b = (a, b) if a.t <= b.t else (b, a)
    low, high = bounds or (a.t, b.t)
    if a.t < b.t:
        d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
        square = d1 * d1 - a.slope * b.slope
        if square >= 0:
            d2 = math.sqrt(square)
            width = b.slope - a.slope + 2 * d2
            if width:
                t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / width)
                return min(max(t, low), high)
    return (low + high) / 2
