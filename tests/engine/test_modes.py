"""Grad modes: contexts, decorators, nesting, threads."""

import threading

import pytest

import minigrad as mg


@pytest.fixture
def x():
    return mg.ones(2, requires_grad=True)


@pytest.mark.parametrize("mode", [mg.no_grad, mg.inference_mode])
def test_nothing_is_recorded(x, mode):
    with mode():
        assert not mg.is_grad_enabled()
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_nesting_restores_at_every_level():
    seen = []
    with mg.no_grad():
        with mg.enable_grad():
            seen.append(mg.is_grad_enabled())
            with mg.set_grad_enabled(False):
                seen.append(mg.is_grad_enabled())
            seen.append(mg.is_grad_enabled())
        seen.append(mg.is_grad_enabled())
    seen.append(mg.is_grad_enabled())
    assert seen == [True, False, True, False, True]


def test_the_same_object_may_be_entered_twice():
    mode = mg.no_grad()
    with mode:
        with mode:
            pass
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()


def test_an_exception_restores():
    with pytest.raises(KeyError), mg.no_grad():
        raise KeyError
    assert mg.is_grad_enabled()


@pytest.mark.parametrize(
    ("decorate", "recording"),
    [
        (mg.no_grad(), False),
        (mg.no_grad, False),
        (mg.enable_grad(), True),
        (mg.inference_mode(), False),
        (mg.inference_mode, False),
        (mg.inference_mode(False), True),
    ],
)
def test_decorators(decorate, recording):
    @decorate
    def asked(value, *, other):
        """What it does."""
        return mg.is_grad_enabled(), value, other

    assert asked(1, other=2) == (recording, 1, 2)
    assert asked.__name__ == "asked"
    assert asked.__doc__ == "What it does."
    assert mg.is_grad_enabled()


def test_a_decorated_function_may_call_itself():
    @mg.no_grad()
    def down(n):
        return [mg.is_grad_enabled(), *(down(n - 1) if n else [])]

    assert down(3) == [False] * 4
    assert mg.is_grad_enabled()


def test_set_grad_enabled_acts_at_once():
    mg.set_grad_enabled(False)
    assert not mg.is_grad_enabled()
    mg.set_grad_enabled(True)
    assert mg.is_grad_enabled()


def test_set_grad_enabled_as_a_decorator_leaves_the_mode():
    @mg.set_grad_enabled(False)
    def asked():
        return mg.is_grad_enabled()

    assert mg.is_grad_enabled()
    assert asked() is False


def test_one_mode_per_thread():
    seen, inside, done = [], threading.Event(), threading.Event()

    def other():
        inside.wait(10)
        seen.append(mg.is_grad_enabled())
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with mg.no_grad():
        inside.set()
        assert done.wait(10)
    thread.join()
    assert seen == [True]


def test_inference_mode_knows_itself():
    assert not mg.engine.modes.is_inference_mode_enabled()
    with mg.inference_mode():
        assert mg.engine.modes.is_inference_mode_enabled()
        with mg.inference_mode(False):
            assert not mg.engine.modes.is_inference_mode_enabled()
    assert not mg.engine.modes.is_inference_mode_enabled()


def test_leaves_made_without_recording_may_require_grad(x):
    with mg.no_grad():
        y = mg.ones(2, requires_grad=True)
    (x * y).sum().backward()
    assert y.grad.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("mode", [mg.no_grad(), mg.inference_mode()])
def test_a_decorated_generator_runs_every_step_in_its_mode(mode):
    closed = []

    @mode
    def steps():
        try:
            sent = yield mg.is_grad_enabled()
            try:
                yield sent, mg.is_grad_enabled()
            except KeyError:
                yield "caught", mg.is_grad_enabled()
            return "end"
        finally:
            closed.append(mg.is_grad_enabled())

    running = steps()
    assert next(running) is False
    assert mg.is_grad_enabled()
    assert running.send(7) == (7, False)
    assert running.throw(KeyError()) == ("caught", False)
    with pytest.raises(StopIteration, match="end"):
        next(running)
    assert closed == [False]
    assert mg.is_grad_enabled()
    abandoned = steps()
    next(abandoned)
    abandoned.close()
    assert closed == [False, False]


def test_a_thread_that_ends_without_recording_leaves_the_others_alone(x):
    """Threads that come later may get its number."""
    recorded = []
    quiet = threading.Thread(target=mg.set_grad_enabled, args=(False,))
    quiet.start()
    quiet.join()
    for _ in range(3):
        later = threading.Thread(target=lambda: recorded.append((x * 2).requires_grad))
        later.start()
        later.join()
    assert recorded == [True] * 3
    assert (x * 2).requires_grad
