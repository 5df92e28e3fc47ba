"""Whether the data can be learnt from at all: the first thing to look at."""

from dataclasses import dataclass

import numpy as np

from ..data.dataset import IterableDataset
from ..engine.graph import TensorBase, dtype_of
from ..engine.modes import no_grad
from .report import Check
from .specimen import Specimen, class_axis, fresh, head, laboratory
from .trial import host, split

IGNORED = -100
SCALES = (1e-2, 1e2)  # of a feature: the root mean square of its values that are not 0
LEAK = 0.05  # of the validation rows may stand in the training set by chance
DEVIATIONS = 3.0  # by which true labels must beat permuted ones
TELLING = 100  # fewer samples may hide a weak relation
PERMUTATIONS = 50
PROBED = 1000  # samples at most that the probes use
SORTED = 0.5  # of the way from chance to certainty that a neighbour has the same class


def check_data(loader, model=None, val_loader=None, *, samples=2048, seed=0):
    """Look at the first ``samples`` samples of a loader; returns a :class:`Check`.

    Of a batch ``(*inputs, targets)`` it looks at the first input and the targets.

    Errors are values that are not finite, inputs of another dtype than the parameters of ``model``,
    a last batch of a single sample where ``model`` has batch norms,
    labels out of range (it tells how many classes there are), features whose scale is outside
    [0.01, 100], validation rows that are training rows, and labels that tell no more about the
    inputs than permuted ones: neither by the nearest neighbour nor by a linear probe are they 3
    standard deviations better (of fewer than 100 samples that is a warning). Other warnings are
    batches that are sorted by class, and passes in the same order. Constant features, imbalance and
    the like are for information. ``number`` is by how many standard deviations the labels beat
    permuted ones.

    >>> import minigrad as mg
    >>> x = mg.randn(256, 4, generator=mg.Generator().manual_seed(0))
    >>> data = mg.data.TensorDataset(x, (x[:, 0] > 0).long())
    >>> check = check_data(mg.data.DataLoader(data, batch_size=32, shuffle=True))
    >>> check.ok, check.number > 3
    (True, True)
    """
    measure = "deviations above permuted labels, at least"
    check = Check("data", threshold=DEVIATIONS, measure=measure)
    with laboratory(seed), no_grad():
        first, second = (_gathered(loader, samples) for _ in range(2))
        _finite(check, first)
        _dtype(check, first, model)
        _lonely(check, loader, model)
        if not check.findings:
            _features(check, first)
            _labels(check, first, _classes(model, first.batch))
            if val_loader is not None:
                _leak(check, first, _gathered(val_loader, samples))
            _order(check, loader, first, second)
            _meaning(check, first, np.random.default_rng(seed))
    if check.ok:
        check.advice = f"{len(first.x)} samples looked at."
    return check


@dataclass
class Sample:
    """Samples of a loader: rows of numbers, their targets, and the first batch as it came."""

    x: np.ndarray
    y: np.ndarray
    starts: np.ndarray  # where the batches begin
    batch: object

    @property
    def is_classes(self):
        """Whether each sample has one class."""
        return self.y.dtype.kind in "iu" and self.y.ndim == 1

    @property
    def is_tokens(self):
        """Whether the inputs are numbers of things instead of quantities."""
        return self.x.dtype.kind in "iub"


def _gathered(loader, samples):
    inputs, targets, starts, count, first = [], [], [], 0, None
    for batch in fresh(loader):
        ins, outs = split(batch)
        first = batch if first is None else first
        starts.append(count)
        inputs.append(host(ins[0]))
        targets.append(host(outs))
        count += len(inputs[-1])
        if count >= samples:
            break
    if first is None:
        raise ValueError("the loader gave no batch")
    x, y = np.concatenate(inputs), np.concatenate(targets)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    return Sample(x[:samples], y[:samples], np.array(starts), first)


def _classes(model, batch):
    """How many classes the outputs of a model tell apart; None where that is unknown."""
    if model is None:
        return None
    specimen = Specimen(model, _no_loss)
    specimen.model.eval()
    few = head(batch, 2)
    outputs = specimen.outputs(few)
    axis = class_axis(outputs, split(few)[1]) if isinstance(outputs, TensorBase) else None
    return outputs.shape[axis] if axis is not None and outputs.shape[axis] > 1 else None


def _no_loss(outputs, targets):
    return outputs


def _finite(check, sample):
    for what, values in (("inputs", sample.x), ("targets", sample.y)):
        bad = 0 if values.dtype.kind != "f" else int((~np.isfinite(values)).sum())
        if bad:
            check.find(
                "non_finite", "error", f"{bad} values of the {what} are NaN or infinite.",
                "Find where they come from (a division by 0, a missing value) before training.",
                count=bad,
            )  # fmt: skip


