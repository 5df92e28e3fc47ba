"""Adadelta."""

from .hyper import direction, floats
from .optimizer import Optimizer, check_at_least_zero
from .state import advance, filled, scalar


class Adadelta(Optimizer):
    """v ← ρ v + (1 − ρ) g²;  δ = √(u + ε) / √(v + ε) · g;  u ← ρ u + (1 − ρ) δ²;  p ← p − lr δ.

    ``weight_decay`` λ adds λ p to g. Source: Zeiler 2012, where lr is 1.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0], requires_grad=True)
    >>> p.grad = mg.tensor([5.0])
    >>> mg.optim.Adadelta([p], lr=10.0).step()
    >>> p
    tensor([0.9684], requires_grad=True)
    """

    scalars = ("step",)

    def __init__(
        self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, foreach=None, *,
        capturable=False, maximize=False, differentiable=False,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        check_at_least_zero(group, "lr", "eps", "weight_decay")
        if not 0.0 <= group["rho"] <= 1.0:
            raise ValueError(f"Invalid rho value: {group['rho']}")

    def start(self, parameter, group):
        """Mean squares of the gradients and of the steps, both 0."""
        state = {name: filled(parameter, 0) for name in ("square_avg", "acc_delta")}
        return {"step": scalar(0), **state}

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        numbers = *floats(group, "lr", "rho", "eps", "weight_decay"), direction(group)

        def update(k, param, grad, entry):
            advance(entry)
            squares, deltas = entry["square_avg"]._array, entry["acc_delta"]._array
            k.adadelta_update(param, grad, squares, deltas, *numbers)

        return update
