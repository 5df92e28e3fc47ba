"""A module checked in one call: gradients, repeatability, parameters and state."""

import copy

import numpy as np

from .. import random
from ..engine.graph import TensorBase, dtype_of, values
from ..errors import GradcheckError
from .gradcheck import gradcheck


def check_module(model, x, *, fast_mode=True, **tolerances):
    """Check a module on the input ``x`` and return True, or raise :class:`GradcheckError`.

    On copies, so that ``model`` stays as it is: in evaluation mode two calls give the same bits; a
    state dict brings a changed copy back to the same outputs; every trainable parameter gets a
    gradient; and the gradients of the parameters and of a floating input equal central differences
    in float64, in training mode (every call with the same random numbers) and in evaluation mode.
    ``fast_mode`` and tolerances are those of :func:`gradcheck`.

    >>> import minigrad as mg
    >>> mg.testing.check_module(mg.nn.Linear(3, 2), mg.ones(4, 3))
    True
    """
    inputs = x if isinstance(x, tuple) else (x,)
    _check_repeatable(copy.deepcopy(model).eval(), inputs)
    _check_round_trip(model, inputs)
    wide = tuple(_wide(t) for t in inputs)
    _check_reached(copy.deepcopy(model).double().train(), wide)
    for training in (True, False):
        _check_gradients(copy.deepcopy(model).double().train(training), wide, fast_mode, tolerances)
    return True


def _outputs(model, inputs):
    result = model(*inputs)
    return result if isinstance(result, tuple) else (result,)


def _same(first, second):
    return all(
        np.array_equal(values(a), values(b), equal_nan=dtype_of(a).is_floating_point)
        for a, b in zip(first, second, strict=True)
    )


def _wide(value):
    """Floating tensors as float64 leaves that require grad."""
    if isinstance(value, TensorBase) and dtype_of(value).is_floating_point:
        return value.detach().double().clone().requires_grad_()
    return value


def _check_repeatable(model, inputs):
    if not _same(_outputs(model, inputs), _outputs(model, inputs)):
        raise GradcheckError(
            f"{type(model).__name__}: two calls in evaluation mode differ; is something random "
            "that doesn't look at self.training?"
        )


def _check_round_trip(model, inputs):
    """A copy that ran with other weights, given the state dict, must become the model again."""
    model = copy.deepcopy(model).eval()
    other = copy.deepcopy(model)
    for parameter in other.parameters():
        parameter.detach().fill_(0.5)
    _outputs(other.train(), inputs)
    state = model.state_dict()
    other.eval().load_state_dict(state)
    for name, tensor in other.state_dict().items():
        if not _same([tensor], [state[name]]):
            raise GradcheckError(
                f"{type(model).__name__}: {name} changed in a state_dict round trip"
            )
    if not _same(_outputs(model, inputs), _outputs(other, inputs)):
        raise GradcheckError(
            f"{type(model).__name__}: outputs change in a state_dict round trip: something that "
            "they depend on is neither a parameter nor a buffer"
        )


def _check_reached(model, inputs):
    total = sum((t * t).sum() for t in _outputs(model, inputs) if t._requires_grad)
    if isinstance(total, TensorBase):
        total.backward()
    lost = [n for n, p in model.named_parameters() if p._requires_grad and p._grad is None]
    if lost:
        raise GradcheckError(
            f"{type(model).__name__}: no gradient reaches {', '.join(lost)}; is the parameter "
            "unused, or is the output detached?"
        )


def _check_gradients(model, inputs, fast_mode, tolerances):
    trained = [p for p in model.parameters() if p._requires_grad]
    count, stream = len(inputs), random.get_rng_state()

    def run(*args):
        random.set_rng_state(stream)
        return model(*args[:count])

    run.__name__ = type(model).__name__
    if trained or any(isinstance(t, TensorBase) and t._requires_grad for t in inputs):
        gradcheck(run, (*inputs, *trained), fast_mode=fast_mode, **tolerances)
