"""PyTorch's older names for the tensors of a dtype: FloatTensor, LongTensor and the rest."""

import numbers

from . import dtypes
from .engine.graph import TensorBase, dtype_of
from .ops import creation
from .printing import type_name
from .return_types import Size


def made(args, dtype, **kwargs):
    """A tensor of data, of extents, or of a shape, as the older constructors take them."""
    if len(args) == 1 and not isinstance(args[0], numbers.Integral | Size):
        return creation.tensor(args[0], dtype=dtype, **kwargs)
    return creation.zeros(*args or (0,), dtype=dtype, **kwargs)


class TensorType:
    """The tensors of one dtype: called it makes one, of data or of a shape.

    >>> import minigrad as mg
    >>> mg.LongTensor([1, 2]), isinstance(mg.ones(2), mg.FloatTensor)
    (tensor([1, 2]), True)
    """

    def __init__(self, dtype):
        self.dtype = dtype

    def __call__(self, *args):
        return made(args, self.dtype)

    def __instancecheck__(self, value):
        return isinstance(value, TensorBase) and dtype_of(value) is self.dtype

    def __repr__(self):
        return f"<class '{type_name(self.dtype)}'>"


FloatTensor = TensorType(dtypes.float32)
DoubleTensor = TensorType(dtypes.float64)
HalfTensor = TensorType(dtypes.float16)
BFloat16Tensor = TensorType(dtypes.bfloat16)
LongTensor = TensorType(dtypes.int64)
IntTensor = TensorType(dtypes.int32)
ShortTensor = TensorType(dtypes.int16)
CharTensor = TensorType(dtypes.int8)
ByteTensor = TensorType(dtypes.uint8)
BoolTensor = TensorType(dtypes.bool_)

__all__ = [name for name, value in vars().items() if isinstance(value, TensorType)]


def dtype_named(name):
    """The dtype that a string means: "float32", "FloatTensor" or "minigrad.FloatTensor"."""
    last = name.rpartition(".")[2]
    if last in dtypes.BY_NAME:
        return dtypes.BY_NAME[last]
    if last not in __all__:
        raise ValueError(f"invalid type: {name!r}")
    return globals()[last].dtype
