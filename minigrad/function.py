"""Ops written by users, in PyTorch's look: static ``forward`` and ``backward`` on tensors."""

import functools
import types

import numpy as np

from . import dtypes
from .engine import graph, observe
from .engine.graph import TensorBase, new_tensor
from .engine.modes import enable_grad, no_grad, state
from .engine.op import OPERATIONS, Op, record_node
from .engine.walk import resaved


class FunctionCtx:
    """What the methods of a Function receive as ``ctx``; attributes of any other name are free."""

    _node = None  # the node of this call, while its backward runs
    _saved = ()
    _materialize = True
    _without_gradient = ()
    needs_input_grad = ()

    def save_for_backward(ctx, *tensors):
        """Keep tensors (or None) for ``backward``, which finds them in ``ctx.saved_tensors``."""
        for t in tensors:
            if t is not None and not isinstance(t, TensorBase):
                raise TypeError(f"save_for_backward takes tensors or None, got {type(t).__name__}")
        ctx._saved = tensors

    def mark_non_differentiable(ctx, *tensors):
        """Say which outputs have no gradient."""
        ctx._without_gradient = tensors

    def mark_dirty(ctx, *_tensors):
        """Refused: graphs hold no in-place ops."""
        raise RuntimeError("mark_dirty: a Function must not modify its inputs in place")

    def set_materialize_grads(ctx, value):
        """Whether ``backward`` gets zeros (the default) or None where no gradient flowed."""
        ctx._materialize = bool(value)

    @property
    def saved_tensors(ctx):
        """The tensors given to ``save_for_backward``, tied to the graph during backward."""
        return ctx._saved if ctx._node is None else ctx._node.saved_tensors


class FunctionNode(Op, abstract=True):
    """The node of one call of a Function."""

    function = None

    def intermediate(node, array):
        """Constants such as masks pass; a saved float would make second derivatives wrong."""
        floating = array.dtype.kind == "f" or array.dtype == dtypes.bfloat16.storage
        return super().intermediate(array) if floating else new_tensor(array)

    @property
    def saved_tensors(node):
        """The tensors given to ``save_for_backward``, tied to the graph."""
        if node.saved is graph.RELEASED:
            iter(node.saved)
        return tuple(
            s if s is None or isinstance(s, TensorBase) else node.restored(i, s)
            for i, s in enumerate(node.saved)
        )

    def restored(node, position, array):
        """A saved array as a tensor; what is neither input nor output is a constant."""
        if node.owners[position][0] is None:
            return new_tensor(array, node.tags[position])
        return resaved(node, position)

    def vjp(node, k, *grads):
        recording = k is OPERATIONS
        if not recording:
            grads = [
                None if g is None else new_tensor(g, graph.tag_of(kind))
                for g, (_, kind) in zip(grads, node.outputs, strict=True)
            ]
        node.ctx._node = node
        try:
            with enable_grad() if recording else no_grad():
                returned = node.function.backward(node.ctx, *grads)
        finally:
            node.ctx._node = None  # a node that its own ctx holds would never be freed
        chosen = node.check_returned(returned if isinstance(returned, tuple) else (returned,))
        if recording:
            return chosen
        return tuple(None if r is None else graph.values(r) for r in chosen)

    def check_returned(node, returned):
        """The gradients of the tensor inputs, after checking number and kind."""
        if len(returned) < node.total or any(r is not None for r in returned[node.total :]):
            raise RuntimeError(
                f"{node.name}: backward returned an incorrect number of gradients "
                f"(expected {node.total}, got {len(returned)})"
            )
        for position, value in enumerate(returned):
            if value is not None and not isinstance(value, TensorBase):
                raise TypeError(
                    f"{node.name}: backward must return tensors or None, got "
                    f"{type(value).__name__} for input {position}"
                )
        return tuple(returned[p] for p in node.positions)

    def fill_gradients(node, gradients):
        """Zeros for outputs without a gradient, unless the user asked for None."""
        return super().fill_gradients(gradients) if node.ctx._materialize else gradients


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

    _node_class = FunctionNode

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        facts = {"function": cls, "name": cls.__name__}
        cls._node_class = types.new_class(
            cls.__name__, (FunctionNode,), {"abstract": True}, lambda body: body.update(facts)
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
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple(
            isinstance(a, TensorBase) and a._requires_grad for a in args
        )
        recorded = state.recording and any(ctx.needs_input_grad)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                out = cls.forward(ctx, *args)
            else:
                out = cls.forward(*args)
                cls.setup_context(ctx, args, out)
        if observe.listeners:
            observe.announce("function", cls._node_class, (args, out))
        return _outputs(cls, ctx, args, out, recorded)


def _outputs(cls, ctx, args, out, recorded):
    """The results as tensors of the graph."""
    single = not isinstance(out, tuple)
    results = (out,) if single else out
    node = object.__new__(cls._node_class) if recorded else None
    made = []
    for number, value in enumerate(results):
        if not isinstance(value, TensorBase):
            if single:
                raise TypeError(
                    f"{cls.__name__}: forward must return tensors, got {type(value).__name__}"
                )
            made.append(value)
            continue
        t = new_tensor(value._array, value._tag)
        t._writes = value._writes
        floating = value._array.dtype.kind == "f" or value._tag is not None
        fixed = any(value is other for other in ctx._without_gradient)
        if recorded and floating and not fixed:
            t._node, t._nr, t._requires_grad = node, number, True
        made.append(t)
    if recorded:
        _record(node, ctx, args, made)
    ctx._saved = ctx._without_gradient = ()
    return made[0] if single else tuple(made)


def _record(node, ctx, args, made):
    """Fill in the node of a call: its inputs, its outputs, and what the user saved."""
    node.ctx = ctx
    node.k = None
    node.recorded = True
    node.emulated = False
    node.total = len(args)
    node.positions = [i for i, a in enumerate(args) if isinstance(a, TensorBase)]
    tensors = [args[i] for i in node.positions]
    node.saved = tuple(None if t is None else t._array for t in ctx._saved)
    node.tags = tuple(None if t is None else t._tag for t in ctx._saved)
    node.fixed = tuple(n for n, t in enumerate(made) if getattr(t, "_node", None) is None)
    shown = [t if isinstance(t, TensorBase) else new_tensor(_NOTHING) for t in made]
    arrays = [t._array for t in shown]
    record_node(node, tensors, [t._array for t in tensors], arrays, shown)
    node.outputs = [(t._array.shape, t._tag or t._array.dtype) for t in shown]


_NOTHING = np.zeros(0)


def once_differentiable(function):
    """Decorates ``backward``: it runs without recording, and create_graph raises."""

    @functools.wraps(function)
    def guarded(ctx, *grads):
        if state.recording:
            raise RuntimeError(
                f"{ctx._node.name} is marked once_differentiable: it cannot be differentiated twice"
            )
        with no_grad():
            return function(ctx, *grads)

    return guarded
