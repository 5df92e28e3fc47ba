"""Losses of distances, probabilities, classes and margins.

Under halves these compute and answer in float32, where PyTorch rounds: see test_loss.py.
"""

import numpy as np

from ...parity import calling
from . import Draw, Named, call, refuse

d = Draw(58)
F = "nn.functional"
REDUCTIONS = ("none", "mean", "sum")
DISTANCES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


def fixed(integers, like):
    """Whole numbers in the dtype of an array: PyTorch refuses to differentiate weights."""
    return calling(".type_as", integers, like)


def weighted(name, *args, low, shape, **kwargs):
    """A call with a weight that has no gradient."""
    return call(name, *args, weight=fixed(d.integers(low, 5, *shape), args[0]), **kwargs)


def signs(*shape):
    return np.asarray(d.integers(0, 2, *shape) * 2 - 1)


REGRESSION = [
    *(
        call(f"{F}.{name}", d.normal(3, 4) * 2, d.normal(3, 4), reduction=reduction)
        for name in DISTANCES
        for reduction in REDUCTIONS
    ),
    *(call(f"{F}.{name}", d.normal(), d.normal()) for name in DISTANCES),
    *(call(f"{F}.{name}", d.normal(0, 3), d.normal(0, 3)) for name in DISTANCES),
    *(call(f"{F}.{name}", d.normal(0), d.normal(0), reduction="none") for name in DISTANCES),
    *(
        call(
            f"{F}.{name}", d.normal(3, 4), d.normal(3, 4), reduction=reduction,
            weight=d.uniform(0.5, 2, 3, 4),
        )
        for name in ("mse_loss", "l1_loss", "huber_loss")
        for reduction in REDUCTIONS
    ),
    call(f"{F}.smooth_l1_loss", d.normal(3, 4), d.normal(3, 4), beta=0.3),
    call(f"{F}.smooth_l1_loss", d.normal(3, 4), d.normal(3, 4), beta=0.0),
    call(f"{F}.smooth_l1_loss", d.normal(3, 4), d.normal(3, 4), None, None, "sum", 2.5),
    call(f"{F}.huber_loss", d.normal(3, 4), d.normal(3, 4), "sum", 0.3),
    call(f"{F}.huber_loss", d.normal(3, 4), d.normal(3, 4), delta=2.5),
    call(f"{F}.mse_loss", d.normal(2, 3, 4), d.normal(2, 3, 4), None, None, "sum"),
    call(f"{F}.mse_loss", d.normal(3), d.integers(0, 4, 3)),
]  # fmt: skip

PROBABILITY = [
    *(
        call(
            f"{F}.{name}", d.uniform(0.05, 0.95, 3, 4), d.uniform(0.05, 0.95, 3, 4),
            reduction=reduction, **options,
        )
        for reduction in REDUCTIONS
        for name, options in (
            ("binary_cross_entropy", {}),
            ("binary_cross_entropy_with_logits", {}),
            ("poisson_nll_loss", {}),
            ("poisson_nll_loss", {"log_input": False}),
            ("poisson_nll_loss", {"full": True, "eps": 1e-3}),
        )
    ),
    *(
        call(f"{F}.kl_div", d.normal(3, 4), d.uniform(0.1, 1, 3, 4), reduction=reduction, **options)
        for reduction in ("none", "sum", "batchmean")
        for options in ({}, {"log_target": True})
    ),
    *(
        weighted(
            f"{F}.{name}", d.uniform(0.05, 0.95, 3, 4), d.uniform(0, 1, 3, 4),
            low=0, shape=(4,), reduction=reduction,
        )
        for reduction in REDUCTIONS
        for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits")
    ),
    *(
        call(
            f"{F}.binary_cross_entropy_with_logits", x, d.uniform(0, 1, 3, 4),
            pos_weight=fixed(d.integers(1, 5, 4), x), reduction=reduction,
        )
        for reduction, x in zip(REDUCTIONS, d.normal(3, 3, 4), strict=True)
    ),
    call(f"{F}.binary_cross_entropy", d.uniform(0.1, 0.9), d.uniform(0.1, 0.9)),
    call(f"{F}.binary_cross_entropy_with_logits", d.normal(0, 2), d.normal(0, 2)),
    call(f"{F}.binary_cross_entropy_with_logits", d.uniform(-90, 90, 9), d.uniform(0, 1, 9)),
    call(f"{F}.poisson_nll_loss", d.normal(3, 4), d.uniform(0.5, 4, 3, 4), True, True),
    call(f"{F}.poisson_nll_loss", d.uniform(0.5, 4, 3, 4), d.uniform(0.5, 4, 3, 4), False, True),
    call(f"{F}.poisson_nll_loss", d.normal(3, 4), d.uniform(0.5, 4, 4)),
    *(
        call(
            f"{F}.gaussian_nll_loss", d.normal(3, 4), d.normal(3, 4), d.uniform(0.3, 2, *shape),
            reduction=reduction,
        )
        for shape in ((3, 4), (3, 1), (3,))
        for reduction in REDUCTIONS
    ),
    call(f"{F}.gaussian_nll_loss", d.normal(3, 4), d.normal(3, 4), 0.5),
    call(f"{F}.gaussian_nll_loss", d.normal(3, 4), d.normal(3, 4), d.uniform(1, 2, 3, 4), True),
    call(f"{F}.gaussian_nll_loss", d.normal(3), d.normal(3), d.uniform(1, 2, 3), eps=0.9),
]  # fmt: skip

