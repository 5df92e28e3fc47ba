"""Parameter: a tensor that a module trains. Buffer: one that is state and is not trained."""

from ..engine.graph import as_instance, new_tensor, version_cell
from ..ops.creation import check_differentiable, empty
from ..ops.operands import tensor_of
from ..tensor import Tensor


class Parameter(Tensor):
    """A tensor that a :class:`Module` registers when it is assigned as an attribute.

    It shares memory with ``data`` and stands outside the graph that made ``data``.

    >>> import minigrad as mg
    >>> mg.nn.Parameter(mg.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    __slots__ = ("_place",)  # (weak reference to the module that holds this one, name there)

    def __new__(cls, data=None, requires_grad=True):
        data = empty(0) if data is None else tensor_of(data, "data")
        if requires_grad:
            check_differentiable(data.dtype)
        parameter = new_tensor(data._array, data._tag, bool(requires_grad))
        parameter._writes = version_cell(data)
        return as_instance(parameter, cls)

    def __repr__(self):
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor that a :class:`Module` registers as a buffer when it is assigned as an attribute.

    A ``persistent`` one is part of ``state_dict``. It shares memory with ``data``.

    >>> import minigrad as mg
    >>> module = mg.nn.Module()
    >>> module.mean = mg.nn.Buffer(mg.zeros(2))
    >>> dict(module.named_buffers())
    {'mean': tensor([0., 0.])}
    """

    persistent = True

    def __new__(cls, data=None, *, persistent=True):
        data = empty(0) if data is None else tensor_of(data, "data")
        buffer = as_instance(data.detach(), cls)
        buffer._requires_grad, buffer.persistent = data._requires_grad, persistent
        return buffer
