"""Named results of functions that return more than one tensor, under the functions' own names.

>>> import minigrad as mg
>>> mg.max(mg.tensor([1.0, 3.0]), dim=0)
minigrad.return_types.max(
values=tensor(3.),
indices=tensor(1))
"""

import math
from collections import namedtuple


class Size(tuple):
    """A shape: a tuple that knows how many elements it holds.

    >>> Size((2, 3)).numel()
    6
    """

    __slots__ = ()

    def numel(self):
        """The product of the extents."""
        return math.prod(self)

    def __getitem__(self, where):
        part = tuple.__getitem__(self, where)
        return Size(part) if type(part) is tuple else part

    def __add__(self, other):
        return Size(tuple.__add__(self, other))


_FIELDS = {
    "values indices": "cummax cummin kthvalue max median min mode nanmedian sort topk",
    "sign logabsdet": "linalg_slogdet slogdet",
    "eigenvalues eigenvectors": "linalg_eigh",
    "U S Vh": "linalg_svd",
    "U S V": "svd",
    "Q R": "linalg_qr qr",
    "solution residuals rank singular_values": "linalg_lstsq",
    "hist bin_edges": "histogram",
    "min max": "aminmax",
    "mantissa exponent": "frexp",
}


def _named(name, fields):
    def __repr__(self):  # noqa: N807
        parts = zip(self._fields, self, strict=True)
        return f"{__name__}.{name}(\n" + ",\n".join(f"{f}={v!r}" for f, v in parts) + ")"

    base = namedtuple(name, fields)
    return type(name, (base,), {"__slots__": (), "__repr__": __repr__, "__module__": __name__})


for _fields, _names in _FIELDS.items():
    for _name in _names.split():
        globals()[_name] = _named(_name, _fields)