SHAPES = (((4,), ()), ((3, 4), (3,)), ((2, 4, 3), (2, 3)), ((2, 4, 2, 3), (2, 2, 3)))
CLASSES = [
    *(
        call(f"{F}.{name}", d.normal(*shape), d.integers(0, 4, *places), reduction=reduction)
        for name in ("cross_entropy", "nll_loss")
        for shape, places in SHAPES
        for reduction in REDUCTIONS
    ),
    *(
        weighted(
            f"{F}.{name}", d.normal(*shape), d.integers(0, 4, *places), low=1, shape=(4,),
            reduction=reduction, **options,
        )
        for shape, places in SHAPES
        for reduction in REDUCTIONS
        for name, options in (
            ("cross_entropy", {}),
            ("nll_loss", {}),
            ("nll_loss", {"ignore_index": 2}),
            ("cross_entropy", {"label_smoothing": 0.2}),
            ("cross_entropy", {"ignore_index": 2, "label_smoothing": 0.2}),
        )
    ),
    *(
        call(
            f"{F}.cross_entropy", d.normal(*shape), d.uniform(0, 1, *shape), reduction=reduction,
            label_smoothing=smoothing,
        )
        for shape, _ in SHAPES
        for reduction in REDUCTIONS
        for smoothing in (0.0, 0.3)
    ),
    *(
        weighted(
            f"{F}.cross_entropy", d.normal(*shape), d.uniform(0, 1, *shape), low=1, shape=(4,),
            label_smoothing=0.1,
        )
        for shape, _ in SHAPES
    ),
    call(f"{F}.cross_entropy", d.normal(3, 4), d.uniform(0, 1, 3, 4), d.uniform(1, 2, 4)),
    *(
        call(f"{F}.cross_entropy", d.normal(5, 4), d.integers(0, 4, 5), **options)
        for options in (
            {"ignore_index": 1},
            {"label_smoothing": 0.1},
            {"label_smoothing": 1.0},
            {"ignore_index": 3, "label_smoothing": 0.5, "reduction": "none"},
        )
    ),
    call(f"{F}.cross_entropy", d.normal(0, 4), d.integers(0, 4, 0)),
    call(f"{F}.cross_entropy", d.normal(0, 4), d.integers(0, 4, 0), reduction="none"),
    call(f"{F}.cross_entropy", d.normal(0, 4), d.normal(0, 4), reduction="sum"),
    call(f"{F}.cross_entropy", d.uniform(-1e4, 1e4, 6, 3), d.integers(0, 3, 6)),
    call(f"{F}.nll_loss", d.normal(0, 4), d.integers(0, 4, 0)),
    call(f"{F}.nll_loss", d.normal(0, 4), d.integers(0, 4, 0), reduction="sum"),
]  # fmt: skip

