"""Autocast: which op computes in which precision, contexts, the cache of weights, gradients."""

import threading

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F  # noqa: N812
from minigrad import amp, nn
from minigrad.engine import modes

from ..ops.sweep import CASES, assert_near
from ..tiers import over_ops

FULL, LOW, FP16 = mg.float32, mg.bfloat16, mg.float16


def tensors(dtype, *shapes, seed=0):
    g = mg.Generator().manual_seed(seed)
    return [(mg.rand(*shape, generator=g) * 0.5 + 0.2).to(dtype) for shape in shapes]


SQUARE, BATCH, VECTOR = (3, 3), (2, 3, 3), (3,)
IMAGE, FILTERS = (2, 3, 5, 5), (3, 3, 3, 3)


def on(*shapes):
    """A function called on tensors of these shapes."""
    return lambda call: (call, shapes)


one, two, three = on(SQUARE), on(SQUARE, SQUARE), on(SQUARE, SQUARE, SQUARE)
ONE_EACH = {
    "fp32": [
        "exp", "expm1", "log", "log2", "log10", "log1p", "reciprocal", "rsqrt", "sum", "prod",
        "acos", "asin", "cosh", "sinh", "tan", "erfinv", "norm",
    ],
    "input": [
        "relu", "tanh", "sigmoid", "abs", "neg", "sqrt", "sin", "cos", "erf", "mean", "square",
        "floor", "amax", "var",
    ],
}  # fmt: skip

