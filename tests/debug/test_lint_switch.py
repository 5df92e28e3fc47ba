"""The levels of the lints, what a warning carries, and what the lints leave alone."""

import copy
import gc
import subprocess
import sys
import threading
import warnings
import weakref
from pathlib import Path

import pytest

import minigrad as mg
from minigrad import debug
from minigrad.debug import progress
from minigrad.debug.warning import CODES, settings
from minigrad.engine import observe

from .programs import CLASSES, F, loader, mlp, rows, sgd, train

pytestmark = pytest.mark.usefixtures("lints_on")


def mistake():
    """P1, always in the same line."""
    F.cross_entropy(mg.eye(4), mg.arange(4))


def caught(program):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        program()
    return [w.message for w in found]


def test_a_warning_says_what_and_where():
    (warning,) = caught(mistake)
    assert isinstance(warning, Warning)
    line = mistake.__code__.co_firstlineno + 2
    assert (warning.code, warning.where) == ("P1", f"{__file__}:{line}")
    assert "logits" in warning.message
    assert warning.message in str(warning)
    assert warning.where in str(warning)
    by_hand = debug.LintWarning("P2", "message", "file.py:3")
    assert (by_hand.code, by_hand.message, by_hand.where) == ("P2", "message", "file.py:3")


def test_it_can_be_filtered_as_any_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "P1", debug.LintWarning)
        mistake()
        warnings.filterwarnings("error", category=debug.LintWarning)
        with pytest.raises(debug.LintWarning):
            F.cross_entropy(mg.eye(4), mg.arange(4))


def test_python_shows_it_at_the_line_of_the_user():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        mistake()
    assert found[0].filename == __file__
    assert found[0].lineno == mistake.__code__.co_firstlineno + 2


def test_once_for_each_code_and_line():
    assert len(caught(lambda: [mistake() for _ in range(3)])) == 1

    def elsewhere():
        mistake()
        F.cross_entropy(mg.eye(4), mg.arange(4))

    assert len(caught(elsewhere)) == 2


def test_errors_are_raised_every_time():
    with debug.lint("error"):
        for _ in range(2):
            with pytest.raises(debug.LintWarning) as raised:
                mistake()
            assert raised.value.code == "P1"


def test_ignored_codes():
    with debug.lint("error", ignore=("P1",)):
        mistake()
        with pytest.raises(debug.LintWarning, match="P5"):
            mg.optim.AdamW(mlp().parameters())
    with debug.lint("warn", ignore="P1"):
        assert caught(mistake) == []


def test_off_watches_nothing_and_a_context_restores():
    before = settings.level, settings.ignored
    with debug.lint("off"):
        assert not observe.watchers
        assert caught(mistake) == []
        with debug.lint("error", ignore=("P2",)), pytest.raises(debug.LintWarning):
            mistake()
        assert settings.level == "off"
    assert (settings.level, settings.ignored) == before
    assert observe.watchers


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("loud",), "level must be one of"), (("warn", ("P9",)), "no lint has the code 'P9'")],
)
def test_what_is_refused(arguments, message):
    before = settings.level
    with pytest.raises(ValueError, match=message):
        debug.lint(*arguments)
    assert settings.level == before


def test_every_code_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "lints.md").read_text(encoding="utf-8")
    assert all(f"| {code} |" in text for code in CODES)


def test_B14_losses_refuse_shapes_that_would_broadcast():
    with pytest.raises(ValueError, match="did you mean"):
        F.mse_loss(mg.zeros(4, 1), mg.zeros(4))


