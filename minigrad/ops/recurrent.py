"""Recurrent layers: one op runs one direction of one layer over whole sequences.

Sequences may be packed: rows (R, features) hold the sizes[0] elements of step 0, then the sizes[1]
of step 1, and so on, where sizes never grow. Padded sequences (T, N, features) have N at each step.
"""

from .. import backend
from ..backend import IDENTITY, RELU, TANH
from ..engine.gradients import grad
from ..engine.op import Op, Sample
from .activation import relu, sigmoid, tanh
from .joining import cat, chunk
from .matmul import linear

__all__ = ["GruLayer", "LstmLayer", "RnnLayer"]


class _Layer(Op, abstract=True):
    """What the layers share: inputs x, weights and biases (or None) for x and for h, and states.

    The outputs are h after every step and the states after the last one. ``reverse`` runs from the
    last step to the first. With a ``lookup`` x is some rows of a table, the last input, and the
    products are those with the table: see :class:`minigrad.ops.embedding.Lookup`.
    """

    recomputes = True
    states = 1

    def multiply_adds(ctx, out):
        w_ih, w_hh = ctx.saved[1:3]
        return sum(ctx.sizes) * (w_ih.size + w_hh.size)

    def above(ctx, k, x, w_ih, b, table, lookup):
        """What x contributes to the sums under the gates: x Wᵀ + b"""
        ctx.table, ctx.lookup = table, lookup
        if lookup is None:
            return k.linear(_rows(x), w_ih, b)
        return k.take_rows(k.linear(table, w_ih, b), lookup.index, 0)

    def below(ctx, k, dx, x, w_ih):
        """The gradients for x, the weight, the bias and the table, from those of its result."""
        rest, lookup = (ctx.needs(1), ctx.needs(3) or ctx.needs(4)), ctx.lookup
        if lookup is None or not (lookup.fresh() and lookup.unseen()):
            gx, gw, gb = k.linear_vjp(dx, _rows(x), w_ih, dx, IDENTITY, (ctx.needs(0), *rest))
            return gx if gx is None else gx.reshape(x.shape), gw, gb, None
        sums, table = k.add_rows(dx, lookup.index, 0, len(ctx.table)), ctx.table
        gt, gw, gb = k.linear_vjp(sums, table, w_ih, sums, IDENTITY, (True, *rest))
        if lookup.padding is not None:
            gt[lookup.padding] = 0
        return None, gw, gb, gt

    def again(ctx, inputs, gradients):
        """The gradients as tensors, by way of a composition of smaller ops."""
        made = zip(ctx.composed(*inputs), gradients, strict=True)
        outputs, gradients = zip(*((t, g) for t, g in made if t.requires_grad), strict=True)
        wanted = [t for t in inputs if t is not None and t.requires_grad]
        found = grad(outputs, wanted, gradients, create_graph=True, allow_unused=True)
        slopes = dict(zip(map(id, wanted), found, strict=True))
        return *(slopes.get(id(t)) for t in inputs), None

    def composed(ctx, x, w_ih, w_hh, b_ih, b_hh, *rest):
        """The same layer, one step after another."""
        states, rest = rest[: ctx.states], rest[ctx.states :]
        below = linear(x.reshape(sum(ctx.sizes), x.shape[-1]), w_ih, b_ih)
        parts = {}
        for rows, n in backend.recurrent_steps(ctx.sizes, ctx.reverse):
            sums = below[rows], linear(states[0][:n], w_hh, b_hh)
            moved = ctx.step(*sums, *(s[:n] for s in states), *rest)
            parts[rows.start] = moved[0]
            states = [
                new if n == len(old) else cat([new, old[n:]])
                for new, old in zip(moved, states, strict=True)
            ]
        y = cat([parts[start] for start in sorted(parts)])
        return y.reshape(*x.shape[:-1], y.shape[-1]), *states


def _rows(x):
    return x if x.ndim == 2 else x.reshape(x.shape[0] * x.shape[1], x.shape[2])


def _added(k, a, b):
    return None if a is None else k.add(a, b)


def _like(y, x):
    """Rows as the steps and sequences of x, where it has both."""
    return y if x.ndim == 2 else y.reshape(*x.shape[:2], y.shape[1])


