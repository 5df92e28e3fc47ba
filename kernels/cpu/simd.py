"""Explicit vectors: what loops cannot say, as Numba intrinsics.

LLVM vectorises loops, but it does not keep a tile of a matrix product in registers from one step of
the inner sum to the next, and it does not turn a square of numbers in registers. This room says
both in so many words, for float32:

- A **tile** of a product C = A B is a few rows by WIDTH columns. Every step of the sum loads a row
  of B into vectors, spreads one number of A over a vector for each row of the tile, and adds the
  products to running sums. With a dozen of them the multiply-add units never wait.
- A **transposition** turns LANES × LANES numbers by exchanging halves of rows, then quarters, and
  so on.
- A **transform** computes M X Mᵀ for a small constant matrix M, in each lane by itself.
- The **largest of squares** pools 2 × 2 numbers: it parts two rows into even and odd numbers.

They work on flat float32 arrays with offsets and strides counted in elements, and check nothing:
callers do. ``LANES`` is the number of float32 in a vector of the host: 16, 8, or 0 where there is
no fused multiply-add; then callers use something else.
"""

import functools

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..compile import jit

WIDTH = 16  # columns of a tile
_AVX2 = ("haswell", "broadwell", "skylake", "znver1", "znver2", "znver3")


def _lanes():
    """Numbers in a vector of the processor that is compiled for."""
    if numba.config.DISABLE_JIT:
        return 0
    name = numba.config.CPU_NAME or "host"
    if name != "host" or numba.config.CPU_FEATURES:
        return 8 if name in _AVX2 and not numba.config.CPU_FEATURES else 0
    host = binding.get_host_cpu_features()
    return 16 if host.get("avx512f") else 8 if host.get("avx2") and host.get("fma") else 0


LANES = _lanes()
# whether the processor computes a vector of 16 numbers in two halves
HALVED = LANES == 16 and binding.get_host_cpu_name() == "znver4"
VECTORS = WIDTH // LANES if LANES else 0  # in a row of a tile
HEIGHT = 12 if LANES == 16 else 6  # rows of a tile: the running sums fill most of the registers

_FLOAT, _LONG, _INT = ir.FloatType(), ir.IntType(64), ir.IntType(32)
_VECTOR = ir.VectorType(_FLOAT, LANES or 1)
_FUSED = ("contract",)
_n = types.intp


def _pointer(context, builder, kind, array, offset):
    return builder.gep(context.make_array(kind)(context, builder, array).data, [offset])


def _after(builder, pointer, index, stride):
    """The pointer moved by ``index`` (a Python int) strides."""
    return builder.gep(pointer, [builder.mul(stride, _LONG(index))])


def _load(builder, pointer):
    return builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _store(builder, vector, pointer):
    builder.store(vector, builder.bitcast(pointer, _VECTOR.as_pointer()), align=4)


def _shuffled(builder, x, y, places):
    return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(_INT, LANES), places))


def _spread(builder, number):
    """A vector of LANES times one number."""
    undefined = ir.Constant(ir.VectorType(number.type, LANES), ir.Undefined)
    first = builder.insert_element(undefined, number, _INT(0))
    return _shuffled(builder, first, undefined, [0] * LANES)


