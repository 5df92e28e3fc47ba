"""Door: transformations of functions, under the names of torch.func."""

from .transforms import grad, grad_and_value, hessian, hvp, jacfwd, jacrev, jvp, vjp

jacobian = jacrev

__all__ = [
    "grad",
    "grad_and_value",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "vjp",
]
