"""Initial values of whole models."""

import math
from dataclasses import dataclass

from ...engine.modes import no_grad
from ..module import Module
from .rules import calculate_gain, fans, normal_, zeros_

# what the gain must make up for, by the class of the activation
_GAINS = {
    "ReLU": "relu", "ReLU6": "relu", "RReLU": "relu", "PReLU": "relu", "LeakyReLU": "leaky_relu",
    "ELU": "relu", "CELU": "relu", "SELU": "selu", "GELU": "gelu", "SiLU": "silu", "Mish": "silu",
    "Hardswish": "silu", "Tanh": "tanh", "Hardtanh": "tanh", "Sigmoid": "sigmoid",
}  # fmt: skip
_HE = ("relu", "leaky_relu", "gelu", "silu", "selu")


@dataclass(frozen=True)
class Weight:
    """The initial values of one weight: normal with standard deviation ``std``, zero bias."""

    name: str
    parameter: object
    fan_in: int
    fan_out: int
    activation: str
    gain: float
    rule: str

    @property
    def std(self):
        """gain / √fan_in (He), or gain · √(2 / (fan_in + fan_out)) (Xavier)."""
        fan = self.fan_in if self.rule == "he" else (self.fan_in + self.fan_out) / 2
        return self.gain / math.sqrt(max(fan, 1))


class Plan(list):
    """The weights of a model with the initial values of a rule; prints as a table."""

    def __str__(self):
        width = max([6, *(len(weight.name) for weight in self)])
        head = f"fan in  fan out  {'before':<10}  rule    gain   std"
        return "\n".join(
            [f"{'weight':<{width}}  {head}"]
            + [
                f"{w.name:<{width}}  {w.fan_in:>6}  {w.fan_out:>7}  {w.activation:<10}  "
                f"{w.rule:<6}  {w.gain:.3f}  {w.std:.4g}"
                for w in self
            ]
        )

    __repr__ = __str__


def plan(model, rule="auto"):
    """The initial values that :func:`apply_` would give, one line per weight.

    Looked at are the weights of linear, bilinear and convolution layers and of recurrent and
    attention layers, in the order in which they are registered; "before" is the activation module
    that comes next before any other weight.

    >>> from minigrad import nn
    >>> nn.init.plan(nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2)))
    weight    fan in  fan out  before      rule    gain   std
    0.weight       8       32  relu        he      1.414  0.5
    2.weight      32        2  linear      xavier  1.000  0.2425
    """
    if rule not in ("he", "xavier", "auto"):
        raise ValueError(f"rule must be 'he', 'xavier' or 'auto', got {rule!r}")
    found, waiting, seen = [], [], set()
    for path, module in model.named_modules():
        kind = type(module).__name__
        if kind in _GAINS:
            slope = getattr(module, "negative_slope", None)
            found += [_weight(w, rule, _GAINS[kind], slope) for w in waiting]
            waiting = []
            continue
        weights = [w for w in _weights(path, module) if id(w[1]) not in seen]
        seen.update(id(parameter) for _, parameter, _ in weights)
        if weights:
            found += [_weight(w, rule, "linear") for w in waiting]
            waiting = weights
    return Plan(found + [_weight(w, rule, "linear") for w in waiting])


def _weights(path, module):
    """(name, parameter, fans) of the weights that multiply a layer's input, not of tables."""
    if type(module).__name__.startswith("Embedding"):
        return
    for name, parameter in module._parameters.items():
        if parameter is not None and parameter.ndim >= 2 and "bias" not in name:
            full_name = f"{path}.{name}" if path else name
            yield full_name, parameter, _fans_within(module, name, parameter)


def _fans_within(module, name, parameter):
    """(fan_in, fan_out) by what the layer does with its weight."""
    fan_in, fan_out = fans(parameter)
    if getattr(module, "transposed", False):  # (in, out / groups, *field)
        return fan_out // module.groups, fan_in
    if name.startswith("in_proj"):  # query, key and value in one
        return fan_in, fan_out // 3
    if hasattr(module, "hidden_size") and fan_out % module.hidden_size == 0:  # all gates in one
        return fan_in, module.hidden_size
    return fan_in, fan_out


def _weight(found, rule, activation, slope=None):
    """The line of the plan for a weight before an activation."""
    name, parameter, (fan_in, fan_out) = found
    gains = {"he": math.sqrt(2.0), "xavier": 1.0}
    gain = gains[rule] if rule in gains else float(calculate_gain(activation, slope))
    chosen = rule if rule in gains else "he" if activation in _HE else "xavier"
    return Weight(name, parameter, fan_in, fan_out, activation, gain, chosen)


def apply_(model, rule="auto", generator=None):
    """Draw the weights of a model by a rule, set its biases to zero, and return it.

    "he": standard deviation √(2 / fan_in). "xavier": √(2 / (fan_in + fan_out)). "auto": by the
    activation that follows each weight, He with its gain before ReLU, GELU and their like, Xavier
    with its gain before tanh, sigmoid or none; :func:`plan` shows the outcome. Sources: Glorot and
    Bengio 2010, He et al. 2015.
    """
    if not isinstance(model, Module):
        raise TypeError(f"apply_ takes a Module, got {type(model).__name__}")
    for weight in plan(model, rule):
        normal_(weight.parameter, 0.0, weight.std, generator)
    return zero_biases_(model)


def zero_biases_(model):
    """Set every bias of a model to zero and return the model."""
    for name, parameter in model.named_parameters():
        if "bias" in name.rpartition(".")[2]:
            zeros_(parameter)
    return model


@no_grad()
def scale_residual_(weights, layers):
    """Multiply the weights that end residual branches by 1 / √(2 · layers), and return them.

    A residual stream adds two branches per transformer layer; so scaled, its variance stays
    independent of the depth. Source: Radford et al. 2019.
    """
    if layers < 1:
        raise ValueError(f"scale_residual_: layers must be positive, got {layers}")
    for weight in weights:
        weight.mul_(1 / math.sqrt(2 * layers))
    return weights
