"""Bias and activation in one pass over the output of a linear layer."""

import numpy as np

from .. import launch
from ..compile import jit
from ..reference import fused as reference
from ..reference.fused import IDENTITY, RELU, SIGMOID, TANH
from .vmath import maximum, sigmoid, tanh

COST = (0.2, 0.2, 2.0, 1.5)  # per element, by activation
_FLOATS = (np.dtype("float32"), np.dtype("float64"))


@jit()
def add_and_activate(x, bias, activation):
    """x ← f(x + b) for rows x"""
    zero = x.dtype.type(0)
    for i in range(x.shape[0]):
        row = x[i]
        if activation == IDENTITY:
            for j in range(bias.size):
                row[j] += bias[j]
        elif activation == RELU:
            for j in range(bias.size):
                row[j] = maximum(row[j] + bias[j], zero)
        elif activation == TANH:
            for j in range(bias.size):
                row[j] = tanh(row[j] + bias[j])
        elif activation == SIGMOID:
            for j in range(bias.size):
                row[j] = sigmoid(row[j] + bias[j])


def bias_activation(x, bias, activation):
    """x ← f(x + b) in place, f being one of IDENTITY, RELU, TANH and SIGMOID; returns x"""
    known = activation in (IDENTITY, RELU, TANH, SIGMOID)
    if not known or x.dtype not in _FLOATS or bias.dtype != x.dtype:
        return reference.bias_activation(x, bias, activation)
    if bias.shape != x.shape[-1:]:
        raise ValueError(
            f"bias_activation: bias has shape {bias.shape} but x {x.shape} needs {x.shape[-1:]}"
        )
    if not x.flags.c_contiguous:
        x[...] = bias_activation(x.copy(), bias, activation)
    elif x.size:
        rows, bias = x.reshape(-1, bias.size), bias.ravel()
        launch.split(add_and_activate, (rows,), bias, activation, cost=COST[activation])
    return x
