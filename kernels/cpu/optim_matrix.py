"""Updates that look at a whole tensor: sums in one or two passes, then one pass that writes."""

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..memory import empty
from ..reference import optim_matrix as reference
from .matmul import _dot
from .rounding import BELOW_HALF, INFINITY, MAGNITUDE, ONE, SIXTEEN
from .update import update
from .vmath import inlined, minimum

CHUNK = 1024  # numbers summed in the precision of the array; chunks are summed in float64
UPPER = np.uint32(0xFFFF0000)
SINGLE = np.dtype(np.float32)
_FLOATS = (SINGLE, np.dtype(np.float64))


def _whole(*arrays):
    """Whether all arrays share a dtype that is compiled for and lie in memory without gaps."""
    dtype = arrays[0].dtype
    return dtype in _FLOATS and all(
        x is None or (x.dtype is dtype and x.flags.c_contiguous) for x in arrays
    )


def _on_copies(kernel, arrays, options):
    """The kernel on copies without gaps, written back; by the reference where dtypes differ."""
    known = [x for x in arrays if x is not None]
    if known[0].dtype not in _FLOATS or any(x.dtype != known[0].dtype for x in known):
        getattr(reference, kernel.__name__)(*arrays, *options)
        return
    copies = [None if x is None else x.copy("C") for x in arrays]
    kernel(*copies, *options)
    for number, (x, copy) in enumerate(zip(arrays, copies, strict=True)):
        if number != GRADIENT and x is not None:
            x[...] = copy


GRADIENT = 1  # the position of the only operand that no update writes


@jit(SUM)
def _squares(x):
    """Σ x²"""
    kind, total = x.dtype.type, 0.0
    for start in range(0, x.size, CHUNK):
        part, xs = kind(0), x[start : start + CHUNK]
        for i in range(xs.size):
            part += xs[i] * xs[i]
        total += part
    return total


# Adafactor
@jit(SUM)
def _factors(grad, row_var, col_var, weight, eps1, a, b):
    """Advance the means of g² over rows and columns of each matrix; 1/√V is then a bᵀ."""
    kind, (count, rows, columns) = grad.dtype.type, grad.shape
    w, one, floor = kind(weight), kind(1), kind(eps1)
    sums = np.empty(columns, np.float64)
    for n in range(count):
        sums[:] = 0
        mean = 0.0
        for i in range(rows):
            total = kind(0)
            for j in range(columns):
                total += grad[n, i, j] * grad[n, i, j]
            for j in range(columns):
                sums[j] += grad[n, i, j] * grad[n, i, j]
            row_var[n, i] += w * (total / columns - row_var[n, i])
            mean += row_var[n, i]
        mean = kind(mean / rows)
        if mean < floor:
            mean = floor
        for i in range(rows):
            a[n * rows + i] = one / np.sqrt(row_var[n, i] / mean)
        for j in range(columns):
            col_var[n, j] += w * (kind(sums[j] / rows) - col_var[n, j])
            b[n, j] = one / np.sqrt(col_var[n, j])


@jit(SUM)
def _factored_squares(grad, a, b, rows, top):
    """Σ u² of u = g min(a bᵀ, top), over the rows of all matrices"""
    kind, total = grad.dtype.type, 0.0
    most = kind(top)
    for i in range(len(grad)):
        n, scale, part = i // rows, a[i], kind(0)
        for j in range(grad.shape[1]):
            u = grad[i, j] * minimum(scale * b[n, j], most)
            part += u * u
        total += part
    return total


@jit()
def _factored_step(start, param, grad, a, b, rows, shrink, rate, top):
    kind = param.dtype.type
    keep, r, most = kind(shrink), kind(rate), kind(top)
    for i in range(len(param)):
        n, scale = (start + i) // rows, a[i]
        for j in range(param.shape[1]):
            u = grad[i, j] * minimum(scale * b[n, j], most)
            param[i, j] = keep * param[i, j] - r * u


@jit(SUM)
def _variance(grad, variance, weight, top):
    """Advance the mean of g²; Σ u² of u = g min(1/√V, top)"""
    kind, total = grad.dtype.type, 0.0
    w, one, most = kind(weight), kind(1), kind(top * top)
    for start in range(0, grad.size, CHUNK):
        g, v = grad[start : start + CHUNK], variance[start : start + CHUNK]
        for i in range(g.size):
            v[i] += w * (g[i] * g[i] - v[i])
        part = kind(0)
        for i in range(g.size):
            part += g[i] * g[i] * minimum(one / v[i], most)
        total += part
    return total


