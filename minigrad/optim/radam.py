"""RAdam: Adam that waits until the variance can be trusted."""

from .adam import TwoMeans, options_of
from .hyper import by_step


class RAdam(TwoMeans):
    """p ← p − lr m̂ r √(1 − β₂ᵗ) / (√v + ε), and p ← p − lr m̂ in the first steps, where ρ <= 5.

    m, m̂ and v are Adam's; ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ) with ρ∞ = 2 / (1 − β₂) − 1, and
    r² = (ρ − 4) (ρ − 2) ρ∞ / ((ρ∞ − 4) (ρ∞ − 2) ρ). ``weight_decay`` λ adds λ p to g, or, where
    ``decoupled_weight_decay``, shrinks p by lr λ first. Source: Liu et al. 2020.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0], requires_grad=True)
    >>> p.grad = mg.tensor([5.0])
    >>> mg.optim.RAdam([p], lr=0.1).step()
    >>> p
    tensor([0.5000], requires_grad=True)
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0,
        decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False,
        differentiable=False,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def numbers(self, group):
        """The learning rate with the bias corrections and the rectification r."""
        lr, beta1, beta2, eps, last = options_of(group)
        limit = 2.0 / (1.0 - beta2) - 1.0

        def compute(step):
            rate, seen = lr / (1.0 - beta1**step), 1.0 - beta2**step
            rho = limit - 2.0 * step * beta2**step / seen
            if rho <= 5.0:
                return beta1, beta2, rate, 0.0, 0.0, 1.0, *last  # p ← p − rate · m
            square = (rho - 4.0) * (rho - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * rho)
            return beta1, beta2, rate * (seen * square) ** 0.5, 0.0, 1.0, eps, *last

        return by_step(compute)
