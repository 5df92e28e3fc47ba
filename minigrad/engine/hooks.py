"""Handles of registered hooks."""

import itertools

_ids = itertools.count()


class RemovableHandle:
    """Removes a hook from its dictionary; also a context manager."""

    def __init__(self, hooks):
        self.hooks = hooks
        self.id = next(_ids)

    def remove(self):
        """Forget the hook; calling it again does nothing."""
        self.hooks.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *_failure):
        self.remove()


def register(hooks, hook, prepend=False):
    """Put ``hook`` into the dictionary ``hooks`` and return its handle."""
    if not callable(hook):
        raise TypeError(f"a hook must be callable, got {type(hook).__name__}")
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        for key in list(hooks)[:-1]:
            hooks[key] = hooks.pop(key)
    return handle


class AfterAccumulation:
    """A hook of a leaf that gets the leaf itself, once its ``grad`` is complete."""

    __slots__ = ("hook",)

    def __init__(self, hook):
        self.hook = hook

    def __call__(self, tensor):
        self.hook(tensor)


class Numbered:
    """A tensor hook with the number of the output it watches."""

    __slots__ = ("number", "hook")

    def __init__(self, number, hook):
        self.number = number
        self.hook = hook

    def __call__(self, *args):
        return self.hook(*args)
