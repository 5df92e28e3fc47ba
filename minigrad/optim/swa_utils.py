"""Averages of weights along a run: SWA (equal weights) and EMA (recent ones count more)."""

import copy
import itertools

from ..engine.modes import no_grad
from ..nn.module import Module
from ..nn.normalization import _BatchNorm
from ..ops.creation import tensor
from .lr_scheduler.base import LRScheduler, per_group
from .schedules import anneal

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _check_decay(decay):
    if not 0.0 <= decay <= 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


def get_ema_avg_fn(decay=0.999):
    """The function (average, current, n) ↦ decay · average + (1 − decay) · current.

    >>> import minigrad as mg
    >>> get_ema_avg_fn(0.75)(mg.tensor(0.0), mg.tensor(1.0), 3)
    tensor(0.2500)
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param, current_param, num_averaged):
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn():
    """The function (average, current, n) ↦ average + (current − average) / (n + 1).

    >>> import minigrad as mg
    >>> get_swa_avg_fn()(mg.tensor(0.0), mg.tensor(1.0), 3)
    tensor(0.2500)
    """

    @no_grad()
    def swa_update(averaged_param, current_param, num_averaged):
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_ema_multi_avg_fn(decay=0.999):
    """As :func:`get_ema_avg_fn`, on lists of tensors and in place."""
    one = get_ema_avg_fn(decay)
    return _in_place(one, lambda num_averaged: 1 - decay)


def get_swa_multi_avg_fn():
    """As :func:`get_swa_avg_fn`, on lists of tensors and in place."""
    return _in_place(get_swa_avg_fn(), lambda num_averaged: 1 / (float(num_averaged) + 1))


def _in_place(one, weight):
    """Write averages into a list: floating tensors by one kernel, others by the function ``one``.

    ``weight(n)`` is how much the current value counts.
    """

    @no_grad()
    def update(averages, currents, num_averaged):
        for average, current in zip(averages, currents, strict=True):
            if average.is_floating_point():
                average.lerp_(current, weight(num_averaged))
            else:
                average.copy_(one(average, current, num_averaged))

    return update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of those that the model had.

    Call ``update_parameters(model)`` after each step (EMA) or each epoch (SWA): the first call
    copies the parameters, later ones average. ``avg_fn(average, current, n)`` gives one average,
    ``multi_avg_fn(averages, currents, n)`` writes lists of them in place (tensors of one dtype at a
    time); without either all values count alike. ``n_averaged`` counts the calls. Buffers are
    copied, or averaged as well with ``use_buffers``; see :func:`update_bn`. Sources: Polyak and
    Juditsky 1992; Izmailov et al. 2018.

    >>> import minigrad as mg
    >>> net = mg.nn.Linear(1, 1, bias=False)
    >>> average = mg.optim.swa_utils.AveragedModel(net)
    >>> for value in (0.0, 1.0, 2.0):
    ...     _ = mg.nn.init.constant_(net.weight, value)
    ...     average.update_parameters(net)
    >>> average.module.weight.item(), list(average.state_dict())
    (1.0, ['n_averaged', 'module.weight'])
    """

    def __init__(self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args, **kwargs):
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model):
        """Take the present parameters of ``model`` into the average."""
        tensors = zip(self._averaged(self.module), self._averaged(model), strict=True)
        pairs = [(a.detach(), current.detach().to(a.device)) for a, current in tensors]
        if self.n_averaged == 0:
            for average, current in pairs:
                average.copy_(current)
        elif self.multi_avg_fn is not None:
            for averages, currents in _by_kind(pairs):
                self.multi_avg_fn(averages, currents, self.n_averaged)
        else:
            function = self.avg_fn or get_swa_avg_fn()
            for average, current in pairs:
                average.copy_(function(average, current, self.n_averaged.to(average.device)))
        if not self.use_buffers:
            for average, current in zip(self.module.buffers(), model.buffers(), strict=True):
                average.detach().copy_(current.detach().to(average.device))
        self.n_averaged += 1

    def _averaged(self, model):
        """The tensors of a model that are averaged."""
        return itertools.chain(model.parameters(), model.buffers() if self.use_buffers else ())


def _by_kind(pairs):
    """Lists of averages and of current values, for each device and dtype."""
    groups = {}
    for average, current in pairs:
        averages, currents = groups.setdefault((average.device, average.dtype), ([], []))
        averages.append(average)
        currents.append(current)
    return groups.values()


@no_grad()
def update_bn(loader, model, device=None):
    """Set the running statistics of all batch norms to those of the data in ``loader``.

    Averaged weights have activations that no training step has seen. Batches are tensors, or lists
    or tuples that begin with the input. Does nothing without batch norms.

    >>> import minigrad as mg
    >>> net = mg.nn.BatchNorm1d(1)
    >>> mg.optim.swa_utils.update_bn([mg.tensor([[0.0], [2.0]]), mg.tensor([[4.0], [6.0]])], net)
    >>> net.running_mean
    tensor([3.])
    """
    momenta = {m: m.momentum for m in model.modules() if isinstance(m, _BatchNorm)}
    if not momenta:
        return
    training = model.training
    model.train()
    for norm in momenta:
        norm.reset_running_stats()
        norm.momentum = None
    try:
        for batch in loader:
            x = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(x if device is None else x.to(device))
    finally:
        for norm, momentum in momenta.items():
            norm.momentum = momentum
        model.train(training)


class SWALR(LRScheduler):
    """From the present rate to ``swa_lr`` within ``anneal_epochs`` steps, and constant from there.

    lr(k) = (1 − a) lr₀ + a · swa_lr with a = (1 − cos πt) / 2 or, with
    ``anneal_strategy="linear"``, a = t, for t = min(1, k / anneal_epochs). ``swa_lr`` may be a list
    with one rate per group. Source: Izmailov et al. 2018.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> mg.optim.swa_utils.SWALR(optimizer, 0.5, 2, "linear").preview(4)
    [1.0, 0.75, 0.5, 0.5]
    """

    def __init__(
        self, optimizer, swa_lr, anneal_epochs=10, anneal_strategy="cos", last_epoch=-1
    ):
        swa_lrs = per_group("swa_lr", optimizer, swa_lr)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                "anneal_strategy must be one of 'cos' or 'linear', instead got "
                f"{anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(
                f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}"
            )
        for group, lr in zip(optimizer.param_groups, swa_lrs, strict=True):
            group["swa_lr"] = lr
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, k):
        """How much of ``swa_lr`` the rate has at step ``k``."""
        t = k / self.anneal_epochs if self.anneal_epochs else 1.0
        return anneal(0.0, 1.0, max(0.0, min(1.0, t)), self._anneal_strategy)

    def _mixed(self, share, start):
        return [
            group["swa_lr"] * share + lr * (1 - share)
            for group, lr in zip(self.optimizer.param_groups, start, strict=True)
        ]

    def _next(self, k, rates):
        """From the rates now, whoever set them, on the way that leads through them."""
        k = self._step_count - 1
        before = self._share(k - 1) if self.anneal_epochs else 0.0
        start = [
            group["swa_lr"] if before == 1 else (lr - before * group["swa_lr"]) / (1 - before)
            for group, lr in zip(self.optimizer.param_groups, rates, strict=True)
        ]
        return self._mixed(self._share(k), start)

    def _rates(self, k, start):
        return self._mixed(self._share(k), start)