def make_tile(rows):
    """The intrinsic C[i, j] (+)= Σ_t Σ_k A[i, t, k] B[t, k, j] for ``rows`` rows and WIDTH columns.

    Called as ``tile(a, a0, a_row, a_turn, a_step, b, b0, b_turn, b_step, turns, depth, c, c0,
    c_row, add)`` for t < turns and k < depth: A[i, t, k] is a[a0 + i a_row + t a_turn + k a_step],
    B[t, k, j] is b[b0 + t b_turn + k b_step + j], C[i, j] is c[c0 + i c_row + j].
    """
    places = [(i, v) for i in range(rows) for v in range(VECTORS)]

    def generate(context, builder, signature, arguments):
        a, a0, a_row, a_turn, a_step, b, b0, b_turn, b_step, *rest = arguments
        turns, depth, c, c0, c_row, add = rest
        a_start = _pointer(context, builder, signature.args[0], a, a0)
        b_start = _pointer(context, builder, signature.args[5], b, b0)
        c_start = _pointer(context, builder, signature.args[11], c, c0)
        sums = {place: cgutils.alloca_once(builder, _VECTOR) for place in places}
        for place in places:
            builder.store(ir.Constant(_VECTOR, None), sums[place])
        with cgutils.for_range(builder, turns) as turn:
            a_now = builder.gep(a_start, [builder.mul(turn.index, a_turn)])
            b_now = builder.gep(b_start, [builder.mul(turn.index, b_turn)])
            starts = [_after(builder, a_now, i, a_row) for i in range(rows)]
            with cgutils.for_range(builder, depth) as step:
                along = builder.mul(step.index, a_step)
                row = builder.gep(b_now, [builder.mul(step.index, b_step)])
                _add_step(builder, sums, [builder.gep(start, [along]) for start in starts], row)
        ends = [_after(builder, c_start, i, c_row) for i in range(rows)]
        ends = {(i, v): builder.gep(ends[i], [_LONG(LANES * v)]) for i, v in places}
        with builder.if_then(add):
            for place in places:
                known = _load(builder, ends[place])
                builder.store(builder.fadd(known, builder.load(sums[place])), sums[place])
        for place in places:
            _store(builder, builder.load(sums[place]), ends[place])
        return context.get_dummy_value()

    @intrinsic
    def tile(
        _typing, a, a0, a_row, a_turn, a_step, b, b0, b_turn, b_step, turns, depth, c, c0, c_row,
        add,
    ):  # fmt: skip
        kinds = (a, _n, _n, _n, _n, b, _n, _n, _n, _n, _n, c, _n, _n, types.boolean)
        return types.void(*kinds), generate

    return tile


def make_window_tile(rows):
    """The intrinsic C[i, j] = Σ_t Σ_k A[i, t, k] B[t, k, j], whose rows and turns lie anywhere.

    Called as ``tile(a, starts, s0, turns, count, depth, b, b0, c, c0, c_row)`` for t < count and
    k < depth: A[i, t, k] is a[starts[s0 + i] + turns[t] + k], B[t, k, j] is
    b[b0 + (t depth + k) WIDTH + j], C[i, j] is c[c0 + i c_row + j].
    """
    places = [(i, v) for i in range(rows) for v in range(VECTORS)]

    def generate(context, builder, signature, arguments):
        a, starts, s0, turns, count, depth, b, b0, c, c0, c_row = arguments
        a_start = _pointer(context, builder, signature.args[0], a, _LONG(0))
        table = _pointer(context, builder, signature.args[1], starts, s0)
        turned = _pointer(context, builder, signature.args[3], turns, _LONG(0))
        b_start = _pointer(context, builder, signature.args[6], b, b0)
        c_start = _pointer(context, builder, signature.args[8], c, c0)
        sums = {place: cgutils.alloca_once(builder, _VECTOR) for place in places}
        for place in places:
            builder.store(ir.Constant(_VECTOR, None), sums[place])
        begins = [
            builder.gep(a_start, [builder.load(builder.gep(table, [_LONG(i)]))])
            for i in range(rows)
        ]
        with cgutils.for_range(builder, count) as turn:
            begin = builder.load(builder.gep(turned, [turn.index]))
            first = builder.mul(turn.index, depth)
            with cgutils.for_range(builder, depth) as step:
                along = builder.mul(builder.add(first, step.index), _LONG(WIDTH))
                place = builder.add(begin, step.index)
                pointers = [builder.gep(start, [place]) for start in begins]
                _add_step(builder, sums, pointers, builder.gep(b_start, [along]))
        for i, v in places:
            end = builder.gep(_after(builder, c_start, i, c_row), [_LONG(LANES * v)])
            _store(builder, builder.load(sums[i, v]), end)
        return context.get_dummy_value()

    @intrinsic
    def tile(_typing, a, starts, s0, turns, count, depth, b, b0, c, c0, c_row):
        return types.void(a, starts, _n, turns, _n, _n, b, _n, c, _n, _n), generate

    return tile


