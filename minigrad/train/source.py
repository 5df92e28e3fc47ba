"""The loop of a trainer as a program that a reader can keep and change."""

import functools
import inspect
import textwrap

HEAD = '''\
import minigrad as mg
from minigrad.train import {helpers}


def fit(model, optimizer, loss_fn, train_loader, val_loader=None, epochs=1{scheduler_argument}):
    """{what}"""
    history = []
{setup}\
    for epoch in range(epochs):
        model.train()  # a
        total = count = 0
{batches}\
        row = {{"epoch": epoch + 1, "train_loss": total / count}}
{epoch_schedule}\
        if val_loader is not None:  # d
            row["val_loss"] = evaluate(model, loss_fn, val_loader)
{metric_schedule}\
        history.append(row)
    return history


def evaluate(model, loss_fn, loader):
    """The mean loss of a data set."""
    total = count = 0
    with mg.nn.mode(model), mg.no_grad():
        for x, y in loader:
            weight = weight_of(loss_fn, y)
{evaluation}\
    return total / count
'''


def loop(trainer):
    """The text of the program: see :meth:`minigrad.train.Trainer.as_source`."""
    accumulated = trainer.accumulate > 1
    body = accumulated_step(trainer) if accumulated else step(trainer)
    return HEAD.format(
        helpers="groups, weight_of" if accumulated else "weight_of",
        scheduler_argument=", schedulers=()" if trainer.schedulers else "",
        what=f"The training loop in {trainer.precision}; returns a row of losses per epoch.",
        setup=lines_of(setup(trainer), 4),
        batches=lines_of(body, 8),
        epoch_schedule=lines_of(schedule(trainer, "epoch", "  # c"), 8),
        metric_schedule=lines_of(schedule(trainer, "metric"), 8),
        evaluation=lines_of([*forward(trainer), *counted(trainer)], 12),
    )


def sums(trainer):
    """Whether the loss is a sum over samples instead of a mean."""
    return getattr(trainer.loss_fn, "reduction", "mean") == "sum"


def setup(trainer):
    """Lines before the first epoch."""
    if trainer.precision == "fp16":
        yield "scaler = mg.amp.GradScaler()"
    if trainer.clip_norm is not None:
        yield 'owned = [p for group in optimizer.param_groups for p in group["params"]]'


def counted(trainer):
    """Lines that count the loss of a batch."""
    ignoring = getattr(trainer.loss_fn, "ignore_index", None) is not None
    if ignoring:
        yield "if weight:  # where all targets are ignored there is no mean"
    yield "    " * ignoring + "total += loss.item()" + ("" if sums(trainer) else " * weight")
    yield "    " * ignoring + "count += weight"


def forward(trainer):
    """Lines that compute the loss of a batch."""
    low = {"bf16": "mg.bfloat16", "fp16": "mg.float16"}.get(trainer.precision)
    if low is None:
        return ["loss = loss_fn(model(x), y)"]
    return [f"with mg.amp.autocast(dtype={low}):", "    loss = loss_fn(model(x), y)"]


def backward(trainer, loss):
    """The line that sends a loss back."""
    return f"scaler.scale({loss}).backward()" if trainer.precision == "fp16" else (
        f"({loss}).backward()" if " " in loss else f"{loss}.backward()"
    )


def update(trainer):
    """Lines from the gradients to the new weights and rates."""
    scaled = trainer.precision == "fp16"
    if trainer.clip_norm is not None:
        if scaled:
            yield "scaler.unscale_(optimizer)"
        yield f"mg.nn.utils.clip_grad_norm_(owned, {trainer.clip_norm})"
    yield "stepped = scaler.step(optimizer)" if scaled else "optimizer.step()"
    if scaled:
        yield "scaler.update()"
    yield from schedule(trainer, "step", stepped=scaled)


def turn(scheduler):
    """When a scheduler is stepped: after each "step" or "epoch", or with a "metric"."""
    if takes_metric(type(scheduler)):
        return "metric"
    return "step" if scheduler.interval == "step" else "epoch"


@functools.cache
def takes_metric(kind):
    """Whether ``step`` of a class of schedulers takes a metric."""
    return "metrics" in inspect.signature(kind.step).parameters


def schedule(trainer, when, comment="", stepped=False):
    """Lines that step the schedulers whose turn it is."""
    argument = 'row.get("val_loss", row["train_loss"])' if when == "metric" else ""
    for number, scheduler in enumerate(trainer.schedulers):
        if turn(scheduler) == when:
            if stepped:
                yield "if stepped:"
            yield f"{'    ' * stepped}schedulers[{number}].step({argument}){comment}"


def step(trainer):
    """Lines of the pass over the data where each batch makes a step."""
    yield "for x, y in train_loader:  # b"
    inner = [
        "optimizer.zero_grad()",
        *forward(trainer),
        backward(trainer, "loss"),
        *update(trainer),
        "weight = weight_of(loss_fn, y)",
        *counted(trainer),
    ]
    yield from ("    " + line for line in inner)


def accumulated_step(trainer):
    """Lines of the pass over the data where several batches make a step."""
    share = "loss" if sums(trainer) else "loss * (weight / sum(weights))"
    inner = [
        *forward(trainer),
        backward(trainer, share),
        *counted(trainer),
    ]
    yield f"for batches in groups(train_loader, {trainer.accumulate}):  # b"
    yield "    optimizer.zero_grad()"
    yield "    weights = [weight_of(loss_fn, y) for _, y in batches]"
    yield "    for (x, y), weight in zip(batches, weights):"
    yield from ("        " + line for line in inner)
    yield from ("    " + line for line in update(trainer))


def lines_of(lines, indentation):
    """Lines as one text, each indented and ended."""
    return textwrap.indent("".join(line + "\n" for line in lines), " " * indentation)
