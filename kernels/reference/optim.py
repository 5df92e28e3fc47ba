"""Parameter updates by descent, in place, with PyTorch's formulas; and what clipping needs.

``sign`` is −1 where the objective is maximized, ``decay`` the weight decay λ.
"""

from ..registry import array_module, kernel


def descent(param, grad, decay, sign):
    """d = ±g + λ p"""
    step = sign * grad
    return step + decay * param if decay else step


@kernel(lambda make, shape: (make.normal(shape), make.normal(shape), 0.1, 0.01, -1.0), writes=(0,))
def descent_update(param, grad, lr, decay, sign):
    """p ← p − lr (±g + λ p)"""
    param -= lr * descent(param, grad, decay, sign)


def _sgd(make, shape):
    return *(make.normal(shape) for _ in range(3)), 0.1, 0.9, 0.8, 0.9, 0.01, -1.0


@kernel(_sgd, writes=(0, 2))
def sgd_update(param, grad, momentum_buffer, lr, keep, new, ahead, decay, sign):
    """d = ±g + λ p;  m ← keep · m + new · d;  p ← p − lr (d + ahead · m, or m where ahead is 0)

    ``keep`` is the momentum, and 0 at the first step, when m holds no numbers yet.
    """
    step = descent(param, grad, decay, sign)
    moment = keep * momentum_buffer + new * step if keep else new * step
    momentum_buffer[...] = moment
    param -= lr * (step + ahead * moment if ahead else moment)


def _asgd(make, shape):
    return *(make.normal(shape) for _ in range(3)), 0.999, 0.1, 0.3, 0.01, -1.0


@kernel(_asgd, writes=(0, 2))
def asgd_update(param, grad, average, shrink, lr, weight, decay, sign):
    """d = ±g + λ p;  p ← shrink · p − lr d;  a ← a + weight (p − a), and p where weight is 1"""
    step = descent(param, grad, decay, sign)
    param *= shrink
    param -= lr * step
    average[...] = param if weight == 1 else average + weight * (param - average)


def _rprop(make, shape):
    sizes = make.uniform(shape, 0.1, 1)
    return *(make.normal(shape) for _ in range(3)), sizes, 0.5, 1.2, 0.2, 0.8, -1.0


@kernel(_rprop, writes=(0, 2, 3))
def rprop_update(param, grad, previous, step_size, slower, faster, least, most, sign):
    """η ← clip(η · (faster where g agrees in sign with the previous g, slower where it does not))

    p ← p − η sign(g), where a gradient that turned counts as 0, also as the next previous one.
    """
    xp = array_module(param)
    step = sign * grad
    agreement = step * previous
    factor = xp.where(agreement < 0, slower, xp.where(agreement > 0, faster, 1 + agreement))
    step_size[...] = xp.minimum(xp.maximum(step_size * factor, least), most)
    previous[...] = xp.where(agreement < 0, 0, step)
    param -= xp.sign(previous) * step_size


@kernel(lambda make, shape: (make.normal(shape), 0.3), writes=(0,))
def scale_(x, factor):
    """x ← factor · x in place; returns x"""
    x *= factor
    return x
