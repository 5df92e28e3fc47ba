"""P4, P4b and N7: layers whose mode, or whose batch, does not fit what is being done."""

import sys
import weakref

from .. import function
from ..engine.modes import state
from ..nn.normalization import SMALL_BATCH, _BatchNorm
from ..optim import swa_utils
from . import progress
from .progress import Attached, current_pass, thread, trained
from .warning import report, site

INTERLEAVED = 4  # backward passes between two uses of a generator within a step
_FILES = (function.__file__, swa_utils.__file__)


class _Layer:
    """What is known of one layer."""

    __slots__ = ("innocent", "seen", "small", "before")

    def __init__(self):
        self.innocent = False  # it ran under no_grad before its model was trained, and has since
        self.seen = 0  # backward passes until it last did
        self.small = 0  # small batches
        self.before = 0  # batches before the first small one


_layers = Attached(_Layer)
evaluating = Attached(list)  # models in evaluation that were called with recording on
small = []  # small batches: (weak reference to the layer, batches so far, place, message)


def on_layer(module, input):
    """A dropout or batch norm runs in an unusual mode, or on a small batch."""
    if module.training and not state.recording:
        _check_forgotten_eval(module)
    elif state.recording and not module.training:
        _note_evaluation(module, input)
    elif module.training and isinstance(module, _BatchNorm):
        _note_small_batch(module, len(input._array))


# P4
def _check_forgotten_eval(module):
    """P4: noise or statistics of the batch where nothing is recorded."""
    root = module._outermost()
    drops = getattr(module, "drops", False)
    if not root.training or (drops and (getattr(module, "p", 1) == 0 or root is module)):
        return
    if _is_part_of_training(module, root) or _is_meant(root):
        return
    what = "drops units" if drops else "uses, and moves its averages to, this batch"
    report(
        "P4",
        f"{_called(module)} is in training mode under no_grad: it {what}. Call model.eval() before "
        "evaluating and model.train() after it, or use `with mg.nn.mode(model):` (for samples of "
        "dropout, mg.nn.mc_dropout)",
    )


def _called(module):
    path = module._path()
    return f"{type(module).__name__} {path!r}" if path else type(module).__name__


def _is_part_of_training(module, root):
    """Whether the model is not trained yet, or is used in between, like a generator in a GAN.

    A layer that runs under no_grad from the first step on, and once between backward passes, makes
    inputs or targets for training; an evaluation comes after many, or several times in a row.
    """
    layer = _layers.of(module)
    passes = thread.own.backwards
    since, layer.seen = passes - layer.seen, passes
    if not passes or not _is_trained(root):
        layer.innocent = True
    elif not (layer.innocent and 0 < since <= INTERLEAVED):
        layer.innocent = False
    return layer.innocent


def _is_trained(root):
    """Whether an optimizer has moved some parameter, or, without optimizers, one has a gradient."""
    parameters = list(root.parameters())
    if any(map(trained.known, parameters)):
        return True
    return not trained.entries and any(p._grad is not None for p in parameters)


def _is_meant(root):
    """In a Function, in ``update_bn`` and in recomputing statistics the mode is meant."""
    if any(isinstance(m, _BatchNorm) and m.momentum is None for m in root.modules()):
        return True
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename in _FILES:
            return True
        frame = frame.f_back
    return False


# P4b
def _note_evaluation(module, input):
    """A model in evaluation was called, and gradients can flow through it."""
    if module._held_in_evaluation:
        return
    own = (p for p in module._parameters.values() if p is not None)
    if not (input._requires_grad or any(p._requires_grad for p in own)):
        return
    root = module._outermost()
    if root is not module and not root.training:
        evaluating.of(root)[:] = [thread.own.backwards, _called(module)]


def on_step(optimizer):
    """P4b: gradients that came through a model in evaluation are used to train it."""
    used = {id(p) for p in progress.parameters_of(optimizer) if p._grad is not None}
    for root, (backwards, layer) in evaluating.items():
        if root.training:
            evaluating.discard(root)
        elif thread.own.backwards > backwards and any(id(p) in used for p in root.parameters()):
            evaluating.discard(root)
            if not any(module.training for module in root.modules()):
                report(
                    "P4b",
                    f"{type(root).__name__} is trained in evaluation mode, in which {layer} does "
                    "nothing random and learns no statistics: call model.train() before training",
                )


# N7
def _note_small_batch(module, size):
    """A batch norm is trained on few samples: speak if a backward pass follows."""
    batches = module.num_batches_tracked
    batches = None if batches is None else int(batches._array)
    if size == 1:
        message = "a batch of a single sample: give the loader drop_last=True"
    elif _nominal(module, size, batches) < SMALL_BATCH:
        message = f"batches of {size} samples"
    else:
        return
    small.append((weakref.ref(module), batches, site(), message))
    del small[:-64]


def _nominal(module, size, batches):
    """The batch size of the loader; without one the largest that the layer has seen."""
    current = current_pass()
    loader = None if current is None else current.loader()
    given = getattr(loader, "batch_size", None)
    if given is None:
        given = getattr(getattr(loader, "batch_sampler", None), "batch_size", None)
    if isinstance(given, int):
        return given
    layer = _layers.of(module)
    if batches is None:
        return SMALL_BATCH
    if not layer.small:
        layer.before = batches - 1
    layer.small += 1
    only_small = layer.before == 0 and layer.small == batches
    return size if only_small and layer.small > 1 else SMALL_BATCH


def on_backward(leaves):
    """N7: the batch norms that small batches just went through are trained on them."""
    noted, small[:] = small[:], []
    reached = {id(leaf) for leaf in leaves}
    for reference, batches, place, message in noted:
        module = reference()
        if module is None or (batches is not None and int(module.num_batches_tracked) != batches):
            continue
        own = [p for p in module._parameters.values() if p is not None]
        if own and not any(id(p) in reached for p in own):
            continue
        report(
            "N7",
            f"{_called(module)} is trained on {message}; its statistics are then mostly noise. "
            "Group norm (mg.nn.GroupNorm) does not depend on the batch",
            place,
        )
