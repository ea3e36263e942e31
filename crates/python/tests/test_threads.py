"""Threads: each reads what it wrote, snapshots stand still, learning and reasoning change places."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sutra_storage import ConcurrentStorage, Snapshot


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(work, number) for number in range(count)]:
            done.result()


def test_each_thread_reads_what_it_wrote(storage: ConcurrentStorage) -> None:
    def work(thread: int) -> None:
        for number in range(200):
            name = f"{thread} {number}"
            sequence = storage.learn_concept(name, name)
            assert storage.query_concept(name).content == name
            assert storage.snapshot().sequence >= sequence and storage.sequence >= sequence
            storage.learn_association(name, f"{thread} hub", "causal")
            assert len(storage.get_neighbors(f"{thread} hub", direction="in")) == number + 1

    _in_threads(4, work)
    assert (len(storage), storage.edge_count, storage.stub_count) == (800, 800, 4)


def test_without_it_a_read_does_not_wait(folder: Path) -> None:
    with ConcurrentStorage(folder, read_your_writes=False, reconcile_interval_ms=60_000) as storage:
        assert not storage.read_your_writes
        sequence = storage.learn_concept("a", "")
        # The group stays open for a minute unless somebody waits for it.
        assert "a" not in storage and len(storage) == 0
        storage.wait_visible(sequence)
        assert "a" in storage


def test_another_threads_write_is_waited_for_by_its_sequence(folder: Path) -> None:
    with ConcurrentStorage(folder, reconcile_interval_ms=60_000) as storage:
        sequences: list[int] = []
        thread = threading.Thread(target=lambda: sequences.append(storage.learn_concept("a", "")))
        thread.start()
        thread.join()
        assert "a" not in storage
        storage.wait_visible(sequences[0])
        assert "a" in storage


def test_a_thread_remembers_each_storage_by_itself(tmp_path: Path) -> None:
    for round in range(3):
        storages = [ConcurrentStorage(tmp_path / f"{round} {number}") for number in range(5)]
        for number, storage in enumerate(storages):
            for row in range(number + 1):
                storage.learn_concept(f"c{row}", "")
        assert [len(storage) for storage in storages] == [1, 2, 3, 4, 5]
        for storage in storages:
            storage.close()


def test_snapshots_stand_still_and_cross_threads(storage: ConcurrentStorage) -> None:
    held: list[tuple[int, Snapshot]] = []
    for number in range(50):
        storage.learn_concept(f"c{number}", str(number))
        storage.learn_concept("changing", str(number))
        held.append((number, storage.snapshot()))

    def work(_: int) -> None:
        for number, snapshot in held:
            assert len(snapshot) == number + 2
            assert snapshot.query_concept("changing").content == str(number)
            assert f"c{number}" in snapshot and f"c{number + 1}" not in snapshot
            assert len(list(snapshot)) == number + 2

    _in_threads(4, work)
    storage.close()
    work(0)


def test_learning_and_reading_change_places(storage: ConcurrentStorage) -> None:
    """A chain grows at its end while readers walk it: what a snapshot has of it is a whole prefix, whenever it is taken."""
    rounds, links = 6, 300
    ended = threading.Event()
    held: list[tuple[int, Snapshot]] = []

    def learn() -> None:
        try:
            for round in range(rounds):
                for number in range(round * links, (round + 1) * links):
                    storage.learn_batch([f"n{number}"], [str(number)])
                    storage.learn_associations([f"n{number}"], [f"n{number + 1}"], "next")
                held.append((len(storage), storage.snapshot()))
        finally:
            ended.set()

    def read() -> int:
        walks = last = 0
        while not ended.is_set() or walks == 0:
            snapshot = storage.snapshot()
            count = len(snapshot)
            assert count >= last
            last = count
            if count > 10:
                start = f"n{count - 8}"
                assert snapshot.find_path(start, f"n{count - 2}") == [f"n{n}" for n in range(count - 8, count - 1)]
                assert snapshot.query_concept(f"n{count - 1}").content == str(count - 1)
                assert f"n{count}" not in snapshot
                walks += 1
        return walks

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read), pool.submit(read)]
        pool.submit(learn).result()
        assert all(reader.result() > 0 for reader in readers)
    for round, (count, snapshot) in enumerate(held):
        assert count == len(snapshot) == (round + 1) * links
        assert [concept.content for concept in snapshot.concepts()] == [str(n) for n in range(count)]


def test_iterators_are_shared_without_loss(storage: ConcurrentStorage) -> None:
    names = [f"c{number}" for number in range(2_000)]
    storage.learn_batch(names)
    walking = iter(storage)
    found: list[str] = []
    _in_threads(4, lambda _: found.extend(walking))
    assert sorted(found) == sorted(names)


def test_long_calls_let_other_threads_run(storage: ConcurrentStorage) -> None:
    """A thread that only Python can run makes progress while another is in a call that waits for the disk."""
    storage.learn_batch([f"c{row}" for row in range(20_000)], ["x" * 1_000] * 20_000)
    flushing, steps = threading.Event(), 0
    done = threading.Event()

    def flush() -> None:
        flushing.set()
        storage.flush()
        done.set()

    thread = threading.Thread(target=flush)
    thread.start()
    flushing.wait()
    while not done.is_set():
        steps += 1
    thread.join()
    assert steps > 0
