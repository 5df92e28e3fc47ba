"""Einstein summation, lowered to diagonals, sums and products of matrices."""

import functools
import itertools
import string

from ..engine.autocast import casts
from ..engine.graph import TensorBase
from .arithmetic import mul
from .diagonals import diagonal
from .matmul import product
from .reduce import sum
from .shape import movedim, permute, reshape

__all__ = ["einsum"]

_LETTERS = string.ascii_uppercase + string.ascii_lowercase  # the order of sublist numbers


@casts("low")
def einsum(*args):
    """Σ over the products of the operands, axes named by letters: ``einsum("ij,jk->ik", a, b)``.

    A letter that is not in the output is summed over; one that is twice in an operand names its
    diagonal; "..." stands for any axes, which broadcast. Without "->" the output has the letters
    that occur once, in alphabetical order, after the axes of "...". Letters may be given as lists
    of numbers instead: ``einsum(a, [0, 1], b, [1, 2], [0, 2])``.

    >>> import minigrad as mg
    >>> mg.einsum("ii", mg.eye(3))
    tensor(3.)
    """
    equation, operands = _equation_and_operands(args)
    for i, t in enumerate(operands):
        if not isinstance(t, TensorBase):
            raise TypeError(f"einsum: operand {i} must be a tensor, got {type(t).__name__}")
    names, output = parsed(equation, tuple(t._array.ndim for t in operands))
    extents = _extents(names, [t._array.shape for t in operands])
    terms = [_prepared(t, own, extents) for t, own in zip(operands, names, strict=True)]
    while len(terms) > 1:
        i, j = _cheapest(terms, output, extents)
        second, first = terms.pop(j), terms.pop(i)
        kept = {*output, *(name for _, own in terms for name in own)}
        terms.insert(i, _product(_reduced(first, kept | {*second[1]}),
                                 _reduced(second, kept | {*first[1]}), kept))  # fmt: skip
    return _arranged(_reduced(terms[0], {*output}), output)


def _equation_and_operands(args):
    """The equation as a string, and the operands, from either form of call."""
    if len(args) < 2:
        raise ValueError("einsum: give an equation and operands, or operands with their sublists")
    if isinstance(args[0], TensorBase):
        pairs = len(args) // 2
        lists = [_letters(args[2 * i + 1]) for i in range(pairs)]
        equation = ",".join(lists)
        if len(args) % 2:
            equation += "->" + _letters(args[-1])
        return equation, args[: 2 * pairs : 2]
    if not isinstance(args[0], str):
        raise TypeError(f"einsum: equation must be a string, got {type(args[0]).__name__}")
    if len(args) == 2 and isinstance(args[1], tuple | list):
        return args[0], tuple(args[1])
    return args[0], args[1:]


def _letters(sublist):
    """A list of numbers and Ellipsis as letters."""
    if not isinstance(sublist, tuple | list):
        raise TypeError(f"einsum: a sublist must be a list, got {type(sublist).__name__}")
    for number in sublist:
        if number is not Ellipsis and not (isinstance(number, int) and 0 <= number < 52):
            raise ValueError(f"einsum: a subscript must be from 0 to 51 or ..., got {number!r}")
    return "".join("..." if n is Ellipsis else _LETTERS[n] for n in sublist)


@functools.lru_cache(maxsize=1024)
def parsed(equation, ndims):
    """(the names of every operand's axes, those of the output's) for numbers of axes.

    A name is a letter, or the place of an axis of "..." counted from the last, as a number.
    """
    joined = equation.replace(" ", "")
    for symbol in ("...", "->"):
        if joined.count(symbol) > equation.count(symbol):
            raise RuntimeError(f"einsum: {equation!r} has a space within {symbol!r}")
    left, arrow, right = joined.partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise RuntimeError(
            f"einsum: {equation!r} names {len(terms)} operands, but {len(ndims)} were given"
        )
    names = [
        _names(term, ndim, f"operand {i}")
        for i, (term, ndim) in enumerate(zip(terms, ndims, strict=True))
    ]
    seen = [name for own in names for name in own]
    dots = sorted({name for name in seen if isinstance(name, int)}, reverse=True)
    if not arrow:
        letters = sorted({n for n in seen if isinstance(n, str) and seen.count(n) == 1})
        return names, (*dots, *letters)
    output = _names(right, len(right.replace("...", "")) + len(dots), "the output", dots)
    for name in output:
        if name not in seen:
            raise RuntimeError(f"einsum: {name!r} of the output is in no operand of {equation!r}")
        if output.count(name) > 1:
            raise RuntimeError(f"einsum: {name!r} is more than once in the output of {equation!r}")
    return names, output


