"""The whole recipe in one call: data, first loss, one batch, gradients, rate, regularisation."""

import time

from ..optim.adam import Adam
from .data_check import check_data
from .gradient_flow import gradient_flow, peak_rate
from .initial_loss import initial_loss
from .lr_find import DivergedError, lr_find
from .overfit import overfit_one_batch
from .regularizer import mean_loss, next_regularizer, short_run
from .report import Check, Report
from .specimen import Specimen, fresh, gathered, head, laboratory
from .trial import split

TOO_HIGH, TOO_LOW = 10.0, 30.0  # times above and below the suggested rate
PROGRESS, WORSE = 0.1, 0.9  # of what the suggested rate achieves: a failing rate, a worse one
ONE_BATCH, PROBE = 32, 512  # samples
ONE_BATCH_TARGETS = 256  # at most, in the samples of one batch


def playbook(
    model, loss_fn, train_loader, val_loader=None, optimizer=None, seed=0, budget_s=60, *,
    samples=2048, overfit_steps=200, lr_steps=100, repeats=3, run_steps=100,
):  # fmt: skip
    """Check a training set-up from the data to the learning rate; returns a :class:`Report`.

    In this order, on copies: :func:`check_data` (of ``samples`` samples), :func:`initial_loss`,
    :func:`overfit_one_batch` (32 samples, ``overfit_steps``), :func:`gradient_flow` and dead
    units, :func:`lr_find` (``lr_steps``, ``repeats``) held against the rate of ``optimizer``, and
    after a run of ``run_steps`` what to add next. Without an ``optimizer`` Adam stands in. Errors
    in the data end it early; after other errors the last two are skipped.

    The model, its gradients and buffers, the optimizer, the loaders and every generator stay as
    they are. The same seed gives the same report, byte for byte but for the seconds. ``budget_s``
    never shortens a step: one that would take longer than what is left is skipped (ValueError
    unless it is positive). A batch is ``(*inputs, targets)``.

    >>> import minigrad as mg
    >>> g = mg.Generator().manual_seed(0)
    >>> x = mg.randn(512, 4, generator=g)
    >>> data = mg.data.TensorDataset(x, (x.sum(1) > 0).long())
    >>> loader = mg.data.DataLoader(data, batch_size=32, shuffle=True)
    >>> net = mg.nn.Sequential(mg.nn.Linear(4, 32), mg.nn.ReLU(), mg.nn.Linear(32, 2))
    >>> report = playbook(net, mg.nn.CrossEntropyLoss(), loader)
    >>> report.ok, report.steps[0].name, report.steps[0].status
    (True, 'data', 'ok')
    """
    if not budget_s > 0:
        raise ValueError(f"budget_s must be a positive number of seconds, got {budget_s!r}")
    run = _Run(model, loss_fn, train_loader, val_loader, optimizer, seed, budget_s)
    with laboratory(seed):
        batch = next(iter(fresh(train_loader)))
        many = gathered(train_loader, PROBE)
        few = head(many, _few(many))
    run.do(["data"], 0, lambda: [
        check_data(train_loader, model, val_loader, samples=samples, seed=seed)
    ])
    run.do(["initial loss"], 1, lambda: [initial_loss(model, loss_fn, many, seed=seed)])
    run.time_a_step(batch)
    run.do(["one batch"], overfit_steps, lambda: [
        overfit_one_batch(model, loss_fn, few, overfit_steps, seed=seed)
    ])
    run.do(["gradient flow", "dead units"], 5, lambda: run.flow(many))
    run.do(["learning rate"], lr_steps * repeats + 2 * run_steps, lambda: [
        run.learning_rate(lr_steps, repeats, run_steps)
    ])
    run.do(["next step"], run_steps, lambda: [run.next_step(run_steps)])
    return Report("Playbook", run.checks, seed)  # fmt: skip