LOW_PRECISION = {
    "linear": two(F.linear),
    "matmul": two(mg.matmul),
    "@": two(lambda a, b: a @ b),
    "mm": two(mg.mm),
    "mv": on(SQUARE, VECTOR)(mg.mv),
    "bmm": on(BATCH, BATCH)(mg.bmm),
    "baddbmm": on(BATCH, BATCH, BATCH)(mg.baddbmm),
    "addbmm": on(SQUARE, BATCH, BATCH)(mg.addbmm),
    "addmm": three(mg.addmm),
    "addmv": on(VECTOR, SQUARE, VECTOR)(mg.addmv),
    "addr": on(SQUARE, VECTOR, VECTOR)(mg.addr),
    "einsum": two(lambda a, b: mg.einsum("ij,jk->ik", a, b)),
    "einsum, a sum": one(lambda a: mg.einsum("ij->i", a)),
    "multi_dot": three(lambda *m: mg.linalg.multi_dot(m)),
    "conv1d": on((2, 3, 5), (3, 3, 3))(F.conv1d),
    "conv2d": on(IMAGE, FILTERS, VECTOR)(F.conv2d),
    "conv3d": on((1, 3, 3, 3, 3), (3, 3, 2, 2, 2))(F.conv3d),
    "conv_transpose1d": on((2, 3, 5), (3, 3, 3))(F.conv_transpose1d),
    "conv_transpose2d": on(IMAGE, FILTERS)(F.conv_transpose2d),
    "prelu": on(SQUARE, (3,))(F.prelu),
    "attention": on(BATCH, BATCH, BATCH)(F.scaled_dot_product_attention),
}
FULL_PRECISION = {
    **{name: one(getattr(mg, name)) for name in ONE_EACH["fp32"]},
    "softmax": one(lambda x: F.softmax(x, 1)),
    "softmin": one(lambda x: F.softmin(x, 1)),
    "log_softmax": one(lambda x: F.log_softmax(x, 1)),
    "logsumexp": one(lambda x: mg.logsumexp(x, 1)),
    "cdist": two(mg.cdist),
    "dist": two(mg.dist),
    "renorm": one(lambda x: mg.renorm(x, 2, 0, 1.0)),
    "layer_norm": one(lambda x: F.layer_norm(x, (3,))),
    "rms_norm": one(lambda x: F.rms_norm(x, (3,))),
    "group_norm": on(IMAGE)(lambda x: F.group_norm(x, 3)),
    "pow": one(lambda x: x**2),
    "pow 1.5": one(lambda x: x**1.5),
    "pow tensor": two(mg.pow),
    "cumsum": one(lambda x: mg.cumsum(x, 0)),
    "cumprod": one(lambda x: mg.cumprod(x, 0)),
    "linalg.norm": one(mg.linalg.norm),
    "linalg.vector_norm": one(mg.linalg.vector_norm),
    "linalg.matrix_norm": one(mg.linalg.matrix_norm),
    "cosine_similarity": two(F.cosine_similarity),
    "pairwise_distance": two(F.pairwise_distance),
    "softplus": one(F.softplus),
    "mse_loss": two(F.mse_loss),
    "l1_loss": two(F.l1_loss),
    "smooth_l1_loss": two(F.smooth_l1_loss),
    "huber_loss": two(F.huber_loss),
    "kl_div": two(lambda a, b: F.kl_div(a, b, reduction="batchmean")),
    "bce_with_logits": two(F.binary_cross_entropy_with_logits),
    "soft_margin_loss": two(F.soft_margin_loss),
    "poisson_nll_loss": two(F.poisson_nll_loss),
    "cosine_embedding_loss": on(SQUARE, SQUARE, VECTOR)(F.cosine_embedding_loss),
    "triplet_margin_loss": three(F.triplet_margin_loss),
    "cross_entropy": one(lambda x: F.cross_entropy(x, mg.tensor([0, 1, 2]))),
    "cross_entropy, probabilities": two(F.cross_entropy),
    "nll_loss": one(lambda x: F.nll_loss(x, mg.tensor([0, 1, 2]))),
    "multi_margin_loss": one(lambda x: F.multi_margin_loss(x, mg.tensor([0, 1, 2]))),
}
WIDEST = {
    "+": two(lambda a, b: a + b),
    "-": two(lambda a, b: a - b),
    "*": two(lambda a, b: a * b),
    "/": two(lambda a, b: a / b),
    "cat": two(lambda a, b: mg.cat([a, b])),
    "stack": two(lambda a, b: mg.stack([a, b])),
    "addcmul": three(mg.addcmul),
    "addcdiv": three(mg.addcdiv),
    "cross": two(mg.cross),
    "dot": on(VECTOR, VECTOR)(mg.dot),
    "vdot": on(VECTOR, VECTOR)(mg.vdot),
    "atan2": two(mg.atan2),
    "bilinear": on(SQUARE, SQUARE, BATCH)(F.bilinear),
    "tensordot": two(lambda a, b: mg.tensordot(a, b, 1)),
    "scatter_add": two(lambda a, b: mg.scatter_add(a, 0, mg.zeros(3, 3).long(), b)),
    "index_put": on(SQUARE, VECTOR)(lambda a, b: mg.index_put(a, (mg.tensor([0]),), b)),
}
AS_INPUT = {
    **{name: one(getattr(mg, name)) for name in ONE_EACH["input"]},
    "gelu": one(F.gelu),
    "silu": one(F.silu),
    "leaky_relu": one(F.leaky_relu),
    "max_pool2d": on(IMAGE)(lambda x: F.max_pool2d(x, 2)),
    "avg_pool2d": on(IMAGE)(lambda x: F.avg_pool2d(x, 2)),
    "embedding": one(lambda w: F.embedding(mg.tensor([0, 2]), w)),
    "dropout": one(lambda x: F.dropout(x, 0.5)),
    "pad": one(lambda x: F.pad(x, (1, 1))),
    "instance_norm": on(IMAGE)(F.instance_norm),
    "interpolate": on(IMAGE)(lambda x: F.interpolate(x, scale_factor=2.0)),
}


def result(call, inputs, dtype=LOW):
    with amp.autocast(dtype=dtype):
        return call(*inputs)


def table(rows):
    return pytest.mark.parametrize("call, shapes", rows.values(), ids=list(rows))


@table(LOW_PRECISION)
@pytest.mark.parametrize("low", [LOW, FP16])
def test_A5_matrix_products_compute_in_low_precision(call, shapes, low):
    for given in (FULL, LOW, FP16):
        assert result(call, tensors(given, *shapes), low).dtype is low
    mixed = [t.to(d) for t, d in zip(tensors(FULL, *shapes), (LOW, FULL, FULL), strict=False)]
    assert result(call, mixed, low).dtype is low
    assert result(call, tensors(mg.float64, *shapes)).dtype is mg.float64


@table(FULL_PRECISION)
def test_A5_sums_norms_and_losses_compute_in_float32(call, shapes):
    for given in (FULL, LOW, FP16):
        assert result(call, tensors(given, *shapes)).dtype is FULL


