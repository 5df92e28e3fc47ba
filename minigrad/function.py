"""Ops written by users, in PyTorch's look: static ``forward`` and ``backward`` on tensors."""

import functools
import types

import numpy as np

from . import dtypes
from .engine import graph
from .engine.graph import TensorBase, new_tensor
from .engine.modes import enable_grad, no_grad, state
from .engine.op import OPERATIONS, Op, record_node
from .engine.walk import resaved


class FunctionCtx(Op, abstract=True):
    """The node of one call of a Function, and the ``ctx`` that its methods receive."""

    function = None
    materialize = True
    tensors_to_save = ()
    without_gradient = ()

    def save_for_backward(ctx, *tensors):
        """Keep tensors (or None) for ``backward``, which finds them in ``ctx.saved_tensors``."""
        for t in tensors:
            if t is not None and not isinstance(t, TensorBase):
                raise TypeError(f"save_for_backward takes tensors or None, got {type(t).__name__}")
        ctx.tensors_to_save = tensors

    def mark_non_differentiable(ctx, *tensors):
        """Say which outputs have no gradient."""
        ctx.without_gradient = tensors

    def mark_dirty(ctx, *_tensors):
        """Refused: graphs hold no in-place ops."""
        raise RuntimeError("mark_dirty: a Function must not modify its inputs in place")

    def set_materialize_grads(ctx, value):
        """Whether ``backward`` gets zeros (the default) or None where no gradient flowed."""
        ctx.materialize = bool(value)

    def intermediate(ctx, array):
        """Constants such as masks pass; a saved float would make second derivatives wrong."""
        floating = array.dtype.kind == "f" or array.dtype == dtypes.bfloat16.storage
        return super().intermediate(array) if floating else new_tensor(array)

    @property
    def saved_tensors(ctx):
        """The tensors given to ``save_for_backward``, tied to the graph."""
        if ctx.saved is graph.RELEASED:
            iter(ctx.saved)
        return tuple(
            s if s is None or isinstance(s, TensorBase) else ctx.restored(i, s)
            for i, s in enumerate(ctx.saved)
        )

    def restored(ctx, position, array):
        """A saved array as a tensor; what is neither input nor output is a constant."""
        if ctx.sources[position][0][0] is None:
            return new_tensor(array, ctx.tags[position])
        return resaved(ctx, position)

    def vjp(ctx, k, *grads):
        recording = k is OPERATIONS
        if not recording:
            grads = [
                None if g is None else new_tensor(g, graph.tag_of(kind))
                for g, (_, kind) in zip(grads, ctx.outputs, strict=True)
            ]
        with enable_grad() if recording else no_grad():
            returned = ctx.function.backward(ctx, *grads)
        chosen = ctx.check_returned(returned if isinstance(returned, tuple) else (returned,))
        if recording:
            return chosen
        return tuple(None if r is None else graph.values(r) for r in chosen)

    def check_returned(ctx, returned):
        """The gradients of the tensor inputs, after checking number and kind."""
        if len(returned) < ctx.total or any(r is not None for r in returned[ctx.total :]):
            raise RuntimeError(
                f"{ctx.name}: backward returned an incorrect number of gradients "
                f"(expected {ctx.total}, got {len(returned)})"
            )
        for position, value in enumerate(returned):
            if value is not None and not isinstance(value, TensorBase):
                raise TypeError(
                    f"{ctx.name}: backward must return tensors or None, got "
                    f"{type(value).__name__} for input {position}"
                )
        return tuple(returned[p] for p in ctx.positions)

    def fill_gradients(ctx, gradients):
        """Zeros for outputs without a gradient, unless the user asked for None."""
        return super().fill_gradients(gradients) if ctx.materialize else gradients


class Function:
    """Base of a user's op: give static ``forward(ctx, *args)`` and ``backward(ctx, *grads)``.

    ``backward`` returns one gradient (or None) per argument of ``forward``. Written in minigrad
    ops, it is itself differentiable. A separate ``setup_context(ctx, inputs, output)`` works as in
    PyTorch; then ``forward`` takes no ctx.

    >>> import minigrad as mg
    >>> class Cube(mg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x**2 * g
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    _ctx_class = FunctionCtx

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        facts = {"function": cls, "name": cls.__name__}
        cls._ctx_class = types.new_class(
            cls.__name__, (FunctionCtx,), {"abstract": True}, lambda body: body.update(facts)
        )

    @staticmethod
    def forward(ctx, *args, **kwargs):
        """Compute the output tensors."""
        raise NotImplementedError("a Function must define a static forward")

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Save what ``backward`` needs, for a ``forward`` without ctx."""

    @staticmethod
    def backward(ctx, *grad_outputs):
        """The gradients of the arguments of ``forward``."""
        raise NotImplementedError("a Function must define a static backward")

    @classmethod
    def apply(cls, *args):
        """Run the op, recording it where a gradient may be asked for."""
        ctx = object.__new__(cls._ctx_class)
        ctx.saved = ()
        ctx.emulated = False
        ctx.total = len(args)
        ctx.positions = [i for i, a in enumerate(args) if isinstance(a, TensorBase)]
        tensors = [args[i] for i in ctx.positions]
        ctx.needs_input_grad = tuple(
            isinstance(a, TensorBase) and a._requires_grad for a in args
        )
        ctx.recorded = state.recording and any(ctx.needs_input_grad)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                out = cls.forward(ctx, *args)
            else:
                out = cls.forward(*args)
                cls.setup_context(ctx, args, out)
        return _outputs(ctx, tensors, out)


def _outputs(ctx, tensors, out):
    """The results as tensors of the graph."""
    single = not isinstance(out, tuple)
    results = (out,) if single else out
    made = []
    for number, value in enumerate(results):
        if not isinstance(value, TensorBase):
            if single:
                raise TypeError(
                    f"{ctx.name}: forward must return tensors, got {type(value).__name__}"
                )
            made.append(value)
            continue
        t = new_tensor(value._array, value._tag)
        t._version = value._version
        floating = value._array.dtype.kind == "f" or value._tag is not None
        fixed = any(value is other for other in ctx.without_gradient)
        if ctx.recorded and floating and not fixed:
            t._node, t._nr, t._requires_grad = ctx, number, True
        made.append(t)
    if ctx.recorded:
        _record(ctx, tensors, results, made)
    ctx.tensors_to_save = ctx.without_gradient = ()
    return made[0] if single else tuple(made)


def _record(ctx, tensors, results, made):
    ctx.k = None
    ctx.saved = tuple(None if t is None else t._array for t in ctx.tensors_to_save)
    ctx.tags = tuple(None if t is None else t._tag for t in ctx.tensors_to_save)
    ctx.fixed = tuple(n for n, t in enumerate(made) if getattr(t, "_node", None) is None)
    arrays = [t._array for t in tensors]
    shown = [t if isinstance(t, TensorBase) else new_tensor(_NOTHING) for t in made]
    record_node(ctx, tensors, arrays, [t._array for t in shown], shown)
    ctx.outputs = [(t._array.shape, t._tag or t._array.dtype) for t in shown]


_NOTHING = np.zeros(0)


def once_differentiable(function):
    """Decorates ``backward``: it runs without recording, and create_graph raises."""

    @functools.wraps(function)
    def guarded(ctx, *grads):
        if state.recording:
            raise RuntimeError(
                f"{ctx.name} is marked once_differentiable: it cannot be differentiated twice"
            )
        with no_grad():
            return function(ctx, *grads)

    return guarded
