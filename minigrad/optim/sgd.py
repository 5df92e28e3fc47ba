"""Stochastic gradient descent."""

from ..engine.graph import new_tensor
from .hyper import direction, floats
from .optimizer import Optimizer, check_at_least_zero


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

    def start(self, parameter, group):
        """The buffer begins with the first gradient."""
        return {"momentum_buffer": None} if group["momentum"] else {}

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        lr, momentum, dampening, decay = floats(
            group, "lr", "momentum", "dampening", "weight_decay"
        )
        sign = direction(group)
        if not momentum:
            return lambda k, param, grad, entry: k.descent_update(param, grad, lr, decay, sign)
        last = momentum if group["nesterov"] else 0.0, decay, sign

        def update(k, param, grad, entry):
            buffer = entry.get("momentum_buffer")
            if buffer is None:
                buffer = entry["momentum_buffer"] = new_tensor(k.xp.empty_like(param))
                k.sgd_update(param, grad, buffer._array, lr, 0.0, 1.0, *last)
            else:
                k.sgd_update(param, grad, buffer._array, lr, momentum, 1.0 - dampening, *last)

        return update
