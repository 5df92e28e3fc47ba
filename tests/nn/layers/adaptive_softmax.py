"""Softmax over many classes, of which the frequent ones cost less."""

import numpy as np

from . import Draw, layer, refuse

d = Draw(8)
x, target = d.normal(6, 4), np.array([0, 3, 5, 9, 1, 7])
NAME = "AdaptiveLogSoftmaxWithLoss"

LAYERS = [
    layer(NAME, 4, 10, [3, 6], 2.0, inputs=(x, target)),
    layer(NAME, 4, 10, (3,), div_value=1.5, head_bias=True, inputs=(x, target)),
    layer(NAME, 4, 10, [3, 6], 2.0, inputs=(x[0], np.array(9))),
    layer(NAME, 4, 10, [3, 6], 2.0, inputs=(x[:2], target[:2] * 0)),
]

REFUSED = [
    refuse("at least one", NAME, 4, 10, []),
    *(refuse("increasing", NAME, 4, 10, cutoffs) for cutoffs in ([6, 3], [0, 3], [10], [3, 3])),
    refuse("0 to 10", NAME, 4, 10, [3], inputs=(x[:2].astype("float32"), np.array([0, 10]))),
    refuse("-1 to 3", NAME, 4, 10, [3], inputs=(x[:2].astype("float32"), np.array([3, -1]))),
    refuse("rows", NAME, 4, 10, [3], inputs=(x.astype("float32"), target[:2])),
    refuse("0-d", NAME, 4, 10, [3], inputs=(x[None].astype("float32"), target)),
]
