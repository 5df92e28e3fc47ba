"""Generators."""

import copy
import pickle

import pytest

import minigrad as mg
from minigrad import random


def test_a_generator_repeats_and_continues():
    g = mg.Generator().manual_seed(3)
    first = mg.randn(5, generator=g).tolist()
    state = g.get_state()
    second = mg.randn(5, generator=g).tolist()
    assert first != second
    g.set_state(state)
    assert mg.randn(5, generator=g).tolist() == second
    assert mg.randn(5, generator=g.manual_seed(3)).tolist() == first
    assert g.initial_seed() == 3


def test_streams_follow_from_seed_and_name_alone():
    def drawn(name):
        return mg.rand(4, generator=mg.default_generator.stream(name)).tolist()

    mg.manual_seed(1)
    a, b, a2 = drawn("a"), drawn("b"), drawn("a")
    assert a != b and a != a2
    mg.manual_seed(1)
    mg.randn(7)
    assert drawn("b") == b
    state = mg.get_rng_state()
    later = drawn("b")
    mg.set_rng_state(state)
    assert (drawn("b"), drawn("a")) == (later, a)
    mg.manual_seed(2)
    assert drawn("a") != a


def test_seeds():
    with pytest.raises(TypeError, match="int"):
        mg.manual_seed(1.5)
    g = mg.Generator()
    assert g.seed() == g.initial_seed()


def test_copies_of_a_generator_go_on_alike():
    generator = mg.Generator().manual_seed(3)
    mg.rand(5, generator=generator)
    generator.stream("masks").reserve(2)
    copies = [copy.deepcopy(generator), pickle.loads(pickle.dumps(generator))]
    copies.append(generator.clone_state())
    expected = mg.rand(4, generator=generator).tolist()
    for other in copies:
        assert other.stream("masks").counter == 2
        assert mg.rand(4, generator=other).tolist() == expected


def test_a_thread_may_draw_from_another_generator():
    before = mg.get_rng_state()
    expected = mg.rand(3, generator=mg.Generator().manual_seed(4)).tolist()
    with random.drawing_from(mg.Generator().manual_seed(4)):
        assert mg.rand(3).tolist() == expected
        mg.default_generator.stream("masks").reserve(1)
    assert mg.get_rng_state() == before


def test_mixed_seeds_differ_in_half_of_their_bits():
    seeds = [random.mixed(5, i) for i in range(200)] + [random.mixed(i, 5) for i in range(6, 200)]
    assert len(set(seeds)) == len(seeds)
    bits = [bin(a ^ b).count("1") for a, b in zip(seeds, seeds[1:], strict=False)]
    assert 30 < sum(bits) / len(bits) < 34
