"""Special functions against values with more digits, the definitions, and the C library."""

import math

import numpy as np
import pytest

from minigrad.kernels.registry import CPU, REFERENCE

KERNELS = pytest.mark.parametrize("k", [CPU, REFERENCE], ids=["cpu", "reference"])
ELEMENTARY = {
    "exp2": (lambda v: 2**v, -20, 20),
    "expm1": (math.expm1, -20, 20),
    "log2": (math.log2, 1e-3, 50),
    "log10": (math.log10, 1e-3, 50),
    "log1p": (math.log1p, -0.99, 50),
    "tan": (math.tan, -1.5, 1.5),
    "asin": (math.asin, -1, 1),
    "acos": (math.acos, -1, 1),
    "atan": (math.atan, -50, 50),
    "sinh": (math.sinh, -20, 20),
    "cosh": (math.cosh, -20, 20),
    "asinh": (math.asinh, -50, 50),
    "acosh": (math.acosh, 1, 50),
    "atanh": (math.atanh, -0.99, 0.99),
}

# x, polygamma(n, x) by mpmath
POLYGAMMA = {
    1: [
        (0.01, 10001.621213528312804),
        (0.3, 12.245364546107731301),
        (1, 1.6449340668482264365),
        (1.4, 1.0253565905295975254),
        (2.5, 0.49035775610023486497),
        (7, 0.15354517795933754758),
        (25, 0.040810663257225579187),
        (300, 0.0033388950617146777495),
        (-0.5, 8.9348022005446793094),
        (-3.3, 14.81773952551592878),
        (-8.75, 19.631205558842085383),
    ],
    2: [
        (0.01, -2000002.3403986769596),
        (0.3, -75.272536588726038917),
        (1, -2.4041138063191885708),
        (1.4, -0.9891286235783571122),
        (2.5, -0.236204051641727403),
        (7, -0.023530472985855237466),
        (25, -0.0016652793184224681654),
        (300, -0.000011148209876314588731),
        (-0.5, -0.8287966442343199956),
        (-3.3, 68.769445477485233697),
        (-8.75, -124.03676016548723904),
    ],
    3: [
        (0.01, 600000006.25106182292),
        (0.3, 743.14176465504977709),
        (1, 6.4939394022668291491),
        (1.4, 1.8202590339470949124),
        (2.5, 0.22390584881725205126),
        (7, 0.0071981985631254453923),
        (25, 0.00013588463650827370403),
        (300, 7.4445267485139528187e-8),
        (-0.5, 193.40909103400243724),
        (-3.3, 768.98565825542854548),
        (-8.75, 1558.5429441651175969),
    ],
    6: [
        (0.01, -72000000000000666.875),
        (0.3, -3292298.1329083703382),
        (1, -726.01147971498443532),
        (1.4, -70.039998806644351428),
        (2.5, -1.3180061075500352023),
        (7, -0.0015282790276452011974),
        (25, -5.5324964918585433337e-7),
        (300, -1.662615454107630385e-13),
        (-0.5, -43.457923803023286231),
        (-3.3, 3283537.053850225701),
        (-8.75, -11791224.76142834257),
    ],
}
DIGAMMA = [
    (0.01, -100.56088545786867242),
    (0.3, -3.5025242222001331249),
    (1, -0.57721566490153286061),
    (1.4, -0.061384544585116236801),
    (2.5, 0.70315664064524318723),
    (7, 1.8727843350984671394),
    (25, 3.1987425128519740085),
    (300, 5.702114882064637268),
    (-0.5, 0.036489973978576520559),
    (-3.3, 3.6203534605921257857),
    (-8.75, -0.91648311854521722648),
]


@KERNELS
@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_functions(k, name):
    exact, low, high = ELEMENTARY[name]
    x = np.linspace(low, high, 2001)
    expected = [exact(v) for v in x]
    np.testing.assert_allclose(getattr(k, name)(x), expected, rtol=1e-14, atol=1e-16)


@KERNELS
@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_functions_in_float32_within_2_5_ulp(k, name):
    exact, low, high = ELEMENTARY[name]
    x = np.linspace(low, high, 2001).astype(np.float32).clip(low, high)
    x = x[(x >= low) & (x <= high)]
    expected = np.array([exact(v) for v in x.astype(float)])
    error = np.abs(getattr(k, name)(x) - expected)
    assert (error <= 2.5 * np.spacing(np.abs(expected).astype(np.float32))).all()


