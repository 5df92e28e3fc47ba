"""Op: a formula with a forward and one vjp, and the recording of a call as a node of the graph.

An instance of an Op class is one call of it, and, when recorded, the node of that call.
"""

import inspect
from dataclasses import dataclass, field

import numpy as np

from .. import backend, dtypes
from . import graph, modes, observe
from .modes import state

_clock = graph.clock
_new = object.__new__
_ndarray = np.ndarray
_cpu = backend.CPU

OPS = {}


@dataclass(frozen=True)
class Sample:
    """One named call of an op: arrays for its tensor inputs, values for its parameters.

    ``constants`` are positions of floating inputs that have no gradient here.
    """

    name: str
    inputs: tuple
    params: dict = field(default_factory=dict)
    constants: tuple = ()


class Op:
    """Base of every op.

    A subclass gives ``forward(ctx, k, *arrays, **params)``, ``vjp(ctx, k, *grads)``, and
    ``samples(rng)``. ``k`` holds kernels by name; in a vjp it may hold ops of the same names, and
    then the gradients and ``ctx.saved`` are tensors (that is how second derivatives come about).
    Name tensor inputs positionally and parameters after ``*`` in ``forward``.

    Class attributes: ``view`` (the outputs may share memory with the first input), ``moves`` (and
    the gradient's elements are those of the outputs', elsewhere: their stored bits are moved),
    ``precision`` (what autocast does to the inputs: "low", "fp32", "widest" or "input"),
    ``recomputes`` (the vjp can do without saved intermediates, which are None when it runs on
    tensors), ``pointwise`` (of the one gradient and the saved arrays, all of one shape, the vjp
    takes each element by itself), ``accumulates`` (the vjp adds ``ctx.onto``, what the first input
    received on other ways, to its gradient, unless that is None), ``once_differentiable``
    (create_graph raises).
    """

    __slots__ = ("k", "saved", "owners", "cells", "edges", "sequence", "recorded", "__dict__")
    outputs = None  # ((shape, kind), …), noted only where there is more than one or it is emulated
    hooks = None
    emulated = False
    fixed = ()  # numbers of the outputs without gradient
    view = False
    moves = False
    precision = "input"
    recomputes = False
    pointwise = False
    accumulates = False
    onto = None
    once_differentiable = False
    name = "op"

    def __init_subclass__(cls, abstract=False, **kwargs):
        super().__init_subclass__(**kwargs)
        if abstract:
            return
        cls.name = "".join(
            "_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(cls.__name__)
        )
        parameters = list(inspect.signature(cls.forward).parameters.values())[2:]
        cls.parameters = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        cls.arity = sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
        cls.variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        if cls.name in OPS:
            raise ValueError(f"two ops are named {cls.name!r}")
        OPS[cls.name] = cls

    def save(ctx, *arrays):
        """Keep arrays for the vjp: inputs and outputs as they are, intermediates if they must."""
        ctx.saved = arrays

    def intermediate(ctx, array):
        """What stands for a saved intermediate when the vjp runs on tensors."""
        if not ctx.recomputes:
            raise RuntimeError(
                f"{ctx.name} saved an intermediate array, so it cannot be differentiated twice"
            )

    def fill_gradients(ctx, gradients):
        """Zeros for the outputs into which no gradient flowed."""
        return [
            _zeros(ctx, *ctx.outputs[i]) if g is None else g for i, g in enumerate(gradients)
        ]

    def needs(ctx, position):
        """Whether the gradient of this input is wanted."""
        return ctx.edges[position] is not None

    def multiply_adds(ctx, out):
        """Products of two numbers that ``out`` sums up, in an op that is a matrix product."""
        return 0

    @classmethod
    def apply(cls, *tensors, **params):
        """Run the op on tensors, recording it where a gradient may be asked for."""
        if modes.autocaster is not None:
            tensors = modes.autocaster(cls, tensors)
        arrays = []
        edges = []
        record = False
        for t in tensors:
            if t is None:
                arrays.append(None)
                edges.append(None)
                continue
            a = t._array
            if type(a) is not _ndarray or t._tag is not None:
                return _apply_general(cls, tensors, params)
            arrays.append(a)
            if t._requires_grad:
                record = True
                node, dtype = t._node, a.dtype
                edges.append(
                    (t, -1, a.shape, dtype) if node is None else (node, t._nr, a.shape, dtype)
                )
            else:
                edges.append(None)
        ctx = _new(cls)
        ctx.k = _cpu
        ctx.saved = ()
        ctx.recorded = record = record and (not modes.paused or state.recording)
        try:
            if params or len(arrays) > 2:
                out = ctx.forward(_cpu, *arrays, **params)
            elif len(arrays) == 2:  # written out: a plain call costs half of one with a star
                out = ctx.forward(_cpu, arrays[0], arrays[1])
            else:
                out = ctx.forward(_cpu, arrays[0])
        except ValueError as error:
            raise explained(error, cls.name, arrays) from None
        if observe.listeners:
            observe.announce("forward", ctx, out)
        if (
            type(out) is not _ndarray
            or cls.view
            or (record and out.dtype is not dtype and out.dtype.kind != "f")
        ):
            return finish(ctx, tensors, arrays, out, None, record)
        if record:
            return _recorded_output(ctx, edges, tensors, arrays, out)
        return graph.new_tensor(out)

    def __repr__(ctx):
        title = "".join(part[:1].upper() + part[1:] for part in ctx.name.split("_"))
        return f"<{title}Backward>"

    @property
    def next_functions(ctx):
        """The nodes (or leaf tensors) of the inputs; None where no gradient flows."""
        return tuple((e[0], max(e[1], 0)) if e is not None else (None, 0) for e in ctx.edges)


