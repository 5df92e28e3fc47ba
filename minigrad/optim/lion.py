"""Lion."""

from .optimizer import Optimizer, check_at_least_zero, check_betas
from .state import filled


class Lion(Optimizer):
    """p ← (1 − lr λ) p − lr sign(β₁ m + (1 − β₁) g);  m ← β₂ m + (1 − β₂) g.

    Every element moves by lr, so rates are three to ten times smaller than those of AdamW and
    ``weight_decay`` λ as many times larger. Source: Chen et al. 2023.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0, 1.0], requires_grad=True)
    >>> p.grad = mg.tensor([5.0, -0.1])
    >>> mg.optim.Lion([p], lr=0.25).step()
    >>> p
    tensor([0.7500, 1.2500], requires_grad=True)
    """

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, *, maximize=False):
        defaults = {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        check_at_least_zero(group, "lr", "weight_decay")
        check_betas(group)

    def start(self, parameter, group):
        """The mean of the gradient, 0."""
        return {"exp_avg": filled(parameter, 0)}

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        numbers = group["lr"], *group["betas"], group["weight_decay"]
        options = *map(float, numbers), bool(group["maximize"])

        def update(k, param, grad, entry):
            k.lion_update(param, grad, entry["exp_avg"]._array, *options)

        return update
