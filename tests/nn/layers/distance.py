"""Distances and similarities between vectors."""

from . import HALVES, Draw, layer, refuse

d = Draw(6)
x, y = d.normal(5, 4), d.normal(5, 4)

LAYERS = [
    *(layer("CosineSimilarity", dim, inputs=(x, y)) for dim in (0, 1, -1)),
    layer("CosineSimilarity", eps=2.0, inputs=(x, y), differentiable=False),  # no derivative there
    layer("CosineSimilarity", inputs=(x, d.normal(5, 1)), differentiable=False),  # all rounding
    layer("CosineSimilarity", inputs=(x, y), dtypes=HALVES),
    layer("CosineSimilarity", 1, inputs=(d.normal(2, 3, 4), d.normal(3, 1))),
    *(layer("PairwiseDistance", p, inputs=(x, y)) for p in (1, 2, 3.5, float("inf"))),
    layer("PairwiseDistance", keepdim=True, eps=0.1, inputs=(x, y)),
    layer("PairwiseDistance", inputs=(d.normal(4), y)),
]

REFUSED = [
    refuse("dim=2", "CosineSimilarity", 2, inputs=(x, y)),
    refuse("broadcast|shapes", "CosineSimilarity", inputs=(x, y[:3])),
    refuse("broadcast|shapes", "PairwiseDistance", inputs=(x, y[:3])),
]