def make_layer_tile(rows):
    """The intrinsic C[i, j] = S[j] + Σ_k A[i, k] B[k, j] for ``rows`` rows and WIDTH columns.

    Called as ``tile(a, a0, a_row, a_step, depth, b, b0, s, s0, c, c0, c_row)`` for k < depth:
    A[i, k] is a[a0 + i a_row + k a_step], B[k, j] is b[b0 + k WIDTH + j], S[j] is s[s0 + j],
    C[i, j] is c[c0 + i c_row + j]. The lines of C are fetched while the sums are made.
    """
    places = [(i, v) for i in range(rows) for v in range(VECTORS)]

    def generate(context, builder, signature, arguments):
        a, a0, a_row, a_step, depth, b, b0, s, s0, c, c0, c_row = arguments
        a_start = _pointer(context, builder, signature.args[0], a, a0)
        b_start = _pointer(context, builder, signature.args[5], b, b0)
        s_start = _pointer(context, builder, signature.args[7], s, s0)
        c_start = _pointer(context, builder, signature.args[9], c, c0)
        starts = [_after(builder, a_start, i, a_row) for i in range(rows)]
        ends = [_after(builder, c_start, i, c_row) for i in range(rows)]
        for end in ends:
            _fetch_to_write(builder, end)
        sums = {place: cgutils.alloca_once(builder, _VECTOR) for place in places}
        for i, v in places:
            builder.store(_load(builder, builder.gep(s_start, [_LONG(LANES * v)])), sums[i, v])
        with cgutils.for_range(builder, depth) as step:
            row = builder.gep(b_start, [builder.mul(step.index, _LONG(WIDTH))])
            along = builder.mul(step.index, a_step)
            _add_step(builder, sums, [builder.gep(start, [along]) for start in starts], row)
        for i, v in places:
            end = builder.gep(ends[i], [_LONG(LANES * v)])
            _store(builder, builder.load(sums[i, v]), end)
        return context.get_dummy_value()

    @intrinsic
    def tile(_typing, a, a0, a_row, a_step, depth, b, b0, s, s0, c, c0, c_row):
        return types.void(a, _n, _n, _n, _n, b, _n, s, _n, c, _n, _n), generate

    return tile


def _fetch_to_write(builder, pointer):
    """Ask for a line of memory that will be written soon."""
    pointer = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, _INT, _INT, _INT])
    prefetch = builder.module.declare_intrinsic("llvm.prefetch", [pointer.type], kind)
    builder.call(prefetch, [pointer, _INT(1), _INT(3), _INT(1)])


def _add_step(builder, sums, places, row):
    """sums[i, v] += the number at places[i] · vector v of the row"""
    columns = [_load(builder, builder.gep(row, [_LONG(LANES * v)])) for v in range(VECTORS)]
    for i, place in enumerate(places):
        factor = _spread(builder, builder.load(place, align=4))
        for v, column in enumerate(columns):
            total = _fused(builder, factor, column, builder.load(sums[i, v]))
            builder.store(total, sums[i, v])


def _fused(builder, x, y, z):
    """x y + z, rounded once."""
    return builder.fadd(z, builder.fmul(x, y, flags=_FUSED), flags=_FUSED)


def _turned(builder, rows):
    """LANES vectors of LANES numbers, transposed."""
    half = LANES // 2
    while half:
        turned = list(rows)
        low = [j if not j & half else LANES + j - half for j in range(LANES)]
        high = [j + half if not j & half else LANES + j for j in range(LANES)]
        for i in range(LANES):
            if not i & half:
                x, y = rows[i], rows[i + half]
                turned[i] = _shuffled(builder, x, y, low)
                turned[i + half] = _shuffled(builder, x, y, high)
        rows, half = turned, half // 2
    return rows


@intrinsic
def copy_row(_typing, x, x0, y, y0):
    """y[y0 + j] = x[x0 + j] for j < WIDTH"""

    def generate(context, builder, signature, arguments):
        x, x0, y, y0 = arguments
        source = _pointer(context, builder, signature.args[0], x, x0)
        target = _pointer(context, builder, signature.args[2], y, y0)
        for v in range(VECTORS):
            vector = _load(builder, builder.gep(source, [_LONG(LANES * v)]))
            _store(builder, vector, builder.gep(target, [_LONG(LANES * v)]))
        return context.get_dummy_value()

    return types.void(x, _n, y, _n), generate


@intrinsic
def rows_to_places(_typing, x, x0, x_row, rows, y, y0, unit, places, p0):
    """y[y0 + places[p0 + j] unit + i] = x[x0 + i x_row + j] for i, j < LANES, 0 from i = rows on"""

    def generate(context, builder, signature, arguments):
        x, x0, x_row, rows, y, y0, unit, places, p0 = arguments
        source = _pointer(context, builder, signature.args[0], x, x0)
        target = _pointer(context, builder, signature.args[4], y, y0)
        table = _pointer(context, builder, signature.args[7], places, p0)
        last, vectors = builder.sub(rows, _LONG(1)), []
        for i in range(LANES):
            inside = builder.icmp_signed("<", _LONG(i), rows)
            row = builder.mul(x_row, builder.select(inside, _LONG(i), last))
            vector = _load(builder, builder.gep(source, [row]))
            vectors.append(builder.select(inside, vector, ir.Constant(_VECTOR, None)))
        for j, vector in enumerate(_turned(builder, vectors)):
            place = builder.load(builder.gep(table, [_LONG(j)]))
            _store(builder, vector, builder.gep(target, [builder.mul(place, unit)]))
        return context.get_dummy_value()

    return types.void(x, _n, _n, _n, y, _n, _n, places, _n), generate


