"""What an op computes and how: its formula, its source, and both of its kernels."""

import ast
import difflib
import importlib.util
import inspect
import re
import textwrap
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np

from ..backend import CPU, KERNELS, REFERENCE
from ..engine.op import OPS, Op

__all__ = ["Explanation", "explain"]

_WIDTH = 160  # the widest that two kernels may stand side by side


class Explanation(str):
    """The text of :func:`explain`; its repr is the text itself, so a prompt shows it readably.

    ``op`` is the class of the op, ``kernels`` is {name: (reference source, fast source or "")}.
    """

    __slots__ = ("op", "kernels")
    __repr__ = str.__str__


def explain(op):
    """The formula, the gradient and the kernels of an op, as text.

    ``op`` is a name such as "tanh", an op class, a function such as ``mg.tanh`` or
    ``nn.functional.gelu``, or the ``grad_fn`` of a tensor. The kernels are those that its forward
    and its gradient call: the reference beside the fast one for the CPU, where there is one.

    >>> import minigrad as mg
    >>> print(mg.debug.explain("relu"))  # doctest: +ELLIPSIS
    relu: y = max(x, 0).    dL/dx = 0 where x ≤ 0, else g
    ...
    >>> sorted(mg.debug.explain(mg.relu).kernels)
    ['relu', 'relu_vjp']
    """
    cls = _op_class(op)
    kernels = {name: _sources(KERNELS[name]) for name in _kernels_called(cls)}
    parts = [f"{cls.name}: {inspect.getdoc(cls)}", f"# {cls.__module__}", *_methods(cls)]
    for name, (reference, fast) in kernels.items():
        parts.append(f"kernel {name}\n{_side_by_side(reference, fast)}")
    text = Explanation("\n\n".join(parts))
    text.op, text.kernels = cls, kernels
    return text


def _op_class(op):
    """The class of an op, from any of the things that stand for it."""
    if isinstance(op, Op):
        op = type(op)
    if isinstance(op, type) and issubclass(op, Op):
        if OPS.get(op.name) is op:
            return op
        raise ValueError(f"explain: {op.name} is no op of minigrad: its source is your own")
    if isinstance(op, str):
        name = op.rpartition(".")[2]
        if name in OPS:
            return OPS[name]
        raise ValueError(f"explain: no op is named {op!r}{_close(name)}")
    name = getattr(op, "__name__", None)
    if not callable(op) or name is None:
        raise TypeError(
            "explain: op must be a name, an op class, a function or a grad_fn, got "
            f"{type(op).__name__}"
        )
    if name in OPS and getattr(op, "__module__", "").partition(".")[0] == __package__.split(".")[0]:
        return OPS[name]
    return _applied(op, name)


def _applied(function, name):
    """The only op that a function applies."""
    try:
        found = set(re.findall(r"\b(\w+)\.apply\(", inspect.getsource(function)))
    except (OSError, TypeError):
        found = set()
    classes = [cls for cls in OPS.values() if cls.__name__ in found]
    if len(classes) == 1:
        return classes[0]
    several = ", ".join(sorted(cls.name for cls in classes))
    if several:
        raise ValueError(f"explain: {name} is made of several ops, explain one of them: {several}")
    raise ValueError(f"explain: {name} is not an op, nor a function around one{_close(name)}")


def _close(name):
    matches = difflib.get_close_matches(name.lower(), OPS, n=3)
    return f"; did you mean {' or '.join(map(repr, matches))}?" if matches else ""


def _methods(cls):
    """The sources of the forward pass and of the gradient."""
    found = (getattr(cls, name, None) for name in ("forward", "vjp", "gradient", "composed"))
    return [textwrap.dedent(inspect.getsource(f)).rstrip() for f in found if callable(f)]


class _Recorder:
    """The reference kernels; notes which are called."""

    records = False

    def __init__(self):
        self.names = []

    def __getattr__(self, name):
        if name in KERNELS and name not in self.names:
            self.names.append(name)
        return getattr(REFERENCE, name)


def _kernels_called(cls):
    """The names of the kernels that the first sample of an op takes, forward and back."""
    sample, k = next(iter(cls.samples(np.random.default_rng(0)))), _Recorder()
    node = object.__new__(cls)
    node.k, node.saved, node.recorded = k, (), True
    node.edges = [None if a is None else (None, -1, a.shape, a.dtype) for a in sample.inputs]
    out = node.forward(k, *sample.inputs, **sample.params)
    outputs = map(np.asarray, out if type(out) is tuple else (out,))
    with suppress(RuntimeError):  # an op without gradient says so
        node.vjp(k, *(np.ones(array.shape, array.dtype) for array in outputs))
    return k.names


def _sources(spec):
    """(source of the reference, source of the fast kernel or "")"""
    reference = textwrap.dedent(inspect.getsource(inspect.unwrap(spec.reference)))
    fast = CPU.fast(spec)
    if fast is None:
        return reference, ""
    package = spec.reference.__module__.rpartition(".reference.")[0]
    return reference, _definition(f"{package}.cpu.{spec.family}", spec.name)


def _definition(module, name):
    """The statements of a module that define a name, and the private ones that they use."""
    source, statements = _parsed(module)
    wanted, found = [name], {}
    while wanted:
        node = statements.get(wanted.pop())
        if node is None or node.lineno in found:
            continue
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        found[node.lineno] = "\n".join(source[start - 1 : node.end_lineno])
        if len(found) == 1 or isinstance(node, ast.Assign):  # one step down, not the whole module
            used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            wanted += sorted(used & statements.keys())
    return "\n\n\n".join(found[line] for line in sorted(found))


@cache
def _parsed(module):
    """(lines of a module, {name: the statement at its top that defines it})"""
    source = Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8")
    statements = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            statements[node.name] = node
        elif isinstance(node, ast.Assign):
            names = (n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name))
            statements |= dict.fromkeys(names, node)
    return source.splitlines(), statements


def _side_by_side(reference, fast):
    """Two sources in columns; one after the other where they are too wide."""
    left = ["reference", *reference.rstrip().splitlines()]
    right = ["fast (CPU)", *fast.rstrip().splitlines()] if fast else ["fast (CPU): the reference"]
    width = max(map(len, left))
    if width + 3 + max(map(len, right)) > _WIDTH:
        return "\n".join([*left, "", *right])
    height = max(len(left), len(right))
    left += [""] * (height - len(left))
    right += [""] * (height - len(right))
    pairs = zip(left, right, strict=True)
    return "\n".join(f"{a:<{width}} | {b}".rstrip(" ") for a, b in pairs)