def run(program, *options):
    """A program in a process of its own; what it wrote to standard error."""
    done = subprocess.run(
        [sys.executable, *options, "-c", "import minigrad as mg\n" + program],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_lints_are_on_by_default_and_loaded_at_the_first_event():
    program = """
import sys
x = mg.ones(2, requires_grad=True) * 3
assert "minigrad.debug" not in sys.modules
optimizer = mg.optim.AdamW(mg.nn.Linear(2, 2).parameters())
assert "minigrad.debug" in sys.modules
"""
    assert "P5" in run(program)


def test_in_a_notebook_the_cell_is_named():
    program = """
import sys, warnings
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
warnings.showwarning = lambda message, *rest: print(message, file=sys.stderr)
cells = [
    "import minigrad as mg",
    "z = mg.zeros(4, 3).softmax(1)\\nmg.nn.functional.cross_entropy(z, mg.zeros(4).long())",
    "try:\\n    with mg.anomaly():\\n        mg.zeros(1).log()\\n"
    "except mg.debug.AnomalyError as error:\\n    print(error.where, file=sys.stderr)",
]
shell.run_cell("import sys")
for cell in cells:
    shell.run_cell(cell, store_history=True)
"""
    warning, place = run(program).splitlines()
    assert "P1" in warning
    assert warning.endswith("[In[2]:2]")
    assert place == "In[3]:3"


def test_off_before_anything_happened():
    assert run("mg.debug.lint('off'); mg.optim.AdamW(mg.nn.Linear(2, 2).parameters())") == ""


def test_P4_is_silent_before_the_first_backward_pass():
    program = """
net = mg.nn.Sequential(mg.nn.Linear(2, 4), mg.nn.Dropout(), mg.nn.BatchNorm1d(4))
with mg.no_grad():
    for _ in range(3):
        net(mg.ones(16, 2))
"""
    assert run(program, "-W", "error") == ""


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("interval", ["step", "epoch"])
def test_a_trainer_causes_no_lint(precision, interval):
    model = mlp(mg.nn.BatchNorm1d(8), mg.nn.Dropout(0.1))
    optimizer = mg.optim.AdamW(mg.optim.param_groups(model, 0.1), lr=1e-2)
    batches = loader(72)
    schedule = mg.optim.lr_scheduler
    made = {
        "step": lambda: schedule.OneCycleLR(optimizer, 0.01, epochs=3, steps_per_epoch=5),
        "epoch": lambda: [schedule.StepLR(optimizer, 2), schedule.ReduceLROnPlateau(optimizer)],
    }
    trainer = mg.train.Trainer(
        model, optimizer, mg.nn.CrossEntropyLoss(), made[interval](), precision=precision,
        clip_norm=1.0, accumulate=2,
    )  # fmt: skip

    def program():
        trainer.fit(batches, loader(20), epochs=3)
        trainer.predict(loader(20))

    assert [str(w) for w in caught(program)] == []


def test_nothing_is_kept_alive():
    model = mlp(mg.nn.BatchNorm1d(8))
    optimizer = sgd(model)
    scheduler = mg.optim.lr_scheduler.StepLR(optimizer, 3)
    train(model, optimizer)
    scheduler.step()
    batches = loader()
    for x, y in batches:
        F.cross_entropy(model(x), y)
    del x, y
    parts = model, model[0].weight, optimizer, scheduler, batches
    gone = [weakref.ref(part) for part in parts]
    records = len(progress.optimizers.entries)
    del model, optimizer, scheduler, batches, parts
    gc.collect()
    assert [reference() for reference in gone] == [None] * len(gone)
    assert len(progress.optimizers.entries) < records


def test_gradients_are_not_kept():
    model = mlp()
    optimizer = sgd(model)
    train(model, optimizer)
    gradient = weakref.ref(model[0].weight.grad)
    optimizer.zero_grad()
    assert gradient() is None


def test_copies_and_files_are_as_without_lints(tmp_path):
    model = mlp(mg.nn.Dropout())
    optimizer = sgd(model, momentum=0.9)
    train(model, optimizer, steps=6)
    copied = copy.deepcopy(model)
    assert list(copied.state_dict()) == list(model.state_dict())
    assert copied[0].weight._place[0]() is copied[0]
    assert copied[1]._outermost() is copied
    assert copied[1]._path() == "1"
    assert set(optimizer.state_dict()) == {"state", "param_groups"}
    mg.save(model.state_dict(), tmp_path / "weights.npz")
    assert list(mg.load(tmp_path / "weights.npz")) == list(model.state_dict())


def test_threads_train_side_by_side():
    found = []

    def work():
        try:
            model = mlp(mg.nn.Dropout(0.1))
            optimizer = sgd(model)
            scheduler = mg.optim.lr_scheduler.StepLR(optimizer, 2)
            for _ in range(3):
                for x, y in loader(32):
                    optimizer.zero_grad()
                    F.cross_entropy(model(x), y).backward()
                    optimizer.step()
                scheduler.step()
        except BaseException as error:
            found.append(error)

    with debug.lint("error"):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == []


def test_a_forked_child_warns_too():
    program = """
import os, warnings
from minigrad.debug import LintWarning
warnings.simplefilter("error")
mg.optim.SGD(mg.nn.Linear(2, 2).parameters(), lr=0.1)
child = os.fork()
if child == 0:
    try:
        mg.optim.AdamW(mg.nn.Linear(2, 2).parameters())
    except LintWarning:
        os._exit(7)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    run(program)


def test_a_loss_is_looked_at_in_its_first_calls_and_then_in_every_hundredth():
    x, y = rows()
    probabilities = mg.randn(16, CLASSES).softmax(1)

    def calls(count, input):
        return caught(lambda: [F.cross_entropy(input, y) for _ in range(count)])

    assert calls(30, x[:, :CLASSES].contiguous()) == []
    assert calls(69, probabilities) == []
    assert len(calls(1, probabilities)) == 1


def test_a_new_optimizer_is_a_new_program_for_the_losses():
    x, y = rows()
    for _ in range(30):
        F.cross_entropy(x[:, :CLASSES].contiguous(), y)
    sgd(mlp())
    assert len(caught(lambda: F.cross_entropy(mg.randn(16, CLASSES).softmax(1), y))) == 1
