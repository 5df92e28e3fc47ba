"""A module called with other parameters and buffers than its own."""

from ...engine.graph import TensorBase


def functional_call(
    module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False
):
    """The outcome of ``module`` with the tensors of a dict, or of several, in place of its own.

    Keys are dotted names as in ``state_dict``; what is not named keeps its value, unless
    ``strict``, which wants every name. A tensor for one of several tied names counts for all of
    them, unless ``tie_weights`` is False.

    >>> import minigrad as mg
    >>> double = mg.nn.Linear(1, 1, bias=False)
    >>> mg.func.functional_call(double, {"weight": mg.tensor([[2.0]])}, mg.ones(1))
    tensor([2.])
    """
    replacements = _merged(parameter_and_buffer_dicts)
    own = dict(module.named_parameters(remove_duplicate=False))
    own.update(module.named_buffers(remove_duplicate=False))
    _check(replacements, own, strict)
    if tie_weights:
        replacements = _tied(replacements, own)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    replaced = []
    try:
        for name, value in replacements.items():
            path, _, last = name.rpartition(".")
            owner = module.get_submodule(path)
            replaced.append((owner, last, own[name]))
            _put(owner, last, value)
        return module(*args, **(kwargs or {}))
    finally:
        for owner, last, value in replaced:
            _put(owner, last, value)


def _merged(dicts):
    """One dict of all, whose names must differ."""
    if isinstance(dicts, dict):
        return dicts
    merged = {}
    for each in dicts:
        for name, value in each.items():
            if name in merged:
                raise ValueError(f"{name} appears in more than one of the dicts")
            merged[name] = value
    return merged


def _check(replacements, own, strict):
    """Raise for names that are not there, what is no tensor and, where ``strict``, for gaps."""
    for name, value in replacements.items():
        if name not in own:
            kind = RuntimeError if strict else AttributeError
            raise kind(f"the module has no parameter or buffer named {name!r}")
        if not isinstance(value, TensorBase):
            raise TypeError(f"{name} must be a tensor, got {type(value).__name__}")
    missing = [name for name in own if name not in replacements]
    if strict and missing:
        raise RuntimeError(f"strict=True wants a tensor for every name; missing: {missing}")


def _tied(replacements, own):
    """The replacements, repeated under all names of the tensors that they replace."""
    names = {}
    for name, value in own.items():
        names.setdefault(id(value), []).append(name)
    found = {}
    for name, value in replacements.items():
        for other in names[id(own[name])]:
            if found.setdefault(other, value) is not value:
                raise ValueError(f"{name} and {other} are tied, but got different tensors")
    return found


def _put(owner, name, value):
    """Let a registered name stand for a tensor, which need not be a parameter."""
    registry = owner._parameters if name in owner._parameters else owner._buffers
    registry[name] = owner.__dict__[name] = value
