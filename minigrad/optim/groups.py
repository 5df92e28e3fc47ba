"""Parameter groups of a model: what decays, and parts with learning rates of their own."""

from fnmatch import fnmatchcase
from typing import NamedTuple

from ..nn.module import Module
from ..nn.normalization import _Norm
from ..nn.utils.parametrize import ParametrizationList


class _Place(NamedTuple):
    """One of the places where a parameter stands in a model."""

    names: tuple  # its dotted name, and for a parametrized tensor also that of the tensor
    own: str  # the name in its module
    module: Module
    parameter: object


def param_groups(model, weight_decay, no_decay="auto", lr_mult=None):
    """The parameters of a model in groups: with weight decay and, where it does harm, without.

    ``no_decay`` says which do without. ``"auto"`` goes by the type of the module that holds them:
    every bias, and every parameter of a normalisation layer (embeddings and everything else
    decays). Otherwise it is, or is an iterable of,

    - a module class: all parameters that its instances hold themselves, such as ``nn.Embedding``;
    - a pattern of dotted names such as ``"head.*"`` or ``"*.gamma"``;
    - a function ``f(name, parameter, module)`` that says whether one does without;
    - ``"auto"``, to add to the usual rule; an empty iterable lets everything decay.

    ``lr_mult`` gives parts of the model, by the beginning of their names, a factor for the learning
    rate of the optimizer: ``{"body": 0.1}``; the longest beginning counts. There is one pair of
    groups for each factor, without empty ones. Every parameter is in exactly one group. A tied one
    goes by the first of its names and does without decay if that holds at any of its places. Groups
    carry ``param_names``.

    Raises ValueError for a class, pattern or beginning that fits nothing.

    >>> import minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.LayerNorm(3), mg.nn.Linear(3, 1))
    >>> groups = mg.optim.param_groups(net, weight_decay=0.1)
    >>> for group in groups:
    ...     print(group["weight_decay"], group["param_names"])
    0.1 ['0.weight', '2.weight']
    0.0 ['0.bias', '1.weight', '1.bias', '2.bias']
    >>> optimizer = mg.optim.AdamW(groups, lr=1e-3)
    """
    if not isinstance(model, Module):
        raise TypeError(f"param_groups takes a Module, got {type(model).__name__}")
    places = _places(model)
    spared = _spared(places, no_decay)
    factors = {} if lr_mult is None else _factors(places, lr_mult)
    members = {}
    for number, (first, *_) in places.items():
        factor = factors.get(number, 1.0)
        for is_spared in (False, True):  # the two of a factor stand side by side
            members.setdefault((factor, is_spared), [])
        members[factor, number in spared].append(first)
    return [
        {
            "params": [place.parameter for place in row],
            "param_names": [place.names[0] for place in row],
            "weight_decay": 0.0 if is_spared else weight_decay,
            **({} if lr_mult is None else {"lr_mult": factor}),
        }
        for (factor, is_spared), row in members.items()
        if row
    ]


def _places(model):
    """{id of a parameter: its places}, in the order of ``named_parameters``."""
    found = {}
    for path, module in model.named_modules():
        for own, parameter in module._parameters.items():
            if parameter is not None:
                place = _place(model, path, module, own, parameter)
                found.setdefault(id(parameter), []).append(place)
    return found


def _place(model, path, module, own, parameter):
    name = f"{path}.{own}" if path else own
    if not isinstance(module, ParametrizationList) or "parametrizations." not in path:
        return _Place((name,), own, module, parameter)
    owner, _, tensor = path.rpartition("parametrizations.")
    plain = owner + tensor
    return _Place((name, plain), tensor, model.get_submodule(owner.rstrip(".")), parameter)


def is_bias(own):
    """Whether a parameter of this name in its module is a bias: ``bias_ih_l0``, ``in_proj_bias``.

    >>> is_bias("bias"), is_bias("bias_ih_l0"), is_bias("unbiased_scale")
    (True, True, False)
    """
    return "bias" in own.split("_")


def _usual(place):
    return is_bias(place.own) or isinstance(place.module, _Norm)


def _spared(places, no_decay):
    """The numbers of the parameters that do without decay."""
    single = isinstance(no_decay, (str, type)) or callable(no_decay)
    spared = set()
    for rule in [no_decay] if single else no_decay:
        fits = _fits(rule)
        found = {number for number, row in places.items() if any(map(fits, row))}
        named = isinstance(rule, type) or (isinstance(rule, str) and rule != "auto")
        if named and not found:
            raise ValueError(f"no_decay: no parameter of the model fits {rule!r}")
        spared |= found
    return spared


def _fits(rule):
    """A rule of ``no_decay`` as a function of a place."""
    if isinstance(rule, str):
        if rule == "auto":
            return _usual
        return lambda place: any(fnmatchcase(name, rule) for name in place.names)
    if isinstance(rule, type):
        return lambda place: isinstance(place.module, rule)
    if callable(rule):
        return lambda place: rule(place.names[0], place.parameter, place.module)
    raise TypeError(
        "no_decay takes 'auto', module classes, patterns of names, and functions, got "
        f"{type(rule).__name__}"
    )


def _factors(places, lr_mult):
    """{number of a parameter: factor of its learning rate}."""
    fitting, found = set(), {}
    for number, (first, *_) in places.items():
        prefixes = [
            prefix for prefix in lr_mult
            if any(f"{name}.".startswith(f"{prefix}." if prefix else "") for name in first.names)
        ]  # fmt: skip
        fitting.update(prefixes)
        if prefixes:
            found[number] = float(lr_mult[max(prefixes, key=len)])
    for prefix in lr_mult:
        if prefix not in fitting:
            raise ValueError(f"lr_mult: no parameter of the model has a name in {prefix!r}")
    return found
