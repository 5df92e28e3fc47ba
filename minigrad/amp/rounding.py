"""Rounding to narrow formats, to nearest or at random."""

import functools

from .. import dtypes
from ..engine.graph import TensorBase, new_tensor, values
from ..engine.modes import no_grad
from ..ops.dropout import draw_key


def round_to(input, dtype, *, stochastic=False, generator=None):
    """The values of a floating tensor on the grid of ``dtype``, in the dtype of the tensor.

    To nearest, ties to even; or, with ``stochastic``, up or down with the probabilities that make
    the expectation exact: p(up) is the distance to the lower neighbour in units of their spacing.
    No gradient flows. ``dtype`` is float16, bfloat16 or any :func:`~minigrad.float_format`.
    Source: Gupta et al. 2015.

    >>> import minigrad as mg
    >>> mg.amp.round_to(mg.tensor([1.0, 1.003, 1.006]), mg.bfloat16)
    tensor([1.0000, 1.0000, 1.0078])
    """
    dtype = dtypes.check(dtype)
    if not dtype.emulated:
        raise TypeError(f"round_to: dtype must be an emulated format, got {dtype}")
    if not isinstance(input, TensorBase) or not input.is_floating_point():
        raise TypeError(f"round_to: input must be a floating tensor, got {input!r}")
    with stochastic_rounding(generator, enabled=stochastic), no_grad():
        stored = dtypes.encode(values(input), dtype)
    return new_tensor(dtypes.decode(stored, dtype)).to(input.dtype)


class stochastic_rounding:  # noqa: N801
    """Inside, everything rounded to an emulated format is rounded at random, right on average.

    A sum of many small updates then keeps its expectation where rounding to nearest loses each of
    them. Draws come from ``generator`` (default: the default one), so a seed repeats them. The
    float32 master weights of an optimizer are written to its parameters to nearest all the same.
    Source: Gupta et al. 2015.

    >>> import minigrad as mg
    >>> weight = mg.ones(1000, dtype=mg.bfloat16)
    >>> with mg.amp.stochastic_rounding(mg.Generator().manual_seed(0)):
    ...     for _ in range(100):
    ...         weight = weight - 1e-3
    >>> round(weight.float().mean().item(), 2)
    0.9
    """

    def __init__(self, generator=None, enabled=True):
        self.draw_key = functools.partial(draw_key, generator) if enabled else None

    def __enter__(self):
        dtypes.rounding.outer.append(dtypes.rounding.draw_key)
        dtypes.rounding.draw_key = self.draw_key
        return self

    def __exit__(self, *_failure):
        dtypes.rounding.draw_key = dtypes.rounding.outer.pop()
