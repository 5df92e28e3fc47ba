"""Named results of functions that return more than one tensor, under the functions' own names.

>>> import minigrad as mg
>>> mg.max(mg.tensor([1.0, 3.0]), dim=0)
minigrad.return_types.max(
values=tensor(3.),
indices=tensor(1))
"""

from collections import namedtuple

_FIELDS = {
    "values indices": "cummax cummin max median min mode nanmedian",
    "min max": "aminmax",
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
