"""Memory: which results share it with their input, in every dtype, and writing through them."""

import pytest

import minigrad as mg

EVERY = pytest.mark.parametrize(
    "dtype", [mg.float32, mg.float64, mg.float16, mg.bfloat16, mg.int64, mg.bool], ids=str
)
VIEWS = {
    "t": lambda x: x.t(),
    "row": lambda x: x[0],
    "column": lambda x: x[:, 1],
    "element": lambda x: x[1, 2],
    "element of a vector": lambda x: x[0][1],
    "unbind of a vector": lambda x: x[1].unbind()[2],
    "view": lambda x: x.view(-1),
    "reshape": lambda x: x.reshape(3, 2),
    "flatten": lambda x: x.flatten(),
    "unsqueeze": lambda x: x.unsqueeze(0),
    "expand": lambda x: x.expand(1, 2, 3),
    "diagonal": lambda x: x.diagonal(),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "select": lambda x: x.select(0, 1),
    "split": lambda x: x.split(2, 1)[1],
    "unbind": lambda x: x.unbind(0)[1],
    "movedim": lambda x: x.movedim(0, 1),
    "detach": lambda x: x.detach(),
    "as_strided": lambda x: x.as_strided((2,), (2,)),
}
COPIES = {
    "repeat": lambda x: x.repeat(1, 1),
    "repeat a row": lambda x: x[:1].repeat(2, 1),
    "repeat a column": lambda x: x[:, :1].repeat(1, 2),
    "tile": lambda x: x.tile(1),
    "repeat_interleave": lambda x: x.repeat_interleave(1, dim=0),
    "flip": lambda x: x.flip(0),
    "clone": lambda x: x.clone(),
}


@EVERY
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_writing_to_a_view_writes_to_its_base(view, dtype):
    base = mg.zeros(2, 3, dtype=dtype)
    part = view(base)
    part.fill_(1)
    assert base.double().sum() == part.numel()


@EVERY
@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_writing_to_a_copy_leaves_its_source(copy, dtype):
    source = mg.zeros(2, 3, dtype=dtype)
    copy(source).fill_(1)
    assert not source.any()


def test_no_differences_are_a_copy():
    source = mg.zeros(3)
    source.diff(n=0).fill_(1)
    assert not source.any()


@EVERY
def test_strides_of_a_transpose(dtype):
    x = mg.zeros(2, 3, dtype=dtype)
    assert x.t().stride() == (1, 3)
    assert not x.t().is_contiguous()


@EVERY
def test_gradients_through_views_of_every_format(dtype):
    if not dtype.is_floating_point:
        return
    x = mg.ones(2, 3, dtype=dtype, requires_grad=True)
    (x.t()[1:].reshape(2, 2) * 2).sum().backward()
    assert x.grad.dtype is dtype
    assert x.grad.tolist() == [[0, 2, 2], [0, 2, 2]]


WRITES = {
    "add_": lambda x: x.add_(1),
    "copy_": lambda x: x.copy_(mg.ones(2, 3)),
    "item": lambda x: x.__setitem__(0, 1.0),
    "normal_": lambda x: x.normal_(),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_shared_places_are_not_written_to(write):
    with pytest.raises(RuntimeError, match="share places in memory.*clone"):
        write(mg.zeros(1, 3).expand(2, 3))


def test_the_shape_changes_in_place():
    x = mg.arange(6.0).reshape(1, 2, 3)
    y = x.squeeze_(0).t_().unsqueeze_(-1).transpose_(0, 1).swapaxes_(0, 2).swapdims_(0, 2)
    assert y is x
    assert x.shape == (2, 3, 1)
    assert x.squeeze(-1).tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(RuntimeError, match="leaf"):
        mg.ones(2, 3, requires_grad=True).t_()


def test_sizes():
    x = mg.ones(2, 3, 4)
    assert isinstance(x.shape, mg.Size)
    assert x.shape == (2, 3, 4) == x.size()
    assert x.shape.numel() == 24
    assert x.shape[1:].numel() == 12
    assert (x.shape[:1] + (5,)).numel() == 10
    assert x.shape[0] == 2


def test_the_gradient_of_parts_has_the_layout_of_what_was_cut():
    """Queries, keys and values cut from one product: the way back copies them once."""
    packed = mg.randn(2, 5, 3, 4, 6, requires_grad=True)
    seen = []
    x = packed.permute(2, 0, 3, 1, 4)
    x.register_hook(lambda g: seen.append(g._array.transpose(1, 3, 0, 2, 4).flags.c_contiguous))
    parts = x.unbind(0)
    weights = [mg.randn_like(p) for p in parts]
    sum((p * w).sum() for p, w in zip(parts, weights, strict=True)).backward()
    assert seen == [True]
    assert mg.equal(packed.grad.permute(2, 0, 3, 1, 4), mg.stack(weights))
