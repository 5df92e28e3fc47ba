"""Jacobians, Hessians and their products with vectors, at given inputs.

Inputs and outputs are a tensor or a tuple of tensors; results have the same form.
"""

from .engine.graph import TensorBase
from .ops.creation import ones_like
from .transforms import Call, jacobian_by_columns, jacobian_by_rows


def _tuple(value, what):
    """(tensors as a tuple, whether it was a tuple)"""
    is_tuple = isinstance(value, tuple | list)
    tensors = tuple(value) if is_tuple else (value,)
    for position, tensor in enumerate(tensors):
        if not isinstance(tensor, TensorBase):
            raise TypeError(
                f"{what} must be a tensor or a tuple of tensors, got {type(tensor).__name__} at "
                f"position {position}"
            )
    return tensors, is_tuple


class _Problem:
    """A function at its inputs, and how results are to be handed back."""

    def __init__(self, func, inputs, create_graph, strict):
        given, self.many_inputs = _tuple(inputs, "inputs")
        self.create_graph, self.strict = create_graph, strict
        if not create_graph:
            given = tuple(t.detach() for t in given)
        self.call = Call(func, given, range(len(given)))
        _, self.many_outputs = _tuple(self.call.value, "the outputs of the function")
        self.call.nested = create_graph or self.call.nested
        if strict:
            self._refuse_independent(self.call.outputs)

    def _refuse_independent(self, results):
        for position, t in enumerate(results):
            if not t.requires_grad:
                raise RuntimeError(
                    f"strict mode: output {position} of the function is independent of the inputs"
                )

    def vectors(self, v, models, many, what):
        """The vectors of a product, checked; ones where there is a single element."""
        if v is None:
            if len(models) != 1 or models[0].numel() != 1:
                raise RuntimeError(f"v is needed unless the {what} is a single element")
            return [ones_like(models[0])]
        vectors, _ = _tuple(v, "v")
        if len(vectors) != len(models):
            raise RuntimeError(f"v has {len(vectors)} tensors, but the {what} has {len(models)}")
        for position, (vector, model) in enumerate(zip(vectors, models, strict=True)):
            if vector.shape != model.shape:
                raise RuntimeError(
                    f"v[{position}] has shape {vector.shape}, but the {what} has {model.shape}"
                )
        return list(vectors)

    def handed(self, tensors, many):
        """Tensors in the form of the inputs or outputs, in a graph only if one was asked for."""
        done = tuple(t if self.create_graph else t.detach() for t in tensors)
        return done if many else done[0]

    def value(self):
        return self.handed(self.call.outputs, self.many_outputs)


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), vᵀ · Jacobian)"""
    at = _Problem(func, inputs, create_graph, strict)
    vectors = at.vectors(v, at.call.outputs, at.many_outputs, "output")
    found = at.call.gradients(at.call.outputs, vectors, create_graph)
    return at.value(), at.handed(found, at.many_inputs)


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), Jacobian · v)"""
    at = _Problem(func, inputs, create_graph, strict)
    vectors = at.vectors(v, at.call.variables, at.many_inputs, "input")
    return at.value(), at.handed(at.call.tangents(vectors), at.many_outputs)


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), Hessian · v) of a function with a single element as its output."""
    at = _Problem(func, inputs, create_graph, strict)
    vectors = at.vectors(v, at.call.variables, at.many_inputs, "input")
    slopes = at.call.gradients([_single(at.call)], [None], create_graph=True)
    found = at.call.gradients(slopes, vectors, create_graph)
    return at.value(), at.handed(found, at.many_inputs)


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), vᵀ · Hessian): as :func:`hvp`, for Hessians are symmetric."""
    return hvp(func, inputs, v, create_graph, strict)


def _single(call):
    if len(call.outputs) != 1 or call.outputs[0].numel() != 1:
        raise RuntimeError(
            "the Hessian needs a function with a single element as its output, got shapes "
            f"{[t.shape for t in call.outputs]}"
        )
    return call.outputs[0]


def jacobian(
    func, inputs, create_graph=False, strict=False, vectorize=False, strategy="reverse-mode"
):
    """The Jacobian of ``func``: for tuples, a tuple over outputs of tuples over inputs.

    Each has the shape of its output followed by that of its input. ``strategy`` is
    "reverse-mode" (a row at a time) or "forward-mode" (a column); ``vectorize`` is ignored.

    >>> import minigrad as mg
    >>> mg.autograd.functional.jacobian(lambda x: x * x, mg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    derive = _STRATEGIES.get(strategy)
    if derive is None:
        raise RuntimeError(f"strategy must be one of {list(_STRATEGIES)}, got {strategy!r}")
    at = _Problem(func, inputs, create_graph, strict)
    found = derive(at.call)
    rows = [at.handed(row, at.many_inputs) for row in (found if at.many_outputs else [found])]
    return tuple(rows) if at.many_outputs else rows[0]


_STRATEGIES = {"reverse-mode": jacobian_by_rows, "forward-mode": jacobian_by_columns}


def hessian(
    func,
    inputs,
    create_graph=False,
    strict=False,
    vectorize=False,
    outer_jacobian_strategy="reverse-mode",
):
    """All second derivatives of ``func``: for tuples of inputs, a tuple of tuples of tensors."""
    given, many = _tuple(inputs, "inputs")

    def slopes(*variables):
        call = Call(func, variables, range(len(variables)))
        if strict and not _single(call).requires_grad:
            raise RuntimeError("strict mode: the output does not depend on the inputs")
        return tuple(call.gradients([_single(call)], [None], create_graph=True))

    found = jacobian(slopes, given, create_graph, False, vectorize, outer_jacobian_strategy)
    return found if many else found[0][0]
