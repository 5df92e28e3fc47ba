"""Rprop."""

from .hyper import direction
from .optimizer import Optimizer, check_at_least_zero
from .state import advance, filled, scalar


class Rprop(Optimizer):
    """p ← p − η sign(g), each element with a step size η of its own, which begins with ``lr``.

    η grows by ``etas[1]`` where g keeps its sign and shrinks by ``etas[0]`` where it turned, within
    ``step_sizes``; a gradient that turned counts as 0 once. For full batches: the noise of small
    ones turns signs. Source: Riedmiller and Braun 1993.

    >>> import minigrad as mg
    >>> p = mg.tensor([1.0], requires_grad=True)
    >>> p.grad = mg.tensor([5.0])
    >>> mg.optim.Rprop([p], lr=0.1).step()
    >>> p
    tensor([0.9000], requires_grad=True)
    """

    scalars = ("step",)

    def __init__(
        self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, capturable=False,
        foreach=None, maximize=False, differentiable=False,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""
        check_at_least_zero(group, "lr")
        slower, faster = group["etas"]
        if not 0.0 < slower < 1.0 < faster:
            raise ValueError(f"Invalid eta values: {slower}, {faster}")

    def start(self, parameter, group):
        """The gradient before, 0, and the step size of each element."""
        sizes = filled(parameter, float(group["lr"]))
        return {"step": scalar(0), "prev": filled(parameter, 0), "step_size": sizes}

    def rule(self, group):
        """The update of one parameter under the hyper-parameters of a group."""
        numbers = *map(float, (*group["etas"], *group["step_sizes"])), direction(group)

        def update(k, param, grad, entry):
            advance(entry)
            previous, sizes = entry["prev"]._array, entry["step_size"]._array
            k.rprop_update(param, grad, previous, sizes, *numbers)

        return update
