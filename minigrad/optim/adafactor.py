"""Adafactor."""

import numpy as np

from .optimizer import Optimizer
from .state import advance, filled, scalar


class Adafactor(Optimizer):
    """p ← p − α u / max(1, RMS(u) / d),  u = g / √V,  α = max(ε₂, RMS(p)) min(lr, 1/√t).

    V is the running mean of g² with decay 1 − t^β, β being ``beta2_decay``; of a matrix only its
    means over rows and columns are kept (over the last two axes where there are more), so the state
    of an n × m parameter has n + m numbers. ``eps`` is (ε₁, ε₂): √V is at least ε₁, None being the
    machine epsilon. ``weight_decay`` λ first shrinks p by lr λ. Source: Shazeer and Stern 2018, in
    PyTorch's form, where ``lr`` bounds the relative step.

    >>> import minigrad as mg
    >>> p = mg.ones(2, 3, requires_grad=True)
    >>> p.grad = mg.full((2, 3), 5.0)
    >>> optimizer = mg.optim.Adafactor([p])
    >>> optimizer.step()
    >>> p[0, 0].item(), optimizer.state[p]["row_var"].shape
    (0.9900000095367432, (2, 1))
    """

    scalars = ("step",)

    def __init__(
        self, params, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0, *,
        foreach=None, maximize=False,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d,
            "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        eps1, eps2 = group["eps"]
        for name, value, right, bound in (
            ("Learning rate", group["lr"], float(group["lr"]) >= 0, ">= 0"),
            ("beta2_decay", group["beta2_decay"], group["beta2_decay"] <= 0, "<= 0"),
            ("epsilon1", eps1, eps1 is None or eps1 >= 0, ">= 0"),
            ("epsilon2", eps2, eps2 >= 0, ">= 0"),
            ("Clipping threshold d", group["d"], group["d"] >= 1, ">= 1"),
            ("weight_decay", group["weight_decay"], group["weight_decay"] >= 0, ">= 0"),
        ):
            if not right:
                raise ValueError(f"{name} should be {bound} but is: {value}")

    def start(self, parameter, group):
        """Means of the squared gradient, 0: two factors of it, or a whole one for a vector."""
        names = ["row_var", "col_var"] if parameter.ndim > 1 else ["variance"]
        shapes = [self.state_shape(name, parameter) for name in names]
        means = {n: filled(parameter, 0, s) for n, s in zip(names, shapes, strict=True)}
        return {"step": scalar(0), **means}

    def state_shape(self, key, parameter):
        """A factor has one row or one column."""
        shape = list(parameter.shape)
        if key in ("row_var", "col_var"):
            shape[-1 if key == "row_var" else -2] = 1
        return tuple(shape)

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        lr, (eps1, eps2) = float(group["lr"]), group["eps"]
        power, d, decay = group["beta2_decay"], group["d"], group["weight_decay"]
        maximize = group["maximize"]

        def update(k, param, grad, entry):
            means = (
                entry[name]._array if name in entry else None
                for name in ("row_var", "col_var", "variance")
            )
            floor = float(np.finfo(param.dtype).eps) if eps1 is None else eps1
            k.adafactor_update(
                param, grad, *means, lr, power, floor, eps2, d, decay, advance(entry), maximize
            )

        return update
