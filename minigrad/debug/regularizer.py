"""What to try next: the gap between training and validation after a short run, and settings."""

import math

from ..engine.modes import no_grad
from ..nn.dropout import Dropout
from ..nn.modes import mode
from ..optim.notes import notes
from ..train.batches import weight_of
from .report import Check
from .specimen import Specimen, endless, fresh, laboratory
from .trial import split

GAP, NATS = 1.2, 0.05  # validation to training loss, as ratio and difference: below is no gap
LEARNT = 0.7  # of the first loss, above which the model has not learnt enough to overfit
DROPOUTS = (0.05, 0.6)
EVALUATED = 2048  # samples at most


def short_run(model, loss_fn, optimizer, loader, steps, lr=None, seed=0):
    """A copy after ``steps`` steps, at a rate ``lr`` or the one the optimizer has: a specimen."""
    with laboratory(seed):
        specimen = Specimen(model, loss_fn, optimizer)
        specimen.model.train()
        if lr is not None:
            for group in specimen.optimizer.param_groups:
                group["lr"] = lr
        for _, batch in zip(range(steps), endless(loader), strict=False):
            specimen.step(batch)
    return specimen


def mean_loss(specimen, loader, seed=0):
    """The mean loss of the first samples of a loader, in evaluation mode."""
    total = weight = samples = 0
    with laboratory(seed), no_grad(), mode(specimen.model):
        for batch in fresh(loader):
            targets = split(batch)[1]
            share = weight_of(specimen.loss_fn, targets)
            total += specimen.loss(batch).item() * share
            weight += share
            samples += len(targets)
            if samples >= EVALUATED:
                break
    return total / weight if weight else math.nan


def next_regularizer(
    model, loss_fn, train_loader, val_loader, optimizer, *, steps=200, lr=None, seed=0
):
    """Train a copy for some steps and say what to add next, one thing at a time.

    Nothing where the training loss is still high (a larger model or a longer run comes first) or
    where the validation loss is near it; else the first of weight decay, dropout, label smoothing
    and augmentation that is missing. All findings are for information, also those about dropout
    rates and about weight decay. Returns a :class:`Check` whose number is the ratio of the losses.
    """
    check = Check("next step", threshold=GAP, measure="validation to training loss, below")
    specimen = short_run(model, loss_fn, optimizer, train_loader, steps, lr, seed)
    first = mean_loss(Specimen(model, loss_fn), train_loader, seed)
    train = mean_loss(specimen, train_loader, seed)
    check.details = {"first_loss": first, "train_loss": train, "steps": steps}
    _dropouts(check, model)
    if hasattr(optimizer, "param_groups"):
        for note in notes(optimizer):
            check.find("optimizer", "info", note)
    if val_loader is None:
        check.measure, check.threshold = "", None
        check.advice = "Give a val_loader to learn whether the model needs regularisation."
        return check
    val = mean_loss(specimen, val_loader, seed)
    check.details["val_loss"] = val
    check.number = val / train if train else math.inf
    check.advice = _advice(val, train, first, _missing(model, loss_fn, optimizer))
    return check


def _advice(val, train, first, missing):
    if not train <= LEARNT * first:
        return (
            f"After the short run the training loss is still {train:.3g} ({first:.3g} at first): "
            "train longer or take a larger model; regularisation comes later."
        )
    if val <= max(GAP * train, train + NATS):
        return "No gap to speak of after the short run: nothing to regularise yet."
    return f"The model begins to overfit. Next to try: {missing[0]}."


def _missing(model, loss_fn, optimizer):
    """What could be added, in the order in which to try it."""
    groups = getattr(optimizer, "param_groups", ())
    found = []
    if not any(group.get("weight_decay", 0) for group in groups):
        found.append("weight decay (AdamW with 0.01, SGD with 5e-4; mg.optim.param_groups)")
    if not _rates(model):
        found.append("dropout of 0.1 to 0.5 before the last layers, more for wider ones")
    if getattr(loss_fn, "label_smoothing", None) == 0:
        found.append("label smoothing of 0.1")
    return [*found, "more data or augmentation, then early stopping"]


def _rates(model):
    return [m.p for m in model.modules() if isinstance(m, Dropout) and m.p > 0]


def _dropouts(check, model):
    rates = _rates(model)
    if any(not DROPOUTS[0] <= rate <= DROPOUTS[1] for rate in rates):
        check.find(
            "dropout", "info", f"Dropout rates are {', '.join(f'{r:g}' for r in rates)}.",
            "Usual are 0.1 to 0.5.", rates=rates,
        )  # fmt: skip
    elif rates and rates[0] > max(rates[1:], default=1.0):
        check.find(
            "dropout", "info", f"The dropout nearest to the input, {rates[0]:g}, is the largest.",
            "Drop less near the input and more in wide layers.", rates=rates,
        )  # fmt: skip
