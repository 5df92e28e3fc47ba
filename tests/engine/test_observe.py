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


def test_watchers_hear_of_what_a_program_does(monkeypatch):
    monkeypatch.setattr(observe, "watchers", observe.watchers)
    heard = []
    observe.watch({"backward": lambda roots, leaves: heard.append((roots, leaves))})
    x = mg.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    ((root, leaves),) = heard
    assert root is y
    assert leaves == (x,)


def test_an_event_just_after_the_watchers_left(monkeypatch):
    monkeypatch.setattr(observe, "watchers", observe.watchers)
    observe.watch({})
    assert not observe.watchers
    assert observe.watchers["backward"](None, ()) is None


def test_what_stands_by_is_loaded_at_the_first_event(monkeypatch):
    monkeypatch.setattr(observe, "watchers", observe.watchers)
    heard = []
    observe.stand_by(lambda: observe.watch({"backward": lambda roots, leaves: heard.append(roots)}))
    assert observe.watchers
    assert heard == []
    x = mg.ones(1, requires_grad=True)
    x.backward()
    assert heard == [x]
