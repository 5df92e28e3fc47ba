"""Adam and AdamW, and what all optimizers with Adam's two means share."""

from ..engine.graph import TensorBase
from .hyper import by_step, direction
from .optimizer import Optimizer, check_at_least_zero, check_betas
from .state import filled, scalar


class TwoMeans(Optimizer):
    """Base of the optimizers that keep a mean of the gradient and one of its size.

    ``means`` names the two in the state. A subclass gives ``numbers(group)``, a function of a
    parameter's state that counts the step and returns the numbers of ``kernels.adam_update``; or a
    rule of its own.
    """

    scalars = ("step",)
    means = ("exp_avg", "exp_avg_sq")

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        check_at_least_zero(group, "lr", "eps", "weight_decay")
        check_betas(group)

    def start(self, parameter, group):
        """Both means, 0."""
        return {"step": scalar(0), **{name: filled(parameter, 0) for name in self.means}}

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        numbers, amsgrad = self.numbers(group), group.get("amsgrad")

        def update(k, param, grad, state):
            k.adam_update(
                param, grad, state["exp_avg"]._array, state["exp_avg_sq"]._array,
                state["max_exp_avg_sq"]._array if amsgrad else None, *numbers(state),
            )  # fmt: skip

        return update


def options_of(group):
    """lr, β₁, β₂, ε, and (shrink, decay, sign): weight decay, decoupled or not, and direction."""
    (beta1, beta2), eps = group["betas"], float(group["eps"])
    lr, decay, shrink = float(group["lr"]), float(group["weight_decay"]), 1.0
    if group["decoupled_weight_decay"]:
        shrink, decay = 1.0 - lr * decay, 0.0
    return lr, float(beta1), float(beta2), eps, (shrink, decay, direction(group))


class Adam(TwoMeans):
    """m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  p ← p − lr m̂ / (√v̂ + ε).

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ). ``weight_decay`` λ adds λ p to g, or, where
    ``decoupled_weight_decay``, shrinks p by lr λ first. ``amsgrad`` takes the running maximum of v.
    Sources: Kingma and Ba 2015; Reddi et al. 2018.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0], requires_grad=True)
    >>> p.grad = mg.tensor([5.0])
    >>> mg.optim.Adam([p], lr=0.1).step()
    >>> p
    tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *,
        foreach=None, maximize=False, capturable=False, differentiable=False, fused=None,
        decoupled_weight_decay=False,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "amsgrad": amsgrad, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        super().check(group)
        if len({isinstance(beta, TensorBase) for beta in group["betas"]}) > 1:
            raise ValueError("betas must be either both floats or both Tensors")

    def start(self, parameter, group):
        """Means of the gradient and of its square, both 0, and the largest of the latter."""
        state = super().start(parameter, group)
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = filled(parameter, 0)
        return state

    def numbers(self, group):
        """The learning rate with the bias corrections of both means."""
        lr, beta1, beta2, eps, last = options_of(group)

        def compute(step):
            rate, root = lr / (1.0 - beta1**step), (1.0 - beta2**step) ** -0.5
            return beta1, beta2, rate, 0.0, root, eps, *last

        return by_step(compute)


class AdamW(Adam):
    """Adam whose weight decay λ does not pass through the moments: p ← (1 − lr λ) p at each step.

    Source: Loshchilov and Hutter 2019.
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *,
        maximize=False, foreach=None, capturable=False, differentiable=False, fused=None,
    ):  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
            capturable=capturable, differentiable=differentiable, fused=fused,
            decoupled_weight_decay=True,
        )  # fmt: skip
