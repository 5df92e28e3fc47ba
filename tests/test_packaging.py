"""setup.cfg names what is there."""

import configparser
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad

ROOT = Path(__file__).resolve().parent.parent
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")
EXTRAS = SETUP["options.extras_require"]


def lines(text):
    return [line for line in text.split("\n") if line]


def packages_under(folder, name):
    inits = (ROOT / folder).rglob("__init__.py")
    return {".".join((name, *path.parent.relative_to(ROOT / folder).parts)) for path in inits}


def test_every_package_is_listed():
    found = packages_under("minigrad", "minigrad") | packages_under("kernels", "minigrad.kernels")
    assert set(lines(SETUP["options"]["packages"])) == found


def test_the_version_is_the_distributions():
    assert minigrad.__version__ == SETUP["metadata"]["version"]


def test_the_console_script_leads_to_a_function():
    (script,) = lines(SETUP["options.entry_points"]["console_scripts"])
    module, function = re.fullmatch(r"minigrad = ([\w.]+):(\w+)", script).groups()
    assert callable(getattr(importlib.import_module(module), function))


def test_runtime_needs_three_distributions():
    needed = lines(SETUP["options"]["install_requires"])
    assert {re.match(r"\w+", line)[0] for line in needed} == {"numpy", "numba", "threadpoolctl"}


@pytest.mark.parametrize("extra", EXTRAS)
def test_extras_refer_to_extras_that_exist(extra):
    for group in re.findall(r"minigrad\[(.*?)\]", EXTRAS[extra]):
        assert set(group.split(",")) <= set(EXTRAS)


@pytest.mark.parametrize("script", ["import minigrad", "import minigrad.kernels.registry"])
def test_the_kernels_are_loaded_under_one_name(script):
    check = "import sys; assert 'kernels' not in sys.modules and 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", f"{script}; {check}"], cwd=ROOT, check=True)
