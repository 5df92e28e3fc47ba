"""Which cases of a sweep each tier of the tests runs.

Cases without a mark are the fast tier, ``make test``: every op, kernel, function and layer, once.
``wide`` are further ones, and tests that compile or run a program for long, ``make test-wide``: CI
runs both. ``full`` are long sweeps, which only ``make test-full`` runs.
"""

import pytest

FAST, WIDE, FULL = (), (pytest.mark.wide,), (pytest.mark.full,)


def first_of_each(items, key):
    """(item, its tier) of all items: the first of every key is fast, the others are wide."""
    met = set()
    for item in items:
        yield item, WIDE if key(item) in met else FAST
        met.add(key(item))


def over_ops(cases):
    """Parametrise a test over the cases of all ops: the fast tier runs the first of every op."""
    return pytest.mark.parametrize("case", [
        pytest.param(case, id=str(case), marks=tier)
        for case, tier in first_of_each(cases, lambda case: case.op)
    ])  # fmt: skip


def by_turns(names, items, values):
    """Parametrise a test over all pairs: the fast tier runs every item with one value, by turns."""
    return pytest.mark.parametrize(names, [
        pytest.param(
            item, value, id=f"{item}-{value}", marks=FAST if n % len(values) == turn else WIDE
        )
        for n, item in enumerate(items)
        for turn, value in enumerate(values)
    ])  # fmt: skip
