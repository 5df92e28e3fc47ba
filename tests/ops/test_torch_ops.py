"""The samples that PyTorch tests its functions with give the same here, and errors are errors."""

import itertools

import pytest

import minigrad as mg

from ..torch_cases import (
    RAISES,
    Inapplicable,
    compare,
    compare_gradients,
    counterpart,
    differentiate,
    found,
    report,
    results,
)

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # samples warn freely
SAMPLES = {"float64": 4, "int64": 3}  # of each function

RANDOM = {
    "bernoulli", "empty", "empty_like", "multinomial", "nn.functional.alpha_dropout",
    "nn.functional.dropout", "nn.functional.dropout2d", "nn.functional.dropout3d",
    "nn.functional.feature_alpha_dropout", "nn.functional.fractional_max_pool2d",
    "nn.functional.fractional_max_pool3d", "nn.functional.gumbel_softmax", "nn.functional.rrelu",
    "normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like",
}  # fmt: skip

_STRICT_LOSS = "integers are refused, as in most losses of PyTorch"
_STRICT_NUMBER = "fractions beside integer tensors are refused, where PyTorch cuts them off"
_TIES = "which of equal elements is found is not promised"
_SIGNS = "the signs of the vectors are free"
_TRIANGLE = "the triangle that is not read has no gradient, where PyTorch gives the formula's"
DIFFERENT = {
    ("addbmm", "int64"): _STRICT_NUMBER,
    ("addmv", "int64"): _STRICT_NUMBER,
    ("as_strided", "all"): "samples are views of more memory, which a copy leaves behind",
    ("baddbmm", "int64"): _STRICT_NUMBER,
    ("bernoulli", "all"): "probabilities have no gradient",
    ("cholesky_inverse", "all"): _TRIANGLE,
    ("cholesky_solve", "all"): _TRIANGLE,
    ("kthvalue", "int64"): _TIES,
    ("linalg.eigh", "all"): _SIGNS,
    ("linalg.matrix_power", "all"): "the power 0 is a constant without gradient",
    ("linalg.pinv", "all"): "hermitian: " + _TRIANGLE,
    ("linalg.svd", "all"): _SIGNS,
    ("matrix_power", "all"): "the power 0 is a constant without gradient",
    ("mode", "int64"): _TIES,
    ("nextafter", "all"): "it has no derivative, so nothing is recorded",
    ("nn.functional.multi_head_attention_forward", "all"): "its samples draw a dropout",
    ("nn.functional.scaled_dot_product_attention", "all"): "its samples draw a dropout",
    ("special.ndtr", "int64"): "the tail is not rounded to 0",
    ("nn.functional.batch_norm", "all"): "an input needs an axis of channels, even if it is empty",
    ("nn.functional.cosine_embedding_loss", "int64"): _STRICT_LOSS,
    ("nn.functional.ctc_loss", "all"): "the gradient is the true one where rows are no log_softmax",
    ("nn.functional.margin_ranking_loss", "int64"): _STRICT_LOSS,
    ("nn.functional.poisson_nll_loss", "int64"): _STRICT_LOSS,
    ("nn.functional.triplet_margin_loss", "int64"): _STRICT_LOSS,
    ("nn.functional.triplet_margin_with_distance_loss", "int64"): _STRICT_LOSS,
    ("normal", "all"): "means have no gradient",
    ("sgn", "all"): "PyTorch's gradient is a ZeroTensor, which has no memory",
    ("svd", "all"): _SIGNS,
    ("topk", "int64"): _TIES,
}
# arguments that the sample has in another order than the function, or a function besides
_OTHERWISE_CALLED = ("nn.functional.embedding", "nn.functional.embedding_bag")


def infos(room):
    """(name, PyTorch's description of the function, theirs, ours) of the functions of a room."""
    pytest.importorskip("expecttest", reason="PyTorch's test cases need it")
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    for info in op_db:
        name = info.name
        theirs, ours = found(torch, name), found(mg, name)
        if name.rpartition(".")[0] == room and theirs and ours:
            yield name, info, theirs, ours


def arguments(sample, name):
    args = (sample.input, *sample.args)
    return (args[1], args[0], *args[2:]) if name in _OTHERWISE_CALLED else args


def check(name, theirs, ours, args, kwargs, dtype):
    """Compare results and gradients of one call, if PyTorch makes it."""
    made = []
    our_args, our_kwargs = counterpart(args, made), counterpart(kwargs, made)
    for tensor, _ in made:
        if tensor.requires_grad:  # samples share tensors
            tensor.retain_grad()
            tensor.grad = None
    try:
        expected = results(theirs(*args, **kwargs))
    except Exception:  # noqa: BLE001  (the sample is for a wrapper of the function)
        return
    outputs = results(ours(*our_args, **our_kwargs))
    compare(outputs, expected, dtype, name in RANDOM)
    if name in RANDOM:
        return
    import torch

    if differentiate(torch, expected):
        differentiate(mg, outputs)
        compare_gradients([p for p in made if p[0].requires_grad], dtype)


@pytest.mark.parametrize("dtype", ["float64", pytest.param("int64", marks=pytest.mark.full)])
@pytest.mark.parametrize("room", ["", "linalg", "special", "nn.functional"])
def test_samples(room, dtype):
    import torch

    kind, failures = getattr(torch, dtype), []
    for name, info, theirs, ours in infos(room):
        if kind not in info.supported_dtypes("cpu"):
            continue
        if (name, dtype) in DIFFERENT or (name, "all") in DIFFERENT:
            continue
        torch.manual_seed(0)
        wanted = kind.is_floating_point and info.supports_autograd
        samples = info.sample_inputs("cpu", kind, requires_grad=wanted)
        for number, sample in enumerate(itertools.islice(samples, SAMPLES[dtype])):
            try:
                args = arguments(sample, name)
                check(name, theirs, ours, args, sample.kwargs, dtype)
            except Inapplicable:
                continue
            except (AssertionError, *RAISES) as error:
                failures.append(f"{name} {info.variant_test_name} sample {number}: {error!s:.300}")
    report(failures)


@pytest.mark.parametrize("room", ["", "linalg", "special", "nn.functional"])
def test_errors(room):
    failures = []
    for name, info, theirs, ours in infos(room):
        if info.error_inputs_func is None:
            continue
        for number, case in enumerate(info.error_inputs("cpu")):
            args, kwargs = arguments(case.sample_input, name), case.sample_input.kwargs
            try:
                our_args, our_kwargs = counterpart(args, []), counterpart(kwargs, [])
                theirs(*args, **kwargs)
            except Exception:  # noqa: BLE001  (PyTorch's classes of errors vary)
                pass
            else:
                continue  # the sample is for a wrapper of the function
            try:
                ours(*our_args, **our_kwargs)
            except RAISES:
                continue
            failures.append(f"{name} error {number} must raise {case.error_regex}")
    report(failures)
