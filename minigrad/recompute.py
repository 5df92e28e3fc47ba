"""Checkpoints in a graph: keep the inputs of a part of a model and compute the rest again.

Memory then holds the activations of one part at a time, for one more forward pass.
"""

from . import random
from .engine.autocast import under
from .engine.gradients import grad
from .engine.modes import enable_grad, state
from .function import Function
from .transforms import leaves_below, leaves_of, rebuilt


def checkpoint(function, *args, use_reentrant=None, preserve_rng_state=True, **kwargs):
    """``function(*args, **kwargs)`` without keeping what its backward needs: it is run again then.

    ``preserve_rng_state`` draws the same random numbers the second time. Gradients reach the
    arguments and every leaf that the function uses; higher derivatives work. ``use_reentrant`` is
    accepted and ignored.

    >>> import minigrad as mg
    >>> from minigrad.utils.checkpoint import checkpoint
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> checkpoint(lambda t: t.exp().sin(), x).backward()
    >>> round(x.grad.item(), 4)
    3.3129
    """
    if not callable(function):
        raise TypeError(f"checkpoint: function must be callable, got {type(function).__name__}")
    if not state.recording:
        return function(*args, **kwargs)
    before = random.get_rng_state() if preserve_rng_state else None
    policy = state.autocast
    given = leaves_of(args)
    inner = [_detached(t) for t in given]
    with enable_grad():
        result = function(*rebuilt(args, iter(inner)), **kwargs)
    outputs = leaves_of(result)
    captured = list(leaves_below(outputs, inner))
    if not any(t.requires_grad for t in (*given, *captured)):
        return result

    def replay(tensors):
        with enable_grad(), under(policy), _rng(before):
            return leaves_of(function(*rebuilt(args, iter(tensors)), **kwargs))

    plain = tuple(t.detach() for t in outputs)
    made = _Checkpoint.apply(replay, plain, len(given), *given, *captured)
    return rebuilt(result, iter(made))


def _detached(tensor):
    return tensor.detach().requires_grad_(tensor.requires_grad)


class _rng:  # noqa: N801
    """The state of the default generator as it was, and back at the end."""

    def __init__(self, before):
        self.before = before

    def __enter__(self):
        self.after = random.get_rng_state()
        if self.before is not None:
            random.set_rng_state(self.before)

    def __exit__(self, *_failure):
        if self.before is not None:
            random.set_rng_state(self.after)


class _Checkpoint(Function):
    """The outputs computed before; backward runs the function again and differentiates that."""

    @staticmethod
    def forward(ctx, replay, outputs, count, *tensors):
        ctx.replay, ctx.count = replay, count
        ctx.save_for_backward(*tensors)
        fixed = (t for t in outputs if not t.dtype.is_floating_point)
        ctx.mark_non_differentiable(*fixed)
        ctx.set_materialize_grads(False)
        return outputs

    @staticmethod
    def backward(ctx, *cotangents):
        twice, tensors = state.recording, ctx.saved_tensors
        given = tensors[: ctx.count]
        inner = given if twice else [_detached(t) for t in given]
        with enable_grad():
            outputs = ctx.replay(inner)
        wanted = [t for t in (*inner, *tensors[ctx.count :]) if t.requires_grad]
        pairs = [
            (o, c)
            for o, c in zip(outputs, cotangents, strict=True)
            if c is not None and o.requires_grad
        ]
        found = grad(
            [o for o, _ in pairs],
            wanted,
            [c for _, c in pairs],
            create_graph=twice,
            allow_unused=True,
        )
        slopes = iter(found)
        return (None, None, None, *(next(slopes) if t.requires_grad else None for t in tensors))


def checkpoint_sequential(functions, segments, input, use_reentrant=None, preserve_rng_state=True):
    """A chain of functions (a Sequential, or a list), checkpointed in ``segments`` equal parts."""
    functions = list(functions)
    if not 1 <= segments <= max(len(functions), 1):
        raise ValueError(f"segments must be from 1 to {len(functions)}, got {segments}")
    size = len(functions) // segments

    def run(part):
        def chained(x):
            for function in part:
                x = function(x)
            return x

        return chained

    for number in range(segments - 1):
        part = functions[number * size : (number + 1) * size]
        input = checkpoint(run(part), input, preserve_rng_state=preserve_rng_state)
    return run(functions[(segments - 1) * size :])(input)
