"""Parameters as one vector."""

from ...engine.graph import TensorBase
from ...engine.modes import no_grad
from ...ops.joining import cat
from ...ops.shape import reshape


def parameters_to_vector(parameters):
    """All elements of the parameters in one vector, in their order; gradients flow through it.

    >>> import minigrad as mg
    >>> mg.nn.utils.parameters_to_vector([mg.ones(2, 2), mg.zeros(1)])
    tensor([1., 1., 1., 1., 0.])
    """
    return cat([reshape(p, -1) for p in parameters])


@no_grad()
def vector_to_parameters(vec, parameters):
    """Write the elements of a vector into the parameters, in their order."""
    if not isinstance(vec, TensorBase):
        raise TypeError(f"vec must be a tensor, got {type(vec).__name__}")
    parameters = list(parameters)
    wanted = sum(p.numel() for p in parameters)
    if vec.shape != (wanted,):
        raise RuntimeError(
            f"vec of shape {vec.shape} does not fit parameters of {wanted} elements in all"
        )
    first = 0
    for parameter in parameters:
        last = first + parameter.numel()
        parameter.copy_(reshape(vec[first:last], parameter.shape))
        first = last