few = np.array([[1, 3, -1, 0], [2, -1, 1, 1], [-1, 0, 0, 0]])
MARGIN = [
    *(
        made
        for reduction in REDUCTIONS
        for made in (
            call(f"{F}.soft_margin_loss", d.normal(3, 4), signs(3, 4), reduction=reduction),
            call(f"{F}.hinge_embedding_loss", d.normal(3, 4), signs(3, 4), reduction=reduction),
            call(
                f"{F}.margin_ranking_loss", d.normal(3, 4), d.normal(3, 4), signs(3, 4),
                reduction=reduction,
            ),
            call(
                f"{F}.cosine_embedding_loss", d.normal(5, 4), d.normal(5, 4), signs(5),
                reduction=reduction,
            ),
            call(
                f"{F}.multi_margin_loss", d.normal(3, 4), d.integers(0, 4, 3), reduction=reduction
            ),
            call(f"{F}.multilabel_margin_loss", d.normal(3, 4), few, reduction=reduction),
            call(
                f"{F}.multilabel_soft_margin_loss", d.normal(3, 4), d.uniform(0, 1, 3, 4),
                reduction=reduction,
            ),
            call(
                f"{F}.triplet_margin_loss", d.normal(5, 4), d.normal(5, 4), d.normal(5, 4),
                reduction=reduction,
            ),
            call(
                f"{F}.triplet_margin_with_distance_loss", d.normal(5, 4), d.normal(5, 4),
                d.normal(5, 4), reduction=reduction,
            ),
        )
    ),
    *(
        weighted(
            f"{F}.multi_margin_loss", d.normal(3, 4), d.integers(0, 4, 3), low=1, shape=(4,),
            reduction=reduction,
        )
        for reduction in REDUCTIONS
    ),
    call(f"{F}.hinge_embedding_loss", d.normal(3, 4), signs(3, 4), 0.4),
    call(f"{F}.hinge_embedding_loss", d.normal(3, 4), signs(4), margin=-0.5),
    call(f"{F}.hinge_embedding_loss", d.normal(3, 4), d.integers(0, 3, 3, 4)),
    call(f"{F}.margin_ranking_loss", d.normal(3, 4), d.normal(3, 4), d.normal(3, 4), 0.7),
    call(f"{F}.margin_ranking_loss", d.normal(3, 1), d.normal(1, 4), signs(3, 4), margin=0.7),
    call(f"{F}.cosine_embedding_loss", d.normal(4), d.normal(4), signs(), 0.2),
    call(f"{F}.cosine_embedding_loss", d.normal(5, 4), d.normal(5, 4), signs(5), margin=-0.5),
    call(f"{F}.soft_margin_loss", d.normal(), signs()),
    call(f"{F}.soft_margin_loss", d.uniform(-80, 80, 9), signs(9)),
    call(f"{F}.multi_margin_loss", d.normal(4), d.integers(0, 4)),
    call(f"{F}.multi_margin_loss", d.normal(3, 4), d.integers(0, 4, 3), 2, 0.5),
    call(f"{F}.multilabel_margin_loss", d.normal(4), few[0]),
    call(f"{F}.multilabel_soft_margin_loss", d.normal(4), d.uniform(0, 1, 4)),
    call(
        f"{F}.multilabel_soft_margin_loss", d.normal(3, 4), d.uniform(0, 1, 3, 4),
        d.uniform(0.5, 2, 4),
    ),
    *(
        call(
            f"{F}.triplet_margin_loss", d.normal(5, 4), d.normal(5, 4), d.normal(5, 4), **options
        )
        for options in ({"margin": 0.3}, {"p": 1}, {"swap": True}, {"p": 3, "eps": 0.1})
    ),
    call(f"{F}.triplet_margin_loss", d.normal(4), d.normal(4), d.normal(4)),
    call(
        f"{F}.triplet_margin_with_distance_loss", d.normal(5, 4), d.normal(5, 4), d.normal(5, 4),
        distance_function=Named("nn.functional.cosine_similarity"), margin=2.0, swap=True,
    ),
]  # fmt: skip

steps = calling("nn.functional.log_softmax", d.normal(6, 3, 4), 2)  # PyTorch's gradient needs it
labels = np.array([[1, 2], [3, 3], [2, 1]])
SEQUENCES = [
    *(
        call(f"{F}.ctc_loss", steps, labels, np.array(inputs), np.array(targets),
             reduction=reduction, twice=False)
        for inputs, targets in (((6, 6, 6), (2, 2, 2)), ((6, 5, 3), (0, 1, 2)))
        for reduction in REDUCTIONS
    ),
    call(f"{F}.ctc_loss", steps, labels, (6, 6, 6), (2, 2, 2), twice=False),
    call(f"{F}.ctc_loss", steps, labels - 1, (6, 6, 6), (2, 2, 2), 3, "sum", twice=False),
    call(f"{F}.ctc_loss", steps, np.array([1, 2, 3, 3, 2]), np.array([6, 6, 6]),
         np.array([2, 2, 1]), twice=False),
    call(f"{F}.ctc_loss", steps, labels, np.array([6, 2, 1]), np.array([2, 2, 2]),
         zero_infinity=True, twice=False),
    call(f"{F}.ctc_loss", calling("nn.functional.log_softmax", d.normal(6, 4), 1), labels[0],
         np.array(6), np.array(2), reduction="none", twice=False),
]  # fmt: skip

