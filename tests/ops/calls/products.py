"""Products of vectors, matrices and tensors."""

from . import EVERY, FLOATS, HALVES, INTEGERS, Draw, call, refuse

d = Draw(31)
n = d.normal
NUMBERS = (*FLOATS, *HALVES, *INTEGERS)
FLOATING = (*FLOATS, *HALVES)
I23, F2, F3 = d.integers(-5, 5, 2, 3), n(2), n(3)

CALLS = [
    *(
        call(name, n(*a), n(*b), dtypes=NUMBERS)
        for name in ("matmul", "linalg.matmul", ".matmul", ".__matmul__")
        for a, b in (
            ((4,), (4,)), ((2, 3), (3, 4)), ((3,), (3, 2)), ((2, 3), (3,)), ((3,), (2, 3, 4)),
            ((2, 3, 4), (4,)), ((2, 1, 2, 3), (4, 3, 2)), ((2, 3, 4), (4, 2)), ((0, 3), (3, 2)),
            ((2, 0), (0, 3)), ((2, 3), (5, 3, 2)), ((0, 2, 3), (0, 3, 2)), ((0,), (0,)),
        )
    ),
    *(
        call(prefix + name, n(*a), n(*b), dtypes=NUMBERS)
        for prefix in ("", ".")
        for name, a, b in (
            ("mm", (2, 3), (3, 4)), ("mm", (4, 4), (4, 4)), ("mm", (0, 2), (2, 3)),
            ("bmm", (3, 2, 3), (3, 3, 2)), ("bmm", (0, 2, 3), (0, 3, 2)),
            ("mv", (2, 3), (3,)), ("mv", (0, 3), (3,)), ("dot", (4,), (4,)), ("dot", (0,), (0,)),
            ("vdot", (4,), (4,)), ("inner", (4,), (4,)), ("inner", (2, 3), (4, 3)),
            ("inner", (2, 2, 3), (4, 1, 3)), ("inner", (3,), (2, 3)), ("inner", (), (2, 3)),
            ("inner", (2,), ()), ("inner", (2, 0), (3, 0)),
        )
    ),
    *(
        call(name, n(*a), n(*b), dtypes=EVERY)
        for name in ("outer", "ger", ".outer", ".ger")
        for a, b in (((2,), (3,)), ((0,), (2,)), ((2,), (0,)), ((1,), (1,)))
    ),
    call("outer", F2, d.integers(0, 5, 3)), call("outer", d.booleans(3), d.integers(0, 5, 2)),
    *(
        call(name, n(*s), n(2, 3), n(3, 2), dtypes=NUMBERS)
        for name in ("addmm", ".addmm")
        for s in ((2, 2), (2,), (1, 2), (2, 1), ())
    ),
    call("addmm", n(2, 2), n(2, 3), n(3, 2), beta=2, alpha=3, dtypes=NUMBERS),
    call("addmm", n(2, 2), n(2, 3), n(3, 2), beta=0.5, alpha=-1.5, dtypes=FLOATING),
    call("addmm", n(2, 2), n(2, 3), n(3, 2), beta=0, dtypes=FLOATING),
    call("addmm", n(2, 2), n(2, 3), n(3, 2), alpha=0), call("addmm", n(2), n(2, 0), n(0, 2)),
    call("addmv", n(2), n(2, 3), n(3), dtypes=NUMBERS), call("addmv", n(1), n(2, 3), n(3)),
    call("addmv", n(), n(2, 3), n(3), beta=3, alpha=2), call(".addmv", n(2), n(2, 3), n(3)),
    call("addmv", n(2), n(2, 3), n(3), beta=0, alpha=2.5),
    call("addr", n(2, 3), n(2), n(3), dtypes=EVERY), call("addr", n(3), n(2), n(3), alpha=2),
    call("addr", n(2, 3), n(2), n(3), beta=0, alpha=2, dtypes=NUMBERS),
    call("addr", I23, n(2), n(3)),
    call("addr", n(2, 3), d.integers(0, 5, 2), n(3), differentiable=False),
    call(".addr", n(), n(2), n(3), beta=0.5, alpha=0.25),
    *(
        call(name, n(*s), n(3, 2, 3), n(3, 3, 2), beta=beta, alpha=alpha, dtypes=NUMBERS)
        for name in ("baddbmm", "addbmm", ".baddbmm", ".addbmm")
        for s in ((2, 2), (2,), (2, 1))
        for beta, alpha in ((1, 1), (2, 3), (0, 1))
    ),
    call("baddbmm", n(3, 2, 2), n(3, 2, 3), n(3, 3, 2), beta=0.5, alpha=0.25, dtypes=FLOATING),
    call("addbmm", n(2, 2), n(0, 2, 3), n(0, 3, 2)), call("baddbmm", n(2), n(0, 2, 3), n(0, 3, 2)),
    *(
        call("tensordot", n(*a), n(*b), dims, dtypes=NUMBERS)
        for a, b, dims in (
            ((2, 3, 4), (3, 4, 2), 2), ((2, 3), (3, 4), 1), ((2, 3), (4,), 0), ((), (), 0),
            ((2, 3), (2, 3), 2), ((2, 3, 4), (4, 2), ([0, 2], [1, 0])),
            ((2, 3), (3, 2), [[-1], [0]]), ((2, 3), (3, 2), ([], [])), ((2, 0), (0, 3), 1),
            ((1, 3), (4, 2), ([0], [0])), ((4, 3), (1, 2), ([0], [0])),
        )
    ),
    call("tensordot", n(2, 3, 4), n(3, 4, 2)), call("tensordot", n(2, 3), n(3, 2), dims=1),
    call("tensordot", n(2, 3), n(3, 2), d.integers(1, 2)),
    *(
        call(name, n(*a), n(*b), dtypes=EVERY)
        for name in ("kron", ".kron")
        for a, b in (
            ((2, 3), (3, 2)), ((2,), (3,)), ((2, 3), (4,)), ((2,), (2, 1, 2)), ((), (2,)), ((), ()),
            ((0, 2), (3,)),
        )
    ),
    call("kron", F2, d.integers(0, 5, 3)),
    *(
        call(name, n(*a), n(*b), dim=dim, dtypes=NUMBERS)
        for name in ("cross", "linalg.cross")
        for a, b, dim in (
            ((3,), (3,), 0), ((2, 3), (2, 3), 1), ((3, 2), (3, 2), 0), ((2, 3), (1, 3), -1),
            ((4, 3, 2), (1, 3, 2), -2), ((0, 3), (0, 3), 1),
        )
    ),
    call(".cross", n(2, 3), n(2, 3), 1), call("linalg.cross", n(2, 3), n(2, 3)),
    *(
        call("linalg.vecdot", n(*a), n(*b), dim=dim, dtypes=FLOATING)
        for a, b, dim in (
            ((3,), (3,), -1), ((2, 3), (3,), -1), ((2, 3), (1, 3), 0), ((2, 0), (2, 0), 1),
            ((), (), 0),
        )
    ),
    *(
        call("linalg.multi_dot", [n(*s) for s in shapes], dtypes=NUMBERS)
        for shapes in (
            ((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2), (2,)), ((2, 5), (5, 3), (3, 1), (1, 4)),
            ((4, 2), (2, 6), (6, 3), (3, 2), (2,)), ((2, 0), (0, 3), (3, 2)),
        )
    ),
    *(
        call("nn.functional.linear", n(*x), n(*w), *(n(*b) for b in bias), dtypes=FLOATING)
        for x, w, *bias in (
            ((3,), (3,)), ((2, 3), (3,)), ((2, 2, 3), (3,), ()), ((3,), (3,), ()), ((0, 3), (3,)),
            ((2, 3), (4, 3), (4,)), ((2, 3), (4, 3), ()), ((3,), (4, 3), (1, 4)),
            ((2, 3), (4, 3), (2, 1)), ((5, 2, 3), (4, 3), (1,)), ((5, 2, 3), (4, 3), (2, 4)),
            ((5, 2, 3), (4, 3), (5, 1, 4)),
        )
    ),
    call("nn.functional.bilinear", n(4, 2), n(4, 3), n(5, 2, 3), n(5), dtypes=NUMBERS),
    call("nn.functional.bilinear", n(2), n(3), n(5, 2, 3), n(5)),
    call("nn.functional.bilinear", n(4, 1, 2), n(4, 1, 3), n(5, 2, 3)),
    call("nn.functional.bilinear", n(0, 2), n(0, 3), n(5, 2, 3)),
    call("nn.functional.bilinear", n(2, 2), n(2, 3), n(1, 2, 3), bias=None, dtypes=FLOATING),
    *(
        call("vander", n(3), *arguments, dtypes=(*FLOATS, *INTEGERS), differentiable=False)
        for arguments in ((), (2,), (4, True), (0,), (1,))
    ),
    call("vander", d.booleans(3)),
    call("linalg.vander", d.uniform(0.5, 1.5, 2, 3), dtypes=(*FLOATS, *INTEGERS)),
    call("linalg.vander", d.uniform(0.5, 1.5, 2, 3), N=5),
    call("linalg.vander", d.uniform(0.5, 1.5), N=2),
    call("linalg.diagonal", n(2, 3, 4)), call("linalg.diagonal", n(2, 3, 4), offset=1, dim1=0),
]  # fmt: skip