class RnnLayer(_Layer):
    """h ← f(W x + b + W′ h + b′) at each step, f being TANH or RELU.

    With e = (g + dL/dh) f′:  dL/dh = W′ᵀ e before the step,  dL/dx = Wᵀ e,  dL/dW = Σ e xᵀ,
    dL/dW′ = Σ e hᵀ,  dL/db = Σ e.  Source: Elman 1990.
    """

    precision = "low"

    def forward(
        ctx, k, x, w_ih, w_hh, b_ih, b_hh, h0, table, *, sizes, reverse, lookup, activation
    ):
        ctx.sizes, ctx.reverse, ctx.activation = sizes, reverse, activation
        y = ctx.above(k, x, w_ih, None, table, lookup)
        h = k.rnn(y, w_hh, _added(k, b_ih, b_hh), h0, sizes, reverse, activation)
        y = _like(y, x)
        ctx.save(x, w_ih, w_hh, b_ih, b_hh, h0, y)
        return y, h

    def vjp(ctx, k, g, gh):
        *inputs, y = ctx.saved
        if k.records:
            return ctx.again(inputs, (g, gh))
        x, w_ih, w_hh, _, _, h0 = inputs
        settings = ctx.sizes, ctx.reverse, ctx.activation
        dx, dw, dh = k.rnn_vjp(_rows(g), gh, h0, _rows(y), w_hh, *settings)
        gx, gw, gb, gt = ctx.below(k, dx, x, w_ih)
        return gx, gw, dw, gb, gb, dh, gt

    def step(ctx, sum_x, sum_h, h):
        return ((tanh if ctx.activation == TANH else relu)(sum_x + sum_h),)

    def samples(rng):
        for name, code in (("tanh", TANH), ("relu", RELU)):
            for case, x, params in _sequences(rng):
                inputs = x, *_parameters(rng, 1), rng.normal(size=(3, 4)), None
                yield Sample(f"{name} {case}", inputs, {**params, "activation": code})

    def peer(torch, x, *inputs, activation, **settings):
        function = torch.rnn_tanh if activation == TANH else torch.rnn_relu
        return _peer(torch, function, x, inputs[:4], inputs[4:5], **settings)


