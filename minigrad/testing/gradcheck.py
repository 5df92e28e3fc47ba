"""Gradients held against central differences.

The numeric Jacobian is (f(x + ε) − f(x − ε)) / 2ε, one input element at a time; the analytic one
comes from backward, one output element at a time.
"""

import numpy as np

from .. import backend, dtypes
from ..engine.gradients import grad
from ..engine.graph import TensorBase, dtype_of, new_tensor, values
from ..errors import GradcheckError
from .diagnosis import likely_cause


def gradcheck(
    func,
    inputs,
    *,
    eps=1e-6,
    atol=1e-5,
    rtol=1e-3,
    raise_exception=True,
    nondet_tol=0.0,
    check_undefined_grad=True,
    check_grad_dtypes=False,
    check_batched_grad=False,
    check_batched_forward_grad=False,
    check_forward_ad=False,
    check_backward_ad=True,
    fast_mode=False,
    masked=None,
):
    """True where the gradients of ``func(*inputs)`` equal central differences within tolerance.

    Every float64 input that requires grad is checked against every output. On a mismatch a
    :class:`GradcheckError` names the op, the input, the element and the likely cause (or False is
    returned, with ``raise_exception=False``). ``fast_mode`` compares one random projection of each
    Jacobian, and goes element by element only where that differs. Each output is differentiated
    alone, so undefined gradients of the other outputs are always part of the check;
    ``check_undefined_grad``, ``check_grad_dtypes`` (the engine always checks them) and ``masked``
    are accepted for PyTorch's sake.

    >>> import minigrad as mg
    >>> x = mg.tensor([0.5, -1.0], dtype=mg.float64, requires_grad=True)
    >>> gradcheck(mg.tanh, (x,))
    True
    """
    _refuse_modes(
        check_backward_ad, check_forward_ad, check_batched_grad or check_batched_forward_grad
    )
    check = _Check(func, inputs, eps, atol, rtol, nondet_tol)
    return _verdict(check, fast_mode, raise_exception)


def gradgradcheck(
    func,
    inputs,
    grad_outputs=None,
    *,
    eps=1e-6,
    atol=1e-5,
    rtol=1e-3,
    gen_non_contig_grad_outputs=False,
    raise_exception=True,
    nondet_tol=0.0,
    check_undefined_grad=True,
    check_grad_dtypes=False,
    check_batched_grad=False,
    check_fwd_over_rev=False,
    check_rev_over_rev=True,
    fast_mode=False,
    masked=False,
):
    """As :func:`gradcheck` for the gradients of ``func``: are second derivatives right?

    The function checked takes the inputs and the gradients of the outputs (random unless given) to
    the gradients of the inputs.

    >>> import minigrad as mg
    >>> x = mg.tensor([0.5, -1.0], dtype=mg.float64, requires_grad=True)
    >>> gradgradcheck(mg.tanh, (x,))
    True
    """
    _refuse_modes(check_rev_over_rev, check_fwd_over_rev, check_batched_grad)
    inputs = _as_tuple(inputs)
    first = _Check(func, inputs, eps, atol, rtol, nondet_tol)
    if grad_outputs is None:
        grad_outputs = _random_gradients(first.outputs(), gen_non_contig_grad_outputs)
    inputs += _as_tuple(grad_outputs)
    second = _Check(_gradient_of(first), inputs, eps, atol, rtol, nondet_tol, strict=True)
    return _verdict(second, fast_mode, raise_exception)


