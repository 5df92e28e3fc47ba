"""The command line: ``minigrad demo``, ``lr-find``, ``report``, ``info``, ``warmup``, ``bench``."""

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INTERRUPTED = 130  # as shells say of a command that Ctrl-C ended
FEATURES = ("avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512bf16", "neon", "sve")
OPTIONS = {
    "demo": {
        "--epochs": {"type": int, "help": "epochs at most (40)"},
        "--seed": {"type": int, "help": "of weights, order and validation set (0)"},
        "--out": {"default": "runs/demo", "help": "folder of the run (%(default)s)"},
        "--resume": {"action": "store_true", "help": "go on with the run that was interrupted"},
        "--no-playbook": {
            "dest": "playbook", "action": "store_false", "help": "leave out the checks before it"
        },
    },
    "lr-find": {
        "--data": {
            "choices": ("digits", "breast_cancer", "iris", "wine"), "default": "digits",
            "help": "which data (%(default)s)",
        },
        "--seed": {"type": int, "default": 0, "help": "of weights and order (%(default)s)"},
        "--out": {"help": "file of the picture (runs/lr-find-DATA.svg)"},
    },
    "report": {"run": {"metavar": "RUN", "help": "the folder, such as runs/demo"}},
    "warmup": {
        "--processes": {"type": int, "help": "how many share the work (as many as threads)"}
    },
}  # fmt: skip
OPTIONAL = ("scikit-learn", "tqdm", "safetensors", "cupy-cuda13x", "mpi4py")


def demo(options):
    """Train a classifier of handwritten digits."""
    from . import demo as demonstration

    accuracy = demonstration.run(
        options.epochs, options.seed, options.out, options.resume, options.playbook
    )
    return INTERRUPTED if accuracy is None else 0


def lr_find(options):
    """Find a learning rate for the demo's model, or for a plain one on other data."""
    from .demo import find_lr
    from .viz.picture import svg_path

    path = svg_path(options.out or f"runs/lr-find-{options.data}.svg")
    path.parent.mkdir(parents=True, exist_ok=True)
    print(find_lr(options.data, options.seed, path))
    print(f"\nwritten: {path}")


def report(options):
    """Write the page report.html into the folder of a run."""
    from . import runs

    print(runs.report(options.run))


def version(distribution):
    """The installed version of a distribution, or a dash."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "-"


def cache_facts(directory):
    """One line on the folder of compiled kernels."""
    if directory is None:
        return "none that is writable and private: kernels are compiled in every process"
    files = [path for path in Path(directory).rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return f"{directory} ({len(files)} files, {size / 1e6:.1f} MB)"


def facts():
    """What ``info`` prints, as pairs of a name and a value."""
    import minigrad

    from .kernels import compile as compiler

    yield "minigrad", minigrad.__version__
    yield "python", f"{platform.python_version()} ({sys.executable})"
    for name in ("numpy", "numba", "threadpoolctl"):
        yield name, version(name)
    yield "optional", ", ".join(f"{name} {version(name)}" for name in OPTIONAL)
    yield "platform", platform.platform()
    yield "cores", f"{len(os.sched_getaffinity(0))} usable of {os.cpu_count()}"
    yield "threads", f"{minigrad.get_num_threads()} in kernels, {blas_threads()}"
    yield "host", host_features()
    yield "kernel cache", cache_facts(compiler.CACHE_DIR)


def blas_threads():
    """Threads of each BLAS library in the process."""
    import threadpoolctl

    libraries = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    return ", ".join(f"{pool['num_threads']} in {pool['internal_api']}" for pool in libraries)


def host_features():
    """The processor by LLVM's name, and those of its features that kernels make use of."""
    from llvmlite import binding

    present = binding.get_host_cpu_features()
    return " ".join([binding.get_host_cpu_name(), *(f for f in FEATURES if present.get(f))])


def info(options):
    """Print versions, threads, processor and the cache of compiled kernels."""
    for name, value in facts():
        print(f"{name:<14}{value}")


def warmup(options):
    """Compile every kernel now, so that no training step has to."""
    import minigrad

    from .kernels.warmup import warm_up

    terminal = sys.stderr is not None and sys.stderr.isatty()

    def progress(done, total, name):
        if terminal:
            print(f"\r\033[K{done + 1:3d}/{total}  {name}", end="", file=sys.stderr, flush=True)

    start = time.perf_counter()
    count = warm_up(progress, options.processes or minigrad.get_num_threads())
    if terminal:
        print("\r\033[K", end="", file=sys.stderr)
    print(f"{count} kernels ready in {time.perf_counter() - start:.1f} s")


def bench(options):
    """Run the benchmarks of a clone beside their peers."""
    if not (ROOT / "benchmarks" / "__main__.py").is_file():
        raise FileNotFoundError(
            f"{ROOT} holds no benchmarks/: they are not installed, run this in a clone"
        )
    command = [sys.executable, "-m", "benchmarks", *options.arguments]
    sys.exit(subprocess.call(command, cwd=ROOT))


def parser():
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="minigrad", description="A small deep-learning library.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for function in (demo, lr_find, report, info, warmup, bench):
        name = function.__name__.replace("_", "-")
        own_help = function is not bench  # its arguments, --help too, are the scripts'
        text = function.__doc__
        command = commands.add_parser(name, help=text, description=text, add_help=own_help)
        command.set_defaults(function=function)
        for option, settings in OPTIONS.get(name, {}).items():
            command.add_argument(option, **settings)
    return top


def main(arguments=None):
    """Run one command; a problem the user can mend ends with one line and exit status 1."""
    commands = parser()
    options, options.arguments = commands.parse_known_args(arguments)
    if options.arguments and options.command != "bench":
        commands.error(f"unknown arguments for {options.command}: {' '.join(options.arguments)}")
    try:
        return options.function(options) or 0
    except (ModuleNotFoundError, ValueError, OSError) as error:
        print(f"minigrad {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nminigrad {options.command}: interrupted", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
