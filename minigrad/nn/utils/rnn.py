"""Sequences of different lengths: padded to one length, or packed step by step.

Packed data hold the elements of step 0 of all sequences, then those of step 1 of the ones that are
that long, and so on, the longest sequence first.
"""

from collections import namedtuple
from collections.abc import Iterable

import numpy as np

from ... import backend
from ...engine.graph import TensorBase, new_tensor
from ...ops.joining import cat
from ...ops.operands import beside, only_tensors
from ...ops.scatter import index_copy, index_select

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]

_FIELDS = ("data", "batch_sizes", "sorted_indices", "unsorted_indices")


class PackedSequence(namedtuple("PackedSequence", _FIELDS)):
    """Packed ``data`` and how many sequences reach each step, as recurrent layers take them.

    ``sorted_indices`` are the sequences from the longest on, ``unsorted_indices`` the way back;
    None where they came in that order. The functions of this module make instances.
    """

    __slots__ = ()

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if batch_sizes is None:
            if not isinstance(data, tuple | list) or len(data) != 2:
                raise TypeError("PackedSequence takes data and batch_sizes")
            data, batch_sizes = data
        if batch_sizes.is_cuda:
            raise ValueError("PackedSequence: batch_sizes must be on the CPU")
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs):
        """With ``data`` in another dtype or on another device (and the indices there too)."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        orders = (o if o is None else o.to(device=data.device) for o in self[2:])
        return type(self)(data, self.batch_sizes, *orders)

    def cpu(self):
        """On the CPU."""
        return self.to(device="cpu")

    def cuda(self):
        """On the GPU."""
        return self.to(device="cuda")

    def double(self):
        """``data`` as float64."""
        return self.to("float64")

    def float(self):
        """``data`` as float32."""
        return self.to("float32")

    def half(self):
        """``data`` as float16."""
        return self.to("float16")

    def long(self):
        """``data`` as int64."""
        return self.to("int64")

    def int(self):
        """``data`` as int32."""
        return self.to("int32")

    @property
    def is_cuda(self):
        """Whether ``data`` lives on a GPU."""
        return self.data.is_cuda


def invert_permutation(permutation):
    """The permutation that undoes one; None for None.

    >>> import minigrad as mg
    >>> mg.nn.utils.rnn.invert_permutation(mg.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    array = permutation._array
    xp = backend.array_module(array)
    found = xp.empty(array.shape, array.dtype)
    found[array] = xp.arange(array.size, dtype=array.dtype)
    return new_tensor(found)


def _whole_numbers(values):
    """A vector of lengths in NumPy, from a tensor or a list."""
    numbers = values.tolist() if isinstance(values, TensorBase) else values
    return np.asarray(numbers, np.int64)


def _steps_and_sequences(sizes):
    """The step and the sequence of every packed row."""
    steps = np.repeat(np.arange(len(sizes)), sizes)
    return steps, np.arange(len(steps)) - (np.cumsum(sizes) - sizes)[steps]


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """Pack sequences padded to one length, (T, N, …), or (N, T, …) with ``batch_first``.

    The lengths must not grow, unless ``enforce_sorted`` is False: then the sequences are sorted.

    >>> import minigrad as mg
    >>> x = mg.tensor([[1, 2, 0], [3, 4, 5]])
    >>> packed = pack_padded_sequence(x, [2, 3], batch_first=True, enforce_sorted=False)
    >>> packed.data, packed.batch_sizes
    (tensor([3, 1, 4, 2, 5]), tensor([2, 2, 1]))
    """
    only_tensors("pack_padded_sequence", input)
    shape, lengths = input.shape, _whole_numbers(lengths)
    if len(shape) < 2 or not input.numel():
        raise RuntimeError(f"pack_padded_sequence: cannot pack an input of shape {shape}")
    count, steps = shape[:2] if batch_first else shape[1::-1]
    _check_lengths(lengths, count, steps, enforce_sorted)
    order = np.arange(count) if enforce_sorted else np.argsort(-lengths, kind="stable")
    lengths = lengths[order]
    sizes = (lengths > np.arange(lengths[0])[:, None]).sum(1)
    at, sequence = _steps_and_sequences(sizes)
    places = order[sequence] * steps + at if batch_first else at * count + order[sequence]
    rows = input.reshape(count * steps, *shape[2:])
    data = index_select(rows, 0, new_tensor(beside(places, input)))
    return PackedSequence(
        data, new_tensor(sizes), None if enforce_sorted else new_tensor(beside(order, input))
    )


def _check_lengths(lengths, count, steps, enforce_sorted):
    if lengths.ndim != 1 or len(lengths) != count:
        raise RuntimeError(
            f"pack_padded_sequence: lengths must hold one number for each of {count} sequences, "
            f"got shape {lengths.shape}"
        )
    if lengths.min() <= 0 or lengths.max() > steps:
        raise RuntimeError(
            f"pack_padded_sequence: lengths must lie between 1 and {steps}, "
            f"got {lengths.min()} to {lengths.max()}"
        )
    if enforce_sorted and (np.diff(lengths) > 0).any():
        raise RuntimeError(
            "pack_padded_sequence: lengths must be sorted in decreasing order; "
            "enforce_sorted=False sorts them"
        )


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """(sequences padded to one length, their lengths): what :func:`pack_padded_sequence` packed.

    ``total_length`` pads further than to the longest sequence.
    """
    data, sizes = sequence.data, _whole_numbers(sequence.batch_sizes)
    steps, count = len(sizes), int(sizes[0])
    if total_length is not None and total_length < steps:
        raise ValueError(
            f"pad_packed_sequence: total_length={total_length} is less than the length of the "
            f"longest sequence, {steps}"
        )
    steps = total_length or steps
    lengths, order = (sizes[:, None] > np.arange(count)).sum(0), np.arange(count)
    if sequence.unsorted_indices is not None:
        back = _whole_numbers(sequence.unsorted_indices)
        lengths, order = lengths[back], np.argsort(back)
    at, packed = _steps_and_sequences(sizes)
    padded = _padded(data, at, order[packed], steps, count, batch_first, padding_value)
    return padded, new_tensor(lengths)


def _padded(rows, at, sequence, steps, count, batch_first, padding_value):
    """Rows at their steps and sequences, and elsewhere a number."""
    shape = (count, steps) if batch_first else (steps, count)
    places = sequence * steps + at if batch_first else at * count + sequence
    blank = rows.new_full((steps * count, *rows.shape[1:]), padding_value)
    filled = index_copy(blank, 0, new_tensor(beside(places, rows)), rows)
    return filled.reshape(*shape, *rows.shape[1:])


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Sequences (L, …) side by side, (T, N, …) or (N, T, …), padded to the longest.

    >>> import minigrad as mg
    >>> pad_sequence([mg.tensor([1, 2, 3]), mg.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: expected iterable sequences, got {type(sequences).__name__}"
        )
    sequences = tuple(sequences)
    only_tensors("pad_sequence", *sequences, arguments=("sequences",) * len(sequences))
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"pad_sequence: padding_side must be 'left' or 'right', got {padding_side!r}"
        )
    shapes = [s.shape for s in sequences]
    if not shapes or () in shapes or len({shape[1:] for shape in shapes}) > 1:
        raise RuntimeError(
            "pad_sequence: sequences must be at least one, with shapes equal except for the "
            f"first extent, got {shapes}"
        )
    lengths = np.array([shape[0] for shape in shapes])
    steps, sequence = int(lengths.max()), np.repeat(np.arange(len(lengths)), lengths)
    at = np.arange(len(sequence)) - (np.cumsum(lengths) - lengths)[sequence]
    if padding_side == "left":
        at += (steps - lengths)[sequence]
    rows = cat([s.to(sequences[0].dtype) for s in sequences])
    return _padded(rows, at, sequence, steps, len(lengths), batch_first, padding_value)


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """The list of sequences, each cut to its length; ``batch_first`` as :func:`pad_sequence`."""
    sequences = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    lengths = _whole_numbers(lengths).tolist()
    return [s[: max(length, 0)] for s, length in zip(sequences, lengths, strict=True)]


def pack_sequence(sequences, enforce_sorted=True):
    """Pack a list of sequences (L, …), see :func:`pack_padded_sequence`."""
    lengths = [len(s) for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences):
    """The list of sequences that were packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
