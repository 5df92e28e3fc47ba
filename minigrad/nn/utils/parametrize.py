"""Parametrizations: a parameter or buffer of a module computed from another one by a module.

``module.weight`` becomes an attribute that is computed at each reading; what is trained stands in
``module.parametrizations.weight.original``.
"""

import contextlib
import contextvars

from ...engine.graph import TensorBase
from ...engine.modes import no_grad
from ..containers import ModuleDict, ModuleList
from ..parameter import Parameter

_cache = contextvars.ContextVar("values of parametrized tensors", default=None)


@contextlib.contextmanager
def cached():
    """Compute each parametrized tensor only once inside of the context."""
    if _cache.get() is not None:
        yield
        return
    token = _cache.set({})
    try:
        yield
    finally:
        _cache.reset(token)


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor in their order, with what is trained instead of it.

    That is ``original``, or ``original0``, ``original1``, … where the first parametrization's
    ``right_inverse`` gives several tensors.
    """

    def __init__(self, modules, original, unsafe=False):
        super().__init__(modules)
        self.unsafe = unsafe
        self._count = None
        trained = isinstance(original, Parameter) and original.requires_grad
        with no_grad():
            start = self._inverted(original)
        if isinstance(start, TensorBase):
            self._hold("original", start, original, trained)
        else:
            self._count = len(start)
            for number, tensor in enumerate(start):
                self._hold(f"original{number}", tensor, original, trained)

    def _hold(self, name, tensor, original, trained):
        if isinstance(original, Parameter):
            held = original if tensor is original else Parameter(tensor, trained)
            self.register_parameter(name, held)
        else:
            self.register_buffer(name, tensor)

    def _inverted(self, value):
        """The tensor or tensors from which the parametrizations give ``value``."""
        for module in reversed(self):
            inverse = getattr(module, "right_inverse", None)
            if inverse is not None:
                value = inverse(value)
        return value

    @no_grad()
    def right_inverse(self, value):
        """Set what is trained such that the parametrizations give ``value``."""
        for module in reversed(self):
            if not hasattr(module, "right_inverse"):
                raise RuntimeError(
                    f"parametrization {type(module).__name__} has no right_inverse, so the tensor "
                    "cannot be assigned to"
                )
        start = self._inverted(value)
        for held, tensor in zip(
            self._originals(), [start] if self._count is None else start, strict=True
        ):
            held.copy_(tensor)

    def _originals(self):
        if self._count is None:
            return [self.original]
        return [getattr(self, f"original{number}") for number in range(self._count)]

    def forward(self):
        first, *others = self
        value = first(*self._originals())
        for module in others:
            value = module(value)
        return value


def register_parametrization(module, tensor_name, parametrization, *, unsafe=False):
    """Let ``module.<tensor_name>`` be computed by another module; returns ``module``.

    The parametrization's ``right_inverse(value)``, if it has one, gives the start value (one tensor
    or several) from the present one, and makes assignments to the tensor possible. A second
    parametrization of the same tensor is applied to the outcome of the first. ``unsafe`` allows it
    to change shape or dtype.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        held = module.parametrizations[tensor_name]
        value = getattr(module, tensor_name)
        _check_fits(tensor_name, value, parametrization(value), unsafe or held.unsafe)
        held.append(parametrization)
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"{type(module).__name__} has no parameter or buffer named {tensor_name!r} to "
            "parametrize"
        )
    original = getattr(module, tensor_name)
    held = ParametrizationList([parametrization], original, unsafe)
    with no_grad():
        _check_fits(tensor_name, original, held(), unsafe)
    if held._count is None and isinstance(original, Parameter):
        # optimizers know this one
        original.data, held.original = held.original.data, original
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.__class__ = _parametrized_class(type(module))
        module.parametrizations = ModuleDict()
    module.parametrizations[tensor_name] = held
    setattr(type(module), tensor_name, _computed(tensor_name))
    return module


def _check_fits(name, value, replacement, unsafe):
    if unsafe:
        return
    kinds = [(t.shape, t.dtype) for t in (value, replacement)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"the parametrization of {name} gives shape {kinds[1][0]} and dtype {kinds[1][1]} "
            f"instead of {kinds[0][0]} and {kinds[0][1]}; unsafe=True allows it"
        )


def _computed(name):
    """The property that stands for a parametrized tensor."""

    def read(module):
        values = _cache.get()
        if values is None:
            return module.parametrizations[name]()
        key = (id(module), name)
        if key not in values:
            values[key] = module.parametrizations[name]()
        return values[key]

    def write(module, value):
        module.parametrizations[name].right_inverse(value)

    return property(read, write)


def _parametrized_class(base):
    """A class of its own for one module, so that it can have properties."""

    def assign(module, name, value):
        if name in module._modules.get("parametrizations", ()):
            object.__setattr__(module, name, value)
        else:
            base.__setattr__(module, name, value)

    return type(f"Parametrized{base.__name__}", (base,), {"__setattr__": assign})


def is_parametrized(module, tensor_name=None):
    """Whether any tensor of a module is parametrized, or the one of this name."""
    held = module._modules.get("parametrizations")
    if held is None:
        return False
    return len(held) > 0 if tensor_name is None else tensor_name in held


def type_before_parametrizations(module):
    """The class that a module had before it was parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def remove_parametrizations(module, tensor_name, leave_parametrized=True):
    """Make the tensor an ordinary one again, with its present value; returns ``module``.

    With ``leave_parametrized=False`` it gets the value of ``original`` instead.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"{type(module).__name__} has no parametrization of {tensor_name!r}")
    held = module.parametrizations[tensor_name]
    if not leave_parametrized and held._count is not None:
        raise ValueError(
            f"{tensor_name} is computed from {held._count} tensors, so none of them can stand for "
            "it: use leave_parametrized=True"
        )
    originals = held._originals()
    with no_grad():
        value = getattr(module, tensor_name) if leave_parametrized else originals[0]
    del module.parametrizations[tensor_name]
    delattr(type(module), tensor_name)
    if not len(module.parametrizations):
        base = type(module).__bases__[0]
        del module.parametrizations
        module.__class__ = base
    if not isinstance(originals[0], Parameter):
        module.register_buffer(tensor_name, value)
        return module
    if held._count is None:
        (parameter,) = originals  # optimizers know this one
        parameter.data = value
    else:
        parameter = Parameter(value, any(t.requires_grad for t in originals))
    module.register_parameter(tensor_name, parameter)
    return module
