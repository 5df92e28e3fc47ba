"""The walk: from the newest node down to the leaves, one vjp at a time, without recursion.

Nodes are numbered as they are made, so a node's consumers all have higher numbers: a heap of
pending numbers, highest first, meets every node after all of its gradients have arrived.
"""

import sys
from heapq import heappop, heappush

import numpy as np

from .. import backend, dtypes
from . import graph, modes, observe
from .autocast import under
from .graph import tag_of
from .hooks import AfterAccumulation
from .modes import enable_grad, state
from .op import OPERATIONS

_ndarray = np.ndarray
_kernels = backend.kernels_by_type
_OWNERS = backend.MEMORY_OWNERS

PIECE = 1 << 17  # elements of which float32 copies stay in a cache


def walk(roots, retain_graph=False, create_graph=False, wanted=None):
    """Send gradients from ``roots`` down the graph.

    ``roots`` is a list of (tensor, gradient); ``wanted`` None means every leaf, otherwise only the
    tensors named get a gradient. Returns {tensor: gradient}: arrays as stored, or tensors when
    ``create_graph``.
    """
    needed, captures = (None, {}) if wanted is None else _paths(roots, wanted)
    before, state.captures = state.captures, captures
    try:
        return _walk(roots, retain_graph, create_graph, needed, captures)
    finally:
        state.captures = before


def _walk(roots, retain_graph, create_graph, needed, captures):
    algebra = _Tensors if create_graph else _Arrays
    front = found, pending, heap = {}, {}, []
    deliver(front, algebra, needed, [g for _, g in roots], [_root_edge(t) for t, _ in roots])
    while heap:
        node, received = pending.pop(-heappop(heap))
        if node.hooks:
            _run_hooks(algebra, node, received)
        if node in captures and not _capture(node, received, needed, captures, found):
            continue
        if node.accumulates and algebra is _Arrays:
            node.onto = _other_ways(pending, node)
        gradients = algebra.vjp(node, received, retain_graph)
        if observe.listeners:
            observe.announce("backward", node, gradients)
        deliver(front, algebra, needed, gradients, node.edges)
    return found


def deliver(front, algebra, needed, gradients, edges):
    """Add gradients to what the nodes and leaves at the other ends of ``edges`` received so far.

    ``front`` holds three things: {leaf: sum}, {number of a pending node: (node, what each of its
    outputs received)} and the heap of the negated numbers. This is the hot loop of a backward pass.
    """
    found, pending, heap = front
    position = -1
    for edge in edges:  # zip alone would take a tenth of an op's time
        position += 1
        if edge is None or (gradient := gradients[position]) is None:
            continue
        target, number, shape, kind = edge
        if needed is not None and target not in needed:
            continue
        if (
            type(gradient) is not _ndarray
            or gradient.dtype is not kind
            or gradient.shape != shape
        ):
            gradient = algebra.conform(target, gradient, shape, kind)
        if number < 0:
            known = found.get(target)
            found[target] = gradient if known is None else algebra.add(known, gradient, kind)
            continue
        entry = pending.get(target.sequence)
        if entry is None:
            outputs = target.outputs
            entry = (target, [None] if outputs is None else [None] * len(outputs))
            pending[target.sequence] = entry
            heappush(heap, -target.sequence)
        known = entry[1][number]
        entry[1][number] = gradient if known is None else algebra.add(known, gradient, kind)


def _other_ways(pending, node):
    """What the first input of a node received so far, for the vjp to add to; it is due no more.

    None where there is nothing, or where somebody looks at what the node gives by itself.
    """
    edge = node.edges[0]
    if edge is None or not modes.fusion or observe.listeners or node.hooks or node.emulated:
        return None
    target, number, _, _ = edge
    entry = pending.get(target.sequence) if number >= 0 else None
    if entry is None or type(entry[1][number]) is not _ndarray:
        return None
    known, entry[1][number] = entry[1][number], None
    return known


