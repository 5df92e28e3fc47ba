"""Asking for gradients: backward() into leaves, grad() of chosen tensors."""

import numpy as np

from .. import backend, dtypes
from . import graph, observe
from .modes import state
from .op import OPERATIONS
from .walk import accumulate, run_leaf_hooks, walk


def _list(value):
    return list(value) if isinstance(value, tuple | list) else [value]


def _tensors(value, what):
    if isinstance(value, graph.TensorBase):
        return [value]
    found = _list(value)
    for t in found:
        if not isinstance(t, graph.TensorBase):
            raise TypeError(f"{what} must be tensors, got {type(t).__name__}")
    return found


_ONE = {np.dtype(name): np.ones((), name) for name in ("float32", "float64")}


def _start(tensor, gradient, create_graph, position):
    """The gradient a walk starts with at an output: a tensor, or an array.

    One that was passed is as it is stored; the 1 of an emulated output is float32.
    """
    array = tensor._array
    if not tensor._requires_grad:
        raise RuntimeError(
            f"element {position} of tensors does not require grad and does not have a grad_fn"
        )
    if gradient is None:
        if array.size != 1:
            raise RuntimeError(
                "grad can be implicitly created only for scalar outputs, got shape "
                f"{array.shape}; pass gradient= of that shape"
            )
        start = _one_like(array, tensor._tag)
        if create_graph:
            return graph.new_tensor(_stored(start, tensor._tag), tensor._tag)
        return start
    return _given(tensor, gradient, create_graph, position)


def _one_like(array, tag):
    if type(array) is np.ndarray and array.ndim == 0 and tag is None:
        return _ONE[array.dtype]
    return backend.array_module(array).ones(array.shape, np.float32 if tag else array.dtype)


def _stored(array, tag):
    return dtypes.encode(array, tag) if tag else array


def _given(tensor, gradient, create_graph, position):
    """A gradient that the caller passed, checked against its output."""
    if not isinstance(gradient, graph.TensorBase):
        raise TypeError(f"gradients must be tensors or None, got {type(gradient).__name__}")
    if gradient._array.shape != tensor._array.shape:
        raise RuntimeError(
            f"gradient {position} has shape {gradient._array.shape}, but its output has shape "
            f"{tensor._array.shape}"
        )
    same = gradient._array.dtype is tensor._array.dtype and gradient._tag is tensor._tag
    if not same:
        gradient = OPERATIONS.cast(gradient, dtype=graph.dtype_of(tensor))
    return gradient if create_graph else gradient._array


def _roots(outputs, gradients, create_graph):
    single = isinstance(outputs, graph.TensorBase)
    if single and (gradients is None or isinstance(gradients, graph.TensorBase)):
        return [(outputs, _start(outputs, gradients, create_graph, 0))]
    outputs = _tensors(outputs, "outputs")
    gradients = [None] * len(outputs) if gradients is None else _list(gradients)
    if len(gradients) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(gradients)} gradients")
    return [
        (t, _start(t, g, create_graph, i))
        for i, (t, g) in enumerate(zip(outputs, gradients, strict=True))
    ]


def backward(
    tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None
):
    """Add the gradients of ``tensors`` to the ``grad`` of the leaves they depend on.

    ``grad_tensors`` are the gradients to start with (1 for scalars); ``inputs`` restricts which
    tensors receive theirs. ``retain_graph`` keeps saved arrays for another walk (default: as
    ``create_graph``).

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> mg.autograd.backward((x * x).sum())
    >>> x.grad
    tensor([2., 4.])
    """
    keep = create_graph if retain_graph is None else retain_graph
    wanted = None
    if inputs is not None:
        wanted = _tensors(inputs, "inputs")
        if not wanted:
            raise RuntimeError("inputs argument to backward() cannot be empty")
    found = walk(_roots(tensors, grad_tensors, create_graph), keep, create_graph, wanted)
    leaves = tuple(found) if observe.watchers else ()
    accumulate(found, create_graph)
    if leaves:
        observe.watchers["backward"](tensors, leaves)


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    only_inputs=True,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
):
    """The gradients of ``outputs`` with respect to ``inputs``, as a tuple; no ``grad`` is touched.

    Inputs may be leaves or interior tensors. An input that the outputs do not depend on raises,
    unless ``allow_unused`` (then None) or ``materialize_grads`` (then zeros). ``only_inputs`` is
    accepted and ignored.

    >>> import minigrad as mg
    >>> x = mg.tensor(3.0, requires_grad=True)
    >>> (slope,) = mg.grad(x**2, x, create_graph=True)
    >>> mg.grad(slope, x)
    (tensor(2.),)
    """
    if is_grads_batched:
        raise NotImplementedError(
            "is_grads_batched=True is not supported; call grad() once for each of the gradients"
        )
    if materialize_grads and allow_unused is False:
        raise ValueError("materialize_grads=True needs allow_unused to be True or None")
    keep = create_graph if retain_graph is None else retain_graph
    wanted = _tensors(inputs, "inputs")
    if not wanted:
        raise RuntimeError("grad() needs at least one input")
    for position, tensor in enumerate(wanted):
        if not tensor._requires_grad:
            raise RuntimeError(f"input {position} of grad() does not require grad")
    found = walk(_roots(outputs, grad_outputs, create_graph), keep, create_graph, wanted)
    unused = allow_unused or materialize_grads
    return tuple([_result(found, t, create_graph, unused, materialize_grads) for t in wanted])


def recomputed(function, inputs, g):
    """The gradients of ``function(*inputs)`` as differentiable tensors, given that of its output.

    For the vjp of a fused op under create_graph: ``function`` composes it of smaller ops.
    """
    wanted = [t for t in inputs if t is not None and t._requires_grad]
    found = grad(function(*inputs), wanted, g, create_graph=True)
    slopes = dict(zip(map(id, wanted), found, strict=True))
    return tuple(slopes.get(id(t)) for t in inputs)


def _result(found, tensor, create_graph, allow_unused, materialize):
    if tensor not in found:
        if materialize:
            xp = backend.array_module(tensor._array)
            return graph.new_tensor(xp.zeros_like(tensor._array), tensor._tag)
        if not allow_unused:
            raise RuntimeError(
                "one of the inputs was not used to compute the outputs; pass allow_unused=True "
                "to get None for it"
            )
        return None
    gradient = found[tensor]
    if tensor._hooks and tensor._node is None:
        gradient = run_leaf_hooks(tensor, gradient, create_graph)
    if create_graph:
        return gradient
    return graph.new_tensor(gradient, tensor._tag)


def recording(*tensors):
    """Whether an op on these tensors would be recorded now."""
    return state.recording and any(t._requires_grad for t in tensors)
