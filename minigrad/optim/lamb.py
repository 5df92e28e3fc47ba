"""LAMB."""

from .adam import TwoMeans
from .state import advance


class LAMB(TwoMeans):
    """u = m̂ / (√v̂ + ε) + λ p with the moments of Adam;  p ← p − lr ‖p‖ / ‖u‖ · u.

    Every tensor moves by the same fraction of its own length, for large batches. Where ‖p‖ or ‖u‖
    is 0 their ratio counts as 1. Source: You et al. 2020.

    >>> import minigrad as mg
    >>> p = mg.tensor([3.0, 4.0], requires_grad=True)
    >>> p.grad = mg.tensor([0.1, 0.1])
    >>> mg.optim.LAMB([p], lr=0.1).step()
    >>> (p.detach() - mg.tensor([3.0, 4.0])).norm()
    tensor(0.5000)
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0, *, maximize=False
    ):
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        lr, (beta1, beta2), eps = float(group["lr"]), group["betas"], group["eps"]
        decay, maximize = group["weight_decay"], group["maximize"]

        def update(k, param, grad, entry):
            k.lamb_update(
                param, grad, entry["exp_avg"]._array, entry["exp_avg_sq"]._array,
                lr, beta1, beta2, eps, decay, advance(entry), maximize,
            )  # fmt: skip

        return update
