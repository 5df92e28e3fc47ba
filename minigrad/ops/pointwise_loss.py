"""Losses element by element: one op for all formulas, and the checks that losses share."""

from .. import backend, dtypes
from ..engine.graph import TensorBase, dtype_of
from ..engine.modes import state
from ..engine.op import Op, Sample
from .cast import cast
from .operands import FLOATS, check_category, converted, only_tensors, result_type
from .reduce import Mean, Sum
from .shape import broadcast_tensors

REDUCTIONS = ("none", "mean", "sum")


class PointwiseLoss(Op):
    """ℓ = f(x, y, v) of each element, or Σ ℓ / divisor.    dL/dx = g · df/dx, alike for y and v

    ``loss`` names the formula f, and ``numbers`` are its parameters. Each pass reads the memory
    once.
    """

    precision = "fp32"

    def forward(ctx, k, x, y, v, *, loss, numbers, divisor):
        ctx.formula, ctx.divisor = backend.LOSSES[loss](*numbers), divisor
        ctx.save(x, y, v)
        return k.pointwise_loss(x, y, v, ctx.formula, divisor)

    def vjp(ctx, k, g):
        f = ctx.formula
        odd, gx = getattr(f, "of_difference", False), None
        if ctx.needs(0) or (ctx.needs(1) and odd):
            if k.records:
                gx = ctx.times(k, g, f.slope)
            else:
                gx = k.pointwise_loss_vjp(g, *ctx.saved, f, ctx.divisor)
        gy = gv = None
        if ctx.needs(1):
            gy = k.neg(gx) if odd else ctx.times(k, g, f.target_slope)
        if ctx.needs(2):
            gv = ctx.times(k, g, f.third_slope)
        return gx, gy, gv

    def times(ctx, k, g, slope):
        """g (over the divisor) times a slope, in kernels or ops."""
        share = g if ctx.divisor is None else k.div(g, float(ctx.divisor or 1))
        return k.mul(share, slope(k, *ctx.saved))

    def samples(rng):
        for loss, draw in _DRAWS.items():
            for divisor in (None, 3):
                inputs = draw(rng)
                inputs = (*inputs, None)[:3]
                numbers = tuple(backend.LOSSES[loss]())
                params = {"loss": loss, "numbers": numbers, "divisor": divisor}
                constants = (1, 2) if loss in _FIXED_TARGETS else ()
                yield Sample(f"{loss} over {divisor}", inputs, params, constants)

    def peer(torch, x, y, v, *, loss, numbers, divisor):
        losses = _PEERS[loss](torch.nn.functional, x, y, v)
        return losses if divisor is None else losses.sum() / divisor


def _numbers(rng):
    return rng.normal(size=(3, 4)) * 2, rng.normal(size=(3, 4))


def _probabilities(rng):
    return rng.uniform(0.1, 0.9, (3, 4)), rng.uniform(0.1, 0.9, (3, 4))


def _rates(rng):
    return rng.uniform(0.1, 3, (3, 4)), rng.uniform(0.1, 4, (3, 4))


def _signs(rng):
    return rng.normal(size=(3, 4)), rng.choice([-1.0, 1.0], (3, 4))


def _classes(rng):
    return rng.normal(size=(3, 4)) * 2, rng.choice([0.0, 1.0], (3, 4))


def _sigmoid_focal_peer(F, x, y, v):
    p = x.sigmoid()
    q = p * (1 - y) + (1 - p) * y
    balance = 0.25 * y + 0.75 * (1 - y)
    return balance * q**2 * F.binary_cross_entropy_with_logits(x, y, reduction="none")


_DRAWS = {
    "Square": _numbers,
    "Absolute": _numbers,
    "SmoothL1": _numbers,
    "Huber": _numbers,
    "Bernoulli": _probabilities,
    "Logistic": lambda rng: (rng.normal(size=(3, 4)) * 3, rng.uniform(0.1, 0.9, (3, 4))),
    "KullbackLeibler": _probabilities,
    "LogKullbackLeibler": _numbers,
    "LogPoisson": lambda rng: (rng.normal(size=(3, 4)), rng.uniform(0.1, 4, (3, 4))),
    "Poisson": _rates,
    "Gaussian": lambda rng: (*_numbers(rng), rng.uniform(0.2, 2, (3, 4))),
    "SoftMargin": _signs,
    "HingeEmbedding": _signs,
    "MarginRanking": lambda rng: (*_numbers(rng), rng.choice([-1.0, 1.0], (3, 4))),
    "SigmoidFocal": _classes,
}
_FIXED_TARGETS = ("SoftMargin", "HingeEmbedding", "SigmoidFocal")
_PEERS = {
    "Square": lambda F, x, y, v: F.mse_loss(x, y, reduction="none"),
    "Absolute": lambda F, x, y, v: F.l1_loss(x, y, reduction="none"),
    "SmoothL1": lambda F, x, y, v: F.smooth_l1_loss(x, y, reduction="none"),
    "Huber": lambda F, x, y, v: F.huber_loss(x, y, reduction="none"),
    "Bernoulli": lambda F, x, y, v: F.binary_cross_entropy(x, y, reduction="none"),
    "Logistic": lambda F, x, y, v: F.binary_cross_entropy_with_logits(x, y, reduction="none"),
    "KullbackLeibler": lambda F, x, y, v: F.kl_div(x, y, reduction="none"),
    "LogKullbackLeibler": lambda F, x, y, v: F.kl_div(x, y, reduction="none", log_target=True),
    "LogPoisson": lambda F, x, y, v: F.poisson_nll_loss(x, y, reduction="none"),
    "Poisson": lambda F, x, y, v: F.poisson_nll_loss(x, y, log_input=False, reduction="none"),
    "Gaussian": lambda F, x, y, v: F.gaussian_nll_loss(x, y, v, reduction="none"),
    "SoftMargin": lambda F, x, y, v: F.soft_margin_loss(x, y, reduction="none"),
    "HingeEmbedding": lambda F, x, y, v: F.hinge_embedding_loss(x, y, reduction="none"),
    "MarginRanking": lambda F, x, y, v: F.margin_ranking_loss(x, y, v, reduction="none"),
    "SigmoidFocal": _sigmoid_focal_peer,
}


