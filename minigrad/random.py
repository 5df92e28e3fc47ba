"""Generators of random numbers: counter-based, so any draw can be made again from its counter.

A generator is a seed (the Philox key) and a counter; drawing advances the counter by what the draw
consumed. Its whole state is these two integers, and a counter for each named stream taken from it.
"""

import contextlib
import os
import threading
import zlib


class Generator:
    """A stream of random numbers with a seed and a counter.

    >>> g = Generator().manual_seed(3)
    >>> g.initial_seed(), g.get_state()
    (3, (3, 0))
    """

    def __init__(self, device="cpu"):
        self.device = device
        self._lock = threading.Lock()
        self.seed_value = 0
        self.counter = 0
        self._streams = {}

    def manual_seed(self, seed):
        """Start the stream of ``seed`` from its beginning; returns the generator."""
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise TypeError(f"manual_seed expects an int, got {type(seed).__name__}")
        self.seed_value = seed.__index__() % 2**64
        self.counter = 0
        self._streams = {}
        return self

    def stream(self, name):
        """The generator of a named stream: its numbers follow from this seed and the name alone.

        >>> g = Generator().manual_seed(3)
        >>> g.stream("loader") is g.stream("loader"), g.counter
        (True, 0)
        """
        found = self._streams.get(name)
        if found is None:
            key = self.seed_value ^ (zlib.crc32(name.encode()) * 0x9E3779B97F4A7C15)
            found = self._streams[name] = Generator(self.device).manual_seed(key)
        return found

    def seed(self):
        """Seed from the operating system; returns the seed."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little"))
        return self.seed_value

    def initial_seed(self):
        """The seed that the stream started from."""
        return self.seed_value

    def get_state(self):
        """The state: (seed, counter), and {stream: counter} where streams were taken."""
        streams = {name: stream.counter for name, stream in self._streams.items()}
        state = (self.seed_value, self.counter)
        return (*state, streams) if streams else state

    def set_state(self, state):
        """Continue from a state that :meth:`get_state` gave."""
        seed, counter, *streams = state
        self.manual_seed(seed)
        self.counter = int(counter)
        for name, count in streams[0].items() if streams else ():
            Generator.stream(self, name).counter = int(count)

    def clone_state(self):
        """Another generator in the same state."""
        return _in_state(self.device, self.get_state())

    def __reduce__(self):
        return _in_state, (self.device, self.get_state())

    def reserve(self, counters):
        """Take ``counters`` counters for one draw; returns (key, first counter)."""
        with self._lock:
            first = self.counter
            self.counter = (first + counters) % 2**64
        return self.seed_value, first


def _in_state(device, state):
    generator = Generator(device)
    generator.set_state(state)
    return generator


class _Lent(threading.local):
    """The generator that stands in for the default one in this thread."""

    generator = None


_lent = _Lent()


class _Default(Generator):
    """The default generator: in a thread that draws from another one, its numbers are that one's.

    Its state stays its own.
    """

    def reserve(self, counters):
        lent = _lent.generator
        return super().reserve(counters) if lent is None else lent.reserve(counters)

    def stream(self, name):
        lent = _lent.generator
        return super().stream(name) if lent is None else lent.stream(name)


@contextlib.contextmanager
def drawing_from(generator):
    """In this thread, inside, what draws from the default generator draws from ``generator``."""
    before, _lent.generator = _lent.generator, generator
    try:
        yield generator
    finally:
        _lent.generator = before


def mixed(*numbers):
    """A seed of 64 bits that follows from integers, each of which changes all of its bits.

    The finaliser of splitmix64 after each. Source: Steele, Lea and Flood 2014.
    """
    state = 0
    for number in numbers:
        state = (state + number * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) % 2**64
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
        state ^= state >> 31
    return state


default_generator = _Default()
default_generator.seed()


def manual_seed(seed):
    """Seed the default generator, which every random function uses unless given another.

    >>> manual_seed(0).initial_seed()
    0
    """
    return default_generator.manual_seed(seed)


def initial_seed():
    """The seed of the default generator."""
    return default_generator.initial_seed()


def seed():
    """Seed the default generator from the operating system; returns the seed."""
    return default_generator.seed()


def get_rng_state():
    """The state of the default generator."""
    return default_generator.get_state()


def set_rng_state(state):
    """Restore the state of the default generator."""
    default_generator.set_state(state)
