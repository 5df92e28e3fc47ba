"""Inverses, determinants and factorisations, as far as their results are unique."""

import math

import numpy as np

from . import Draw, call, refuse

d = Draw(33)
n = d.normal
SHAPES = ((3, 3), (1, 1), (2, 1, 2, 2), (0, 0), (2, 0, 0), (0, 2, 2))


def regular(*shape):
    """Square matrices far from singular, with determinants of both signs."""
    signs = np.where(np.arange(shape[-1]) == 0, -3.0, 3.0)
    return n(*shape) + signs * np.eye(shape[-1])


def positive(*shape):
    """Symmetric matrices with distinct positive eigenvalues."""
    a = regular(*shape) / 3
    return a @ a.swapaxes(-2, -1) + np.diag(np.arange(1.0, shape[-1] + 1))


I22 = d.integers(1, 5, 2, 2)
ZERO = np.zeros((2, 2))
MIXED = np.stack([np.eye(2), np.zeros((2, 2)), -np.eye(2)])

CALLS = [
    *(
        call(name, regular(*shape), error={"float32": 1e-4})
        for name in (
            "linalg.inv", "inverse", ".inverse", "linalg.det", "det", ".det", "linalg.slogdet",
            "slogdet", ".slogdet",
        )
        for shape in SHAPES
    ),
    *(call(name, positive(*s) + 0.1 * n(*s)) for name in ("logdet", ".logdet") for s in SHAPES),
    call("linalg.slogdet", MIXED, differentiable=False),
    call("logdet", MIXED, differentiable=False),
    call("linalg.det", MIXED, differentiable=False),
    *(
        call("linalg.solve", regular(*a), n(*b), left=left, error={"float32": 1e-4})
        for a, b, left in (
            ((3, 3), (3,), True), ((3, 3), (3, 2), True), ((3, 3), (2, 3), False),
            ((5, 2, 2), (2,), True),
            ((5, 2, 2), (5, 2), True), ((5, 2, 2), (2, 3), True), ((2, 2), (5, 2, 3), True),
            ((5, 1, 2, 2), (3, 2, 2), True), ((2, 2, 2), (2, 2), True), ((2, 2, 2), (3, 2), False),
            ((0, 0), (0, 2), True), ((0, 2, 2), (0, 2), True), ((2, 2), (2, 0), True),
        )
    ),
    *(
        call("linalg.solve_triangular", regular(*a), n(*b), upper=upper, left=left, **unit)
        for a, b, left in (
            ((3, 3), (3, 2), True), ((5, 5), (2, 5), False), ((5, 2, 2), (2, 3), True),
            ((2, 2), (5, 2, 3), True), ((0, 0), (0, 2), True), ((1, 1), (1, 1), True),
        )
        for upper in (True, False)
        for unit in ({}, {"unitriangular": True})
    ),
    *(
        call("linalg.cholesky", positive(*shape), differentiable=False, **upper)
        for shape in SHAPES
        for upper in ({}, {"upper": True})
    ),
    call("cholesky_solve", n(3, 2), np.tril(regular(3, 3)), differentiable=False),
    call("cholesky_solve", n(3, 2), np.triu(regular(2, 3, 3)), True, differentiable=False),
    call(".cholesky_solve", n(2, 3, 1), np.tril(regular(3, 3)), differentiable=False),
    call("cholesky_inverse", np.tril(regular(3, 3)), differentiable=False),
    call("cholesky_inverse", np.triu(regular(2, 3, 3)), True, differentiable=False),
    call(".cholesky_inverse", np.tril(regular(2, 2)), upper=False, differentiable=False),
    *(call("linalg.eigvalsh", positive(*shape), differentiable=False) for shape in SHAPES),
    call("linalg.eigvalsh", n(3, 3), "U", differentiable=False),
    call("linalg.eigvalsh", n(3, 3), UPLO="l", differentiable=False),
    *(
        call("linalg.svdvals", n(*shape), error={"float32": 1e-4})
        for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 3), (1, 1))
    ),
    *(
        call(name, n(*shape), *mode, error={"float32": 1e-4})
        for name, mode in (
            ("linalg.qr", ()), ("linalg.qr", ("reduced",)),
        )
        for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 1))
    ),
    call("linalg.qr", n(3, 3), "complete", error={"float32": 1e-4}),
    call("linalg.qr", n(2, 4), mode="complete", error={"float32": 1e-4}),
    call("linalg.qr", n(4, 2), "complete", differentiable=False, dtypes=("int64",)),
    call("linalg.qr", n(0, 2), differentiable=False),
    *(
        call(name, n(*shape), error={"float32": 1e-4})
        for name in ("linalg.pinv", "pinverse", ".pinverse")
        for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 2), (1, 1))
    ),
    call("linalg.pinv", n(4, 2), 1e-3, error={"float32": 1e-4}),
    call("linalg.pinv", n(4, 2), rcond=1e-3, error={"float32": 1e-4}),
    call("linalg.pinv", n(4, 2), atol=1e-3, rtol=1e-4, error={"float32": 1e-4}),
    call("linalg.pinv", np.ones((3, 2)), differentiable=False),
    call("linalg.pinv", positive(3, 3), hermitian=True, differentiable=False),
    call("linalg.pinv", np.ones((2, 2)), hermitian=True, differentiable=False),
    *(
        call("linalg.matrix_rank", a, differentiable=False, **options)
        for a in (n(3, 2), n(2, 3, 3), np.ones((3, 3)), np.zeros((2, 2)), n(0, 2))
        for options in ({}, {"tol": 2.0}, {"atol": 0.5}, {"rtol": 0.9}, {"atol": 0.1, "rtol": 0.1})
    ),
    call("linalg.matrix_rank", np.diag([1.0, -2, 0]), hermitian=True, differentiable=False),
    *(call("linalg.cond", regular(3, 3), p, error={"float32": 1e-4}) for p in (None, 2, -2, "nuc")),
    *(
        call("linalg.cond", regular(3, 3), p, differentiable=False)
        for p in (1, -1, math.inf, -math.inf, "fro")
    ),
    call("linalg.cond", n(2, 4, 3), error={"float32": 1e-4}),
    call("linalg.cond", regular(2, 3, 3), 1, differentiable=False),
    call("linalg.cond", np.zeros((0, 0))),
    *(call("linalg.cond", ZERO, p, differentiable=False) for p in (1, "fro", math.inf)),
    call("linalg.cond", MIXED, 1, differentiable=False),
    call("linalg.lstsq", n(4, 2), n(4, 3), error={"float32": 1e-4}),
    call("linalg.lstsq", n(2, 4), n(2, 1), error={"float32": 1e-4}),
    call("linalg.lstsq", n(3, 4, 2), n(3, 4, 1), error={"float32": 1e-4}),
    *(
        call(name, n(*shape), ord, *rest, error={"float32": 1e-4})
        for name in ("linalg.matrix_norm", "linalg.norm")
        for ord in ("nuc", 2, -2)
        for shape, rest in (((3, 2), ()), ((3, 2), ((1, 0), True)), ((2, 3, 3), ((0, 2),)))
    ),
    call("linalg.matrix_norm", n(0, 2), 2), call("linalg.matrix_norm", n(0, 2), "nuc"),
    call("norm", n(3, 2), "nuc", error={"float32": 1e-4}),
    call("norm", n(2, 3, 2), "nuc", (0, 1), True, error={"float32": 1e-4}),
    *(
        call(name, regular(2, 2, 2), power, error={"float32": 1e-3, "float64": 1e-9})
        for name in ("linalg.matrix_power", "matrix_power", ".matrix_power")
        for power in (1, 2, 5, -1, -3)
    ),
    call(".matrix_power", n(2, 3, 3), 0, differentiable=False),
    call("matrix_power", n(2, 2), 3, dtypes=("float16", "bfloat16", "int64", "int32", "uint8")),
    call("matrix_power", n(2, 2), 0, dtypes=("float16", "int64", "bool"), differentiable=False),
    *(
        call("linalg.lstsq", n(*shape), n(*shape[:-1], 2), driver=driver, error={"float32": 1e-4})
        for driver in ("gels", "gelsy", "gelsd", "gelss")
        for shape in ((4, 2), (3, 3), (2, 4, 2))
    ),
    call("linalg.matrix_rank", n(2, 3, 3), rtol=np.array([0.1, 5.0])),
    call("linalg.matrix_rank", n(2, 3, 3), atol=np.array([0.1, 5.0])),
]  # fmt: skip

