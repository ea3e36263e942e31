"""Who has the interpreter's lock: calls that can be long release it, lookups keep it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

from sutra_storage import ConcurrentStorage

#: Before this, there was no interpreter without the lock.
LOCKED: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
pytestmark = pytest.mark.skipif(not LOCKED, reason="this interpreter has no such lock")

#: Calls until it is believed that none releases the lock. Another thread has to wake up while one runs, so one call is not enough.
TRIES = 20_000


@pytest.fixture
def others() -> Iterator[Callable[[], int]]:
    """How many turns another thread has had. The lock changes hands only where it is released, never because time is up."""
    turns, ended, before = 0, False, sys.getswitchinterval()

    def take_turns() -> None:
        nonlocal turns
        while not ended:
            turns += 1
            time.sleep(0)

    sys.setswitchinterval(10_000)
    thread = threading.Thread(target=take_turns)
    thread.start()
    yield lambda: turns
    ended = True
    thread.join()
    sys.setswitchinterval(before)


def _lets_others_run(call: Callable[[], Any], others: Callable[[], int]) -> bool:
    for _ in range(TRIES):
        before = others()
        call()
        if others() != before:
            return True
    return False


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConcurrentStorage]:
    """A ring with a hub: long ways, and many neighbours."""
    names = [f"c{number}" for number in range(500)]
    with ConcurrentStorage(tmp_path_factory.mktemp("filled"), read_your_writes=False) as storage:
        storage.learn_batch(names, names, numpy.ones((500, 64), numpy.float32))
        storage.learn_associations(names, [*names[1:], names[0]])
        storage.wait_visible(storage.learn_associations(["hub"] * 500, names))
        yield storage


NAMES = [f"c{number}" for number in range(64)]
LONG: dict[str, Callable[[ConcurrentStorage], Any]] = {
    "learn_concept": lambda s: s.learn_concept("large", bytes(1 << 20)),
    "learn_batch": lambda s: s.learn_batch(NAMES),
    "learn_associations": lambda s: s.learn_associations(NAMES, NAMES),
    "wait_visible": lambda s: s.wait_visible(s.record_access("c1")),
    "wait_durable": lambda s: s.wait_durable(s.record_access("c1")),
    "flush": lambda s: s.flush(),
    "find_path": lambda s: s.find_path("c0", "c400", 500),
    "explain_path": lambda s: s.explain_path("c0", "c400", 500),
    "find_best_path": lambda s: s.find_best_path("c0", "c400", 500),
    "get_neighbors": lambda s: s.get_neighbors("hub"),
    "neighbors": lambda s: s.neighbors("hub"),
    "embeddings": lambda s: s.embeddings(NAMES),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_call_releases_it(filled: ConcurrentStorage, others: Callable[[], int], name: str) -> None:
    assert _lets_others_run(lambda: LONG[name](filled), others)


def test_opening_closing_and_a_read_that_waits_release_it(folder: Path, others: Callable[[], int]) -> None:
    opened = [ConcurrentStorage(folder / "first")]
    assert _lets_others_run(lambda: opened.append(ConcurrentStorage(folder / str(len(opened)))), others)
    storage = opened[0]

    def read_own() -> None:
        storage.record_access("a")
        storage.contains("a")

    assert _lets_others_run(read_own, others)
    for storage in opened[1:]:
        storage.close()

    def close() -> None:
        # One at a time is open; only the closing is looked at.
        storage = ConcurrentStorage(folder / "closing")
        before = others()
        storage.close()
        closing.append(others() != before)

    closing: list[bool] = []
    while not any(closing) and len(closing) < TRIES:
        close()
    assert any(closing)
    opened[0].close()


def test_a_call_of_a_durable_storage_releases_it(folder: Path, others: Callable[[], int]) -> None:
    with ConcurrentStorage(folder, durability="always") as storage:
        assert _lets_others_run(lambda: storage.learn_concept("a", ""), others)


def test_a_lookup_keeps_it(filled: ConcurrentStorage, others: Callable[[], int]) -> None:
    def look_up() -> None:
        filled.query_concept("c1"), "c1" in filled, filled.get_neighbors("c1"), filled.sequence
        filled.learn_concept("small", "")

    before = others()
    for _ in range(200):
        look_up()
    assert others() == before