class _Run:
    """The checks so far, the caller's objects that they look at, and the time that is left."""

    def __init__(self, model, loss_fn, train_loader, val_loader, optimizer, seed, budget_s):
        self.model, self.loss_fn, self.seed = model, loss_fn, seed
        self.train_loader, self.val_loader = train_loader, val_loader
        if optimizer is not None and not hasattr(optimizer, "param_groups"):
            raise TypeError(f"optimizer must be an Optimizer, got {type(optimizer).__name__}")
        self.given = optimizer
        self.optimizer = optimizer or _adam
        # to train with instead of the rate that the optimizer has at present
        self.lr = None if optimizer is None else peak_rate(optimizer.param_groups[0])
        self.checks = []
        self.end = time.perf_counter() + budget_s
        self.per_step = 0.0  # seconds of a step of training

    def do(self, names, steps, work):
        """Add the checks of ``work``, which trains for some steps, or say why they are skipped."""
        start = time.perf_counter()
        why = self._obstacle(names)
        if not why and start + steps * self.per_step > self.end:
            why = "It does not fit into what is left of the budget: give a larger budget_s."
        if why:
            self.checks += [Check(name, advice=why, skipped=True) for name in names]
            return
        checks = work()
        checks[0].seconds = time.perf_counter() - start
        self.checks += checks

    def _obstacle(self, names):
        """What must be mended before these checks tell anything."""
        wrong = [check.name for check in self.checks if check.status == "error"]
        if "data" in wrong:
            return "The data must be mended first."
        if wrong and names[0] in ("learning rate", "next step"):
            return f"Mend first what is wrong with: {', '.join(wrong)}."
        return ""

    def time_a_step(self, batch):
        """Time a step, the second one, for the first may compile."""
        if self._obstacle(["one batch"]):
            return
        with laboratory(self.seed):
            specimen = Specimen(self.model, self.loss_fn)
            for _ in range(2):
                start = time.perf_counter()
                specimen.backward(batch)
        self.per_step = time.perf_counter() - start

    def flow(self, batch):
        """The checks of the gradients and of the units."""
        flow = gradient_flow(
            self.model, self.loss_fn, batch, optimizer=self.given, seed=self.seed
        )
        flow.checks[0].details = {"parameters": dict(flow), "growth": flow.growth}
        return flow.checks

    def learning_rate(self, steps, repeats, run_steps):
        """Hold the rate of the optimizer against the one that is suggested."""
        check = Check("learning rate", measure="suggested about")
        if not any(p.requires_grad for p in self.model.parameters()):
            check.advice, check.skipped = "No parameter is trained.", True
            return check
        try:
            found = lr_find(
                self.model, self.loss_fn, self.optimizer, self.train_loader, num=steps,
                repeats=repeats, seed=self.seed,
            )  # fmt: skip
        except DivergedError as error:
            check.find(
                "lr_range", "error", f"No learning rate trains the model: {error}.",
                "Look at the scale of the loss: inputs, targets, a sum where a mean belongs.",
            )  # fmt: skip
            return check
        check.threshold = found.lr
        check.details = {"suggestion": found.suggestion, "agreement": found.agreement}
        if self.given is None:
            self.lr = found.lr
            check.advice = f"Adam would begin with lr {found.lr:.2g}."
            return check
        lr = check.number = peak_rate(self.given.param_groups[0])
        own, suggested = (self._progress(run_steps, rate) for rate in (lr, found.lr))
        check.details |= {"progress": own, "progress_suggested": suggested}
        self._judge(check, lr, found.lr, own, suggested)
        return check

    def _progress(self, steps, lr):
        """By how much the loss falls in a short run, as a share of the first loss."""
        first = mean_loss(Specimen(self.model, self.loss_fn), self.train_loader, self.seed)
        after = short_run(
            self.model, self.loss_fn, self.optimizer, self.train_loader, steps, lr, self.seed
        )
        return 1 - mean_loss(after, self.train_loader, self.seed) / first

    def _judge(self, check, lr, suggested, own, best):
        failing, worse = not own > PROGRESS * best, not own > WORSE * best
        high = best > PROGRESS and (
            (failing and lr > suggested) or (worse and lr > TOO_HIGH * suggested)
        )
        low = failing and lr < suggested / TOO_LOW
        if not high and not low:
            return
        self.lr = suggested
        check.find(
            "lr_too_high" if high else "lr_too_low", "warning",
            f"The learning rate {lr:.3g} is {max(lr / suggested, suggested / lr):.0f} times too "
            f"{'high' if high else 'low'}: in a short run the loss "
            + (f"falls by {own:.0%}" if own > 0 else "does not fall")
            + f", at {suggested:.2g} by {best:.0%}.",
            f"Begin with {suggested:.2g}, or decay to it from somewhat above.", lr=lr,
            suggested=suggested, progress=own, progress_suggested=best,
        )  # fmt: skip

    def next_step(self, steps):
        """What to add next."""
        return next_regularizer(
            self.model, self.loss_fn, self.train_loader, self.val_loader, self.optimizer,
            steps=steps, lr=self.lr, seed=self.seed,
        )  # fmt: skip


def _few(batch):
    """How many samples to learn by heart: fewer where each has many targets."""
    targets = split(batch)[1]
    return max(2, min(ONE_BATCH, ONE_BATCH_TARGETS * len(targets) // max(targets.numel(), 1)))


def _adam(parameters):
    return Adam(parameters, lr=1e-3)
