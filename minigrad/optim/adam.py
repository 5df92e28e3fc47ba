"""Adam and AdamW."""

from .optimizer import Optimizer, check_at_least_zero, check_betas
from .state import advance, filled, scalar


class Adam(Optimizer):
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
        check_at_least_zero(group, "lr", "eps", "weight_decay")
        check_betas(group)

    def start(self, parameter, group):
        """Means of the gradient and of its square, both 0."""
        names = ["exp_avg", "exp_avg_sq", *["max_exp_avg_sq"][: group["amsgrad"]]]
        return {"step": scalar(0), **{name: filled(parameter, 0) for name in names}}

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        beta1, beta2 = group["betas"]
        lr, eps, decay = float(group["lr"]), group["eps"], group["weight_decay"]
        decoupled, maximize = group["decoupled_weight_decay"], group["maximize"]
        amsgrad = group["amsgrad"]

        def update(k, param, grad, entry):
            k.adam_update(
                param, grad, entry["exp_avg"]._array, entry["exp_avg_sq"]._array,
                entry["max_exp_avg_sq"]._array if amsgrad else None,
                lr, beta1, beta2, eps, decay, decoupled, advance(entry), maximize,
            )  # fmt: skip

        return update


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
