"""Fair timing: every peer in a living process of its own, by turns, with equal threads and cores.

A script declares its cases with :func:`case` and ends in ``harness.main()``. A case prepares one
workload for one peer and returns the function that measures it. All peers of a workload prepare it
first; then each measures for a fraction of a second, one after the other, ``rounds`` times. Medians
are reported and, round by round, the ratio peer / minigrad: neighbours in time, between which the
machine hardly changes its pace. Results are written to ``benchmarks/results/`` as JSON, from which
:mod:`benchmarks.report` fills the README's table.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PEERS = ("minigrad", "torch", "torch.compile", "jax", "mygrad", "numpy")
OURS, EAGER, COMPILED = PEERS[:3]
CASES = {}


def case(workload, peer):
    """Declare a function of no arguments, which returns another, as a peer's case of a workload.

    The outer one prepares; the inner one measures and returns its measures by name.
    """

    def declare(function):
        CASES.setdefault(workload, {})[peer] = function
        return function

    return declare


# ------------------------------------------------------------------ inside a worker


def library(peer):
    """The module of a peer and its way to make a tensor of an array."""
    if peer in (EAGER, COMPILED):
        import torch

        return torch, torch.from_numpy
    import minigrad

    return minigrad, minigrad.tensor


def declare(workload, make):
    """A case for minigrad and one for PyTorch that time what ``make(peer)`` returns."""
    for peer in (OURS, EAGER):
        case(workload, peer)(lambda peer=peer: timer(make(peer)))


def timer(call):
    """The measure of a case that times one call."""
    return lambda: {"seconds": seconds_per_call(call)}


def parts(lib, output, inputs):
    """The two passes of ``output()``, recorded, as calls to time."""
    y = output()
    g = lib.ones_like(y)
    return {
        "forward": output,
        "backward": lambda: lib.autograd.grad(y, inputs, g, retain_graph=True),
    }


def threads():
    """How many threads this process was told to use."""
    return int(os.environ["OMP_NUM_THREADS"])


def seconds_per_call(call, budget=0.2, samples=5):
    """Median seconds of one ``call()`` over samples of equal length that fill the budget."""
    number = calls_within(call, budget / samples)
    return statistics.median(timed(call, number) / number for _ in range(samples))


def timed(call, number):
    """Seconds that ``number`` calls take."""
    start = time.perf_counter()
    for _ in range(number):
        call()
    return time.perf_counter() - start


def calls_within(call, seconds):
    """How many calls take about that long; the calls it makes are the warm-up.

    The first of them loads code, and says nothing of the others.
    """
    call()
    number = 1
    while (spent := timed(call, number)) < seconds / 2:
        number *= 2
    return max(1, round(number * seconds / spent))


def step_timer(step, seconds=0.3):
    """The measure of a training step: seconds, cores kept busy, minor page faults, peak memory.

    A turn begins with one step that does not count: it finds the caches as another peer left them.
    """
    number = calls_within(step, seconds)

    def measure():
        step()
        faults, busy = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, time.process_time()
        wall = timed(step, number)
        busy = time.process_time() - busy
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
        return {
            "seconds": wall / number,
            "cores": busy / wall,
            "faults": faults / number,
            "peak_mb": peak_mb(),
        }

    return measure


def peak_mb():
    """The most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def keep_to_cores(count):
    """Let this process run on ``count`` cores at most, where the system can say so.

    JAX has no number of threads: told to use one, it kept 1.3 to 1.5 cores busy.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])


def work(peer):
    """Answer the lines of standard input: a workload's name prepares it, an empty one measures."""
    keep_to_cores(threads())
    if peer in (OURS, EAGER, COMPILED):
        library(peer)[0].set_num_threads(threads())
    for line in sys.stdin:
        if name := line.strip():
            measure, answer = CASES[name][peer](), None
        else:
            answer = measure()
        print(json.dumps(answer), flush=True)


# ------------------------------------------------------------------ the side that asks


def environment(count):
    """The environment of a worker with ``count`` threads, whichever library it uses."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")
    eigen = "true" if count > 1 else "false"
    return {
        **os.environ,
        **dict.fromkeys(names, str(count)),
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={eigen}",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }


def idle_cores(seconds=0.25):
    """How many cores nobody used just now; None where the system does not say."""
    statistics_file = Path("/proc/stat")
    if not statistics_file.is_file():
        return None

    def idle_ticks():
        return int(statistics_file.read_text().split()[4])

    before = idle_ticks()
    time.sleep(seconds)
    return (idle_ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds


def wait_for_cores(count, patience=60):
    """Return once ``count`` cores are idle: threads that wait for a busy core measure its owner."""
    deadline = time.monotonic() + patience
    while (idle := idle_cores()) is not None and idle < count - 0.3:
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"no {count} idle cores in {patience} s ({idle:.1f} now): stop the other load, "
                "or ask for fewer threads with --threads"
            )


@contextmanager
def worker(script, peer, count):
    """The process of one peer as a function: a workload's name prepares it, no name measures it."""
    command = [sys.executable, "-m", script, "--worker", peer]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, cwd=ROOT, env=environment(count), stderr=errors, **pipes
        ) as process,
    ):

        def ask(workload=""):
            with suppress(BrokenPipeError):  # it ended, and what follows says why
                process.stdin.write(f"{workload}\n")
                process.stdin.flush()
            if answer := process.stdout.readline():
                return json.loads(answer)
            process.wait()
            errors.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{errors.read().strip()}")

        try:
            yield ask
        finally:
            process.kill()