REFUSED = [
    refuse("3 columns.*2 rows", "matmul", n(2, 3), n(2, 3)),
    refuse("bool tensors only", "addr", n(2, 3), n(2), n(3), alpha=True),
    refuse("must be an int", "addr", F2 > 0, F2 > 0, F2 > 0, alpha=1.5),
    *(
        refuse("bias of shape", "nn.functional.linear", n(*x), n(*w), n(*b))
        for x, w, b in (
            ((2, 3), (3,), ()), ((3,), (3,), (1,)), ((2, 3), (4, 3), (3,)),
            ((5, 2, 3), (4, 3), (10, 4)), ((3,), (4, 3), (2, 4)), ((3,), (4, 3), (1, 1, 4)),
        )
    ),
    refuse("1 dimension", "matmul", n(), F3),
    refuse("same dtype", "matmul", n(2, 3), I23.T),
    refuse("must be a tensor", "matmul", n(2, 2), "a"),
    refuse("broadcast", "matmul", n(2, 2, 2), n(3, 2, 2)),
    refuse("bools", "matmul", F2 > 0, F2 > 0),
    refuse("1 dimension", "matmul", n(2, 2), 2.0), refuse("two matrices", "mm", F2, n(2, 2)),
    refuse("two matrices", "mm", n(2, 2), n(1, 2, 2)),
    refuse("cannot be mult", "mm", n(2, 3), n(2, 3)),
    refuse("same dtype", "mm", n(2, 3), I23.T),
    refuse("mat2.*3 dimensions", "bmm", n(2, 2, 2), n(2, 2)),
    refuse("differ in length", "bmm", n(2, 2, 2), n(3, 2, 2)),
    refuse("differ in length", "bmm", n(1, 2, 2), n(3, 2, 2)),
    refuse("cannot be multiplied", "bmm", n(2, 2, 3), n(2, 2, 3)),
    refuse("input must have 2", "mv", F2, F2), refuse("vec must have 1", "mv", n(2, 2), n(2, 2)),
    refuse("cannot be multiplied", "mv", n(2, 3), F2),
    refuse("cannot be multiplied", "dot", F2, F3),
    refuse("tensor must have 1", "dot", F2, n(2, 2)),
    refuse("same dtype", "dot", F2, d.integers(0, 2, 2)),
    refuse("tensor must be a tensor", "dot", F2, 2), refuse("other must", "vdot", F2, n()),
    refuse("last extents", "inner", F2, F3), refuse("same dtype", "inner", F3, I23),
    refuse("other must be a tensor", "inner", F3, 2.0), refuse("vec2 must", "outer", F2, n(2, 2)),
    refuse("input must have 1", "ger", n(2, 2), F2),
    refuse("vec2 must be a tensor", "outer", F2, 3),
    refuse("expand", "addmm", n(3, 1), n(2, 3), n(3, 2)),
    refuse("mat2 must", "addmm", F2, n(2, 2), F2),
    refuse("same dtype", "addmm", I23[:, :2], n(2, 3), n(3, 2)),
    refuse("input must be a tensor", "addmm", 0.5, n(2, 3), n(3, 2)),
    refuse("cannot be multiplied", "addmm", n(2, 2), n(2, 3), n(2, 3)),
    refuse("beta must be a number", "addmm", n(2, 2), n(2, 3), n(3, 2), beta="1"),
    refuse("fewer dimensions", "addmm", n(1, 2, 2), n(2, 3), n(3, 2)),
    refuse("cannot be multiplied", "addmv", F2, n(2, 3), F2),
    refuse("mat must", "addmv", F2, F3, F3),
    refuse("same dtype", "addmv", d.integers(0, 2, 2), n(2, 3), F3),
    refuse("expand", "addr", n(3, 3), F2, F3), refuse("vec2", "addr", n(2, 3), F2, n(3, 1)),
    refuse("alpha=0.5", "addr", I23, I23[:, 0], I23[0], alpha=0.5),
    refuse("differ in length", "baddbmm", n(2, 2), n(1, 2, 3), n(2, 3, 2)),
    refuse("batch2 must have 3", "baddbmm", n(2, 2), n(2, 2, 3), n(3, 2)),
    refuse("same dtype", "baddbmm", I23[:, :2], n(2, 2, 3), n(2, 3, 2)),
    refuse("fewer dimensions", "addbmm", n(2, 2, 2), n(2, 2, 3), n(2, 3, 2)),
    refuse("cannot be multiplied", "addbmm", n(2, 2), n(2, 2, 3), n(2, 2, 3)),
    refuse("dims=3", "tensordot", n(2, 3), n(3, 2), 3), refuse("dims=-1", "tensordot", F2, F2, -1),
    refuse("extent 2.*extent 3", "tensordot", n(2, 3), n(3, 2), ([0], [0])),
    refuse("differ in length", "tensordot", n(2, 3), n(3, 2), ([0, 1], [0])),
    refuse("twice", "tensordot", n(2, 2), n(2, 2), ([0, 0], [0, 1])),
    refuse("same dtype", "tensordot", n(2, 3), I23, 2),
    refuse("two lists", "tensordot", n(2, 3), n(3, 2), "a"),
    refuse("two lists", "tensordot", n(2, 3), n(3, 2), (1, 0)),
    refuse("two lists", "tensordot", n(2, 3), n(3, 2), 1.5),
    refuse("dims=5", "tensordot", n(2, 3), n(3, 2), ([5], [0])),
    refuse("other must be a tensor", "kron", F2, 2),
    refuse("number of axes", "cross", n(2, 3), F3, 1),
    refuse("no axis", "cross", n(4, 2), n(4, 2)), refuse("extent 3", "cross", n(2, 3), n(2, 3), 0),
    refuse("dim=2", "cross", n(2, 3), n(2, 3), 2), refuse("same dtype", "cross", n(2, 3), I23, 1),
    refuse("number of axes", "linalg.cross", n(2, 3), F3), refuse("bools", "cross", F3 > 0, F3 > 0),
    refuse("extent 3", "linalg.cross", n(3, 2), n(3, 2)),
    refuse("broadcast", "linalg.vecdot", n(2, 3), n(4)), refuse("float", "linalg.vecdot", I23, I23),
    refuse("same dtype", "linalg.vecdot", n(2, 3), I23),
    refuse("dim=2", "linalg.vecdot", n(2, 3), n(2, 3), dim=2),
    refuse("at least 2", "linalg.multi_dot", [n(2, 3)]),
    refuse("at least 2", "linalg.multi_dot", []),
    refuse("1 and 2", "linalg.multi_dot", [F3, n(3, 2), F3]),
    refuse(r"tensors\[1\] must be", "linalg.multi_dot", [n(2, 3), F3, n(3, 2)]),
    refuse("same dtype", "linalg.multi_dot", [n(2, 3), I23.T]),
    refuse(r"tensors\[0\]", "linalg.multi_dot", [n(), F3]),
    refuse("differ before", "nn.functional.bilinear", n(2, 3), n(3, 4), n(5, 3, 4)),
    refuse("differ before", "nn.functional.bilinear", n(2, 3), n(4), n(5, 3, 4)),
    refuse("differ before", "nn.functional.bilinear", n(2, 3), n(1, 4), n(5, 3, 4)),
    refuse("3 and 4", "nn.functional.bilinear", n(2, 3), n(2, 5), n(5, 3, 4)),
    refuse("5 outputs", "nn.functional.bilinear", n(2, 3), n(2, 4), n(5, 3, 4), n(4)),
    refuse("weight must", "nn.functional.bilinear", n(2, 3), n(2, 4), n(5, 3)),
    refuse("same dtype", "nn.functional.bilinear", I23, n(2, 4), n(5, 3, 4)),
    refuse("vector", "vander", n(3, 2)), refuse("N=-1", "vander", F3, -1),
    refuse("N=0", "linalg.vander", n(2, 3), N=0), refuse("2 dim", "linalg.diagonal", F3),
]  # fmt: skip
