"""The point where instrumentation listens."""

import pytest

import minigrad as mg
from minigrad.engine import observe


@pytest.fixture
def heard():
    events = []
    stop = observe.subscribe(lambda event, node, values: events.append((event, node.name)))
    yield events
    stop()


def test_every_op_is_announced_forward_and_backward(heard):
    x = mg.ones(2, requires_grad=True)
    (x * 3.0).sum().backward()
    assert heard == [
        ("forward", "mul"), ("forward", "sum"), ("backward", "sum"), ("backward", "mul"),
    ]  # fmt: skip


def test_ops_that_are_not_recorded_are_announced_too(heard):
    with mg.no_grad():
        mg.tanh(mg.ones(2))
    mg.tanh(mg.ones(2).bfloat16())
    assert heard == [("forward", "tanh"), ("forward", "cast"), ("forward", "tanh")]


def test_several_listeners_and_removal(heard):
    other = []
    stop = observe.subscribe(lambda event, node, values: other.append(node.name))
    mg.ones(1).exp()
    stop()
    stop()
    mg.ones(1).log()
    assert other == ["exp"]
    assert [name for _, name in heard] == ["exp", "log"]


def test_listeners_see_the_arrays():
    seen = []
    stop = observe.subscribe(lambda event, node, values: seen.append(values))
    try:
        mg.tensor([1.0, 4.0]).sqrt()
    finally:
        stop()
    assert seen[0].tolist() == [1.0, 2.0]
