"""Parametrizations from the literature: weight norm and spectral norm."""

from ...engine.graph import TensorBase
from ...engine.modes import no_grad
from ...ops.arithmetic import div, mul
from ...ops.cast import clone
from ...ops.distances import normalize
from ...ops.norms import norm
from ...ops.products import mv, vecdot
from ...ops.sampling import randn
from ...ops.shape import flatten, permute
from ..module import Module
from .parametrize import register_parametrization


class _WeightNorm(Module):
    """w = g · v / ‖v‖, the norm over all axes but ``dim`` (or over all, for None)."""

    def __init__(self, dim=0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def _norm(self, v):
        if self.dim == -1:
            return norm(v)
        axes = [axis for axis in range(v.ndim) if axis != self.dim % v.ndim]
        return norm(v, 2, axes, True) if axes else v.abs()

    def forward(self, weight_g, weight_v):
        return mul(weight_v, div(weight_g, self._norm(weight_v)))

    def right_inverse(self, weight):
        return self._norm(weight), weight


def weight_norm(module, name="weight", dim=0):
    """Train the length g and the direction v of a weight apart: w = g · v / ‖v‖.

    Lengths are those of the slices along ``dim`` (None: that of the whole weight). They stand in
    ``module.parametrizations.weight.original0``, v in ``original1``. Source: Salimans and Kingma
    2016.
    """
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


class _SpectralNorm(Module):
    """W / σ(W), σ the largest singular value by power iteration (exact for a vector)."""

    def __init__(self, weight, n_power_iterations=1, dim=0, eps=1e-12):
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(f"dim={dim} is out of range for a weight of {weight.ndim} axes")
        if n_power_iterations <= 0:
            raise ValueError(f"n_power_iterations must be positive, got {n_power_iterations}")
        self.dim = dim % weight.ndim
        self.eps = eps
        if weight.ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._as_matrix(weight.detach())
            rows, columns = matrix.shape
            self.register_buffer("_u", self._unit(randn(rows, dtype=weight.dtype)))
            self.register_buffer("_v", self._unit(randn(columns, dtype=weight.dtype)))
            self._iterate(matrix, 15)

    def _unit(self, vector):
        return normalize(vector, dim=0, eps=self.eps)

    def _as_matrix(self, weight):
        """Axis ``dim`` against all others."""
        others = [axis for axis in range(weight.ndim) if axis != self.dim]
        return flatten(permute(weight, (self.dim, *others)), 1)

    @no_grad()
    def _iterate(self, matrix, times):
        for _ in range(times):
            self._u.copy_(self._unit(mv(matrix, self._v)))
            self._v.copy_(self._unit(mv(matrix.T, self._u)))

    def forward(self, weight):
        if weight.ndim == 1:
            return self._unit(weight)
        matrix = self._as_matrix(weight)
        if self.training:
            self._iterate(matrix.detach(), self.n_power_iterations)
        u, v = clone(self._u), clone(self._v)  # the next call writes to them
        return div(weight, vecdot(u, mv(matrix, v)))

    def right_inverse(self, value):
        return value


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """Divide a weight by its largest singular value, seen as axis ``dim`` against all others.

    Each call in training takes ``n_power_iterations`` steps of the power iteration. ``dim`` is 0,
    or 1 for transposed convolutions. Source: Miyato et al. 2018.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, TensorBase):
        raise ValueError(
            f"{type(module).__name__} has no parameter or buffer named {name!r} to parametrize"
        )
    if dim is None:
        dim = 1 if getattr(module, "transposed", False) else 0
    return register_parametrization(
        module, name, _SpectralNorm(weight, n_power_iterations, dim, eps)
    )