def alternate(script, workloads, count, rounds):
    """``(workload, {peer: [measures of each round]})`` one by one; the order turns every round."""
    peers = [p for p in PEERS if installed(p) and any(p in CASES[w] for w in workloads)]
    with ExitStack() as stack:
        ask = {p: stack.enter_context(worker(script, p, count)) for p in peers}
        for workload in workloads:
            mine = [p for p in peers if p in CASES[workload]]
            for peer in mine:
                ask[peer](workload)
            measured = {peer: [] for peer in mine}
            for number in range(rounds):
                for peer in mine if number % 2 == 0 else mine[::-1]:
                    wait_for_cores(count)
                    measured[peer].append(ask[peer]())
            yield workload, measured


def same_loss(workload, measured, tolerance=1e-3):
    """All peers must have done the same work: their losses after a few steps agree."""
    losses = {p: rounds[0]["loss"] for p, rounds in measured.items() if "loss" in rounds[0]}
    if losses and max(losses.values()) - min(losses.values()) > tolerance * max(losses.values()):
        raise RuntimeError(f"{workload}: the peers compute different things, losses {losses}")


def spread(name, rounds, others):
    """Median and range over the rounds of ``rounds``' seconds divided by those of ``others``."""
    ratios = [a["seconds"] / b["seconds"] for a, b in zip(rounds, others, strict=True)]
    return {
        name: statistics.median(ratios),
        f"{name}_min": min(ratios),
        f"{name}_max": max(ratios),
    }


def summary(measured):
    """Medians by peer; ``ratio``, its seconds in units of minigrad's; ``speed``, PyTorch's in its.

    Both are taken round by round.
    """
    rows = {}
    for peer, rounds in measured.items():
        row = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
        if "seconds" in row and peer != OURS and OURS in measured:
            row |= spread("ratio", rounds, measured[OURS])
        if "seconds" in row and peer != EAGER and EAGER in measured:
            row |= spread("speed", measured[EAGER], rounds)
        rows[peer] = row
    return rows


def machine():
    """What the figures depend on: processor, cores and versions."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = [line for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = lines[0].partition(":")[2].strip() if lines else model
    names = ["numba", *(p for p in PEERS[1:] if p != COMPILED and installed(p))]
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in names},
    }


def installed(peer):
    """Whether a peer can run here: torch.compile also needs a C++ compiler."""
    if importlib.util.find_spec(peer.partition(".")[0]) is None:
        return False
    return peer != COMPILED or shutil.which(os.environ.get("CXX", "g++")) is not None


def answer(script, groups, count, rounds):
    """Run groups of workloads, a process for each peer and group, and print as they come."""
    results = {}
    for group in groups:
        for workload, measured in alternate(script, group, count, rounds):
            same_loss(workload, measured)
            results[workload] = summary(measured)
            print_rows(f"{workload}, {count} thread{'s'[: count > 1]}", results[workload])
    return results


def print_rows(title, rows):
    """Print the figures of one workload."""
    print(f"\n{title}")
    for peer, row in rows.items():
        shown = "  ".join(f"{name} {value:.4g}" for name, value in row.items())
        print(f"  {peer:<13} {shown}", flush=True)


def write(name, results, rounds):
    """Merge results, by number of threads, into the script's JSON file; old workloads go."""
    path = RESULTS / f"{name}.json"
    known = json.loads(path.read_text())["threads"] if path.is_file() else {}
    known = {n: {w: r for w, r in rows.items() if w in CASES} for n, rows in known.items()}
    for count, workloads in results.items():
        known.setdefault(str(count), {}).update(workloads)
    RESULTS.mkdir(exist_ok=True)
    content = {"machine": machine(), "rounds": rounds, "threads": known}
    path.write_text(json.dumps(content, indent=1) + "\n")


def main(name, together=(), rounds=9):
    """The command line of a script: ``python -m benchmarks.NAME [--threads 1 2] [--rounds 9]``.

    Returns the results by number of threads; nothing in a worker.

    A process answers all workloads that are in ``together``; each other one gets a fresh process.
    """
    top = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    top.add_argument("--threads", type=int, nargs="+", default=[1])
    top.add_argument("--rounds", type=int, default=rounds)
    top.add_argument("--workload", nargs="+", choices=CASES, default=list(CASES), help="only these")
    top.add_argument("--worker", choices=PEERS, help=argparse.SUPPRESS)
    options = top.parse_args()
    if options.worker:
        work(options.worker)
        return {}
    shared = [workload for workload in options.workload if workload in together]
    alone = [[workload] for workload in options.workload if workload not in together]
    groups = [shared, *alone] if shared else alone
    if missing := [p for p in PEERS if any(p in CASES[w] for w in CASES) and not installed(p)]:
        print(f"left out, not installed (torch.compile: or no C++ compiler): {missing}")
    script = f"benchmarks.{name}"
    try:
        results = {n: answer(script, groups, n, options.rounds) for n in options.threads}
    except RuntimeError as problem:
        sys.exit(f"{script}: {problem}")
    write(name, results, options.rounds)
    return results