LINEAR = [
    *(
        call(f"{F}.linear_cross_entropy", d.normal(5, 3), d.normal(4, 3), d.integers(0, 4, 5),
             reduction=reduction, **options)
        for reduction in REDUCTIONS
        for options in ({}, {"ignore_index": 1}, {"label_smoothing": 0.1})
    ),
    *(
        weighted(
            f"{F}.linear_cross_entropy", d.normal(5, 3), d.normal(4, 3), d.integers(0, 4, 5),
            linear_bias=d.normal(4), low=1, shape=(4,), reduction=reduction,
        )
        for reduction in REDUCTIONS
    ),
    call(f"{F}.linear_cross_entropy", d.normal(3), d.normal(4, 3), d.integers(0, 4)),
    call(f"{F}.linear_cross_entropy", d.normal(5, 3), d.normal(4, 3), d.uniform(0, 1, 5, 4)),
    call(f"{F}.linear_cross_entropy", d.normal(5, 3), d.normal(4, 2, 3), d.integers(0, 4, 5, 2),
         linear_bias=d.normal(4, 2)),
    call(f"{F}.linear_cross_entropy", d.normal(0, 3), d.normal(4, 3), d.integers(0, 4, 0),
         reduction="sum"),
]  # fmt: skip

# one row whose class, or whose only score, has an axis more or less
SINGLE = [
    call(f"{F}.multi_margin_loss", d.normal(5), np.array([2]), reduction="none"),
    call(f"{F}.multi_margin_loss", d.normal(), np.array(0), reduction="none"),
    call(f"{F}.multi_margin_loss", d.normal(1), np.array([0])),
    call(f"{F}.multilabel_margin_loss", d.normal(), np.array(0), reduction="none"),
    call(f"{F}.multilabel_margin_loss", d.normal(1), np.array(0)),
]

CALLS = [*REGRESSION, *PROBABILITY, *CLASSES, *MARGIN, *SEQUENCES, *LINEAR, *SINGLE]

x, y, classes = d.normal(3, 4), d.uniform(0, 1, 3, 4), d.integers(0, 4, 3)
whole = d.integers(0, 2, 3, 4)
PLAIN = (
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits",
    "kl_div", "poisson_nll_loss", "soft_margin_loss", "hinge_embedding_loss",
    "multilabel_soft_margin_loss",
)  # fmt: skip

