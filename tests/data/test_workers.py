"""Workers give what no workers give, in order, and leave nothing behind."""

import os
import pickle
import random
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import DataLoader, Dataset, IterableDataset, get_worker_info
from minigrad.data.workers import packed, unpacked

WORKERS = [
    {},
    {"num_workers": 1},
    {"num_workers": 3, "prefetch_factor": 1},
    {"num_workers": 2, "multiprocessing_context": "fork"},
]


class Noisy(Dataset):
    """Samples with noise from the default generator."""

    def __len__(self):
        return 22

    def __getitem__(self, index):
        return index + mg.rand(3), {"index": index, "name": str(index)}


class Stream(IterableDataset):
    """0 to 4, with the number of the worker before it."""

    def __iter__(self):
        info = get_worker_info()
        for i in range(5):
            yield 10 * info.id + i if info else i


def passes(count=2, **options):
    mg.manual_seed(3)
    loader = DataLoader(Noisy(), batch_size=8, shuffle=True, **options)
    return [[x.tolist(), d["index"].tolist(), d["name"]] for _ in range(count) for x, d in loader]


@pytest.mark.parametrize("options", WORKERS)
def test_random_samples_do_not_depend_on_workers(options):
    expected = passes()
    assert passes(**options) == expected
    assert expected[0] != expected[3]


def test_samples_of_one_index_differ_between_passes():
    mg.manual_seed(0)
    loader = DataLoader(Noisy(), batch_size=22)
    (first, _), (second, _) = *loader, *loader
    assert not (first == second).any()


def test_a_layer_or_a_draw_between_does_not_change_the_samples():
    expected = passes()
    mg.manual_seed(3)
    loader = DataLoader(Noisy(), batch_size=8, shuffle=True)
    found = []
    for _ in range(2):
        for x, d in loader:
            mg.rand(7)
            found.append([x.tolist(), d["index"].tolist(), d["name"]])
    assert found == expected


@pytest.mark.parametrize("options", WORKERS)
@pytest.mark.parametrize("stop", [1, 3])
def test_a_pass_goes_on_where_it_was(options, stop):
    expected = passes(3, **options)
    mg.manual_seed(3)
    loader = DataLoader(Noisy(), batch_size=8, shuffle=True, **options)
    found = [[x.tolist(), d["index"].tolist(), d["name"]] for x, d in loader]
    batches = iter(loader)
    for _ in range(stop):
        x, d = next(batches)
        found.append([x.tolist(), d["index"].tolist(), d["name"]])
    state, random_state = loader.state_dict(), mg.get_rng_state()
    batches.close()
    mg.manual_seed(99)
    loader = DataLoader(Noisy(), batch_size=8, shuffle=True, **options)
    mg.set_rng_state(random_state)
    loader.load_state_dict(state)
    for _ in range(2):
        found += [[x.tolist(), d["index"].tolist(), d["name"]] for x, d in loader]
    assert found == expected


def test_a_generator_of_its_own_is_part_of_the_state():
    def loader():
        return DataLoader(range(9), 2, shuffle=True, generator=mg.Generator().manual_seed(5))

    whole = loader()
    expected = [b.tolist() for _ in range(2) for b in whole]
    first = loader()
    batches = iter(first)
    found = [next(batches).tolist() for _ in range(2)]
    second = loader()
    second.load_state_dict(first.state_dict())
    assert found + [b.tolist() for _ in range(2) for b in second] == expected


@pytest.mark.parametrize("options", WORKERS[1:])
def test_streams_take_turns(options):
    loader = DataLoader(Stream(), batch_size=2, **options)
    each = [[0, 1], [2, 3], [4]]
    expected = [
        [10 * worker + value for value in batch]
        for batch in each
        for worker in range(options["num_workers"])
    ]
    assert [b.tolist() for b in loader] == expected


def test_a_stream_resumes_only_with_a_state():
    with pytest.raises(TypeError, match="state_dict"):
        DataLoader(Stream()).state_dict()

    class Counting(IterableDataset):
        at = 0

        def __iter__(self):
            while self.at < 6:
                self.at += 1
                yield self.at

        def state_dict(self):
            return {"at": self.at}

        def load_state_dict(self, state):
            self.at = state["at"]

    first = DataLoader(Counting(), 2)
    next(iter(first))
    second = DataLoader(Counting(), 2)
    second.load_state_dict(first.state_dict())
    assert [b.tolist() for b in second] == [[3, 4], [5, 6]]


