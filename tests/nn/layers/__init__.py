"""Layers, written once and built on minigrad and on PyTorch alike.

Each module of this package lists the ``LAYERS`` of a family: constructor arguments with the inputs
that the layer is called on, and the ``REFUSED`` among them. Arrays are made tensors, floating ones
in the dtype under test; ``calling("nn.Linear", 2, 3)`` builds a layer, or any other object, as an
argument, and ``Named("nn.functional.relu")`` stands for what the package calls so.
"""

from dataclasses import dataclass, field

from ...parity import FLOATS, HALVES, Call, Draw, Named, calling  # noqa: F401


@dataclass(frozen=True, repr=False)
class Layer(Call):
    """A layer, what it is called on, and what is asked of it.

    ``options`` are the keywords of the call. ``random`` says that its training mode draws random
    numbers (then only evaluation is compared with PyTorch), ``training`` False that gradients are
    checked in evaluation (because each call in training changes the next), ``differentiable``
    False that no gradient is checked, ``twice`` False that second ones are not (PyTorch has none),
    ``deep`` that they are in the full tier only (they take seconds), ``device`` False that it does
    not run on the stand-in for a GPU. ``error`` replaces the
    relative errors per dtype.
    """

    inputs: tuple = ()
    options: dict = field(default_factory=dict)
    dtypes: tuple = FLOATS
    random: bool = False
    training: bool = True
    differentiable: bool = True
    twice: bool = True
    deep: bool = False
    device: bool = True
    error: dict = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Refusal(Call):
    """A layer that raises when it is built, or called on ``inputs``."""

    match: str
    inputs: tuple | None = None
    options: dict = field(default_factory=dict)


_FACTS = (
    "inputs", "options", "dtypes", "random", "training", "differentiable", "twice", "deep",
    "device", "error",
)  # fmt: skip


def layer(name, *args, **kwargs):
    """A :class:`Layer` ``nn.<name>``; the keywords that are its own fields describe it.

    >>> layer("Linear", 4, 3, inputs=(Draw(0).normal(5, 4),))
    nn.Linear(4,3)
    """
    facts = {fact: kwargs.pop(fact) for fact in _FACTS if fact in kwargs}
    return Layer(f"nn.{name}", args, kwargs, **facts)


def refuse(match, name, *args, **kwargs):
    """A :class:`Refusal` of ``nn.<name>``: ``match`` is a pattern of what the message must say."""
    facts = {fact: kwargs.pop(fact) for fact in ("inputs", "options") if fact in kwargs}
    return Refusal(f"nn.{name}", args, kwargs, match, **facts)