@table(WIDEST)
def test_A5_the_widest_dtype_wins(call, shapes):
    assert result(call, tensors(LOW, *shapes)).dtype is LOW
    full = tensors(FULL, *shapes)
    assert result(call, [full[0].to(LOW), *full[1:]]).dtype is FULL
    assert result(call, [*full[:-1], full[-1].to(LOW)]).dtype is FULL


@table(AS_INPUT)
def test_A5_all_else_computes_in_the_dtype_of_its_inputs(call, shapes):
    for given in (FULL, LOW, mg.float64):
        assert result(call, tensors(given, *shapes)).dtype is given


def test_A5_batch_norm_keeps_a_low_input_and_float32_statistics():
    norm, (x,) = nn.BatchNorm2d(3), tensors(LOW, IMAGE)
    with amp.autocast():
        assert norm(x).dtype is LOW
    assert norm.running_mean.dtype is FULL


@over_ops(CASES)
def test_every_op_follows_its_policy(case):
    """Out of float32 and out of the low precision; integers and the like stay as they are."""
    unchanged = (FULL, LOW)
    expected = {"low": (LOW, LOW), "fp32": (FULL, FULL), "widest": unchanged, "input": unchanged}
    if case.op.name == "cast":
        pytest.skip("a cast says itself what it gives")
    for given, wanted in zip((FULL, LOW), expected[case.op.precision], strict=True):
        inputs = case.inputs(given.name)
        if not any(t is not None and t.dtype is given for t in inputs):
            pytest.skip("no floating input")
        plain = case.call(*case.inputs(given.name))
        with amp.autocast():
            outputs = case.call(*inputs)
        for out, usual in zip(outputs, plain, strict=True):
            floats = usual.dtype in (FULL, LOW)
            assert out.dtype is (wanted if floats else usual.dtype)
            if floats:
                assert_near(out, usual, "bfloat16", case.op.name)


@pytest.mark.torch
def test_a_step_is_that_of_torch():
    """Where both cast alike: linear layers low, relu as its input, the loss in float32."""
    torch = pytest.importorskip("torch")
    found = []
    for lib in (mg, torch):
        weights = [t.numpy() for t in tensors(FULL, (16, 8), (16,), (4, 16), (4,), (32, 8))]
        *weights, x = [lib.tensor(w, requires_grad=i < 4) for i, w in enumerate(weights)]
        y = lib.tensor(np.arange(32) % 4)
        f = lib.nn.functional
        with lib.autocast("cpu", dtype=lib.bfloat16):
            out = f.linear(f.relu(f.linear(x, *weights[:2])), *weights[2:])
            loss = f.cross_entropy(out, y)
        loss.backward()
        found.append([out.float(), loss, *(w.grad for w in weights)])
    for ours, theirs in zip(*found, strict=True):
        ours, theirs = ours.detach().numpy(), theirs.detach().numpy()
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=2**-6, atol=2**-7 * np.abs(theirs).max())


def test_contexts_nest_and_decorate():
    (x,) = tensors(FULL, SQUARE)
    with amp.autocast():
        assert (x @ x).dtype is LOW
        with amp.autocast(enabled=False):
            assert (x @ x).dtype is FULL and not amp.is_autocast_enabled()
        with amp.autocast("cpu", FP16):
            assert (x @ x).dtype is FP16 and amp.get_autocast_dtype() is FP16
        assert (x @ x).dtype is LOW and amp.is_autocast_enabled()

    @mg.autocast("cpu", dtype=FP16)
    def inside(y):
        return y @ y

    assert inside(x).dtype is FP16 and inside.__name__ == "inside"
    assert (x @ x).dtype is FULL and modes.autocaster is None
    assert amp.get_autocast_dtype("cpu") is LOW


def test_a_context_ends_when_its_body_raises():
    with pytest.raises(ZeroDivisionError), amp.autocast():
        raise ZeroDivisionError
    assert not amp.is_autocast_enabled() and modes.autocaster is None


def test_contexts_belong_to_their_thread():
    (x,), seen = tensors(FULL, SQUARE), []
    with amp.autocast():
        other = threading.Thread(target=lambda: seen.append((x @ x).dtype))
        other.start()
        other.join()
        assert seen == [FULL] and (x @ x).dtype is LOW


