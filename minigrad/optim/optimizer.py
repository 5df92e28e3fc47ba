"""Optimizer: parameters in groups, their state, and what every update rule shares."""

import copy
import functools
from collections import defaultdict

from .. import backend
from ..engine import hooks, observe
from ..engine.graph import TensorBase, clock, values
from ..engine.modes import enable_grad
from .notes import notes
from .state import apply_master, fitted, master_of, scalar

__all__ = [
    "Optimizer",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
]

REQUIRED = object()
_kernels = backend.kernels_by_type
_before_all, _after_all = {}, {}


def register_optimizer_step_pre_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` before every step of every optimizer."""
    return hooks.register(_before_all, hook)


def register_optimizer_step_post_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` after every step of every optimizer."""
    return hooks.register(_after_all, hook)


def _hooked(step):
    """``step`` between the hooks of the optimizer; schedulers learn that a step was made."""

    @functools.wraps(step)
    def run(self, *args, **kwargs):
        if self._stepping:  # called from the step of a subclass
            return step(self, *args, **kwargs)
        if _before_all or self._before:
            args, kwargs = self._run_pre_hooks((self, *args), kwargs)
        self._stepping = True
        try:
            result = step(self, *args, **kwargs)
        finally:
            self._stepping = False
        self._opt_called = True
        if observe.watchers:
            observe.watchers["step"](self)
        if _after_all or self._after:
            for hook in (*_after_all.values(), *self._after.values()):
                hook(self, (self, *args), kwargs)
        return result

    return run


class Optimizer:
    """Base of every optimizer.

    ``params`` is an iterable of tensors, of (name, tensor) pairs, or of dicts with a ``params``
    entry and hyper-parameters of their own. ``param_groups`` is live: change ``lr`` there at any
    time.

    A subclass gives ``rule(group)``, the update of one parameter under the hyper-parameters of a
    group, and ``start(parameter, group)``, its state before the first step; or a ``step`` of its
    own, as in PyTorch. ``scalars`` names the entries of the state that are single numbers.
    """

    scalars = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = _hooked(cls.step)

    def __init__(self, params, defaults):
        if isinstance(params, TensorBase):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                "but got a tensor; put it in a list"
            )
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        self._before, self._after = {}, {}
        self._on_save, self._on_saved, self._on_load, self._on_loaded = {}, {}, {}, {}
        self._stepping = self._opt_called = False
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)
        if observe.watchers:
            observe.watchers["optimizer"](self, groups)

    # groups
    def add_param_group(self, param_group):
        """Add parameters with hyper-parameters of their own; what is missing is the default.

        Where a group has ``lr_mult`` instead of ``lr``, its rate is the default times that.
        """
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
        if "lr_mult" in group and "lr" not in param_group:
            group["lr"] = group["lr"] * group["lr_mult"]
        self._check_parameters(group)
        lr = group.get("lr")
        if isinstance(lr, TensorBase) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, not of shape {lr.shape}")
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
            raise ValueError(
                "a parameter group with duplicate parameters: some appear more than once"
            )
        if not known.isdisjoint(added):
            raise ValueError("some parameters appear in more than one parameter group")
        if any(("param_names" in other) != ("param_names" in group) for other in self.param_groups):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with' if 'param_names' in group else 'without'} names to the optimizer"
            )

    def check(self, group):
        """Raise ValueError unless the hyper-parameters of a group make sense."""

    # steps
    @_hooked
    def step(self, closure=None):
        """Update every parameter that has a gradient.

        ``closure`` computes and returns the loss again, with recording on.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.update(group)
        return loss

    def update(self, group):
        """Update the parameters of one group that have a gradient, in place."""
        if group.get("differentiable"):
            raise NotImplementedError(
                "differentiable=True: no gradient flows through an update in place; write the "
                "update as an expression, such as p - lr * g with g of autograd.grad(..., "
                "create_graph=True)"
            )
        rule, states, kind = self.rule(group), self.state, None
        for p in group["params"]:
            grad = p._grad
            if grad is None:
                continue
            array = p._array
            if type(array) is not kind:
                kind = type(array)
                k = _kernels[kind]
            entry = states.get(p)
            if not entry:
                entry = self.start(p, group)
                if entry or p._tag is not None:
                    states[p] = entry
            if p._tag is not None:
                master = master_of(p, entry)
                rule(k, master._array, values(grad), entry)
                apply_master(p, master)
                continue
            rule(k, array, grad._array, entry)
            if (cell := p._writes) is None:
                cell = p._writes = [0, 0]
            cell[0] += 1
            cell[1] = clock()

    def start(self, parameter, group):
        """The state of a parameter before its first step: {name: tensor}."""
        return {}

    def rule(self, group):
        """A function ``update(kernels, parameter, gradient, state)`` on arrays, in place."""
        raise NotImplementedError(f"{type(self).__name__} must define rule(group) or step()")

    def zero_grad(self, set_to_none=True):
        """Forget the gradients of all parameters (or fill them with zeros)."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter._grad = None
                elif parameter._grad is not None:
                    if parameter._grad._requires_grad:
                        parameter._grad = parameter._grad.detach()
                    parameter._grad.zero_()

    def register_step_pre_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` before every step; it may return new ones.

        ``args`` begins with the optimizer, as in PyTorch.
        """
        return hooks.register(self._before, hook)

    def _run_pre_hooks(self, args, kwargs):
        for hook in (*_before_all.values(), *self._before.values()):
            result = hook(self, args, kwargs)
            if result is not None:
                if not (isinstance(result, tuple) and len(result) == 2):
                    raise RuntimeError(
                        f"{hook} must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {result}."
                    )
                args, kwargs = result
        return args[1:], kwargs

    def register_step_post_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` after every step."""
        return hooks.register(self._after, hook)

    # state
    def state_dict(self):
        """State by the parameters' numbers, and the groups: PyTorch's layout (tensors are live)."""
        for hook in list(self._on_save.values()):
            hook(self)
        numbers = {}
        for group in self.param_groups:
            for parameter in group["params"]:
                numbers[parameter] = len(numbers)
        state = {numbers.get(key, key): entry for key, entry in self.state.items()}
        groups = [
            {
                **{key: value for key, value in group.items() if key != "params"},
                "params": [numbers[p] for p in group["params"]],
            }
            for group in self.param_groups
        ]
        result = {"state": state, "param_groups": groups}
        for hook in list(self._on_saved.values()):
            result = _replaced(hook(self, result), result)
        return result

    def load_state_dict(self, state_dict):
        """Continue from what :meth:`state_dict` gave; its tensors are copied."""
        state_dict = dict(state_dict)
        for hook in list(self._on_load.values()):
            state_dict = _replaced(hook(self, state_dict), state_dict)
        saved = state_dict["param_groups"]
        by_number = self._by_number(saved)
        state = defaultdict(dict)
        for number, entry in state_dict["state"].items():
            parameter = by_number.get(number)
            if parameter is None:
                state[number] = entry
            else:
                state[parameter] = {k: self.loaded(v, k, parameter) for k, v in entry.items()}
        groups = [
            {key: copy.deepcopy(value) for key, value in group.items() if key != "params"}
            for group in saved
        ]
        self.state = state
        for group, loaded in zip(self.param_groups, groups, strict=True):
            group.update(loaded)
        for hook in list(self._on_loaded.values()):
            hook(self)

    def loaded(self, value, key, parameter):
        """A copy of one entry of a loaded state, as this optimizer keeps it."""
        if key in self.scalars:
            return scalar(float(value))
        return fitted(value, key, parameter, self.state_shape(key, parameter))

    def state_shape(self, key, parameter):
        """The shape of one tensor of the state, unless it is a single number; None is any shape."""
        return parameter.shape

    def _by_number(self, saved):
        """The parameters by the numbers they have in saved groups, which must fit the groups."""
        if len(saved) != len(self.param_groups):
            raise ValueError(
                "loaded state dict has a different number of parameter groups: "
                f"{len(saved)}, not {len(self.param_groups)}"
            )
        found = {}
        for group, other in zip(self.param_groups, saved, strict=True):
            if len(group["params"]) != len(other["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of "
                    f"optimizer's group: {len(other['params'])}, not {len(group['params'])}"
                )
            found.update(zip(other["params"], group["params"], strict=True))
        return found

    def register_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` before :meth:`state_dict`."""
        return hooks.register(self._on_save, hook, prepend)

    def register_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` after :meth:`state_dict`; it may return another."""
        return hooks.register(self._on_saved, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` before loading; it may return another."""
        return hooks.register(self._on_load, hook, prepend)

    def register_load_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` after loading."""
        return hooks.register(self._on_loaded, hook, prepend)

    def __repr__(self):
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            text += f"\nParameter Group {number}\n"
            for key in sorted(group):
                if key not in ("params", "param_names"):
                    text += f"    {key}: {group[key]}\n"
        return text + ")"

    def __str__(self):
        """The repr, and below it what weight decay and rates really do."""
        return "\n".join([repr(self), *notes(self)])


def _replaced(new, old):
    return old if new is None else new


def _named(params):
    """``params`` as a list of tensors, and ``param_names`` where they came with names."""
    if isinstance(params, TensorBase):
        params = [params]
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, and a set has no "
            "order; use a list"
        )
    params = list(params)
    names = [p[0] for p in params if isinstance(p, tuple)]
    if not names:
        return {"params": params}
    if len(names) != len(params):
        raise ValueError(
            "all optimizer params should be with/without names. Some param names are missing"
        )
    return {"params": [p[1] for p in params], "param_names": names}


def check_at_least_zero(group, *names):
    """Raise ValueError unless these hyper-parameters of a group are not negative."""
    for name in names:
        value = group[name]
        if not float(value) >= 0.0:
            what = {"lr": "learning rate", "eps": "epsilon value"}.get(name, f"{name} value")
            raise ValueError(f"Invalid {what}: {value}")


def check_betas(group):
    """Raise ValueError unless the decay rates ``betas`` of a group lie in [0, 1)."""
    for number, beta in enumerate(group["betas"]):
        if not 0.0 <= float(beta) < 1.0:
            raise ValueError(f"Invalid beta parameter at index {number}: {beta}")
