"""Inputs that many pointwise ops draw their samples from."""

from ..engine.op import Sample


def pairs(rng, positive=False):
    draw = (lambda s: rng.uniform(0.5, 2, s)) if positive else (lambda s: rng.normal(size=s))
    yield Sample("same shape", (draw((3, 4)), draw((3, 4))))
    yield Sample("broadcast", (draw((3, 1)), draw(4)))
    yield Sample("0-d", (draw(()), draw((2, 3))))
    yield Sample("empty", (draw((0, 3)), draw(3)))


def positive_pairs(rng):
    return pairs(rng, positive=True)


def unary(rng):
    yield Sample("matrix", (rng.normal(size=(3, 4)),))
    yield Sample("0-d", (rng.normal(size=()),))
    yield Sample("empty", (rng.normal(size=(0, 2)),))


def between(low, high):
    """Samples of one input in an interval."""

    def samples(rng):
        yield Sample("matrix", (rng.uniform(low, high, (3, 4)),))
        yield Sample("0-d", (rng.uniform(low, high, ()),))
        yield Sample("empty", (rng.normal(size=(0, 2)),))

    return samples


positive = between(0.5, 2)
