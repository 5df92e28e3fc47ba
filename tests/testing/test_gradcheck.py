"""gradcheck passes right gradients, and says what is wrong with wrong ones."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import Function
from minigrad.errors import GradcheckError
from minigrad.testing import gradcheck, gradgradcheck


def leaf(*shape, seed=0):
    g = mg.Generator().manual_seed(seed)
    return mg.randn(*shape, dtype=mg.float64, generator=g, requires_grad=True)


def product(gradients):
    """x @ w with the gradients that ``gradients(g, x, w)`` returns."""

    class Product(Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x @ w

        @staticmethod
        def backward(ctx, g):
            return gradients(g, *ctx.saved_tensors)

    return Product.apply


def shifted(bias_gradient):
    """x + b for a row b, with a gradient of b of one's own."""

    class Shifted(Function):
        @staticmethod
        def forward(ctx, x, b):
            return x + b

        @staticmethod
        def backward(ctx, g):
            return g, bias_gradient(g)

    return Shifted.apply


RIGHT = product(lambda g, x, w: (g @ w.T, x.T @ g))
WRONG = {
    "wrong sign": (product(lambda g, x, w: (g @ w.T, -(x.T @ g))), "wrong sign", 1),
    "factor": (product(lambda g, x, w: (2 * (g @ w.T), x.T @ g)), "factor.* 2 times", 0),
    "half": (product(lambda g, x, w: (0.5 * (g @ w.T), x.T @ g)), "factor.* 0.5 times", 0),
    "transposed result": (product(lambda g, x, w: (g @ w.T, g.T @ x)), "transposed", 1),
    "transposed weight": (product(lambda g, x, w: (g @ w, x.T @ g)), "transposed", 0),
    "missing sum": (shifted(lambda g: g[0]), r"missing sum.*\(3,\).*\(3, 3\)", 1),
    "mean for sum": (shifted(lambda g: g.mean(0)), "a mean where a sum", 1),
    "nothing returned": (product(lambda g, x, w: (g @ w.T, None)), "missing term.*0 every", 1),
    "not finite": (product(lambda g, x, w: (g @ w.T, x.T @ g * float("nan"))), "not finite", 1),
}
every_wrong = pytest.mark.parametrize(
    ("function", "cause", "position"), WRONG.values(), ids=list(WRONG)
)


@pytest.fixture
def inputs():
    return leaf(3, 3), leaf(3, 3, seed=1)


@pytest.mark.parametrize("fast_mode", [False, True])
@every_wrong
def test_a_wrong_vjp_is_caught_with_its_cause(inputs, function, cause, position, fast_mode):
    if function.__self__.__name__ == "Shifted":
        inputs = (inputs[0], leaf(3))
    with pytest.raises(GradcheckError, match=cause) as caught:
        gradcheck(function, inputs, fast_mode=fast_mode)
    message = str(caught.value)
    assert f"with respect to input {position}[" in message
    assert "analytic" in message
    assert "numeric" in message
    assert "relative error" in message
    assert f"gradcheck of {function.__self__.__name__}.apply" in message
    assert f"<{function.__self__.__name__}Backward>" in message
    assert gradcheck(function, inputs, fast_mode=fast_mode, raise_exception=False) is False


def test_a_missing_term():
    class Softmax(Function):
        @staticmethod
        def forward(ctx, x):
            y = mg.softmax(x, 0)
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    with pytest.raises(GradcheckError, match="missing or wrong term"):
        gradcheck(Softmax.apply, leaf(4))


def test_the_worst_element_is_named():
    class Off(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, g):
            wrong = mg.ones(2, 3, dtype=mg.float64)
            wrong[1, 2] = 1.25
            return g * wrong

    with pytest.raises(RuntimeError, match=r"output 0\[1, 2\].*input 0\[1, 2\].*1.25.*error 0.2;"):
        gradcheck(Off.apply, leaf(2, 3))


@pytest.mark.parametrize("fast_mode", [False, True])
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_right_gradients_pass(inputs, check, fast_mode):
    assert check(RIGHT, inputs, fast_mode=fast_mode) is True


def test_a_wrong_second_derivative_is_caught(inputs):
    with pytest.raises(GradcheckError, match="the gradient of"):
        gradgradcheck(product(lambda g, x, w: (g @ w.T.detach(), x.T @ g)), inputs)


def test_tuples_constants_and_other_inputs():
    def function(x, factor, mask, y):
        return x * factor, (mg.where(mask, x, y), mask)[0], mask

    mask = mg.tensor([True, False])
    assert gradcheck(function, (leaf(2), 3.0, mask, leaf(2, seed=1)))
    assert gradgradcheck(function, (leaf(2), 3.0, mask, leaf(2, seed=1)))


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[::2, ::2],
        lambda a: a.T,
        lambda a: a[:1, :1].reshape(()),
        lambda a: a[:0],
    ],
    ids=["strided", "transposed", "0-d", "empty"],
)
def test_layouts(view):
    x = view(leaf(4, 4).detach()).requires_grad_()
    kept = x.detach().numpy().copy()
    assert gradcheck(lambda x: mg.tanh(x) * x, x)
    assert gradgradcheck(lambda x: mg.tanh(x) * x, x, gen_non_contig_grad_outputs=True)
    np.testing.assert_array_equal(x.detach().numpy(), kept)


def test_interior_inputs():
    assert gradcheck(mg.tanh, (leaf(2) * 2.0,))


def test_given_grad_outputs():
    v = mg.ones(2, dtype=mg.float64, requires_grad=True)
    assert gradgradcheck(mg.exp, leaf(2), v)


@pytest.mark.parametrize("fast_mode", [False, True])
def test_a_kink_is_named(fast_mode):
    x = mg.zeros(3, dtype=mg.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match="relu.*kink"):
        gradcheck(mg.relu, x, fast_mode=fast_mode)


def test_outputs_without_gradient():
    with pytest.raises(GradcheckError, match="missing term"):
        gradcheck(lambda x: x.detach() * 2.0, leaf(2))
    assert gradcheck(lambda x: x.detach() * 0.0, leaf(2))


def test_a_nondeterministic_gradient():
    scales = iter(range(1, 100))

    class Drifting(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, g):
            return g * (1.0 + 1e-4 * next(scales))

    with pytest.raises(GradcheckError, match="not reentrant"):
        gradcheck(Drifting.apply, leaf(2))


def test_refusals():
    with pytest.raises(ValueError, match="float64.*input 0 is minigrad.float32.*double"):
        gradcheck(mg.tanh, mg.ones(2, requires_grad=True))
    with pytest.raises(ValueError, match="none of them"):
        gradcheck(mg.tanh, mg.ones(2, dtype=mg.float64))
    with pytest.raises(ValueError, match="overlaps"):
        gradcheck(mg.tanh, leaf(1).detach().expand(3).requires_grad_())
    with pytest.raises(ValueError, match="output 0.*float"):
        gradcheck(lambda x: 3.0, leaf(2))
    with pytest.raises(NotImplementedError, match="forward"):
        gradcheck(mg.tanh, leaf(2), check_forward_ad=True)


@pytest.mark.torch
@pytest.mark.parametrize(("function", "wrong"), [("tanh", False), ("relu", True)])
def test_the_verdict_equals_pytorchs(function, wrong):
    import torch

    zeros = np.zeros(3)
    ours = gradcheck(
        getattr(mg, function), mg.tensor(zeros, requires_grad=True), raise_exception=False
    )
    theirs = torch.autograd.gradcheck(
        getattr(torch, function), torch.tensor(zeros, requires_grad=True), raise_exception=False
    )
    assert ours is theirs is not wrong
