"""Embeddings: arrays over the file's bytes, arrays that are refused or converted."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy
import pytest

from sutra_storage import ConcurrentStorage, DimensionMismatchError, InvalidArgumentError

MAPS = Path("/proc/self/maps")


def _maps(folder: Path) -> list[range]:
    """Where this process has mapped the file."""
    lines = [line for line in MAPS.read_text().splitlines() if line.endswith(str(folder / "storage.dat"))]
    ends = [line.split()[0].split("-") for line in lines]
    return [range(int(start, 16), int(end, 16)) for start, end in ends]


class Vectors(numpy.ndarray[Any, Any]):
    """A class of its own, as arrays over files have."""


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


@pytest.fixture
def filled(storage: ConcurrentStorage, vectors: Any, reopened: Any) -> Any:
    storage.learn_batch([f"c{number}" for number in range(len(vectors))], embeddings=vectors)
    return reopened(storage)


@pytest.mark.skipif(not MAPS.exists(), reason="maps of a process are listed in /proc on Linux only")
def test_an_embedding_is_the_mapped_bytes(filled: ConcurrentStorage, folder: Path, vectors: Any) -> None:
    first = filled.query_concept("c0").embedding
    assert any(_address(first) in place for place in _maps(folder))
    # The same bytes each time: nothing was copied.
    assert _address(filled.query_concept("c0").embedding) == _address(first)
    assert numpy.array_equal(first, vectors[0])
    assert first.shape == (768,) and first.dtype == numpy.float32
    filled.close()


@pytest.mark.skipif(not MAPS.exists(), reason="maps of a process are listed in /proc on Linux only")
def test_an_array_outlives_the_storage_and_holds_its_map_only(
    filled: ConcurrentStorage, folder: Path, vectors: Any
) -> None:
    held = filled.query_concept("c1").embedding
    place = _address(held)
    filled.close()
    del filled
    gc.collect()
    ConcurrentStorage(folder).close()
    assert numpy.array_equal(held, vectors[1])
    assert any(place in mapped for mapped in _maps(folder))


@pytest.mark.skipif(not MAPS.exists(), reason="maps of a process are listed in /proc on Linux only")
def test_the_map_goes_with_the_last_array(folder: Path, vectors: Any) -> None:
    with ConcurrentStorage(folder) as storage:
        storage.learn_batch([f"c{number}" for number in range(len(vectors))], embeddings=vectors)
    storage = ConcurrentStorage(folder)
    held = storage.query_concept("c1").embedding
    everything = sum(map(len, _maps(folder)))
    storage.close()
    del storage
    gc.collect()
    rest = sum(map(len, _maps(folder)))
    assert 0 < rest < everything
    del held
    gc.collect()
    assert _maps(folder) == []


def test_an_array_holds_no_snapshot(filled: ConcurrentStorage) -> None:
    held = [filled.query_concept(f"c{number}").embedding for number in range(100)]
    for number in range(100):
        filled.wait_visible(filled.learn_concept(f"more {number}", ""))
    gc.collect()
    filled.wait_visible(filled.learn_concept("last", ""))
    assert filled.stats()["storage"]["retained_bytes"] == 0
    assert len(held) == 100
    filled.close()


def test_arrays_are_read_only(filled: ConcurrentStorage) -> None:
    filled.learn_concept("fresh", "", numpy.ones(768, numpy.float32))
    for name in ["c0", "fresh"]:
        array = filled.query_concept(name).embedding
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    # Nor can a mapped one be made writable: that would crash.
    with pytest.raises(ValueError, match="WRITEABLE"):
        filled.query_concept("c0").embedding.flags.writeable = True
    filled.close()


def test_rows_of_many_concepts(storage: ConcurrentStorage, vectors: Any) -> None:
    assert storage.embeddings(["nobody"]).shape == (1, 0)
    names = [f"c{number}" for number in range(100)]
    storage.learn_batch(names, embeddings=vectors[:100])
    storage.learn_concept("without", "")
    rows = storage.embeddings([*reversed(names), "without", "nobody"])
    assert rows.shape == (102, 768) and rows.dtype == numpy.float32
    assert numpy.array_equal(rows[:100], vectors[:100][::-1])
    assert numpy.isnan(rows[100:]).all()
    assert storage.embeddings(names[:2]).shape == (2, 768)
    assert storage.embeddings([]).shape == (0, 768)


def test_other_numbers_are_converted(storage: ConcurrentStorage) -> None:
    wanted = [1.0, 2.0, 3.0]
    given = [
        [1, 2, 3],
        (1.0, 2.0, 3.0),
        numpy.array([1, 2, 3], numpy.int64),
        numpy.array([1, 2, 3], numpy.float64),
        numpy.array([1, 2, 3], numpy.float16),
        numpy.array([1, 2, 3], ">f4"),
        numpy.array([1, 9, 2, 9, 3, 9], numpy.float32)[::2],
        numpy.array([3, 2, 1], numpy.float32)[::-1],
        # Numbers that do not lie where numbers of 32 bits have to.
        numpy.frombuffer(b"-" + numpy.array([1, 2, 3], numpy.float32).tobytes(), numpy.float32, offset=1),
        numpy.ma.array([1, 2, 3], mask=[0, 0, 0], dtype=numpy.float32),
        numpy.array([1, 2, 3], numpy.float32).view(Vectors),
    ]
    for number, vector in enumerate(given):
        storage.learn_concept(f"c{number}", "", vector)
    for number in range(len(given)):
        assert storage.query_concept(f"c{number}").embedding.tolist() == wanted, number


@pytest.mark.parametrize(
    "wrong",
    [
        numpy.zeros((3, 1), numpy.float32),
        numpy.zeros((), numpy.float32),
        numpy.array(["a", "b", "c"]),
        numpy.array([1j, 2j, 3j]),
        numpy.array([True, False, True]),
        numpy.zeros(0, numpy.float32),
        numpy.ma.array([1, 2, 3], mask=[0, 1, 0], dtype=numpy.float32),
        [1.0, float("nan"), 2.0],
        [1.0, float("inf"), 2.0],
        "abc",
        [[1.0], [2.0, 3.0]],
        object(),
    ],
    ids=str,
)
def test_what_is_no_embedding_is_refused(storage: ConcurrentStorage, wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="embedding"):
        storage.learn_concept("c", "", wrong)
    assert storage.stats()["written"] == 0
    assert storage.vector_dimension is None


def test_another_dimension_is_refused(storage: ConcurrentStorage) -> None:
    storage.learn_concept("a", "", [1.0, 2.0])
    with pytest.raises(DimensionMismatchError) as raised:
        storage.learn_concept("b", "", [1.0, 2.0, 3.0])
    assert (raised.value.expected, raised.value.got) == (2, 3)
    assert isinstance(raised.value, ValueError)
    assert "b" not in storage and storage.vector_dimension == 2


def test_an_array_may_change_after_the_call(storage: ConcurrentStorage) -> None:
    array = numpy.ones(8, numpy.float32)
    storage.learn_concept("a", "", array)
    array[:] = 5.0
    assert storage.query_concept("a").embedding.tolist() == [1.0] * 8
