"""Opening, closing, leaving, ending; errors of the configuration; a fork; Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import sutra_storage
from sutra_storage import (
    BackpressureError,
    ClosedError,
    ConcurrentStorage,
    ConfigMismatchError,
    CorruptError,
    ForkedError,
    InvalidArgumentError,
    IoError,
    LockedError,
    NotOursError,
    SutraError,
)


def _python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_a_context_manager_closes_also_after_an_exception(folder: Path) -> None:
    with pytest.raises(KeyError), ConcurrentStorage(folder) as storage:
        storage.learn_concept("a", "")
        raise KeyError
    assert storage.closed
    assert [path.name for path in folder.iterdir() if path.suffix == ".dat"] == ["storage.dat"]
    with ConcurrentStorage(folder) as again:
        assert "a" in again


CALLS: list[Callable[[ConcurrentStorage], Any]] = [
    lambda s: s.learn_concept("a", ""),
    lambda s: s.try_learn_concept("a", ""),
    lambda s: s.learn_association("a", "b"),
    lambda s: s.learn_batch(["a"]),
    lambda s: s.learn_associations(["a"], ["b"]),
    lambda s: s.update_strength("a", 0.5),
    lambda s: s.update_metadata("a", {}),
    lambda s: s.record_access("a"),
    lambda s: s.forget_concept("a"),
    lambda s: s.forget_association("a", "b"),
    lambda s: s.query_concept("a"),
    lambda s: s.contains("a"),
    lambda s: "a" in s,
    lambda s: len(s),
    lambda s: iter(s),
    lambda s: s.concepts(),
    lambda s: s.associations(),
    lambda s: s.association("a", "b"),
    lambda s: s.get_neighbors("a"),
    lambda s: s.neighbors("a"),
    lambda s: s.find_path("a", "b"),
    lambda s: s.explain_path("a", "b"),
    lambda s: s.find_best_path("a", "b"),
    lambda s: s.embeddings(["a"]),
    lambda s: s.type_name(0),
    lambda s: s.concept_count,
    lambda s: s.sequence,
    lambda s: s.snapshot(),
    lambda s: s.stats(),
    lambda s: s.pressed,
    lambda s: s.wait_visible(1),
    lambda s: s.wait_durable(1),
    lambda s: s.flush(),
    lambda s: s.__enter__(),
]


def test_after_close_every_call_says_so(storage: ConcurrentStorage) -> None:
    storage.learn_concept("a", "kept")
    snapshot = storage.snapshot()
    storage.close()
    storage.close()
    assert storage.closed and "closed" in repr(storage)
    for number, call in enumerate(CALLS):
        with pytest.raises(ClosedError):
            call(storage)
            pytest.fail(f"call {number} went through")
    assert storage.path.name == "store" and storage.durability == "group"
    # What is held stays.
    assert snapshot.query_concept("a").content == "kept"


def test_a_folder_is_open_once(storage: ConcurrentStorage, folder: Path) -> None:
    with pytest.raises(LockedError) as raised:
        ConcurrentStorage(folder)
    assert raised.value.pid == os.getpid() and raised.value.since > 0
    storage.close()
    ConcurrentStorage(folder).close()


@pytest.mark.parametrize(
    "config",
    [
        {"reconcile_interval_ms": 0},
        {"memory_threshold": 0},
        {"queue_capacity": 0},
        {"queue_bytes": 1},
        {"write_timeout": -1.0},
        {"write_timeout": float("nan")},
        {"durability": "sometimes"},
        {"vector_dimension": 0},
        {"metric": "taxicab"},
        {"max_content_bytes": 1 << 40},
        {"reconcile_threads": 0},
    ],
    ids=lambda config: next(iter(config)),
)
def test_a_wrong_configuration_names_its_field(folder: Path, config: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        ConcurrentStorage(folder, **config)
    assert raised.value.field == next(iter(config)) and raised.value.reason
    assert not (folder / "storage.dat").exists()


def test_dimension_and_metric_are_fixed(folder: Path) -> None:
    with ConcurrentStorage(folder, vector_dimension=3, metric="dot") as storage:
        storage.learn_concept("a", "", [1.0, 2.0, 3.0])
    with pytest.raises(ConfigMismatchError) as raised:
        ConcurrentStorage(folder, vector_dimension=4)
    assert (raised.value.field, raised.value.stored, raised.value.given) == ("vector_dimension", "3", "4")
    with pytest.raises(ConfigMismatchError):
        ConcurrentStorage(folder, metric="cosine")
    ConcurrentStorage(folder, vector_dimension=3).close()


def test_files_that_are_none_of_ours_and_damage(folder: Path) -> None:
    folder.mkdir()
    (folder / "storage.dat").write_bytes(b"something else" * 10_000)
    with pytest.raises((NotOursError, CorruptError)):
        ConcurrentStorage(folder)
    with pytest.raises(IoError) as raised:
        ConcurrentStorage(folder / "storage.dat" / "below a file")
    assert isinstance(raised.value, OSError) and raised.value.errno


def test_every_error_is_one_of_ours() -> None:
    names = "InvalidArgument DimensionMismatch Backpressure TooLarge Full Locked Corrupt NotOurs NewerVersion"
    names += " ConfigMismatch Poisoned Closed Forked Io"
    for name in names.split():
        error = getattr(sutra_storage, f"{name}Error")
        assert issubclass(error, SutraError) and error.__doc__


def test_a_full_write_log_is_backpressure_and_counted(tmp_path: Path) -> None:
    config: dict[str, Any] = {"queue_capacity": 8, "reconcile_interval_ms": 60_000, "write_timeout": 0.0}
    with ConcurrentStorage(tmp_path, read_your_writes=False, **config) as storage:
        refused = 0
        # Faster than groups are committed, however fast that is: a batch takes all the room at once.
        for number in range(10_000):
            try:
                storage.learn_batch([f"c{number} {row}" for row in range(8)])
            except BackpressureError:
                refused += 1
                break
        assert refused == 1
        assert storage.stats()["dropped"] == 1
    with ConcurrentStorage(tmp_path) as again:
        assert len(again) == 8 * number


def test_what_was_accepted_is_written_when_the_interpreter_ends(folder: Path) -> None:
    code = """
        import sys, sutra_storage
        storage = sutra_storage.ConcurrentStorage(sys.argv[1])
        for number in range(1000):
            storage.learn_concept(f"c{number}", "")
    """
    ended = _python(code, folder)
    assert ended.returncode == 0, ended.stderr
    with ConcurrentStorage(folder) as again:
        assert len(again) == 1_000
        assert again.recovery["replayed_entries"] == 0


def test_a_storage_that_is_dropped_is_closed(folder: Path) -> None:
    storage = ConcurrentStorage(folder)
    storage.learn_concept("a", "")
    del storage
    with ConcurrentStorage(folder) as again:
        assert "a" in again and again.recovery["replayed_entries"] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_may_read_and_not_write(storage: ConcurrentStorage) -> None:
    storage.learn_concept("a", "before")
    assert "a" in storage
    child = os.fork()
    if child == 0:
        code = 1
        try:
            seen = storage.query_concept("a").content == "before"
            try:
                storage.learn_concept("b", "")
            except ForkedError:
                code = 0 if seen else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    storage.learn_concept("c", "after")
    assert list(storage) == ["a", "c"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_that_ends_leaves_the_store_alone(folder: Path) -> None:
    code = """
        import os, sys, sutra_storage
        storage = sutra_storage.ConcurrentStorage(sys.argv[1], reconcile_interval_ms=60_000)
        storage.learn_concept("a", "")
        child = os.fork()
        if child == 0:
            # What the parent's last write was is not known here: said once, then the older snapshot is read.
            try:
                storage.query_concept("a")
            except sutra_storage.ForkedError:
                pass
            assert storage.query_concept("a") is None
            try:
                storage.close()
            except sutra_storage.ForkedError:
                sys.exit(7)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        storage.learn_concept("b", "")
        assert list(storage) == ["a", "b"]
        storage.close()
        print(status)
    """
    ended = _python(code, folder)
    assert (ended.returncode, ended.stdout) == (0, "7\n"), ended.stderr
    with ConcurrentStorage(folder) as again:
        assert list(again) == ["a", "b"] and again.recovery["replayed_entries"] == 0


def test_threads_that_still_run_when_the_interpreter_ends_lose_nothing(folder: Path) -> None:
    code = """
        import sys, threading, sutra_storage
        storage = sutra_storage.ConcurrentStorage(sys.argv[1])
        enough = threading.Event()
        def learn():
            number = 0
            try:
                while True:
                    storage.learn_concept(f"c{number}", "")
                    number += 1
                    if number == 5_000:
                        enough.set()
            except sutra_storage.ClosedError:
                pass
        def read():
            try:
                while True:
                    storage.find_path("c1", "c2"), list(storage.concepts())
            except sutra_storage.ClosedError:
                pass
        for work in [learn, read, read]:
            threading.Thread(target=work, daemon=True).start()
        enough.wait()
    """
    ended = _python(code, folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    with ConcurrentStorage(folder) as again:
        assert len(again) >= 5_000 and again.recovery["replayed_entries"] == 0
        assert list(again) == [f"c{number}" for number in range(len(again))]


def test_closing_under_threads_is_said_to_each(tmp_path: Path) -> None:
    for round in range(5):
        storage = ConcurrentStorage(tmp_path / str(round))
        started, ended = threading.Barrier(5), []

        def work(thread: int, storage: ConcurrentStorage = storage, started: threading.Barrier = started) -> int:
            written = 0
            started.wait()
            try:
                while True:
                    storage.learn_concept(f"{thread} {written}", "")
                    written += 1
                    storage.query_concept("0 0"), storage.find_path("0 0", "0 1"), storage.get_neighbors("0 0")
            except ClosedError:
                return written

        with ThreadPoolExecutor(4) as pool:
            working = [pool.submit(work, thread) for thread in range(4)]
            started.wait()
            storage.wait_durable(storage.learn_concept("x", ""))
            storage.close()
            ended = [one.result() for one in working]
        with ConcurrentStorage(tmp_path / str(round)) as again:
            assert len(again) == 1 + sum(ended)


def test_ctrl_c_ends_a_long_wait_and_loses_nothing(folder: Path) -> None:
    code = """
        import signal, sys, sutra_storage
        storage = sutra_storage.ConcurrentStorage(sys.argv[1])
        last = storage.learn_concept("a", "x" * 1_000_000)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            while True:
                storage.learn_batch([f"c{row}" for row in range(5_000)], ["x" * 2_000] * 5_000)
                storage.flush()
        except KeyboardInterrupt:
            print("interrupted")
        storage.wait_durable(last)
        storage.close()
    """
    ended = _python(code, folder)
    assert (ended.returncode, ended.stdout) == (0, "interrupted\n"), ended.stderr
    with ConcurrentStorage(folder) as again:
        assert "a" in again


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_what_was_durable_survives_a_kill(folder: Path) -> None:
    code = """
        import os, signal, sys, sutra_storage
        storage = sutra_storage.ConcurrentStorage(sys.argv[1])
        storage.wait_durable(storage.learn_batch([f"c{row}" for row in range(500)]))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    assert _python(code, folder).returncode == -signal.SIGKILL
    with ConcurrentStorage(folder) as again:
        assert len(again) == 500 and again.recovery["replayed_entries"] == 1


def test_importing_imports_neither_numpy_nor_asyncio() -> None:
    code = """
        import sys, sutra_storage
        heavy = {"numpy", "asyncio", "networkx", "pyarrow", "tqdm"} & set(sys.modules)
        sys.exit(f"imported {heavy}" if heavy else 0)
    """
    assert _python(code).returncode == 0
    assert sutra_storage.__version__ == version("sutra_storage")
    assert "AsyncStorage" in dir(sutra_storage) and sutra_storage.AsyncStorage.__doc__
    with pytest.raises(AttributeError, match="nothing_such"):
        getattr(sutra_storage, "nothing_such")
