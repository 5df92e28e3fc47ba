"""Layer, group, instance, batch, RMS and local response norm."""

from ...parity import calling
from . import FLOATS, HALVES, Draw, Named, call, refuse

d = Draw(41)
ALL = (*FLOATS, *HALVES)
F = "nn.functional"
SINGLE = ("float64",)  # running statistics are made in one dtype


def zeros(count):
    return calling("zeros", count, dtype=Named("float64"))


def fixed(count):
    """Running means and variances that are not those of any input."""
    mean = calling("linspace", -1.0, 1.0, count, dtype=Named("float64"))
    return mean, calling("linspace", 0.5, 2.0, count, dtype=Named("float64"))


LAYERS = [
    call(f"{F}.layer_norm", d.normal(3, 8), (8,), dtypes=ALL),
    call(f"{F}.layer_norm", d.normal(3, 8), [8], d.normal(8), d.normal(8), dtypes=ALL),
    call(f"{F}.layer_norm", d.normal(8), (8,), d.normal(8), d.normal(8)),
    call(f"{F}.layer_norm", d.normal(2, 3, 8), (8,), weight=d.normal(8)),
    call(f"{F}.layer_norm", d.normal(2, 3, 8), (8,), bias=d.normal(8)),
    call(f"{F}.layer_norm", d.normal(4, 3, 5), (3, 5), d.normal(3, 5), d.normal(3, 5), 0.01),
    call(f"{F}.layer_norm", d.normal(2, 3, 4), (2, 3, 4), eps=1.0),
    call(f"{F}.layer_norm", d.normal(2, 300) + 4, (300,), d.normal(300), d.normal(300)),
    call(f"{F}.layer_norm", d.normal(70, 6), (6,), d.normal(6), d.normal(6), dtypes=ALL),
    call(f"{F}.layer_norm", d.normal(0, 3), (3,), d.normal(3), d.normal(3)),
    call(f"{F}.layer_norm", d.normal(3, 0), (0,)),
    call(f"{F}.rms_norm", d.normal(3, 8), (8,), dtypes=ALL),
    call(f"{F}.rms_norm", d.normal(3, 8), [8], d.normal(8), dtypes=ALL),
    call(f"{F}.rms_norm", d.normal(8), (8,), d.normal(8), 0.1),
    call(f"{F}.rms_norm", d.normal(4, 3, 5), (3, 5), weight=d.normal(3, 5), eps=1e-3),
    call(f"{F}.rms_norm", d.normal(70, 6), (6,), d.normal(6)),
    call(f"{F}.rms_norm", d.normal(2, 6) * 1e-4, (6,), differentiable=False, dtypes=ALL),
    call(f"{F}.rms_norm", d.normal(0, 3), (3,), d.normal(3)),
]
GROUPS = [
    call(f"{F}.group_norm", d.normal(3, 8), 2, dtypes=ALL),
    call(f"{F}.group_norm", d.normal(2, 8), 2, d.normal(8), d.normal(8)),
    call(f"{F}.group_norm", d.normal(2, 6, 5), 3, d.normal(6), d.normal(6), dtypes=ALL),
    call(f"{F}.group_norm", d.normal(2, 6, 5), 6, weight=d.normal(6)),
    call(f"{F}.group_norm", d.normal(2, 6, 4, 3), 1, d.normal(6), d.normal(6), eps=0.1),
    call(f"{F}.group_norm", d.normal(1, 4, 2, 3, 2), 2, d.normal(4), d.normal(4)),
    call(f"{F}.group_norm", d.normal(0, 4, 2), 2, d.normal(4), d.normal(4)),
    call(f"{F}.group_norm", d.normal(2, 4, 0), 2),
    call(f"{F}.instance_norm", d.normal(2, 3, 6), dtypes=ALL),
    call(f"{F}.instance_norm", d.normal(2, 3, 6), weight=d.normal(3), bias=d.normal(3)),
    call(f"{F}.instance_norm", d.normal(2, 3, 4, 5), None, None, d.normal(3), eps=0.1),
    call(f"{F}.instance_norm", d.normal(1, 2, 2, 3, 2)),
    call(
        f"{F}.instance_norm", d.normal(2, 3, 1), *fixed(3), d.normal(3), d.normal(3),
        use_input_stats=False, dtypes=SINGLE, device=False,
    ),
    call(f"{F}.instance_norm", d.normal(2, 3, 4), zeros(3), zeros(3), dtypes=SINGLE, device=False),
    call(f"{F}.instance_norm", d.normal(0, 3, 4)),
]  # fmt: skip
BATCHES = [
    call(f"{F}.batch_norm", d.normal(6, 3), None, None, training=True, dtypes=ALL),
    call(f"{F}.batch_norm", d.normal(6, 3), None, None, d.normal(3), d.normal(3), True),
    call(f"{F}.batch_norm", d.normal(4, 3, 5), None, None, d.normal(3), None, True, dtypes=ALL),
    call(f"{F}.batch_norm", d.normal(3, 2, 4, 3), None, None, None, d.normal(2), True, eps=0.1),
    call(f"{F}.batch_norm", d.normal(2, 3, 2, 2, 2), None, None, training=True),
    call(f"{F}.batch_norm", d.normal(100, 70) + 3, None, None, d.normal(70), None, True),
    call(f"{F}.batch_norm", d.normal(0, 3), None, None, training=True),
    call(f"{F}.batch_norm", d.normal(2, 3, 0), None, None, training=True),
    *(
        call(
            f"{F}.batch_norm", d.normal(*shape), *fixed(3), *parameters,
            dtypes=SINGLE, device=False,
        )
        for shape in ((4, 3), (1, 3), (2, 3, 5), (2, 3, 2, 4), (0, 3), (2, 3, 0))
        for parameters in ((), (d.normal(3), d.normal(3)), (None, d.normal(3)))
    ),
    call(
        f"{F}.batch_norm", d.normal(5, 3), zeros(3), zeros(3), training=True, momentum=0.3,
        dtypes=SINGLE, device=False,
    ),
]  # fmt: skip
RESPONSES = [
    call(f"{F}.local_response_norm", d.normal(2, 5, 4), 3, dtypes=ALL),
    call(f"{F}.local_response_norm", d.normal(2, 5, 4), 2, 0.5),
    call(f"{F}.local_response_norm", d.normal(2, 5, 2, 3), 4, alpha=1.0, beta=0.5, k=2.0),
    call(f"{F}.local_response_norm", d.normal(1, 3, 2, 2, 2), size=9, alpha=0.3),
    call(f"{F}.local_response_norm", d.normal(2, 3, 4), 1, 0.1),
    call(f"{F}.local_response_norm", d.normal(0, 3, 2), 2),
]
CALLS = [*LAYERS, *GROUPS, *BATCHES, *RESPONSES]