def _root_edge(tensor):
    target, number = (tensor, -1) if tensor._node is None else (tensor._node, tensor._nr)
    return target, number, tensor._array.shape, tensor._tag or tensor._array.dtype


def _capture(node, received, needed, captures, found):
    """Note the gradients that were asked for at a node; whether the walk goes on through it."""
    for number, tensor in captures[node]:
        if received[number] is not None:
            found[tensor] = received[number]
    return _leads_on(node, needed)


def _checked(node, results):
    """What a vjp returned as a tuple of one gradient per input."""
    if type(results) is not tuple:
        results = (results,)
    if len(results) != len(node.edges):
        raise RuntimeError(
            f"{node.name}: the vjp returned {len(results)} gradients for {len(node.edges)} inputs"
        )
    return results


def _leads_on(node, needed):
    return any(edge is not None and edge[0] in needed for edge in node.edges)


def _paths(roots, wanted):
    """The nodes and leaves on some way from the roots to a wanted tensor, and where to capture."""
    captures, needed = {}, set()
    for tensor in wanted:
        if tensor._node is None:
            needed.add(tensor)
        else:
            captures.setdefault(tensor._node, []).append((tensor._nr, tensor))
    order, stack = {}, [t._node for t, _ in roots if t._node is not None]
    while stack:
        node = stack.pop()
        if node.sequence not in order:
            order[node.sequence] = node
            for edge in node.edges:
                if edge is not None and edge[1] >= 0:
                    stack.append(edge[0])
    for number in sorted(order):
        node = order[number]
        if node in captures:
            needed.add(node)
            continue
        for edge in node.edges:
            if edge is not None and edge[0] in needed:
                needed.add(node)
                break
    return needed, captures


def _run_hooks(algebra, node, gradients):
    """Tensor hooks of a node's outputs: each may replace the gradient that flows on."""
    for hook in list(node.hooks.values()):
        gradient = gradients[hook.number]
        if gradient is None:
            continue
        meta = node.outputs[hook.number] if node.outputs else (gradient.shape, gradient.dtype)
        replaced = hook(algebra.wrap(gradient, meta[1]))
        if replaced is not None:
            gradients[hook.number] = algebra.unwrap(replaced, node, meta)


def run_leaf_hooks(tensor, gradient, create_graph):
    """Tensor hooks of a leaf, on the whole gradient of one walk."""
    algebra = _Tensors if create_graph else _Arrays
    kind = tensor._tag or tensor._array.dtype
    for hook in list(tensor._hooks.values()):
        if type(hook) is AfterAccumulation:
            continue
        replaced = hook(algebra.wrap(gradient, kind))
        if replaced is not None:
            gradient = algebra.unwrap(replaced, None, (tensor._array.shape, kind))
    return gradient


def _run_later_hooks(tensor):
    for hook in list(tensor._hooks.values()):
        if type(hook) is AfterAccumulation:
            hook(tensor)


def _modified(node):
    """The error for a saved array that was written to since."""
    for array, (kind, index, _), cell in zip(node.saved, node.owners, node.cells, strict=True):
        if cell is not None and cell[1] > node.sequence:
            return RuntimeError(
                f"one of the arrays needed for the gradient of {node.name} was modified in place: "
                f"{kind} {index}, shape {array.shape}, was written to after it was saved "
                f"and is at version {cell[0]}; clone it before writing"
            )
    raise AssertionError("no saved array was modified")


def _check_saved(node):
    """Raise if the saved arrays were freed or written to since the forward pass."""
    if node.saved is graph.RELEASED:
        iter(node.saved)
    for cell in node.cells:
        if cell is not None and cell[1] > node.sequence:
            raise _modified(node)


def _mismatch(target, shape, wanted):
    owner = "a leaf" if isinstance(target, graph.TensorBase) else getattr(target, "name", "a hook")
    return RuntimeError(
        f"a gradient of shape {tuple(shape)} arrived at an output of {owner} of shape "
        f"{tuple(wanted)}, to which it cannot be summed"
    )


