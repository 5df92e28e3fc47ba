"""A benchmark script with two workloads, one of which fails for a peer."""

import os
import sys

from benchmarks import harness


def counting(peer):
    """A measure that says how often it was asked."""
    turns = []

    def measure():
        turns.append(peer)
        return {"turn": len(turns), "seconds": 1.0, "cores": len(os.sched_getaffinity(0))}

    return measure


def failing():
    sys.exit("numpy cannot do this")


for _peer in ("minigrad", "numpy"):
    harness.case("counting", _peer)(lambda peer=_peer: counting(peer))
harness.case("failing", "numpy")(failing)

if __name__ == "__main__":
    harness.main("script")
