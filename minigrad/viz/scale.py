"""From numbers to pixels, and round numbers to write along an axis."""

import math
from dataclasses import dataclass

import numpy as np

FAR = 1e4  # pixels: what lies further off is drawn there, outside of every picture
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass
class Scale:
    """Where numbers between ``low`` and ``high`` lie between two pixels."""

    low: float
    high: float
    log: bool = False
    start: float = 0.0
    end: float = 1.0

    def __call__(self, values):
        """Pixels of numbers; NaN where there is none, on a log scale for negative ones."""
        values = np.asarray(values, dtype=float)
        low, high = self.low, self.high
        with np.errstate(all="ignore"):
            if self.log:
                values, low, high = np.log10(values), math.log10(low), math.log10(high)
            pixels = self.start + (values - low) / (high - low) * (self.end - self.start)
        return np.clip(pixels, -FAR, FAR)

    def ticks(self):
        """Round numbers in the range, and how they are written."""
        low, high = sorted((self.low, self.high))
        places = log_ticks(low, high) if self.log else []
        if len(places) >= 2:
            return places, log_labels(places)
        places = linear_ticks(low, high)
        return places, labels(places)


def limits(values, log=False, margin=0.05):
    """A range that shows all finite ones of some numbers, on a log scale all positive ones."""
    values = np.concatenate([np.ravel(np.asarray(v, dtype=float)) for v in values] or [[]])
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not len(values):
        return (0.1, 1.0) if log else (0.0, 1.0)
    ends = np.array([values.min(), values.max()])
    ends = np.log10(ends) if log else ends
    span = ends[1] - ends[0]
    room = margin * span if span > 0 else 0.3 if log else 0.05 * abs(ends[0]) or 0.05
    low, high = np.clip(ends + (-room, room), -307, 307) if log else ends + (-room, room)
    return (10.0**low, 10.0**high) if log else (float(low), float(high))


def linear_ticks(low, high, most=7):
    """Multiples of 1, 2, 2.5 or 5 times a power of ten in a range, ``most`` of them at most.

    >>> linear_ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    base = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(base * f for f in (1, 2, 2.5, 5, 10, 20) if (high - low) / (base * f) <= most - 1)
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [float(f"{number * step:.12g}") for number in numbers]


def log_ticks(low, high, most=7):
    """Powers of ten in a range, not too many; within two decades 2 and 5 times them as well.

    >>> log_ticks(0.009, 20.0)
    [0.01, 0.1, 1.0, 10.0]
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first >= 2:
        stride = -(-(last - first + 1) // most)
        return [10.0**e for e in range(first, last + 1) if e % stride == 0]
    found = [f * 10.0**e for e in range(first - 1, last + 1) for f in (1, 2, 5)]
    return [float(f"{place:.3g}") for place in found if low <= place <= high]


def log_labels(places):
    """Numbers of a log axis: in figures if all are near 1, else as powers of ten.

    >>> log_labels([0.01, 1.0]), log_labels([1e-6, 1.0])
    (['0.01', '1'], ['10⁻⁶', '10⁰'])
    """
    exponents = [math.log10(place) for place in places]
    whole = all(abs(exponent - round(exponent)) < 1e-6 for exponent in exponents)
    if not whole or all(-3.5 < exponent < 4.5 for exponent in exponents):
        return [f"{place:g}" for place in places]
    return ["10" + str(round(exponent)).translate(RAISED) for exponent in exponents]


def labels(places):
    """Numbers of a linear axis with equally many digits behind the point.

    >>> labels([0.0, 0.5, 1.0]), labels([0.0, 2e6])
    (['0.0', '0.5', '1.0'], ['0', '2e6'])
    """
    largest = max(map(abs, places), default=0)
    if largest >= 1e5 or 0 < largest < 1e-3:
        return [f"{place:g}".replace("e+0", "e").replace("e-0", "e-") for place in places]
    for digits in range(7):
        written = [f"{place:.{digits}f}" for place in places]
        if all(abs(float(w) - p) <= 1e-6 * largest for w, p in zip(written, places, strict=True)):
            break
    return written