_ONE_MATRIX = (
    "linalg.inv", "inverse", "linalg.det", "det", "linalg.slogdet", "slogdet", "logdet",
    "linalg.cholesky", "cholesky", "linalg.eigh", "linalg.eigvalsh", "cholesky_inverse",
)  # fmt: skip
_ANY_MATRIX = (
    "linalg.svd", "svd", "linalg.svdvals", "linalg.qr", "qr", "linalg.pinv", "pinverse",
    "linalg.matrix_rank", "linalg.cond",
)  # fmt: skip

REFUSED = [
    *(refuse(r"square matrices.*\(2, 3\)", name, n(2, 3)) for name in _ONE_MATRIX),
    *(refuse("2 dimensions", name, n(3)) for name in (*_ONE_MATRIX, *_ANY_MATRIX)),
    *(refuse("float32 or float64", name, I22) for name in (*_ONE_MATRIX, *_ANY_MATRIX)),
    refuse("singular", "linalg.inv", ZERO), refuse("matrix 1 of the batch", "linalg.inv", MIXED),
    refuse("singular", "linalg.solve", ZERO, n(2)),
    refuse("matrix 1 of", "linalg.solve", MIXED, n(2)),
    refuse("not positive definite", "linalg.cholesky", -np.eye(2)),
    refuse("matrix 1 of the batch", "linalg.cholesky", MIXED),
    refuse("fit A X = B", "linalg.solve", regular(2, 2), n(3)),
    refuse("fit X A = B", "linalg.solve", regular(2, 2), n(2), left=False),
    refuse("fit A X = B", "linalg.solve", regular(2, 2), n(5, 2)),
    refuse("square", "linalg.solve", n(2, 3), n(2)),
    refuse("same dtype", "linalg.solve", n(2, 2), I22),
    refuse("B must have at least 2", "linalg.solve", n(2, 2), n()),
    refuse("broadcast", "linalg.solve", regular(2, 3, 3), n(4, 3, 1)),
    refuse("B must have at least 2", "linalg.solve_triangular", n(2, 2), n(2), upper=True),
    refuse("upper", "linalg.solve_triangular", n(2, 2), n(2, 2)),
    refuse("fit A X = B", "linalg.solve_triangular", n(2, 2), n(3, 3), upper=True),
    refuse("square", "linalg.solve_triangular", n(2, 3), n(3, 3), upper=True),
    refuse("fit A X = B", "cholesky_solve", n(3, 3), np.eye(2)),
    refuse("B must have", "cholesky_solve", n(2), np.eye(2)),
    refuse("UPLO", "linalg.eigh", np.eye(2), "X"),
    refuse("UPLO", "linalg.eigvalsh", np.eye(2), UPLO="X"),
    refuse("finite", "linalg.svd", np.full((2, 2), np.nan)),
    refuse("mode", "linalg.qr", n(3, 2), "x"), refuse("mode", "linalg.qr", n(3, 2), True),
    refuse("square", "linalg.pinv", n(3, 2), hermitian=True),
    refuse("square", "linalg.matrix_rank", n(3, 2), hermitian=True),
    refuse("square", "linalg.cond", n(3, 2), 1), refuse("p must be", "linalg.cond", n(3, 3), 3),
    refuse("differ in rows", "linalg.lstsq", n(3, 2), n(4, 3)),
    refuse("driver", "linalg.lstsq", n(3, 2), n(3, 3), driver="x"),
    refuse("square", "matrix_power", n(2, 3), 2),
    refuse("n must be an int", "matrix_power", n(2, 2), 1.5),
    refuse("square", "linalg.matrix_power", n(2), 2), refuse("float32", "matrix_power", I22, -1),
    refuse("singular", "matrix_power", ZERO, -1),
    refuse("no meaning", "linalg.matrix_norm", n(0, 2), -2),
    refuse("ord must be", "linalg.matrix_norm", n(3, 2), 3),
    refuse('"nuc"', "norm", n(3, 2), "nub"),
]  # fmt: skip
