"""The command line."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from minigrad import __main__ as command_line
from minigrad import demo, runs

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "minigrad", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        text=True,
        **options,
    )


def test_info_names_versions_threads_and_cache(capsys):
    assert command_line.main(["info"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"minigrad", "python", "numpy", "numba", "threads", "host", "kernel"} <= set(names)


def test_a_problem_is_one_line_and_status_1(capsys):
    assert command_line.main(["demo", "--epochs", "0"]) == 1
    assert capsys.readouterr().err == (
        "minigrad demo: the demo needs at least one epoch, got epochs=0\n"
    )


def test_bench_outside_a_clone_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command_line, "ROOT", tmp_path)
    assert command_line.main(["bench"]) == 1
    assert "run this in a clone" in capsys.readouterr().err


def test_bench_hands_its_arguments_on():
    done = run("bench", "--help", capture_output=True)
    assert done.returncode == 0
    assert "mlp_steps" in done.stdout


def test_other_commands_refuse_what_they_do_not_know(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["info", "--loud"])
    assert "unknown arguments for info: --loud" in capsys.readouterr().err


def test_without_a_command_the_usage_is_shown():
    done = run(capture_output=True)
    assert done.returncode == 2
    assert "COMMAND" in done.stderr


def test_a_run_gets_its_page(tmp_path, capsys):
    (tmp_path / "history.csv").write_text("epoch,train_loss\n1,2.0\n2,1.0\n")
    assert command_line.main(["report", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'report.html'}\n"
    assert "best train loss" in (tmp_path / "report.html").read_text()


def test_a_folder_without_a_run_is_a_problem(tmp_path, capsys):
    assert command_line.main(["report", str(tmp_path)]) == 1
    assert f"minigrad report: {tmp_path} holds no run" in capsys.readouterr().err


def test_lr_find_prints_a_rate_and_draws(tmp_path, capsys):
    path = tmp_path / "new" / "wine.svg"
    assert command_line.main(["lr-find", "--data", "wine", "--out", str(path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Learning rate 0.0")
    assert printed.endswith(f"written: {path}\n")
    assert "</svg>" in path.read_text()


def test_lr_find_knows_its_data(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["lr-find", "--data", "faces"])
    assert "choose from" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["demo", "lr-find", "report", "info", "warmup"])
def test_every_command_has_its_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        command_line.main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: minigrad {command}" in capsys.readouterr().out


def test_the_help_of_the_demo_tells_its_defaults(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["demo", "--help"])
    assert f"epochs at most ({demo.EPOCHS})" in capsys.readouterr().out


def test_an_interrupted_command_ends_as_shells_expect(monkeypatch, capsys):
    def interrupted(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "report", interrupted)
    assert command_line.main(["report", "."]) == 130
    assert "interrupted" in capsys.readouterr().err


def terminal():
    """Both ends of a pseudo-terminal of 80 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return ours, theirs


@pytest.mark.wide
def test_the_demo_shows_a_progress_bar_on_a_terminal(tmp_path):
    ours, theirs = terminal()
    arguments = "demo", "--epochs", "1", "--no-playbook", "--out", str(tmp_path)
    done = run(*arguments, stdout=subprocess.PIPE, stderr=theirs)
    shown = os.read(ours, 1 << 16)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("digits: test accuracy 0.")
    assert b"0/18" in shown


def test_the_demo_shows_no_progress_bar_elsewhere(tmp_path, capfd):
    arguments = ["demo", "--epochs", "1", "--no-playbook", "--out", str(tmp_path)]
    assert command_line.main(arguments) == 0
    shown = capfd.readouterr()
    assert shown.out.splitlines()[-1].startswith("digits: test accuracy 0.")
    assert shown.err == ""