@intrinsic
def places_to_rows(_typing, x, x0, unit, places, p0, y, y0, y_row, rows, bias, b0):
    """y[y0 + i y_row + j] = x[x0 + places[p0 + j] unit + i] + bias[b0 + i], i < rows, j < LANES"""

    def generate(context, builder, signature, arguments):
        x, x0, unit, places, p0, y, y0, y_row, rows, bias, b0 = arguments
        source = _pointer(context, builder, signature.args[0], x, x0)
        table = _pointer(context, builder, signature.args[3], places, p0)
        target = _pointer(context, builder, signature.args[5], y, y0)
        addends = _pointer(context, builder, signature.args[9], bias, b0)
        columns = []
        for j in range(LANES):
            place = builder.load(builder.gep(table, [_LONG(j)]))
            columns.append(_load(builder, builder.gep(source, [builder.mul(place, unit)])))
        for i, vector in enumerate(_turned(builder, columns)):
            with builder.if_then(builder.icmp_signed("<", _LONG(i), rows), likely=True):
                addend = builder.load(builder.gep(addends, [_LONG(i)]), align=4)
                total = builder.fadd(vector, _spread(builder, addend))
                _store(builder, total, _after(builder, target, i, y_row))
        return context.get_dummy_value()

    return types.void(x, _n, _n, places, _n, y, _n, _n, _n, bias, _n), generate


