"""Runs of linear layers and their activations in a Sequential as one op.

Nothing else can see what passes between two members of a Sequential unless a hook, an engine
listener, autocast or an emulated dtype (which round there) looks: then every module runs by
itself. The results are the same bits either way. Set ``minigrad.nn.fusion.enabled = False`` to
switch it off.
"""

from ..backend import IDENTITY, RELU, SIGMOID, TANH
from ..engine import modes, observe
from ..engine.graph import TensorBase
from ..ops.matmul import linear_chain
from .activation import ReLU, Sigmoid, Tanh
from .linear import Linear

enabled = True

CODES = {ReLU: RELU, Tanh: TANH, Sigmoid: SIGMOID}


class Chain:
    """Neighbouring modules of a Sequential that can run as one op."""

    __slots__ = ("modules", "layers")

    def __init__(self):
        self.modules = []
        self.layers = []  # [linear module, activation code]

    def __call__(self, input):
        if self.alone(input):
            layers = [(linear.weight, linear.bias, code) for linear, code in self.layers]
            return linear_chain(input, layers)
        for module in self.modules:
            input = module(input)
        return input

    def alone(self, input):
        """Whether nobody looks at what passes between the modules."""
        if not enabled or observe.listeners or modes.autocaster is not None:
            return False
        for module in self.modules:
            if module._hooks is not None or "forward" in module.__dict__:
                return False
        return isinstance(input, TensorBase) and input._tag is None and input._array.ndim == 2


def plan(modules):
    """The stages of a Sequential: modules, and chains of at least two modules."""
    stages = []
    for module in modules:
        chain = stages[-1] if stages and type(stages[-1]) is Chain else None
        if type(module) is Linear:
            if chain is None:
                chain = Chain()
                stages.append(chain)
            chain.layers.append([module, IDENTITY])
            chain.modules.append(module)
        elif chain is not None and _follows(chain, module):
            chain.layers[-1][1] = CODES[type(module)]
            chain.modules.append(module)
        else:
            stages.append(module)
    return [s.modules[0] if type(s) is Chain and len(s.modules) == 1 else s for s in stages]


def _follows(chain, module):
    return type(module) in CODES and chain.layers[-1][1] == IDENTITY