class Failing(Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        if index == 3:
            raise LookupError("no sample 3")
        return index


@pytest.mark.parametrize("options", WORKERS)
def test_an_error_comes_at_its_batch(options):
    batches = iter(DataLoader(Failing(), 1, **options))
    assert [next(batches).item() for _ in range(3)] == [0, 1, 2]
    with pytest.raises(LookupError, match="no sample 3"):
        next(batches)


class Dying(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        os._exit(3)


def test_a_dead_worker_is_an_error():
    loader = DataLoader(Dying(), num_workers=1, multiprocessing_context="fork")
    with pytest.raises(RuntimeError, match=r"exited unexpectedly with exit code 3"):
        next(iter(loader))


class Slow(Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        time.sleep(0.3)
        return index


@pytest.mark.parametrize("options", WORKERS[1::2])
def test_a_late_batch_is_an_error(options):
    with pytest.raises(RuntimeError, match="timed out after 0.05 seconds"):
        next(iter(DataLoader(Slow(), timeout=0.05, **options)))


@pytest.mark.parametrize("options", WORKERS[1:])
def test_nothing_is_left_of_a_pass_that_was_left(options):
    blocks = set(Path("/dev/shm").iterdir()) if Path("/dev/shm").is_dir() else set()
    batches = iter(DataLoader(Noisy(), 2, **options))
    next(batches)
    batches.close()
    for _ in range(100):
        if not any(t.name.startswith("loader worker") for t in threading.enumerate()):
            break
        time.sleep(0.01)
    assert not any(t.name.startswith("loader worker") for t in threading.enumerate())
    if blocks:
        assert set(Path("/dev/shm").iterdir()) <= blocks


def test_workers_are_told_who_they_are():
    seen = []

    class Asking(Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            info = get_worker_info()
            seen.append((info.id, info.num_workers, type(info.dataset).__name__))
            return index

    started = []
    list(DataLoader(Asking(), num_workers=2, worker_init_fn=started.append))
    assert sorted(started) == [0, 1] and get_worker_info() is None
    assert sorted(set(seen)) == [(0, 2, "Asking"), (1, 2, "Asking")]


def test_batches_pass_through_shared_memory_whole():
    batch = {
        "bf16": mg.ones(3, dtype=mg.bfloat16) * 1.5,
        "nested": [(mg.arange(4), np.zeros((0, 2)), None), "text", 7],
        "strided": mg.arange(12).reshape(3, 4).T,
    }
    found = unpacked(pickle.loads(pickle.dumps(packed(batch))))
    assert found["bf16"].dtype is mg.bfloat16 and found["bf16"].tolist() == [1.5] * 3
    (ints, empty, none), text, seven = found["nested"]
    assert ints.tolist() == [0, 1, 2, 3] and empty.shape == (0, 2)
    assert none is None and (text, seven) == ("text", 7)
    assert (found["strided"] == batch["strided"]).all()


class Calling(Dataset):
    """Six samples, each what a function says of its index."""

    def __init__(self, function):
        self.function = function

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return self.function(index)


def stop(index):
    raise StopIteration


@pytest.mark.parametrize("options", WORKERS)
def test_stop_iteration_of_a_sample_does_not_end_the_pass(options):
    with pytest.raises(RuntimeError, match="StopIteration"):
        list(DataLoader(Calling(stop), **options))


def leave(index):
    sys.exit("left")


def test_a_worker_that_exits_is_heard_of():
    with pytest.raises(SystemExit, match="left"):
        list(DataLoader(Calling(leave), num_workers=2))
    with pytest.raises(RuntimeError, match="SystemExit: left"):
        list(DataLoader(Calling(leave), num_workers=1, multiprocessing_context="fork"))


def test_a_pass_that_nobody_begins_starts_no_workers():
    before = threading.active_count()
    iter(DataLoader(Calling(int), num_workers=2))
    assert threading.active_count() == before


def test_a_worker_that_hangs_is_ended_when_the_time_is_over():
    start = time.perf_counter()
    with pytest.raises(RuntimeError, match="timed out after 0.1"):
        list(
            DataLoader(
                Calling(lambda index: time.sleep(60)), num_workers=1, timeout=0.1,
                multiprocessing_context="fork",
            )
        )  # fmt: skip
    assert time.perf_counter() - start < 30


def foreign(index):
    return random.random(), np.random.rand()


def test_python_and_numpy_draw_differently_in_each_process_and_pass():
    loader = DataLoader(Calling(foreign), num_workers=2, multiprocessing_context="fork")
    mg.manual_seed(3)
    passes = [[(a.item(), b.item()) for a, b in loader] for _ in range(2)]
    assert len({number for drawn in passes for pair in drawn for number in pair}) == 24
    mg.manual_seed(3)
    assert [(a.item(), b.item()) for a, b in loader] == passes[0]


def test_data_and_transforms_go_to_processes_that_are_spawned():
    transform = mg.data.transforms.Compose(
        [mg.data.transforms.Normalize([0.5], [0.5]), mg.data.transforms.RandomHorizontalFlip(1.0)]
    )
    data, transform = pickle.loads(
        pickle.dumps((mg.data.TensorDataset(mg.arange(4.0).reshape(1, 1, 2, 2)), transform))
    )
    assert transform(data[0][0]).tolist() == [[[1, -1], [5, 3]]]


class Drawing(IterableDataset):
    """Six random numbers; knows its place."""

    place = 0

    def __iter__(self):
        while self.place < 6:
            self.place += 1
            yield mg.rand(1)

    def state_dict(self):
        return {"place": self.place}

    def load_state_dict(self, state):
        self.place = state["place"]


def test_a_stream_that_goes_on_draws_the_numbers_that_follow():
    mg.manual_seed(4)
    whole = [batch.tolist() for batch in DataLoader(Drawing(), 2)]
    mg.manual_seed(4)
    loader = DataLoader(Drawing(), 2)
    next(iter(loader))
    state = loader.state_dict()
    resumed = DataLoader(Drawing(), 2)
    resumed.load_state_dict(state)
    assert [batch.tolist() for batch in resumed] == whole[1:]
