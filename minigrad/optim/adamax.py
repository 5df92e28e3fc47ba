"""Adamax: Adam with the largest gradient in place of the mean square."""

from .adam import TwoMeans
from .hyper import by_step, direction, floats


class Adamax(TwoMeans):
    """m ← β₁ m + (1 − β₁) g;  u ← max(β₂ u, |g| + ε);  p ← p − lr / (1 − β₁ᵗ) · m / u.

    ``weight_decay`` λ adds λ p to g. Source: Kingma and Ba 2015, section 7.1.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0], requires_grad=True)
    >>> p.grad = mg.tensor([5.0])
    >>> mg.optim.Adamax([p], lr=0.1).step()
    >>> p
    tensor([0.9000], requires_grad=True)
    """

    means = ("exp_avg", "exp_inf")

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, foreach=None, *,
        maximize=False, differentiable=False, capturable=False,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        lr, eps, decay = floats(group, "lr", "eps", "weight_decay")
        beta1, beta2 = map(float, group["betas"])
        rate, sign = by_step(lambda step: lr / (1.0 - beta1**step)), direction(group)

        def update(k, param, grad, entry):
            k.adamax_update(
                param, grad, entry["exp_avg"]._array, entry["exp_inf"]._array,
                beta1, beta2, rate(entry), eps, decay, sign,
            )  # fmt: skip

        return update