def _dtype(check, sample, model):
    """Inputs that are quantities must have the dtype of the parameters."""
    kind = dtype_of(split(sample.batch)[0][0])
    wanted = set() if model is None else {dtype_of(p) for p in model.parameters()}
    if wanted and kind not in wanted and not sample.is_tokens:
        check.find(
            "input_dtype", "error",
            f"Inputs are {kind}, parameters {', '.join(sorted(map(str, wanted)))}.",
            "Convert the data once, before it goes into the loader.",
        )  # fmt: skip


def _lonely(check, loader, model):
    """A last batch of a single sample, of which a batch norm can take no statistics."""
    norms = model is not None and any(
        getattr(module, "batch_size_sensitive", False) and module.training
        for module in model.modules()
    )
    size = getattr(loader, "batch_size", None)
    if not norms or size is None or loader.drop_last or _streams(loader):
        return
    if size > 1 and len(loader.dataset) % size == 1:
        check.find(
            "single_sample", "error",
            f"Batches of {size} of {len(loader.dataset)} samples leave a last batch of one, of "
            "which the batch norms of the model can take no statistics.",
            "Leave it out: DataLoader(..., drop_last=True).", batch_size=size,
        )  # fmt: skip


def _features(check, sample):
    """Constant features, and the scale of each feature (column, or channel of an image)."""
    if sample.is_tokens:
        return
    axes = (0, *range(2, sample.x.ndim))
    x = sample.x.astype(np.float64)
    constant = (x == x[:1]).all(0) if x.ndim > 1 else np.array([(x == x[0]).all()])
    if constant.any():
        share = float(constant.mean())
        check.find(
            "constant_features", "error" if share == 1 else "info",
            f"{int(constant.sum())} of {constant.size} features are the same in all samples.",
            "They carry nothing: leave them out, or check how they are read.", share=share,
        )  # fmt: skip
    count = np.maximum((x != 0).sum(axes), 1)
    scale = np.atleast_1d(np.sqrt((x**2).sum(axes) / count))
    scale = scale[scale > 0]
    if scale.size and not SCALES[0] <= scale.min() <= scale.max() <= SCALES[1]:
        check.find(
            "feature_scale", "error",
            f"Features have scales from {scale.min():.3g} to {scale.max():.3g}; expected are "
            f"{SCALES[0]:g} to {SCALES[1]:g}.",
            "Standardise them: subtract the mean and divide by the standard deviation of the "
            "training set.", smallest=float(scale.min()), largest=float(scale.max()),
        )  # fmt: skip


def _labels(check, sample, classes):
    """Range and balance of integer targets."""
    if sample.y.dtype.kind not in "iu":
        return
    labels, counts = np.unique(sample.y[sample.y != IGNORED], return_counts=True)
    if not labels.size:
        return
    low, high = int(labels[0]), int(labels[-1])
    named = f"Labels go from {low} to {high}"
    off = low == 1 and (classes is None or high == classes)
    if low < 0 or (classes is not None and high >= classes):
        check.find(
            "label_range", "error",
            f"{named}, classes from 0 to {'?' if classes is None else classes - 1}"
            + (": they are off by one." if off or low == -1 else "."),
            "Count classes from 0." if off or low == -1 else "Give the model as many outputs as "
            "there are classes, or mend the labels.", lowest=low, highest=high,
            classes=classes,
        )  # fmt: skip
    elif low == 1 and len(labels) == high:
        check.find(
            "label_range", "warning", f"{named}: no sample has class 0.",
            "Count classes from 0, unless class 0 is rare.", lowest=low, highest=high,
            classes=classes,
        )  # fmt: skip
    if sample.is_classes and counts.max() > 10 * counts.min():
        check.find(
            "imbalance", "info",
            f"The commonest class has {counts.max()} samples, the rarest {counts.min()}.",
            "Judge by more than accuracy; weight the loss or draw with a WeightedRandomSampler.",
            largest=int(counts.max()), smallest=int(counts.min()),
        )  # fmt: skip


def _leak(check, sample, val):
    """Rows of the validation set that stand in the training set too."""
    known = {row.tobytes() for row in sample.x}
    twins = sum(row.tobytes() in known for row in val.x.astype(sample.x.dtype))
    share = twins / len(val.x)
    if twins:
        check.find(
            "leak", "error" if share > LEAK else "info",
            f"{twins} of {len(val.x)} validation samples are training samples.",
            "Split before augmenting, and by group where samples belong together.", share=share,
        )  # fmt: skip


