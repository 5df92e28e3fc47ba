"""Ops written by users as mg.autograd.Function."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import Function, once_differentiable


@pytest.fixture
def x():
    return mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


class Scale(Function):
    """A tensor, a number and a flag; gradients only where they are needed."""

    needed = []

    @staticmethod
    def forward(ctx, x, factor, weight, flag=True):
        ctx.factor = factor
        ctx.save_for_backward(x, weight)
        return x * factor * weight

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        Scale.needed.append(ctx.needs_input_grad)
        return g * ctx.factor * weight, None, g * ctx.factor * x, None


def test_gradient_and_double_backward(x):
    assert mg.gradcheck(Cube.apply, (x,))
    assert mg.gradgradcheck(Cube.apply, (x,))


def test_arguments_that_are_no_tensors_and_needs_input_grad(x):
    weight = mg.tensor([3.0, 4.0], dtype=mg.float64)
    Scale.needed.clear()
    Scale.apply(x, 2.0, weight, False).sum().backward()
    assert Scale.needed == [(True, False, False, False)]
    assert x.grad.tolist() == [6.0, 8.0]
    assert weight.grad is None


def test_the_node_has_the_name_of_the_class(x):
    class ScaleColumns(Cube):
        pass

    assert repr(ScaleColumns.apply(x).grad_fn) == "<ScaleColumnsBackward>"


def test_the_node(x):
    y = Cube.apply(x)
    assert repr(y.grad_fn) == "<CubeBackward>"
    assert y.requires_grad
    assert not y.is_leaf
    assert not Cube.apply(x.detach()).requires_grad


def test_forward_is_not_recorded(x):
    class Inside(Function):
        @staticmethod
        def forward(ctx, x):
            assert not mg.is_grad_enabled()
            return x.exp()

        @staticmethod
        def backward(ctx, g):
            return g * 0.0

    Inside.apply(x).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


class Sorted(Function):
    @staticmethod
    def forward(ctx, x):
        order = mg.tensor(np.argsort(x.detach().numpy()))
        ctx.mark_non_differentiable(order)
        ctx.save_for_backward(order)
        return x[order], order

    @staticmethod
    def backward(ctx, g, _order):
        (order,) = ctx.saved_tensors
        return g[mg.tensor(np.argsort(order.numpy()))]


def test_outputs_without_gradient():
    x = mg.tensor([3.0, 1.0, 2.0], dtype=mg.float64, requires_grad=True)
    values, order = Sorted.apply(x)
    assert not order.requires_grad
    assert order.tolist() == [1, 2, 0]
    (values * mg.tensor([1.0, 10.0, 100.0], dtype=mg.float64)).sum().backward()
    assert x.grad.tolist() == [100.0, 1.0, 10.0]


def test_a_floating_output_marked_non_differentiable(x):
    class Split(Function):
        @staticmethod
        def forward(ctx, x):
            fixed = x * 2.0
            ctx.mark_non_differentiable(fixed)
            return x * 3.0, fixed

        @staticmethod
        def backward(ctx, g, fixed):
            return g * 3.0

    free, fixed = Split.apply(x)
    assert free.requires_grad
    assert not fixed.requires_grad
    assert mg.gradcheck(Split.apply, (x,))


@pytest.mark.parametrize("materialize", [True, False])
def test_gradients_that_never_came(x, materialize):
    seen = []

    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(materialize)
            return x * 1.0, x * 2.0

        @staticmethod
        def backward(ctx, first, second):
            seen.append(second if second is None else second.tolist())
            return first

    Two.apply(x)[0].sum().backward()
    assert seen == [[0.0, 0.0] if materialize else None]


def test_no_gradient_at_all(x):
    class Nothing(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, g):
            return None

    (Nothing.apply(x) + x).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_setup_context(x):
    class Square(Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x * 2.0

    assert mg.gradcheck(Square.apply, (x,))
    assert mg.gradgradcheck(Square.apply, (x,))


def test_a_saved_output_is_differentiable(x):
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    assert mg.gradcheck(Exp.apply, (x,))
    assert mg.gradgradcheck(Exp.apply, (x,))


def test_once_differentiable(x):
    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x * 2.0

    Once.apply(x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]
    with pytest.raises(RuntimeError, match="Once is marked once_differentiable"):
        mg.grad(Once.apply(x).sum(), x, create_graph=True)


def test_a_saved_intermediate_refuses_the_second_derivative(x):
    class Intermediate(Function):
        @staticmethod
        def forward(ctx, x):
            slope = x * 2.0
            ctx.save_for_backward(slope)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (slope,) = ctx.saved_tensors
            return g * slope

    Intermediate.apply(x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]
    with pytest.raises(RuntimeError, match="Intermediate.*intermediate"):
        mg.grad(Intermediate.apply(x).sum(), x, create_graph=True)


def test_backward_within_backward(x):
    class Checkpoint(Function):
        """Recomputes in backward, with a walk of its own."""

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x * x).exp()

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            with mg.enable_grad():
                x = x.detach().requires_grad_()
                y = (x * x).exp()
            y.backward(g)
            return x.grad

    assert mg.gradcheck(Checkpoint.apply, (x,))
    y = Checkpoint.apply(x * 1.0)
    (y * Checkpoint.apply(x)).sum().backward()
    expected = 4 * x.detach().numpy() * np.exp(2 * x.detach().numpy() ** 2)
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12)


def test_a_saved_input_that_was_modified(x):
    y = Cube.apply(x)
    with mg.no_grad():
        x.add_(1.0)
    with pytest.raises(RuntimeError, match="Cube was modified in place"):
        y.sum().backward()


def test_a_second_backward(x):
    y = Cube.apply(x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def _returning(value):
    return type(
        "Bad",
        (Function,),
        {
            "forward": staticmethod(lambda ctx, x: x * 1.0),
            "backward": staticmethod(lambda ctx, g: value),
        },
    )


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ((), RuntimeError, "Bad.*expected 1, got 0"),
        ((mg.ones(2), mg.ones(2)), RuntimeError, "Bad.*expected 1, got 2"),
        (np.ones(2), TypeError, "Bad.*ndarray"),
        (mg.ones(3), RuntimeError, r"\(3,\).*\(2,\)"),
    ],
    ids=["none", "two", "array", "shape"],
)
def test_wrong_returns_of_backward(x, value, error, message):
    with pytest.raises(error, match=message):
        _returning(value).apply(x).sum().backward()


def test_misuse(x):
    class Incomplete(Function):
        pass

    with pytest.raises(NotImplementedError, match="forward"):
        Incomplete.apply(x)

    class SavesAnArray(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(np.ones(2))

    with pytest.raises(TypeError, match="save_for_backward.*ndarray"):
        SavesAnArray.apply(x)


@pytest.mark.parametrize("dtype", [mg.float16, mg.bfloat16], ids=str)
def test_emulated_formats(dtype):
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            double = x * 2.0
            ctx.save_for_backward(double)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (double,) = ctx.saved_tensors
            assert double.dtype is g.dtype is dtype
            return g * double

    x = mg.tensor([1.0, 3.0], dtype=dtype, requires_grad=True)
    Square.apply(x).sum().backward()
    assert x.grad.tolist() == [2.0, 6.0]
    with pytest.raises(RuntimeError, match="intermediate"):
        mg.grad(Square.apply(x).sum(), x, create_graph=True)


@pytest.mark.parametrize("name", ["k", "name", "saved", "outputs", "hooks", "edges", "ctx"])
def test_any_name_is_free_for_attributes_of_ctx(name):
    class Scale(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            setattr(ctx, name, factor)
            return x * factor

        @staticmethod
        def backward(ctx, g):
            return g * getattr(ctx, name), None

    x = mg.ones(2, requires_grad=True)
    Scale.apply(x, 3.0).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_the_module_of_functions_has_pytorchs_name():
    assert mg.autograd.function.once_differentiable is mg.autograd.once_differentiable
