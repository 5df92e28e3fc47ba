"""Updates whose step adapts to each element's gradients: a whole parameter in one pass."""

import numpy as np

from ..compile import jit
from ..reference import adaptive as reference
from .update import update
from .vmath import maximum


@jit()
def _adam(
    param, grad, mean, square, largest,
    beta1, beta2, rate, ahead, root, eps, shrink, decay, sign,
):  # fmt: skip
    kind = param.dtype.type
    new1, old2, new2 = kind(1 - beta1), kind(beta2), kind(1 - beta2)
    rate_, ahead_, root_, eps_ = kind(rate), kind(ahead), kind(root), kind(eps)
    shrink_, decay_, s = kind(shrink), kind(decay), kind(sign)
    decays, looks_ahead = decay != 0, ahead != 0
    for i in range(param.size):
        p, g = shrink_ * param[i], s * grad[i]
        if decays:
            g += decay_ * p
        m = mean[i] + new1 * (g - mean[i])
        v = old2 * square[i] + new2 * (g * g)
        mean[i], square[i] = m, v
        if largest is not None:
            v = maximum(largest[i], v)
            largest[i] = v
        step = rate_ * m
        if looks_ahead:
            step += ahead_ * g
        param[i] = p - step / (root_ * np.sqrt(v) + eps_)


@jit()
def _adamax(param, grad, mean, norm, beta1, beta2, rate, eps, decay, sign):
    kind = param.dtype.type
    new1, old2, rate_, eps_ = kind(1 - beta1), kind(beta2), kind(rate), kind(eps)
    decay_, s, decays = kind(decay), kind(sign), decay != 0
    for i in range(param.size):
        p, g = param[i], s * grad[i]
        if decays:
            g += decay_ * p
        m = mean[i] + new1 * (g - mean[i])
        u = maximum(old2 * norm[i], np.abs(g) + eps_)
        mean[i], norm[i] = m, u
        param[i] = p - rate_ * m / u


@jit()
def _rmsprop(
    param, grad, square, mean, buffer, lr, alpha, momentum, eps, decay, sign
):
    kind = param.dtype.type
    rate, old, new, keep = kind(lr), kind(alpha), kind(1 - alpha), kind(momentum)
    eps_, decay_, s, decays = kind(eps), kind(decay), kind(sign), decay != 0
    for i in range(param.size):
        p, g = param[i], s * grad[i]
        if decays:
            g += decay_ * p
        v = old * square[i] + new * (g * g)
        square[i] = v
        if mean is not None:
            m = mean[i] + new * (g - mean[i])
            mean[i] = m
            v -= m * m
        step = g / (np.sqrt(v) + eps_)
        if buffer is not None:
            step += keep * buffer[i]
            buffer[i] = step
        param[i] = p - rate * step


@jit()
def _adagrad(param, grad, total, rate, eps, decay, sign):
    kind = param.dtype.type
    rate_, eps_, decay_, s, decays = kind(rate), kind(eps), kind(decay), kind(sign), decay != 0
    for i in range(param.size):
        p, g = param[i], s * grad[i]
        if decays:
            g += decay_ * p
        v = total[i] + g * g
        total[i] = v
        param[i] = p - rate_ * g / (np.sqrt(v) + eps_)


@jit()
def _adadelta(param, grad, square, delta, lr, rho, eps, decay, sign):
    kind = param.dtype.type
    rate, old, new, eps_ = kind(lr), kind(rho), kind(1 - rho), kind(eps)
    decay_, s, decays = kind(decay), kind(sign), decay != 0
    for i in range(param.size):
        p, g = param[i], s * grad[i]
        if decays:
            g += decay_ * p
        v, u = old * square[i] + new * (g * g), delta[i]
        step = np.sqrt(u + eps_) / np.sqrt(v + eps_) * g
        square[i], delta[i] = v, old * u + new * (step * step)
        param[i] = p - rate * step


adam_update = update(reference.adam_update, _adam, arrays=5)
adamax_update = update(reference.adamax_update, _adamax, arrays=4)
rmsprop_update = update(reference.rmsprop_update, _rmsprop, arrays=5)
adagrad_update = update(reference.adagrad_update, _adagrad, arrays=3)
adadelta_update = update(reference.adadelta_update, _adadelta, arrays=4)
