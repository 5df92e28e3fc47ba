"""Parameter updates that look at a whole tensor, in place; and Lion, which looks at signs."""

import math

from ..registry import array_module, kernel
from .rounding import round_to

SUMS = {"sums": True}


def _adafactor(make, shape):
    factored = len(shape) > 1
    moments = (
        (make.uniform((*shape[:-1], 1), 0.1, 1), make.uniform((*shape[:-2], 1, shape[-1]), 0.1, 1))
        if factored
        else (None, None)
    )
    variance = None if factored else make.uniform(shape, 0.1, 1)
    options = (0.01, -0.8, 1e-7, 1e-3, 1.0, 0.1, 3, True)
    return make.normal(shape), make.normal(shape), *moments, variance, *options


@kernel(_adafactor, writes=(0, 2, 3, 4), notes=SUMS)
def adafactor_update(
    param, grad, row_var, col_var, variance,
    lr, beta2_decay, eps1, eps2, d, weight_decay, step, maximize,
):  # fmt: skip
    """p ← (1 − lr λ) p − α u / max(1, RMS(u) / d),  u = g / √max(V, ε₁²)

    α = max(ε₂, RMS(p)) min(lr, 1/√t). V is the running mean of g² with weight t^β for the new
    value. Of a matrix only the means over rows and over columns are kept, R and C, and
    V = R C / max(mean R, ε₁); of a vector V itself, ``variance``.
    """
    if not param.size:
        return
    xp = array_module(param)
    weight, squares = step**beta2_decay, grad * grad
    alpha = xp.fmax(eps2, _rms(xp, param)) * min(lr, step**-0.5)
    param *= 1 - lr * weight_decay
    if variance is None:
        row_var += weight * (squares.mean(axis=-1, keepdims=True) - row_var)
        col_var += weight * (squares.mean(axis=-2, keepdims=True) - col_var)
        mean = xp.maximum(row_var.mean(axis=-2, keepdims=True), eps1)
        estimate = xp.matmul(row_var / mean, col_var)
    else:
        variance += weight * (squares - variance)
        estimate = variance
    update = grad / xp.sqrt(xp.maximum(estimate, eps1 * eps1))
    rate = alpha / xp.fmax(1.0, _rms(xp, update) / d)
    param -= (-rate if maximize else rate) * update


def _rms(xp, x):
    return xp.sqrt((x * x).mean())


def _muon(make, shape):
    """At a small rate: where the last bit of a float32 decides about a bfloat16 does not matter."""
    shape = math.prod(shape[:-1]), shape[-1]
    options = (0.1, 1e-4, 0.1, 0.95, True, (3.4445, -4.775, 2.0315), 1e-7, 5)
    return make.normal(shape), make.normal(shape), make.normal(shape), *options


@kernel(_muon, min_ndim=1, writes=(0, 2), dtypes=("float32",), notes=SUMS)
def muon_update(
    param, grad, momentum_buffer,
    lr, rate, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps,
):  # fmt: skip
    """m ← μ m + (1 − μ) g;  p ← (1 − lr λ) p − rate · orthogonalized(m, or (1 − μ) g + μ m)"""
    momentum_buffer += (1 - momentum) * (grad - momentum_buffer)
    update = momentum_buffer
    if nesterov:
        update = grad + momentum * (momentum_buffer - grad)
    param *= 1 - lr * weight_decay
    direction = orthogonalized(update, ns_coefficients, eps, ns_steps)
    param -= rate * direction.astype(param.dtype)


def orthogonalized(matrix, coefficients, eps, steps):
    """A matrix near U Vᵀ of U S Vᵀ by X ← a X + (b A + c A²) X with A = X Xᵀ, in bfloat16.

    Source: Jordan et al. 2024. Products are summed in float32 and rounded to bfloat16.
    """
    a, b, c = coefficients
    xp, tall = array_module(matrix), matrix.shape[0] > matrix.shape[1]
    x = _bfloat16(matrix.astype("float32"))
    x = x.T if tall else x
    norm = _bfloat16(xp.sqrt((x * x).sum()).reshape(1))
    x = _bfloat16(x / xp.maximum(norm, eps))
    for _ in range(steps):
        gram = _bfloat16(xp.matmul(x, x.T))
        x = _bfloat16(a * x + xp.matmul(_bfloat16(b * gram + c * xp.matmul(gram, gram)), x))
    return x.T if tall else x


def _bfloat16(x):
    return round_to(x, 8, 7)


def _lion(make, shape):
    return *(make.normal(shape) for _ in range(3)), 0.1, 0.9, 0.99, 0.1, False


@kernel(_lion, writes=(0, 2))
def lion_update(param, grad, exp_avg, lr, beta1, beta2, weight_decay, maximize):
    """p ← (1 − lr λ) p − lr sign(β₁ m + (1 − β₁) g);  m ← β₂ m + (1 − β₂) g"""
    if maximize:
        grad = -grad
    param *= 1 - lr * weight_decay
    param -= lr * array_module(param).sign(exp_avg + (1 - beta1) * (grad - exp_avg))
    exp_avg += (1 - beta2) * (grad - exp_avg)


def _lamb(make, shape):
    moments = make.normal(shape), make.uniform(shape, 0.1, 1)
    return make.normal(shape), make.normal(shape), *moments, 0.1, 0.9, 0.99, 1e-6, 0.1, 3, False


@kernel(_lamb, writes=(0, 2, 3), notes=SUMS)
def lamb_update(
    param, grad, exp_avg, exp_avg_sq,
    lr, beta1, beta2, eps, weight_decay, step, maximize,
):  # fmt: skip
    """u = m̂ / (√v̂ + ε) + λ p with Adam's m̂ and v̂;  p ← p − lr ‖p‖/‖u‖ u

    Where one of the two norms is 0 their ratio counts as 1.
    """
    if maximize:
        grad = -grad
    xp = array_module(param)
    exp_avg += (1 - beta1) * (grad - exp_avg)
    exp_avg_sq += (1 - beta2) * (grad * grad - exp_avg_sq)
    deviation = xp.sqrt(exp_avg_sq) / (1 - beta2**step) ** 0.5 + eps
    update = exp_avg / deviation / (1 - beta1**step) + weight_decay * param
    size, length = xp.sqrt((param * param).sum()), xp.sqrt((update * update).sum())
    ratio = xp.where((size > 0) & (length > 0), size / length, xp.ones_like(size))
    param -= lr * ratio * update
