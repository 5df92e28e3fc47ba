"""Names of devices, and where new tensors are made."""

import pytest

import minigrad as mg


def test_a_device_is_its_name():
    cpu = mg.device("cpu")
    assert cpu == "cpu"
    assert cpu.type == "cpu"
    assert cpu.index is None
    assert repr(cpu) == "device(type='cpu')"
    assert mg.ones(2).device == cpu
    assert mg.ones(2).is_cpu
    assert not mg.ones(2).is_cuda
    assert mg.device("cuda:0").index == 0


def test_a_device_as_a_context():
    with mg.device("cpu"):
        assert mg.get_default_device() == "cpu"
        assert mg.zeros(2).device == "cpu"
    mg.set_default_device("cpu")
    assert mg.get_default_device() == "cpu"
    mg.set_default_device(None)


def test_the_context_decides_where_tensors_are_made():
    with mg.device("cuda"):
        assert mg.get_default_device() == "cuda"
        if not _has_gpu():
            with pytest.raises(RuntimeError, match="'cuda'"):
                mg.zeros(2)
    assert mg.get_default_device() == "cpu"


def _has_gpu():
    try:
        import cupy
    except ImportError:
        return False
    return cupy.is_available()


def test_unknown_devices_are_refused():
    with pytest.raises(RuntimeError, match="'tpu'"):
        mg.device("tpu")
