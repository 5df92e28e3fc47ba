"""Calls of every op, made from the samples that the ops carry themselves."""

import zlib
from dataclasses import dataclass

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional  # the ops that only layers use
from minigrad.engine import graph
from minigrad.engine.op import OPS, Sample

DTYPES = ("float64", "float32", "float16", "bfloat16")

# how far a result may be from the float64 one, relative to its largest element
ERRORS = {"float64": 1e-12, "float32": 2e-6, "float16": 4e-3, "bfloat16": 3e-2}

LAYOUTS = {
    "contiguous": lambda a: a.copy(),
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2] if a.ndim else a.copy(),
    "reversed": lambda a: np.asarray(np.flip(np.flip(a).copy())),
    "transposed": lambda a: a.T.copy().T,
}


@dataclass(frozen=True)
class Case:
    """One sample of one op."""

    op: type
    sample: Sample

    def __str__(self):
        return f"{self.op.name}-{self.sample.name}".replace(" ", "_")

    @property
    def params(self):
        return self.sample.params

    def watched(self):
        """The positions of the inputs that have a gradient."""
        return [
            i
            for i, a in enumerate(self.sample.inputs)
            if a is not None and np.asarray(a).dtype.kind == "f" and i not in self.sample.constants
        ]

    def inputs(self, dtype="float64", layout="contiguous", place=lambda array: array):
        """Fresh leaf tensors (or None) for the inputs, floating ones in ``dtype``."""
        return [
            None if a is None else self.leaf(i, np.asarray(a), dtype, layout, place)
            for i, a in enumerate(self.sample.inputs)
        ]

    def leaf(self, position, array, dtype, layout, place):
        if array.dtype.kind != "f":
            return graph.new_tensor(place(LAYOUTS[layout](array)))
        rounded = mg.tensor(array).to(getattr(mg, dtype))
        tensor = graph.new_tensor(place(LAYOUTS[layout](rounded._array)), rounded._tag)
        tensor._requires_grad = position in self.watched()
        return tensor

    def call(self, *inputs, place=lambda array: array):
        """The outputs of the op, as a tuple."""
        params = {name: _placed(value, place) for name, value in self.params.items()}
        outputs = self.op.apply(*inputs, **params)
        return outputs if isinstance(outputs, tuple) else (outputs,)

    def gradients(self, outputs, inputs, cotangents):
        """The gradients of the watched inputs; None where the outputs don't depend on one."""
        pairs = [(t, c) for t, c in zip(outputs, cotangents, strict=True) if t.requires_grad]
        if not pairs:
            return [None for _ in self.watched()]
        outputs, cotangents = zip(*pairs, strict=True)
        return mg.grad(
            list(outputs), [inputs[i] for i in self.watched()], list(cotangents), allow_unused=True
        )


def _placed(value, place):
    if isinstance(value, tuple):
        return tuple(_placed(v, place) for v in value)
    return place(value) if isinstance(value, np.ndarray) else value


def _cases():
    for op in OPS.values():
        rng = np.random.default_rng(zlib.crc32(op.name.encode()))
        for sample in op.samples(rng):
            yield Case(op, sample)


CASES = list(_cases())
every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_op = pytest.mark.parametrize("op", OPS.values(), ids=lambda op: op.name)


def cotangents(outputs, place=lambda array: array):
    """Fixed pseudo-random gradients in the shapes and dtypes of the outputs."""
    rng = np.random.default_rng(5)
    made = []
    for t in outputs:
        array = rng.normal(size=t.shape)
        if not t.dtype.is_floating_point:
            made.append(None)
            continue
        rounded = mg.tensor(array).to(t.dtype)
        made.append(graph.new_tensor(place(rounded._array), rounded._tag))
    return made


def wide(tensor):
    """The values of a tensor, floats as float64."""
    array = graph.values(tensor)
    array = array if isinstance(array, np.ndarray) else array.get()
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def assert_near(actual, expected, dtype, what):
    """Both None, or equal within the error of a dtype relative to the largest element."""
    assert (actual is None) == (expected is None), what
    if actual is None:
        return
    actual, expected = wide(actual), wide(expected)
    assert actual.shape == expected.shape, what
    scale = np.abs(expected).max(initial=0) if expected.dtype.kind == "f" else 0
    error = ERRORS[dtype]
    np.testing.assert_allclose(
        actual, expected, rtol=error, atol=error * max(scale, 1e-3), err_msg=what
    )
