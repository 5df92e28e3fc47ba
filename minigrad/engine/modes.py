"""Grad mode: whether ops are recorded. One flag per thread."""

import functools
import inspect
import threading

autocaster = None  # while any thread autocasts: the function (op, tensors) -> tensors to compute on


# idents of threads, among them all that record nothing: while there are none, an op need not ask
# ``state``, which takes longer. A thread that ended may stay: asking more often is not wrong.
paused = set()


class _State(threading.local):
    _recording = True
    inference = False
    autocast = None  # the policy in force in this thread
    captures = ()  # nodes whose gradients the backward pass under way was asked for

    def __init__(self):
        self.outer = []  # the policies of the contexts around the innermost one

    @property
    def recording(self):
        return self._recording

    @recording.setter
    def recording(self, on):
        if on:
            self._recording = True
            paused.discard(threading.get_ident())
        else:
            paused.add(threading.get_ident())
            self._recording = False


state = _State()
fusion = True  # whether layers of a network may run as one op


def set_fusion(enabled):
    """Whether ops of neighbouring layers may be made one where nobody looks between them.

    It is on at first; results agree to rounding either way. Decided for the whole process; what is
    made one, and when, stands in :mod:`minigrad.nn.fusion`.

    >>> set_fusion(False)
    >>> set_fusion(True)
    """
    global fusion
    if not isinstance(enabled, bool):
        raise TypeError(f"set_fusion expects a bool, got {enabled!r}")
    fusion = enabled


def get_fusion():
    """Whether ops of neighbouring layers may be made one."""
    return fusion


class _Mode:
    """A context manager and decorator that sets the recording flag and restores it."""

    recording = True

    def __enter__(self):
        self._previous = getattr(self, "_previous", ())
        self._previous = (*self._previous, state.recording)
        state.recording = self.recording
        return self

    def __exit__(self, *_failure):
        *self._previous, state.recording = self._previous

    def __call__(self, function):
        if inspect.isgeneratorfunction(function):
            return self._generator(function)

        @functools.wraps(function)
        def inside(*args, **kwargs):
            with type(self)._again(self):
                return function(*args, **kwargs)

        return inside

    def _generator(self, function):
        """The generator function, every one of whose steps runs in this mode."""

        @functools.wraps(function)
        def inside(*args, **kwargs):
            running, send, value = function(*args, **kwargs), "send", None
            while True:
                try:
                    with type(self)._again(self):
                        given = getattr(running, send)(value)
                except StopIteration as end:
                    return end.value
                try:
                    send, value = "send", (yield given)
                except GeneratorExit:
                    with type(self)._again(self):
                        running.close()
                    raise
                except BaseException as error:
                    send, value = "throw", error

        return inside

    def _again(self):
        return type(self)()


class no_grad(_Mode):  # noqa: N801  (PyTorch's spelling)
    """Nothing is recorded inside.

    >>> import minigrad as mg
    >>> x = mg.ones(2, requires_grad=True)
    >>> with mg.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    recording = False

    def __new__(cls, function=None):
        self = super().__new__(cls)
        return self if function is None else self(function)


class enable_grad(no_grad):  # noqa: N801
    """Ops are recorded inside, also within :class:`no_grad`."""

    recording = True


class inference_mode(_Mode):  # noqa: N801
    """Nothing is recorded inside: :class:`no_grad` with PyTorch's ``mode`` argument.

    Unlike PyTorch's, a tensor made inside may enter a graph afterwards, as a leaf: there is no
    bookkeeping of views here that it would save.
    """

    def __new__(cls, mode=True):
        self = super().__new__(cls)
        if callable(mode):
            return cls()(mode)
        return self

    def __init__(self, mode=True):
        self.mode = mode
        self.recording = not mode and state.recording

    def __enter__(self):
        self.recording = state.recording and not self.mode
        self._inference = (*getattr(self, "_inference", ()), state.inference)
        state.inference = self.mode
        return super().__enter__()

    def __exit__(self, *failure):
        *self._inference, state.inference = self._inference
        super().__exit__(*failure)

    def _again(self):
        return type(self)(self.mode)


class set_grad_enabled(_Mode):  # noqa: N801
    """Set the grad mode at once; as a context manager, restore it at the end."""

    def __init__(self, mode):
        self.before = state.recording
        self.recording = bool(mode)
        state.recording = self.recording

    def __enter__(self):
        super().__enter__()
        self._previous = (*self._previous[:-1], self.before)
        return self

    def __call__(self, function):
        state.recording = self.before
        return super().__call__(function)

    def _again(self):
        return type(self)(self.recording)


def is_grad_enabled():
    """Whether ops are being recorded in this thread."""
    return state.recording


def is_inference_mode_enabled():
    """Whether this thread is inside :class:`inference_mode`."""
    return state.inference
