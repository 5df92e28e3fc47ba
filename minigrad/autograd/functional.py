"""Door: derivatives of functions at given inputs, under the names of torch.autograd.functional."""

from ..derivatives import hessian, hvp, jacobian, jvp, vhp, vjp

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
