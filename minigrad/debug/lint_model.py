"""P5 and I7: weight decay where it does harm, and units that are all alike."""

from ..backend import array_module
from ..engine.graph import values
from ..nn.conv import _ConvTranspose
from ..nn.embedding import Embedding, EmbeddingBag
from ..nn.linear import Linear
from ..nn.normalization import _Norm
from ..optim.groups import is_bias
from . import lint_loss
from .progress import described, optimizers, place_of
from .warning import report

ALIKE = 1e-5  # relative to the largest value


def on_optimizer(optimizer, given):
    """P5: an optimizer was made whose weight decay falls on biases or norms."""
    lint_loss.calls.clear()  # a new training begins: its losses are looked at from the first
    optimizers.of(optimizer)
    found = [
        parameter
        for group, made_of in zip(optimizer.param_groups, given, strict=False)
        if float(group.get("weight_decay") or 0) > 0 and not _is_chosen(made_of)
        for parameter in group["params"]
        if parameter._requires_grad and _is_spared(parameter)
    ]
    if found:
        report(
            "P5",
            f"weight decay also falls on {len(found)} biases and parameters of norms "
            f"({described(found, optimizer)}), which it only pulls off their place: pass "
            "mg.optim.param_groups(model, weight_decay=...) instead of model.parameters()",
        )


def _is_chosen(group):
    """Whether a group is as ``param_groups`` makes them: then somebody decided what decays."""
    return "weight_decay" in group and "param_names" in group


def _is_spared(parameter):
    module, name = place_of(parameter)
    return name is not None and (is_bias(name) or isinstance(module, _Norm))


def check_symmetry(optimizer):
    """I7: all units of a layer have the same weights and still get the same gradients."""
    matrices = [
        p
        for group in optimizer.param_groups
        for p in group["params"]
        if p._array.ndim > 1 and p._requires_grad and p._grad is not None
    ]
    # without any gradient a last layer that starts at zero cannot be told from a dead one
    found = [
        p for p in matrices
        if _has_equal_units(p) and (p is not matrices[-1] or values(p._grad).any().item())
    ]  # fmt: skip
    if found:
        report(
            "I7",
            f"all units of {described(found, optimizer)} have the same weights and the same "
            "gradients, so they stay one unit for ever: start from random weights "
            "(mg.nn.init.kaiming_uniform_, for example)",
        )


def _has_equal_units(parameter):
    weights, gradient = values(parameter), values(parameter._grad)
    return any(
        weights.shape[axis] > 1 and _are_alike(weights, axis) and _are_alike(gradient, axis)
        for axis in _unit_axes(parameter)
    )


def _unit_axes(parameter):
    """The axes along which units may be counted."""
    module, _ = place_of(parameter)
    if isinstance(module, Embedding | EmbeddingBag | _Norm):
        return ()
    if isinstance(module, _ConvTranspose):
        return (1,)
    # a matrix of the user's own may be used as x @ W
    by_hand = parameter._array.ndim == 2 and not isinstance(module, Linear)
    return (0, 1) if by_hand else (0,)


def _are_alike(array, axis):
    """Whether all slices along an axis are equal, but for rounding."""
    xp = array_module(array)
    rows = xp.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
    if not rows.size:
        return False
    # NaN is not alike
    return xp.abs(rows - rows[0]).max().item() <= ALIKE * xp.abs(rows).max().item()