def _gradient_of(check):
    """The function from a check's inputs and output gradients to its input gradients."""
    count, watched = len(check.inputs), [check.inputs[i] for i in check.watched]

    def gradients(*args):
        outputs = [t for t in check.call(*args[:count]) if t._requires_grad]
        if not outputs:
            return ()
        found = grad(outputs, watched, args[count:], create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    gradients.__name__ = f"the gradient of {check.name}"
    return gradients


def _refuse_modes(backward, forward, batched):
    if forward or batched:
        raise NotImplementedError("only reverse mode can be checked: no forward mode, no batching")
    if not backward:
        raise ValueError("nothing to check: reverse mode is switched off")


def _as_tuple(value):
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _random_gradients(outputs, strided):
    """Float64 leaves in the shapes of the outputs that have a gradient."""
    rng = np.random.default_rng(0)
    made = []
    for t in outputs:
        if not t._requires_grad:
            continue
        shape = t._array.shape
        array = rng.normal(size=(*shape, 2))[..., 0] if strided else rng.normal(size=shape)
        array = np.asarray(array, dtypes.decode(t._array, t._tag).dtype)
        made.append(new_tensor(backend.array_module(t._array).asarray(array), requires_grad=True))
    return tuple(made)


def _verdict(check, fast_mode, raise_exception):
    try:
        check.run(fast_mode)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


class _Check:
    """A function at a point, its numeric and its analytic Jacobians.

    An output without a gradient is left out unless all are such, or ``strict``: then its
    derivative must be zero.
    """

    def __init__(self, func, inputs, eps, atol, rtol, nondet_tol, strict=False):
        self.func, self.inputs = func, _as_tuple(inputs)
        self.eps, self.atol, self.rtol = eps, atol, rtol
        self.nondet_tol, self.strict = nondet_tol, strict
        self.name = getattr(func, "__name__", type(func).__name__)
        if isinstance(getattr(func, "__self__", None), type):  # apply of an autograd.Function
            self.name = f"{func.__self__.__name__}.{self.name}"
        self.watched = [
            i
            for i, t in enumerate(self.inputs)
            if isinstance(t, TensorBase) and t._requires_grad
        ]
        self.check_inputs()

    def check_inputs(self):
        if not self.watched:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, "
                "but none of them have requires_grad=True"
            )
        for i in self.watched:
            array, kind = self.inputs[i]._array, dtype_of(self.inputs[i])
            if kind is not dtypes.float64:
                raise ValueError(
                    f"gradcheck needs float64 inputs (central differences lose the other half of "
                    f"the digits): input {i} is {kind}; use .double()"
                )
            if array.size and any(
                s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True)
            ):
                raise ValueError(f"input {i} overlaps itself (an expanded view); use .clone()")

    def call(self, *inputs):
        """The outputs of the function, as a tuple of tensors."""
        outputs = _as_tuple(self.func(*inputs))
        for i, t in enumerate(outputs):
            if not isinstance(t, TensorBase):
                raise ValueError(
                    f"gradcheck: output {i} of {self.name} is {type(t).__name__}, not a tensor"
                )
        return outputs

    def outputs(self):
        return self.call(*self.inputs)

    def chosen(self, outputs):
        """The numbers of the outputs whose derivatives are checked."""
        with_gradient = [i for i, t in enumerate(outputs) if t._requires_grad]
        if with_gradient and not self.strict:
            return with_gradient
        return [i for i, t in enumerate(outputs) if dtype_of(t).is_floating_point]

    def run(self, fast):
        outputs = self.outputs()
        chosen = self.chosen(outputs)
        self.check_repeatable(outputs, chosen)
        suspects = self.disagreeing(outputs, chosen) if fast else self.watched
        if not suspects:
            return
        analytic = [self.analytic(outputs[o]) for o in chosen]
        for i in suspects:
            numeric, kinks = self.numeric(i, outputs, chosen)
            for position, o in enumerate(chosen):
                jacobian = analytic[position][i]
                self.compare(i, o, outputs[o], jacobian, numeric[position], kinks[position])

    # numeric
    def values_at(self, i, step, chosen):
        """The outputs as float64 arrays with ``step`` added to input ``i`` meanwhile."""
        array = self.inputs[i]._array
        kept = array.copy()
        array[...] = kept + backend.array_module(array).asarray(step)
        try:
            outputs = self.outputs()
            return [_host(values(outputs[o])) for o in chosen]
        finally:
            array[...] = kept

    def differences(self, i, direction, here, chosen):
        """Central differences along a direction, and how much the one-sided ones disagree."""
        above = self.values_at(i, self.eps * direction, chosen)
        below = self.values_at(i, -self.eps * direction, chosen)
        pairs = list(zip(above, here, below, strict=True))
        slopes = [(a - b) / (2 * self.eps) for a, _, b in pairs]
        return slopes, [np.abs(a - 2 * h + b) / self.eps for a, h, b in pairs]

    def numeric(self, i, outputs, chosen):
        """Per output: the Jacobian (input elements × output elements), and where kinks are."""
        here = [_host(values(outputs[o])) for o in chosen]
        shape = self.inputs[i]._array.shape
        size = self.inputs[i]._array.size
        jacobians = [np.zeros((size, h.size)) for h in here]
        kinks = [np.zeros((size, h.size), bool) for h in here]
        for element in range(size):
            direction = np.zeros(size)
            direction[element] = 1
            slopes, gaps = self.differences(i, direction.reshape(shape), here, chosen)
            for o, (slope, gap) in enumerate(zip(slopes, gaps, strict=True)):
                jacobians[o][element] = slope.ravel()
                kinks[o][element] = (gap > 1e-3 * (np.abs(slope) + 0.1)).ravel()
        return jacobians, kinks

    # analytic
    def vjp(self, output, cotangent):
        """{i: the gradient of ⟨cotangent, output⟩ with respect to input i}, as float64."""
        inputs = [self.inputs[i] for i in self.watched]
        found = [None] * len(inputs)
        if output._requires_grad:
            xp = backend.array_module(output._array)
            start = new_tensor(xp.asarray(cotangent.astype(values(output).dtype)))
            found = grad(output, inputs, start, retain_graph=True, allow_unused=True)
        return {
            i: np.zeros(t._array.shape) if g is None else _host(g._array)
            for i, t, g in zip(self.watched, inputs, found, strict=True)
        }

    def analytic(self, output):
        """{i: the Jacobian for input i} from backward, one output element at a time."""
        size = output._array.size
        columns = [self.vjp(output, row) for row in np.eye(size).reshape(size, *output.shape)]
        return {
            i: np.array([c[i].ravel() for c in columns]).reshape(size, self.inputs[i]._array.size).T
            for i in self.watched
        }

    # comparisons
    def check_repeatable(self, outputs, chosen):
        """Two backward passes through the same graph must give the same gradients."""
        for o in chosen:
            ones = np.ones(outputs[o]._array.shape)
            first, second = (self.vjp(outputs[o], ones) for _ in range(2))
            for i in self.watched:
                gap = np.abs(first[i] - second[i]).max(initial=0)
                if gap > self.nondet_tol:
                    raise GradcheckError(
                        f"gradcheck of {self.title(outputs[o])}: backward is not reentrant: two "
                        f"runs differ by {gap:.3g} for input {i} (nondet_tol={self.nondet_tol})"
                    )

    def disagreeing(self, outputs, chosen):
        """The inputs for which vᵀ J u differs, for one random v per output and u per input."""
        rng = np.random.default_rng(0)
        here = [_host(values(outputs[o])) for o in chosen]
        cotangents = [rng.normal(size=h.shape) for h in here]
        gradients = [self.vjp(outputs[o], v) for o, v in zip(chosen, cotangents, strict=True)]
        found = []
        for i in self.watched:
            u = rng.normal(size=self.inputs[i]._array.shape)
            slopes, _ = self.differences(i, u, here, chosen)
            numeric = [(slope * v).sum() for slope, v in zip(slopes, cotangents, strict=True)]
            analytic = [(g[i] * u).sum() for g in gradients]
            if not np.allclose(analytic, numeric, rtol=self.rtol, atol=self.atol):
                found.append(i)
        return found

    def title(self, output):
        return self.name if output._node is None else f"{self.name} (grad_fn {output._node})"

    def compare(self, i, o, output, analytic, numeric, kinks):
        close = np.isclose(analytic, numeric, rtol=self.rtol, atol=self.atol)
        if close.all():
            return
        error = _relative_error(analytic, numeric, close)
        row, column = np.unravel_index(np.argmax(error), error.shape)
        in_shape, out_shape = self.inputs[i]._array.shape, output._array.shape
        element, target = _element(row, in_shape), _element(column, out_shape)
        if kinks[row, column]:
            cause = "the point lies on a kink: the one-sided differences disagree; move the input"
        else:
            cause = f"likely cause: {likely_cause(analytic, numeric, in_shape, out_shape)}"
        raise GradcheckError(
            f"gradcheck of {self.title(output)}: the gradient of output {o}{target} with respect "
            f"to input {i}{element} is wrong: analytic {analytic[row, column]:.8g}, numeric "
            f"{numeric[row, column]:.8g}, relative error {error[row, column]:.3g}; {cause}"
        )


def _relative_error(analytic, numeric, close):
    """|a − n| / max(|a|, |n|) where the two are not close, −1 elsewhere."""
    with np.errstate(invalid="ignore"):
        error = np.abs(analytic - numeric) / np.maximum(np.abs(numeric), np.abs(analytic))
    return np.where(close, -1, np.where(np.isnan(error), np.inf, error))


def _host(array):
    """A float64 NumPy copy."""
    array = array if isinstance(array, np.ndarray) else backend.move(array, "cpu")
    return array.astype(np.float64)


def _element(number, shape):
    """A flat element number as an index, written [2, 3]."""
    return str(list(map(int, np.unravel_index(number, shape))))
