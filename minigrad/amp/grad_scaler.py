"""GradScaler: losses large enough that float16 gradients do not vanish."""

import enum
import math
from collections import defaultdict, deque

import numpy as np

from .. import backend, dtypes
from ..engine import observe
from ..engine.graph import TensorBase, new_tensor, overwrite, values
from ..ops.arithmetic import mul
from .autocast import is_usable
from .overflow import explain, first_nonfinite, largest

_FIX = (
    "This may indicate your script did not use scaler.scale(loss or outputs) earlier in the "
    "iteration."
)
_REMEMBERED = 8


class _Stage(enum.Enum):
    READY, UNSCALED, STEPPED = range(3)


class _Pass:
    """What happened to one optimizer since the last update."""

    def __init__(self):
        self.stage = _Stage.READY
        self.overflowed = None  # the parameters whose gradient was not finite, once looked at


class GradScaler:
    """Multiplies the loss before ``backward`` and divides the gradients after it.

    Gradients of float16 below 2⁻²⁴ are 0; scaled, they are not. The scale adapts: a step whose
    gradients are infinite or NaN is skipped and the scale multiplied by ``backoff_factor``; after
    ``growth_interval`` steps in a row without one it is multiplied by ``growth_factor``. Powers of
    2 scale without any rounding. :attr:`last_skip` says what overflowed last. bfloat16 needs no
    scaling: ``GradScaler(enabled=dtype is mg.float16)``. Source: Micikevicius et al. 2018.

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0], requires_grad=True)
    >>> optimizer, scaler = mg.optim.SGD([w], lr=0.5), mg.amp.GradScaler()
    >>> scaler.scale((w * 3).sum()).backward()
    >>> scaler.step(optimizer), w.item()
    (True, -0.5)
    >>> scaler.update()
    """

    def __init__(
        self, device="cpu", init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5,
        growth_interval=2000, enabled=True,
    ):  # fmt: skip
        if enabled and growth_factor <= 1.0:
            raise AssertionError(f"The growth factor must be > 1.0, got {growth_factor}.")
        if enabled and backoff_factor >= 1.0:
            raise AssertionError(f"The backoff factor must be < 1.0, got {backoff_factor}.")
        self._device = backend.check_device(device)
        self._enabled = bool(enabled) and is_usable(self._device, "GradScaler is enabled, but")
        self._scale = np.float32(init_scale)
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._growth_tracker = 0
        self._used = False  # whether anything was scaled, as every other method needs
        self._passes = defaultdict(_Pass)
        # the last that were scaled since the last update, to name what overflowed
        self._outputs = deque(maxlen=_REMEMBERED)
        self._failure = None  # the first of them that was not finite, and the op that made it so
        self.last_skip = None

    def scale(self, outputs):
        """``outputs``, a tensor or an iterable of them, times the scale."""
        if not self._enabled:
            return outputs
        self._used = True
        if isinstance(outputs, TensorBase):
            self._remember(outputs)
            factor = backend.array_module(outputs._array).asarray(self._scale)
            scaled = mul(outputs, new_tensor(factor))
            if observe.watchers:
                observe.watchers["scaled"](scaled)
            return scaled
        if isinstance(outputs, list | tuple):
            return type(outputs)(map(self.scale, outputs))
        if hasattr(outputs, "__iter__"):
            return map(self.scale, outputs)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def _remember(self, output):
        self._outputs.append(output)
        if self._failure is None:
            value = largest(values(output))
            if not math.isfinite(value):
                self._failure = value, first_nonfinite(output)

    def unscale_(self, optimizer):
        """Divide the gradients of an optimizer by the scale, in place: before clipping them."""
        if not self._enabled:
            return
        self._check_used("unscale_")
        state = self._passes[id(optimizer)]
        if state.stage is _Stage.UNSCALED:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        if state.stage is _Stage.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        state.overflowed = self._unscaled(optimizer)
        state.stage = _Stage.UNSCALED
        if observe.watchers:
            observe.watchers["unscaled"](optimizer)

    def _unscaled(self, optimizer):
        """The parameters whose gradients were not finite, after dividing all by the scale."""
        with np.errstate(divide="ignore", over="ignore"):  # a scale that was halved down to 0
            factor = float(np.float32(np.float64(1.0) / np.float64(self._scale)))
        overflowed, seen = [], 0
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                gradient = parameter._grad
                if gradient is None:
                    continue
                if gradient._tag is dtypes.float16:
                    raise ValueError(
                        "Attempting to unscale FP16 gradients. Keep the parameters in float32 and "
                        "let autocast cast them."
                    )
                seen += 1
                array = values(gradient)
                if not backend.kernels_of(array).unscale_(array, factor):
                    overflowed.append(parameter)
                overwrite(gradient, array)
        return overflowed if seen else None

    def step(self, optimizer, *args, **kwargs):
        """Step the optimizer unless a gradient is infinite or NaN; returns whether it stepped.

        Gradients are unscaled first if they are not yet. Without a gradient there is no step.
        """
        if not self._enabled:
            optimizer.step(*args, **kwargs)
            return True
        if args or "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._check_used("step")
        state = self._passes[id(optimizer)]
        if state.stage is _Stage.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if state.stage is _Stage.READY:
            self.unscale_(optimizer)
        if state.overflowed is None:
            raise AssertionError(
                "No inf checks were recorded for this optimizer: none of its parameters has a "
                "gradient."
            )
        state.stage = _Stage.STEPPED
        if state.overflowed:
            optimizer._opt_called = True  # a scheduler that follows is in its place
            self.last_skip = explain(
                optimizer, state.overflowed, self._outputs, self._failure, float(self._scale)
            )
            return False
        optimizer.step(**kwargs)
        return True

    def update(self, new_scale=None):
        """Adapt the scale, or set it to ``new_scale``; call it once at the end of a step."""
        if not self._enabled:
            return
        self._check_used("update")
        if new_scale is not None:
            self._scale = np.float32(self._given(new_scale))
        else:
            self._adapt()
        self._passes.clear()
        self._outputs.clear()
        self._failure = None

    @staticmethod
    def _given(scale):
        if isinstance(scale, TensorBase):
            if scale.numel() != 1 or scale.requires_grad:
                raise AssertionError(
                    "new_scale should be a float or a 1-element tensor with requires_grad=False."
                )
            return scale.item()
        return scale

    def _adapt(self):
        looked = [s.overflowed for s in self._passes.values() if s.overflowed is not None]
        if not looked:
            raise AssertionError(
                "No inf checks were recorded prior to update: call scaler.step(optimizer) first."
            )
        if any(looked):
            self._scale = np.float32(float(self._scale) * self._backoff_factor)
            self._growth_tracker = 0
            return
        self._growth_tracker += 1
        if self._growth_tracker == self._growth_interval:
            with np.errstate(over="ignore"):
                grown = np.float32(float(self._scale) * self._growth_factor)
            if np.isfinite(grown):
                self._scale = grown
            self._growth_tracker = 0

    def _check_used(self, name):
        if not self._used:
            raise AssertionError(f"Attempted {name} but _scale is None.  {_FIX}")

    def get_scale(self):
        """The scale; 1.0 if scaling is disabled."""
        return float(self._scale) if self._enabled else 1.0

    def get_growth_factor(self):
        """What the scale is multiplied by after ``growth_interval`` good steps."""
        return self._growth_factor

    def set_growth_factor(self, new_factor):
        """Change the growth factor."""
        self._growth_factor = new_factor

    def get_backoff_factor(self):
        """What the scale is multiplied by after a step that was skipped."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor):
        """Change the backoff factor."""
        self._backoff_factor = new_factor

    def get_growth_interval(self):
        """How many good steps in a row let the scale grow."""
        return self._growth_interval

    def set_growth_interval(self, new_interval):
        """Change the growth interval."""
        self._growth_interval = new_interval

    def is_enabled(self):
        """Whether losses are scaled at all."""
        return self._enabled

    def state_dict(self):
        """The scale, its settings and the count of good steps; {} if disabled. After update()."""
        if not self._enabled:
            return {}
        return {
            "scale": float(self._scale),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict):
        """Continue from what :meth:`state_dict` gave."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled "
                "instance of GradScaler."
            )
        given = {name: state_dict[name] for name in self.state_dict()}  # all of them, or KeyError
        self._scale = np.float32(given["scale"])
        self._growth_factor = given["growth_factor"]
        self._backoff_factor = given["backoff_factor"]
        self._growth_interval = given["growth_interval"]
        self._growth_tracker = given["_growth_tracker"]
