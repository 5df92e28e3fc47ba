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


def terminal():
    """Both ends of a pseudo-terminal of 80 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return ours, theirs


@pytest.mark.parametrize("ends, bar", [(terminal, True), (os.pipe, False)])
def test_the_progress_bar_is_for_terminals(ends, bar, tmp_path):
    ours, theirs = ends()
    done = run(
        "demo", "--epochs", "2", "--out", str(tmp_path), stdout=subprocess.PIPE, stderr=theirs
    )
    os.write(theirs, b".")  # so that there is something to read
    shown = os.read(ours, 1 << 16)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("digits: test accuracy 0.")
    assert (b"0/2" in shown) == bar
