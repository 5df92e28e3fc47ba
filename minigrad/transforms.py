"""Transformations of functions: gradients, Jacobians and their products with vectors.

Arguments and results may be nested tuples, lists and dicts of tensors. A transformation can be
applied to a transformed function: each one differentiates with respect to fresh leaves, and its
result stays in a graph exactly where something outside of it can still be differentiated.
"""

import functools
import threading
import weakref

from .engine.gradients import grad as gradients_of
from .engine.graph import TensorBase
from .engine.modes import enable_grad
from .ops.cast import clone
from .ops.creation import zeros_like
from .ops.joining import stack
from .ops.shape import reshape


def leaves_of(tree):
    """The tensors of a nest of tuples, lists and dicts, in order."""
    if isinstance(tree, TensorBase):
        return [tree]
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves_of(value)]
    if isinstance(tree, tuple | list):
        return [leaf for value in tree for leaf in leaves_of(value)]
    return []


def rebuilt(tree, leaves):
    """The nest with its tensors replaced, in order, from an iterator."""
    if isinstance(tree, TensorBase):
        return next(leaves)
    if isinstance(tree, dict):
        return {name: rebuilt(value, leaves) for name, value in tree.items()}
    if isinstance(tree, tuple | list):
        parts = [rebuilt(value, leaves) for value in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return tree


def mapped(function, tree):
    """The nest with ``function`` applied to each tensor."""
    return rebuilt(tree, iter([function(t) for t in leaves_of(tree)]))


class _Active(threading.local):
    """The variables of the transformations whose function is running in this thread."""

    variables = ()


_active = _Active()
_leaves_made = weakref.WeakValueDictionary()  # by id: comparing tensors gives tensors


def variable(tensor):
    """A tensor of the same values to differentiate by, still tied to its graph if it has one."""
    if not tensor.dtype.is_floating_point:
        raise RuntimeError(f"cannot differentiate by a tensor of {tensor.dtype}; use .float()")
    if tensor.requires_grad:
        return clone(tensor)
    leaf = tensor.detach().requires_grad_()
    _leaves_made[id(leaf)] = leaf
    return leaf


def leaves_below(outputs, known):
    """The leaves that outputs depend on, apart from ``known`` ones."""
    seen = {id(t) for t in known}
    places = [t._node or t for t in outputs if t.requires_grad]
    while places:
        place = places.pop()
        if id(place) in seen:
            continue
        seen.add(id(place))
        if isinstance(place, TensorBase):
            yield place
        else:
            places.extend(edge[0] for edge in place.edges if edge is not None)


def depends_on_others(outputs, own):
    """Whether some output depends on a leaf that someone else may still differentiate by.

    Those are all but the variables ``own`` and the variables of transformations that are done.
    """
    return any(
        id(leaf) not in _leaves_made or any(leaf is v for v in _active.variables)
        for leaf in leaves_below(outputs, own)
    )


class Call:
    """One recorded call ``function(*arguments)``, with variables at the positions ``argnums``."""

    def __init__(self, function, arguments, argnums, has_aux=False):
        positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        for position in positions:
            if not -len(arguments) <= position < len(arguments):
                raise RuntimeError(
                    f"argnums={argnums} is out of range for {len(arguments)} positional arguments"
                )
        arguments = list(arguments)
        with enable_grad():
            for position in positions:
                arguments[position] = mapped(variable, arguments[position])
            chosen = tuple(arguments[p] for p in positions)
            self.inputs = chosen[0] if isinstance(argnums, int) else chosen
            self.variables = leaves_of(self.inputs)
            result = self.run(function, arguments)
        self.value, self.aux = _with_aux(result) if has_aux else (result, None)
        self.outputs = leaves_of(self.value)
        if not self.outputs:
            raise TypeError(f"the function must return tensors, got {type(self.value).__name__}")
        self.nested = depends_on_others(self.outputs, self.variables)

    def run(self, function, arguments):
        """The result of the function, during which the variables belong to someone."""
        before = _active.variables
        _active.variables = (*before, *self.variables)
        try:
            return function(*arguments)
        finally:
            _active.variables = before

    def gradients(self, outputs, cotangents, create_graph=None):
        """The gradients of the variables, zeros where nothing depends on one."""
        pairs = [(t, c) for t, c in zip(outputs, cotangents, strict=True) if t.requires_grad]
        if not pairs:
            return [zeros_like(v) for v in self.variables]
        create_graph = self.nested if create_graph is None else create_graph
        with enable_grad():
            return gradients_of(
                [t for t, _ in pairs],
                self.variables,
                [c for _, c in pairs],
                retain_graph=True,
                create_graph=create_graph,
                materialize_grads=True,
            )

    def tangents(self, vectors):
        """The derivatives of the outputs along the vectors, by differentiating a vjp."""
        with enable_grad():
            weights = [zeros_like(t).requires_grad_() for t in self.outputs]
        slopes = self.gradients(self.outputs, weights, create_graph=True)
        pairs = [(s, v) for s, v in zip(slopes, vectors, strict=True) if s.requires_grad]
        if not pairs:
            return [zeros_like(t) for t in self.outputs]
        with enable_grad():
            return gradients_of(
                [s for s, _ in pairs],
                weights,
                [v for _, v in pairs],
                retain_graph=True,
                create_graph=self.nested or any(v.requires_grad for v in vectors),
                materialize_grads=True,
            )

    def inputs_nest(self, tensors):
        """One tensor per variable, in the nest of the inputs."""
        return rebuilt(self.inputs, iter(tensors))

    def shown(self, tree):
        """A result for the caller: outside of the graph where nothing else can use it."""
        return tree if self.nested else mapped(lambda t: t.detach(), tree)


def _with_aux(result):
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError("has_aux=True: the function must return a tuple (output, aux)")
    return result


def scalar(call):
    """The only output of a call whose gradient is asked for."""
    output = call.value
    if not isinstance(output, TensorBase) or output.numel() != 1 or output.ndim:
        shown = tuple(output.shape) if isinstance(output, TensorBase) else type(output).__name__
        raise RuntimeError(f"grad: the function must return a 0-d tensor, got {shown}")
    return output


def grad(func, argnums=0, has_aux=False):
    """The function that computes the gradient of ``func``, which returns a 0-d tensor.

    ``argnums`` says by which positional arguments. With ``has_aux``, ``func`` returns (output,
    aux) and the gradient function (gradient, aux).

    >>> import minigrad as mg
    >>> mg.func.grad(lambda x: (x**3).sum())(mg.tensor([1.0, 2.0]))
    tensor([ 3., 12.])
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def gradient(*args, **kwargs):
        found, rest = both(*args, **kwargs)
        return (found, rest[1]) if has_aux else found

    return gradient


def grad_and_value(func, argnums=0, has_aux=False):
    """As :func:`grad`, but the result is (gradient, value), or (gradient, (value, aux))."""

    @functools.wraps(func)
    def both(*args, **kwargs):
        call = Call(functools.partial(func, **kwargs), args, argnums, has_aux)
        found = call.gradients([scalar(call)], [None])
        value = call.shown(call.value)
        return call.inputs_nest(found), (value, call.shown(call.aux)) if has_aux else value

    return both


def vjp(func, *primals, has_aux=False):
    """(func(*primals), function from cotangents to gradients by all primals[, aux]).

    >>> import minigrad as mg
    >>> y, pullback = mg.func.vjp(lambda x: x * x, mg.tensor([1.0, 2.0]))
    >>> pullback(mg.ones(2))
    (tensor([2., 4.]),)
    """
    call = Call(func, primals, range(len(primals)), has_aux)

    def pullback(*cotangents):
        given = leaves_of(cotangents[0] if len(cotangents) == 1 else cotangents)
        _check_like("cotangent", given, call.outputs)
        nested = call.nested or any(c.requires_grad for c in given)
        return call.inputs_nest(call.gradients(call.outputs, given, nested))

    value = call.shown(call.value)
    return (value, pullback, call.shown(call.aux)) if has_aux else (value, pullback)


def jvp(func, primals, tangents, *, strict=False, has_aux=False):
    """(func(*primals), its derivative along ``tangents``[, aux]), by differentiating a vjp.

    >>> import minigrad as mg
    >>> mg.func.jvp(lambda x: x * x, (mg.tensor(3.0),), (mg.tensor(1.0),))
    (tensor(9.), tensor(6.))
    """
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple) or not primals:
        raise RuntimeError("jvp: primals and tangents must be tuples of the same, positive length")
    call = Call(func, primals, range(len(primals)), has_aux)
    vectors = leaves_of(tangents)
    _check_like("tangent", vectors, call.variables)
    moved = rebuilt(call.value, iter(call.tangents(vectors)))
    result = (call.shown(call.value), moved)
    return (*result, call.shown(call.aux)) if has_aux else result


def _check_like(what, given, models):
    """Raise RuntimeError unless each given tensor has the shape of its model."""
    if len(given) != len(models):
        raise RuntimeError(f"expected {len(models)} {what}s, got {len(given)}")
    for position, (g, m) in enumerate(zip(given, models, strict=True)):
        if g.shape != m.shape:
            raise RuntimeError(f"{what} {position} has shape {g.shape}, but must have {m.shape}")


def _units(tensor):
    """For every element a tensor of zeros with a one there."""
    for position in range(tensor.numel()):
        unit = zeros_like(tensor).reshape(-1)
        unit[position] = 1
        yield unit.reshape(tensor.shape)


def jacrev(func, argnums=0, *, has_aux=False):
    """The function that computes the Jacobian of ``func``, a row (one vjp) at a time.

    The result has the shape of the output followed by that of the input.
    """
    return _jacobian_function(jacobian_by_rows, func, argnums, has_aux)


def jacfwd(func, argnums=0, has_aux=False):
    """The Jacobian as :func:`jacrev` gives it, a column (one jvp) at a time."""
    return _jacobian_function(jacobian_by_columns, func, argnums, has_aux)


def _jacobian_function(derive, func, argnums, has_aux):
    @functools.wraps(func)
    def jacobian(*args):
        call = Call(func, args, argnums, has_aux)
        return (derive(call), call.shown(call.aux)) if has_aux else derive(call)

    return jacobian


def jacobian_by_rows(call):
    """The nest of outputs, each one the nest of the Jacobians by the variables."""
    return rebuilt(call.value, map(call.inputs_nest, (_rows(call, o) for o in call.outputs)))


def jacobian_by_columns(call):
    """As :func:`jacobian_by_rows`, one column at a time."""
    parts = [_columns(call, number) for number in range(len(call.variables))]
    return rebuilt(call.value, map(call.inputs_nest, zip(*parts, strict=True)))


def _rows(call, output):
    """The Jacobians of one output by all variables."""
    rows = [call.gradients([output], [unit]) for unit in _units(output)]
    if not rows:
        return [v.new_zeros(*output.shape, *v.shape) for v in call.variables]
    return [
        reshape(stack(slopes), (*output.shape, *v.shape))
        for slopes, v in zip(zip(*rows, strict=True), call.variables, strict=True)
    ]


def _columns(call, number):
    """The Jacobians of all outputs by one variable."""
    by = call.variables[number]
    rest = [zeros_like(v) for v in call.variables]
    columns = [call.tangents([*rest[:number], e, *rest[number + 1 :]]) for e in _units(by)]
    if not columns:
        return [of.new_zeros(*of.shape, *by.shape) for of in call.outputs]
    return [
        reshape(stack(moved, -1), (*of.shape, *by.shape))
        for moved, of in zip(zip(*columns, strict=True), call.outputs, strict=True)
    ]


def hessian(func, argnums=0):
    """The function that computes all second derivatives of ``func``, which returns a 0-d tensor.

    >>> import minigrad as mg
    >>> mg.func.hessian(lambda x: (x**3).sum())(mg.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


def hvp(func, primals, tangents):
    """(func(*primals), its Hessian times ``tangents``) without forming the Hessian.

    >>> import minigrad as mg
    >>> mg.func.hvp(lambda x: (x**3).sum(), (mg.tensor([1.0, 2.0]),), (mg.tensor([1.0, 1.0]),))
    (tensor(9.), (tensor([ 6., 12.]),))
    """
    argnums = tuple(range(len(primals)))
    call = Call(func, primals, argnums)
    _check_like("tangent", leaves_of(tangents), call.variables)
    slopes = call.gradients([scalar(call)], [None], create_graph=True)
    moved = call.gradients(slopes, leaves_of(tangents))
    return call.shown(call.value), call.inputs_nest(moved)
