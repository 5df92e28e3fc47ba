"""Modules that hold modules or parameters: in a chain, in a list, under names."""

import copy
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from itertools import islice

from ..engine.graph import TensorBase
from . import fusion
from .module import Module, indented, wrapped
from .parameter import Parameter

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class _Indexed(Module):
    """What Sequential and ModuleList share: modules under the names '0', '1', …"""

    def _key(self, index):
        size = len(self)
        if not hasattr(index, "__index__"):
            raise TypeError(f"an index must be an int or a slice, got {type(index).__name__}")
        position = index.__index__()
        if not -size <= position < size:
            raise IndexError(f"index {position} is out of range for {size} modules")
        return next(islice(self._modules, position % size, None))

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self._of(list(self._modules.items())[index])
        return self._modules[self._key(index)]

    def __setitem__(self, index, module):
        self.add_module(self._key(index), module)

    def __delitem__(self, index):
        keys = list(self._modules)[index] if isinstance(index, slice) else [self._key(index)]
        for key in keys:
            delattr(self, key)
        self._renumber(list(self._modules.items()))

    def _renumber(self, items):
        """Let these be the modules; names that are numbers become positions."""
        for name in list(self._modules):
            delattr(self, name)
        for position, (name, module) in enumerate(items):
            self.add_module(str(position) if name.isdigit() else name, module)

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def __add__(self, other):
        return self._of([(str(i), module) for i, module in enumerate([*self, *other])])

    def __iadd__(self, modules):
        return self.extend(modules)

    def append(self, module):
        """Add a module at the end; returns self."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        """Add modules at the end; returns self."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index, module):
        """Add a module before position ``index``; returns self."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} modules")
        items = list(self._modules.items())
        items.insert(index, (str(index), module))
        self._renumber(items)
        return self

    def pop(self, index):
        """Remove a module and return it."""
        module = self[index]
        del self[index]
        return module


class Sequential(_Indexed):
    """Modules applied one after the other; given in order or as one dict of named modules.

    >>> import minigrad as mg
    >>> mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *args):
        super().__init__()
        named = len(args) == 1 and isinstance(args[0], Mapping)
        for name, module in args[0].items() if named else enumerate(args):
            self.add_module(str(name), module)

    def _of(self, items):
        return type(self)(dict(items))

    def __mul__(self, times):
        return type(self)(*(list(self) * self._times(times)))

    __rmul__ = __mul__

    def __imul__(self, times):
        return self.extend(list(self) * (self._times(times) - 1))

    def _times(self, times):
        if not isinstance(times, int) or times <= 0:
            raise ValueError(f"a Sequential is repeated a positive number of times, not {times!r}")
        return times

    _planned, _stages = (), ()

    def forward(self, input):
        modules = tuple(self._modules.values())
        if modules != self._planned:
            self.__dict__.update(_planned=modules, _stages=fusion.plan(modules))
        for stage in self._stages:
            input = stage(input)
        return input

    def __deepcopy__(self, memo):
        """As usual, without the plan, which names this object's modules."""
        copied = object.__new__(type(self))
        memo[id(self)] = copied
        own = {k: v for k, v in self.__dict__.items() if k not in ("_planned", "_stages")}
        copied.__setstate__(copy.deepcopy(own, memo))
        return copied


class ModuleList(_Indexed):
    """A list of modules that are registered; it has no forward."""

    def __init__(self, modules=None):
        super().__init__()
        self.extend(() if modules is None else modules)

    def _of(self, items):
        return type(self)(module for _, module in items)

    def __repr__(self):
        """Equal neighbours are written once, with their number."""
        blocks = []
        for position, text in enumerate(map(repr, self)):
            if blocks and blocks[-1][2] == text:
                blocks[-1][1] = position
            else:
                blocks.append([position, position, text])
        lines = [
            f"({first}): {text}"
            if first == last
            else f"({first}-{last}): {last - first + 1} x {text}"
            for first, last, text in blocks
        ]
        return wrapped(self._get_name(), [indented(line) for line in lines])


class ModuleDict(Module):
    """Modules under names, like a dict; it has no forward."""

    def __init__(self, modules=None):
        super().__init__()
        self.update({} if modules is None else modules)

    def __getitem__(self, key):
        return self._modules[key]

    def __setitem__(self, key, module):
        self.add_module(key, module)

    def __delitem__(self, key):
        del self._modules[key]
        self.__dict__.pop(key, None)

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, key):
        return key in self._modules

    def clear(self):
        """Remove every module."""
        for key in list(self):
            del self[key]

    def pop(self, key):
        """Remove a module and return it."""
        module = self[key]
        del self[key]
        return module

    def keys(self):
        """The names."""
        return self._modules.keys()

    def values(self):
        """The modules."""
        return self._modules.values()

    def items(self):
        """The (name, module) pairs."""
        return self._modules.items()

    def update(self, modules):
        """Add modules from a mapping or from (name, module) pairs."""
        for key, module in modules.items() if isinstance(modules, Mapping) else modules:
            self[key] = module


