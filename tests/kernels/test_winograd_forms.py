"""The matrices of Winograd's algorithm, in float64."""

import numpy as np
import pytest

from minigrad.kernels.cpu import winograd_forms as forms

WINDOWS = [(3, 1, 4), (5, 1, 2), (2, 1, 4), (3, 2, 4), (4, 2, 4), (5, 3, 4), (2, 2, 3)]


def found(form, x, w):
    """Aᵀ [(G w) ⊙ (Bᵀ x)], a factor for each of its places"""
    factors = np.repeat(form.weights @ w, np.diff(form.begins))
    return form.outputs @ (factors * (form.inputs @ x))


@pytest.mark.parametrize(("taps", "stride", "outputs"), WINDOWS)
def test_windows(rng, taps, stride, outputs):
    form = forms.windows(taps, stride, outputs)
    places, factors, span, step, out = form.extents
    assert (span, step, out) == (stride * (outputs - 1) + taps, stride * outputs, outputs)
    assert places <= taps + stride * (outputs - 1) and factors <= places
    x, w = rng.standard_normal(span), rng.standard_normal(taps)
    expected = [w @ x[stride * i : stride * i + taps] for i in range(outputs)]
    np.testing.assert_allclose(found(form, x, w), expected, atol=1e-12)


@pytest.mark.parametrize(("taps", "stride", "outputs"), [case for case in WINDOWS if case[1] > 1])
def test_spread(rng, taps, stride, outputs):
    form = forms.spread(taps, stride, outputs)
    _, _, span, step, out = form.extents
    assert (step, out) == (outputs, stride * outputs)
    g, w = rng.standard_normal(span), rng.standard_normal(taps)
    whole = np.zeros(stride * span + taps)
    for i, number in enumerate(g):
        whole[stride * i : stride * i + taps] += w * number
    start = stride - 1 - stride * form.first
    expected = whole[start : start + out]
    np.testing.assert_allclose(found(form, g, w[::-1]), expected, atol=1e-12)


def test_a_tile_needs_the_fewest_products():
    """m outputs of n taps take m + n − 1; with stride 2, 3 taps are 2 and 1."""
    assert [forms.windows(*case).extents[0] for case in WINDOWS[:4]] == [6, 6, 5, 9]
    assert forms.windows(3, 2, 4).begins.tolist() == [0, 1, 2, 3, 4, 5, 9]