class LstmLayer(_Layer):
    """(i, f, g, o) = σ, σ, tanh, σ of W x + b + W′ h + b′;  c ← f c + i g;  h ← R (o tanh c)

    R is w_hr, or 1 without it. dL/dc = dL/dh Rᵀ o (1 − tanh² c) + f dL/dc from the step after; the
    sums under the gates get that times g i (1 − i), c f (1 − f), i (1 − g²), and o its own; from
    there as :class:`RnnLayer`.  Sources: Hochreiter and Schmidhuber 1997; Gers et al. 2000; Sak et
    al. 2014 for R.
    """

    precision = "low"
    states = 2

    def forward(
        ctx, k, x, w_ih, w_hh, b_ih, b_hh, h0, c0, w_hr, table, *, sizes, reverse, lookup
    ):
        ctx.sizes, ctx.reverse = sizes, reverse
        gates, b = ctx.above(k, x, w_ih, None, table, lookup), _added(k, b_ih, b_hh)
        y, cells, h, c = k.lstm(gates, w_hh, b, w_hr, h0, c0, sizes, reverse)
        y = _like(y, x)
        ctx.save(x, w_ih, w_hh, b_ih, b_hh, h0, c0, w_hr, y, cells, gates)
        return y, h, c

    def vjp(ctx, k, g, gh, gc):
        *inputs, y, cells, gates = ctx.saved
        if k.records:
            return ctx.again(inputs, (g, gh, gc))
        x, w_ih, w_hh, _, _, h0, c0, w_hr = inputs
        dx, dw, dr, dh, dc = k.lstm_vjp(
            _rows(g), gh, gc, h0, c0, gates, _rows(y), cells, w_hh, w_hr, ctx.sizes, ctx.reverse
        )
        gx, gw, gb, gt = ctx.below(k, dx, x, w_ih)
        return gx, gw, dw, gb, gb, dh, dc, dr, gt

    def step(ctx, sum_x, sum_h, h, c, w_hr):
        i, f, g, o = chunk(sum_x + sum_h, 4, 1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        m = sigmoid(o) * tanh(c)
        return (m if w_hr is None else linear(m, w_hr)), c

    def multiply_adds(ctx, out):
        w_hr = ctx.saved[7]
        more = 0 if w_hr is None else sum(ctx.sizes) * w_hr.size
        return super().multiply_adds(out) + more

    def samples(rng):
        for case, x, params in _sequences(rng):
            states = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
            yield Sample(case, (x, *_parameters(rng, 4), *states, None, None), params)
            states = rng.normal(size=(3, 2)), rng.normal(size=(3, 4))
            inputs = x, *_parameters(rng, 4, 2), *states, rng.normal(size=(2, 4)), None
            yield Sample(f"projected {case}", inputs, params)

    def peer(torch, x, *inputs, **settings):
        parameters = (*inputs[:4], inputs[6])
        return _peer(torch, torch.lstm, x, parameters, inputs[4:6], **settings)


class GruLayer(_Layer):
    """(r, z) = σ(u + v),  n = tanh(u + r v),  h ← n + z (h − n)

    Here u = W x + b and v = W′ h + b′ come in three parts each. With d = g + dL/dh, dL/dn is
    d (1 − z) and dL/dz is d (h − n); from there as :class:`RnnLayer`.
    Source: Cho et al. 2014, with the reset after the product.
    """

    precision = "low"

    def forward(ctx, k, x, w_ih, w_hh, b_ih, b_hh, h0, table, *, sizes, reverse, lookup):
        ctx.sizes, ctx.reverse = sizes, reverse
        gates = ctx.above(k, x, w_ih, b_ih, table, lookup)
        y, m, h = k.gru(gates, w_hh, b_hh, h0, sizes, reverse)
        y = _like(y, x)
        ctx.save(x, w_ih, w_hh, b_ih, b_hh, h0, y, m, gates)
        return y, h

    def vjp(ctx, k, g, gh):
        *inputs, y, m, gates = ctx.saved
        if k.records:
            return ctx.again(inputs, (g, gh))
        x, w_ih, w_hh, _, _, h0 = inputs
        dx, dw, db, dh = k.gru_vjp(
            _rows(g), gh, h0, gates, _rows(y), m, w_hh, ctx.sizes, ctx.reverse
        )
        gx, gw, gb, gt = ctx.below(k, dx, x, w_ih)
        return gx, gw, dw, gb, db, dh, gt

    def step(ctx, sum_x, sum_h, h):
        (r, z, n), (sr, sz, sn) = chunk(sum_x, 3, 1), chunk(sum_h, 3, 1)
        n = tanh(n + sigmoid(r + sr) * sn)
        return (n + sigmoid(z + sz) * (h - n),)

    def samples(rng):
        for case, x, params in _sequences(rng):
            yield Sample(case, (x, *_parameters(rng, 3), rng.normal(size=(3, 4)), None), params)

    def peer(torch, x, *inputs, **settings):
        return _peer(torch, torch.gru, x, inputs[:4], inputs[4:5], **settings)


def _sequences(rng):
    """Inputs of two features for samples: (name, x, params)"""
    params = {"reverse": False, "lookup": None}
    yield "padded", rng.normal(size=(2, 3, 2)), {**params, "sizes": (3, 3)}
    params["sizes"] = 3, 2, 2
    yield "packed", rng.normal(size=(7, 2)), params
    yield "packed, reverse", rng.normal(size=(7, 2)), {**params, "reverse": True}


def _parameters(rng, gates, outputs=4):
    """Weights and biases for two features and four hidden units."""
    shapes = (4 * gates, 2), (4 * gates, outputs), (4 * gates,), (4 * gates,)
    return [rng.normal(size=shape) for shape in shapes]


def _peer(torch, function, x, parameters, states, *, sizes, reverse, lookup):
    """One direction of PyTorch's layer; the reverse one only comes together with the other."""
    parameters, both = [p for p in parameters if p is not None], 1 + reverse
    states = [torch.stack([s] * both) for s in states]
    y, *states = function(
        x.reshape(-1, x.shape[-1]), torch.tensor(sizes), states if len(states) > 1 else states[0],
        parameters * both, len(parameters) > 3, 1, 0.0, False, reverse,
    )  # fmt: skip
    y = y[:, -y.shape[1] // both :]
    return y.reshape(*x.shape[:-1], y.shape[-1]), *(s[-1] for s in states)
