"""Where the first NaN or infinity came from: line, module, op and operands."""

import functools
import linecache
import os
import re
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .. import dtypes, random
from ..backend import array_module
from ..engine import observe, walk
from ..engine.graph import RELEASED, TensorBase, as_array, new_tensor, tag_of, values
from ..engine.op import OPS
from ..nn.module import Module
from .warning import place_of

__all__ = ["AnomalyError", "anomaly", "checked"]

_PACKAGE = str(Path(__file__).parent.parent) + os.sep
_WALK = walk._walk.__code__
_SHORT = {"float16": "fp16", "bfloat16": "bf16"}
MASKING = ("where",)  # what puts −inf into a tensor on purpose; masked_fill is one of these


class AnomalyError(RuntimeError):
    """A value that is not finite, and where it arose.

    ``where`` is the user's ``file:line`` and ``code`` that line, ``op`` the name of the op,
    ``during`` "forward" or "backward", ``module`` the path of the module within the outermost one
    being called ("" outside of modules and for the outermost itself). ``inputs_finite`` says
    whether the op had finite operands (going back: gradients); ``tensors`` holds the operands and
    results by name.
    """

    def __init__(self, message, **facts):
        super().__init__(message)
        self.__dict__.update(facts)


class _Place:
    """Where an op was called: the user's line, and the modules that were running."""

    __slots__ = ("file", "line", "inner", "outer", "saved")

    def __init__(self, file, line, inner=None, outer=None, saved=()):
        self.file, self.line, self.inner, self.outer = file, line, inner, outer
        self.saved = saved  # arrays that the op kept, which a backward pass frees before we look

    @property
    def where(self):
        return place_of(self.file, self.line)

    @property
    def code(self):
        return linecache.getline(self.file, self.line).strip()

    @property
    def path(self):
        if self.inner is self.outer:
            return ""
        names = (name for name, module in self.outer.named_modules() if module is self.inner)
        return next(names, type(self.inner).__name__)

    @property
    def module(self):
        """The module as it is printed."""
        if self.inner is self.outer:
            return type(self.outer).__name__
        return f"{self.path} ({type(self.inner).__name__}) of {type(self.outer).__name__}"


def _place(frame):
    """(where the user is, the node whose vjp is running if the user's code is above the walk)"""
    user = inner = outer = node = None
    while frame is not None:
        code = frame.f_code
        if user is None and code is _WALK:
            node = frame.f_locals["node"]
        if user is None and not code.co_filename.startswith(_PACKAGE):
            user = code.co_filename, frame.f_lineno
        if code.co_name in ("forward", "__call__"):
            holder = frame.f_locals.get("self")
            if isinstance(holder, Module):
                inner, outer = inner or holder, holder
        frame = frame.f_back
    return _Place(*user, inner, outer), node


@contextmanager
def anomaly(check="forward+backward", inf=True, allow=()):
    """Inside, the first NaN or infinity that an op of this thread makes raises AnomalyError.

    It is looked for after every op going forward and after every node going back, so the error
    names the op that made it rather than one that met it later. ``check`` may be "forward" or
    "backward" alone; ``inf=False`` looks for NaN only. −inf is legal where it comes from an operand
    that is −inf or from masking (``where``, ``masked_fill``); the infinities of the ops named in
    ``allow``, such as "log" of 0, are legal too, NaN never is. Under autocast and in other narrow
    formats a number too large for the format is an infinity, and the message says so. With a
    GradScaler, whose first steps overflow by design, use ``check="forward"``.

    Layers run one by one inside, and each op is looked at: small steps take up to twice as long.
    :func:`checked` costs nothing until something goes wrong.

    >>> import minigrad as mg
    >>> with mg.debug.anomaly():
    ...     mg.tensor([1.0, -1.0]).log()
    Traceback (most recent call last):
    minigrad.debug.anomaly.AnomalyError: log gave NaN in the forward pass
      where   <doctest minigrad.debug.anomaly.anomaly[1]>:2: mg.tensor([1.0, -1.0]).log()
      input 0 float32 (2,): min -1, max 1, 0 nan, 0 inf
      output  float32 (2,): min 0, max 0, 1 nan, 0 inf, first at (1,)
      all inputs were finite
    """
    watch = _Watch(check, inf, allow)
    unsubscribe = observe.subscribe(watch.hear)
    try:
        yield
    finally:
        unsubscribe()


