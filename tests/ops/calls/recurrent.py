"""Sequences of different lengths: padded, packed, and back."""

from . import EVERY, FLOATS, HALVES, Draw, call, refuse

d = Draw(31)
x, rows = d.normal(4, 3, 2), [d.normal(n, 2) for n in (3, 1, 4)]
rnn = "nn.utils.rnn."
down = [d.normal(4, 2), d.normal(2, 2), d.normal(2, 2)]

CALLS = [
    call(rnn + "pad_sequence", rows, dtypes=(*FLOATS, *HALVES)),
    call(rnn + "pad_sequence", rows, True),
    call(rnn + "pad_sequence", rows, padding_value=-1.5),
    call(rnn + "pad_sequence", rows, True, 2.0, "left"),
    call(rnn + "pad_sequence", rows, padding_side="left"),
    call(rnn + "pad_sequence", tuple(rows)),
    call(rnn + "pad_sequence", [d.normal(2), d.normal(0), d.normal(3)], dtypes=EVERY),
    call(rnn + "pad_sequence", [d.integers(0, 5, 2), d.integers(0, 5, 4)], padding_value=9),
    call(rnn + "pad_sequence", x),
    *(
        call(rnn + "pack_padded_sequence", x, lengths, first, enforce_sorted)
        for first in (False, True)
        for lengths, enforce_sorted in (
            ([3, 2, 2, 1][: 4 if first else 3], True),
            ([3, 1, 3, 2][: 4 if first else 3], False),
        )
    ),
    call(rnn + "pack_padded_sequence", x, d.integers(1, 5, 3), enforce_sorted=False),
    call(rnn + "pack_padded_sequence", d.normal(3, 2), [2, 1], dtypes=EVERY),
    call(rnn + "pack_padded_sequence", d.integers(0, 9, 3, 2), [1, 3], enforce_sorted=False),
    call(rnn + "pack_padded_sequence", d.normal(3, 2, 2, 2), [3, 3]),
    call(rnn + "pack_sequence", down),
    call(rnn + "pack_sequence", rows, enforce_sorted=False, dtypes=(*FLOATS, *HALVES)),
    call(rnn + "unpad_sequence", d.normal(4, 3), d.integers(0, 4, 4), True),
    call(rnn + "unpad_sequence", x, d.integers(1, 4, 4), True),
    call(rnn + "invert_permutation", d.rng.permutation(5)),
    call(rnn + "invert_permutation", None),
]
for packed in (
    call(rnn + "pack_sequence", down),
    call(rnn + "pack_sequence", rows, False),
    call(rnn + "pack_sequence", [d.normal(3), d.normal(1)]),
):
    CALLS += [
        call(rnn + "pad_packed_sequence", packed),
        call(rnn + "pad_packed_sequence", packed, True),
        call(rnn + "pad_packed_sequence", packed, padding_value=-2.5, total_length=6),
        call(rnn + "pad_packed_sequence", packed, True, 1.0, 4),
        call(rnn + "unpack_sequence", packed),
    ]

REFUSED = [
    refuse("iterable.*int", rnn + "pad_sequence", 3),
    refuse("at least one", rnn + "pad_sequence", []),
    refuse("first extent.*2, 3", rnn + "pad_sequence", [d.normal(2, 2), d.normal(2, 3)]),
    refuse("padding_side.*middle", rnn + "pad_sequence", rows, padding_side="middle"),
    refuse("sequences.*list", rnn + "pad_sequence", [[1, 2], [3]]),
    refuse("sorted", rnn + "pack_padded_sequence", x, [1, 2, 3]),
    refuse("sorted", rnn + "pack_sequence", rows),
    refuse("each of 3.*2", rnn + "pack_padded_sequence", x, [3, 2]),
    refuse("each of 4", rnn + "pack_padded_sequence", x, [3, 2, 1], True),
    refuse("between 1 and 4.*0", rnn + "pack_padded_sequence", x, [3, 2, 0]),
    refuse("between 1 and 4.*-1", rnn + "pack_padded_sequence", x, [3, 2, -1]),
    refuse("shape.*0, 3", rnn + "pack_padded_sequence", d.normal(0, 3, 2), [1, 1, 1]),
    refuse("total_length=2", rnn + "pad_packed_sequence", call(rnn + "pack_sequence", down),
           total_length=2),
]  # fmt: skip
