"""Matrix products."""

from ..backend import IDENTITY, RELU, SIGMOID, SLOPES, TANH
from ..engine.autocast import will_agree
from ..engine.gradients import recomputed
from ..engine.graph import dtype_of
from ..engine.op import Op, Sample
from .arithmetic import add
from .operands import tensor_of
from .shape import expand, reshape

__all__ = ["matmul", "mm"]


class Matmul(Op):
    """Z = X Y, batched over leading axes.    dL/dX = G Yᵀ,  dL/dY = Xᵀ G

    A 1-D left operand is a row and a 1-D right operand a column, without that axis in the result.
    """

    precision = "low"

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.matmul(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        row, column = x.ndim == 1, y.ndim == 1
        if row and column:
            return k.mul(y, g), k.mul(x, g)
        x = k.reshape(x, (1, -1)) if row else x
        y = k.reshape(y, (-1, 1)) if column else y
        shape = g.shape
        if column:
            shape = (*shape, 1)
        if row:
            shape = (*shape[:-1], 1, shape[-1])
        g = k.reshape(g, shape)
        gx = gy = None
        if ctx.needs(0):
            gx = k.matmul(g, _swapped(k, y))
            gx = _down_to(k, gx, ctx.edges[0][2], row, 0)
        if ctx.needs(1):
            gy = k.matmul(_swapped(k, x), g)
            gy = _down_to(k, gy, ctx.edges[1][2], column, 1)
        return gx, gy

    def multiply_adds(ctx, out):
        return out.size * ctx.saved[0].shape[-1]

    def samples(rng):
        yield Sample("matrices", (rng.normal(size=(3, 4)), rng.normal(size=(4, 2))))
        yield Sample("vectors", (rng.normal(size=4), rng.normal(size=4)))
        yield Sample("row", (rng.normal(size=3), rng.normal(size=(2, 3, 4))))
        yield Sample("column", (rng.normal(size=(2, 3, 4)), rng.normal(size=4)))
        yield Sample("batch", (rng.normal(size=(2, 1, 2, 3)), rng.normal(size=(3, 3, 2))))
        yield Sample("empty", (rng.normal(size=(0, 4)), rng.normal(size=(4, 2))))

    def peer(torch, x, y):
        return torch.matmul(x, y)


def _swapped(k, x):
    axes = tuple(range(x.ndim))
    return k.permute(x, (*axes[:-2], axes[-1], axes[-2]))


def _down_to(k, g, shape, vector, position):
    """The gradient of one operand, summed over broadcast batches, without a vector's extra axis."""
    if not vector:
        return k.unbroadcast(g, shape) if g.shape != shape else g
    kept = (1, *shape) if position == 0 else (*shape, 1)
    return k.reshape(k.unbroadcast(g, kept) if g.shape != kept else g, shape)


class Linear(Op):
    """Y = f(X Wᵀ + b).    G′ = G · f′,  dL/dX = G′ W,  dL/dW = G′ᵀ X,  dL/db = Σ G′ over rows

    ``activation`` chooses f: IDENTITY, RELU, TANH or SIGMOID; f′ comes from the output Y.
    """

    precision = "low"

    def forward(ctx, k, x, weight, bias, *, activation=IDENTITY):
        ctx.activation = activation
        y = k.linear(x, weight, bias, activation)
        if activation == IDENTITY:
            ctx.save(x, weight)
        else:
            ctx.save(x, weight, y)
        return y

    def vjp(ctx, k, g):
        saved, edges = ctx.saved, ctx.edges
        x, weight = saved[0], saved[1]
        y = saved[2] if len(saved) > 2 else g
        needs = (edges[0] is not None, edges[1] is not None, edges[2] is not None)
        if not k.records:
            return k.linear_vjp(g, x, weight, y, ctx.activation, needs)
        if ctx.activation != IDENTITY:
            g = getattr(k, SLOPES[ctx.activation])(g, y)
        return (
            k.linear_input_grad(g, weight) if needs[0] else None,
            k.linear_weight_grad(g, x) if needs[1] else None,
            k.unbroadcast(g, weight.shape[:1]) if needs[2] else None,
        )

    def multiply_adds(ctx, out):
        return out.size * ctx.saved[0].shape[-1]

    def samples(rng):
        w, b = rng.normal(size=(2, 3)), rng.normal(size=2)
        yield Sample("matrix", (rng.normal(size=(4, 3)), w, b))
        yield Sample("vector", (rng.normal(size=3), w, b))
        yield Sample("cube, no bias", (rng.normal(size=(2, 2, 3)), w, None))
        yield Sample("empty", (rng.normal(size=(0, 3)), w, b))
        for name, code in (("relu", RELU), ("tanh", TANH), ("sigmoid", SIGMOID)):
            yield Sample(name, (rng.normal(size=(4, 3)), w, b), {"activation": code})

    def peer(torch, x, weight, bias, *, activation=IDENTITY):
        y = torch.nn.functional.linear(x, weight, bias)
        return (torch.clone, torch.relu, torch.tanh, torch.sigmoid)[activation](y)


class LinearChain(Op):
    """Y = f₂(f₁(X W₁ᵀ + b₁) W₂ᵀ + b₂) …: linear layers one after another as one node.

    dL/dX and dL/dW, dL/db of every layer as in :class:`Linear`, from the last layer to the first.
    """

    recomputes = True

    def forward(ctx, k, x, *parameters, activations):
        ctx.activations = activations
        outputs = k.linear_chain(activations, x, *parameters)
        ctx.save(x, *parameters, *outputs)
        return outputs[-1]

    def vjp(ctx, k, g):
        activations = ctx.activations
        x, *rest = ctx.saved
        if k.records:
            return recomputed(ctx.composed, (x, *rest[: 2 * len(activations)]), g)
        needs = tuple([edge is not None for edge in ctx.edges])
        return k.linear_chain_vjp(activations, needs, g, x, *rest)

    def composed(ctx, x, *parameters):
        """The same layers, one op each."""
        for i, activation in enumerate(ctx.activations):
            x = Linear.apply(x, parameters[2 * i], parameters[2 * i + 1], activation=activation)
        return x

    def samples(rng):
        w1, b1, w2 = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=(2, 5))
        codes = {"activations": (TANH, IDENTITY)}
        yield Sample("two layers", (rng.normal(size=(4, 3)), w1, b1, w2, None), codes)

    def peer(torch, x, *parameters, activations):
        functions = (torch.clone, torch.relu, torch.tanh, torch.sigmoid)
        for i, activation in enumerate(activations):
            x = torch.nn.functional.linear(x, parameters[2 * i], parameters[2 * i + 1])
            x = functions[activation](x)
        return x


