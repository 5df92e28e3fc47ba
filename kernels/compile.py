"""How kernels are compiled: one decorator, one cache outside the package, one progress note.

The cache directory carries a hash of all kernel sources. Numba alone would keep serving a kernel
whose helper in another file has changed; here any change starts an empty cache.
"""

import gc
import hashlib
import os
import pathlib
import stat
import sys
import tempfile

import numba
from numba.core import config, event

from .pipeline import WideCompiler

SUM = frozenset({"reassoc", "contract", "nsz"})  # loops that reduce: sums may be reordered
MAP = frozenset({"contract"})  # everything else: fused multiply-add only, bits stay put


def source_hash():
    """Sixteen hex digits that change with Numba and with every kernel source."""
    # cached code names the modules it came from, so the package name belongs to the key
    digest = hashlib.sha256(f"{numba.__version__} {__package__}".encode())
    for path in sorted(pathlib.Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _candidates():
    for variable in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        if os.environ.get(variable):
            yield os.environ[variable]
    home = os.path.expanduser("~")
    if home != "~":
        yield os.path.join(home, ".cache")
    user = os.getuid() if hasattr(os, "getuid") else 0
    yield os.path.join(tempfile.gettempdir(), f"minigrad-{user}")


def _private(directory):
    """Whether only this user can write there: cached kernels are code."""
    if not hasattr(os, "getuid"):
        return True
    status = os.stat(directory)
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def cache_dir():
    """The first directory we may write and nobody else may, or None: then nothing is cached."""
    for base in _candidates():
        directory = os.path.join(base, "minigrad", "numba-" + source_hash())
        try:
            os.makedirs(directory, mode=0o700, exist_ok=True)
        except OSError:
            continue
        if os.access(directory, os.W_OK) and _private(directory):
            return directory
    return None


CACHE_DIR = cache_dir()


class _Note(event.Listener):
    """Says once, on a terminal, why the first call takes its time."""

    def on_start(self, _event):
        event.unregister("numba:compile", self)
        if sys.stderr is not None and sys.stderr.isatty():
            print("minigrad: compiling kernels for this machine (once) ...", file=sys.stderr)

    def on_end(self, _event):
        pass


class _NoCollector(event.Listener):
    """No cyclic garbage collection while kernels compile: it takes some per cent of the time."""

    depth, enabled = 0, False

    def on_start(self, _event):
        if self.depth == 0:
            self.enabled = gc.isenabled()
            gc.disable()
        self.depth += 1

    def on_end(self, _event):
        self.depth -= 1
        if self.depth == 0 and self.enabled:
            gc.enable()


event.register("numba:compile", _Note())
event.register("numba:compile", _NoCollector())


def jit(fastmath=MAP, **options):
    """The decorator of every kernel and helper: lazy, nogil, cached, IEEE division.

    ``error_model="numpy"`` lets loops with a division vectorise; NaN and infinity are never
    assumed away.
    """

    def decorate(function):
        previous, config.CACHE_DIR = config.CACHE_DIR, CACHE_DIR or ""
        try:
            return numba.njit(
                cache=CACHE_DIR is not None,
                nogil=True,
                no_cfunc_wrapper=True,
                error_model="numpy",
                fastmath=set(fastmath),
                pipeline_class=WideCompiler,
                **options,
            )(function)
        finally:
            config.CACHE_DIR = previous

    return decorate
