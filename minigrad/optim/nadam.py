"""NAdam: Adam with Nesterov's look-ahead."""

import numpy as np

from .adam import TwoMeans, options_of
from .optimizer import check_at_least_zero
from .state import advance, scalar


class NAdam(TwoMeans):
    """p ← p − lr (μₜ₊₁ m / (1 − Πₜ₊₁) + (1 − μₜ) g / (1 − Πₜ)) / (√v̂ + ε).

    m, v and v̂ are Adam's; μₜ = β₁ (1 − ½ · 0.96^(t ψ)) with ψ the ``momentum_decay``, and Πₜ the
    product of all μ so far. ``weight_decay`` λ adds λ p to g, or, where
    ``decoupled_weight_decay``, shrinks p by lr λ first. Source: Dozat 2016.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0], requires_grad=True)
    >>> p.grad = mg.tensor([5.0])
    >>> mg.optim.NAdam([p], lr=0.1).step()
    >>> p
    tensor([0.8944], requires_grad=True)
    """

    scalars = ("step", "mu_product")

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
        decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False,
        differentiable=False,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        super().check(group)
        check_at_least_zero(group, "momentum_decay")

    def start(self, parameter, group):
        """Both means 0, and the product of no momentum yet."""
        return {**super().start(parameter, group), "mu_product": scalar(1)}

    def numbers(self, group):
        """The weights of the mean and of the gradient itself."""
        lr, beta1, beta2, eps, last = options_of(group)
        decay = float(group["momentum_decay"])

        def momentum(step):
            return beta1 * (1.0 - 0.5 * 0.96 ** (step * decay))

        def numbers(state):
            step, product = advance(state), state["mu_product"]._array
            now, coming = momentum(step), momentum(step + 1.0)
            product *= np.float32(now)
            reached = product.item()
            rate, ahead = lr * coming / (1.0 - reached * coming), lr * (1.0 - now) / (1.0 - reached)
            return beta1, beta2, rate, ahead, (1.0 - beta2**step) ** -0.5, eps, *last

        return numbers
