"""Recurrent layers over sequences, and their single steps."""

import math
import numbers
import warnings

from ..backend import RELU, TANH
from ..engine.autocast import will_agree
from ..ops.creation import empty
from ..ops.dropout import dropout
from ..ops.embedding import lookup
from ..ops.joining import cat, stack
from ..ops.operands import only_tensors
from ..ops.recurrent import GruLayer, LstmLayer, RnnLayer
from ..ops.scatter import index_select
from ..random import default_generator
from . import fusion, init
from .modes import notice
from .module import Module, unusual
from .parameter import Parameter
from .utils.rnn import PackedSequence

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNBase", "RNNCell", "RNNCellBase"]

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}
_ACTIVATIONS = {"tanh": TANH, "relu": RELU}


def _run(mode, x, weights, biases, projection, states, sizes, reverse=False, lookup=None):
    """(h after every step, *last states) of one direction of one layer."""
    settings = {"sizes": sizes, "reverse": reverse, "lookup": lookup}
    inputs, table = (x, *weights, *biases, *states), None if lookup is None else lookup.table
    if mode == "LSTM":
        return LstmLayer.apply(*inputs, projection, table, **settings)
    if mode == "GRU":
        return GruLayer.apply(*inputs, table, **settings)
    activation = _ACTIVATIONS[mode[4:].lower()]
    return RnnLayer.apply(*inputs, table, **settings, activation=activation)


def _draw(module):
    """All parameters uniform in ±1/√hidden_size."""
    bound = 1 / math.sqrt(module.hidden_size) if module.hidden_size else 0
    for parameter in module.parameters():
        init.uniform_(parameter, -bound, bound)


def _check_dtype(name, x, weight, error):
    if x.dtype is not weight.dtype and not will_agree("low", (x, weight)):
        raise error(
            f"{name}: input dtype {x.dtype} does not match weight dtype {weight.dtype}; convert "
            f"one of them with .to({weight.dtype.name!r})"
        )


