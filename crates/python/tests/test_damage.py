"""Bytes that are damaged on the disk, and a disk that takes no more: said by an exception, and the rest goes on."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy
import pytest

from sutra_storage import ConcurrentStorage, CorruptError

TEXT = "what is damaged " * 8


def _damage(file: Path, wanted: bytes) -> None:
    """Changes the last of some bytes that stand in the file once."""
    content = bytearray(file.read_bytes())
    assert content.count(wanted) == 1
    content[content.index(wanted) + len(wanted) - 1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("what", ["content", "embedding", "metadata"])
def test_damaged_bytes_are_said_and_the_rest_is_read(folder: Path, what: str) -> None:
    vector = numpy.random.default_rng(3).random(64, dtype=numpy.float32)
    with ConcurrentStorage(folder) as storage:
        storage.learn_concept("broken", TEXT, vector, metadata={"about": "metadata that is damaged"})
        storage.learn_concept("whole", "untouched", vector + 1.0, metadata={"about": "nothing"})
        storage.learn_association("whole", "broken")
    wanted = {"content": TEXT.encode(), "embedding": vector.tobytes(), "metadata": b"metadata that is damaged"}
    _damage(folder / "storage.dat", wanted[what])
    with ConcurrentStorage(folder) as storage:
        broken = storage.query_concept("broken")
        assert broken is not None
        for _ in range(2):
            with pytest.raises(CorruptError) as raised:
                broken[what]
            assert (raised.value.region, raised.value.offset >= 0) == ("blobs", True)
        with pytest.raises(CorruptError):
            getattr(broken, what)
        others: dict[str, Any] = {"content": TEXT, "metadata": {"about": "metadata that is damaged"}}
        for name, value in others.items():
            assert name == what or broken[name] == value
        if what == "embedding":
            with pytest.raises(CorruptError):
                storage.embeddings(["whole", "broken"])
        whole = storage.query_concept("whole")
        assert whole is not None and whole.content == "untouched" and whole.metadata == {"about": "nothing"}
        assert storage.get_neighbors("whole") == ["broken"]
        # Learned again it is whole again.
        storage.learn_concept("broken", "mended", vector, metadata={})
        assert storage.query_concept("broken")[what] is not None  # type: ignore[index]


def test_a_disk_that_fails_stops_writing_and_not_reading(folder: Path) -> None:
    """A limit on the size of files stands for the full disk: every write beyond it fails."""
    pytest.importorskip("resource", reason="there are no limits of a process here")
    code = """
        import resource, signal, sys, sutra_storage
        from sutra_storage import PoisonedError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        storage = sutra_storage.ConcurrentStorage(sys.argv[1])
        storage.wait_durable(storage.learn_concept("a", "kept"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        sequence = storage.learn_concept("b", "accepted, and lost with the disk")
        try:
            storage.wait_durable(sequence)
        except PoisonedError as error:
            print("waiting", bool(error.cause))
        # The first read after a write that nobody will see says so; reading goes on.
        try:
            storage.query_concept("a")
        except PoisonedError:
            print("reading, once")
        print(storage.query_concept("a").content, "b" in storage)
        for call in [lambda: storage.learn_concept("c", ""), lambda: storage.learn_batch(["c"]), storage.flush, storage.close]:
            try:
                call()
            except PoisonedError:
                print("writing")
        print(storage.closed)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), folder], capture_output=True, text=True, check=False, timeout=120
    )
    expected = ["waiting True", "reading, once", "kept False", *["writing"] * 4, "True"]
    assert (done.returncode, done.stdout.splitlines()) == (0, expected), done.stderr
    with ConcurrentStorage(folder) as again:
        assert list(again) == ["a"] and again.query_concept("a").content == "kept"  # type: ignore[union-attr]
