"""Door: transformations of functions, under the names of torch.func."""

from .transforms import grad, grad_and_value, hessian, hvp, jacfwd, jacrev, jvp, vjp

jacobian = jacrev


def __getattr__(name):
    if name == "functional_call":  # with it come the layers
        from .nn.utils.stateless import functional_call

        return functional_call
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "functional_call",  # noqa: F822
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
