"""Checkpoints: one file that holds everything a run needs to go on as if it had never stopped."""

import copy

from .. import random
from ..engine.graph import TensorBase
from .saving import load, save

FORMAT, VERSION = "minigrad checkpoint", 1


def save_checkpoint(
    path, model, optimizer=None, scheduler=None, scaler=None, loader=None, trainer=None, ema=None,
    **others,
):  # fmt: skip
    """Write the state of all that is given, and of the random numbers, to one ``.npz`` file.

    Every part gives ``state_dict()`` (``scheduler`` may be a list of schedulers); ``others`` are
    parts under names of your own. The default generator and all its streams are saved too, and the
    generators that modules of the model own. The file appears whole or not at all.

    >>> import os, tempfile
    >>> import minigrad as mg
    >>> path = os.path.join(tempfile.mkdtemp(), "run.npz")
    >>> net = mg.nn.Linear(2, 1)
    >>> optimizer = mg.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    >>> mg.save_checkpoint(path, net, optimizer)
    >>> mg.load_checkpoint(path).parts
    ('model', 'optimizer')
    """
    if not hasattr(model, "state_dict"):
        raise TypeError(f"model must have state_dict(), got {type(model).__name__}")
    parts = _given(
        model=model, optimizer=optimizer, scheduler=scheduler, scaler=scaler, loader=loader,
        trainer=trainer, ema=ema, **others,
    )  # fmt: skip
    save(
        {
            "format": FORMAT,
            "version": VERSION,
            "parts": {name: _state(part, name) for name, part in parts.items()},
            "random": random.get_rng_state(),
            "generators": {path: g.get_state() for path, g in _generators(model)},
        },
        path,
    )


def load_checkpoint(path):
    """Read a file that :func:`save_checkpoint` wrote, as a :class:`Checkpoint`.

    Raises OSError where there is no such file and ValueError for one that is damaged or something
    else.
    """
    content = load(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path} is no checkpoint: it was not written by save_checkpoint")
    if content.get("version") != VERSION:
        raise ValueError(f"{path} is of version {content.get('version')!r}, not {VERSION}")
    for name, kind in {"parts": dict, "random": tuple, "generators": dict}.items():
        if not isinstance(content.get(name), kind):
            raise ValueError(f"{path} is a damaged checkpoint: its {name!r} is no {kind.__name__}")
    return Checkpoint(path, content)


class Checkpoint:
    """What a checkpoint holds: ``parts`` names its states, ``state(name)`` gives one."""

    def __init__(self, path, content):
        self.path = path
        self._content = content

    @property
    def parts(self):
        """The names of what was saved."""
        return tuple(self._content["parts"])

    def state(self, name):
        """The saved state of one part."""
        if name not in self._content["parts"]:
            raise KeyError(f"{self.path} holds no {name!r}, only {', '.join(self.parts)}")
        return self._content["parts"][name]

    def restore(
        self, model, optimizer=None, scheduler=None, scaler=None, loader=None, trainer=None,
        ema=None, **others,
    ):  # fmt: skip
        """Load the saved states into all that is given, and set the random numbers.

        Where one part does not fit, all of them are put back as they were and the error is raised:
        KeyError for a part the file lacks, else what its ``load_state_dict`` raises, and ValueError
        for a state of another form.
        """
        parts = _given(
            model=model, optimizer=optimizer, scheduler=scheduler, scaler=scaler, loader=loader,
            trainer=trainer, ema=ema, **others,
        )  # fmt: skip
        states = {name: self.state(name) for name in parts}
        generators = dict(_generators(model))
        if generators.keys() != self._content["generators"].keys():
            raise ValueError(
                f"{self.path} holds generators of the modules {list(self._content['generators'])}, "
                f"but the model has them at {list(generators)}"
            )
        before = {name: copy.deepcopy(_state(part, name)) for name, part in parts.items()}
        for name, state in states.items():
            _check_form(state, before[name], f"{self.path}: {name}")
        numbers = random.get_rng_state(), {p: g.get_state() for p, g in generators.items()}
        done = []
        try:
            for name, part in parts.items():
                done.append(name)
                _load(part, states[name], name)
            _set_random(self._content["random"], self._content["generators"], generators)
        except BaseException as error:
            for name in done:
                _load(parts[name], before[name], name)
            _set_random(*numbers, generators)
            if isinstance(error, TypeError | AttributeError | IndexError):
                raise ValueError(
                    f"{self.path}: the state of {done[-1]!r} is not of the form expected: {error}"
                ) from error
            raise


def _set_random(default, states, generators):
    """Set the default generator and those of modules."""
    random.set_rng_state(default)
    for path, generator in generators.items():
        generator.set_state(states[path])


def _given(**parts):
    return {name: part for name, part in parts.items() if part is not None}


def _state(part, name):
    if isinstance(part, list | tuple):
        return [_state(each, f"{name}[{i}]") for i, each in enumerate(part)]
    if not hasattr(part, "state_dict"):
        raise TypeError(
            f"checkpoint: {name} is a {type(part).__name__} without state_dict(), so it could not "
            "go on where it was"
        )
    return part.state_dict()


def _check_form(saved, present, where):
    """ValueError unless a saved state is built of the same kinds of values as the present one."""
    if isinstance(present, dict | list | tuple):
        kind = dict if isinstance(present, dict) else list | tuple
        fits = isinstance(saved, kind)
        if fits and (kind is dict or len(saved) == len(present)):
            for key in present if kind is dict else range(len(present)):
                if kind is not dict or key in saved:
                    _check_form(saved[key], present[key], f"{where}[{key!r}]")
    elif isinstance(present, bool | str):
        fits = type(saved) is type(present)
    elif isinstance(present, int | float):
        one = isinstance(saved, TensorBase) and saved.numel() == 1
        fits = one or (isinstance(saved, int | float) and not isinstance(saved, bool))
    elif isinstance(present, TensorBase):
        fits = isinstance(saved, TensorBase)
    else:
        fits = True
    if not fits:
        raise ValueError(f"{where} is a {type(saved).__name__}, not a {type(present).__name__}")


def _load(part, state, name):
    if not isinstance(part, list | tuple):
        part.load_state_dict(state)
        return
    if not isinstance(state, list) or len(state) != len(part):
        raise ValueError(f"the checkpoint holds another number of parts under {name!r}")
    for each, saved in zip(part, state, strict=True):
        _load(each, saved, name)


def _generators(model):
    """The generators that modules of a model own, each with the path of its module."""
    for path, module in model.named_modules():
        generator = vars(module).get("generator")
        if isinstance(generator, random.Generator):
            yield path, generator