x, planes, whole = d.normal(2, 3), d.normal(2, 4, 3), d.integers(0, 4, 2, 3)
ones = calling("ones", 3)
single = calling("ones", 3, dtype=Named("float32"))

REFUSED = [
    refuse(r"normalized_shape=\(4,\).*shape \(2, 3\)", f"{F}.layer_norm", x, (4,)),
    refuse(r"normalized_shape=\(2, 2, 3\)", f"{F}.layer_norm", x, (2, 2, 3)),
    refuse(r"got shape \(\)", f"{F}.layer_norm", d.normal(), (1,)),
    refuse("at least one axis", f"{F}.layer_norm", x, ()),
    refuse("normalized_shape must be a tuple.*got int", f"{F}.layer_norm", x, 3),
    refuse(r"weight has shape \(2,\)", f"{F}.layer_norm", x, (3,), d.normal(2)),
    refuse(r"weight has shape \(1, 3\)", f"{F}.layer_norm", x, (3,), d.normal(1, 3)),
    refuse(r"bias has shape \(2,\)", f"{F}.layer_norm", x, (3,), None, d.normal(2)),
    refuse("weight must be a tensor, got list", f"{F}.layer_norm", x, (3,), [1.0] * 3),
    refuse("weight must be a tensor, got list", f"{F}.rms_norm", x, (3,), [1.0] * 3),
    refuse("bias must be a tensor, got list", f"{F}.group_norm", planes, 2, None, [1.0] * 4),
    refuse("num_groups must be an int, got 2.0", f"{F}.group_norm", planes, 2.0),
    refuse("running_mean must be a tensor", f"{F}.batch_norm", x, [0.0] * 3, [1.0] * 3),
    refuse("weight has dtype .*float32", f"{F}.layer_norm", x, (3,), single),
    refuse("bias has dtype .*float32", f"{F}.layer_norm", x, (3,), d.normal(3), single),
    refuse("floating, got minigrad.int64", f"{F}.layer_norm", whole, (3,)),
    refuse("input must be a tensor, got list", f"{F}.layer_norm", [1.0], (1,)),
    refuse(r"normalized_shape=\(4,\)", f"{F}.rms_norm", x, (4,)),
    refuse("at least one axis", f"{F}.rms_norm", x, []),
    refuse(r"weight has shape \(2,\)", f"{F}.rms_norm", x, (3,), d.normal(2)),
    refuse("floating", f"{F}.rms_norm", whole, (3,)),
    refuse("got list", f"{F}.rms_norm", [1.0], (1,)),
    refuse("num_groups=3 .*divide the 4 channels", f"{F}.group_norm", planes, 3),
    refuse("num_groups=0 must be positive", f"{F}.group_norm", planes, 0),
    refuse("num_groups=-1 must be positive", f"{F}.group_norm", planes, -1),
    refuse(r"\(N, C, \.\.\.\), got shape \(4,\)", f"{F}.group_norm", d.normal(4), 2),
    refuse(r"weight has shape \(3,\).*4 channels", f"{F}.group_norm", planes, 2, d.normal(3)),
    refuse(r"weight has shape \(2, 2\)", f"{F}.group_norm", planes, 2, d.normal(2, 2)),
    refuse(r"bias has shape \(3,\)", f"{F}.group_norm", planes, 2, None, d.normal(3)),
    refuse("more than 1 value", f"{F}.group_norm", d.normal(1, 3), 3),
    refuse("floating", f"{F}.group_norm", d.integers(0, 3, 2, 4, 2), 2),
    refuse("got list", f"{F}.group_norm", [1.0], 1),
    refuse("more than 1 spatial element", f"{F}.instance_norm", x),
    refuse("more than 1 spatial element", f"{F}.instance_norm", d.normal(4)),
    refuse("more than 1 spatial element", f"{F}.instance_norm", d.normal(2, 4, 1)),
    refuse("must be given", f"{F}.instance_norm", planes, use_input_stats=False),
    refuse("both or neither", f"{F}.instance_norm", planes, calling("zeros", 4)),
    refuse(r"weight has shape \(3,\)", f"{F}.instance_norm", planes, weight=d.normal(3)),
    refuse(r"running_mean has shape \(3,\)", f"{F}.instance_norm", planes, ones, ones),
    refuse("floating", f"{F}.instance_norm", d.integers(0, 3, 2, 4, 2)),
    refuse("must be given", f"{F}.batch_norm", x, None, None),
    refuse("both or neither", f"{F}.batch_norm", x, ones, None, training=True),
    refuse("more than 1 value per channel", f"{F}.batch_norm", d.normal(1, 3), None, None,
           training=True),
    refuse("more than 1 value per channel", f"{F}.batch_norm", d.normal(1, 3, 1), None, None,
           None, None, True),
    refuse(r"got shape \(4,\)", f"{F}.batch_norm", d.normal(4), None, None, training=True),
    refuse(r"got shape \(\)", f"{F}.batch_norm", d.normal(), zeros(1), zeros(1)),
    refuse(r"running_mean has shape \(4,\)", f"{F}.batch_norm", x, zeros(4), zeros(4)),
    refuse(r"running_var has shape \(2,\)", f"{F}.batch_norm", x, zeros(3), zeros(2)),
    refuse(r"weight has shape \(4,\)", f"{F}.batch_norm", x, *fixed(3), d.normal(4)),
    refuse(r"bias has shape \(4,\)", f"{F}.batch_norm", x, *fixed(3), None, d.normal(4)),
    refuse("floating", f"{F}.batch_norm", whole, *fixed(3)),
    refuse("running_mean has dtype", f"{F}.batch_norm", x, single, single),
    refuse("weight has dtype", f"{F}.batch_norm", x, *fixed(3), single),
    refuse("eps must be non-negative, got -1", f"{F}.batch_norm", x, *fixed(3), eps=-1.0),
    refuse("eps must be positive", f"{F}.batch_norm", x, None, None, training=True, eps=0.0),
    refuse("momentum must be a number", f"{F}.batch_norm", x, *fixed(3), training=True,
           momentum=None),
    refuse("got list", f"{F}.batch_norm", [1.0], None, None),
    refuse(r"got shape \(2, 3\)", f"{F}.local_response_norm", x, 2),
    refuse("size must be positive, got 0", f"{F}.local_response_norm", planes, 0),
    refuse("size must be positive, got -2", f"{F}.local_response_norm", planes, -2),
    refuse("got list", f"{F}.local_response_norm", [1.0], 2),
]  # fmt: skip