def explained(error, name, arrays):
    """The error for operands that do not broadcast; any other ValueError as it is."""
    if "broadcast" not in str(error):
        return error
    shapes = " and ".join(str(tuple(a.shape)) for a in arrays if a is not None)
    return RuntimeError(
        f"{name}: shapes {shapes} cannot be broadcast together: counted from the last, the extents "
        "must be equal or 1"
    )


def _recorded_output(ctx, edges, tensors, arrays, out):
    """The common case of :func:`finish`: one floating output of plain arrays, recorded."""
    y = _new(graph._tensor_class)
    y._array = out
    y._tag = y._writes = y._grad = y._hooks = None
    y._node = ctx
    y._nr = 0
    y._requires_grad = True
    ctx.edges = edges
    ctx.sequence = _clock()
    saved = ctx.saved
    if saved:
        if saved[0] is out and len(saved) == 1:  # an output is new: nobody wrote to it
            y._writes = cell = [0, 0]
            ctx.owners, ctx.cells = _OUTPUT, (cell,)
        elif (
            len(saved) == 2 <= len(tensors)  # the factors of a product, say
            and saved[0] is arrays[0] is not None
            and saved[1] is arrays[1] is not None
        ):
            a, b = tensors[0], tensors[1]
            if (cell := a._writes) is None:
                cell = a._writes = [0, 0]
            if (other := b._writes) is None:
                other = b._writes = [0, 0]
            ctx.owners, ctx.cells = _BOTH, (cell, other)
        else:
            _remember(ctx, saved, tensors, arrays, (out,), (y,))
    return y


def finish(ctx, tensors, arrays, out, tag, record):
    """Wrap the output arrays as tensors, and record the node that made them."""
    single = type(out) is not tuple
    outputs = (out,) if single else out
    made = []
    for number, array in enumerate(outputs):
        if type(array) is not _ndarray:
            array = graph.as_array(array)
        t = _new(graph._tensor_class)
        t._array = array
        t._tag = tag if tag is not None and array.dtype == tag.storage else None
        t._nr = number
        t._writes = t._grad = t._hooks = None
        if record and (array.dtype.kind == "f" or t._tag is not None):
            t._node = ctx
            t._requires_grad = True
        else:
            t._node = None
            t._requires_grad = False
        made.append(t)
    if ctx.view:
        cell = graph.version_cell(tensors[0])
        for t in made:
            t._writes = cell
    if record:
        record_node(ctx, tensors, arrays, outputs, made)
    return made[0] if single else tuple(made)


def record_node(ctx, tensors, arrays, outputs, made):
    """Give a node its edges, its number in the order of creation, and its saved arrays."""
    edges = []
    for t in tensors:
        if t is not None and t._requires_grad:
            a, node = t._array, t._node
            kind = t._tag or a.dtype
            edges.append((t, -1, a.shape, kind) if node is None else (node, t._nr, a.shape, kind))
        else:
            edges.append(None)
    ctx.edges = edges
    ctx.sequence = _clock()
    if len(made) > 1 or ctx.emulated:
        ctx.outputs = [(t._array.shape, t._tag or t._array.dtype) for t in made]
    saved = ctx.saved
    if saved:
        _remember(ctx, saved, tensors, arrays, outputs, made)


def _zeros(ctx, shape, kind):
    xp = np if ctx.k is None else ctx.k.xp
    return xp.zeros(shape, kind.storage if type(kind) is dtypes.dtype else kind)


def _remember(ctx, saved, tensors, arrays, outputs, made):
    """Note for every saved array whose it is and where writes to it are noted.

    ``ctx.owners`` holds (kind, index, emulated dtype or None) with kind "input", "output" or None
    for an intermediate, ``ctx.cells`` the cells of writes: one later than the node is misuse.
    """
    ctx.owners, ctx.cells = owners, cells = [], []
    count = len(arrays) if len(arrays) < _LISTED else _LISTED
    for i, array in enumerate(saved):
        if i < count and array is arrays[i] and array is not None:  # mostly inputs in their order
            tensor, owner = tensors[i], _INPUTS[i]
        else:
            tensor, owner = _owner(array, tensors, arrays, outputs, made)
        owners.append(owner)
        if tensor is None:
            cells.append(None)
            continue
        cell = tensor._writes
        if cell is None:
            cell = tensor._writes = [0, 0]
        cells.append(cell)
    if ctx.emulated:
        _remember_stored(ctx, saved, tensors, made)


