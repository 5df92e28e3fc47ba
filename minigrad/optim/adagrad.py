"""Adagrad."""

from .hyper import by_step, direction, floats
from .optimizer import Optimizer, check_at_least_zero
from .state import filled, scalar


class Adagrad(Optimizer):
    """s ← s + g²;  p ← p − lr / (1 + (t − 1) η) · g / (√s + ε).

    η is ``lr_decay``; s begins with ``initial_accumulator_value``, and stands in the state from the
    start. ``weight_decay`` λ adds λ p to g. Source: Duchi et al. 2011.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0], requires_grad=True)
    >>> p.grad = mg.tensor([5.0])
    >>> mg.optim.Adagrad([p], lr=0.1).step()
    >>> p
    tensor([0.9000], requires_grad=True)
    """

    scalars = ("step",)

    def __init__(
        self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10,
        foreach=None, *, maximize=False, differentiable=False, fused=None,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for parameter in group["params"]:
                self.state[parameter] = self.start(parameter, group)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        check_at_least_zero(
            group, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"
        )

    def start(self, parameter, group):
        """The sum of the squares of the gradients so far."""
        return {
            "step": scalar(0), "sum": filled(parameter, group["initial_accumulator_value"])
        }  # fmt: skip

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        lr, lr_decay = floats(group, "lr", "lr_decay")
        rate = by_step(lambda step: lr / (1.0 + (step - 1.0) * lr_decay))
        last = *floats(group, "eps", "weight_decay"), direction(group)

        def update(k, param, grad, entry):
            k.adagrad_update(param, grad, entry["sum"]._array, rate(entry), *last)

        return update
