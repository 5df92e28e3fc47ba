"""Parameter updates, in place, with PyTorch's formulas; and what gradient clipping needs."""

from ..registry import array_module, kernel


def _sgd(make, shape):
    options = (0.1, 0.9, 0.1, 0.01, False, False, False)
    return make.normal(shape), make.normal(shape), make.normal(shape), *options


@kernel(_sgd, writes=(0, 2))
def sgd_update(
    param, grad, momentum_buffer,
    lr, momentum, dampening, weight_decay, nesterov, maximize, first_step,
):  # fmt: skip
    """d = ±g + λ p;  m ← μ m + (1 − dampening) d  (m ← d at first);  p ← p − lr (d + μ m or m)

    Without momentum ``momentum_buffer`` is None and p ← p − lr d.
    """
    step = -grad if maximize else grad
    if weight_decay:
        step = step + weight_decay * param
    if momentum_buffer is not None:
        if first_step:
            momentum_buffer[...] = step
        else:
            momentum_buffer *= momentum
            momentum_buffer += (1 - dampening) * step
        step = step + momentum * momentum_buffer if nesterov else momentum_buffer
    param -= lr * step


def _adam(make, shape):
    moments = make.normal(shape), make.uniform(shape, 0.1, 1), make.uniform(shape, 0.1, 1)
    options = (0.01, 0.9, 0.999, 1e-8, 0.1, True, 3, False)
    return make.normal(shape), make.normal(shape), *moments, *options


@kernel(_adam, writes=(0, 2, 3, 4))
def adam_update(
    param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq,
    lr, beta1, beta2, eps, weight_decay, decoupled, step, maximize,
):  # fmt: skip
    """m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  p ← p − lr m̂ / (√v̂ + ε)

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) are the moments without their bias towards 0; the
    running maximum of v takes its place where ``max_exp_avg_sq`` is given (AMSGrad). Weight decay
    is added to the gradient, or shrinks p first where it is ``decoupled`` (AdamW).
    """
    if maximize:
        grad = -grad
    if decoupled:
        param *= 1 - lr * weight_decay
    elif weight_decay:
        grad = grad + weight_decay * param
    exp_avg += (1 - beta1) * (grad - exp_avg)
    exp_avg_sq *= beta2
    exp_avg_sq += (1 - beta2) * (grad * grad)
    variance, xp = exp_avg_sq, array_module(param)
    if max_exp_avg_sq is not None:
        max_exp_avg_sq[...] = variance = xp.maximum(max_exp_avg_sq, exp_avg_sq)
    deviation = xp.sqrt(variance) / (1 - beta2**step) ** 0.5 + eps
    param -= lr / (1 - beta1**step) * (exp_avg / deviation)


@kernel(lambda make, shape: (make.normal(shape), 0.3), writes=(0,))
def scale_(x, factor):
    """x ← factor · x in place; returns x"""
    x *= factor
    return x
