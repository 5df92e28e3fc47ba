"""What a model is made of and what one call of it costs."""

from dataclasses import dataclass, field

from ..engine import observe
from ..engine.graph import TensorBase
from ..engine.modes import enable_grad

__all__ = ["summary"]


@dataclass
class Row:
    """One call of one module: what it alone has and does, without the modules inside of it."""

    path: str
    kind: str
    output: tuple = ()
    parameters: int = 0
    multiply_adds: int = 0
    saved_bytes: int = 0


@dataclass
class Summary:
    """The rows of :func:`summary` and their totals; prints as a table.

    ``saved_by_op`` splits the saved bytes by the name of the op; ``cast_bytes`` are those of
    parameters in the low precision of autocast, kept beside.
    """

    rows: list = field(default_factory=list)
    parameters: int = 0
    trainable: int = 0
    saved_by_op: dict = field(default_factory=dict)
    cast_bytes: int = 0

    @property
    def multiply_adds(self):
        """Multiply-adds of all matrix products and convolutions of one forward pass."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def saved_bytes(self):
        """Bytes that a training step keeps from forward to backward, beside the parameters."""
        return sum(row.saved_bytes for row in self.rows)

    def __str__(self):
        head = ("module", "output", "parameters", "multiply-adds", "saved bytes")
        cells = [head, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
        lines = [
            "  ".join(
                cell.ljust(width) if column < 2 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in cells
        ]
        rule = "-" * len(lines[0])
        return "\n".join(
            [
                lines[0], rule, *lines[1:], rule,
                f"parameters     {self.parameters:,} ({self.trainable:,} trainable)",
                f"multiply-adds  {self.multiply_adds:,}",
                f"saved bytes    {self.saved_bytes:,}",
            ]  # fmt: skip
        )

    __repr__ = __str__


def _cells(row):
    depth = row.path.count(".") + 1 if row.path else 0
    name = f"{row.path.rpartition('.')[2]}: {row.kind}" if row.path else row.kind
    shapes = ", ".join(str(tuple(shape)) for shape in row.output)
    counts = (row.parameters, row.multiply_adds, row.saved_bytes)
    return ("  " * depth + name, shapes, *(f"{count:,}" if count else "" for count in counts))


def summary(model, *inputs, **options):
    """A table of the modules of a model, from one call on these inputs.

    Each row is a call of a module: its path and class, the shape of its output, its own parameters
    (counted where it is first called), the multiply-adds of its own matrix products and
    convolutions, and the bytes that its own ops keep for the backward pass, beside parameters and
    what an earlier op keeps already. The model runs as in a training step, in its present mode;
    buffers that a forward pass updates are updated.

    >>> import minigrad as mg
    >>> model = mg.nn.Sequential(mg.nn.Linear(4, 8), mg.nn.ReLU(), mg.nn.Linear(8, 2))
    >>> mg.nn.summary(model, mg.ones(16, 4))
    module       output   parameters  multiply-adds  saved bytes
    ------------------------------------------------------------
    Sequential   (16, 2)
      0: Linear  (16, 8)          40            512          256
      1: ReLU    (16, 8)                                     512
      2: Linear  (16, 2)          18            256
    ------------------------------------------------------------
    parameters     58 (58 trainable)
    multiply-adds  768
    saved bytes    768
    """
    watch = _Watch(model)
    handles = [
        handle
        for path, module in model.named_modules()
        for handle in (
            module.register_forward_pre_hook(watch.entering(path)),
            module.register_forward_hook(watch.leaving, always_call=True),
        )
    ]
    handles.append(observe.subscribe(watch.hear))
    try:
        with enable_grad():
            output = model(*inputs, **options)
    finally:
        for handle in handles:
            handle() if callable(handle) else handle.remove()
    return watch.finished(output)


class _Watch:
    """Attributes the ops of one call of a model to the innermost module that is running."""

    def __init__(self, model):
        self.model = model
        self.rows, self.running, self.ops, self.casts = [], [], [], []
        self.counted = set()

    def entering(self, path):
        def enter(module, args):
            row = Row(path, type(module).__name__)
            for parameter in module._parameters.values():
                if parameter is not None and id(parameter) not in self.counted:
                    self.counted.add(id(parameter))
                    row.parameters += parameter.numel()
            self.rows.append(row)
            self.running.append(row)

        return enter

    def leaving(self, module, args, output):
        self.running.pop().output = tuple(t.shape for t in _tensors(output))

    def hear(self, event, op, out):
        if event == "forward" and self.running:
            row = self.running[-1]
            row.multiply_adds += op.multiply_adds(out)
            self.ops.append((row, op))
            if op.name == "cast":
                self.casts.append((op, out))

    def finished(self, output):
        """The summary; ``output`` keeps the graph alive until it is read."""
        parameters = list(self.model.parameters())
        cast = [out for op, out in self.casts if op.recorded and op.edges[0][1] < 0]
        known, by_op = {_memory(a) for a in (*(p._array for p in parameters), *cast)}, {}
        for row, op in self.ops:
            for array in op.saved if op.recorded else ():
                if hasattr(array, "nbytes") and _memory(array) not in known:
                    known.add(_memory(array))
                    row.saved_bytes += array.nbytes
                    by_op[op.name] = by_op.get(op.name, 0) + array.nbytes
        return Summary(
            self.rows,
            sum(p.numel() for p in parameters),
            sum(p.numel() for p in parameters if p.requires_grad),
            by_op,
            sum(out.nbytes for out in cast),
        )


def _tensors(output):
    if isinstance(output, TensorBase):
        return [output]
    if isinstance(output, dict):
        output = list(output.values())
    several = isinstance(output, tuple | list)
    return [t for part in output for t in _tensors(part)] if several else []


def _memory(array):
    """What is equal for arrays that share memory: the address of the whole."""
    while getattr(array, "base", None) is not None and hasattr(array.base, "nbytes"):
        array = array.base
    return id(array)