class _Watch:
    """The listener: looks at results, and remembers where each node was made."""

    def __init__(self, check, inf, allow):
        parts = set(check.split("+")) if isinstance(check, str) else {check}
        if not parts <= {"forward", "backward"}:
            raise ValueError(
                f"anomaly: check must be 'forward', 'backward' or 'forward+backward', got {check!r}"
            )
        if isinstance(allow, str):
            raise TypeError(f"anomaly: allow takes several names of ops: allow=({allow!r},)")
        unknown = [name for name in allow if name not in OPS]
        if unknown:
            raise ValueError(f"anomaly: allow names {unknown[0]!r}, which is no op")
        self.parts, self.inf, self.allow = parts, bool(inf), frozenset(allow)
        self.thread = threading.get_ident()

    def hear(self, event, node, found):
        if threading.get_ident() != self.thread:
            return
        if event == "forward":
            self.forward(node, found)
        elif event == "backward":
            self.backward(node, found)
        elif event == "function":
            self.function(node, *found)

    def forward(self, op, out):
        frame = sys._getframe(3)  # past hear and announce: the call of the op
        if op.recorded:
            place, _ = _place(frame)
            place.saved = op.saved
            op.__dict__["_anomaly"] = place
        if "forward" not in self.parts or (op.view and op.emulated):
            return  # views of stored bits make no values
        tag = _output_tag(op, frame)
        for exact in map(as_array, out if type(out) is tuple else (out,)):
            result = _rounded(exact, tag)
            if _finite(result):
                continue
            tensors = frame.f_locals.get("tensors", (frame.f_locals.get("x"),))
            inputs = [None if t is None else values(t) for t in tensors]
            bad = self.offending(op, result, inputs)
            if bad.any():
                exact = inputs[0] if op.name == "cast" else exact
                raise _forward_error(op, frame, tensors, inputs, exact, result, bad, tag)

    def function(self, op, arguments, out):
        """Look at what the forward of an autograd.Function gave, in NumPy for instance."""
        if "forward" not in self.parts:
            return
        tensors = [value for value in arguments if isinstance(value, TensorBase)]
        inputs = [values(tensor) for tensor in tensors]
        for tensor in out if type(out) is tuple else (out,):
            result = values(tensor) if isinstance(tensor, TensorBase) else None
            bad = None if _finite(result) else self.offending(op, result, inputs)
            if bad is not None and bad.any():
                frame = sys._getframe(3)  # as in forward
                raise _forward_error(op, frame, tensors, inputs, result, result, bad, None)

    def offending(self, op, result, inputs):
        """Where the elements are that must not be."""
        xp = array_module(result)
        bad = xp.isnan(result)
        if self.inf and op.name not in self.allow:
            masked = op.name in MASKING or any(
                _is_float(a) and bool((a == -np.inf).any()) for a in inputs
            )
            bad = bad | (result == np.inf if masked else xp.isinf(result))
        return bad

    def backward(self, node, gradients):
        place = node.__dict__.get("_anomaly")
        kept = place.saved if place is not None else ()
        if node.saved is RELEASED and place is not None:
            place.saved = ()
        if "backward" not in self.parts:
            return
        for number, (gradient, edge) in enumerate(zip(gradients, node.edges, strict=True)):
            if gradient is None or edge is None:
                continue
            exact = values(gradient) if isinstance(gradient, TensorBase) else as_array(gradient)
            tag = tag_of(edge[3])
            result = _rounded(exact, tag)
            if _finite(result):
                continue
            bad = array_module(result).isnan(result)
            if self.inf and node.name not in self.allow:
                bad = ~array_module(result).isfinite(result)
            if bad.any():
                frame = sys._getframe(3)
                raise _backward_error(node, frame, kept, number, exact, result, bad, tag)


def _output_tag(op, frame):
    """The narrow format to which the result of an op will be rounded, or None."""
    if not op.emulated:
        return None
    if op.name == "cast":
        dtype = frame.f_locals["dtype"]
        return dtype if dtype.emulated else None
    return frame.f_locals["tag"]


def _rounded(array, tag):
    """The values of an array once it is stored in a format."""
    if tag is None or not (_is_float(array) or array.dtype == tag.storage):
        return array
    stored = array.dtype == tag.storage and tag.storage != np.float32
    return dtypes.decode(array if stored else dtypes.encode_nearest(array, tag), tag)


def _is_float(array):
    return array is not None and array.dtype.kind == "f"


def _finite(array):
    return not _is_float(array) or bool(array_module(array).isfinite(array).all())


def _forward_error(op, frame, tensors, inputs, exact, result, bad, tag):
    place, node = _place(frame)
    arrays = {f"input {i}": a for i, a in enumerate(inputs) if a is not None}
    notes = [
        f"input {i} was not finite before: {_origin(tensors[i], place)}"
        for i, a in enumerate(inputs) if not _finite(a)
    ]  # fmt: skip
    what = _what(result, bad, exact, tag)
    if node is None:
        title, name, during = f"{op.name} gave {what} in the forward pass", op.name, "forward"
    else:  # an op of a vjp that is itself recorded
        title = f"{op.name}, in the backward of {node.name}, gave {what}"
        place, name, during = _made_at(node, place, notes), node.name, "backward"
    return _error(title, name, during, place, arrays, {"output": result}, bad, notes)


