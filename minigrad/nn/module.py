"""Module: parameters, buffers and sub-modules under names, and a forward that uses them."""

import sys
import weakref
from itertools import chain

from ..engine.graph import TensorBase
from . import hooks, loading
from .parameter import Buffer, Parameter

_HAS_NOTES = sys.version_info >= (3, 11)


class Module:
    """Base of every layer and model: assign parameters and modules as attributes, give a forward.

    What is registered stands in ``_parameters``, ``_buffers`` and ``_modules`` and is an ordinary
    attribute as well, so reading it costs nothing extra; always change it by assigning the
    attribute.

    >>> import minigrad as mg
    >>> class Scale(mg.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = mg.nn.Parameter(mg.tensor(2.0))
    ...     def forward(self, x):
    ...         return self.factor * x
    >>> scale = Scale()
    >>> scale(mg.tensor(3.0)).item(), list(scale.state_dict())
    (6.0, ['factor'])
    """

    _hooks = None
    _may_lack = ()  # names that a state dict need not have
    _held_in_evaluation = False  # by freeze_norm
    _place = None  # (weak reference to the module that holds this one, name there)

    def __init__(self):
        self.__dict__.update(
            training=True, _parameters={}, _buffers={}, _modules={}, _non_persistent_buffers=set()
        )

    def forward(self, *args, **kwargs):
        """Compute the output: subclasses must give it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args, **kwargs):
        try:
            if self._hooks is None:
                return self.forward(*args, **kwargs)
            return hooks.call(self, args, kwargs)
        except Exception as error:
            if _HAS_NOTES:
                _name_the_module(error, self, args)
            raise

    # registering
    def __setattr__(self, name, value):
        if isinstance(value, Parameter):
            self._register("_parameters", name, value)
        elif isinstance(value, Module):
            self._register("_modules", name, value)
        elif isinstance(value, Buffer):
            self._register("_buffers", name, value)
            self._keep_buffer(name, value.persistent)
        elif name in self.__dict__ and self._registry(name) is not None:
            self._replace(name, value)
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name):
        registry = self._registry(name)
        if registry is not None:
            del registry[name]
            self._non_persistent_buffers.discard(name)
        object.__delattr__(self, name)

    def _registry(self, name):
        """The registry that holds ``name``, or None."""
        for registry in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(registry)
            if found is not None and name in found:
                return found
        return None

    def _replace(self, name, value):
        """Assign something else than a parameter or module to a registered name."""
        registry = self._registry(name)
        kind, wanted = (
            ("parameter", "minigrad.nn.Parameter") if registry is self._parameters
            else ("child module", "minigrad.nn.Module") if registry is self._modules
            else ("buffer", "minigrad.Tensor")
        )  # fmt: skip
        if value is not None and not (kind == "buffer" and isinstance(value, TensorBase)):
            raise TypeError(
                f"cannot assign {type(value).__name__!r} object to {kind} {name!r} "
                f"({wanted} or None required)"
            )
        registry[name] = self.__dict__[name] = value

    def _register(self, registry, name, value):
        """Enter a value under a name, which leaves every other registry."""
        known = self.__dict__.get(registry)
        if known is None:
            what = {"_parameters": "parameters", "_modules": "module", "_buffers": "buffer"}
            raise AttributeError(f"cannot assign {what[registry]} before Module.__init__() call")
        elsewhere = self._registry(name)
        if elsewhere is not None and elsewhere is not known:
            del elsewhere[name]
            self._non_persistent_buffers.discard(name)
        known[name] = self.__dict__[name] = value
        if registry != "_buffers" and value is not None:
            object.__setattr__(value, "_place", (weakref.ref(self), name))

    def _path(self):
        """The name of this module within the outermost one that holds it, such as "body.2"."""
        names, module = [], self
        while module is not None and module._place is not None:
            holder, name = module._place
            names.append(name)
            module = holder()
        return ".".join(reversed(names))

    def _outermost(self):
        """The module that holds this one, directly or not, and that no other one holds."""
        module, holder = self, self
        while holder is not None:
            module, place = holder, holder._place
            holder = None if place is None else place[0]()
        return module

    def __getstate__(self):
        """What a copy gets: all but the place, which is that of this module."""
        return {name: value for name, value in self.__dict__.items() if name != "_place"}

    def __setstate__(self, state):
        """Take the state of which this is a copy: what it holds has its place here."""
        self.__dict__.update(state)
        for registry in (self._parameters, self._modules):
            for name, value in registry.items():
                # in a shallow copy it keeps the place that it has
                if value is not None and getattr(value, "_place", None) is None:
                    object.__setattr__(value, "_place", (weakref.ref(self), name))

    def _check_name(self, registry, name, what):
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string, got {type(name).__name__}")
        if "." in name or not name:
            raise KeyError(f"{what} name must be non-empty and hold no '.', got {name!r}")
        if hasattr(self, name) and name not in self.__dict__.get(registry, ()):
            raise KeyError(f"attribute {name!r} already exists")

    def register_parameter(self, name, param):
        """Register a :class:`Parameter` (or None) under a name."""
        self._check_name("_parameters", name, "parameter")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign {type(param).__name__!r} object to parameter {name!r} "
                "(minigrad.nn.Parameter or None required)"
            )
        self._register("_parameters", name, param)

    def register_buffer(self, name, tensor, persistent=True):
        """Register a tensor (or None) that is state but is not trained.

        ``persistent`` buffers are part of ``state_dict``.
        """
        self._check_name("_buffers", name, "buffer")
        if tensor is not None and not isinstance(tensor, TensorBase):
            raise TypeError(
                f"cannot assign {type(tensor).__name__!r} object to buffer {name!r} "
                "(minigrad.Tensor or None required)"
            )
        self._register("_buffers", name, tensor)
        self._keep_buffer(name, persistent)

    def _keep_buffer(self, name, persistent):
        """Whether a buffer is part of ``state_dict``."""
        if persistent:
            self._non_persistent_buffers.discard(name)
        else:
            self._non_persistent_buffers.add(name)

    def add_module(self, name, module):
        """Register a sub-module (or None) under a name."""
        self._check_name("_modules", name, "module")
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._register("_modules", name, module)

    register_module = add_module

    # finding
    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """Every module below and including this one with its dotted name, each once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, below, remove_duplicate)

    def _named_members(self, registry, prefix, recurse, remove_duplicate):
        seen = set()
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
            if recurse else [(prefix, self)]
        )  # fmt: skip
        for path, module in modules:
            for name, value in getattr(module, registry).items():
                if value is None or id(value) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(value))
                yield (f"{path}.{name}" if path else name), value

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """Every parameter with its dotted name; tied parameters once."""
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """Every buffer with its dotted name; shared buffers once."""
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """Every parameter; tied parameters once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def buffers(self, recurse=True):
        """Every buffer; shared buffers once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def modules(self, remove_duplicate=True):
        """Every module below and including this one."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def named_children(self):
        """The direct sub-modules with their names, each once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self):
        """The direct sub-modules, each once."""
        return (module for _, module in self.named_children())

    def get_submodule(self, target):
        """The module under a dotted name; '' is this one."""
        module = self
        for name in target.split(".") if target else ():
            found = module._modules.get(name) if isinstance(module, Module) else None
            if found is None:
                raise AttributeError(f"{type(module).__name__} has no sub-module {name!r}")
            module = found
        return module

    def set_submodule(self, target, module, strict=False):
        """Put a module under a dotted name; ``strict`` refuses a name that is not there yet."""
        path, _, name = target.rpartition(".")
        if not name:
            raise ValueError("set_submodule: target must name a sub-module, got ''")
        parent = self.get_submodule(path)
        if strict and name not in parent._modules:
            raise AttributeError(f"{type(parent).__name__} has no sub-module {name!r}")
        if not isinstance(module, Module):
            raise ValueError(f"set_submodule takes a Module, got {type(module).__name__}")
        if name not in parent._modules and hasattr(parent, name):
            raise AttributeError(f"attribute {name!r} of {type(parent).__name__} is not a module")
        setattr(parent, name, module)

    def _get_member(self, registry, target, what):
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        found = getattr(module, registry).get(name)
        if found is None:
            raise AttributeError(f"{type(module).__name__} has no {what} {name!r}")
        return found

    def get_parameter(self, target):
        """The parameter under a dotted name."""
        return self._get_member("_parameters", target, "parameter")

    def get_buffer(self, target):
        """The buffer under a dotted name."""
        return self._get_member("_buffers", target, "buffer")

    # state
    def state_dict(self, *, destination=None, prefix="", keep_vars=False):
        """Parameters and persistent buffers by dotted name, detached (sharing memory).

        A module that overrides :meth:`get_extra_state` adds what that gives.
        """
        found = {} if destination is None else destination
        hooks.run(self, "state_before", prefix, keep_vars)
        for name, value in self._own_state():
            found[prefix + name] = value if keep_vars else value.detach()
        if self._has_extra_state():
            found[prefix + loading.EXTRA] = self.get_extra_state()
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=found, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        hooks.run(self, "state_after", found, prefix, {})
        return found

    def get_extra_state(self):
        """State other than tensors that ``state_dict`` holds: override it with the next one."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: override get_extra_state")

    def set_extra_state(self, state):
        """Take the state that :meth:`get_extra_state` gave."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: override set_extra_state")

    def _has_extra_state(self):
        return type(self).get_extra_state is not Module.get_extra_state

    def _own_state(self):
        """This module's parameters and persistent buffers, without those of sub-modules."""
        for name, value in chain(self._parameters.items(), self._buffers.items()):
            if value is not None and name not in self._non_persistent_buffers:
                yield name, value

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copy tensors or arrays into the parameters and buffers of the same names.

        Missing and unexpected keys (if ``strict``) and shapes that differ are reported together in
        one RuntimeError, before anything is written. ``assign`` takes the tensors themselves.
        """
        return loading.load(self, state_dict, strict, assign)

    # changing
    def train(self, mode=True):
        """Set training mode here and below; returns self."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode and not module._held_in_evaluation
        return self

    def eval(self):
        """Set evaluation mode here and below; returns self."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Set whether ops on the parameters are recorded; returns self."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Forget the gradients of all parameters (or fill them with zeros)."""
        for parameter in self.parameters():
            if set_to_none:
                parameter._grad = None
            elif parameter._grad is not None:
                parameter._grad = parameter._grad.detach().zero_()

    def apply(self, fn):
        """Call ``fn`` on every module, sub-modules first; returns self."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, convert):
        """Convert the memory of every parameter (and its gradient) and every buffer."""
        for parameter in self.parameters():
            parameter.data = convert(parameter.data)
            if parameter._grad is not None:
                parameter._grad = convert(parameter._grad.detach())
        replaced = {}
        for module in self.modules():
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    if id(buffer) not in replaced:
                        replaced[id(buffer)] = (buffer, convert(buffer))
                    module._replace(name, replaced[id(buffer)][1])
        return self

    def to(self, *args, **kwargs):
        """Convert floating parameters and buffers to a dtype, and all to a device; returns self."""
        dtype, device = loading.destination(*args, **kwargs)
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(f"Module.to only accepts floating-point dtypes, got {dtype}")
        return self._apply(
            lambda t: t.to(dtype=dtype if t.is_floating_point() else None, device=device)
        )

    def type(self, dst_type):
        """Convert floating parameters and buffers to a dtype; returns self."""
        return self.to(dst_type)

    def float(self):
        """Convert floating parameters and buffers to float32; returns self."""
        return self.to("float32")

    def double(self):
        """Convert floating parameters and buffers to float64; returns self."""
        return self.to("float64")

    def half(self):
        """Convert floating parameters and buffers to float16; returns self."""
        return self.to("float16")

    def bfloat16(self):
        """Convert floating parameters and buffers to bfloat16; returns self."""
        return self.to("bfloat16")

    def cpu(self):
        """Move everything to the CPU; returns self."""
        return self.to(device="cpu")

    def cuda(self):
        """Move everything to the GPU; returns self."""
        return self.to(device="cuda")

    # hooks
    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Call ``hook(module, args)`` before forward; what it returns replaces the arguments."""
        return hooks.register(self, "before", hook, prepend, with_kwargs)

    def register_forward_hook(
        self, hook, *, prepend=False, with_kwargs=False, always_call=False
    ):
        """Call ``hook(module, args, output)`` after forward; it may return another output."""
        return hooks.register(self, "after", hook, prepend, with_kwargs, always_call)

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known."""
        return hooks.register(self, "backward_before", hook, prepend)

    def register_full_backward_hook(self, hook, prepend=False):
        """Call ``hook(module, grad_input, grad_output)``; it may return another grad_input."""
        return hooks.register(self, "backward_after", hook, prepend)

    def register_state_dict_pre_hook(self, hook):
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` collects this module."""
        return hooks.register(self, "state_before", hook)

    def register_state_dict_post_hook(self, hook):
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after ``state_dict``."""
        return hooks.register(self, "state_after", hook)

    def register_load_state_dict_pre_hook(self, hook):
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs)`` before ``load_state_dict``; it may change the state dict.
        """
        return hooks.register(self, "load_before", hook)

    def register_load_state_dict_post_hook(self, hook):
        """Call ``hook(module, incompatible_keys)``, which may empty the lists, before writing."""
        return hooks.register(self, "load_after", hook)

    # printing
    def _get_name(self):
        return type(self).__name__

    def extra_repr(self):
        """What stands between the parentheses of the repr."""
        return ""

    def __repr__(self):
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if len(lines) == 1 and not self._modules:
            return f"{self._get_name()}({extra})"
        lines += [f"({name}): {indented(repr(m))}" for name, m in self._modules.items()]
        return wrapped(self._get_name(), lines)


