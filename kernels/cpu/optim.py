"""Updates by descent: a whole parameter in one pass."""

from ..compile import jit
from ..reference import optim as reference
from .update import update
from .vmath import maximum, minimum


@jit()
def _descent(param, grad, lr, decay, sign):
    kind = param.dtype.type
    rate, decay_, s, decays = kind(lr), kind(decay), kind(sign), decay != 0
    for i in range(param.size):
        step = s * grad[i]
        if decays:
            step += decay_ * param[i]
        param[i] -= rate * step


@jit()
def _sgd(param, grad, buffer, lr, keep, new, ahead, decay, sign):
    kind = param.dtype.type
    rate, decay_, s = kind(lr), kind(decay), kind(sign)
    keep_, new_, ahead_ = kind(keep), kind(new), kind(ahead)
    decays, keeps, looks_ahead = decay != 0, keep != 0, ahead != 0
    for i in range(param.size):
        step = s * grad[i]
        if decays:
            step += decay_ * param[i]
        moment = new_ * step
        if keeps:
            moment += keep_ * buffer[i]
        buffer[i] = moment
        param[i] -= rate * (step + ahead_ * moment if looks_ahead else moment)


@jit()
def _asgd(param, grad, average, shrink, lr, weight, decay, sign):
    kind = param.dtype.type
    shrink_, rate, weight_ = kind(shrink), kind(lr), kind(weight)
    decay_, s = kind(decay), kind(sign)
    decays, copies = decay != 0, weight == 1
    for i in range(param.size):
        step = s * grad[i]
        if decays:
            step += decay_ * param[i]
        p = shrink_ * param[i] - rate * step
        param[i] = p
        average[i] = p if copies else average[i] + weight_ * (p - average[i])


@jit()
def _rprop(param, grad, previous, step_size, slower, faster, least, most, sign):
    kind = param.dtype.type
    slower_, faster_, s = kind(slower), kind(faster), kind(sign)
    least_, most_ = kind(least), kind(most)
    zero, one = kind(0), kind(1)
    for i in range(param.size):
        g = s * grad[i]
        agreement = g * previous[i]
        turned = agreement < zero
        factor = slower_ if turned else faster_ if agreement > zero else one + agreement
        size = minimum(maximum(step_size[i] * factor, least_), most_)
        g = zero if turned else g
        step_size[i], previous[i] = size, g
        param[i] -= size if g > zero else -size if g < zero else g


descent_update = update(reference.descent_update, _descent, arrays=2)
sgd_update = update(reference.sgd_update, _sgd, arrays=3)
asgd_update = update(reference.asgd_update, _asgd, arrays=3)
rprop_update = update(reference.rprop_update, _rprop, arrays=4)
