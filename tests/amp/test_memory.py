"""The memory report, and the memory that a training step takes."""

import contextlib

import pytest

import minigrad as mg
from benchmarks.model_steps import text, transformer
from minigrad import amp, nn


def wide_net():
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())


def test_rows_and_totals():
    model, x = wide_net(), mg.ones(512, 64)
    optimizer = mg.optim.AdamW(model.parameters())
    for p in model.parameters():
        p.grad = mg.zeros_like(p)
    optimizer.step()
    before = [p.detach().clone() for p in model.parameters()]
    report = amp.memory_report(model, x, optimizer=optimizer)
    count = sum(p.numel() for p in model.parameters())
    assert report.rows["parameters"] == report.rows["gradients"] == (4 * count, 4 * count)
    assert report.rows["casts of parameters"] == (0, 2 * count)
    assert report.rows["optimizer state"] == (8 * count + 4 * 4, 8 * count + 4 * 4)
    full, low = report.rows["saved activations"]
    assert sum(pair[0] for pair in report.by_op.values()) == full
    assert report.ratio("saved activations") == low / full
    assert all((p == b).all() for p, b in zip(model.parameters(), before, strict=True))


def test_A9_half_the_activations_and_no_promise_of_speed():
    report = amp.memory_report(wide_net(), mg.ones(4096, 64))
    assert report.ratio("saved activations") <= 0.55
    assert report.ratio() <= 0.6
    text = str(report)
    assert "saved activations" in text and "times that" in text and "linear" in text
    assert min(report.seconds) > 0


@pytest.mark.parametrize("dtype", [mg.float16, mg.float_format(4, 3)])
def test_other_formats(dtype):
    report = amp.memory_report(wide_net(), (mg.ones(4096, 64),), dtype=dtype)
    share = report.ratio("saved activations")
    assert share <= 0.55 if dtype is mg.float16 else share > 0.55  # stored as float32


def test_random_numbers_go_on_as_without_a_report():
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    mg.manual_seed(0)
    expected = mg.rand(3).tolist()
    mg.manual_seed(0)
    amp.memory_report(model, mg.ones(2, 4))
    assert mg.rand(3).tolist() == expected


def bytes_of_a_step(autocast):
    """What living arrays, and living and idle blocks together, came to in a step from cold."""
    model, (tokens, targets) = transformer(mg), map(mg.tensor, text(16))
    mg.release_memory()
    mg.reset_peak_memory_stats()
    with autocast:
        loss = nn.CrossEntropyLoss()(model(tokens), targets)
    loss.backward()
    stats = mg.memory_stats()
    return stats["peak_leased_bytes"], stats["leased_bytes"] + stats["idle_bytes"]


@pytest.mark.wide
def test_a_step_in_bfloat16_takes_less_memory_alive_and_from_the_system():
    alive, taken = bytes_of_a_step(contextlib.nullcontext())
    alive_low, taken_low = bytes_of_a_step(amp.autocast("cpu", mg.bfloat16))
    assert alive_low <= 0.6 * alive and taken_low <= 0.7 * taken