def _broadcasts_to(small, large):
    """Whether an array of shape ``small`` broadcasts to ``large``."""
    return len(small) <= len(large) and all(
        s in (1, n) for s, n in zip(reversed(small), reversed(large), strict=False)
    )


class _Arrays:
    """Gradients are arrays and nothing is recorded: the fast default."""

    @staticmethod
    def vjp(node, gradients, retain_graph):
        if node.saved:
            _check_saved(node)
        if len(gradients) > 1:
            gradients = node.fill_gradients(gradients)  # as stored, like those that are there
        if node.emulated and not node.moves:
            results = _Arrays._decoded(node, gradients, retain_graph)
        elif len(gradients) > 1:
            results = node.vjp(node.k, *gradients)
        else:
            results = node.vjp(node.k, gradients[0])
        if node.saved and not retain_graph:
            node.saved = graph.RELEASED
        return _checked(node, results)

    @staticmethod
    def _decoded(node, gradients, retain_graph):
        """The vjp of an emulated node, whose saved arrays and gradients become float32 for it.

        Their stored forms go first, where nobody needs them again: there may not be room for both.
        """
        if node.pointwise and gradients[0].size > PIECE and type(gradients[0]) is _ndarray:
            return _Arrays._piecewise(node, gradients[0])
        runner = _twin(node)
        if node.saved:
            runner.saved = _Arrays._decoded_saved(node, node.saved)
            if not retain_graph:
                node.saved = graph.RELEASED
        return runner.vjp(
            node.k,
            *(
                None if g is None else dtypes.decode(g, tag_of(kind))
                for g, (_, kind) in zip(gradients, node.outputs, strict=True)
            ),
        )

    @staticmethod
    def _piecewise(node, gradient):
        """As _decoded, for a pointwise node: only a piece at a time is float32."""
        runner, tag = _twin(node), tag_of(node.outputs[0][1])
        stored = gradient.reshape(-1)
        saved = [a if a is None else a.reshape(-1) for a in node.saved]
        result = backend.empty(stored.shape, stored.dtype)
        for start in range(0, stored.size, PIECE):
            piece = slice(start, start + PIECE)
            pieces = [a if a is None else a[piece] for a in saved]
            runner.saved = _Arrays._decoded_saved(node, pieces)
            g = dtypes.decode(stored[piece], tag)
            result[piece] = dtypes.encode(runner.vjp(node.k, g), tag)
        return result.reshape(gradient.shape)

    @staticmethod
    def _decoded_saved(node, arrays):
        return tuple(dtypes.decode_all(arrays, [tag for _, _, tag in node.owners]))

    @staticmethod
    def conform(node, gradient, shape, kind):
        """The gradient with the shape and dtype of its input; the engine's part of every vjp."""
        gradient = graph.as_array(gradient)
        if gradient.shape != shape:
            if not _broadcasts_to(shape, gradient.shape):
                raise _mismatch(node, gradient.shape, shape)
            gradient = backend.kernels_of(gradient).unbroadcast(gradient, shape)
        if type(kind) is not dtypes.dtype:
            return gradient if gradient.dtype == kind else gradient.astype(kind)
        stored = gradient.dtype == kind.storage and kind.storage != np.float32
        return gradient if stored else dtypes.encode(gradient, kind)

    @staticmethod
    def add(a, b, kind):
        k, tag = _kernels[type(a)], tag_of(kind)
        if tag is None:
            return graph.as_array(k.add(a, b))
        return dtypes.encode(k.add(dtypes.decode(a, tag), dtypes.decode(b, tag)), tag)

    @staticmethod
    def wrap(gradient, kind):
        return graph.new_tensor(gradient, tag_of(kind))

    @staticmethod
    def unwrap(tensor, node, meta):
        return _Arrays.conform(node, graph.values(tensor), *meta)