@jit()
def _vector_step(param, grad, variance, shrink, rate, top):
    kind = param.dtype.type
    keep, r, one, most = kind(shrink), kind(rate), kind(1), kind(top)
    for i in range(param.size):
        u = grad[i] * minimum(one / np.sqrt(variance[i]), most)
        param[i] = keep * param[i] - r * u


def adafactor_update(
    param, grad, row_var, col_var, variance,
    lr, beta2_decay, eps1, eps2, d, weight_decay, step, maximize,
):  # fmt: skip
    """Adafactor: two passes over the gradient for its sums, one that writes"""
    arrays = param, grad, row_var, col_var, variance
    if not _whole(*arrays):
        options = lr, beta2_decay, eps1, eps2, d, weight_decay, step, maximize
        _on_copies(adafactor_update, arrays, options)
        return
    if not param.size:
        return
    weight, top = step**beta2_decay, 1.0 / eps1 if eps1 else np.inf
    alpha = max(eps2, (_squares(param.ravel()) / param.size) ** 0.5) * min(lr, step**-0.5)
    if variance is None:
        rows, columns = param.shape[-2:]
        matrices = grad.reshape(-1, rows, columns)
        p, g = param.reshape(-1, columns), grad.reshape(-1, columns)
        a, b = np.empty(len(p), p.dtype), np.empty((len(matrices), columns), p.dtype)
        row_means, col_means = row_var.reshape(-1, rows), col_var.reshape(-1, columns)
        _factors(matrices, row_means, col_means, weight, float(eps1), a, b)
        squares = _factored_squares(g, a, b, rows, top)
    else:
        p, g, v = param.ravel(), grad.ravel(), variance.ravel()
        squares = _variance(g, v, weight, top)
    rate = alpha / max(1.0, (squares / param.size) ** 0.5 / d)
    scalars = 1.0 - lr * weight_decay, -rate if maximize else rate, top
    if variance is None:
        launch.split(_factored_step, (p, g, a), b, rows, *scalars, indexed=True)
    else:
        launch.split(_vector_step, (p, g, v), *scalars)


# Muon
@inlined
def _bfloat16(x):
    """x rounded to bfloat16, as a float32"""
    v = np.float32(x).view(np.uint32)
    odd = np.uint32(np.uint32(v >> SIXTEEN) & ONE)
    rounded = np.uint32(np.uint32(v + BELOW_HALF + odd) & UPPER)
    return np.uint32(v if np.uint32(v & MAGNITUDE) > INFINITY else rounded).view(np.float32)


@jit()
def _momentum(buffer, grad, update, momentum, nesterov):
    """Advance the running mean; what is to be orthogonalized, rounded"""
    kind = buffer.dtype.type
    new, ahead = kind(1 - momentum), kind(momentum)
    for i in range(buffer.size):
        g = grad[i]
        m = buffer[i] + new * (g - buffer[i])
        buffer[i] = m
        update[i] = _bfloat16(np.float32(g + ahead * (m - g) if nesterov else m))


@jit()
def _quotients(x, divisor):
    for i in range(x.size):
        x[i] = _bfloat16(x[i] / divisor)


@jit()
def _round(x):
    for i in range(x.size):
        x[i] = _bfloat16(x[i])


@jit()
def _combine(x, y, a, c):
    """y ← a x + c y, rounded"""
    first, second = np.float32(a), np.float32(c)
    for i in range(x.size):
        y[i] = _bfloat16(first * x[i] + second * y[i])


@jit()
def _step(param, update, shrink, rate):
    kind = param.dtype.type
    keep, r = kind(shrink), kind(rate)
    for i in range(param.size):
        param[i] = keep * param[i] - r * kind(update[i])


def _orthogonalized(x, coefficients, eps, steps):
    """X ← a X + (b A + c A²) X, or X (b A + c A²) for tall matrices, where A is the small Gram

    A and A² are products of a matrix with its own transpose, for which BLAS needs half the work.
    """
    a, b, c = coefficients
    norm = np.float32(_squares(x.ravel()) ** 0.5)
    launch.split(_quotients, (x.ravel(),), max(_bfloat16(norm), np.float32(eps)))
    for _ in range(steps):
        tall = x.shape[0] > x.shape[1]
        gram = _dot(x.T, x) if tall else _dot(x, x.T)
        launch.split(_round, (gram.ravel(),))
        square = _dot(gram, gram.T)
        launch.split(_combine, (gram.ravel(), square.ravel()), b, c)
        product = _dot(x, square) if tall else _dot(square, x)
        launch.split(_combine, (x.ravel(), product.ravel()), a, 1.0)
        x = product
    return x


