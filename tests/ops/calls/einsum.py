"""Einstein summation."""

from . import FLOATS, HALVES, INTEGERS, Draw, call, refuse

d = Draw(32)
n = d.normal
NUMBERS = (*FLOATS, *HALVES, *INTEGERS)

CALLS = [
    *(
        call("einsum", equation, *(n(*s) for s in shapes), dtypes=NUMBERS)
        for equation, *shapes in (
            ("ij,jk", (2, 3), (3, 4)), ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk->ki", (2, 3), (3, 4)),
            ("ii->i", (3, 3)), ("ii", (3, 3)), ("iij->ji", (2, 2, 3)), ("iii->i", (2, 2, 2)),
            ("ij->ji", (2, 3)), ("ji", (2, 3)), ("ij->", (2, 3)), ("ij->i", (2, 3)),
            ("...ij->...ji", (2, 3, 4)), ("...ij,...jk->...ik", (2, 3, 4), (4, 5)),
            ("...ij,jk", (2, 3, 4), (4, 5)), ("i...->...", (2, 3, 4)), ("i...->i", (2, 3, 4)),
            ("ij...", (2, 3, 4)), ("...", (2, 3)), ("...,...", (2, 3), (3,)), ("", ()), ("->", ()),
            (",", (), ()), ("ij,->ij", (2, 3), ()), (" i j , j k -> i k ", (2, 3), (3, 4)),
            ("i,i", (3,), (3,)), ("i,j", (2,), (3,)), ("i,j->ji", (2,), (3,)),
            ("i,i->i", (3,), (3,)), ("ij,ij->ij", (2, 3), (2, 3)), ("ij,ij->", (2, 3), (2, 3)),
            ("Ij,ja", (2, 3), (3, 4)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
            ("bij,bjk,bkl->bil", (2, 2, 3), (2, 3, 2), (2, 2, 3)), ("i,ij,j", (2,), (2, 3), (3,)),
            ("ij,jk,kl,lm->im", (2, 3), (3, 2), (2, 4), (4, 1)), ("i,j,k->kij", (2,), (3,), (2,)),
            ("bn,anm,bm->ba", (2, 3), (5, 3, 4), (2, 4)),
            ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 2, 4)),
            ("ij,jk->ik", (2, 1), (4, 3)), ("ij,ij->", (2, 3), (2, 1)), ("ij,kj->", (2, 3), (4, 3)),
            ("...i,...i->...", (2, 1, 3), (4, 3)), ("ii,i->i", (3, 3), (3,)),
            ("i,jj->i", (2,), (3, 3)),
            ("ij->ij", (0, 3)), ("ij,jk->ik", (2, 0), (0, 4)), ("ij,kl->ijkl", (1, 2), (2, 1)),
            ("ij->i...", (2, 3)), ("aij,bjk->abik", (2, 2, 3), (2, 3, 2)),
        )
    ),
    call("einsum", n(2, 3), [0, 1], n(3, 4), [1, 2]), call("einsum", n(2, 3), [0, 27], [27, 0]),
    call("einsum", n(2, 3), [0, 1], n(3, 4), [1, 2], [2, 0]), call("einsum", n(3, 3), [0, 0]),
    call("einsum", n(2, 3), [..., 0], n(3, 4), [0, 2], [..., 2]),
    call("einsum", n(2, 3), [51, 25]), call("einsum", "ij,jk", [n(2, 3), n(3, 4)]),
    call("einsum", "i,j", n(2), d.integers(0, 5, 3)),
]  # fmt: skip

REFUSED = [
    refuse("'j' has extent 4", "einsum", "ij,jk->ik", n(2, 3), n(4, 4)),
    refuse("'i' is repeated", "einsum", "ii->i", n(3, 1)),
    refuse("'i' is repeated", "einsum", "ii", n(3, 2)),
    refuse("'k' of the output", "einsum", "ij->k", n(2, 3)),
    refuse("more than once in the output", "einsum", "ij->ii", n(2, 3)),
    refuse("2 axes, but it has 3", "einsum", "ij", n(2, 3, 4)),
    refuse("3 axes, but it has 2", "einsum", "ijk", n(2, 3)),
    refuse("3 axes, but it has 2", "einsum", "ijk...", n(2, 3)),
    refuse("names 2 operands", "einsum", "ij,jk", n(2, 3)),
    refuse("names 1 operands", "einsum", "ij", n(2, 3), n(2, 3)),
    refuse("'.' in 'i.j'", "einsum", "i.j", n(2, 3)),
    refuse("'1' in 'i1'", "einsum", "i1", n(2, 3)),
    refuse("'-' in", "einsum", "ij,jk-ik", n(2, 3), n(3, 4)),
    refuse("not a letter", "einsum", "i->i->i", n(2)),
    refuse("a space within", "einsum", ". ..i->i", n(2, 3)),
    refuse("a space within", "einsum", "ij- >i", n(2, 3)),
    refuse("one ... is", "einsum", "i...j...", n(2, 3)),
    refuse("same dtype", "einsum", "i,i", n(2), d.integers(0, 5, 2)),
    refuse("0 to 51", "einsum", n(2, 3), [0, 52]), refuse("0 to 51", "einsum", n(2, 3), [0, -1]),
    refuse("equation and operands", "einsum", "i"), refuse("a string", "einsum", 5, n(2)),
    refuse("must be a tensor", "einsum", "ij", 5), refuse("a list", "einsum", n(2), 0),
    refuse("an axis of ... has extent", "einsum", "...i,...i", n(2, 3), n(3, 3)),
]  # fmt: skip