@intrinsic
def largest_of_squares(_typing, x, x0, below, y, y0, at, a0, place):
    """y[y0 + j] = the largest of 2 × 2 numbers of x, and its place in at[a0 + j], for j < LANES

    They are x[x0 + 2j + t] for t = 0, 1, below and below + 1, at the places place + 2j + t. The
    first of equals is taken, and the last NaN.
    """

    def generate(context, builder, signature, arguments):
        x, x0, below, y, y0, at, a0, place = arguments
        source = _pointer(context, builder, signature.args[0], x, x0)
        target = _pointer(context, builder, signature.args[3], y, y0)
        found = _pointer(context, builder, signature.args[5], at, a0)
        places = ir.VectorType(_INT, LANES)
        columns = ir.Constant(places, [2 * j for j in range(LANES)])
        best = taken = None
        for row in (_LONG(0), below):
            start = builder.gep(source, [row])
            halves = _load(builder, start), _load(builder, builder.gep(start, [_LONG(LANES)]))
            for odd in (0, 1):
                value = _shuffled(builder, *halves, [2 * j + odd for j in range(LANES)])
                first = builder.trunc(builder.add(builder.add(place, row), _LONG(odd)), _INT)
                here = builder.add(_spread(builder, first), columns)
                if best is None:
                    best, taken = value, here
                    continue
                larger = builder.fcmp_ordered(">", value, best)
                better = builder.or_(larger, builder.fcmp_unordered("uno", value, value))
                best = builder.select(better, value, best)
                taken = builder.select(better, here, taken)
        _store(builder, best, target)
        builder.store(taken, builder.bitcast(found, places.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(x, _n, _n, y, _n, at, _n, _n), generate


def _combined(builder, coefficients, vectors):
    """Σ coefficients · vectors, those that are 0 left out"""
    terms = [(float(c), v) for c, v in zip(coefficients, vectors, strict=True) if c]
    if not terms:
        return ir.Constant(_VECTOR, None)
    terms.sort(key=lambda term: term[0] != 1)  # one that needs no multiplication goes first
    (first, total), *rest = terms
    if first != 1:
        total = builder.fmul(total, ir.Constant(_VECTOR, [first] * LANES), flags=_FUSED)
    for factor, vector in rest:
        total = _fused(builder, vector, ir.Constant(_VECTOR, [factor] * LANES), total)
    return total


def _product(builder, matrix, vectors):
    """The vectors times a constant matrix; rows that differ in signs share their two halves"""
    out, i = [], 0
    while i < len(matrix):
        row, following = matrix[i], matrix[i + 1] if i + 1 < len(matrix) else None
        if following is None or (abs(row) != abs(following)).any() or np.count_nonzero(row) < 3:
            out.append(_combined(builder, row, vectors))
            i += 1
            continue
        same = _combined(builder, np.where(row == following, row, 0), vectors)
        other = _combined(builder, np.where(row == following, 0, row), vectors)
        out += [builder.fadd(same, other), builder.fsub(same, other)]
        i += 2
    return out


def make_transform(*matrices):
    """The intrinsic Y = M X Mᵀ in LANES lanes, for M one of some constant matrices.

    Called as ``transform(which, x, x0, x_row, x_column, y, y0, y_row, y_column)``: M is
    matrices[which], lane l of X[i, j] is x[x0 + i x_row + j x_column + l], and so for Y.
    """

    def one(builder, matrix, source, x_row, x_column, target, y_row, y_column):
        outputs, inputs = matrix.shape
        half = cgutils.alloca_once(builder, _VECTOR, size=outputs * inputs)  # M X, by columns
        with cgutils.for_range(builder, _LONG(inputs)) as column:
            start = builder.gep(source, [builder.mul(column.index, x_column)])
            numbers = [_load(builder, _after(builder, start, i, x_row)) for i in range(inputs)]
            for i, vector in enumerate(_product(builder, matrix, numbers)):
                place = builder.add(column.index, _LONG(i * inputs))
                builder.store(vector, builder.gep(half, [place]))
        with cgutils.for_range(builder, _LONG(outputs)) as row:
            start = builder.gep(target, [builder.mul(row.index, y_row)])
            first = builder.gep(half, [builder.mul(row.index, _LONG(inputs))])
            numbers = [builder.load(builder.gep(first, [_LONG(j)])) for j in range(inputs)]
            for j, vector in enumerate(_product(builder, matrix, numbers)):
                _store(builder, vector, _after(builder, start, j, y_column))

    distinct = {matrix.tobytes(): matrix for matrix in matrices}

    def generate(context, builder, signature, arguments):
        which, x, x0, x_row, x_column, y, y0, y_row, y_column = arguments
        source = _pointer(context, builder, signature.args[1], x, x0)
        target = _pointer(context, builder, signature.args[5], y, y0)
        for known, matrix in distinct.items():
            alike = [n for n, other in enumerate(matrices) if other.tobytes() == known]
            chosen = (builder.icmp_signed("==", which, _LONG(n)) for n in alike)
            with builder.if_then(functools.reduce(builder.or_, chosen)):
                one(builder, matrix, source, x_row, x_column, target, y_row, y_column)
        return context.get_dummy_value()

    @intrinsic
    def transform(_typing, which, x, x0, x_row, x_column, y, y0, y_row, y_column):
        return types.void(_n, x, _n, _n, _n, y, _n, _n, _n), generate

    return transform


layer_tile = make_layer_tile(HEIGHT)
window_tile = make_window_tile(HEIGHT)
if LANES:
    tall, tile4, tile2, tile1 = map(make_tile, (HEIGHT, 4, 2, 1))


@jit()
def multiply_rows(
    rows, a, a0, a_row, a_turn, a_step, b, b0, b_turn, b_step, turns, depth, c, c0, c_row, add
):
    """As a tile (see :func:`make_tile`) of any number of rows."""
    i = 0
    while i + HEIGHT <= rows:
        tall(
            a, a0 + i * a_row, a_row, a_turn, a_step, b, b0, b_turn, b_step, turns, depth,
            c, c0 + i * c_row, c_row, add,
        )  # fmt: skip
        i += HEIGHT
    while i + 4 <= rows:
        tile4(
            a, a0 + i * a_row, a_row, a_turn, a_step, b, b0, b_turn, b_step, turns, depth,
            c, c0 + i * c_row, c_row, add,
        )  # fmt: skip
        i += 4
    if i + 2 <= rows:
        tile2(
            a, a0 + i * a_row, a_row, a_turn, a_step, b, b0, b_turn, b_step, turns, depth,
            c, c0 + i * c_row, c_row, add,
        )  # fmt: skip
        i += 2
    if i < rows:
        tile1(
            a, a0 + i * a_row, a_row, a_turn, a_step, b, b0, b_turn, b_step, turns, depth,
            c, c0 + i * c_row, c_row, add,
        )  # fmt: skip