class RNNBase(Module):
    """What RNN, LSTM and GRU share; ``mode`` is RNN_TANH, RNN_RELU, LSTM or GRU.

    Called on (T, N, input_size), or (N, T, input_size) with ``batch_first``, or on one sequence
    (T, input_size), or on a :class:`~minigrad.nn.utils.rnn.PackedSequence`. Returns h after every
    step of the last layer (both directions side by side) and the last state of every layer and
    direction (num_layers · directions, N, hidden_size), which may be given too and else start at 0.
    In training, ``dropout`` falls on what one layer hands to the next.
    """

    drops = True  # what mc_dropout leaves in training mode

    def __init__(
        self, mode, input_size, hidden_size, num_layers=1, bias=True, batch_first=False,
        dropout=0.0, bidirectional=False, proj_size=0, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        _check_options(
            mode, dropout, num_layers, proj_size, hidden_size,
            {"bias": bias, "batch_first": batch_first},
            {"input_size": input_size, "hidden_size": hidden_size},
        )  # fmt: skip
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._all_weights = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse")[: 1 + bool(bidirectional)]:
                self._make_parameters(layer, suffix, {"device": device, "dtype": dtype})
        self.reset_parameters()

    def _make_parameters(self, layer, suffix, kind):
        """Parameters of one direction of a layer; _all_weights lists their names."""
        outputs, rows = self._widths()[0], _GATES[self.mode] * self.hidden_size
        inputs = outputs * (1 + bool(self.bidirectional)) if layer else self.input_size
        shapes = {"weight_ih": (rows, inputs), "weight_hh": (rows, outputs)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (outputs, self.hidden_size)
        names = [f"{name}_l{layer}{suffix}" for name in shapes]
        for name, shape in zip(names, shapes.values(), strict=True):
            setattr(self, name, Parameter(empty(*shape, **kind)))
        self._all_weights.append(names)

    def _widths(self):
        """The width of every state: h, and in an LSTM c."""
        outputs = self.proj_size or self.hidden_size
        return (outputs, self.hidden_size) if self.mode == "LSTM" else (outputs,)

    def reset_parameters(self):
        """Draw new initial values."""
        _draw(self)

    def flatten_parameters(self):
        """Accepted for PyTorch's sake: there is nothing to do."""

    @property
    def all_weights(self):
        """The parameters of every layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def forward(self, input, hx=None):
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx)
        name = self._get_name()
        only_tensors(name, input)
        if input.ndim not in (2, 3):
            raise ValueError(f"{name}: expected input to be 2D or 3D, got {input.ndim}D")
        single, states = input.ndim == 2, self._given(hx, input.ndim)
        by_columns = self.batch_first and not single
        found = lookup(input, by_columns) if fusion.allowed(input) else None
        if single:
            input, states = input.unsqueeze(1), states and [s.unsqueeze(1) for s in states]
        elif self.batch_first:
            input = input.transpose(0, 1)
        steps, count = input.shape[:2]
        if not steps:
            raise RuntimeError(f"{name}: the sequences need at least one step, got {input.shape}")
        y, states = self._run_layers(input, states, (count,) * steps, found)
        if single:
            y, states = y.squeeze(1), [s.squeeze(1) for s in states]
        elif self.batch_first:
            y = y.transpose(0, 1)
        return y, (tuple(states) if len(states) > 1 else states[0])

    def _run_packed(self, input, hx):
        data, batch_sizes, order, back = input
        if data.ndim != 2:
            raise RuntimeError(
                f"{self._get_name()}: packed data must be 2D, got shape {data.shape}"
            )
        states, sizes = self._given(hx, 3), tuple(batch_sizes.tolist())
        if states is not None and order is not None:
            self._check_states(states, sizes[0], data)
            states = [index_select(s, 1, order) for s in states]
        y, states = self._run_layers(data, states, sizes)
        if back is not None:
            states = [index_select(s, 1, back) for s in states]
        packed = PackedSequence(y, batch_sizes, order, back)
        return packed, (tuple(states) if len(states) > 1 else states[0])

    def _given(self, hx, ndim):
        """The states that were passed, of so many axes, as a sequence, or None."""
        if hx is None:
            return None
        name, count = self._get_name(), len(self._widths())
        states = tuple(hx) if count > 1 and isinstance(hx, tuple | list) else (hx,)
        if len(states) != count or any(getattr(s, "ndim", None) != ndim for s in states):
            wanted = "a tensor" if count == 1 else "(h, c)"
            shapes = [getattr(s, "shape", type(s).__name__) for s in states]
            raise RuntimeError(
                f"{name}: hx must be {wanted} of {ndim} axes for this input, got {shapes}"
            )
        return states

    def _check_states(self, states, count, x):
        for number, (state, width) in enumerate(zip(states, self._widths(), strict=True)):
            wanted = (len(self._all_weights), count, width)
            if state.shape != wanted:
                raise RuntimeError(
                    f"{self._get_name()}: expected hidden[{number}] of shape {wanted}, "
                    f"got {state.shape}"
                )
            if state.dtype is not x.dtype and not will_agree("low", (x, state)):
                raise RuntimeError(
                    f"{self._get_name()}: hidden[{number}] has dtype {state.dtype}, the input "
                    f"{x.dtype}"
                )

    def _run_layers(self, x, states, sizes, lookup=None):
        """(h after every step, last states) of all layers."""
        name, weights = self._get_name(), self.all_weights
        _check_dtype(name, x, weights[0][0], ValueError)
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{name}: input of shape {x.shape} must end in input_size={self.input_size}"
            )
        if states is None:
            states = [[x.new_zeros(sizes[0], w)] * len(weights) for w in self._widths()]
        else:
            self._check_states(states, sizes[0], x)
        if self.dropout:
            notice(self, x)
        lasts, both = [], 1 + bool(self.bidirectional)
        for first in range(0, len(weights), both):
            if first and self.dropout and self.training:
                generator = default_generator.stream(f"dropout {self._path()}")
                x = dropout(x, self.dropout, generator=generator)
            found = []
            for number in range(first, first + both):
                direction = number > first, None if first else lookup
                y, *last = self._run_one(x, weights, states, sizes, number, *direction)
                found.append(y)
                lasts.append(last)
            x = cat(found, -1) if both > 1 else found[0]
        return x, [_stacked(s) for s in zip(*lasts, strict=True)]

    def _run_one(self, x, weights, states, sizes, number, reverse, lookup):
        w_ih, w_hh, *rest = weights[number]
        biases = rest[:2] if self.bias else (None, None)
        projection = rest[-1] if self.proj_size else None
        before = [s[number] for s in states]
        settings = before, sizes, reverse, lookup
        return _run(self.mode, x, (w_ih, w_hh), biases, projection, *settings)

    # options in the order in which they show, with the values that do not
    shown = {
        "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0,
        "bidirectional": False,
    }  # fmt: skip

    def extra_repr(self):
        options = unusual(self, self.shown)
        return ", ".join([str(self.input_size), str(self.hidden_size), *options])


def _stacked(states):
    return states[0].unsqueeze(0) if len(states) == 1 else stack(list(states))


def _check_options(mode, dropout, num_layers, proj_size, hidden_size, flags, sizes):
    """Raise unless the constructor arguments of a recurrent layer make sense."""
    number = isinstance(dropout, numbers.Number) and not isinstance(dropout, bool)
    if not number or not 0 <= dropout <= 1:
        raise ValueError(f"dropout should be a number in range [0, 1], got {dropout!r}")
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            f"dropout={dropout} falls between layers, and there is one only: give num_layers "
            "greater than 1",
            stacklevel=4,
        )
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise TypeError(f"{name} should be a bool, got {type(value).__name__}")
    for name, value in sizes.items():
        if not isinstance(value, int):
            raise TypeError(f"{name} should be an int, got {type(value).__name__}")
    for name, value in {**sizes, "num_layers": num_layers}.items():
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero, got {value}")
    if not 0 <= proj_size < hidden_size:
        raise ValueError(
            f"proj_size must be at least 0 and smaller than hidden_size={hidden_size}, "
            f"got {proj_size}"
        )
    if mode not in _GATES:
        raise ValueError(f"mode must be one of {', '.join(_GATES)}, got {mode!r}")


def _check_nonlinearity(nonlinearity):
    if nonlinearity not in _ACTIVATIONS:
        raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")


class RNN(RNNBase):
    """h ← tanh(W x + b + W′ h + b′), or relu, in ``num_layers`` layers. See :class:`RNNBase`.

    Parameters start uniform in ±1/√hidden_size. Source: Elman 1990.

    >>> import minigrad as mg
    >>> output, last = mg.nn.RNN(3, 5, num_layers=2)(mg.zeros(7, 4, 3))
    >>> output.shape, last.shape
    ((7, 4, 5), (2, 4, 5))
    """

    def __init__(
        self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True,
        batch_first=False, dropout=0.0, bidirectional=False, device=None, dtype=None,
    ):  # fmt: skip
        _check_nonlinearity(nonlinearity)
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first,
            dropout, bidirectional, device=device, dtype=dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory in ``num_layers`` layers, with states (h, c). See :class:`RNNBase`.

    With (i, f, g, o) = σ, σ, tanh, σ of W x + b + W′ h + b′:  c ← f c + i g and h ← o tanh c, which
    W_hr makes ``proj_size`` numbers of if that is given. Parameters start uniform in
    ±1/√hidden_size. Source: Hochreiter and Schmidhuber 1997.

    >>> import minigrad as mg
    >>> output, (h, c) = mg.nn.LSTM(3, 5, batch_first=True, bidirectional=True)(mg.zeros(4, 7, 3))
    >>> output.shape, h.shape, c.shape
    ((4, 7, 10), (2, 4, 5), (2, 4, 5))
    """

    def __init__(
        self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
        bidirectional=False, proj_size=0, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, proj_size, device, dtype,
        )  # fmt: skip


class GRU(RNNBase):
    """Gated recurrent units in ``num_layers`` layers. See :class:`RNNBase`.

    With u = W x + b and v = W′ h + b′ in three parts each:  r = σ(u + v), z = σ(u + v),
    n = tanh(u + r v) and h ← (1 − z) n + z h. Parameters start uniform in ±1/√hidden_size.
    Source: Cho et al. 2014.

    >>> import minigrad as mg
    >>> output, last = mg.nn.GRU(3, 5)(mg.zeros(7, 3))
    >>> output.shape, last.shape
    ((7, 5), (1, 5))
    """

    def __init__(
        self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
        bidirectional=False, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, device=device, dtype=dtype,
        )  # fmt: skip


class RNNCellBase(Module):
    """What the cells share: weights and biases for x (N, input_size) and h (N, hidden_size).

    One element (input_size,) does as well. States start at 0 unless they are given.
    """

    def __init__(self, input_size, hidden_size, bias, num_chunks, device=None, dtype=None):
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        kind, rows = {"device": device, "dtype": dtype}, num_chunks * hidden_size
        self.weight_ih = Parameter(empty(rows, input_size, **kind))
        self.weight_hh = Parameter(empty(rows, hidden_size, **kind))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, **kind)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw new initial values."""
        _draw(self)

    def _step(self, mode, x, states, count=1):
        """The states after one step, each of them shaped as x."""
        name = self._get_name()
        only_tensors(name, x)
        if x.ndim not in (1, 2):
            raise ValueError(f"{name}: expected input to be 1D or 2D, got {x.ndim}D")
        self._check(name, x, states)
        single = x.ndim == 1
        if single:
            x, states = x.unsqueeze(0), states and [s.unsqueeze(0) for s in states]
        if states is None:
            states = [x.new_zeros(len(x), self.hidden_size)] * count
        weights, biases = (self.weight_ih, self.weight_hh), (self.bias_ih, self.bias_hh)
        h, _, *rest = _run(mode, x, weights, biases, None, states, (len(x),))
        return [s.squeeze(0) for s in (h, *rest)] if single else (h, *rest)

    def _check(self, name, x, states):
        _check_dtype(name, x, self.weight_ih, RuntimeError)
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{name}: input of shape {x.shape} must end in input_size={self.input_size}"
            )
        wanted = (*x.shape[:-1], self.hidden_size)
        for number, state in enumerate(states or ()):
            only_tensors(name, state, arguments=(f"hx[{number}]",))
            if state.ndim not in (1, 2):
                raise ValueError(f"{name}: expected hx[{number}] 1D or 2D, got {state.ndim}D")
            if state.shape != wanted:
                raise RuntimeError(
                    f"{name}: hx[{number}] of shape {state.shape} does not fit the input of shape "
                    f"{x.shape} and hidden_size={self.hidden_size}: expected {wanted}"
                )
            _check_dtype(f"{name}, hx[{number}]", state, self.weight_ih, RuntimeError)

    def extra_repr(self):
        bias = "" if self.bias is True else f", bias={self.bias}"
        return f"{self.input_size}, {self.hidden_size}{bias}"


class RNNCell(RNNCellBase):
    """One step of :class:`RNN`: h′ = tanh(W x + b + W′ h + b′), or relu.

    >>> import minigrad as mg
    >>> mg.nn.RNNCell(3, 5)(mg.zeros(4, 3)).shape
    (4, 5)
    """

    def __init__(
        self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None, dtype=None
    ):
        _check_nonlinearity(nonlinearity)
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        mode = f"RNN_{self.nonlinearity.upper()}"
        return self._step(mode, input, None if hx is None else (hx,))[0]

    def extra_repr(self):
        kind = self.nonlinearity
        return super().extra_repr() + ("" if kind == "tanh" else f", nonlinearity={kind}")


class LSTMCell(RNNCellBase):
    """One step of :class:`LSTM`: x and (h, c) to the next (h, c).

    >>> import minigrad as mg
    >>> h, c = mg.nn.LSTMCell(3, 5)(mg.zeros(4, 3))
    >>> h.shape, c.shape
    ((4, 5), (4, 5))
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input, hx=None):
        if hx is not None and not isinstance(hx, tuple | list):
            raise TypeError(f"LSTMCell: hx must be (h, c), got {type(hx).__name__}")
        if hx is not None and len(hx) != 2:
            raise ValueError(f"LSTMCell: hx must be (h, c), got {len(hx)} states")
        return tuple(self._step("LSTM", input, hx, 2))


class GRUCell(RNNCellBase):
    """One step of :class:`GRU`.

    >>> import minigrad as mg
    >>> mg.nn.GRUCell(3, 5)(mg.zeros(3)).shape
    (5,)
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input, hx=None):
        return self._step("GRU", input, None if hx is None else (hx,))[0]
