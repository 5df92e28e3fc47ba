"""RMSprop."""

from .hyper import direction, floats
from .optimizer import Optimizer, check_at_least_zero
from .state import advance, filled, scalar


class RMSprop(Optimizer):
    """v ← α v + (1 − α) g²;  p ← p − lr g / (√v + ε).

    ``centered`` divides by the deviation √(v − m²) with m ← α m + (1 − α) g instead of √v. With
    ``momentum`` μ the step is lr b with b ← μ b + g / (√v + ε). ``weight_decay`` λ adds λ p to g.
    Sources: Hinton's lecture 6 of 2012; Graves 2013 (centered).

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0], requires_grad=True)
    >>> p.grad = mg.tensor([5.0])
    >>> mg.optim.RMSprop([p], lr=0.01).step()
    >>> p
    tensor([0.9000], requires_grad=True)
    """

    scalars = ("step",)

    def __init__(
        self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False,
        capturable=False, foreach=None, maximize=False, differentiable=False,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        check_at_least_zero(group, "lr", "eps", "momentum", "weight_decay", "alpha")

    def start(self, parameter, group):
        """The mean square of the gradient, and what momentum and centering need, all 0."""
        names = ["square_avg"]
        if group["momentum"]:
            names.append("momentum_buffer")
        if group["centered"]:
            names.append("grad_avg")
        return {"step": scalar(0), **{name: filled(parameter, 0) for name in names}}

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        numbers = *floats(group, "lr", "alpha", "momentum", "eps", "weight_decay"), direction(group)
        centered, momentum = group["centered"], group["momentum"]

        def update(k, param, grad, entry):
            advance(entry)
            k.rmsprop_update(
                param, grad, entry["square_avg"]._array,
                entry["grad_avg"]._array if centered else None,
                entry["momentum_buffer"]._array if momentum else None, *numbers,
            )  # fmt: skip

        return update
