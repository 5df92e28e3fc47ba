"""Averaged stochastic gradient descent."""

from .hyper import direction, floats
from .optimizer import Optimizer, check_at_least_zero
from .state import advance, filled, scalar


class ASGD(Optimizer):
    """p ← (1 − λ ηₜ) p − ηₜ g;  a ← a + μₜ (p − a).

    ηₜ₊₁ = lr / (1 + λ lr t)^α with λ the ``lambd`` and η₁ = lr; μₜ₊₁ = 1 / max(1, t − t₀). The
    average a of all parameters after ``t0`` steps stands in the state as ``ax``. ``weight_decay``
    adds its multiple of p to g. Source: Polyak and Juditsky 1992.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0], requires_grad=True)
    >>> p.grad = mg.tensor([5.0])
    >>> mg.optim.ASGD([p], lr=0.01).step()
    >>> p
    tensor([0.9500], requires_grad=True)
    """

    scalars = ("step", "eta", "mu")

    def __init__(
        self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0, foreach=None,
        maximize=False, differentiable=False, capturable=False,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        check_at_least_zero(group, "lr", "weight_decay")

    def start(self, parameter, group):
        """The average of the parameter, and the numbers of the first step."""
        numbers = {"step": scalar(0), "eta": scalar(float(group["lr"])), "mu": scalar(1)}
        return {**numbers, "ax": filled(parameter, 0)}

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        lr, lambd, alpha, t0, decay = floats(group, "lr", "lambd", "alpha", "t0", "weight_decay")
        sign = direction(group)

        def update(k, param, grad, entry):
            step, eta, mu = advance(entry), entry["eta"]._array, entry["mu"]._array
            rate, weight = eta.item(), mu.item()
            average = entry["ax"]._array
            k.asgd_update(param, grad, average, 1.0 - lambd * rate, rate, weight, decay, sign)
            eta.fill(lr / (1.0 + lambd * lr * step) ** alpha)
            mu.fill(1.0 / max(1.0, step - t0))

        return update
