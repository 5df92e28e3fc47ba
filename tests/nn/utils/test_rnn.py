"""Packed sequences as objects; their functions are among the listed calls."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn.utils.rnn import (
    PackedSequence,
    invert_permutation,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpad_sequence,
)

SEQUENCES = [mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0, 5.0]), mg.tensor([6.0])]


@pytest.fixture
def packed():
    return pack_sequence(SEQUENCES, enforce_sorted=False)


def test_is_a_named_tuple(packed):
    data, sizes, order, back = packed
    assert packed._fields == ("data", "batch_sizes", "sorted_indices", "unsorted_indices")
    np.testing.assert_array_equal(data.numpy(), [3, 1, 6, 4, 2, 5])
    np.testing.assert_array_equal(sizes.numpy(), [3, 2, 1])
    np.testing.assert_array_equal(order.numpy(), [1, 0, 2])
    np.testing.assert_array_equal(back.numpy(), [1, 0, 2])
    assert sizes.dtype is mg.int64
    assert repr(packed).startswith("PackedSequence(data=tensor([")


def test_sorted_sequences_have_no_order():
    packed = pack_sequence(SEQUENCES[1:])
    assert packed.sorted_indices is None
    assert packed.unsorted_indices is None


def test_conversions(packed):
    assert packed.double().data.dtype is mg.float64
    assert packed.half().data.dtype is mg.float16
    assert packed.long().data.dtype is mg.int64
    assert packed.int().data.dtype is mg.int32
    assert packed.double().float().data.dtype is mg.float32
    assert packed.to("float32") is packed
    assert packed.cpu() is packed
    assert not packed.is_cuda
    assert packed.double().sorted_indices is packed.sorted_indices
    assert packed.double().batch_sizes is packed.batch_sizes


def test_made_by_hand():
    data, sizes = mg.tensor([1.0, 2.0, 3.0]), mg.tensor([2, 1])
    order = mg.tensor([1, 0])
    assert PackedSequence(data, sizes) == PackedSequence((data, sizes))
    np.testing.assert_array_equal(
        PackedSequence(data, sizes, order).unsorted_indices.numpy(), [1, 0]
    )
    with pytest.raises(TypeError, match="data and batch_sizes"):
        PackedSequence(data)


def test_equal_lengths_keep_their_order():
    packed = pack_padded_sequence(mg.zeros(3, 4), [2, 3, 2, 3], enforce_sorted=False)
    np.testing.assert_array_equal(packed.sorted_indices.numpy(), [1, 3, 0, 2])
    assert invert_permutation(None) is None


def test_lengths_beyond_the_input_are_refused():
    with pytest.raises(RuntimeError, match="between 1 and 3.*4"):
        pack_padded_sequence(mg.zeros(3, 2), [4, 1])


def test_there_and_back_again():
    x = mg.randn(5, 4, 2)
    lengths = [2, 5, 1, 3]
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    padded, found = pad_packed_sequence(packed)
    np.testing.assert_array_equal(found.numpy(), lengths)
    for i, length in enumerate(lengths):
        np.testing.assert_array_equal(padded[:length, i].numpy(), x[:length, i].numpy())
        assert not padded[length:, i].any()


def test_unpadding_leaves_its_input_alone():
    padded = pad_sequence(SEQUENCES)
    parts = unpad_sequence(padded, mg.tensor([2, 3, 1]))
    assert padded.shape == (3, 3)
    for part, sequence in zip(parts, SEQUENCES, strict=True):
        np.testing.assert_array_equal(part.numpy(), sequence.numpy())


def test_padding_takes_the_dtype_of_the_first_sequence():
    padded = pad_sequence([mg.zeros(2), mg.zeros(1, dtype=mg.float64)])
    assert padded.dtype is mg.float32