class LinearInputGrad(Op):
    """Y = G W.    dL/dG = H Wᵀ,  dL/dW = Gᵀ H"""

    def forward(ctx, k, g, weight):
        ctx.save(g, weight)
        return k.linear_input_grad(g, weight)

    def vjp(ctx, k, h):
        g, weight = ctx.saved
        return (
            k.linear(h, weight, None) if ctx.needs(0) else None,
            k.linear_weight_grad(g, h) if ctx.needs(1) else None,
        )

    def samples(rng):
        yield Sample("matrix", (rng.normal(size=(4, 2)), rng.normal(size=(2, 3))))
        yield Sample("vector", (rng.normal(size=2), rng.normal(size=(2, 3))))

    def peer(torch, g, weight):
        return g @ weight


class LinearWeightGrad(Op):
    """Y = Σ Gᵀ X over leading axes.    dL/dG = X Hᵀ,  dL/dX = G H"""

    def forward(ctx, k, g, x):
        ctx.save(g, x)
        return k.linear_weight_grad(g, x)

    def vjp(ctx, k, h):
        g, x = ctx.saved
        return (
            k.linear(x, h, None) if ctx.needs(0) else None,
            k.linear_input_grad(g, h) if ctx.needs(1) else None,
        )

    def samples(rng):
        yield Sample("matrix", (rng.normal(size=(4, 2)), rng.normal(size=(4, 3))))
        yield Sample("cube", (rng.normal(size=(2, 2, 2)), rng.normal(size=(2, 2, 3))))

    def peer(torch, g, x):
        return g.reshape(-1, g.shape[-1]).T @ x.reshape(-1, x.shape[-1])


def matmul(input, other):
    """The matrix product with PyTorch's rules for vectors and batches.

    >>> import minigrad as mg
    >>> mg.matmul(mg.ones(2, 3), mg.ones(3))
    tensor([3., 3.])
    """
    return product("matmul", tensor_of(input), tensor_of(other, "other"))


def mm(input, mat2):
    """The product of two matrices."""
    x, y = tensor_of(input), tensor_of(mat2, "mat2")
    if x._array.ndim != 2 or y._array.ndim != 2:
        raise RuntimeError(f"mm: expected two matrices, got shapes {x.shape} and {y.shape}")
    return product("mm", x, y)