def unusual(module, options):
    """``name=value`` of each of {name: usual value} that the module has otherwise."""
    return [
        f"{name}={getattr(module, name)!r}"
        for name, usual in options.items()
        if getattr(module, name) != usual
    ]


def indented(text):
    """The text with every line but the first two spaces further in."""
    return text.replace("\n", "\n  ")


def wrapped(name, lines):
    """``name(`` … ``)`` around lines of their own."""
    body = "".join(f"\n  {line}" for line in lines)
    return f"{name}({body}\n)" if lines else f"{name}()"


def _name_the_module(error, module, args):
    """Note on an exception where it arose, as a path from the outermost module called."""
    first = (module, module, "", None, _described(args))
    origin, outermost, path, note, inputs = getattr(error, "_arose_in", first)
    if outermost is not module:
        below = next((name for name, m in module.named_modules() if m is outermost), "")
        path = f"{below}.{path}".strip(".")
        error.__notes__ = [n for n in getattr(error, "__notes__", ()) if n != note]
    note = f"in {type(origin).__name__}"
    if path:
        note += f" (module {path!r} of {type(module).__name__})"
    note += inputs
    error._arose_in = (origin, module, path, note, inputs)
    error.add_note(note)


def _described(args):
    """``: input (2, 3) float32, made by relu`` for the tensors that a module was called with."""
    found = []
    for value in args:
        if isinstance(value, TensorBase):
            made = f", made by {value._node.name}" if value._node is not None else ""
            found.append(f"{tuple(value.shape)} {value.dtype.name}{made}")
    return f": input {'; '.join(found)}" if found else ""
