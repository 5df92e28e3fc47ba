"""Tables of vectors that are looked up."""

import numpy as np

from . import HALVES, Draw, layer, refuse

d = Draw(5)
index, matrix = d.integers(0, 5, 7), d.integers(0, 5, 3, 4)
offsets, ends = np.array([0, 2, 2, 5]), np.array([0, 2, 2, 7])
MODES = ("sum", "mean", "max")
BAG = "EmbeddingBag"
NO_DERIVATIVE = {"differentiable": False}  # its gradient is made otherwise on purpose

LAYERS = [
    layer("Embedding", 5, 3, inputs=(index,)),
    layer("Embedding", 5, 3, inputs=(matrix,), dtypes=HALVES),
    layer("Embedding", 5, 3, padding_idx=1, inputs=(matrix,), **NO_DERIVATIVE),
    layer(
        "Embedding", 5, 3, padding_idx=-1, scale_grad_by_freq=True, inputs=(matrix,),
        **NO_DERIVATIVE,
    ),  # fmt: skip
    layer("Embedding", 5, 3, max_norm=0.5, inputs=(matrix,), **NO_DERIVATIVE),
    layer("Embedding", 5, 3, None, 0.5, 1, inputs=(matrix,), **NO_DERIVATIVE),
    layer("Embedding.from_pretrained", d.normal(5, 3), inputs=(matrix,)),
    layer("Embedding.from_pretrained", d.normal(5, 3), freeze=False, inputs=(index,)),
    *(layer(BAG, 5, 3, mode=mode, inputs=(matrix,)) for mode in MODES),
    *(layer(BAG, 5, 3, mode=mode, inputs=(index, offsets)) for mode in MODES),
    *(layer(BAG, 5, 3, mode=mode, padding_idx=2, inputs=(index, offsets)) for mode in MODES),
    *(
        layer(BAG, 5, 3, mode=mode, include_last_offset=True, inputs=(index, ends))
        for mode in MODES
    ),
    layer(BAG, 5, 3, mode="sum", inputs=(index, offsets, d.normal(7))),
    layer(BAG, 5, 3, mode="sum", padding_idx=1, inputs=(matrix, None, d.normal(3, 4))),
    layer(BAG, 5, 3, 0.5, inputs=(matrix,), **NO_DERIVATIVE),
    layer(BAG, 5, 3, inputs=(matrix[:0],)),
    layer("EmbeddingBag.from_pretrained", d.normal(5, 3), mode="max", inputs=(matrix,)),
]

REFUSED = [
    refuse("padding_idx=5", "Embedding", 5, 3, padding_idx=5),
    refuse("must be an int or None, got 0.5", "Embedding", 5, 3, padding_idx=0.5, inputs=(index,)),
    refuse("got 0.5", BAG, 5, 3, padding_idx=0.5, inputs=(matrix,)),
    refuse("index 5|size 5", "Embedding", 5, 3, inputs=(index + 5,)),
    refuse("shape", "Embedding", 5, 3, _weight=d.normal(3, 5)),
    refuse("matrix", "Embedding.from_pretrained", d.normal(5)),
    refuse("int64", "Embedding", 5, 3, inputs=(d.normal(3),)),
    refuse("needs offsets", BAG, 5, 3, inputs=(index,)),
    refuse("None", BAG, 5, 3, inputs=(matrix, offsets)),
    refuse("offsets must be a tensor", BAG, 5, 3, inputs=(index, [0, 2])),
    refuse("per_sample_weights must be a tensor", BAG, 5, 3, mode="sum",
           inputs=(matrix, None, [[1.0] * 4] * 3)),
    refuse("vector", BAG, 5, 3, inputs=(index, matrix)),
    refuse("1 or 2 axes", BAG, 5, 3, inputs=(matrix[None],)),
    refuse("mode", BAG, 5, 3, mode="prod", inputs=(matrix,)),
    refuse("max", BAG, 5, 3, mode="max", scale_grad_by_freq=True, inputs=(matrix,)),
    refuse("mode='sum'", BAG, 5, 3, inputs=(matrix, None, d.normal(3, 4).astype("float32"))),
    refuse("shape", BAG, 5, 3, mode="sum", inputs=(matrix, None, d.normal(3))),
    refuse("begin with 0", BAG, 5, 3, inputs=(index, offsets + 1)),
    refuse("at least|must be 7", BAG, 5, 3, include_last_offset=True, inputs=(index, offsets[:0])),
    refuse("within", BAG, 5, 3, inputs=(index, offsets * 3)),
]  # fmt: skip
