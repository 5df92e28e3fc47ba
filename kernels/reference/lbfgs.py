"""The two loops of L-BFGS over its history."""

from ..registry import kernel


def _history(make, shape):
    steps = tuple(make.normal(shape) for _ in range(3))
    # changes near the steps, as under a Hessian near 1: products of both are positive
    changes = tuple(step + 0.1 * make.normal(shape) for step in steps)
    pairs = zip(steps, changes, strict=True)
    inverses = tuple(1.0 / (1.0 + float((step * change).sum())) for step, change in pairs)
    return make.normal(shape), steps, changes, inverses, 0.7, [0.0] * 3


@kernel(_history, min_ndim=1, notes={"sums": True})
def inverse_hessian_times(vector, steps, changes, inverses, scale, coefficients):
    """H v by v ← v − aᵢ yᵢ, aᵢ = ρᵢ sᵢᵀ v from new to old, v ← scale v, v ← v + (aᵢ − ρᵢ yᵢᵀ v) sᵢ

    s are steps, y changes of the gradient, ρ is 1 / sᵀ y; the aᵢ are put into ``coefficients``.
    """
    out, history = vector.copy(), list(enumerate(zip(steps, changes, inverses, strict=True)))
    for i, (step, change, inverse) in reversed(history):
        coefficients[i] = float((step * out).sum()) * inverse
        out -= coefficients[i] * change
    out *= scale
    for i, (step, change, inverse) in history:
        out += (coefficients[i] - float((change * out).sum()) * inverse) * step
    return out
