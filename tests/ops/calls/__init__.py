"""Calls of public functions, written once and made on minigrad and on PyTorch alike.

Each module of this package lists the ``CALLS`` of a room of ops and what it ``REFUSED``. Arrays
among the arguments become tensors; floating ones take the dtype under test. A name that begins
with a dot is a tensor method, called on the first argument; other names are dotted paths below the
package, such as ``nn.functional.pad``.
"""

from dataclasses import dataclass, field

from ...parity import EVERY, FLOATS, HALVES, INTEGERS, Call, Draw, Named  # noqa: F401


@dataclass(frozen=True, repr=False)
class Checked(Call):
    """One call of a public function and what is asked of it.

    ``dtypes`` are those that floating arguments take in turn: where PyTorch refuses one, so must
    minigrad. ``differentiable`` False excuses from gradient checks (a function with integer
    results, say); ``twice`` False from second ones; ``device`` False from the stand-in for a GPU
    (it makes or moves memory by the name of a device). ``error`` replaces the relative error of
    float32 and float64 where the function is hard.
    """

    dtypes: tuple = FLOATS
    differentiable: bool = True
    twice: bool = True
    device: bool = True
    error: dict = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Refusal(Call):
    """A call that raises, with a message in which ``match`` is found."""

    match: str


_FACTS = ("dtypes", "differentiable", "twice", "device", "error")


def call(name, *args, **kwargs):
    """A :class:`Checked` call; the keywords that are its own fields describe it."""
    facts = {fact: kwargs.pop(fact) for fact in _FACTS if fact in kwargs}
    return Checked(name, args, kwargs, **facts)


def refuse(match, name, *args, **kwargs):
    """A :class:`Refusal`: ``match`` is a pattern of what the message must say."""
    return Refusal(name, args, kwargs, match)
