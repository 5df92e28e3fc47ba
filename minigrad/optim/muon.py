"""Muon."""

import math

from .optimizer import Optimizer
from .state import filled

RATES = (None, "original", "match_rms_adamw")


class Muon(Optimizer):
    """m ← μ m + (1 − μ) g;  p ← (1 − lr λ) p − lr s · orthogonalized(m), for matrices only.

    The matrix U S Vᵀ of the momentum (with ``nesterov`` of (1 − μ) g + μ m) becomes nearly U Vᵀ by
    ``ns_steps`` steps of X ← a X + (b A + c A²) X, A = X Xᵀ, in bfloat16 with sums in float32;
    (a, b, c) are ``ns_coefficients``. The factor s of an A × B matrix is √max(1, A/B), or with
    ``adjust_lr_fn="match_rms_adamw"`` 0.2 √max(A, B), which makes rates of AdamW fit. λ is
    ``weight_decay``. Biases, vectors and embeddings belong to another optimizer. Source: Jordan et
    al. 2024.

    >>> import minigrad as mg
    >>> p = mg.zeros(2, 3, requires_grad=True)
    >>> p.grad = mg.ones(2, 3)
    >>> mg.optim.Muon([p], lr=0.1).step()
    >>> (p[0, 0] < 0).item(), len(p.unique())
    (True, 1)
    """

    def __init__(
        self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
        ns_coefficients=(3.4445, -4.7750, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn=None,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        for name, key in (
            ("Learning rate", "lr"), ("momentum", "momentum"), ("weight decay", "weight_decay"),
        ):  # fmt: skip
            if not float(group[key]) >= 0:
                raise ValueError(f"{name} should be >= 0 but is: {group[key]}")
        if group["adjust_lr_fn"] not in RATES:
            raise ValueError(
                f"Adjust learning rate function {group['adjust_lr_fn']} is not supported; "
                f"it is one of {', '.join(map(repr, RATES))}"
            )
        if len(group["ns_coefficients"]) != 3:
            raise ValueError("Coefficients must be a tuple of exactly 3 values")
        if group["ns_steps"] >= 100:
            raise ValueError(
                "Number of steps must be less than 100 for computational efficiency, "
                f"got ns_steps={group['ns_steps']}"
            )
        for parameter in group["params"]:
            if parameter.ndim != 2:
                raise ValueError(
                    "Muon only supports 2D parameters whereas we found a parameter with size: "
                    f"{parameter.shape}; give others to another optimizer, such as AdamW"
                )

    def start(self, parameter, group):
        """The running mean of the gradient, 0."""
        return {"momentum_buffer": filled(parameter, 0)}

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        lr, momentum, decay = float(group["lr"]), group["momentum"], group["weight_decay"]
        nesterov, match = group["nesterov"], group["adjust_lr_fn"] == "match_rms_adamw"
        iteration = tuple(group["ns_coefficients"]), group["eps"], group["ns_steps"]

        def update(k, param, grad, entry):
            rows, columns = param.shape
            factor = 0.2 * math.sqrt(max(rows, columns)) if match else math.sqrt(
                max(1, rows / max(columns, 1))
            )
            k.muon_update(
                param, grad, entry["momentum_buffer"]._array,
                lr, lr * factor, decay, momentum, nesterov, *iteration,
            )  # fmt: skip

        return update
