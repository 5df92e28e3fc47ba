"""How long until something happens in a fresh process?

"import" is what a library adds to ``import numpy``. "first step" is a whole process: start,
import, build a 64-128-10 perceptron and take one AdamW step, with the kernel cache filled; for
"from an empty cache" there is none, as after installing, and what is needed is compiled. "load"
reads a file with the weights of that perceptron, in each library's own format, NumPy's beside them.
"""

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import harness

PEERS = ("minigrad", "torch", "jax", "mygrad")
STEPPING = ("minigrad", "torch", "torch.compile")
CACHES = ("NUMBA_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")
IMPORT = """
import numpy, time
start = time.perf_counter()
import {library}
print(time.perf_counter() - start)
"""
FIRST_STEP = """
import numpy as np
import {library} as lib
model = lib.nn.Sequential(lib.nn.Linear(64, 128), lib.nn.ReLU(), lib.nn.Linear(128, 10))
model = {model}
optimizer = lib.optim.AdamW(model.parameters())
x, y = np.ones((64, 64), np.float32), np.arange(64) % 10
loss = lib.nn.CrossEntropyLoss()(model(lib.{tensor}(x)), lib.{tensor}(y))
loss.backward()
optimizer.step()
"""


def import_seconds(library):
    """Seconds of an import in a fresh process that has NumPy already."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT.format(library=library)],
        check=True,
        capture_output=True,
        text=True,
    )
    return {"seconds": float(done.stdout)}


def first_step(peer, filled=True):
    """Wall seconds of a process that takes one step; a run before it may fill the caches."""
    program = FIRST_STEP.format(
        library=peer.partition(".")[0],
        tensor="tensor" if peer == harness.OURS else "from_numpy",
        model="lib.compile(model)" if peer == harness.COMPILED else "model",
    )
    with tempfile.TemporaryDirectory() as folder:
        caches = {} if filled else dict.fromkeys(CACHES, folder)
        for _ in range(1 + filled):
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", program], check=True, env={**os.environ, **caches}
            )
            seconds = time.perf_counter() - start
    return {"seconds": seconds}


def weights():
    """The state of a 64-128-10 perceptron as arrays."""
    rng = np.random.default_rng(0)
    shapes = {"0.weight": (128, 64), "0.bias": (128,), "2.weight": (10, 128), "2.bias": (10,)}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def load(library):
    """Seconds to read the weights back from a file."""
    with tempfile.TemporaryDirectory() as folder:
        if library == "numpy":
            path = Path(folder, "weights.npz")
            np.savez(path, **weights())

            def read():
                with np.load(path) as file:
                    return {name: file[name] for name in file.files}
        else:
            lib = __import__(library)
            path = Path(folder, "weights.npz" if library == "minigrad" else "weights.pt")
            lib.save({name: lib.tensor(array) for name, array in weights().items()}, path)

            def read():
                return lib.load(path)

        return {"seconds": harness.seconds_per_call(read)}


for _peer in PEERS:
    harness.case("import", _peer)(lambda peer=_peer: partial(import_seconds, peer))
for _peer in STEPPING:
    harness.case("first step", _peer)(lambda peer=_peer: partial(first_step, peer))
    harness.case("first step, from an empty cache", _peer)(
        lambda peer=_peer: partial(first_step, peer, filled=False)
    )
for _peer in ("minigrad", "torch", "numpy"):
    harness.case("load", _peer)(lambda peer=_peer: partial(load, peer))

if __name__ == "__main__":
    harness.main("startup", rounds=5)