def _remember_stored(ctx, saved, tensors, made):
    """Keep emulated inputs and outputs as they are stored, in two bytes, with their dtype.

    So are intermediates of the output's size; smaller ones, like statistics, stay in float32.
    """
    givers, stored, owners = {"input": tensors, "output": made}, [], []
    for array, (kind, index, tag) in zip(saved, ctx.owners, strict=True):
        if kind is not None:
            tensor = givers[kind][index]
            array, tag = tensor._array, tensor._tag
        elif array is not None and array.dtype == np.float32 and _is_large(array, made):
            tag = made[0]._tag
            array = array if tag is None else dtypes.encode(array, tag)
        stored.append(array)
        owners.append((kind, index, tag))
    ctx.saved, ctx.owners = tuple(stored), owners


def _is_large(array, made):
    return array.size >= made[0]._array.size > 1


_LISTED = 64
_INPUTS = tuple(("input", i, None) for i in range(_LISTED))
_BOTH = _INPUTS[:2]
_OUTPUT = (("output", 0, None),)
_INTERMEDIATE = (None, 0, None)


def _owner(array, tensors, arrays, outputs, made):
    """The tensor that a saved array belongs to, or None, and what it is to the op."""
    if array is None:
        return None, _INTERMEDIATE
    for i, candidate in enumerate(outputs):
        if candidate is array:
            return made[i], ("output", i, None)
    for i, candidate in enumerate(arrays):
        if candidate is array:
            return tensors[i], ("input", i, None)
    return None, _INTERMEDIATE


def _apply_general(cls, tensors, params):
    """As apply, for any backend and for emulated formats.

    Emulated inputs are computed with as float32, and each output is rounded once.
    """
    ctx = _new(cls)
    ctx.saved = ()
    ctx.k = k = backend.kernels_of(*(t._array for t in tensors if t is not None))
    tag = next((t._tag for t in tensors if t is not None and t._tag is not None), None)
    if tag is not None:
        ctx.emulated = True
    moved = cls.view and tag is not None  # the stored bits move, so that memory stays shared
    arrays = [None if t is None else t._array for t in tensors]
    if tag is not None and not moved:
        arrays = dtypes.decode_all(arrays, [None if t is None else t._tag for t in tensors])
    ctx.recorded = state.recording and any(t is not None and t._requires_grad for t in tensors)
    try:
        out = ctx.forward(k, *arrays, **params)
    except ValueError as error:
        raise explained(error, cls.name, arrays) from None
    if observe.listeners:
        observe.announce("forward", ctx, out)
    if tag is None:
        return finish(ctx, tensors, arrays, out, None, ctx.recorded)
    if moved:
        return finish(ctx, tensors, arrays, out, tag, ctx.recorded)
    plain = tuple(map(graph.as_array, out if type(out) is tuple else (out,)))
    rounded = tuple(_round(a, tag) for a in plain)
    ctx.saved = tuple(
        next((r for p, r in zip(plain, rounded, strict=True) if p is s), s) for s in ctx.saved
    )
    out = rounded if type(out) is tuple else rounded[0]
    return finish(ctx, tensors, arrays, out, tag, ctx.recorded)


def _round(array, tag):
    return dtypes.encode(array, tag) if array.dtype == np.float32 else array


class _OpNamespace:
    """Ops under the names and signatures of kernels: the ``k`` of a vjp that runs on tensors."""

    records = True

    def __getattr__(self, name):
        cls = OPS.get(name)
        call = _recorded(cls) if cls is not None else _constant(name)
        setattr(self, name, call)
        return call


def _recorded(cls):
    """An op with a kernel's signature; numbers among its operands become 0-d tensors."""

    def call(*args, **params):
        tensors = args if cls.variadic else args[: cls.arity]
        positional = () if cls.variadic else args[cls.arity :]
        params.update(zip(cls.parameters, positional, strict=False))
        return cls.apply(*_tensors(tensors), **params)

    return call


def _tensors(values):
    tensors = [v for v in values if isinstance(v, graph.TensorBase)]
    model = next((t for t in tensors if graph.dtype_of(t).is_floating_point), tensors[0])
    dtype = np.float32 if model._tag is not None else model._array.dtype
    xp = backend.array_module(model._array)
    return [
        graph.new_tensor(xp.asarray(v, dtype)) if isinstance(v, int | float) else v for v in values
    ]


def _constant(name):
    """A kernel without gradient (a comparison, say) on tensors."""
    if name not in backend.KERNELS:
        raise AttributeError(f"no op and no kernel is named {name!r}")

    def call(*args):
        arrays = [graph.values(a) if isinstance(a, graph.TensorBase) else a for a in args]
        arrays = [a.storage if type(a) is dtypes.dtype else a for a in arrays]
        kernel = getattr(backend.kernels_of(arrays[0]), name)
        return graph.new_tensor(graph.as_array(kernel(*arrays)))

    return call


OPERATIONS = _OpNamespace()
