"""Layers that run as one op: results as one by one, and hooks that see what they should."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import backend, nn
from minigrad.engine import observe
from minigrad.utils.checkpoint import checkpoint

ACTIVATIONS = (nn.ReLU, nn.Tanh, nn.Sigmoid)


def network(sizes, activation):
    mg.manual_seed(1)
    layers = []
    for low, high in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(low, high), activation()]
    return nn.Sequential(*(layers[:-1] if len(sizes) > 2 else layers))


def outcome(model, x, fused):
    """Output and all gradients, with fusion on or off."""
    mg.set_fusion(fused)
    try:
        x = x.detach().requires_grad_()
        y = model(x)
        model.zero_grad()
        (y * y).mean().backward()
        return [y.detach(), x.grad, *(p.grad for p in model.parameters())]
    finally:
        mg.set_fusion(True)


def assert_same_bits(model, x):
    for ours, theirs in zip(outcome(model, x, True), outcome(model, x, False), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@given(
    sizes=st.lists(st.integers(1, 20), min_size=2, max_size=5),
    rows=st.integers(1, 40),
    activation=st.sampled_from(ACTIVATIONS),
    dtype=st.sampled_from([mg.float32, mg.float64]),
)
def test_small_networks_give_the_same_bits(sizes, rows, activation, dtype):
    assert_same_bits(network(sizes, activation).to(dtype), mg.randn(rows, sizes[0], dtype=dtype))


@pytest.mark.parametrize("rows", [20, 70, 1100])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_networks_by_blas_and_by_tiles_give_the_same_bits(activation, rows):
    assert_same_bits(network((100, 700, 200, 10), activation), mg.randn(rows, 100))


def test_one_node_stands_for_the_chain_unless_somebody_looks():
    model, x = network((3, 4, 2), nn.Tanh), mg.ones(5, 3)
    assert repr(model(x).grad_fn) == "<LinearChainBackward>"
    with_hook = network((3, 4, 2), nn.Tanh)
    handle = with_hook[0].register_forward_hook(lambda *_: None)
    assert repr(with_hook(x).grad_fn) == "<LinearBackward>"
    handle.remove()
    stop = observe.subscribe(lambda *_: None)
    try:
        assert repr(model(x).grad_fn) == "<LinearBackward>"
    finally:
        stop()
    assert repr(model.half()(x.half()).grad_fn) == "<LinearBackward>"


def test_a_layer_that_does_not_fit_is_named():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(5, 2))
    with pytest.raises(RuntimeError, match=r"\(2, 4\).*\(2, 5\)"):
        model(mg.ones(2, 3))


def test_the_switch_takes_a_bool_and_says_where_it_stands():
    assert mg.get_fusion()
    with pytest.raises(TypeError, match="bool"):
        mg.set_fusion(1)


# batch norm, ReLU and pooling
NORMS = {
    "columns": (nn.BatchNorm1d, (9, 3), ()),
    "sequences": (nn.BatchNorm1d, (4, 3, 5), ()),
    "images": (nn.BatchNorm2d, (4, 3, 6, 4), ()),
    "pooled": (nn.BatchNorm2d, (4, 3, 6, 4), (nn.MaxPool2d(2),)),
    "pooled with a rest": (nn.BatchNorm2d, (4, 3, 5, 4), (nn.MaxPool2d(2),)),
    "other windows": (nn.BatchNorm2d, (4, 3, 6, 4), (nn.MaxPool2d(3, 1),)),
    "large": (nn.BatchNorm2d, (8, 16, 40, 38), (nn.MaxPool2d(2),)),
    "volumes": (nn.BatchNorm3d, (2, 3, 2, 3, 4), ()),
}


def normalising(case, dtype=mg.float32, **options):
    """(Sequential, input) of a case, with weights of both signs and a zero."""
    kind, shape, rest = NORMS[case]
    mg.manual_seed(2)
    norm = kind(shape[1], **options)
    for values in (norm.weight, norm.bias):
        if values is not None:
            nn.init.normal_(values)
    if norm.weight is not None:
        norm.weight.data[0] = 0
    return nn.Sequential(norm, nn.ReLU(), *rest).to(dtype), mg.randn(*shape, dtype=dtype)


def both(make, run):
    """What ``run`` returns on what ``make`` does, with fusion and without."""
    found = []
    for fused in (True, False):
        mg.set_fusion(fused)
        try:
            found.append(run(*make()))
        finally:
            mg.set_fusion(True)
    return found


def assert_close(ours, theirs, dtype=mg.float32):
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            scale = max(1.0, float(b.abs().max()))
            bound = (1e-6 if dtype is mg.float32 else 1e-14) * scale
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=0, atol=2 * bound)


def one_step(model, x):
    """Output, gradients and running statistics of one pass."""
    x = x.requires_grad_()
    y = model(x)
    (y * mg.linspace(0.5, 1.5, y.numel(), dtype=y.dtype).view(*y.shape)).sum().backward()
    return [y.detach(), x.grad, *(p.grad for p in model.parameters()), *model.buffers()]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [mg.float32, mg.float64], ids=str)
@pytest.mark.parametrize("case", NORMS)
def test_a_batch_norm_with_what_follows_equals_the_modules_one_by_one(case, dtype, training):
    def run(model, x):
        model.train(training)
        return one_step(model, x)

    assert_close(*both(lambda: normalising(case, dtype), run), dtype)


@pytest.mark.parametrize(
    "options",
    [{"affine": False}, {"bias": False}, {"track_running_stats": False}, {"momentum": None}],
    ids=str,
)
@pytest.mark.parametrize("case", ["columns", "pooled"])
def test_batch_norms_with_other_options_too(case, options):
    assert_close(*both(lambda: normalising(case, **options), one_step))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("case", ["columns", "sequences", "pooled"])
def test_second_gradients_of_a_batch_norm_with_what_follows(case, training):
    def run(model, x):
        model.train(training)
        x = x.requires_grad_()
        inputs = [x, *model.parameters()]
        y = model(x)
        slopes = mg.grad((y * y).sum(), inputs, create_graph=True)
        sum((s * s).sum() for s in slopes).backward()
        return [*slopes, *(t.grad for t in inputs)]

    ours, theirs = both(lambda: normalising(case, mg.float64), run)
    assert_close([t.detach() for t in ours], [t.detach() for t in theirs], mg.float64)


def test_one_node_stands_for_norm_relu_and_pooling():
    model, x = normalising("pooled")
    y = model(x)
    assert repr(y.grad_fn) == "<NormReluBackward>"
    assert repr(model[:2](x).grad_fn) == "<NormReluBackward>"
    assert int(model[0].num_batches_tracked) == 2
    rest, x = normalising("pooled with a rest")
    assert repr(rest(x).grad_fn) == "<MaxPoolBackward>"


def test_of_equal_elements_the_first_and_of_nans_the_last_gets_the_gradient():
    model, _ = normalising("pooled", affine=False)
    model.eval()
    x = mg.zeros(1, 3, 2, 4)
    x[0, 0], x[0, 1, 0, 1], x[0, 2] = 1.0, mg.nan, -1.0
    x[0, 1, 1, 0] = mg.nan
    assert_close(*both(lambda: (model, x.clone()), one_step))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_module_with_a_hook_runs_by_itself_and_its_hook_sees_the_value(place):
    def run(model, x):
        seen = []
        model[place].register_forward_hook(lambda module, args, output: seen.append(output))
        model[place].register_full_backward_hook(lambda module, given, taken: seen.extend(taken))
        return [*one_step(model, x), *(t.detach() for t in seen)]

    ours, theirs = both(lambda: normalising("pooled"), run)
    assert len(ours) > 8
    assert_close(ours, theirs)


def test_an_instance_with_its_own_forward_runs_by_itself():
    model, x = normalising("pooled")
    model[1].forward = lambda x: x * 2
    assert repr(model[:2](x).grad_fn) == "<MulBackward>"


def test_listeners_and_autocast_see_every_module():
    model, x = normalising("pooled")
    names = []
    stop = observe.subscribe(
        lambda event, node, values: names.append(node.name) if event == "forward" else None
    )
    try:
        model(x)
    finally:
        stop()
    assert [n for n in names if n in ("batch_norm", "relu", "max_pool")] == names[-3:]
    with mg.amp.autocast(dtype=mg.bfloat16):
        assert repr(model(x).grad_fn) != "<NormReluBackward>"


def test_copies_and_state_dicts_know_nothing_of_fusion():
    model, x = normalising("pooled")
    model(x)
    twin = copy.deepcopy(model)
    other, _ = normalising("pooled")
    other.load_state_dict(model.state_dict())
    model[0].weight.data.mul_(2)
    assert_close(one_step(twin, x.clone()), one_step(other, x.clone()))
    assert list(model.state_dict()) == [
        "0.weight", "0.bias", "0.running_mean", "0.running_var", "0.num_batches_tracked",
    ]  # fmt: skip


def test_running_statistics_written_after_the_forward_pass_are_noticed():
    model, x = normalising("pooled")
    y = model.eval()(x)
    model[0].running_var.mul_(2)
    with pytest.raises(RuntimeError, match="modified in place"):
        y.sum().backward()


# embedding and recurrent layer
KINDS = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}
LAYOUTS = {
    "plain": {},
    "all options": {"bidirectional": True, "num_layers": 2, "batch_first": True},
    "no bias": {"bias": False},
}


def reading(kind="LSTM", layout="plain", padding=None, dtype=mg.float32, **table):
    """(embedding, recurrent layer, tokens)"""
    mg.manual_seed(3)
    embedding = nn.Embedding(5, 6, padding_idx=padding, dtype=dtype, **table)
    layer = KINDS[kind](6, 4, dtype=dtype, **LAYOUTS[layout])
    return embedding, layer, mg.randint(0, 5, (7, 3))


def slopes_of(loss, *modules):
    loss.backward()
    return [loss.detach(), *(p.grad for module in modules for p in module.parameters())]


def is_fused(y):
    return y.grad_fn.lookup is not None


@pytest.mark.parametrize("padding", [None, 2])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_that_reads_the_table_equals_one_that_reads_rows(kind, layout, padding):
    def run(embedding, layer, tokens):
        y, _ = layer(embedding(tokens))
        return slopes_of((y * y).sum(), embedding, layer)

    assert_close(*both(lambda: reading(kind, layout, padding), run))


def test_a_table_of_fewer_rows_than_tokens_is_read_once():
    embedding, layer, tokens = reading()
    y, _ = layer(embedding(tokens))
    assert is_fused(y)
    assert not is_fused(layer(embedding(tokens[:1]))[0])
    assert is_fused(layer(embedding(tokens.flatten()).view(7, 3, 6))[0])
    assert not is_fused(layer(embedding(tokens) * 1)[0])
    assert not is_fused(layer(embedding(tokens).detach())[0])
    with mg.amp.autocast(dtype=mg.bfloat16):
        assert not is_fused(layer(embedding(tokens))[0])
    assert not is_fused(layer.half()(embedding.half()(tokens))[0])


def test_second_gradients_by_way_of_the_table():
    def run(embedding, layer, tokens):
        y, _ = layer(embedding(tokens))
        inputs = [embedding.weight, *layer.parameters()]
        slopes = mg.grad((y * y).sum(), inputs, create_graph=True)
        sum((s * s).sum() for s in slopes).backward()
        return [*(s.detach() for s in slopes), *(t.grad for t in inputs)]

    assert_close(*both(lambda: reading(dtype=mg.float64, padding=1), run), mg.float64)


def by_residual(x, layer, seen):
    return (mg.cat([x, layer(x)[0]], 2) ** 2).sum()


def by_hook(x, layer, seen):
    x.register_hook(lambda g: seen.append(g))
    return (layer(x)[0] ** 2).sum()


def by_hook_afterwards(x, layer, seen):
    loss = (layer(x)[0] ** 2).sum()
    x.register_hook(lambda g: seen.append(g) or g * 3)
    return loss


def by_retained_gradient(x, layer, seen):
    loss = (layer(x)[0] ** 2).sum()
    x.retain_grad()
    seen.append(x)
    return loss


def by_grad(x, layer, seen):
    loss = (layer(x)[0] ** 2).sum()
    seen.extend(mg.grad(loss, [x, layer.weight_ih_l0], retain_graph=True))
    return loss


def by_a_nested_pass(x, layer, seen):
    """While x is asked for, a hook runs another pass, which is not asked for it."""
    y, _ = layer(x)
    inner, _ = layer(x * 2)
    inner_loss, table = (inner * inner).sum(), layer.weight_ih_l0
    y.register_hook(lambda g: seen.extend(mg.grad(inner_loss, table, retain_graph=True)))
    loss = (y * y).sum()
    seen.extend(mg.grad(loss, x, retain_graph=True))
    return loss


WATCHERS = (
    by_residual, by_hook, by_hook_afterwards, by_retained_gradient, by_grad, by_a_nested_pass
)  # fmt: skip


@pytest.mark.parametrize("watch", WATCHERS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("viewed", [False, True])
def test_whoever_looks_at_the_rows_sees_their_gradient(watch, viewed):
    def run(embedding, layer, tokens):
        x = embedding(tokens.flatten()) if viewed else embedding(tokens)
        seen = []
        loss = watch(x.view(7, 3, 6), layer, seen)
        found = slopes_of(loss, embedding, layer)
        return [*found, *(t.grad if t.grad is not None else t.detach() for t in seen)]

    assert_close(*both(reading, run))


def test_a_hook_on_rows_that_were_reshaped_later_sees_their_gradient():
    def run(embedding, layer, tokens):
        rows, seen = embedding(tokens.flatten()), []
        y, _ = layer(rows.view(7, 3, 6))
        rows.register_hook(seen.append)
        return [*slopes_of((y * y).sum(), embedding, layer), *seen]

    ours, theirs = both(reading, run)
    assert ours[-1].shape == (21, 6)
    assert_close(ours, theirs)


def test_a_table_or_tokens_written_to_meanwhile_change_nothing():
    def run(embedding, layer, tokens):
        x = embedding(tokens)
        embedding.weight.data.mul_(2)
        first, _ = layer(x)
        second, _ = layer(embedding(tokens))
        embedding.weight.data.add_(1)
        loss = (first * first).sum() + (second * second).sum()
        return slopes_of(loss, embedding, layer)

    assert_close(*both(reading, run))
    embedding, layer, tokens = reading()
    x = embedding(tokens)
    tokens.zero_()
    assert not is_fused(layer(x)[0])


def test_a_table_that_is_shortened_by_a_later_call():
    def run(embedding, layer, tokens):
        first, _ = layer(embedding(tokens[:4]))
        second, _ = layer(embedding(tokens[3:]))
        return slopes_of((first[:4] * second).sum(), embedding, layer)

    assert_close(*both(lambda: reading(max_norm=1.0), run))


def test_frequencies_and_computed_tables_are_left_alone():
    embedding, layer, tokens = reading(scale_grad_by_freq=True)
    assert not is_fused(layer(embedding(tokens))[0])
    embedding, layer, tokens = reading()
    rows = nn.functional.embedding(tokens, embedding.weight * 2)
    assert not is_fused(layer(rows)[0])


def test_a_checkpointed_pass_gives_the_same_gradients():
    def run(embedding, layer, tokens):
        y = checkpoint(lambda t: layer(embedding(t))[0], tokens, use_reentrant=False)
        return slopes_of((y * y).sum(), embedding, layer)

    assert_close(*both(reading, run))


def residual_gradients(norm, shape, fused, watch=None, times=1):
    """The gradients of x + tanh(norm(x)) for what x is made of and for the parameters."""
    mg.set_fusion(fused)
    try:
        leaf = mg.randn(*shape, generator=mg.Generator().manual_seed(0)).requires_grad_()
        x = leaf * 1.0
        if watch is not None:
            watch(x)
        y = x + norm(x).tanh()
        for _ in range(times):
            (y * y).sum().backward(retain_graph=True)
        return [leaf.grad, *(p.grad for p in norm.parameters())]
    finally:
        mg.set_fusion(True)
        norm.zero_grad()


@pytest.fixture
def added(monkeypatch):
    """What the kernel of norms was told to add its gradient to, call by call."""
    calls, kernel = [], backend.CPU.group_norm_vjp
    monkeypatch.setattr(
        backend.CPU, "group_norm_vjp", lambda *a: calls.append(a[7]) or kernel(*a)
    )
    return calls


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    "norm, shape", [(nn.LayerNorm(20), (50, 20)), (nn.GroupNorm(2, 4), (3, 4, 30))]
)
def test_a_norm_adds_its_gradient_to_that_of_the_residual_path(norm, shape, times, added):
    fused = residual_gradients(norm, shape, True, times=times)
    assert len(added) == times and all(a is not None for a in added)
    plain = residual_gradients(norm, shape, False, times=times)
    assert added[times:] == [None] * times
    for one, other in zip(fused, plain, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5, atol=1e-6)


def test_whoever_looks_at_the_sum_on_the_residual_path_sees_all_of_it(added):
    norm, seen = nn.LayerNorm(20), []
    fused = residual_gradients(norm, (50, 20), True, lambda x: x.register_hook(seen.append))
    residual_gradients(norm, (50, 20), False, lambda x: x.register_hook(seen.append))
    assert added[0] is not None and added[1] is None
    np.testing.assert_allclose(seen[0].numpy(), seen[1].numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(seen[0].numpy(), fused[0].numpy())


def test_a_norm_at_which_somebody_looks_keeps_its_gradient_to_itself(added):
    x = mg.randn(50, 20).requires_grad_() * 1.0
    y = nn.LayerNorm(20)(x)
    y.register_hook(lambda g: None)
    (x + y).sum().backward()
    assert added == [None]
