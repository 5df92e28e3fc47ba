"""Several batches as one: taken together, and how much each counts in their mean."""

from collections.abc import Mapping

from ..engine.graph import TensorBase


def weight_of(loss_fn, targets):
    """What the mean of a loss divides by, up to a constant, so that means of batches can be mixed.

    For losses of classes that is the number of targets that are not ignored, or the sum of their
    class weights; for all others the number of samples. Of several targets, in a tuple or a dict,
    the first counts; a list of anything but tensors has a sample in each place.

    >>> import minigrad as mg
    >>> weight_of(mg.nn.CrossEntropyLoss(), mg.tensor([2, 0, -100]))
    2.0
    >>> weight_of(mg.nn.MSELoss(), mg.zeros(4, 3))
    4.0
    """
    if isinstance(targets, Mapping):
        targets = next(iter(targets.values()))
    if not isinstance(targets, TensorBase):
        several = isinstance(targets, list | tuple) and isinstance((*targets, 0)[0], TensorBase)
        return float(len(targets[0] if several else targets))
    ignored = getattr(loss_fn, "ignore_index", None)
    if ignored is None or targets.is_floating_point():
        return float(targets.shape[0]) if targets.ndim else 1.0
    kept = targets[targets != ignored]
    weight = getattr(loss_fn, "weight", None)
    return float(kept.numel()) if weight is None else weight[kept].sum().item()


def groups(loader, size):
    """Lists of ``size`` consecutive batches; the last may be shorter.

    >>> list(groups([1, 2, 3], 2))
    [[1, 2], [3]]
    """
    group = []
    for batch in loader:
        group.append(batch)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
