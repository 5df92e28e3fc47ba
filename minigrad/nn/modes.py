"""Training and evaluation for a while."""

from contextlib import contextmanager

from ..engine import observe
from ..engine.modes import state

__all__ = ["freeze_norm", "mc_dropout", "mode"]


def notice(layer, input):
    """Tell those who watch of a layer whose mode does not fit whether gradients are recorded."""
    if observe.watchers and layer.training is not state.recording:
        observe.watchers["layer"](layer, input)


def freeze_norm(model, frozen=True):
    """Let the batch norms of a model use and keep their running statistics; returns the model.

    They stay in evaluation mode through ``model.train()`` until ``freeze_norm(model, False)``.
    Weights and biases of the norms are still trained where they require grad. It is the usual
    way to fine-tune on small batches.

    >>> import minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.BatchNorm1d(3))
    >>> [m.training for m in mg.nn.freeze_norm(net).train()]
    [True, False]
    """
    for module in model.modules():
        if getattr(module, "batch_size_sensitive", False):
            module._held_in_evaluation = frozen
            module.training = module.training and not frozen
    return model


@contextmanager
def mode(model, train=False):
    """The model in evaluation (or training) mode inside; afterwards each module as it was.

    >>> import minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.Dropout(), mg.nn.Dropout().eval())
    >>> with mg.nn.mode(net):
    ...     [m.training for m in net]
    [False, False]
    >>> [m.training for m in net]
    [True, False]
    """
    before = [(module, module.training) for module in model.modules()]
    model.train(train)
    try:
        yield model
    finally:
        for module, training in before:
            module.training = training


@contextmanager
def mc_dropout(model):
    """The model in evaluation mode inside, except that dropout layers draw masks.

    Outputs are then samples of the predictive distribution. Afterwards each module is as it was.
    Source: Gal and Ghahramani 2016.

    >>> import minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.BatchNorm1d(3), mg.nn.Dropout()).eval()
    >>> with mg.nn.mc_dropout(net):
    ...     [m.training for m in net]
    [False, True]
    """
    with mode(model):
        for module in model.modules():
            module.training = getattr(module, "drops", False)
        yield model