def _order(check, loader, first, second):
    """Batches sorted by class, or in the same order in two passes."""
    if len(first.starts) < 2:
        return
    sortedness = _sortedness(first)
    if sortedness > SORTED:
        check.find(
            "missing_shuffle", "warning",
            f"Neighbours in a pass have the same class far more often than by chance: "
            f"{sortedness:.0%} of the way to a sorted data set.",
            "Shuffle the training loader: DataLoader(..., shuffle=True).", sortedness=sortedness,
        )  # fmt: skip
    elif _streams(loader):
        return
    elif first.x.shape == second.x.shape and (first.x == second.x).all():
        check.find(
            "missing_shuffle", "warning", "Two passes give the samples in the same order.",
            "Shuffle the training loader: DataLoader(..., shuffle=True).", sortedness=sortedness,
        )  # fmt: skip


def _streams(loader):
    return isinstance(getattr(loader, "dataset", None), IterableDataset)


def _sortedness(sample):
    """How far targets of neighbours agree: 0 by chance, 1 always."""
    y = sample.y
    if sample.is_classes:
        shares = np.unique(y, return_counts=True)[1] / len(y)
        chance = float((shares**2).sum())
        return (float((y[1:] == y[:-1]).mean()) - chance) / (1 - chance) if chance < 1 else 0.0
    if y.ndim == 1 and y.dtype.kind == "f" and y.std() > 0:
        return float(np.corrcoef(y[1:], y[:-1])[0, 1])
    return 0.0


def _meaning(check, sample, rng):
    """Whether inputs tell more about the targets than about permuted ones."""
    few = len(sample.x) < 20 or sample.y.ndim > 1 or sample.is_tokens
    if few or len(np.unique(sample.y)) < 2:
        check.measure = "labels were not compared with permuted ones"
        check.threshold = None
        return
    chosen = rng.permutation(len(sample.x))[:PROBED]
    x = sample.x[chosen].reshape(len(chosen), -1).astype(np.float64)
    x = (x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1.0)
    targets = _indicators(sample.y[chosen], sample.is_classes)
    details = {}
    for name, probe in {"nearest neighbour": _nearest, "linear probe": _linear}.items():
        predict = _crossed(probe, x)
        own = _agreement(predict(targets), targets)
        others = [
            _agreement(predict(targets[rng.permutation(len(x))]), targets)
            for _ in range(PERMUTATIONS)
        ]
        spread = max(float(np.std(others)), 1e-9)
        details[name] = {
            "agreement": own, "permuted": float(np.mean(others)),
            "deviations": (own - float(np.mean(others))) / spread,
        }  # fmt: skip
    check.details = details
    check.number = max(entry["deviations"] for entry in details.values())
    if check.number < DEVIATIONS:
        check.find(
            "shuffled_labels", "error" if len(chosen) >= TELLING else "warning",
            "Targets have no more to do with the inputs than permuted ones: "
            + "; ".join(f"{n} {e['agreement']:.2f}, permuted {e['permuted']:.2f}"
                        for n, e in details.items()) + ".",
            "Look at samples beside their labels: inputs and targets were probably shuffled, "
            "sorted or split apart from each other.", **details,
        )  # fmt: skip


def _indicators(y, is_classes):
    """Classes as one-hot rows, numbers as a column."""
    return (y[:, None] == np.unique(y)).astype(float) if is_classes else y[:, None].astype(float)


def _agreement(said, true):
    """Accuracy of one-hot rows, correlation of a column."""
    if true.shape[1] > 1:
        return float((said.argmax(1) == true.argmax(1)).mean())
    if said.std() == 0 or true.std() == 0:
        return 0.0
    return float(np.corrcoef(said[:, 0], true[:, 0])[0, 1])


def _crossed(probe, x):
    """A function of the targets: what a probe fitted on each half says of the other half."""
    half = len(x) // 2
    of_second, of_first = probe(x[:half], x[half:]), probe(x[half:], x[:half])
    return lambda targets: np.concatenate([of_first(targets[half:]), of_second(targets[:half])])


def _nearest(fitted, other):
    """A function: the target of the nearest fitted row, for other rows."""
    squares = (other**2).sum(1)[:, None] + (fitted**2).sum(1)
    nearest = (squares - 2 * other @ fitted.T).argmin(1)
    return lambda targets: targets[nearest]


def _linear(fitted, other):
    """A function: ridge regression on fitted rows, for other rows."""
    fitted, other = (np.hstack([x, np.ones((len(x), 1))]) for x in (fitted, other))
    kernel = fitted @ fitted.T
    ridge = 0.1 * np.trace(kernel) / len(fitted) * np.eye(len(fitted))
    projection = np.linalg.solve(kernel + ridge, fitted @ other.T).T
    return lambda targets: projection @ targets
