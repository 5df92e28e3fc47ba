"""Autocast: matrix products in a low precision, sums and losses in float32."""

import functools
import warnings

from .. import backend, dtypes
from ..engine.autocast import Policy, enter, leave, under
from ..engine.graph import TensorBase
from ..engine.modes import state
from ..ops.cast import cast

_DEFAULTS = {"cpu": dtypes.bfloat16, "cuda": dtypes.float16}


class autocast:  # noqa: N801  (PyTorch's spelling)
    """Inside, each op computes in the precision that suits it.

    Matrix products, convolutions, attention and recurrent layers take their inputs in ``dtype``
    (bfloat16 by default on the CPU, or float16 or any :func:`~minigrad.float_format`); sums, norms,
    exponentials, softmax and losses take theirs in float32; all else computes in the dtype of its
    inputs. Parameters stay float32 and get float32 gradients. A weight is cast once in a context
    (``cache_enabled``). Call the model and the loss inside, ``backward()`` outside.

    Also a decorator; contexts nest, and ``enabled=False`` switches autocast off inside. The rules
    are those of PyTorch on a GPU; PyTorch's own on a CPU let softmax and norms return the low
    precision. Source: Micikevicius et al. 2018.

    >>> import minigrad as mg
    >>> layer, x = mg.nn.Linear(3, 2), mg.ones(1, 3)
    >>> with mg.amp.autocast():
    ...     y = layer(x)
    ...     y.dtype, y.softmax(1).dtype
    (minigrad.bfloat16, minigrad.float32)
    """

    def __init__(self, device_type="cpu", dtype=None, enabled=True, cache_enabled=None):
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = backend.check_device(device_type)
        asked = "User provided device_type of 'cuda', but"
        self.enabled = bool(enabled) and is_usable(self.device, asked)
        self.cache_enabled = cache_enabled is None or bool(cache_enabled)
        self.dtype = _DEFAULTS.get(self.device, dtypes.float16)
        if dtype is not None:
            self.dtype = dtypes.check(dtype)
        if self.enabled and not self.dtype.emulated:
            warnings.warn(
                f"autocast: the target dtype {self.dtype} is not supported. Disabling autocast; "
                "give bfloat16, float16 or a float_format",
                UserWarning,
                stacklevel=2,
            )
            self.enabled = False

    def __enter__(self):
        outer = state.autocast
        policy = None
        if self.enabled:
            shared = {} if outer is None or outer.cache is None else outer.cache
            policy = Policy(self.dtype, shared if self.cache_enabled else None)
        state.outer.append(enter(policy))  # of this thread: one context may serve several
        return self

    def __exit__(self, *_failure):
        leave(state.outer.pop())

    def __call__(self, function):
        if not callable(function):
            raise TypeError(
                f"autocast()(function) needs a function, got {type(function).__name__}; as a "
                "context manager it is used in a with statement"
            )

        @functools.wraps(function)
        def inside(*args, **kwargs):
            with self:
                return function(*args, **kwargs)

        return inside


def is_usable(device, said):
    """Whether tensors can be on the device; warns where CuPy finds no GPU, as PyTorch does."""
    if device != "cuda":
        return True
    try:
        backend.cupy()
    except RuntimeError:
        warnings.warn(f"{said} CUDA is not available. Disabling.", UserWarning, stacklevel=3)
        return False
    return True


def is_autocast_enabled(device_type="cpu"):
    """Whether ops of this thread are autocast now."""
    return state.autocast is not None


def get_autocast_dtype(device_type="cpu"):
    """The low precision of the context this thread is in, or the default one of the device."""
    if state.autocast is not None:
        return state.autocast.dtype
    return _DEFAULTS.get(backend.check_device(device_type), dtypes.float16)


def is_autocast_cache_enabled():
    """Whether the weights cast in this context are kept until it ends."""
    return state.autocast is None or state.autocast.cache is not None


def clear_autocast_cache():
    """Forget the weights that were cast in the present context."""
    if state.autocast is not None and state.autocast.cache is not None:
        state.autocast.cache.clear()


def is_autocast_available(device_type):
    """Whether autocast knows a kind of device."""
    return device_type in _DEFAULTS


def custom_fwd(fwd=None, *, device_type="cpu", cast_inputs=None):
    """A decorator for the ``forward`` of an autograd Function.

    With ``cast_inputs`` its floating tensors are cast to that dtype where autocast is on, and it
    runs without autocast.
    """
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(ctx, *args, **kwargs):
        ctx._autocast = state.autocast
        if cast_inputs is None or state.autocast is None:
            return fwd(ctx, *args, **kwargs)
        args = [_cast(a, cast_inputs) for a in args]
        kwargs = {name: _cast(a, cast_inputs) for name, a in kwargs.items()}
        ctx._autocast = None
        with under(None):
            return fwd(ctx, *args, **kwargs)

    return forward


def custom_bwd(bwd=None, *, device_type="cpu"):
    """A decorator for the ``backward`` of an autograd Function: autocast as in its forward."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(ctx, *args, **kwargs):
        with under(ctx._autocast):
            return bwd(ctx, *args, **kwargs)

    return backward


def _cast(value, dtype):
    if isinstance(value, TensorBase):
        movable = value.is_floating_point() and value.dtype is not dtypes.float64
        return cast(value, dtype) if movable else value
    if isinstance(value, dict):
        return {key: _cast(v, dtype) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_cast(v, dtype) for v in value)
    return value