def test_bad_arguments():
    with pytest.raises(ValueError, match="device_type"):
        amp.autocast(LOW)
    with pytest.raises(RuntimeError, match="unknown device"):
        amp.autocast("tpu")
    with pytest.raises(TypeError, match="callable|function"):
        amp.autocast()(3)
    with pytest.warns(UserWarning, match="not supported. Disabling"):
        context = amp.autocast(dtype=FULL)
    with context:
        assert not amp.is_autocast_enabled()
    with pytest.warns(UserWarning, match="CUDA is not available"):
        amp.autocast("cuda")
    assert amp.is_autocast_available("cpu") and not amp.is_autocast_available("mps")


def test_A1_gradients_of_parameters_are_float32():
    net = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 2))
    (x,) = tensors(FULL, (3, 4))
    with amp.autocast():
        loss = F.cross_entropy(net(x), mg.tensor([0, 1, 0]))
    loss.backward()
    assert loss.dtype is FULL
    assert {p.dtype for p in net.parameters()} == {p.grad.dtype for p in net.parameters()} == {FULL}


def test_A1_backward_runs_in_the_dtype_of_the_forward():
    seen = []
    weight, x = (t.requires_grad_() for t in tensors(FULL, SQUARE, SQUARE))
    with amp.autocast():
        y = x @ weight
    y.register_hook(lambda g: seen.append(g.dtype))
    y.float().sum().backward()
    assert seen == [LOW]
    exact = (mg.ones(3, 3) @ weight.detach().to(LOW).float().T).to(LOW).float()
    np.testing.assert_array_equal(x.grad, exact)


def test_A1_a_weight_is_cast_once():
    (weight, x) = tensors(FULL, SQUARE, SQUARE)
    weight.requires_grad_()
    with amp.autocast():
        policy = modes.state.autocast
        first, _ = policy.low(weight), x @ weight
        assert policy.low(weight) is first
        with amp.autocast():
            assert modes.state.autocast.low(weight) is first
        with amp.autocast(cache_enabled=False):
            assert modes.state.autocast.low(weight) is not first
            assert not amp.is_autocast_cache_enabled()
        with mg.no_grad():
            constant = policy.low(weight)
            assert constant is not first and not constant.requires_grad
        assert policy.low(weight).requires_grad
        amp.clear_autocast_cache()
        assert policy.low(weight) is not first
        assert policy.low(x) is not policy.low(x)  # no leaf with a gradient
    with amp.autocast():
        assert not modes.state.autocast.cache


def test_a_weight_that_was_written_to_is_cast_again():
    weight, x = tensors(FULL, SQUARE, SQUARE)
    weight.requires_grad_()
    with amp.autocast():
        before = x @ weight
        with mg.no_grad():
            weight.mul_(2.0)
        assert ((x @ weight) == 2 * before).all()


def test_the_same_graph_twice_through_cached_weights():
    weight, x = tensors(FULL, SQUARE, SQUARE)
    weight.requires_grad_()
    with amp.autocast():
        a, b = (x @ weight).sum(), (x @ weight).sum()
    a.backward()
    once = weight.grad.clone()
    b.backward()
    np.testing.assert_array_equal(weight.grad, 2 * once)


def test_second_derivatives_under_autocast():
    x = tensors(FULL, SQUARE)[0].requires_grad_()
    with amp.autocast():
        y = (F.gelu(x @ x) @ x).float().sum()
        (slope,) = mg.grad(y, x, create_graph=True)
    assert slope.dtype is FULL
    (curve,) = mg.grad(slope.sum(), x)
    assert curve.isfinite().all()


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_recurrent_layers_and_cells(kind):
    layer, cell = kind(3, 4, num_layers=2), getattr(nn, f"{kind.__name__}Cell")(3, 4)
    (x,) = tensors(FULL, (5, 2, 3))
    with amp.autocast():
        y, last = layer(x)
        again, _ = layer(y[..., :3], last)
        step = cell(x[0])
        cell(x[1], step)
    assert y.dtype is again.dtype is LOW
    assert (step[0] if kind is nn.LSTM else step).dtype is LOW
    y.float().sum().backward()
    assert layer.weight_hh_l0.grad.dtype is FULL


