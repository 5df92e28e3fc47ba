"""The one allocation function: small arrays from NumPy, large ones from a bounded free list.

A fresh page costs about as long as most kernels need to fill it, so buffers of the sizes that a
training step asks for again and again are kept. A :class:`Lease` stands between a kept block and
the array made of it: every view of the array holds the lease, and only when the last one dies does
the block come back. The lease is not an ndarray, because NumPy shortens chains of views to the
array that owns the memory and would forget it.
"""

import os
import threading

import numpy as np

SMALL = 1 << 16  # bytes; below, malloc reuses warm pages by itself
LARGEST_KEPT = 32 << 20
IDLE_LIMIT = 256 << 20
ALIGNMENT = 64


class _FreeList:
    """Idle blocks (and their aligned address) by size in bytes; oldest sizes go first when full."""

    def __init__(self):
        self.lock = threading.RLock()  # a lease may die while this thread holds the lock
        self.blocks = {}
        self.idle = 0
        self.leased = 0
        self.peak = 0
        self.reused = 0
        self.fresh = 0

    def take(self, nbytes):
        with self.lock:
            self.leased = leased = self.leased + nbytes
            if leased > self.peak:
                self.peak = leased
            blocks = self.blocks.get(nbytes)
            if blocks:
                self.idle -= nbytes
                self.reused += 1
                return blocks.pop()
            self.fresh += 1
        block = np.empty(nbytes + ALIGNMENT, np.uint8)
        return block, -(-block.ctypes.data // ALIGNMENT) * ALIGNMENT

    def give(self, block, nbytes):
        with self.lock:
            self.leased -= nbytes
            if nbytes > LARGEST_KEPT:
                return
            self.idle += nbytes
            self.blocks.setdefault(nbytes, []).append(block)
            while self.idle > IDLE_LIMIT:
                self._drop_one()

    def _drop_one(self):
        size = next(iter(self.blocks))
        if self.blocks[size]:
            self.blocks[size].pop()
            self.idle -= size
        if not self.blocks[size]:
            del self.blocks[size]


_free = _FreeList()


class Lease:
    """Holds one block for as long as an array or a view of it lives."""

    __slots__ = ("__array_interface__", "block", "nbytes", "owner", "__weakref__")

    def __init__(self, shape, dtype, nbytes):
        self.owner = _free
        self.nbytes = nbytes
        self.block = block = _free.take(nbytes)
        self.__array_interface__ = {
            "shape": shape,
            "typestr": dtype.str,
            "data": (block[1], False),
            "version": 3,
        }

    def __del__(self):
        self.owner.give(self.block, self.nbytes)


def empty(shape, dtype):
    """An uninitialised C-contiguous array.

    >>> empty((2, 3), np.dtype("float32")).shape
    (2, 3)
    """
    size = dtype.itemsize
    for extent in shape:
        size *= extent
    if size < SMALL:
        return np.empty(shape, dtype)
    return np.asarray(Lease(shape, dtype, size))


def empty_like(x):
    """An uninitialised C-contiguous array of the shape and dtype of ``x``."""
    nbytes = x.nbytes
    if nbytes < SMALL:
        return np.empty(x.shape, x.dtype)
    return np.asarray(Lease(x.shape, x.dtype, nbytes))


def zeros(shape, dtype):
    """As np.zeros, in warm memory.

    >>> zeros((2,), np.dtype("float32"))
    array([0., 0.], dtype=float32)
    """
    out = empty(shape, dtype)
    if out.nbytes < SMALL:
        out.fill(0)
    else:  # bytes are set twice as fast as numbers
        out.reshape(-1).view(np.uint8).fill(0)
    return out


# what the ``base`` of an array may be that is a whole buffer and not a view of something else
OWNERS = (type(None), Lease)


def stats():
    """What the free list holds and did: bytes and counts, by name.

    ``idle_bytes`` wait for reuse, ``leased_bytes`` are those of living arrays, and
    ``peak_leased_bytes`` the most of them at once; ``reused`` and ``fresh`` count the blocks that
    were found in the list and those that were made. Arrays below 64 KiB, and those that come from
    outside, are not counted.

    >>> before = stats()["leased_bytes"]
    >>> x = empty((1000, 1000), np.dtype("float32"))
    >>> stats()["leased_bytes"] - before
    4000000
    >>> stats()["peak_leased_bytes"] >= 4000000
    True
    """
    with _free.lock:
        return {
            "idle_bytes": _free.idle,
            "leased_bytes": _free.leased,
            "peak_leased_bytes": _free.peak,
            "reused": _free.reused,
            "fresh": _free.fresh,
        }


def reset_peak():
    """Count ``peak_leased_bytes`` anew, from what is leased now.

    >>> reset_peak()
    >>> stats()["peak_leased_bytes"] == stats()["leased_bytes"]
    True
    """
    with _free.lock:
        _free.peak = _free.leased


def release():
    """Give every idle block back to the system."""
    with _free.lock:
        _free.blocks.clear()
        _free.idle = 0


def _forget():
    """A forked child starts with an empty list; leases of the parent return to the old one.

    The old list gets a new lock, which another thread may have held when the process forked.
    """
    global _free
    _free.lock = threading.RLock()
    _free = _FreeList()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
