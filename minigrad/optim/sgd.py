"""Stochastic gradient descent."""

from .. import backend
from ..engine.graph import values
from .optimizer import (
    Optimizer,
    apply_master,
    check_at_least_zero,
    master_of,
    zeros_for,
)

_kernels = backend.kernels_by_type


class SGD(Optimizer):
    """m ← μ m + (1 − τ) (g + λ p), at first m ← g + λ p;  p ← p − lr m.

    μ is ``momentum``, τ ``dampening``, λ ``weight_decay``. With ``nesterov`` the step is g + λ p +
    μ m, without momentum g + λ p; with ``maximize`` g changes its sign. Source: Sutskever et al.
    2013, in PyTorch's form, where the learning rate stands outside the buffer.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0], requires_grad=True)
    >>> p.grad = mg.tensor([0.5])
    >>> mg.optim.SGD([p], lr=0.1).step()
    >>> p
    tensor([0.9500], requires_grad=True)
    """

    def __init__(
        self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *,
        maximize=False, foreach=None, differentiable=False, fused=None,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        check_at_least_zero(group, "lr", "momentum", "weight_decay")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError(
                "Nesterov momentum requires a momentum and zero dampening, got "
                f"momentum={group['momentum']} and dampening={group['dampening']}"
            )

    def update(self, group):
        """One step of the parameters of a group."""
        momentum, first = group["momentum"], False
        options = (
            float(group["lr"]), momentum, group["dampening"], group["weight_decay"],
            group["nesterov"], group["maximize"],
        )  # fmt: skip
        state, buffer, kind = self.state, None, None
        for p in group["params"]:
            if p._grad is None:
                continue
            array = p._array
            if type(array) is not kind:
                kind = type(array)
                run = _kernels[kind].sgd_update
            if momentum:
                entry = state[p]
                kept = entry.get("momentum_buffer")
                if first := kept is None:
                    kept = entry["momentum_buffer"] = zeros_for(p)
                buffer = kept._array
            if p._tag is not None:
                master = master_of(p, state[p])
                run(master._array, values(p._grad), buffer, *options, first)
                apply_master(p, master)
                continue
            run(array, p._grad._array, buffer, *options, first)
            if p._writes is None:
                p._writes = [1]
            else:
                p._writes[0] += 1