REFUSED = [
    *(refuse("reduction", f"{F}.{name}", x, y, reduction="average") for name in PLAIN),
    *(refuse("must be a tensor, got list", f"{F}.{name}", x, [1.0]) for name in PLAIN),
    *(refuse("reduction", f"{F}.{name}", x, classes, reduction="batchmean")
      for name in ("cross_entropy", "nll_loss", "multi_margin_loss")),
    refuse(r"\(3, 4\).*\(4,\)", f"{F}.binary_cross_entropy", y, y[0]),
    refuse(r"\(3, 4\).*\(4,\)", f"{F}.binary_cross_entropy_with_logits", x, y[0]),
    refuse(r"target\.float\(\)", f"{F}.binary_cross_entropy_with_logits", x, whole),
    refuse(r"target\.float\(\)", f"{F}.binary_cross_entropy", y, whole),
    refuse("between 0 and 1", f"{F}.binary_cross_entropy", y + 2, y),
    refuse("weight of shape", f"{F}.binary_cross_entropy", y, y, d.integers(0, 2, 3) * 1.0),
    refuse("pos_weight", f"{F}.binary_cross_entropy_with_logits", x, y, pos_weight=d.normal(3)),
    refuse("beta must not be negative", f"{F}.smooth_l1_loss", x, y, beta=-1.0),
    refuse("delta must be positive", f"{F}.huber_loss", x, y, delta=0.0),
    refuse("delta must be positive", f"{F}.huber_loss", x, y, delta=-1.0),
    refuse(r"weight.*shape \(4,\)", f"{F}.mse_loss", x, y, weight=y[0]),
    refuse(r"weight.*shape \(4,\)", f"{F}.l1_loss", x, y, weight=y[0]),
    refuse(r"weight.*shape \(4,\)", f"{F}.huber_loss", x, y, weight=y[0]),
    refuse("negative", f"{F}.gaussian_nll_loss", x, y, -y),
    refuse("negative", f"{F}.gaussian_nll_loss", x, y, -1.0),
    refuse(r"var of shape \(4,\)", f"{F}.gaussian_nll_loss", x, y, y[0]),
    refuse("target.* 4 is out of range for 4", f"{F}.cross_entropy", x, np.array([0, 4, 1])),
    refuse(r"target\[1\] = -1", f"{F}.nll_loss", x, np.array([0, -1, 1])),
    refuse(r"target of shape \(3,\), got \(2,\)", f"{F}.cross_entropy", x, classes[:2]),
    refuse(r"target of shape \(3,\), got \(2,\)", f"{F}.nll_loss", x, classes[:2]),
    refuse("probabilities", f"{F}.cross_entropy", x, y[:, 0]),
    refuse("class indices", f"{F}.nll_loss", x, y[:, 0]),
    refuse("4 classes, got shape", f"{F}.cross_entropy", x, classes, d.integers(1, 3, 3) * 1.0),
    refuse("4 classes, got shape", f"{F}.nll_loss", x, classes, d.integers(1, 3, 3) * 1.0),
    refuse("label_smoothing", f"{F}.cross_entropy", x, classes, label_smoothing=1.5),
    refuse("ignore_index", f"{F}.cross_entropy", x, y, ignore_index=1),
    refuse("floating", f"{F}.cross_entropy", whole, classes),
    refuse("class axis", f"{F}.cross_entropy", d.normal(), d.integers(0, 3)),
    refuse("equally many axes", f"{F}.margin_ranking_loss", x, x, y[0]),
    refuse("target must have 0 or 1 axes", f"{F}.cosine_embedding_loss", x, y, whole),
    refuse("needs inputs of 2 axes", f"{F}.cosine_embedding_loss", x[0], y[0], classes),
    refuse("p must be 1 or 2", f"{F}.multi_margin_loss", x, classes, p=3),
    refuse("target.* 4 is out of range", f"{F}.multi_margin_loss", x, np.array([0, 4, 1])),
    refuse("target of shape", f"{F}.multi_margin_loss", x, classes[:2]),
    refuse("int64", f"{F}.multi_margin_loss", x, y[:, 0]),
    refuse("target has shape", f"{F}.multilabel_margin_loss", x, few[:, :2]),
    refuse("target 21 is out of range", f"{F}.multilabel_margin_loss", x, few * 7),
    refuse("blank=4", f"{F}.ctc_loss", steps, labels, (6, 6, 6), (2, 2, 2), blank=4),
    refuse("input_lengths.*6", f"{F}.ctc_loss", steps, labels, (7, 6, 6), (2, 2, 2)),
    refuse("input_lengths", f"{F}.ctc_loss", steps, labels, (6, 6), (2, 2, 2)),
    refuse("target_lengths go up to 3", f"{F}.ctc_loss", steps, labels, (6, 6, 6), (2, 3, 2)),
    refuse("at least one step", f"{F}.ctc_loss", d.normal(3, 0, 4), labels[:0], (), ()),
    refuse("5 labels in a row", f"{F}.ctc_loss", steps, labels[0], (6, 6, 6), (2, 2, 1)),
    refuse("reduction", f"{F}.ctc_loss", steps, labels, (6, 6, 6), (2, 2, 2), reduction="all"),
    refuse(r"linear_weight.*\(4, 2\)", f"{F}.linear_cross_entropy", x, d.normal(4, 2), classes),
    refuse("linear_bias must have shape", f"{F}.linear_cross_entropy", x, d.normal(4, 4), classes,
           linear_bias=d.normal(3)),
    refuse("ignore_index", f"{F}.linear_cross_entropy", x, d.normal(4, 4), y, ignore_index=1),
    refuse(r"needs input \(N, F\)", f"{F}.linear_cross_entropy", x[0], d.normal(4, 2, 4), classes),
    refuse("input must have shape", f"{F}.linear_cross_entropy", d.normal(2, 3, 4), d.normal(4, 4),
           classes),
    refuse("margin must be positive", f"{F}.triplet_margin_loss", x, x, x, margin=0.0),
    refuse("equally many axes", f"{F}.triplet_margin_loss", x, x, x[0]),
    refuse(
        "margin must be positive", f"{F}.triplet_margin_with_distance_loss", x, x, x, margin=-1.0
    ),
    *(
        refuse(
            "weight must have the dtype", f"{F}.{name}", d.normal(3, 4), d.integers(0, 4, 3),
            weight=d.integers(1, 3, 4),
        )
        for name in ("cross_entropy", "nll_loss", "multi_margin_loss")
    ),
]  # fmt: skip
