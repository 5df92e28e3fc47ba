"""LintWarning, the user's line it points to, and how it is delivered."""

import os
import sys
import warnings
from typing import NamedTuple

CODES = (
    "P1", "P2", "P3", "P4", "P4b", "P5", "U1", "U2", "U3", "C5", "I7", "N7", "B14",
)  # fmt: skip
LEVELS = ("off", "warn", "error")

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_inside = {}  # whether a file belongs to minigrad
_REMEMBERED = 4  # lists of filters


class LintWarning(UserWarning):
    """A likely mistake in a training program.

    ``code`` is one of those in ``docs/lints.md``, ``message`` says what was measured and how to
    mend it, ``where`` is ``file:line`` of the innermost frame outside minigrad (``In[3]:line`` in
    the third cell of a notebook).

    >>> warning = LintWarning("P2", "no zero_grad()", "train.py:7")
    >>> print(warning)
    P2: no zero_grad() [train.py:7]
    """

    def __init__(self, code, message, where):
        super().__init__(code, message, where)
        self.code = code
        self.message = message
        self.where = where

    def __str__(self):
        return f"{self.code}: {self.message} [{self.where}]"


class Site(NamedTuple):
    """A line of the user's program, and the name of its module."""

    file: str
    line: int
    module: str

    @property
    def where(self):
        return place_of(self.file, self.line)


def place_of(file, line):
    """``file:line``; in a notebook the number of the cell for its file, which has a random name."""
    shell_of = getattr(sys.modules.get("IPython"), "get_ipython", None)
    compiler = getattr(shell_of() if shell_of else None, "compile", None)
    cell = compiler.format_code_name(file) if hasattr(compiler, "format_code_name") else None
    return f"{cell[1] if cell else file}:{line}"


def site():
    """The innermost line outside minigrad that is being run."""
    frame = sys._getframe(1)
    while True:
        file = frame.f_code.co_filename
        inside = _inside.get(file)
        if inside is None:
            inside = _inside[file] = os.path.abspath(file).startswith(_PACKAGE)
        if not inside or frame.f_back is None:
            break
        frame = frame.f_back
    return Site(frame.f_code.co_filename, frame.f_lineno, frame.f_globals.get("__name__", ""))


class Settings:
    """The level, the codes that are not reported, and what was reported already."""

    def __init__(self):
        self.level = "warn"
        self.ignored = frozenset()
        self._reported = []  # pairs: a list of Python's filters, and what was reported under it

    def change(self, level, ignored):
        """Set level and ignored codes; what was reported before may be reported again."""
        self.level, self.ignored = level, ignored
        self._reported = []

    def is_new(self, code, where):
        """Whether this was not reported yet, as long as Python's filters are the same list.

        They are another one inside ``warnings.catch_warnings()``.
        """
        reported = next((seen for known, seen in self._reported if known is warnings.filters), None)
        if reported is None:
            reported = set()
            self._reported = [*self._reported[1 - _REMEMBERED :], (warnings.filters, reported)]
        new = (code, where) not in reported
        reported.add((code, where))
        return new


settings = Settings()


def report(code, message, place=None):
    """Warn of a mistake at a user's line (that being run), or raise, as the level says."""
    if code in settings.ignored or settings.level == "off":
        return
    place = place or site()
    warning = LintWarning(code, message, place.where)
    if settings.level == "error":
        raise warning
    if settings.is_new(code, place.where):
        warnings.warn_explicit(warning, None, place.file, place.line, place.module)