def _backward_error(node, frame, kept, number, exact, result, bad, tag):
    outer = frame
    while outer.f_code is not _WALK:
        outer = outer.f_back
    received = outer.f_locals["received"]
    received = [values(g) if isinstance(g, TensorBase) else g for g in received]
    arrays = {f"gradient {i}": g for i, g in enumerate(received) if g is not None}
    notes = [f"{name} was not finite before" for name, g in arrays.items() if not _finite(g)]
    arrays |= {f"saved {i}": a for i, a in enumerate(kept) if hasattr(a, "dtype")}
    place = _made_at(node, _place(frame)[0], notes)
    what = _what(result, bad, exact, tag)
    title = f"the backward of {node.name} gave {what} as the gradient of its input {number}"
    name = f"gradient of input {number}"
    return _error(title, node.name, "backward", place, arrays, {name: result}, bad, notes)


def _made_at(node, place, notes):
    """Where a node was made; where that is not known, ``place``, with a note."""
    known = node.__dict__.get("_anomaly")
    if known is None and hasattr(node, "function"):  # of autograd.Function
        code = node.function.backward.__code__
        return _Place(code.co_filename, code.co_firstlineno)
    if known is None:
        notes.append("the forward pass ran outside of anomaly(): its line is not known")
    return known or place


def _error(title, op, during, place, arrays, results, bad, notes):
    """The error with its table of what went in and what came out."""
    kind = "inputs" if during == "forward" else "gradients"
    finite = not any("was not finite" in note for note in notes)
    notes = [f"all {kind} were finite", *notes] if finite else notes
    rows = [("where", f"{place.where}: {place.code}")]
    if place.outer is not None:
        rows.append(("module", place.module))
    rows += [(name, _statistics(array)) for name, array in arrays.items()]
    first = tuple(int(i) for i in np.unravel_index(bad.argmax().item(), bad.shape))
    rows += [(name, f"{_statistics(a)}, first at {first}") for name, a in results.items()]
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:<{width}} {text}" for name, text in rows] + [f"  {n}" for n in notes]
    return AnomalyError(
        "\n".join([title, *lines]),
        where=place.where,
        code=place.code,
        op=op,
        during=during,
        module=place.path,
        inputs_finite=finite,
        tensors={name: new_tensor(array) for name, array in (arrays | results).items()},
    )


def _what(result, bad, exact, tag):
    """NaN, inf, or what a narrow format could not hold."""
    xp = array_module(result)
    if tag is not None and _is_float(exact) and bool(xp.isfinite(exact)[bad].all()):
        largest, limit = abs(exact[bad]).max().item(), dtypes.finfo(tag).max
        name = _SHORT.get(tag.name, tag.name)
        return f"{name} overflow: max {_short(largest)} > {limit:g}"
    return "NaN" if bool(xp.isnan(result).any()) else "inf"


def _short(number):
    return re.sub(r"e\+?(-?)0*(\d)", r"e\1\2", f"{number:.1e}")


def _statistics(array):
    """dtype, shape, range and what is not finite, in one line."""
    text = f"{array.dtype} {tuple(array.shape)}"
    if not _is_float(array) or not array.size:
        return text
    xp = array_module(array)
    finite = array[xp.isfinite(array)]
    span = f"min {finite.min().item():.4g}, max {finite.max().item():.4g}" if finite.size else ""
    nans, infs = int(xp.isnan(array).sum()), int(xp.isinf(array).sum())
    return f"{text}: {span or 'nothing finite'}, {nans} nan, {infs} inf"


def _origin(tensor, place):
    """What made a tensor that was not finite already."""
    if tensor._node is not None:
        made = tensor._node.__dict__.get("_anomaly")
        return f"made by {tensor._node.name}" + (f" at {made.where}" if made else "")
    named = place.outer.named_parameters() if place.outer is not None else ()
    names = (f"the parameter {name}" for name, parameter in named if parameter is tensor)
    return next(names, "it came from outside")


def checked(function, parameters=(), **options):
    """The function, run again under :func:`anomaly` where its result is not finite.

    ``function`` computes a loss, and may call ``backward``, but does not step the optimizer: the
    second run must meet the same weights. It draws the same random numbers. What is looked at is
    the tensor that it returns (if any) and the gradients of ``parameters``; this costs one pass
    over them. ``options`` are those of :func:`anomaly`.

    >>> import minigrad as mg
    >>> w = mg.tensor([4.0, 0.0], requires_grad=True)
    >>> def compute():
    ...     loss = w.sqrt().sum()
    ...     loss.backward()
    ...     return loss
    >>> try:
    ...     mg.debug.checked(compute, [w])()
    ... except mg.debug.AnomalyError as error:
    ...     error.op, error.during, error.code
    ('sqrt', 'backward', 'loss = w.sqrt().sum()')
    """
    parameters = list(parameters)

    @functools.wraps(function)
    def run(*args, **kwargs):
        generator = random.default_generator.clone_state()
        result = function(*args, **kwargs)
        seen = [result, *(p._grad for p in parameters)]
        if all(_finite(values(t)) for t in seen if isinstance(t, TensorBase)):
            return result
        with anomaly(**options), random.drawing_from(generator):
            function(*args, **kwargs)
        raise RuntimeError(
            "checked: the result was not finite, but no op made it so in a second run: were the "
            "gradients not finite before, or does the function change what it reads?"
        )

    return run
