"""Optimizer: parameters in groups, their state, and what every update rule shares."""

from collections import defaultdict

import numpy as np

from .. import backend, dtypes
from ..engine import hooks
from ..engine.graph import TensorBase, dtype_of, new_tensor, values, written
from ..engine.modes import enable_grad
from ..ops.cast import cast

REQUIRED = object()
IGNORED = ("foreach", "fused", "capturable", "differentiable")


class Optimizer:
    """Base of every optimizer; a subclass gives ``update(group)``.

    ``params`` is an iterable of tensors, of (name, tensor) pairs, or of dicts with a ``params``
    entry and hyper-parameters of their own. ``param_groups`` is live: change ``lr`` there at any
    time.
    """

    def __init__(self, params, defaults):
        if isinstance(params, TensorBase):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of tensors or dicts, "
                "but got a tensor; put it in a list"
            )
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        self._before, self._after = {}, {}
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    # groups
    def add_param_group(self, param_group):
        """Add parameters with hyper-parameters of their own; what is missing is the default."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        group = {**param_group, **_named(param_group["params"])}
        for name, default in self.defaults.items():
            if default is REQUIRED and name not in group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter "
                    f"{name}"
                )
            group.setdefault(name, default)
        self._check_parameters(group)
        self.check(group)
        self.param_groups.append(group)

    def _check_parameters(self, group):
        for parameter in group["params"]:
            if not isinstance(parameter, TensorBase):
                raise TypeError(
                    "optimizer can only optimize Tensors, but one of the params is "
                    f"{type(parameter).__name__}"
                )
            if not (parameter.is_leaf or parameter.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        known = {id(p) for other in self.param_groups for p in other["params"]}
        added = [id(p) for p in group["params"]]
        if len(set(added)) != len(added):
            raise ValueError("some parameters appear more than once in a parameter group")
        if not known.isdisjoint(added):
            raise ValueError("some parameters appear in more than one parameter group")
        if any(("param_names" in other) != ("param_names" in group) for other in self.param_groups):
            raise ValueError("all optimizer param groups should be with/without names")

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""

    # steps
    def step(self, closure=None):
        """Update every parameter that has a gradient.

        ``closure`` computes and returns the loss again, with recording on.
        """
        if self._before:
            _call(self._before, self, closure)
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.update(group)
        if self._after:
            _call(self._after, self, closure)
        return loss

    def update(self, group):
        """Update the parameters of one group, in place: subclasses must give it."""
        raise NotImplementedError(f"{type(self).__name__} must define update(group) or step()")

    def zero_grad(self, set_to_none=True):
        """Forget the gradients of all parameters (or fill them with zeros)."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter._grad = None
                elif parameter._grad is not None:
                    parameter._grad = parameter._grad.detach().zero_()

    def register_step_pre_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` before every step."""
        return hooks.register(self._before, hook)

    def register_step_post_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` after every step."""
        return hooks.register(self._after, hook)

    # state
    def state_dict(self):
        """State by the parameters' numbers, and the groups: PyTorch's layout (tensors are live)."""
        numbers = {}
        for group in self.param_groups:
            for parameter in group["params"]:
                numbers[parameter] = len(numbers)
        return {
            "state": {numbers.get(key, key): entry for key, entry in self.state.items()},
            "param_groups": [
                {
                    **{key: value for key, value in group.items() if key != "params"},
                    "params": [numbers[p] for p in group["params"]],
                }
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict):
        """Continue from what :meth:`state_dict` gave; its tensors are copied."""
        saved = state_dict["param_groups"]
        if len(saved) != len(self.param_groups):
            raise ValueError(
                "loaded state dict has a different number of parameter groups: "
                f"{len(saved)}, not {len(self.param_groups)}"
            )
        by_number = {}
        for group, other in zip(self.param_groups, saved, strict=True):
            if len(group["params"]) != len(other["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of "
                    f"optimizer's group: {len(other['params'])}, not {len(group['params'])}"
                )
            by_number.update(zip(other["params"], group["params"], strict=True))
        state = defaultdict(dict)
        for number, entry in state_dict["state"].items():
            parameter = by_number.get(number)
            if parameter is None:
                state[number] = entry
            else:
                state[parameter] = {k: _fitted(v, k, parameter) for k, v in entry.items()}
        self.state = state
        for group, other in zip(self.param_groups, saved, strict=True):
            group.update({key: value for key, value in other.items() if key != "params"})

    def __repr__(self):
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            text += f"\nParameter Group {number}\n"
            for key in sorted(group):
                if key not in ("params", "param_names"):
                    text += f"    {key}: {group[key]}\n"
        return text + ")"


def _call(table, optimizer, closure):
    for hook in list(table.values()):
        hook(optimizer, () if closure is None else (closure,), {})


def _named(params):
    """``params`` as a list of tensors, and ``param_names`` where they came with names."""
    if isinstance(params, TensorBase):
        params = [params]
    if isinstance(params, set):
        raise TypeError("optimizer parameters need an order, which a set lacks; use a list")
    params = list(params)
    names = [p[0] for p in params if isinstance(p, tuple)]
    if not names:
        return {"params": params}
    if len(names) != len(params):
        raise ValueError("all optimizer params should be with/without names; some lack one")
    return {"params": [p[1] for p in params], "param_names": names}


def _fitted(value, key, parameter):
    """A copy of a loaded state value in the dtype that the state of this parameter has."""
    if key == "step":
        return new_tensor(np.array(float(value), np.float32))
    if isinstance(value, np.ndarray):
        value = new_tensor(value)
    if not isinstance(value, TensorBase):
        return value
    if value.ndim and value.shape != parameter.shape:
        raise ValueError(
            f"loaded state {key!r} of shape {value.shape} does not fit a parameter of shape "
            f"{parameter.shape}"
        )
    if value.is_floating_point():
        value = cast(value.detach(), state_dtype(parameter))
    return new_tensor(backend.move(value._array, parameter.device).copy(), value._tag)


def state_dtype(parameter):
    """The parameter's dtype; float32 for an emulated format."""
    dtype = dtype_of(parameter)
    return dtypes.float32 if dtype.emulated else dtype


def zeros_for(parameter):
    """Zeros for a running mean of a parameter's gradients."""
    xp = backend.array_module(parameter._array)
    return new_tensor(xp.zeros(parameter._array.shape, state_dtype(parameter).storage))


def master_of(parameter, state):
    """The float32 weights behind a parameter in an emulated format.

    They stand in the state as ``"master"``; where the parameter was changed by anybody else, its
    own values count.
    """
    current = values(parameter)
    kept = state.get("master")
    if kept is None:
        kept = state["master"] = new_tensor(current.copy())
    else:
        rounded = dtypes.encode(kept._array, parameter._tag)
        kept._array[...] = backend.array_module(current).where(
            rounded == parameter._array, kept._array, current
        )
    return kept


def apply_master(parameter, master):
    """Write the rounded master weights into a parameter."""
    parameter._array[...] = dtypes.encode(master._array, parameter._tag)
    written(parameter)


def check_at_least_zero(group, *names):
    """Raise ValueError unless these hyper-parameters of a group are not negative."""
    for name in names:
        value = group[name]
        if not float(value) >= 0.0:
            raise ValueError(f"Invalid {name.replace('lr', 'learning rate')}: {value}")
