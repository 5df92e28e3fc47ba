"""A whole parameter update in one pass, without temporaries."""

import numpy as np

from .. import launch
from ..compile import jit
from ..reference import optim as reference
from .vmath import maximum

_FLOATS = (np.dtype("float32"), np.dtype("float64"))


@jit()
def _sgd(param, grad, lr, weight_decay, sign):
    kind = param.dtype.type
    rate, decay, s = kind(lr), kind(weight_decay), kind(sign)
    decays = weight_decay != 0
    for i in range(param.size):
        step = s * grad[i]
        if decays:
            step += decay * param[i]
        param[i] -= rate * step


@jit()
def _sgd_momentum(param, grad, buffer, lr, momentum, new, weight_decay, sign, nesterov):
    """``momentum`` and ``new`` weigh the old buffer and the gradient; 0 forgets the old buffer."""
    kind = param.dtype.type
    rate, decay, s = kind(lr), kind(weight_decay), kind(sign)
    keep, weight, ahead = kind(momentum), kind(new), kind(nesterov)
    decays, keeps, looks_ahead = weight_decay != 0, momentum != 0, nesterov != 0
    for i in range(param.size):
        step = s * grad[i]
        if decays:
            step += decay * param[i]
        moment = weight * step
        if keeps:
            moment += keep * buffer[i]
        buffer[i] = moment
        param[i] -= rate * (step + ahead * moment if looks_ahead else moment)


@jit()
def _adam(
    param, grad, mean, square, largest,
    shrink, decay, sign, b1, b2, rate, root, eps, amsgrad,
):  # fmt: skip
    """``shrink`` is 1 − lr · weight decay, ``rate`` and ``root`` carry the bias corrections."""
    kind = param.dtype.type
    shrink_, decay_, s, eps_ = kind(shrink), kind(decay), kind(sign), kind(eps)
    new1, old2, new2 = kind(1 - b1), kind(b2), kind(1 - b2)
    rate_, root_ = kind(rate), kind(root)
    decays = decay != 0
    for i in range(param.size):
        p, g = shrink_ * param[i], s * grad[i]
        if decays:
            g += decay_ * p
        m = mean[i] + new1 * (g - mean[i])
        v = old2 * square[i] + new2 * (g * g)
        mean[i], square[i] = m, v
        if amsgrad:
            v = maximum(largest[i], v)
            largest[i] = v
        param[i] = p - rate_ * (m / (np.sqrt(v) * root_ + eps_))


def _run(loop, flats, scalars):
    """Directly where no split is to be expected: that is half a microsecond cheaper."""
    if flats[0].size < launch.SPLIT_ABOVE:
        loop(*flats, *scalars)
    else:
        launch.split(loop, flats, *scalars)


def _copy_back(arrays, flats):
    """Write what was updated in a copy, made because an operand was not contiguous."""
    for x, flat in zip(arrays, flats, strict=True):
        if flat.base is None:
            x[...] = flat.reshape(x.shape)


def sgd_update(
    param, grad, momentum_buffer,
    lr, momentum, dampening, weight_decay, nesterov, maximize, first_step,
):  # fmt: skip
    """SGD with momentum, weight decay and Nesterov's look-ahead, in one pass"""
    dtype, plain = param.dtype, momentum_buffer is None
    buffer = param if plain else momentum_buffer
    if not dtype is grad.dtype is buffer.dtype or dtype not in _FLOATS:
        reference.sgd_update(
            param, grad, momentum_buffer, lr, momentum, dampening, weight_decay,
            nesterov, maximize, first_step,
        )  # fmt: skip
        return
    decay, sign = float(weight_decay), -1.0 if maximize else 1.0
    p, g = param.ravel(), grad.ravel()
    if plain:
        b = p
        _run(_sgd, (p, g), (float(lr), decay, sign))
    else:
        b = buffer.ravel()
        keep, new = (0.0, 1.0) if first_step else (float(momentum), 1.0 - dampening)
        ahead = float(momentum) if nesterov else 0.0
        _run(_sgd_momentum, (p, g, b), (float(lr), keep, new, decay, sign, ahead))
    if p.base is None or b.base is None:
        _copy_back((param, buffer), (p, b))


def adam_update(
    param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq,
    lr, beta1, beta2, eps, weight_decay, decoupled, step, maximize,
):  # fmt: skip
    """Adam, AdamW or AMSGrad in one pass"""
    amsgrad = max_exp_avg_sq is not None
    largest = max_exp_avg_sq if amsgrad else exp_avg_sq
    dtype = param.dtype
    same = dtype is grad.dtype is exp_avg.dtype is exp_avg_sq.dtype is largest.dtype
    if not same or dtype not in _FLOATS:
        reference.adam_update(
            param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq,
            lr, beta1, beta2, eps, weight_decay, decoupled, step, maximize,
        )  # fmt: skip
        return
    shrink, decay = (1.0 - lr * weight_decay, 0.0) if decoupled else (1.0, float(weight_decay))
    p, g, m, v = param.ravel(), grad.ravel(), exp_avg.ravel(), exp_avg_sq.ravel()
    w = largest.ravel() if amsgrad else v
    rate, root = lr / (1.0 - beta1**step), (1.0 - beta2**step) ** -0.5
    scalars = (
        shrink, decay, -1.0 if maximize else 1.0, float(beta1), float(beta2), rate, root,
        float(eps), amsgrad,
    )  # fmt: skip
    _run(_adam, (p, g, m, v, w), scalars)
    if p.base is None or m.base is None or v.base is None or w.base is None:
        _copy_back((param, exp_avg, exp_avg_sq, largest), (p, m, v, w))
