"""From a list of samples to one batch."""

import copy
from collections.abc import Mapping, MutableMapping, Sequence

import numpy as np

from ..engine.graph import TensorBase
from ..ops.creation import as_tensor, tensor
from ..ops.joining import stack


def default_collate(batch):
    """Stack tensors, arrays and numbers; keep the structure of tuples, lists and dicts.

    >>> default_collate([(1, 2.0), (3, 4.0)])
    [tensor([1, 3]), tensor([2., 4.], dtype=minigrad.float64)]
    """
    first = batch[0]
    if isinstance(first, TensorBase):
        return _stacked(batch)
    if isinstance(first, np.ndarray | np.generic) and not isinstance(first, str | bytes):
        return _stacked([as_tensor(item) for item in batch])
    if isinstance(first, float):
        return tensor(np.array(batch, np.float64))
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return with_values(first, {k: default_collate([s[k] for s in batch]) for k in first})
    if isinstance(first, Sequence):
        return _aligned(batch)
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {type(first).__name__}; give the loader a collate_fn"
    )


def _stacked(tensors):
    shapes = {t.shape for t in tensors}
    if len(shapes) > 1:
        raise RuntimeError(
            f"default_collate: samples of different shapes {sorted(shapes)} cannot be stacked; "
            "pad them in a collate_fn"
        )
    return stack(tensors)


def with_values(mapping, values):
    """A mapping of the same kind with other values under its keys."""
    if type(mapping) is dict:
        return values
    if not isinstance(mapping, MutableMapping):
        return type(mapping)(values)
    made = copy.copy(mapping)
    for key, value in values.items():
        made[key] = value
    return made


def _aligned(batch):
    first = batch[0]
    if any(len(sample) != len(first) for sample in batch):
        raise RuntimeError("default_collate: the samples of a batch must have equal lengths")
    columns = [default_collate(column) for column in zip(*batch, strict=True)]
    return type(first)(*columns) if hasattr(first, "_fields") else columns


def default_convert(sample):
    """Arrays as tensors, for samples that are not batched; anything else as it is."""
    if isinstance(sample, np.ndarray | np.generic) and sample.dtype.kind in "biuf":
        return as_tensor(sample)
    if isinstance(sample, Mapping):
        return with_values(sample, {key: default_convert(v) for key, v in sample.items()})
    if isinstance(sample, list | tuple):
        parts = [default_convert(value) for value in sample]
        return type(sample)(*parts) if hasattr(sample, "_fields") else parts
    return sample