def product(name, x, y):
    """The matrix product of two tensors for the function ``name``, after checking that it exists.

    Both have one dtype, which is not bool, and as many columns on the left as rows on the right.
    """
    a, b = x._array, y._array
    if a.ndim == 0 or b.ndim == 0:
        raise RuntimeError(f"{name}: both operands need at least 1 dimension; use * for scalars")
    rows = b.shape[-2 if b.ndim > 1 else 0]
    if a.shape[-1] != rows:
        raise RuntimeError(
            f"{name}: shapes {a.shape} and {b.shape} cannot be multiplied: "
            f"{a.shape[-1]} columns on the left, {rows} rows on the right"
        )
    if a.dtype is not b.dtype or x._tag is not y._tag:
        check_operands(name, Matmul, x, y)
    if a.dtype.kind == "b":
        raise RuntimeError(f"{name} of bools is undefined; give integers")
    return Matmul.apply(x, y)


def check_same_dtype(name, *tensors):
    """Raise a RuntimeError unless all tensors have one dtype."""
    kinds = [dtype_of(t) for t in tensors]
    if any(kind is not kinds[0] for kind in kinds):
        raise RuntimeError(
            f"{name}: expected operands of the same dtype, got {' and '.join(map(str, kinds))}"
        )


def check_operands(name, op, *tensors):
    """As :func:`check_same_dtype`, unless autocast will bring the inputs of the op to one dtype."""
    if not will_agree(op.precision, tensors):
        check_same_dtype(name, *tensors)


def linear(input, weight, bias=None):
    """input · weightᵀ + bias for input (..., in), weight (out, in) and bias (out,).

    Any bias that broadcasts to the result will do. A weight (in,) gives a result (...), to which a
    bias of no axes may be added unless input is a matrix.
    """
    x = tensor_of(input)
    w = weight._array.shape
    if len(w) == 1:
        return _vector_linear(x, weight, bias)
    if bias is not None and bias._array.shape != w[:1] and len(w) == 2:
        return _broadcast_linear(x, weight, bias)
    check_linear(x, weight, bias)
    return Linear.apply(x, weight, bias)


def _vector_linear(x, weight, bias):
    """The products of rows with one vector of weights, and a bias of no axes."""
    y = product("linear", x, weight)
    if bias is None:
        return y
    if bias._array.ndim or x._array.ndim == 2:
        raise RuntimeError(
            f"linear: bias of shape {bias._array.shape} does not fit input of shape "
            f"{x._array.shape} and weight of shape {weight._array.shape}"
        )
    check_same_dtype("linear", y, bias)
    return add(y, bias)


def _broadcast_linear(x, weight, bias):
    """As :func:`linear` with a bias that broadcasts to the result, a vector being one row."""
    check_linear(x, weight, None)
    check_operands("linear", Linear, x, bias)
    y = Linear.apply(x, weight, None)
    shape = y._array.shape
    rows = shape if len(shape) > 1 else (1, *shape)
    try:
        bias = expand(bias, rows)
    except RuntimeError:
        raise RuntimeError(
            f"linear: bias of shape {bias._array.shape} does not fit weight of shape "
            f"{weight._array.shape}"
        ) from None
    return reshape(add(y, bias), shape)


def check_linear(x, weight, bias):
    """Raise RuntimeError unless x (..., in), weight (out, in) and bias (out,) fit together."""
    a, w = x._array, weight._array
    if w.ndim != 2 or a.ndim == 0 or a.shape[-1] != w.shape[1]:
        raise RuntimeError(
            f"linear: input of shape {a.shape} does not fit weight of shape {w.shape}: "
            f"the last extent must be {w.shape[-1] if w.ndim else None}"
        )
    if bias is not None and bias._array.shape != w.shape[:1]:
        raise RuntimeError(
            f"linear: bias of shape {bias._array.shape} does not fit weight of shape {w.shape}"
        )
    if a.dtype is not w.dtype or x._tag is not weight._tag:
        check_operands("linear", Linear, x, weight)


def linear_chain(input, parameters, activations):
    """Several linear layers, each with its activation, as one op.

    ``parameters`` are the weight and the bias (or None) of each layer, ``activations`` a code for
    each. The results are those of the layers one by one, bit for bit.
    """
    array, tag = input._array, input._tag
    width, kind = array.shape[-1:], array.dtype
    for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
        w = weight._array
        outputs = w.shape[:1]
        fits = w.shape[1:] == width and w.dtype is kind and weight._tag is tag
        if not fits or (bias is not None and bias._array.shape != outputs):
            check_linear(input.new_zeros(width), weight, bias)
        width = outputs
    return LinearChain.apply(input, *parameters, activations=activations)
