"""Whether any or all elements over axes differ from zero."""

from ..registry import kernel


def _last(make, shape):
    return make.booleans(shape), ((len(shape) - 1,) if shape else None)


@kernel(_last)
def any(x, axis=None, keepdims=False):
    """Whether some element over ``axis`` (None: all, or a tuple) is not zero; NaN is not"""
    return x.any(axis=axis, keepdims=keepdims)


@kernel(_last)
def all(x, axis=None, keepdims=False):
    """Whether no element over ``axis`` (None: all, or a tuple) is zero"""
    return x.all(axis=axis, keepdims=keepdims)
