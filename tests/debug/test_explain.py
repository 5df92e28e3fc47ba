import pytest

import minigrad as mg
from minigrad.engine.op import OPS
from minigrad.nn import functional as F
from minigrad.ops.activation import Tanh

Exp = OPS["exp"]


@pytest.mark.parametrize(
    "op",
    ["tanh", "mg.tanh", Tanh, mg.tanh, F.tanh, mg.Tensor.tanh, "grad_fn"],
    ids=["name", "dotted name", "class", "function", "layer function", "method", "grad_fn"],
)
def test_every_way_to_name_an_op(op):
    if op == "grad_fn":
        op = mg.ones(1, requires_grad=True).tanh().grad_fn
    text = mg.debug.explain(op)
    assert text.op is Tanh
    assert "y = tanh x.    dL/dx = g · (1 − y²)" in text
    assert "def vjp(ctx, k, g):" in text
    assert "def peer" not in text
    reference, fast = text.kernels["tanh_vjp"]
    assert "return g * (1 - y * y)" in reference
    assert "def _tanh_vjp(g, y, dx):" in fast
    assert "tanh_vjp = binary(" in fast
    assert reference.splitlines()[1] in text


class Twice(mg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2


def _several(x):
    return Exp.apply(Tanh.apply(x))


def test_two_kernels_stand_side_by_side():
    lines = str(mg.explain("tanh")).splitlines()
    assert any("def tanh(x):" in line and "def _tanh(x, y):" in line for line in lines)
    assert repr(mg.explain("tanh")) == mg.explain("tanh")
    assert mg.explain is mg.debug.explain


def test_wide_kernels_stand_one_after_the_other():
    lines = str(mg.explain(F.linear)).splitlines()
    assert "reference" in lines
    assert "fast (CPU)" in lines


def test_a_kernel_without_a_fast_one():
    names = {name for op in OPS for name, (_, fast) in mg.explain(op).kernels.items() if not fast}
    assert names
    assert "tanh" not in names


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_can_be_explained(name):
    text = mg.debug.explain(name)
    assert text.startswith(f"{name}: ")
    assert all(reference for reference, _ in text.kernels.values())


@pytest.mark.parametrize(
    ("op", "error", "message"),
    [
        ("tanhh", ValueError, "no op is named 'tanhh'; did you mean 'tanh'"),
        ("zzzzzz", ValueError, "no op is named 'zzzzzz'$"),
        (len, ValueError, "len is not an op"),
        (_several, ValueError, "made of several ops, explain one of them: exp, tanh"),
        (3, TypeError, "got int"),
    ],
)
def test_what_is_no_op(op, error, message):
    with pytest.raises(error, match=message):
        mg.debug.explain(op)


def test_a_function_of_ones_own():
    node = Twice.apply(mg.ones(1, requires_grad=True)).grad_fn
    with pytest.raises(ValueError, match="Twice is no op of minigrad"):
        mg.debug.explain(node)