@KERNELS
def test_erfc_keeps_its_relative_accuracy_in_the_tail(k):
    x = np.concatenate([np.linspace(-6, 26.5, 2001), [1e-20, -1e-300, 0]])
    np.testing.assert_allclose(k.erfc(x), [math.erfc(v) for v in x], rtol=2e-15)
    ends = np.array([np.inf, -np.inf, np.nan, 30])
    np.testing.assert_array_equal(k.erfc(ends), [0, 2, np.nan, 0])


@KERNELS
def test_erfinv_inverts_erf(k):
    y = np.concatenate([np.linspace(-1, 1, 501), np.logspace(-300, -2, 100)])
    np.testing.assert_allclose(k.erfinv(k.erf(y)), y, rtol=2e-15, atol=1e-16)


@KERNELS
def test_erfinv_near_its_ends(k):
    rest = np.logspace(-15, -2, 100)
    x = 1 - rest
    np.testing.assert_allclose(k.erfc(k.erfinv(x)), 1 - x, rtol=1e-13)  # its slope magnifies
    np.testing.assert_array_equal(
        k.erfinv(np.array([1, -1, 1.5, np.nan, 0])), [np.inf, -np.inf, np.nan, np.nan, 0]
    )


@KERNELS
def test_lgamma_for_positive_numbers(k):
    near = np.logspace(-12, -1, 40)
    x = np.concatenate([np.linspace(0.01, 40, 2001), 1 + near, 1 - near, 2 + near, 2 - near,
                        np.logspace(-300, 300, 100)])  # fmt: skip
    with np.errstate(all="ignore"):
        actual = k.lgamma(x)
    expected = [math.lgamma(v) for v in x]  # Python's own errs near 1 and 2
    np.testing.assert_allclose(actual, expected, rtol=2e-15, atol=2e-15)


@KERNELS
def test_lgamma_near_its_zeros(k):
    """ln Γ(1 + z) = −γ z + π²/12 z² − … and ln Γ(2 + z) = (1 − γ) z + (π²/12 − ½) z² − …"""
    euler, z = 0.5772156649015329, np.array([2.0**-30, -(2.0**-30)])
    curve = math.pi**2 / 12 * z * z
    np.testing.assert_allclose(k.lgamma(1 + z), -euler * z + curve, rtol=1e-15)
    np.testing.assert_allclose(
        k.lgamma(2 + z), (1 - euler) * z + curve - z * z / 2, rtol=1e-15
    )


@KERNELS
def test_lgamma_for_negative_numbers(k):
    x = np.linspace(-20.05, -0.05, 1001)
    np.testing.assert_allclose(k.lgamma(x), [math.lgamma(v) for v in x], rtol=1e-13, atol=1e-14)


@KERNELS
def test_poles_and_infinities(k):
    x = np.array([0, -0.0, -1, -2, np.inf, -np.inf, np.nan])
    inf, nan = np.inf, np.nan
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(k.lgamma(x), [inf, inf, inf, inf, inf, inf, nan])
        np.testing.assert_array_equal(k.digamma(x), [-inf, inf, nan, nan, inf, nan, nan])
        np.testing.assert_array_equal(k.polygamma(x[[0, 2, 4, 6]], 1), [inf, inf, 0, nan])
        np.testing.assert_array_equal(k.logit(np.array([0, 1, 0.5, 2])), [-inf, inf, 0, nan])


@KERNELS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_digamma_to_the_last_digits(k, dtype):
    x, y = np.array(DIGAMMA).T
    actual = k.digamma(x.astype(dtype))
    assert actual.dtype == dtype
    expected = y if dtype is np.float64 else k.digamma(x.astype(dtype).astype(float))
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(actual, expected, rtol=40 * eps, atol=2 * eps)  # zeros: 1.46, −0.50


@KERNELS
@pytest.mark.parametrize("n", POLYGAMMA)
def test_polygamma_to_the_last_digits(k, n):
    x, y = np.array(POLYGAMMA[n]).T
    np.testing.assert_allclose(k.polygamma(x, n), y, rtol=1e-14)


@KERNELS
def test_logit_inverts_the_sigmoid(k):
    x = np.concatenate([np.linspace(-30, 3, 1001), np.logspace(-12, -1, 50)])
    y = k.sigmoid(x)
    error = np.spacing(y) / (y * (1 - y))  # of the rounded sigmoid
    np.testing.assert_array_less(np.abs(k.logit(y) - x), 2 * error + 4 * np.spacing(np.abs(x)))


@KERNELS
def test_products_with_logarithms_at_0(k):
    a, b = np.array([0, 0, 0, 0, 2.0]), np.array([0, np.inf, -1, np.nan, 0])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(k.xlogy(a, b), [0, 0, 0, np.nan, -np.inf])
        np.testing.assert_array_equal(k.xlog1py(a, b - 1), [0, 0, 0, np.nan, -np.inf])
