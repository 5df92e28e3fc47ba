import inspect
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

from .untouched import specimen, untouched

F = nn.functional


def here(offset=0):
    """``file:line`` of the caller."""
    frame = inspect.currentframe().f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno + offset}"


class Root(nn.Module):
    """A layer whose own line takes the root of what may be negative."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        h = self.linear(x)
        return (h - 10).sqrt()


LINE_OF_ROOT = f"{__file__}:{Root.forward.__code__.co_firstlineno + 2}"


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.ModuleDict({"root": Root()}))

    def forward(self, x):
        return self.net[2]["root"](self.net[1](self.net[0](x)))


def caught(function, **options):
    with pytest.raises(mg.debug.AnomalyError) as error, mg.debug.anomaly(**options):
        function()
    return error.value


def test_B4_forward_names_line_module_and_op():
    error = caught(lambda: Model()(mg.ones(2, 4)))
    assert (error.op, error.during, error.module) == ("sqrt", "forward", "net.2.root")
    assert error.where == LINE_OF_ROOT
    assert error.code == "return (h - 10).sqrt()"
    assert error.inputs_finite
    text = str(error)
    assert text.startswith("sqrt gave NaN in the forward pass")
    for part in (error.where, error.code, "net.2.root (Root) of Model", "8 nan", "first at (0, 0)"):
        assert part in text
    assert "all inputs were finite" in text
    assert error.tensors["input 0"].shape == (2, 4)
    assert error.tensors["output"].isnan().all()


def test_B4_backward_names_the_forward_line_and_the_op():
    w = mg.tensor([4.0, 0.0], requires_grad=True)
    where = []

    def step():
        where.append(here(1))
        y = w.sqrt()
        y.sum().backward()

    error = caught(step)
    assert (error.op, error.during, error.where) == ("sqrt", "backward", where[0])
    assert error.code == "y = w.sqrt()"
    assert error.tensors["saved 0"].tolist() == [2.0, 0.0]
    assert error.tensors["gradient 0"].tolist() == [1.0, 1.0]
    assert "the backward of sqrt gave inf as the gradient of its input 0" in str(error)
    assert "1 inf, first at (1,)" in str(error)


def test_B4_backward_in_a_module():
    class Norm(nn.Module):
        def forward(self, x):
            return (x * x).sum(1).sqrt()

    model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Sequential(Norm()))
    error = caught(lambda: model(mg.zeros(2, 3)).sum().backward())
    assert (error.module, error.op, error.during) == ("1.0", "sqrt", "backward")


def test_B4_backward_of_the_backward():
    w = mg.tensor([1.0, 0.0], requires_grad=True)
    where = []

    def step():
        where.append(here(1))
        y = w.sqrt()
        mg.grad(y.sum(), w, create_graph=True)

    error = caught(step)
    assert (error.op, error.during, error.where) == ("sqrt", "backward", where[0])
    assert str(error).startswith("div, in the backward of sqrt, gave inf")


def test_B4_nan_born_in_the_loss():
    model, x = nn.Linear(4, 2), mg.ones(3, 4)
    where = []

    def step():
        output = model(x)
        where.append(here(1))
        return -(output.softmax(1) - 1).log().mean()

    error = caught(step)
    assert (error.op, error.during, error.module) == ("log", "forward", "")
    assert error.where == where[0]


def test_B4_fp16_overflow_says_so():
    layer = nn.Linear(4, 2, bias=False)
    layer.weight.data.fill_(2.0)

    def step():
        with mg.amp.autocast(dtype=mg.float16):
            layer(mg.full((1, 4), 8875.0))

    error = caught(step)
    assert (error.op, error.module, error.inputs_finite) == ("linear", "", True)
    assert "fp16 overflow: max 7.1e4 > 65504" in str(error)


def test_B4_fp16_overflow_of_a_cast_and_going_back():
    error = caught(lambda: mg.full((2,), 1e5).half())
    assert "cast gave fp16 overflow: max 1.0e5 > 65504" in str(error)
    x = mg.ones(2, dtype=mg.float16, requires_grad=True)

    def step():
        y = x * mg.full((2,), 300.0, dtype=mg.float16)
        y.backward(mg.full((2,), 300.0, dtype=mg.float16))

    assert "the backward of mul gave fp16 overflow: max 9.0e4 > 65504" in str(caught(step))
    assert x.half() is x
    with mg.debug.anomaly():
        (x * 2).bfloat16().reshape(2, 1).float().sum().backward()


def test_a_single_number():
    error = caught(lambda: mg.tensor(-1.0).log())
    assert "float32 (): nothing finite, 1 nan, 0 inf, first at ()" in str(error)
    w = mg.tensor(0.0, requires_grad=True)
    assert caught(lambda: w.sqrt().backward()).during == "backward"


def test_infinities():
    zero = mg.zeros(2)
    assert "gave inf" in str(caught(lambda: 1 / zero))
    with mg.debug.anomaly(inf=False):
        assert (1 / zero).isinf().all()
    error = caught(lambda: (1 / zero) * 0, inf=False)
    assert error.op == "mul"
    assert not error.inputs_finite
    assert "input 0 was not finite before" in str(error)


def test_masks_of_minus_infinity_are_legal():
    scores, mask = mg.randn(2, 3, requires_grad=True), mg.tensor([[False, True, False]])
    with mg.debug.anomaly():
        weights = scores.masked_fill(mask, -mg.inf).softmax(1)
        added = (scores + mg.tensor([0.0, -mg.inf, 0.0])).logsumexp(1)
        F.scaled_dot_product_attention(scores, scores, scores, ~mask.expand(2, 3)[:, :2])
        (weights.square().sum() + added.sum()).backward()
    assert scores.grad.isfinite().all()
    everything = mg.tensor([[True, True, True]])
    assert caught(lambda: scores.masked_fill(everything, -mg.inf).softmax(1)).op == "softmax"


def test_allowed_ops_may_give_infinities_but_no_nan():
    with mg.debug.anomaly(allow=("log",)):
        assert mg.zeros(1).log().exp().item() == 0
    assert caught(lambda: mg.zeros(1).log()).op == "log"
    assert caught(lambda: (-mg.ones(1)).log(), allow=("log",)).op == "log"
    w = mg.zeros(1, requires_grad=True)
    with mg.debug.anomaly(allow=("sqrt",)):
        w.sqrt().backward()
    assert w.grad.item() == mg.inf


def test_one_direction_alone():
    w = mg.zeros(1, requires_grad=True)
    with mg.debug.anomaly(check="forward"):
        w.sqrt().backward()
    with mg.debug.anomaly(check="backward"):
        mg.zeros(1).log()
    assert caught(lambda: w.sqrt().backward(), check="backward").during == "backward"


def test_what_was_not_finite_before_is_named():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight.data.fill_(np.nan)
    error = caught(lambda: model(mg.ones(1, 2)))
    assert "input 1 was not finite before: the parameter 1.weight" in str(error)
    assert not error.inputs_finite
    data = mg.tensor([np.nan])
    assert "input 0 was not finite before: it came from outside" in str(caught(lambda: data + 1))


def test_a_graph_from_outside():
    w = mg.zeros(1, requires_grad=True)
    y = w.sqrt()
    where = here(1)
    error = caught(lambda: y.backward())
    assert error.where == where
    assert "the forward pass ran outside" in str(error)


def test_user_functions():
    class Wrong(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return mg.tensor(np.full(g.shape, np.nan, np.float32))

    error = caught(lambda: Wrong.apply(mg.ones(2, requires_grad=True)).sum().backward())
    assert (error.op, error.during) == ("Wrong", "backward")
    assert error.code.startswith(("@staticmethod", "def backward"))


def test_saved_arrays_are_let_go_and_graphs_can_be_used_twice():
    w = mg.ones(3, requires_grad=True)
    with mg.debug.anomaly():
        y = w.exp()
        y.sum().backward(retain_graph=True)
        assert len(y.grad_fn._anomaly.saved) == 1
        y.sum().backward()
        assert y.grad_fn._anomaly.saved == ()


def test_other_threads_are_not_watched():
    found = []
    with mg.debug.anomaly():
        thread = threading.Thread(target=lambda: found.append(mg.zeros(1).log().item()))
        thread.start()
        thread.join()
    assert found == [-mg.inf]


def test_it_is_off_afterwards_and_changes_nothing():
    model, (x, y) = specimen()
    plain = F.cross_entropy(nn.Sequential(*model).eval()(x), y)
    with untouched(model, x), mg.debug.anomaly(), mg.no_grad():
        assert F.cross_entropy(model(x), y).item() == pytest.approx(plain.item(), rel=1e-6)
    caught(lambda: mg.zeros(1).log())
    assert mg.zeros(1).log().item() == -mg.inf
    assert mg.anomaly is mg.debug.anomaly


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"check": "sideways"}, ValueError, "'forward', 'backward'"),
        ({"check": None}, ValueError, "check must be"),
        ({"allow": "log"}, TypeError, r"allow=\('log',\)"),
        ({"allow": ("logg",)}, ValueError, "'logg', which is no op"),
    ],
)
def test_wrong_options(options, error, message):
    with pytest.raises(error, match=message), mg.debug.anomaly(**options):
        pass


def test_checked_runs_again_with_the_same_random_numbers():
    calls = []

    def compute(x):
        calls.append(x)
        return (F.dropout(x, 0.5) - 1.5).sqrt().sum()

    run = mg.debug.checked(compute)
    with pytest.raises(mg.debug.AnomalyError) as error:
        run(mg.ones(20))
    assert (error.value.op, len(calls)) == ("sqrt", 2)
    first = error.value.tensors["output"].isnan().tolist()
    with pytest.raises(mg.debug.AnomalyError) as error:
        run(mg.ones(20))
    assert error.value.tensors["output"].isnan().tolist() != first  # the run itself moved on


def test_checked_looks_at_gradients_and_is_quiet_otherwise():
    w = mg.tensor([1.0], requires_grad=True)

    def compute(shift):
        loss = (w - shift).sqrt().sum()
        loss.backward()
        return loss

    run = mg.debug.checked(compute, [w])
    assert run(0.0).item() == 1
    with pytest.raises(mg.debug.AnomalyError, match="the backward of sqrt gave inf"):
        run(1.0)
    assert mg.debug.checked(lambda: None)() is None


def test_checked_says_when_the_second_run_is_well():
    results = iter([mg.tensor(np.nan), mg.tensor(1.0)])
    with pytest.raises(RuntimeError, match="no op made it so in a second run"):
        mg.debug.checked(lambda: next(results))()


def test_B4_what_a_user_function_gives_is_looked_at():
    class Wrong(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x = x.detach().numpy()
            return mg.tensor(np.log(x - 2) if x.any() else x)

    x = mg.ones(2, requires_grad=True)
    with np.errstate(invalid="ignore"):
        where = here(1)
        error = caught(lambda: Wrong.apply(x))
    assert (error.op, error.during, error.where) == ("Wrong", "forward", where)
    assert error.inputs_finite and "Wrong gave NaN" in str(error)
    with mg.debug.anomaly(check="backward"), np.errstate(invalid="ignore"):
        Wrong.apply(x)
    with mg.debug.anomaly():
        Wrong.apply(mg.zeros(2))
