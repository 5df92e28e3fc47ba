"""Questions about GPUs, as models ask them before they choose a device."""

import subprocess
import sys

import pytest

import minigrad as mg
from minigrad import amp
from minigrad.cuda.amp import GradScaler, autocast, custom_bwd, custom_fwd


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


@pytest.mark.filterwarnings("ignore:.*CUDA is not available")
def test_the_old_names_of_mixed_precision():
    there = mg.cuda.is_available()
    assert mg.cuda.is_bf16_supported() is there
    with pytest.warns(FutureWarning, match=r"`cuda.amp.autocast\(args...\)` is deprecated"):
        context = autocast()
    assert isinstance(context, amp.autocast) and context.enabled is there
    assert context.dtype is mg.float16
    with pytest.warns(FutureWarning, match=r"use `amp.GradScaler\('cuda', args...\)`"):
        scaler = GradScaler(init_scale=8.0)
    assert isinstance(scaler, amp.GradScaler) and scaler.is_enabled() is there


def test_the_old_decorators_of_functions():
    class Twice(mg.autograd.Function):
        @staticmethod
        @custom_fwd(cast_inputs=mg.float32)
        def forward(ctx, x):
            ctx.seen = x.dtype
            return x * 2

        @staticmethod
        @custom_bwd
        def backward(ctx, grad):
            return grad * 2

    x = mg.ones(2, dtype=mg.bfloat16, requires_grad=True)
    with amp.autocast():
        y = Twice.apply(x)
    y.sum().backward()
    assert y.dtype is mg.float32 and x.grad.tolist() == [2.0, 2.0]


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mg.cuda.nothing  # noqa: B018