def test_attention_and_transformer_layers():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    (x,) = tensors(FULL, (2, 5, 8))
    with amp.autocast():
        attended, weights = layer.self_attn(x, x, x)
        y = layer(x)
    assert attended.dtype is LOW and weights.isfinite().all()
    assert y.dtype is FULL  # a layer norm comes last
    y.sum().backward()
    assert layer.self_attn.in_proj_weight.grad.dtype is FULL


def test_a_checkpoint_runs_again_under_the_autocast_of_its_forward():
    from minigrad.utils.checkpoint import checkpoint

    layer, (x,), seen = nn.Linear(3, 3), tensors(FULL, SQUARE), []

    def part(t):
        y = layer(t)
        seen.append(y.dtype)
        return y

    with amp.autocast():
        y = checkpoint(part, x.requires_grad_())
    y.float().sum().backward()
    assert seen == [LOW, LOW]


def test_functions_of_ones_own():
    class Product(mg.autograd.Function):
        @staticmethod
        @amp.custom_fwd(device_type="cpu", cast_inputs=FULL)
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a @ b

        @staticmethod
        @amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            ctx.seen = g @ b.T
            assert ctx.seen.dtype is FULL
            return ctx.seen, a.T @ g

    a, b = (t.requires_grad_() for t in tensors(LOW, SQUARE, SQUARE))
    with amp.autocast():
        y = Product.apply(a, b)
    assert y.dtype is FULL
    y.sum().backward()
    assert a.grad.dtype is LOW


def test_probabilities_are_refused_under_autocast():
    p, y = tensors(FULL, SQUARE, SQUARE)
    with amp.autocast(), pytest.raises(RuntimeError, match="binary_cross_entropy_with_logits"):
        F.binary_cross_entropy(p, y)
    with amp.autocast(enabled=False):
        F.binary_cross_entropy(p, y)
    with amp.autocast(), amp.autocast(enabled=False):
        nn.BCELoss()(p, y)


def test_other_formats():
    x = tensors(FULL, SQUARE)[0]
    fp8 = mg.float_format(4, 3)
    with amp.autocast(dtype=fp8):
        y = x @ x
    assert y.dtype is fp8
    grid = amp.round_to(y.float(), fp8)
    np.testing.assert_array_equal(y.float(), grid)


def test_A1_a_weight_whose_memory_is_replaced_is_cast_again():
    weight, x = tensors(FULL, SQUARE, SQUARE)
    weight.requires_grad_()
    with amp.autocast():
        first = x @ weight
        weight.data = mg.zeros(3, 3)
        assert (x @ weight == 0).all() and (first != 0).all()


def use(context, inside):
    with context:
        return inside()


@pytest.mark.parametrize("call", [use, lambda context, inside: context(inside)()])
def test_one_context_serves_threads_whose_own_contexts_differ(call):
    shared, seen = amp.autocast(dtype=FP16), {}
    begun, joined, ended = (threading.Event() for _ in range(3))

    def within():
        with amp.autocast():
            call(shared, lambda: (begun.set(), joined.wait(5)))
            seen["within"] = amp.get_autocast_dtype()
        ended.set()

    def without():
        begun.wait(5)
        call(shared, lambda: (joined.set(), ended.wait(5)))
        seen["without"] = amp.is_autocast_enabled()

    threads = [threading.Thread(target=f) for f in (within, without)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"within": LOW, "without": False}


@pytest.mark.parametrize("dtype", [LOW, FP16])
@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("used", [0, 1], ids=["outputs", "state"])
def test_recurrent_gradients_where_one_output_is_not_used(kind, dtype, used):
    layer = kind(4, 5)
    x, weights = tensors(FULL, (6, 2, 4), (6, 2, 5))
    found = []
    for enabled in (False, True):
        layer.zero_grad()
        with amp.autocast(dtype=dtype, enabled=enabled):
            out = layer(x)[used]
        out = out[0] if isinstance(out, tuple) else out
        (out.float() * weights[: len(out)]).sum().backward()
        found.append([p.grad.numpy() for p in layer.parameters()])
    for full, low in zip(*found, strict=True):
        assert np.linalg.norm(low - full) < 0.02 * np.linalg.norm(full)
