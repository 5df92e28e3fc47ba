"""Tensor hooks on leaves and interior tensors, and retain_grad."""

import pytest

import minigrad as mg


@pytest.fixture
def x():
    return mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)


def test_a_leaf_hook_sees_the_whole_gradient_and_may_replace_it(x):
    seen = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    x.register_hook(lambda g: g * 10.0)
    (x + x * x).sum().backward()
    assert seen == [[3.0, 5.0]]
    assert x.grad.tolist() == [30.0, 50.0]


def test_an_interior_hook_changes_what_flows_on(x):
    y = x * 2.0
    y.register_hook(lambda g: g * 3.0)
    (y + y).sum().backward()
    assert x.grad.tolist() == [12.0, 12.0]


def test_hooks_run_in_the_order_of_registration(x):
    x.register_hook(lambda g: g + 1.0)
    x.register_hook(lambda g: g * 10.0)
    x.sum().backward()
    assert x.grad.tolist() == [20.0, 20.0]


@pytest.mark.parametrize("interior", [False, True])
def test_removal(x, interior):
    y = x * 2.0 if interior else x
    calls = []
    handle = y.register_hook(lambda g: calls.append(1))
    y.sum().backward(retain_graph=True)
    handle.remove()
    handle.remove()
    y.sum().backward()
    assert calls == [1]


def test_a_handle_is_a_context_manager(x):
    with x.register_hook(lambda g: g * 0.0):
        x.sum().backward()
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_hooks_apply_to_grad_too(x):
    x.register_hook(lambda g: g * 2.0)
    y = x * 3.0
    y.register_hook(lambda g: g * 5.0)
    gradients = mg.grad(y.sum(), [x, y])
    assert [g.tolist() for g in gradients] == [[30.0, 30.0], [5.0, 5.0]]


def test_hooks_are_differentiable_under_create_graph(x):
    with x.register_hook(lambda g: g * g):
        (g,) = mg.grad((x * x).sum(), x, create_graph=True)
    assert g.tolist() == [4.0, 16.0]
    assert mg.grad(g.sum(), x)[0].tolist() == [8.0, 16.0]


def test_each_output_of_an_op_has_its_own_hook(x):
    class Two(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0, x * 2.0

        @staticmethod
        def backward(ctx, first, second):
            return first + 2.0 * second

    one, two = Two.apply(x)
    seen = []
    two.register_hook(lambda g: seen.append(g.tolist()))
    (one * 7.0 + two).sum().backward()
    assert seen == [[1.0, 1.0]]
    assert x.grad.tolist() == [9.0, 9.0]


def test_retain_grad(x):
    y = x * 2.0
    assert not y.retains_grad
    y.retain_grad()
    assert y.retains_grad
    (y * y).sum().backward()
    assert y.grad.tolist() == [4.0, 8.0]


def test_retain_grad_does_not_keep_the_tensor_alive(x):
    import weakref

    y = x * 2.0
    y.retain_grad()
    z, held = y.sum(), weakref.ref(y)
    del y
    assert held() is None
    z.backward()


def test_retain_grad_sees_the_hooked_gradient(x):
    y = x * 2.0
    y.retain_grad()
    y.register_hook(lambda g: g * 3.0)
    y.sum().backward()
    assert y.grad.tolist() == [3.0, 3.0]


def test_misuse(x):
    with pytest.raises(RuntimeError, match="doesn't require grad"):
        mg.tensor(1.0).register_hook(print)
    with pytest.raises(RuntimeError, match="requires_grad=False"):
        mg.tensor(1.0).retain_grad()
    with pytest.raises(TypeError, match="callable"):
        x.register_hook(3)
    x.register_hook(lambda g: mg.ones(3))
    with pytest.raises(RuntimeError, match=r"\(3,\).*\(2,\)"):
        x.sum().backward()


def test_hooks_after_accumulation_see_the_whole_gradient():
    x = mg.ones(2, requires_grad=True)
    seen = []
    x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.tolist()))
    x.register_hook(lambda g: g * 10.0)
    (x + x).sum().backward()
    (3 * x).sum().backward()
    assert seen == [[20.0, 20.0], [50.0, 50.0]]
    mg.autograd.grad(x.sum(), x)
    (x * x).sum().backward(create_graph=True)
    assert len(seen) == 3


def test_a_hook_after_accumulation_may_free_the_gradient():
    x = mg.ones(2, requires_grad=True)
    optimizer = mg.optim.SGD([x], lr=0.5)

    def step(leaf):
        optimizer.step()
        leaf.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    x.sum().backward()
    assert x.grad is None
    assert x.tolist() == [0.5, 0.5]
    handle.remove()
    x.sum().backward()
    assert x.grad is not None


def test_hooks_after_accumulation_are_for_leaves():
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="non-leaf"):
        (x * 2).register_post_accumulate_grad_hook(print)
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        mg.ones(2).register_post_accumulate_grad_hook(print)
    with pytest.raises(TypeError, match="must be callable"):
        x.register_post_accumulate_grad_hook(3)
