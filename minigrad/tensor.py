"""Tensor: the array that remembers how it was made. Operators and methods, one line each."""

import numbers

import numpy as np

from . import backend, dtypes, fillers, methods, ops, tensor_types
from .engine import gradients, graph, hooks
from .engine.graph import TensorBase, dtype_of, new_tensor, values, version_cell, written
from .engine.modes import state
from .inplace import (
    commutative,
    in_place,
    infix,
    reflected,
    refuse_recording,
    reshaped,
    unlocked,
    updated,
)
from .ops import (
    arithmetic,
    bitwise,
    compare,
    creation,
    indexing,
    rounding,
    select,
)
from .ops.cast import cast
from .ops.operands import check_axis, tensor_of
from .printing import tensor_repr, type_name
from .return_types import Size


def _fill(name, array, where, values):
    """array[where] = values, broadcast."""
    try:
        unlocked(array)[where] = values
    except ValueError as error:
        raise RuntimeError(f"{name}: {error}") from None


class Tensor(TensorBase):
    """An n-dimensional array with gradients.

    Made by :func:`minigrad.tensor` and by every op. Attributes and methods have PyTorch's names.
    Called itself it makes floats, as in PyTorch: ``Tensor([1, 2])`` of data, ``Tensor(2, 3)`` of a
    shape.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x**2).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __slots__ = ()
    __array_priority__ = 1000

    def __new__(cls, *args, **kwargs):
        made = tensor_types.made(args, dtypes.get_default_dtype(), **kwargs)
        return made if cls is Tensor else graph.as_instance(made, cls)

    # what it is
    ndim = property(lambda self: self._array.ndim, doc="Number of axes.")
    shape = property(lambda self: Size(self._array.shape), doc="Extents, as a tuple.")
    dtype = property(dtype_of, doc="The minigrad dtype.")
    device = property(lambda self: backend.device_of(self._array), doc="'cpu' or 'cuda'.")
    is_cuda = property(lambda self: self.device == "cuda", doc="Whether it lives on a GPU.")
    is_cpu = property(lambda self: self.device == "cpu", doc="Whether it lives on the CPU.")
    is_leaf = property(lambda self: self._node is None, doc="Whether no recorded op made it.")
    grad_fn = property(lambda self: self._node, doc="The node that made it, or None.")
    output_nr = property(lambda self: self._nr, doc="Which output of ``grad_fn`` it is.")
    itemsize = property(lambda self: self.dtype.itemsize, doc="Bytes per element.")
    nbytes = property(lambda self: self._array.nbytes, doc="Bytes of all elements.")
    T = property(ops.shape.t, doc="The transpose of a matrix.")
    H = property(ops.shape.t, doc="The transpose of a matrix.")
    mT = property(lambda self: self.transpose(-2, -1), doc="The last two axes exchanged.")
    mH = mT
    real = property(lambda self: self, doc="The real part: the tensor itself.")
    imag = property(ops.complexes.imag, doc="Raises RuntimeError: there is no imaginary part.")
    _backward_hooks = property(lambda self: self._hooks)

    @property
    def _version(self):
        """How often this memory was written to in place."""
        return version_cell(self)[0]

    @property
    def requires_grad(self):
        """Whether ops on it are recorded; may be set on leaves."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value):
        self.requires_grad_(value)

    @property
    def grad(self):
        """The accumulated gradient, or None."""
        return self._grad

    @grad.setter
    def grad(self, value):
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(f"grad must be a tensor or None, got {type(value).__name__}")
            if value._array.shape != self._array.shape or value.dtype is not self.dtype:
                raise RuntimeError(
                    f"grad of shape {value.shape} and {value.dtype} does not fit a tensor of "
                    f"shape {self.shape} and {self.dtype}"
                )
        self._grad = value

    @grad.deleter
    def grad(self):
        self._grad = None

    @property
    def data(self):
        """The same memory outside the graph; assigning replaces the memory."""
        return self.detach()

    @data.setter
    def data(self, value):
        if not isinstance(value, TensorBase):
            raise TypeError(f"data must be a tensor, got {type(value).__name__}")
        self._array, self._tag = value._array, value._tag

    def size(self, dim=None):
        """The shape, or one extent."""
        shape = Size(self._array.shape)
        return shape if dim is None else shape[check_axis(dim, len(shape))]

    def numel(self):
        """Number of elements."""
        return self._array.size

    nelement = numel

    def dim(self):
        """Number of axes."""
        return self._array.ndim

    ndimension = dim

    def element_size(self):
        """Bytes per element."""
        return self.dtype.itemsize

    def is_floating_point(self):
        """Whether the dtype is floating."""
        return self.dtype.is_floating_point

    def is_nonzero(self):
        """Whether the only element is not zero."""
        return bool(self)

    def is_signed(self):
        """Whether the dtype has negative numbers."""
        return self.dtype.is_signed

    def is_complex(self):
        """False: minigrad has no complex numbers."""
        return False

    def is_same_size(self, other):
        """Whether another tensor has the same shape."""
        return self._array.shape == other._array.shape

    def get_device(self):
        """The number of the GPU, −1 on the CPU."""
        return 0 if self.is_cuda else -1

    def is_contiguous(self, *, memory_format=None):
        """Whether the elements lie in row-major order without gaps."""
        return bool(self._array.flags.c_contiguous)

    def stride(self, dim=None):
        """Steps between elements along each axis, in elements."""
        steps = tuple(s // self._array.itemsize for s in self._array.strides)
        return steps if dim is None else steps[check_axis(dim, len(steps))]

    def data_ptr(self):
        """The address of the first element."""
        return self._array.ctypes.data

    # gradients
    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        """Add this tensor's gradients to the ``grad`` of the leaves it depends on."""
        gradients.backward(self, gradient, retain_graph, create_graph, inputs)

    def requires_grad_(self, requires_grad=True):
        """Set whether ops on this leaf are recorded; returns self."""
        if self._node is not None and not requires_grad:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf tensors; use .detach()"
            )
        if requires_grad:
            creation.check_differentiable(self.dtype)
        self._requires_grad = bool(requires_grad)
        return self

    def detach(self):
        """The same memory outside the graph."""
        result = new_tensor(self._array, self._tag)
        result._writes = version_cell(self)
        return result

    def detach_(self):
        """Leave the graph; returns self."""
        self._node, self._nr, self._requires_grad = None, 0, False
        return self

    def retain_grad(self):
        """Keep the gradient of this interior tensor in ``grad`` too."""
        if not self._requires_grad:
            raise RuntimeError("can't retain_grad on a tensor that has requires_grad=False")
        if self._node is None or self.retains_grad:
            return
        import weakref

        keeper = weakref.ref(self)

        def keep(gradient):
            tensor = keeper()
            if tensor is not None:
                known = tensor._grad
                tensor._grad = gradient.clone() if known is None else known + gradient

        self._hooks = {"retain": self._register(keep).id}

    @property
    def retains_grad(self):
        """Whether :meth:`retain_grad` was called on this interior tensor."""
        return bool(self._node is not None and self._hooks and "retain" in self._hooks)

    def register_hook(self, hook):
        """Call ``hook(grad)`` when this tensor's gradient is computed; it may return another."""
        if not self._requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return self._register(hook)

    def register_post_accumulate_grad_hook(self, hook):
        """Call ``hook(tensor)`` whenever ``backward()`` has added to the ``grad`` of this leaf.

        An optimizer's step there frees each gradient as soon as it was used.

        >>> import minigrad as mg
        >>> x = mg.ones(2, requires_grad=True)
        >>> handle = x.register_post_accumulate_grad_hook(lambda leaf: print(leaf.grad))
        >>> (3 * x).sum().backward()
        tensor([3., 3.])
        """
        if not self._requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self._node is not None:
            raise RuntimeError(
                "post accumulate grad hooks cannot be registered on non-leaf tensors; "
                "register_hook sees the gradient of this one"
            )
        if not callable(hook):
            raise TypeError(f"a hook must be callable, got {type(hook).__name__}")
        if self._hooks is None:
            self._hooks = {}
        return hooks.register(self._hooks, hooks.AfterAccumulation(hook))

    def _register(self, hook):
        if not callable(hook):
            raise TypeError(f"a hook must be callable, got {type(hook).__name__}")
        owner, slot = (self, "_hooks") if self._node is None else (self._node, "hooks")
        if getattr(owner, slot) is None:
            setattr(owner, slot, {})
        table = getattr(owner, slot)
        handle = hooks.register(table, hooks.Numbered(self._nr, hook))
        if self.retains_grad:  # its hook runs last, to see what the others leave
            keeper = self._hooks["retain"]
            table[keeper] = table.pop(keeper)
        return handle

    # conversions
    def numpy(self, *, force=False):
        """The elements as a NumPy array (shared memory; bfloat16 gives float32).

        RuntimeError for a tensor that requires grad, TypeError for one on another device;
        ``force`` detaches and copies instead.
        """
        if force:
            return self.detach().cpu().numpy()
        if self._requires_grad and state.recording:
            raise RuntimeError(
                "can't call numpy() on a tensor that requires grad; use tensor.detach().numpy()"
            )
        if not isinstance(self._array, np.ndarray):
            raise TypeError("can't convert a device tensor to numpy; use tensor.cpu() first")
        return values(self) if self._tag not in (None, dtypes.float16) else self._array

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **arguments):
        if self._requires_grad:
            raise BufferError("can't export a tensor that requires grad; use tensor.detach()")
        return creation.to_dlpack(self._array, self._tag, **arguments)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()

    def item(self):
        """The only element as a Python number."""
        return creation.item(self)

    def tolist(self):
        """The elements as nested lists of Python numbers."""
        return values(self).tolist()

    def to(self, *args, dtype=None, device=None, copy=False, non_blocking=False):
        """In another dtype, on another device, or like another tensor."""
        for value in args:
            if isinstance(value, TensorBase):
                dtype, device = dtype_of(value), backend.device_of(value._array)
            elif isinstance(value, str) and value not in dtypes.BY_NAME:
                device = value
            elif value is not None and not isinstance(value, bool):
                dtype = value
        result = self if dtype is None else cast(self, dtypes.check(dtype))
        if device is not None and backend.check_device(device) != result.device:
            if result._requires_grad and state.recording:
                raise RuntimeError("moving a tensor in a graph to another device is not recorded")
            result = new_tensor(backend.move(result._array, device), result._tag)
        return result.clone() if copy and result is self else result

    def type(self, dtype=None):
        """The name of this kind of tensor, or the tensor in another dtype."""
        if dtype is None:
            return type_name(self.dtype)
        if isinstance(dtype, tensor_types.TensorType):
            dtype = dtype.dtype
        return self.to(tensor_types.dtype_named(dtype) if isinstance(dtype, str) else dtype)

    def cpu(self):
        """On the CPU."""
        return self.to(device="cpu")

    def cuda(self):
        """On the GPU."""
        return self.to(device="cuda")

    def type_as(self, other):
        """In the dtype of ``other``."""
        return cast(self, dtype_of(other))

    float = lambda self: cast(self, dtypes.float32)  # noqa: E731
    double = lambda self: cast(self, dtypes.float64)  # noqa: E731
    half = lambda self: cast(self, dtypes.float16)  # noqa: E731
    bfloat16 = lambda self: cast(self, dtypes.bfloat16)  # noqa: E731
    long = lambda self: cast(self, dtypes.int64)  # noqa: E731
    int = lambda self: cast(self, dtypes.int32)  # noqa: E731
    short = lambda self: cast(self, dtypes.int16)  # noqa: E731
    char = lambda self: cast(self, dtypes.int8)  # noqa: E731
    byte = lambda self: cast(self, dtypes.uint8)  # noqa: E731
    bool = lambda self: cast(self, dtypes.bool_)  # noqa: E731

    def contiguous(self, *, memory_format=None):
        """In row-major memory; self if it is already."""
        return self if self.is_contiguous() else self.clone()

    def new(self, *args):
        """Of data or of a shape, as Tensor called itself, in this dtype and on this device."""
        return tensor_types.made(args, **self._kind(None, None))

    def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False):
        """A copy of ``data`` in this dtype and on this device."""
        return creation.tensor(data, **self._kind(dtype, device), requires_grad=requires_grad)

    def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False):
        """One repeated value in this dtype and on this device."""
        kind = self._kind(dtype, device)
        return creation.full(size, fill_value, **kind, requires_grad=requires_grad)

    def new_zeros(self, *size, dtype=None, device=None, requires_grad=False):
        """Zeros of this dtype and on this device."""
        kind = self._kind(dtype, device)
        return creation.zeros(*size, **kind, requires_grad=requires_grad)

    new_empty = new_zeros

    def new_ones(self, *size, dtype=None, device=None, requires_grad=False):
        """Ones of this dtype and on this device."""
        kind = self._kind(dtype, device)
        return creation.ones(*size, **kind, requires_grad=requires_grad)

    def _kind(self, dtype, device):
        return {"dtype": dtype or self.dtype, "device": device or self.device}

    # operators
    __add__ = __radd__ = commutative(arithmetic.Add)
    __sub__ = infix(arithmetic.sub)
    __rsub__ = reflected(arithmetic.sub)
    __mul__ = __rmul__ = commutative(arithmetic.Mul)
    __truediv__ = infix(arithmetic.div)
    __rtruediv__ = reflected(arithmetic.div)
    __floordiv__ = infix(rounding.floor_divide)
    __rfloordiv__ = reflected(rounding.floor_divide)
    __mod__ = infix(rounding.remainder)
    __rmod__ = reflected(rounding.remainder)
    __pow__ = infix(arithmetic.pow)
    __rpow__ = reflected(arithmetic.pow)
    __and__ = __rand__ = infix(bitwise.bitwise_and)
    __or__ = __ror__ = infix(bitwise.bitwise_or)
    __xor__ = __rxor__ = infix(bitwise.bitwise_xor)
    __lshift__ = infix(bitwise.bitwise_left_shift)
    __rlshift__ = reflected(bitwise.bitwise_left_shift)
    __rshift__ = infix(bitwise.bitwise_right_shift)
    __rrshift__ = reflected(bitwise.bitwise_right_shift)
    __invert__ = bitwise.bitwise_not
    __neg__ = arithmetic.neg
    __pos__ = arithmetic.positive
    __abs__ = arithmetic.abs
    __matmul__ = infix(ops.matmul.matmul)
    __rmatmul__ = reflected(ops.matmul.matmul)
    __iadd__ = updated(arithmetic.add)
    __isub__ = updated(arithmetic.sub)
    __imul__ = updated(arithmetic.mul)
    __itruediv__ = updated(arithmetic.div)
    __ifloordiv__ = updated(rounding.floor_divide)
    __imod__ = updated(rounding.remainder)
    __ipow__ = updated(arithmetic.pow)
    __iand__ = updated(bitwise.bitwise_and)
    __ior__ = updated(bitwise.bitwise_or)
    __ixor__ = updated(bitwise.bitwise_xor)
    __ilshift__ = updated(bitwise.bitwise_left_shift)
    __irshift__ = updated(bitwise.bitwise_right_shift)
    __eq__ = infix(compare.eq)
    __ne__ = infix(compare.ne)
    __lt__ = infix(compare.lt)
    __le__ = infix(compare.le)
    __gt__ = infix(compare.gt)
    __ge__ = infix(compare.ge)
    __hash__ = object.__hash__

    def where(self, condition, other):
        """self where the condition holds, other elsewhere."""
        return select.where(condition, self, other)

    def view_as(self, other):
        """The same memory under the shape of ``other``."""
        return ops.shape.view(self, other.shape)

    def reshape_as(self, other):
        """Under the shape of ``other``."""
        return ops.shape.reshape(self, other.shape)

    def expand_as(self, other):
        """Repeated to the shape of ``other``."""
        return ops.shape.expand(self, other.shape)

    # elements
    __getitem__ = indexing.getitem

    def __setitem__(self, where, value):
        if not isinstance(value, TensorBase):
            value = new_tensor(backend.move(tensor_of(value)._array, self.device))
        refuse_recording(self, (value,), "item assignment", "mg.where")
        first, second = indexing.split_index(indexing.check_index(where, self))
        target = self._array if second is None else self._array[first]
        source = cast(value.detach(), self.dtype)._array
        _fill("item assignment", target, first if second is None else second, source)
        written(self)

    def __len__(self):
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self):
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self):
        if self._array.size != 1:
            raise RuntimeError(
                f"the truth value of a tensor with {self._array.size} elements is ambiguous"
            )
        return self._array.item() != 0

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __index__(self):
        if self.dtype.is_floating_point or self._array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __format__(self, spec):
        return format(self.item(), spec) if self._array.ndim == 0 else object.__format__(self, spec)

    def __contains__(self, value):
        if not isinstance(value, TensorBase | numbers.Number):
            raise RuntimeError(f"a tensor contains numbers, not {type(value).__name__}")
        return (self == value).any().item()

    # writing
    def _write(self, result):
        """Copy a result into this tensor's memory."""
        if result._array.shape != self._array.shape:
            raise RuntimeError(
                f"a result of shape {result._array.shape} doesn't fit in place into shape "
                f"{self._array.shape}"
            )
        if dtypes.category(result.dtype) > dtypes.category(self.dtype):
            raise RuntimeError(f"result type {result.dtype} can't be cast in place to {self.dtype}")
        _fill("an in-place method", self._array, ..., cast(result, self.dtype)._array)
        written(self)
        return self

    def _assign(self, name, array):
        """Write a plain array of values where nothing is recorded."""
        refuse_recording(self, (), name, name.rstrip("_"))
        tag = self._tag
        _fill(name, self._array, ..., dtypes.encode(array, tag) if tag else array)
        written(self)
        return self

    def copy_(self, src, non_blocking=False):
        """Write the elements of ``src``, broadcast, in place; returns self."""
        src = tensor_of(src, "src")
        refuse_recording(self, (src,), "copy_", "clone")
        converted = cast(src.detach(), self.dtype)._array
        _fill("copy_", self._array, ..., backend.move(converted, self.device))
        written(self)
        return self

    def fill_(self, value):
        """Write one value everywhere; returns self."""
        xp = backend.array_module(self._array)
        storage = np.dtype(np.float32) if self._tag else self._array.dtype
        value = creation.one_number(value, self.dtype, storage)
        return self._assign("fill_", xp.full(self._array.shape, value, storage))

    def zero_(self):
        """Write zeros; returns self."""
        return self.fill_(0)

    def __repr__(self):
        return tensor_repr(self)

    def __deepcopy__(self, memo):
        if self._node is not None:
            raise RuntimeError("only leaf tensors can be deep-copied; use .detach().clone()")
        copied = new_tensor(self._array.copy(), self._tag, self._requires_grad)
        if type(self) is not Tensor:
            copied = graph.as_instance(copied, type(self))
        if self._grad is not None:
            copied._grad = self._grad.detach().clone()
        memo[id(self)] = copied
        return copied

    def __reduce__(self):
        """For processes that are spawned; files are written by :func:`minigrad.save`."""
        if self._node is not None:
            raise RuntimeError("only leaf tensors can be pickled; use .detach()")
        return _unpickled, (type(self), self._array, self._tag, self._requires_grad)


def _unpickled(cls, array, tag, requires_grad):
    made = new_tensor(array, tag, requires_grad)
    return made if cls is Tensor else graph.as_instance(made, cls)


for _name, _function in methods.METHODS.items():
    setattr(Tensor, _name, _function)
for _name, _function in methods.RESHAPED.items():
    setattr(Tensor, f"{_name}_", reshaped(_function))
for _name in fillers.__all__:
    setattr(Tensor, _name, getattr(fillers, _name))
for _name, _function in methods.IN_PLACE.items():
    setattr(Tensor, f"{_name}_", in_place(_function))
graph.set_tensor_class(Tensor)
