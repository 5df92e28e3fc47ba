"""L-BFGS."""

from .. import backend
from ..engine.graph import new_tensor, values, written
from ..engine.modes import enable_grad
from .optimizer import Optimizer, check_at_least_zero
from .state import apply_master
from .wolfe import Point, strong_wolfe


class LBFGS(Optimizer):
    """p ← p − t H g, where H, which stands for the inverse Hessian, is built from earlier steps.

    H is never formed: the last ``history_size`` changes of parameters and gradients give H g. One
    ``step(closure)`` makes up to ``max_iter`` iterations and calls the closure, which must clear
    the gradients, compute them and return the loss, up to about ``max_eval`` times (default: 1.25 ·
    ``max_iter``). The length t is ``lr``, or found by a line search with
    ``line_search_fn="strong_wolfe"``. It ends early where no gradient is above ``tolerance_grad``,
    or loss or parameters change by less than ``tolerance_change``. There is one group of
    parameters. Source: Nocedal 1980; Liu and Nocedal 1989.

    >>> import minigrad as mg
    >>> p = mg.tensor([4.0, -3.0], requires_grad=True)
    >>> optimizer = mg.optim.LBFGS([p], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (p * p).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure).item(), closure().item() < 1e-9
    (25.0, True)
    """

    def __init__(
        self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9,
        history_size=100, line_search_fn=None,
    ):  # fmt: skip
        defaults = {
            "lr": lr, "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
            "history_size": history_size, "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        self._params = self.param_groups[0]["params"]

    def check(self, group):
        """Raise ValueError unless this is the only group and its hyper-parameters make sense."""
        if self.param_groups:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        check_at_least_zero(group, "lr")
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError(
                f"only 'strong_wolfe' is supported as line_search_fn, got "
                f"{group['line_search_fn']!r}"
            )

    def step(self, closure):
        """Iterate; ``closure`` computes loss and gradients again. Returns the loss at the start."""
        (group,) = self.param_groups
        evaluate = enable_grad()(closure)
        state = self.state[self._params[0]]
        for name in ("func_evals", "n_iter"):
            state.setdefault(name, 0)
        start = evaluate()
        loss, grad, evaluations = float(start), self._gradient(), 1
        state["func_evals"] += 1
        if _peak(grad) <= group["tolerance_grad"]:
            return start
        for number in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            slope = self._choose_direction(state, grad, group)
            state["prev_loss"] = loss
            if slope > -group["tolerance_change"]:
                break
            point = Point(0, loss, grad, slope)
            last = number == group["max_iter"]
            loss, grad, used = self._move_on(evaluate, state, point, group, evaluations, last)
            evaluations += used
            state["func_evals"] += used
            if last or evaluations >= group["max_eval"] or self._converged(
                state, loss, grad, group
            ):
                break
        return start

    def _choose_direction(self, state, grad, group):
        """Put direction, first length and gradient into the state; the slope along it."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            direction = -grad
            length = min(1.0, 1.0 / float(abs(grad).sum())) * float(group["lr"])
        else:
            _remember(state, grad, group["history_size"])
            direction = _inverse_hessian_times(state, -grad, group["history_size"])
            length = float(group["lr"])
        state.update(d=new_tensor(direction), t=length, prev_flat_grad=new_tensor(grad.copy()))
        return float(grad.dot(direction))

    def _move_on(self, evaluate, state, point, group, evaluations, last):
        """Go along the direction; loss and gradient there, and how often they were computed."""
        direction = state["d"]._array
        if group["line_search_fn"] is None:
            self._add(state["t"], direction)
            if last:
                return point.loss, point.grad, 0
            return float(evaluate()), self._gradient(), 1
        before = [p._array.copy() for p in self._params]

        def look(t):
            self._add(t, direction)
            try:
                loss, grad = float(evaluate()), self._gradient()
            finally:
                for p, array in zip(self._params, before, strict=True):
                    p._array[...] = array
                    written(p)
            return Point(t, loss, grad, float(grad.dot(direction)))

        found, used = strong_wolfe(
            look, point, state["t"], _peak(direction), group["tolerance_change"],
            group["max_eval"] - evaluations,
        )  # fmt: skip
        state["t"] = found.t
        self._add(found.t, direction)
        return found.loss, found.grad, used

    @staticmethod
    def _converged(state, loss, grad, group):
        change = group["tolerance_change"]
        return (
            _peak(grad) <= group["tolerance_grad"]
            or _peak(state["d"]._array * state["t"]) <= change
            or abs(loss - state["prev_loss"]) < change
        )

    def _gradient(self):
        """The gradients of all parameters in one vector; 0 where there is none."""
        xp = backend.array_module(self._params[0]._array)
        parts = [
            xp.zeros_like(values(p)) if p._grad is None else values(p._grad) for p in self._params
        ]
        return xp.concatenate([part.ravel() for part in parts])

    def _add(self, length, direction):
        """p ← p + t d"""
        offset = 0
        for p in self._params:
            array = values(p)
            part = direction[offset : offset + array.size].reshape(array.shape)
            offset += array.size
            if p._tag is not None:
                apply_master(p, new_tensor(array + length * part))
                continue
            array += length * part
            written(p)

    def loaded(self, value, key, parameter):
        """A copy of one entry of a loaded state; the history is lists of vectors."""
        if isinstance(value, (list, tuple)):
            return [self.loaded(item, key, parameter) for item in value]
        return super().loaded(value, key, parameter)

    def state_shape(self, key, parameter):
        """Any: vectors are as long as all parameters together."""


def _peak(x):
    return float(abs(x).max()) if x.size else 0.0


def _remember(state, grad, history_size):
    """Add the last change of parameters and gradient to the history where it curves upwards."""
    change = grad - state["prev_flat_grad"]._array
    step = state["d"]._array * float(state["t"])
    curvature = float(change.dot(step))
    if curvature <= 1e-10:
        return
    for name, new in (
        ("old_dirs", new_tensor(change)), ("old_stps", new_tensor(step)), ("ro", 1 / curvature),
    ):  # fmt: skip
        if len(state[name]) == history_size:
            state[name].pop(0)
        state[name].append(new)
    state["H_diag"] = curvature / float(change.dot(change))


def _inverse_hessian_times(state, vector, history_size):
    """The two loops of L-BFGS over the history, from new to old and back."""
    al = state["al"] = [None] * history_size
    steps, changes = (tuple(x._array for x in state[n]) for n in ("old_stps", "old_dirs"))
    inverses = tuple(map(float, state["ro"]))
    k = backend.kernels_of(vector)
    return k.inverse_hessian_times(vector, steps, changes, inverses, float(state["H_diag"]), al)
