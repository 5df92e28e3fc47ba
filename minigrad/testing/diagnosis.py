"""Why a gradient is wrong, told from its Jacobian beside the numeric one.

Both matrices have one row per input element and one column per output element.
"""

import math

import numpy as np


def likely_cause(analytic, numeric, in_shape, out_shape):
    """A sentence that names the most likely mistake in the gradient."""
    factor = _factor(analytic, numeric)
    if factor is not None:
        return _scaled(factor, in_shape, out_shape)
    if _sum_is_missing(analytic, numeric, in_shape, out_shape):
        return (
            f"a missing sum: the input of shape {in_shape} is broadcast to {out_shape}, and its "
            "gradient must be summed over the repeated axes (unbroadcast)"
        )
    if _is_transposed(analytic, numeric, in_shape):
        return "transposed: the gradient is right after swapping two axes"
    return _partly_right(analytic, numeric)


def _close(a, b, scale):
    return np.allclose(a, b, rtol=1e-4, atol=1e-5 * max(scale, 1e-3))


def _factor(analytic, numeric):
    """c with analytic ≈ c · numeric, or None; c = ⟨a, n⟩ / ⟨n, n⟩."""
    energy = float((numeric * numeric).sum())
    if energy == 0 or not np.isfinite(analytic).all():
        return None
    factor = float((analytic * numeric).sum()) / energy
    same = abs(factor) > 1e-6 and _close(analytic, factor * numeric, np.abs(analytic).max())
    return factor if same else None


def _scaled(factor, in_shape, out_shape):
    if math.isclose(factor, -1, rel_tol=1e-4):
        return "wrong sign: the gradient is −1 times the right one"
    text = f"a constant factor: the gradient is {factor:.4g} times the right one"
    repeats = math.prod(out_shape) / max(math.prod(in_shape), 1)
    if repeats > 1 and math.isclose(factor * repeats, 1, rel_tol=1e-4):
        text += f" (1/{repeats:g}: a mean where a sum over the broadcast axes belongs)"
    return text


def _sum_is_missing(analytic, numeric, in_shape, out_shape):
    """The input is broadcast, and some of its copies contribute nothing."""
    if math.prod(in_shape) >= math.prod(out_shape) or not _broadcasts(in_shape, out_shape):
        return False
    return _silent(analytic, numeric).any() and _right_where_nonzero(analytic, numeric)


def _broadcasts(small, large):
    try:
        return np.broadcast_shapes(small, large) == tuple(large)
    except ValueError:
        return False


def _silent(analytic, numeric):
    """Where the analytic gradient is 0 and the numeric one is not."""
    return (np.abs(analytic) < 1e-12) & (np.abs(numeric) > 1e-6)


def _right_where_nonzero(analytic, numeric):
    nonzero = np.abs(analytic) >= 1e-12
    return bool(nonzero.any()) and _close(
        analytic[nonzero], numeric[nonzero], np.abs(numeric).max()
    )


def _is_transposed(analytic, numeric, in_shape):
    scale = np.abs(numeric).max()
    if analytic.shape[0] == analytic.shape[1] > 1 and _close(analytic.T, numeric, scale):
        return True
    if len(in_shape) < 2 or in_shape[-1] != in_shape[-2]:
        return False
    as_array = analytic.reshape(*in_shape, -1)
    return _close(as_array.swapaxes(-2, -3).reshape(analytic.shape), numeric, scale)


def _partly_right(analytic, numeric):
    if not np.isfinite(analytic).all():
        return "the gradient is not finite"
    if not np.abs(analytic).max() > 0:
        return "a missing term: the gradient is 0 everywhere (detached, or never returned?)"
    silent = int(_silent(analytic, numeric).sum())
    if silent and _right_where_nonzero(analytic, numeric):
        return f"a missing term: {silent} entries are 0 and the others are right"
    wrong = int((~np.isclose(analytic, numeric, rtol=1e-3, atol=1e-5)).sum())
    return f"a missing or wrong term: {wrong} of {numeric.size} entries of the Jacobian differ"
