"""Training and evaluation for a while."""

from contextlib import contextmanager

__all__ = ["mc_dropout", "mode"]


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
