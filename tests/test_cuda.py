"""Questions about GPUs, as models ask them before they choose a device."""

import subprocess
import sys

import minigrad as mg


def test_what_models_ask_first():
    there = mg.cuda.is_available()
    device = mg.device("cuda" if there else "cpu")
    assert mg.ones(2).to(device).device == device
    assert (mg.cuda.device_count() > 0) is there


def test_calls_that_need_no_gpu():
    mg.cuda.manual_seed(7)
    first = mg.rand(3).tolist()
    mg.cuda.manual_seed_all(7)
    assert mg.rand(3).tolist() == first
    mg.cuda.empty_cache()
    mg.cuda.synchronize()


def test_it_is_loaded_when_it_is_asked_for():
    program = "import sys, minigrad as mg; assert 'minigrad.cuda' not in sys.modules; mg.cuda"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert "cuda" in dir(mg)