def muon_update(
    param, grad, momentum_buffer,
    lr, rate, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps,
):  # fmt: skip
    """Muon: three matrix products a step of the iteration, rounded in one pass each"""
    arrays = param, grad, momentum_buffer
    if not _whole(*arrays):
        options = lr, rate, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps
        _on_copies(muon_update, arrays, options)
        return
    direction = empty(param.shape, SINGLE)
    flats = momentum_buffer.ravel(), grad.ravel(), direction.ravel()
    launch.split(_momentum, flats, float(momentum), nesterov)
    direction = _orthogonalized(direction, ns_coefficients, eps, ns_steps)
    shrink = 1.0 - lr * weight_decay
    launch.split(_step, (param.ravel(), direction.ravel()), shrink, float(rate))


# Lion
@jit()
def _lion(param, grad, mean, lr, beta1, beta2, decay, maximize):
    kind = param.dtype.type
    keep, rate, s = kind(1 - lr * decay), kind(lr), kind(-1.0 if maximize else 1.0)
    new1, new2, zero = kind(1 - beta1), kind(1 - beta2), kind(0)
    for i in range(param.size):
        g, m = s * grad[i], mean[i]
        direction = m + new1 * (g - m)
        step = np.copysign(rate, direction)
        step = step if direction < zero or direction > zero else direction  # 0 or NaN
        param[i] = keep * param[i] - step
        mean[i] = m + new2 * (g - m)


lion_update = update(reference.lion_update, _lion, 3)


# LAMB
@inlined
def _lamb_direction(p, m, v, root, scale, eps, decay):
    return scale * m / (np.sqrt(v) * root + eps) + decay * p


@jit(SUM)
def _lamb_moments(param, grad, mean, square, sign, b1, b2, root, scale, eps, decay):
    """Advance the moments; Σ p² and Σ u² of the direction u"""
    kind, size, length = param.dtype.type, 0.0, 0.0
    s, new1, new2 = kind(sign), kind(1 - b1), kind(1 - b2)
    root_, scale_, eps_, decay_ = kind(root), kind(scale), kind(eps), kind(decay)
    for start in range(0, param.size, CHUNK):
        chunk = slice(start, start + CHUNK)
        p, g, m, v = param[chunk], grad[chunk], mean[chunk], square[chunk]
        for i in range(p.size):
            now = s * g[i]
            m[i] += new1 * (now - m[i])
            v[i] += new2 * (now * now - v[i])
        p2, u2 = kind(0), kind(0)
        for i in range(p.size):
            u = _lamb_direction(p[i], m[i], v[i], root_, scale_, eps_, decay_)
            p2 += p[i] * p[i]
            u2 += u * u
        size += p2
        length += u2
    return size, length


@jit()
def _lamb_step(param, mean, square, rate, root, scale, eps, decay):
    kind = param.dtype.type
    rate_, root_, scale_ = kind(rate), kind(root), kind(scale)
    eps_, decay_ = kind(eps), kind(decay)
    for i in range(param.size):
        p = param[i]
        param[i] = p - rate_ * _lamb_direction(
            p, mean[i], square[i], root_, scale_, eps_, decay_
        )


def lamb_update(
    param, grad, exp_avg, exp_avg_sq,
    lr, beta1, beta2, eps, weight_decay, step, maximize,
):  # fmt: skip
    """LAMB: one pass for the moments and both norms, one that writes"""
    arrays = param, grad, exp_avg, exp_avg_sq
    if not _whole(*arrays):
        _on_copies(lamb_update, arrays, (lr, beta1, beta2, eps, weight_decay, step, maximize))
        return
    p, g, m, v = (x.ravel() for x in arrays)
    scales = (1.0 - beta2**step) ** -0.5, 1.0 / (1.0 - beta1**step), float(eps), float(weight_decay)
    sign = -1.0 if maximize else 1.0
    size, length = _lamb_moments(p, g, m, v, sign, float(beta1), float(beta2), *scales)
    ratio = (size / length) ** 0.5 if size > 0 and length > 0 else 1.0
    launch.split(_lamb_step, (p, m, v), lr * ratio, *scales)
