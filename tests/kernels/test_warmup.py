"""Warming up compiles every fast kernel and reports its progress."""

import pytest
from numba.core import event

from minigrad.kernels import registry, warmup

from .conftest import compiled_only


@pytest.mark.wide
@compiled_only
def test_processes_compile_what_this_one_then_loads():
    seen = []
    count = warmup.warm_up(lambda done, total, name: seen.append((done, total, name)), processes=2)
    fast = [s.name for s in registry.KERNELS.values() if registry.CPU.fast(s) is not None]
    assert [name for _, _, name in seen] == fast
    assert [done for done, _, _ in seen] == list(range(count))
    assert {total for _, total, _ in seen} == {count}
    with event.install_recorder("numba:compile") as recorded:
        warmup.warm_up()
    assert not recorded.buffer


def test_an_unknown_kernel_is_named():
    with pytest.raises(AttributeError, match="no kernel named 'nonsense'"):
        getattr(registry.CPU, "nonsense")  # noqa: B009