class _Tensors:
    """Gradients are tensors and every vjp is recorded: create_graph."""

    @staticmethod
    def vjp(node, gradients, retain_graph):
        if node.once_differentiable:
            raise RuntimeError(f"{node.name} is once differentiable: create_graph is refused")
        runner = node
        if node.saved:
            _check_saved(node)
            runner = _twin(node)
            runner.saved = tuple(resaved(node, i) for i in range(len(node.saved)))
        if len(gradients) > 1:
            filled = node.fill_gradients([None if g is None else g._array for g in gradients])
            gradients = [
                g if g is not None or f is None else graph.new_tensor(f, tag_of(kind))
                for g, f, (_, kind) in zip(gradients, filled, node.outputs, strict=True)
            ]
        with enable_grad(), under(None):
            results = runner.vjp(OPERATIONS, *gradients)
        if not retain_graph and node.saved:
            node.saved = graph.RELEASED
        return _checked(node, results)

    @staticmethod
    def conform(node, gradient, shape, kind):
        if gradient._array.shape != shape:
            if not _broadcasts_to(shape, gradient._array.shape):
                raise _mismatch(node, gradient._array.shape, shape)
            gradient = OPERATIONS.unbroadcast(gradient, shape)
        if (gradient._tag or gradient._array.dtype) != kind:
            target = tag_of(kind) or dtypes.of_storage(kind)
            gradient = OPERATIONS.cast(gradient, dtype=target)
        return gradient

    @staticmethod
    def add(a, b, kind):
        with enable_grad():
            return OPERATIONS.add(a, b)

    @staticmethod
    def wrap(gradient, kind):
        return gradient

    @staticmethod
    def unwrap(tensor, node, meta):
        return _Tensors.conform(node, tensor, *meta)


def _twin(node):
    """A copy of a node that can be given other saved values without touching the node."""
    twin = object.__new__(type(node))
    twin.__dict__.update(node.__dict__)
    for slot in ("k", "saved", "edges", "sequence", "recorded"):
        setattr(twin, slot, getattr(node, slot))
    return twin


def resaved(node, position):
    """A saved array as the tensor it was: tied to its input's edge or to the node's output."""
    kind, index, tag = node.owners[position]
    array = node.saved[position]
    if kind is None:
        return None if array is None else node.intermediate(array)
    tensor = graph.new_tensor(array, tag)
    tensor._writes = node.cells[position]
    if kind == "output":
        if index not in node.fixed:
            tensor._node, tensor._nr, tensor._requires_grad = node, index, True
        return tensor
    edge = node.edges[index]
    if edge is not None:
        if edge[1] < 0:
            return edge[0]
        tensor._node, tensor._nr, tensor._requires_grad = edge[0], edge[1], True
    return tensor


def _references():
    """The reference count of an array that one variable of the asking function holds."""
    gradient = np.zeros(1)
    return sys.getrefcount(gradient)


_ALONE = _references()


def accumulate(found, create_graph):
    """Add the gradients of a walk to the ``grad`` of their leaves."""
    while found:
        tensor, gradient = found.popitem()
        if tensor._hooks:
            gradient = run_leaf_hooks(tensor, gradient, create_graph)
        known = tensor._grad
        if create_graph:
            tensor._grad = gradient if known is None else OPERATIONS.add(known, gradient)
            if tensor._hooks:
                _run_later_hooks(tensor)
            continue
        if known is not None:
            gradient = _Arrays.add(known._array, gradient, tensor._tag)
        elif type(gradient) is _ndarray and (
            sys.getrefcount(gradient) > _ALONE or type(gradient.base) not in _OWNERS
        ):
            gradient = gradient.copy()  # somebody else holds this array, or it is a view
        tensor._grad = graph.new_tensor(gradient, tensor._tag)
        if known is not None and observe.watchers:
            observe.watchers["accumulate"](tensor, known)
        if tensor._hooks:
            _run_later_hooks(tensor)