def _names(term, ndim, where, dots=None):
    """The names of the axes of one term; the axes of "..." are ``dots``, or as many as are left."""
    before, ellipsis, after = term.partition("...")
    for character in before + after:
        if character not in _LETTERS:
            raise RuntimeError(
                f"einsum: {character!r} in {term!r} of {where} is not a letter; only one ... is "
                "allowed in each term"
            )
    letters = len(before) + len(after)
    if dots is None:
        if letters > ndim or (letters < ndim and not ellipsis):
            raise RuntimeError(
                f"einsum: {term!r} of {where} names {letters} axes, but it has {ndim} dimensions"
            )
        dots = range(ndim - letters - 1, -1, -1)
    return (*before, *(dots if ellipsis else ()), *after)


def _extents(names, shapes):
    """{name: extent}, after checking that operands agree or have extent 1."""
    found = {}
    for i, (own, shape) in enumerate(zip(names, shapes, strict=True)):
        here = {}
        for name, extent in zip(own, shape, strict=True):
            if here.setdefault(name, extent) != extent:
                raise RuntimeError(
                    f"einsum: {name!r} is repeated in operand {i} of shape {shape} for axes of "
                    f"extents {here[name]} and {extent}"
                )
            known = found.get(name, 1)
            if extent not in (1, known) and known != 1:
                what = repr(name) if isinstance(name, str) else "an axis of ..."
                raise RuntimeError(
                    f"einsum: {what} has extent {extent} in operand {i} of shape {shape}, but "
                    f"{known} before"
                )
            found[name] = extent if known == 1 else known
    return found


def _prepared(t, names, extents):
    """(tensor, names) with diagonals taken and without axes of extent 1 that are repeated."""
    names = list(names)
    for name in dict.fromkeys(names):
        while names.count(name) > 1:
            i = names.index(name)
            j = names.index(name, i + 1)
            t = movedim(diagonal(t, 0, i, j), -1, i)
            del names[j]
    shape = t._array.shape
    kept = [i for i, n in enumerate(names) if shape[i] == extents[n]]
    if len(kept) < len(names):
        t = reshape(t, [shape[i] for i in kept])
    return t, tuple(names[i] for i in kept)


def _cheapest(terms, output, extents):
    """The pair whose product is smallest against its factors; the only pair of two."""
    if len(terms) == 2:
        return 0, 1

    def growth(pair):
        first, second = ({*terms[p][1]} for p in pair)
        others = {n for q, (_, own) in enumerate(terms) if q not in pair for n in own}
        result = (first | second) & (others | {*output})
        return _size(result, extents) - _size(first, extents) - _size(second, extents)

    return min(itertools.combinations(range(len(terms)), 2), key=growth)


def _size(names, extents):
    size = 1
    for name in names:
        size *= extents[name]
    return size


def _reduced(term, kept):
    """The term summed over the axes that nothing else names."""
    t, names = term
    summed = tuple(i for i, n in enumerate(names) if n not in kept)
    if not summed:
        return term
    return sum(t, summed), tuple(n for n in names if n in kept)


def _product(first, second, kept):
    """The product of two terms, summed over common axes that are not kept.

    As matrices: (common kept, own of the first, summed) with (common kept, summed, own).
    """
    (a, left), (b, right) = first, second
    common = [n for n in left if n in right]
    batch, summed = [n for n in common if n in kept], [n for n in common if n not in kept]
    rows, columns = [n for n in left if n not in common], [n for n in right if n not in common]
    names = (*batch, *rows, *columns)
    if not summed:
        a, b = _grouped(a, left, [batch, rows], columns), _arranged((b, right), (*batch, *columns))
        b = reshape(b, (*b._array.shape[: len(batch)], *(1,) * len(rows),
                        *b._array.shape[len(batch) :]))  # fmt: skip
        return mul(a, b), names
    shape = _shape_of(a, left, [*batch, *rows]) + _shape_of(b, right, columns)
    found = product("einsum", _matrices(a, left, batch, rows, summed),
                    _matrices(b, right, batch, summed, columns))  # fmt: skip
    return _shaped(found, shape), names


def _shape_of(t, names, chosen):
    return tuple(t._array.shape[names.index(n)] for n in chosen)


def _matrices(t, names, batch, rows, columns):
    """The term as (axes of batch as one, rows as one, columns as one)."""
    parts = [_shape_of(t, names, group) for group in (batch, rows, columns)]
    sizes = [functools.reduce(lambda m, n: m * n, part, 1) for part in parts]
    order = (*batch, *rows, *columns)
    return _shaped(_arranged((t, names), order), tuple(sizes if batch else sizes[1:]))


def _shaped(t, shape):
    return t if t._array.shape == shape else reshape(t, shape)


def _grouped(t, names, groups, missing):
    """The term in the order of the groups, with an axis of extent 1 for every missing name."""
    t = _arranged((t, names), tuple(itertools.chain(*groups)))
    return reshape(t, (*t._array.shape, *(1,) * len(missing))) if missing else t


def _arranged(term, order):
    """The tensor of a term with its axes in an order."""
    t, names = term
    if names == tuple(order):
        return t
    return permute(t, tuple(names.index(n) for n in order))
