"""Parameter updates whose step adapts to each element's gradients, in place.

``sign`` is −1 where the objective is maximized, ``decay`` the weight decay λ that is added to the
gradient: d = ±g + λ p.
"""

from ..registry import array_module, kernel
from .optim import descent


def _adam(make, shape):
    moments = make.normal(shape), make.uniform(shape, 0.1, 1), make.uniform(shape, 0.1, 1)
    options = (0.9, 0.99, 0.02, 0.01, 1.5, 1e-3, 0.999, 0.1, -1.0)
    return make.normal(shape), make.normal(shape), *moments, *options


@kernel(_adam, writes=(0, 2, 3, 4), optional=(4,))
def adam_update(
    param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq,
    beta1, beta2, rate, ahead, root, eps, shrink, decay, sign,
):  # fmt: skip
    """m ← β₁ m + (1 − β₁) d;  v ← β₂ v + (1 − β₂) d²;

    p ← shrink · p − (rate · m + ahead · d) / (root · √v + ε)

    The caller puts learning rate and bias corrections into ``rate``, ``ahead`` and ``root``. The
    running maximum of v takes its place where ``max_exp_avg_sq`` is not None (AMSGrad).
    """
    xp = array_module(param)
    param *= shrink
    step = descent(param, grad, decay, sign)
    exp_avg += (1 - beta1) * (step - exp_avg)
    exp_avg_sq[...] = variance = beta2 * exp_avg_sq + (1 - beta2) * (step * step)
    if max_exp_avg_sq is not None:
        max_exp_avg_sq[...] = variance = xp.maximum(max_exp_avg_sq, variance)
    moment = rate * exp_avg + ahead * step if ahead else rate * exp_avg
    param -= moment / (root * xp.sqrt(variance) + eps)


def _adamax(make, shape):
    moments = make.normal(shape), make.uniform(shape, 0.1, 1)
    return make.normal(shape), make.normal(shape), *moments, 0.9, 0.99, 0.02, 1e-3, 0.1, -1.0


@kernel(_adamax, writes=(0, 2, 3))
def adamax_update(param, grad, exp_avg, exp_inf, beta1, beta2, rate, eps, decay, sign):
    """m ← β₁ m + (1 − β₁) d;  u ← max(β₂ u, |d| + ε);  p ← p − rate · m / u"""
    xp = array_module(param)
    step = descent(param, grad, decay, sign)
    exp_avg += (1 - beta1) * (step - exp_avg)
    exp_inf[...] = xp.maximum(beta2 * exp_inf, xp.abs(step) + eps)
    param -= rate * exp_avg / exp_inf


def _rmsprop(make, shape):
    small = make.uniform(shape, -0.1, 0.1)
    state = make.uniform(shape, 0.5, 1), small, make.normal(shape)
    return make.normal(shape), make.normal(shape), *state, 0.01, 0.9, 0.8, 1e-3, 0.1, -1.0


@kernel(_rmsprop, writes=(0, 2, 3, 4), optional=(3, 4))
def rmsprop_update(
    param, grad, square_avg, grad_avg, momentum_buffer, lr, alpha, momentum, eps, decay, sign
):
    """v ← α v + (1 − α) d²;  b ← μ b + d / (√v + ε);  p ← p − lr b

    Without ``momentum_buffer`` the step is d / (√v + ε); with ``grad_avg``, m ← α m + (1 − α) d,
    the variance v − m² stands for v.
    """
    xp = array_module(param)
    step = descent(param, grad, decay, sign)
    square_avg[...] = variance = alpha * square_avg + (1 - alpha) * (step * step)
    if grad_avg is not None:
        grad_avg += (1 - alpha) * (step - grad_avg)
        variance = variance - grad_avg * grad_avg
    step = step / (xp.sqrt(variance) + eps)
    if momentum_buffer is not None:
        momentum_buffer[...] = step = momentum * momentum_buffer + step
    param -= lr * step


def _adagrad(make, shape):
    total = make.uniform(shape, 0.1, 1)
    return make.normal(shape), make.normal(shape), total, 0.1, 1e-3, 0.1, -1.0


@kernel(_adagrad, writes=(0, 2))
def adagrad_update(param, grad, total, rate, eps, decay, sign):
    """s ← s + d²;  p ← p − rate · d / (√s + ε)"""
    step = descent(param, grad, decay, sign)
    total += step * step
    param -= rate * step / (array_module(param).sqrt(total) + eps)


def _adadelta(make, shape):
    state = make.uniform(shape, 0.1, 1), make.uniform(shape, 0.1, 1)
    return make.normal(shape), make.normal(shape), *state, 0.5, 0.9, 1e-3, 0.1, -1.0


@kernel(_adadelta, writes=(0, 2, 3))
def adadelta_update(param, grad, square_avg, acc_delta, lr, rho, eps, decay, sign):
    """v ← ρ v + (1 − ρ) d²;  δ = √(u + ε) / √(v + ε) · d;  u ← ρ u + (1 − ρ) δ²;  p ← p − lr δ"""
    xp = array_module(param)
    step = descent(param, grad, decay, sign)
    square_avg[...] = rho * square_avg + (1 - rho) * (step * step)
    step = xp.sqrt(acc_delta + eps) / xp.sqrt(square_avg + eps) * step
    acc_delta[...] = rho * acc_delta + (1 - rho) * (step * step)
    param -= lr * step
