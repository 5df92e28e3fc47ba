import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

from .untouched import specimen, untouched

F = nn.functional


def report_of(gradient, dtype="fp16", scales=(1, 8, 256, 2**16)):
    """The report for a layer whose weight has this gradient."""
    layer, gradient = nn.Linear(len(gradient), 1, bias=False), mg.tensor(np.float32([gradient]))
    return mg.debug.underflow_report(
        layer, lambda y, target: y.sum(), (gradient, None), dtype=dtype, scales=scales
    )


def weight(report):
    return next(row for row in report.rows if row.kind == "weight")


def test_B7_shares_at_each_scale():
    row = weight(report_of([2.0**-30, 2.0**-20, 1.0, 0.0], scales=(1, 64, 2**16)))
    assert row.lost == {1: pytest.approx(1 / 3), 64: 0, 2**16: 0}
    assert row.subnormal == {1: pytest.approx(1 / 3), 64: pytest.approx(1 / 3), 2**16: 0}
    assert row.overflowing == {1: 0, 64: 0, 2**16: pytest.approx(1 / 3)}
    assert (row.zero, row.size, row.largest) == (0.25, 4, 1.0)
    assert (row.exponents.tolist(), row.counts.tolist()) == ([-30, -20, 0], [1, 1, 1])


@pytest.mark.parametrize("dtype", ["fp16", "bf16", "fp8_e4m3", "fp8_e5m2", mg.float16])
@pytest.mark.parametrize("largest", [1e-6, 3.7, 0.999])
def test_B7_recommended_scale_is_the_largest_below_a_quarter(dtype, largest):
    report = report_of([largest, largest / 3], dtype)
    scale, limit = report.recommended_scale, mg.finfo(report.dtype).max
    top = float(np.float32(max(row.largest for row in report.rows)))
    assert top * scale < limit / 4 <= top * 2 * scale


def test_B7_exactly_a_quarter_is_too_much():
    quarter = 65504 / 4
    assert report_of([quarter]).recommended_scale == 0.5
    assert report_of([np.nextafter(np.float32(quarter), np.float32(0))]).recommended_scale == 1


def test_B7_formats_lose_what_they_cannot_hold():
    gradient = [2.0**-26]
    assert weight(report_of(gradient, "fp16")).lost[1] == 1
    assert weight(report_of(gradient, "bf16")).lost[1] == 0
    assert weight(report_of(gradient, "fp8_e5m2")).lost[256] == 1
    e4m3 = weight(report_of([1.0], "fp8_e4m3"))
    assert (e4m3.overflowing[8], e4m3.overflowing[256]) == (0, 1)


def test_B7_activations_stand_apart_from_weights():
    model, batch = specimen()
    report = mg.debug.underflow_report(model, F.cross_entropy, batch)
    names = {kind: [r.name for r in report.rows if r.kind == kind] for kind in
             ("weight", "activation")}  # fmt: skip
    assert names["weight"] == [name for name, _ in model.named_parameters()]
    assert names["activation"] == ["0", "1", "2", "3", "4"]
    relu = next(row for row in report.rows if row.name == "2")
    output = model[:3](batch[0])
    assert relu.size == output.numel()


def test_gradients_are_those_of_the_model():
    model, (x, y) = nn.Linear(6, 3), specimen()[1]
    (expected,) = mg.grad(F.cross_entropy(model(x), y), [model.weight])
    row = mg.debug.underflow_report(model, F.cross_entropy, (x, y)).rows[0]
    assert row.largest == expected.abs().max().item()
    exponents = np.floor(np.log2(np.abs(expected.numpy())))
    assert row.exponents.tolist() == np.unique(exponents).tolist()
    assert row.counts.sum() == 18


def test_print_and_shares():
    report = report_of([2.0**-30, 1.0])
    text = str(report)
    assert repr(report) == text
    for part in ("weight", "activation", "×65536", "recommended scale: 2^13", "2^-14 to 65504"):
        assert part in text
    assert report.share("lost", 1, "weight") == 0.5
    assert report.share("lost", 1) == pytest.approx(1 / 3)  # the output has one gradient, 1
    assert report.share("overflowing", 2**16, "activation") == 1


def test_untouched():
    model, batch = specimen()
    with untouched(model, *batch), mg.no_grad(), mg.amp.autocast():
        first = mg.debug.underflow_report(model, F.cross_entropy, batch)
    assert str(mg.debug.underflow_report(model, F.cross_entropy, batch)) == str(first)


def test_wrong_input():
    model, batch = specimen()

    def report(*args, **options):
        return mg.debug.underflow_report(*args, **options)

    for error, message, args, options in [
        (TypeError, "model must be an nn.Module", (3, F.cross_entropy, batch), {}),
        (TypeError, "loss_fn must be callable", (model, None, batch), {}),
        (TypeError, r"batch must be \(\*inputs, targets\)", (model, F.cross_entropy, batch[0]), {}),
        (ValueError, "must give a single number", (model, lambda y, t: y, batch), {}),
        (ValueError, "scales must be", (model, F.cross_entropy, batch), {"scales": (0,)}),
        (ValueError, "narrower", (model, F.cross_entropy, batch), {"dtype": "fp32"}),
        (TypeError, "dtype", (model, F.cross_entropy, batch), {"dtype": "fp7"}),
        (ValueError, "exactly 0", (model, lambda y, t: 0 * y.sum(), batch), {}),
        (ValueError, "is not finite", (model, lambda y, t: mg.inf * y.sum(), batch), {}),
        (ValueError, "no parameter", (nn.ReLU(), lambda y, t: y.sum(), batch), {}),
    ]:
        with pytest.raises(error, match=message):
            report(*args, **options)
