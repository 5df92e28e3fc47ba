"""Layers that run as one op where nobody can look at what passes between them.

In a Sequential these are runs of Linear layers and their ReLU, Tanh or Sigmoid, and a BatchNorm
with the ReLU after it, and after that a MaxPool2d of 2 × 2 windows side by side. Modules with hooks
run by themselves, and so do all of them while an engine listener or autocast is on, or an emulated
dtype rounds between them. The results are those of the modules one by one, to rounding.

A recurrent layer whose input was looked up in an Embedding is fused too, see
:class:`minigrad.ops.embedding.Lookup`. On the way back a layer or group norm adds its gradient to
what came past it, as on the residual path of a Transformer, in the pass that computes it: see
``accumulates`` of :class:`minigrad.engine.op.Op`. ``minigrad.set_fusion(False)`` switches all of it
off.
"""

from ..backend import IDENTITY, RELU, SIGMOID, TANH
from ..engine import modes, observe
from ..engine.graph import TensorBase
from ..ops.matmul import linear_chain
from ..ops.norm_relu import norm_relu
from .activation import ReLU, Sigmoid, Tanh
from .linear import Linear
from .normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .pool import MaxPool2d

CODES = {ReLU: RELU, Tanh: TANH, Sigmoid: SIGMOID}
NORMS = (BatchNorm1d, BatchNorm2d, BatchNorm3d)


def allowed(tensor):
    """Whether ops on a tensor may be fused: nobody listens, and nothing is rounded on the way."""
    if not modes.fusion or observe.listeners or modes.autocaster is not None:
        return False
    return isinstance(tensor, TensorBase) and tensor._tag is None


class _Chain:
    """Neighbouring modules of a Sequential that can run as one op."""

    __slots__ = ("modules",)

    def __init__(self, module):
        self.modules = [module]

    def __call__(self, input):
        if allowed(input) and self.fits(input._array) and not self.is_watched():
            return self.fused(input)
        return self.one_by_one(input)

    def is_watched(self):
        """Whether a module has a hook, or a forward of its own."""
        for module in self.modules:
            if module._hooks is not None or "forward" in module.__dict__:
                return True
        return False

    def one_by_one(self, input):
        """The same as a chain of modules."""
        for module in self.modules:
            input = module(input)
        return input


class LinearChain(_Chain):
    """Linear layers, each perhaps with an activation."""

    __slots__ = ("activations", "linears")

    def __init__(self, module):
        super().__init__(module)
        self.linears, self.activations = [module], [IDENTITY]

    def take(self, module):
        """Whether the next module belongs to the chain, which then has it."""
        if type(module) is Linear:
            self.linears.append(module)
            self.activations.append(IDENTITY)
        elif type(module) in CODES and self.activations[-1] == IDENTITY:
            self.activations[-1] = CODES[type(module)]
        else:
            return False
        self.modules.append(module)
        return True

    def fits(self, array):
        return array.ndim == 2

    def fused(self, input):
        parameters = []
        for linear in self.linears:
            parameters += (linear.weight, linear.bias)
        try:
            return linear_chain(input, parameters, tuple(self.activations))
        except RuntimeError:
            return self.one_by_one(input)  # raises again, where the layer at fault is named


class NormChain(_Chain):
    """A batch norm, a ReLU, and perhaps a pooling."""

    __slots__ = ()
    following = (ReLU, MaxPool2d)

    def take(self, module):
        """Whether the next module belongs to the chain, which then has it."""
        place = len(self.modules) - 1
        if place == len(self.following) or type(module) is not self.following[place]:
            return False
        self.modules.append(module)
        return True

    def fits(self, array):
        return array.dtype.kind == "f" and array.size > 0

    def fused(self, input):
        norm, _, *pools = self.modules
        pool = bool(pools) and _halves(pools[0], input._array.shape)
        y = norm._run(norm_relu, input, pool)
        return pools[0](y) if pools and not pool else y


def _halves(pool, shape):
    """Whether a pooling has 2 × 2 windows side by side that cover an image."""
    options = (pool.kernel_size, 2), (pool.stride, 2), (pool.padding, 0), (pool.dilation, 1)
    plain = all(given in (wanted, (wanted, wanted)) for given, wanted in options)
    whole = len(shape) == 4 and shape[2] % 2 == shape[3] % 2 == 0
    return plain and whole and not pool.return_indices


def plan(modules):
    """The stages of a Sequential: modules, and chains of at least two modules."""
    stages = []
    for module in modules:
        chain = stages[-1] if stages and isinstance(stages[-1], _Chain) else None
        if chain is not None and chain.take(module):
            continue
        kind = LinearChain if type(module) is Linear else NormChain
        stages.append(kind(module) if type(module) in (Linear, *NORMS) else module)
    return [s.modules[0] if isinstance(s, _Chain) and len(s.modules) == 1 else s for s in stages]
