"""Calling a module that has hooks."""

from ..engine import hooks
from ..engine.graph import TensorBase
from ..engine.modes import state
from ..function import Function

STAGES = (
    "before", "after", "backward_before", "backward_after",
    "state_before", "state_after", "load_before", "load_after",
)  # fmt: skip


class Hook:
    """A function with the options it was registered with."""

    __slots__ = ("function", "with_kwargs", "always")

    def __init__(self, function, with_kwargs, always):
        if not callable(function):
            raise TypeError(f"a hook must be callable, got {type(function).__name__}")
        self.function = function
        self.with_kwargs = with_kwargs
        self.always = always

    def __call__(self, *args):
        return self.function(*args)


def register(module, stage, function, prepend=False, with_kwargs=False, always=False):
    """Enter a hook for a stage of a module's call and return its handle."""
    if module._hooks is None:
        module._hooks = {name: {} for name in STAGES}
    return hooks.register(module._hooks[stage], Hook(function, with_kwargs, always), prepend)


def run(module, stage, *args):
    """Call the hooks of a stage with the module and these arguments."""
    if module._hooks is not None:
        for hook in list(module._hooks[stage].values()):
            hook(module, *args)


def call(module, args, kwargs):
    """Run a module's hooks around its forward."""
    args, kwargs = _before(module, args, kwargs)
    watch = None
    if module._hooks["backward_before"] or module._hooks["backward_after"]:
        watch = _Watch(module)
        args = watch.inputs(args)
    try:
        output = module.forward(*args, **kwargs)
    except Exception:
        for hook in list(module._hooks["after"].values()):
            if hook.always:
                _run(hook, module, args, kwargs, None)
        raise
    for hook in list(module._hooks["after"].values()):
        replaced = _run(hook, module, args, kwargs, output)
        output = output if replaced is None else replaced
    return output if watch is None else watch.outputs(output)


def _run(hook, module, args, kwargs, output):
    given = (args, kwargs) if hook.with_kwargs else (args,)
    return hook(module, *given, output)


def _before(module, args, kwargs):
    """The arguments after the forward pre-hooks."""
    for hook in list(module._hooks["before"].values()):
        if hook.with_kwargs:
            replaced = hook(module, args, kwargs)
            if replaced is not None:
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        "a forward pre-hook with kwargs must return None or (args, kwargs), "
                        f"got {replaced!r}"
                    )
                args, kwargs = replaced
            continue
        replaced = hook(module, args)
        if replaced is not None:
            args = replaced if isinstance(replaced, tuple) else (replaced,)
    return args, kwargs


class _Watch:
    """One call of a module with backward hooks: identities around its inputs and outputs."""

    def __init__(self, module):
        self.module = module
        self.grad_output = None
        self.watches_inputs = False

    def inputs(self, args):
        """The arguments, their tensors passed through the identity that sees grad_input."""
        self.watches_inputs = state.recording and any(
            isinstance(a, TensorBase) and a._requires_grad for a in args
        )
        return _pass(_Inputs, self, args) if self.watches_inputs else args

    def outputs(self, output):
        """The outputs, their tensors passed through the identity that sees grad_output."""
        if isinstance(output, TensorBase):
            return _pass(_Outputs, self, (output,))[0]
        return _pass(_Outputs, self, output) if isinstance(output, tuple) else output

    def arrived(self, grads):
        """The gradients of the outputs are known."""
        for hook in list(self.module._hooks["backward_before"].values()):
            replaced = hook(self.module, grads)
            if replaced is not None:
                grads = replaced if isinstance(replaced, tuple) else (replaced,)
        self.grad_output = grads
        if not self.watches_inputs:
            self.left((None,))
        return grads

    def left(self, grads):
        """The gradients of the inputs are known."""
        for hook in list(self.module._hooks["backward_after"].values()):
            replaced = hook(self.module, grads, self.grad_output)
            if replaced is not None:
                grads = replaced if isinstance(replaced, tuple) else (replaced,)
        self.grad_output = None
        return grads


def _pass(function, watch, values):
    """The values with their tensors replaced by the outputs of an identity function."""
    places = [i for i, v in enumerate(values) if isinstance(v, TensorBase)]
    if not places:
        return values
    passed = function.apply(watch, *(values[i] for i in places))
    result = list(values)
    for place, tensor in zip(places, passed, strict=True):
        result[place] = tensor
    return tuple(result)


class _Passage(Function):
    """y = x, past which the gradients of a module's inputs or outputs come on their way back."""

    @staticmethod
    def forward(ctx, watch, *tensors):
        ctx.watch = watch
        ctx.set_materialize_grads(False)
        return tensors


class _Inputs(_Passage):
    """Going back, the hooks of a module see its grad_input."""

    @staticmethod
    def backward(ctx, *grads):
        return (None, *ctx.watch.left(grads))


class _Outputs(_Passage):
    """Going back, the hooks of a module see its grad_output."""

    @staticmethod
    def backward(ctx, *grads):
        return (None, *ctx.watch.arrived(grads))
