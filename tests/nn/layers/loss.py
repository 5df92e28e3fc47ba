"""Losses: constructor arguments, and the tensors they compare."""

import numpy as np

from . import Draw, Named, calling, layer, refuse

d = Draw(58)
x, y = d.normal(3, 4), d.normal(3, 4)
p, q = d.uniform(0.05, 0.95, 3, 4), d.uniform(0.05, 0.95, 3, 4)
classes, signs = d.integers(0, 4, 3), np.asarray(d.integers(0, 2, 3, 4) * 2 - 1)
images, places = d.normal(2, 4, 3, 2), d.integers(0, 4, 2, 3, 2)
weight = d.uniform(0.5, 2, 4)
steps = calling("nn.functional.log_softmax", d.normal(6, 3, 4), 2)  # PyTorch's gradient needs it
sequences = (steps, np.array([[1, 2], [3, 3], [2, 1]]), np.array([6, 6, 5]), np.array([2, 2, 1]))

PLAIN = (
    ("MSELoss", (x, y)),
    ("L1Loss", (x, y)),
    ("SmoothL1Loss", (x, y)),
    ("HuberLoss", (x, y)),
    ("BCELoss", (p, q)),
    ("BCEWithLogitsLoss", (x, q)),
    ("CrossEntropyLoss", (x, classes)),
    ("NLLLoss", (x, classes)),
    ("PoissonNLLLoss", (x, p)),
    ("GaussianNLLLoss", (x, y, p)),
    ("SoftMarginLoss", (x, signs)),
    ("HingeEmbeddingLoss", (x, signs)),
    ("MarginRankingLoss", (x, y, signs)),
    ("CosineEmbeddingLoss", (x, y, signs[:, 0])),
    ("MultiMarginLoss", (x, classes)),
    ("MultiLabelMarginLoss", (x, np.array([[1, -1, 0, 0], [2, 3, -1, 0], [0, 1, 2, -1]]))),
    ("MultiLabelSoftMarginLoss", (x, q)),
    ("TripletMarginLoss", (x, y, p)),
    ("TripletMarginWithDistanceLoss", (x, y, p)),
)

LAYERS = [
    *(layer(name, inputs=inputs) for name, inputs in PLAIN),
    *(
        layer(name, reduction=reduction, inputs=inputs)
        for name, inputs in PLAIN
        for reduction in ("none", "sum")
    ),
    layer("KLDivLoss", None, None, "batchmean", inputs=(x, p)),
    layer("KLDivLoss", reduction="sum", log_target=True, inputs=(x, y)),
    layer("SmoothL1Loss", None, None, "mean", 0.5, inputs=(x, y)),
    layer("HuberLoss", "sum", 0.5, inputs=(x, y)),
    layer("BCELoss", weight, inputs=(p, q)),
    layer("BCEWithLogitsLoss", weight, inputs=(x, q)),
    layer("BCEWithLogitsLoss", pos_weight=weight, inputs=(x, q)),
    layer("CrossEntropyLoss", weight, inputs=(x, classes)),
    layer("CrossEntropyLoss", weight, None, 1, None, "sum", 0.2, inputs=(images, places)),
    layer("CrossEntropyLoss", label_smoothing=0.2, inputs=(x, p)),
    layer("NLLLoss", weight, None, 2, inputs=(images, places)),
    layer("PoissonNLLLoss", False, True, inputs=(p, q)),
    layer("PoissonNLLLoss", log_input=True, full=True, eps=1e-3, inputs=(x, p * 4)),
    layer("GaussianNLLLoss", full=True, eps=0.3, inputs=(x, y, p + 0.5)),
    layer("HingeEmbeddingLoss", 0.4, inputs=(x, signs)),
    layer("MarginRankingLoss", 0.4, inputs=(x, y, signs)),
    layer("CosineEmbeddingLoss", -0.4, inputs=(x, y, signs[:, 0])),
    layer("MultiMarginLoss", 2, 0.7, weight, inputs=(x, classes)),
    layer("MultiLabelSoftMarginLoss", weight, inputs=(x, q)),
    layer("TripletMarginLoss", 0.5, 1.0, 1e-3, True, inputs=(x, y, p)),
    layer(
        "TripletMarginWithDistanceLoss", margin=0.5, swap=True, inputs=(x, y, p),
        distance_function=Named("nn.functional.cosine_similarity"),
    ),
    layer("CTCLoss", inputs=sequences, twice=False),
    layer("CTCLoss", 0, "sum", True, inputs=sequences, twice=False),
    layer("LinearCrossEntropyLoss", 4, 5, inputs=(x, classes)),
    layer("LinearCrossEntropyLoss", 4, 5, bias=True, ignore_index=1, inputs=(x, classes)),
    layer(
        "LinearCrossEntropyLoss", 4, 5, out_features=(2,), bias=True, label_smoothing=0.1,
        inputs=(x, d.integers(0, 5, 3, 2)),
    ),
]  # fmt: skip

REFUSED = [
    *(refuse("reduction", name, reduction="average", inputs=inputs) for name, inputs in PLAIN),
    refuse("p must be 1 or 2", "MultiMarginLoss", 3),
    refuse("margin must be positive", "TripletMarginLoss", 0.0),
    refuse("margin must be positive", "TripletMarginWithDistanceLoss", margin=0.0),
    refuse("weight must have shape", "LinearCrossEntropyLoss", 4, 5, weight=weight),
    refuse("label_smoothing", "LinearCrossEntropyLoss", 4, 5, label_smoothing=1.5),
    refuse("weight must be a tensor", "CrossEntropyLoss", [1.0]),
    refuse("is out of range", "CrossEntropyLoss", inputs=(x, classes + 4)),
    refuse(r"\(3, 4\).*\(3,\)", "BCEWithLogitsLoss", inputs=(x, q[:, 0])),
]
