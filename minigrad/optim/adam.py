"""Adam and AdamW."""

import numpy as np

from .. import backend
from ..engine.graph import new_tensor, values
from .optimizer import (
    Optimizer,
    apply_master,
    check_at_least_zero,
    master_of,
    zeros_for,
)

_kernels = backend.kernels_by_type


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
        for number, beta in enumerate(group["betas"]):
            if not 0.0 <= float(beta) < 1.0:
                raise ValueError(f"Invalid beta parameter at index {number}: {beta}")

    def update(self, group):
        """One step of the parameters of a group."""
        beta1, beta2 = group["betas"]
        lr, eps, decay = float(group["lr"]), group["eps"], group["weight_decay"]
        decoupled, maximize = group["decoupled_weight_decay"], group["maximize"]
        amsgrad = group["amsgrad"]
        states, largest, kind = self.state, None, None
        for p in group["params"]:
            grad = p._grad
            if grad is None:
                continue
            array, slope, master = p._array, grad._array, None
            if type(array) is not kind:
                kind = type(array)
                run = _kernels[kind].adam_update
            entry = states[p]
            if "exp_avg" not in entry:
                _start(entry, p, amsgrad)
            count = entry["step"]._array
            step = count.item() + 1.0
            count.fill(step)
            if amsgrad:
                largest = entry["max_exp_avg_sq"]._array
            if p._tag is not None:
                master = master_of(p, entry)
                array, slope = master._array, values(grad)
            run(
                array, slope, entry["exp_avg"]._array, entry["exp_avg_sq"]._array, largest,
                lr, beta1, beta2, eps, decay, decoupled, step, maximize,
            )  # fmt: skip
            if master is not None:
                apply_master(p, master)
            elif p._writes is None:
                p._writes = [1]
            else:
                p._writes[0] += 1


def _start(entry, parameter, amsgrad):
    """The state of a parameter before its first step."""
    entry["step"] = new_tensor(np.zeros((), np.float32))
    entry["exp_avg"] = zeros_for(parameter)
    entry["exp_avg_sq"] = zeros_for(parameter)
    if amsgrad:
        entry["max_exp_avg_sq"] = zeros_for(parameter)


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
