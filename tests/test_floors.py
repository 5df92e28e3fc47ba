"""The shape of the house: imports go down only, functions and files stay short."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = (
    {"errors", "typing", "config", "return_types"},
    {"dtypes", "backend", "random"},
    {"engine"},
    {"ops"},
    {
        "tensor", "tensor_types", "methods", "inplace", "fillers", "printing",
        "function", "transforms", "derivatives", "recompute",
    },
    {"nn", "data"},
    {"optim"},
    {"amp", "io"},
    {"train", "testing", "viz", "distributed"},
    {"debug"},
)
DOORS = {
    "__init__", "__main__", "autograd", "cuda", "demo", "func", "linalg", "runs", "special",
    "utils",
}  # fmt: skip
# the only rooms that import another one of their floor
WITHIN = {
    ("dtypes", "backend"),
    *(("tensor", own) for own in ("printing", "methods", "inplace", "fillers", "tensor_types")),
    ("tensor_types", "printing"),
    ("derivatives", "transforms"),
    ("recompute", "transforms"),
    ("recompute", "function"),
}
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
MAX_FUNCTION, MAX_FILE, MAX_TEST_FILE = 50, 600, 600


def modules(package):
    """{dotted name: path} of every module of a package folder."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


EVERY = {**modules("minigrad"), **modules("kernels")}
every_module = pytest.mark.parametrize("name", EVERY)


@functools.cache
def tree(name):
    return ast.parse(EVERY[name].read_text())


def _absolute(node, name):
    """The dotted module that an ``from … import`` names, relative dots resolved."""
    if not node.level:
        return node.module or ""
    package = name if EVERY[name].name == "__init__.py" else name.rpartition(".")[0]
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _canonical(name):
    """The installed name minigrad.kernels is the folder kernels."""
    return name.removeprefix("minigrad.") if name.startswith("minigrad.kernels") else name


@functools.cache
def imports(name, everywhere=True):
    """The modules of this repository that a module imports; at its top only, unless everywhere."""
    nodes = ast.walk(tree(name)) if everywhere else _at_import(tree(name))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {_canonical(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = _canonical(_absolute(node, name))
            for alias in node.names:
                inner = _canonical(f"{module}.{alias.name}")
                found.add(inner if inner in EVERY else module)
    return {m for m in found if m.split(".")[0] in ("minigrad", "kernels")}


def _at_import(node):
    """The nodes that run when a module is imported: everything outside function bodies."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _at_import(child)


def room(name):
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("name", modules("minigrad"))
def test_imports_go_down(name):
    here = room(name)
    if here in DOORS:
        return
    assert here in FLOOR_OF, f"{here} stands on no floor: add it to FLOORS or DOORS"
    for target in imports(name):
        there = room(target)
        if target.startswith("kernels") or there == here:
            continue
        assert there not in DOORS, f"{name} imports the door {target}"
        assert FLOOR_OF[there] < FLOOR_OF[here] or (here, there) in WITHIN, (
            f"{name} (floor {FLOOR_OF[here]}) imports {target} (floor {FLOOR_OF[there]})"
        )


@pytest.mark.parametrize("name", modules("kernels"))
def test_kernels_never_import_minigrad(name):
    assert not [m for m in imports(name) if m.startswith("minigrad")]


def test_one_module_imports_the_kernels():
    users = {
        name: {m for m in imports(name) if m.split(".")[0] == "kernels"}
        for name in modules("minigrad")
    }
    users = {name: used for name, used in users.items() if used}
    command_line = {"kernels.warmup", "kernels.compile"}
    allowed = {"minigrad.__main__": command_line, "minigrad.demo": command_line}
    for name, used in users.items():
        assert name == "minigrad.backend" or used <= allowed.get(name, set()), f"{name}: {used}"


@every_module
def test_no_import_cycles(name):
    """Following what runs at import never leads back (a package may import its own modules).

    Nor does, among the kernels, following what is imported later.
    """
    later = name.startswith("kernels.cpu.")
    seen, stack = set(), [*imports(name, everywhere=later)]
    while stack:
        module = stack.pop()
        if module in seen or module not in EVERY:
            continue
        seen.add(module)
        if module != "minigrad":  # everything stands behind this door
            stack.extend(imports(module, everywhere=later))
    reached = name in seen and EVERY[name].name != "__init__.py"
    assert not reached, f"{name} imports itself through {sorted(seen)}"


@every_module
def test_functions_fit_on_a_screen(name):
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{name}.{node.name} has {length} lines"


@every_module
def test_files_stay_short(name):
    assert len(EVERY[name].read_text().splitlines()) <= MAX_FILE


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda p: p.name)
def test_test_files_stay_short(path):
    assert len(path.read_text().splitlines()) <= MAX_TEST_FILE


def test_import_is_light():
    """Numba, matplotlib, threadpoolctl and the like come with their first use."""
    code = "import sys, minigrad; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    heavy = {"numba", "matplotlib", "threadpoolctl", "torch", "sklearn", "tqdm", "safetensors"}
    assert not loaded & heavy