class ParameterList(Module):
    """A list whose tensors are registered as parameters; other objects are kept as they are.

    >>> import minigrad as mg
    >>> list(mg.nn.ParameterList([mg.zeros(2), mg.ones(3)]).state_dict())
    ['0', '1']
    """

    def __init__(self, values=None):
        super().__init__()
        self._size = 0
        self.extend(() if values is None else values)

    def _name(self, index):
        position = index.__index__()
        if not -self._size <= position < self._size:
            raise IndexError(f"index {position} is out of range for {self._size} values")
        return str(position % self._size)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, self._name(index))

    def __setitem__(self, index, value):
        setattr(self, self._name(index), _trained(value))

    def __len__(self):
        return self._size

    def __iter__(self):
        return (getattr(self, str(position)) for position in range(self._size))

    def __iadd__(self, values):
        return self.extend(values)

    def append(self, value):
        """Add a value at the end; returns self."""
        setattr(self, str(self._size), _trained(value))
        self._size += 1
        return self

    def extend(self, values):
        """Add values at the end; returns self."""
        if isinstance(values, TensorBase) or not isinstance(values, Iterable):
            raise TypeError(
                f"{self._get_name()} takes an iterable of tensors, got {type(values).__name__}"
            )
        for value in values:
            self.append(value)
        return self

    def extra_repr(self):
        return _described(enumerate(self), lambda t: f"minigrad.{t.dtype.name}")


class ParameterDict(Module):
    """A dict whose tensors are registered as parameters; other objects are kept as they are."""

    def __init__(self, parameters=None):
        super().__init__()
        self._keys = {}
        self.update({} if parameters is None else parameters)

    def __getitem__(self, key):
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key, value):
        if key not in self._keys:
            self._check_name("_parameters", key, "parameter")
        self._keys[key] = None
        setattr(self, key, _trained(value))

    def __delitem__(self, key):
        del self._keys[key]
        delattr(self, key)

    def __len__(self):
        return len(self._keys)

    def __iter__(self):
        return iter(self._keys)

    def __reversed__(self):
        return reversed(self._keys)

    def __contains__(self, key):
        return key in self._keys

    def __or__(self, other):
        return self.copy().__ior__(other)

    def __ior__(self, other):
        self.update(other)
        return self

    def copy(self):
        """A new dict with the same values."""
        return type(self)(self.items())

    def get(self, key, default=None):
        """The value of a key, or ``default``."""
        return getattr(self, key) if key in self._keys else default

    def setdefault(self, key, default=None):
        """The value of a key, which is set to ``default`` if it is new."""
        if key not in self:
            self[key] = default
        return self[key]

    def fromkeys(self, keys, default=None):
        """A new dict with these keys, all with one value."""
        return type(self)((key, default) for key in keys)

    def clear(self):
        """Remove every value."""
        for key in list(self):
            del self[key]

    def pop(self, key):
        """Remove a value and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self):
        """Remove the last (key, value) pair and return it."""
        key = next(reversed(self))
        return key, self.pop(key)

    def keys(self):
        """The keys."""
        return self._keys.keys()

    def values(self):
        """The values."""
        return [self[key] for key in self]

    def items(self):
        """The (key, value) pairs."""
        return [(key, self[key]) for key in self]

    def update(self, parameters):
        """Add values from a mapping or from (key, value) pairs; those of a plain dict sorted."""
        if isinstance(parameters, Mapping | ParameterDict):
            ordered = isinstance(parameters, OrderedDict | ParameterDict)
            parameters = parameters.items() if ordered else sorted(parameters.items())
        for key, value in parameters:
            self[key] = value

    def extra_repr(self):
        return _described(self.items(), lambda t: t.type())


def _trained(value):
    """Tensors as parameters, anything else as it is."""
    if isinstance(value, TensorBase) and not isinstance(value, Parameter):
        return Parameter(value)
    return value


def _described(items, kind):
    """A line for each value: its key, and its kind and size or its type."""
    return "\n".join(
        f"  ({key}): Parameter containing: [{kind(v)} of size {'x'.join(map(str, v.shape))}]"
        if isinstance(v, TensorBase)
        else f"  ({key}): Object of type: {type(v).__name__}"
        for key, v in items
    )
