"""Run benchmark scripts: ``python -m benchmarks [mlp_steps ...] [--threads 1 2] [--readme]``.

``python -m benchmarks.report`` writes the README's tables and picture from the last results.
"""

import argparse
import subprocess
import sys

from benchmarks import report
from benchmarks.harness import ROOT

SCRIPTS = (
    "mlp_steps", "model_steps", "other_steps", "layers", "optimizers", "op_overhead",
    "kernel_bandwidth", "kernel_compute", "conv_dispatch", "tensor_ops", "startup",
)  # fmt: skip


def main():
    top = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    top.add_argument("scripts", nargs="*", metavar="SCRIPT", help=", ".join(SCRIPTS))
    top.add_argument("--threads", nargs="+", default=["1"])
    top.add_argument("--rounds", help="turns of every peer, if not as many as the script takes")
    top.add_argument("--readme", action="store_true", help="refresh its tables and picture")
    options = top.parse_args()
    if unknown := set(options.scripts) - set(SCRIPTS):
        top.error(f"no script {sorted(unknown)}; there are {', '.join(SCRIPTS)}")
    for script in options.scripts or SCRIPTS:
        command = [sys.executable, "-m", f"benchmarks.{script}", "--threads", *options.threads]
        command += ["--rounds", options.rounds] if options.rounds else []
        if status := subprocess.call(command, cwd=ROOT):
            sys.exit(status)
    if options.readme:
        report.refresh_readme()


if __name__ == "__main__":
    main()