def pointwise(loss, x, y, v=None, *, numbers=(), reduction="mean", weight=None):
    """The losses of a formula, or their mean or sum in one pass over the memory.

    ``weight`` multiplies them first; the mean divides by the number of elements still.
    """
    divisor = {"none": None, "sum": 1, "mean": x._array.size}[reduction]
    numbers = tuple(map(float, numbers)) if numbers else ()
    if weight is None:
        return PointwiseLoss.apply(x, y, v, loss=loss, numbers=numbers, divisor=divisor)
    losses = PointwiseLoss.apply(x, y, v, loss=loss, numbers=numbers, divisor=None)
    return reduced(losses * weight, reduction)


def check_reduction(reduction, size_average=None, reduce=None, also=()):
    """Refuse the arguments that ``reduction`` replaced, and values that it does not have."""
    if size_average is not None or reduce is not None:
        old = "size_average" if size_average is not None else "reduce"
        raise TypeError(f"{old} is no longer an argument; say reduction='mean', 'sum' or 'none'")
    if reduction not in REDUCTIONS and reduction not in also:
        allowed = ", ".join((*REDUCTIONS, *also))
        raise ValueError(f"{reduction!r} is not a valid value for reduction: use one of {allowed}")


def reduced(losses, reduction):
    """Losses as they are, or their mean or sum."""
    if reduction == "none":
        return losses
    return (Mean if reduction == "mean" else Sum).apply(losses, axis=None, keepdims=False)


def full_precision(x):
    """Losses are computed in float32 whatever emulated format they come from."""
    return cast(x, dtypes.float32) if x._tag is not None else x


def _alike(values):
    """Whether these are tensors of one plain floating dtype."""
    first = values[0]
    if not isinstance(first, TensorBase) or first._array.dtype.kind != "f":
        return False
    return all(
        isinstance(t, TensorBase) and t._tag is None and t._array.dtype is first._array.dtype
        for t in values
    )


def loss_operands(name, *tensors, arguments=("input", "target")):
    """Tensors in their common floating dtype, float32 for halves."""
    if _alike(tensors):
        return tensors
    only_tensors(name, *tensors, arguments=arguments)
    common = result_type(*tensors)
    tensors = converted(common, *tensors)
    check_category(name, tensors[0], FLOATS)
    return tuple(map(full_precision, tensors))


def in_one_shape(*tensors):
    """The tensors in one shape."""
    if all(t._array.shape == tensors[0]._array.shape for t in tensors):
        return tensors
    return broadcast_tensors(*tensors)


def check_float_target(name, target, argument="target"):
    """Raise RuntimeError for a target of whole numbers."""
    if not dtype_of(target).is_floating_point:
        raise RuntimeError(
            f"{name}: {argument} must be floating, got {dtype_of(target)}; "
            f"say {argument}.float()"
        )


def check_constant(name, tensor, argument):
    """Raise RuntimeError for an operand that has no gradient here but asks for one."""
    if tensor is not None and tensor._requires_grad and state.recording:
        raise RuntimeError(
            f"{name} is not differentiable with respect to {argument}; say {argument}.detach()"
        )


def class_weight(name, weight, input, classes):
    """One weight for each class in the precision that losses of ``input`` have, after checks."""
    only_tensors(name, weight, arguments=("weight",))
    if weight._array.shape != (classes,):
        raise RuntimeError(
            f"{name}: weight needs one value for each of the {classes} classes, "
            f"got shape {weight._array.shape}"
        )
    full = dtypes.float32 if input._tag is not None else dtype_of(input)
    if dtype_of(weight) not in (dtype_of(input), full):
        raise RuntimeError(
            f"{name}: weight must have the dtype of input, {dtype_of(input)}, "
            f"got {dtype_of(weight)}"
        )
    return cast(weight, full)


def check_same_shape(name, input, other, argument="target", advice=""):
    """Raise ValueError, with the likely fix, unless two shapes are equal."""
    a, b = input._array.shape, other._array.shape
    if a == b:
        return
    hint = ""
    if len(a) == len(b) + 1 and a[-1] == 1:
        hint = f"; did you mean {argument}[..., None] or input.squeeze(-1)?"
    elif len(b) == len(a) + 1 and b[-1] == 1:
        hint = f"; did you mean {argument}.squeeze(-1)?"
    if advice:
        hint += f" {advice}" if hint else f"; {advice}"
    raise ValueError(f"{name}: input has shape {a} but {argument} has shape {b}{hint}")
