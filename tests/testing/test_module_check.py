"""check_module passes right modules and names what is wrong with others."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import GradcheckError
from minigrad.testing import check_module


def test_right_modules():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 2))
    before = {name: t.tolist() for name, t in model.state_dict().items()}
    assert check_module(model, mg.randn(5, 3))
    assert {name: t.tolist() for name, t in model.state_dict().items()} == before
    assert model.training
    assert all(p.grad is None for p in model.parameters())


class Scaled(nn.Module):
    """x · weight, with something wrong in it."""

    def __init__(self, wrong):
        super().__init__()
        self.weight = nn.Parameter(mg.ones(3))
        self.hidden = mg.ones(3)
        self.calls, self.wrong = 0, wrong

    def forward(self, x):
        return getattr(self, self.wrong)(x)

    def unused_parameter(self, x):
        return x * 2.0

    def detached(self, x):
        return (x * self.weight).detach()

    def random(self, x):
        return x * self.weight * mg.rand(3, dtype=x.dtype)

    def wrong_gradient(self, x):
        class Half(mg.autograd.Function):
            @staticmethod
            def forward(ctx, x, weight):
                ctx.save_for_backward(x, weight)
                return x * weight

            @staticmethod
            def backward(ctx, g):
                x, weight = ctx.saved_tensors
                return g * weight, g * x * 0.5

        return Half.apply(x, self.weight)


WRONG = {
    "unused_parameter": "no gradient reaches weight",
    "detached": "no gradient reaches weight",
    "random": "two calls in evaluation mode differ",
    "wrong_gradient": "factor.*0.5 times",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_modules(wrong):
    with pytest.raises(GradcheckError, match=WRONG[wrong]):
        check_module(Scaled(wrong), mg.randn(4, 3))


def test_state_outside_the_state_dict():
    class Cached(nn.Linear):
        """Keeps a copy of its weights that no state dict replaces."""

        def forward(self, x):
            if not hasattr(self, "copy"):
                self.copy = self.weight.detach().clone()
            return x @ self.copy.T

    with pytest.raises(GradcheckError, match="state_dict round trip"):
        check_module(Cached(3, 2), mg.ones(1, 3))
