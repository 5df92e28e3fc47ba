"""Every planted mistake is found, at its line; correct programs are left in peace."""

import inspect
import warnings

import pytest

import minigrad as mg
from minigrad import debug
from minigrad.debug import lint_step

from . import clean_models, clean_training, planted_models, planted_training  # noqa: F401
from .programs import CLEAN, PLANTED, loader

pytestmark = pytest.mark.usefixtures("lints_on")


def heard(program):
    """The LintWarnings of a program."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program()
    assert all(isinstance(w.message, debug.LintWarning) for w in caught)
    return [w.message for w in caught]


def marked_line(program):
    """``file:line`` of the line that ends in ``# here``."""
    lines, start = inspect.getsourcelines(program)
    (number,) = (n for n, line in enumerate(lines, start) if line.rstrip().endswith("# here"))
    return f"{inspect.getsourcefile(program)}:{number}"


def cases(code):
    programs = [program for own, program in PLANTED if own == code]
    assert programs
    return pytest.mark.parametrize("program", programs, ids=lambda program: program.__name__)


def found_once(program, code):
    """Whether the mistake is found, once, at its line, and nothing else is."""
    warned = heard(program)
    assert [w.code for w in warned] == [code], [str(w) for w in warned]
    assert warned[0].where == marked_line(program)
    return True


@cases("P1")
def test_P1_probabilities_where_logits_belong(program):
    assert found_once(program, "P1")


@cases("P2")
def test_P2_gradients_that_were_not_cleared(program):
    assert found_once(program, "P2")


def test_P3_foretells_the_rate_at_the_end_of_the_pass():
    (warned,) = heard(planted_training.exponential_scheduler_every_batch)
    rates = [0.1 * 0.9**steps for steps in (0, len(loader()), 10 * len(loader()))]
    start, one, ten = (f"{rate:.3g}" for rate in rates)
    assert f"from {start} the rate goes to {one} in this pass, to {ten} in ten such" in str(warned)


@cases("P3")
def test_P3_schedulers_at_the_wrong_frequency(program):
    assert found_once(program, "P3")


@cases("P4")
def test_P4_evaluation_in_training_mode(program):
    assert found_once(program, "P4")


@cases("P4b")
def test_P4b_training_in_evaluation_mode(program):
    assert found_once(program, "P4b")


@cases("P5")
def test_P5_decay_of_biases_and_norms(program):
    assert found_once(program, "P5")


@cases("U1")
def test_U1_parameters_without_an_optimizer(program):
    assert found_once(program, "U1")


@cases("U2")
def test_U2_parameters_without_a_gradient(program):
    assert found_once(program, "U2")


@cases("U3")
def test_U3_optimizers_of_another_model(program):
    assert found_once(program, "U3")


@cases("C5")
def test_C5_clipping_scaled_gradients(program):
    assert found_once(program, "C5")


@cases("I7")
def test_I7_units_that_stay_equal_are_noticed(program):
    assert found_once(program, "I7")


@cases("N7")
def test_N7_tiny_batches_are_noticed(program):
    assert found_once(program, "N7")


@pytest.mark.parametrize("program", CLEAN, ids=lambda program: program.__name__)
def test_correct_programs_are_silent(program):
    assert [str(w) for w in heard(program)] == []


def test_there_are_enough_programs():
    assert len(PLANTED) >= 40
    assert len(CLEAN) >= 40


@pytest.fixture
def looks(monkeypatch):
    """The steps whose gradients were looked at one by one."""
    calls, look = [], lint_step._look_in_detail
    monkeypatch.setattr(
        lint_step, "_look_in_detail", lambda *args: calls.append(args) or look(*args)
    )
    return calls


def test_repeated_steps_with_the_same_gradients_are_not_looked_at(looks):
    p = mg.ones(3, requires_grad=True)
    optimizer = mg.optim.SGD([p], lr=0.1)
    p.sum().backward()
    for _ in range(5):
        optimizer.step()
    assert len(looks) == 1
    p.grad = mg.ones(3)
    optimizer.step()
    optimizer.zero_grad()
    p.sum().backward()
    optimizer.step()
    assert len(looks) == 3


def test_an_old_optimizer_with_gradients_set_by_hand_is_not_looked_at(looks):
    p = mg.ones(3, requires_grad=True)
    optimizer = mg.optim.SGD([p], lr=0.1)
    for _ in range(40):
        p.grad = mg.ones(3)
        optimizer.step()
    assert len(looks) == lint_step.YOUNG
