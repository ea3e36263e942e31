"""What the tests share: a storage in a folder of its own, vectors with a seed, WordNet where it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

from sutra_storage import ConcurrentStorage

DEMO = Path(__file__).parents[2] / "cli" / "demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def storage(folder: Path) -> Iterator[ConcurrentStorage]:
    with ConcurrentStorage(folder) as storage:
        yield storage


@pytest.fixture
def reopened(folder: Path) -> Callable[[ConcurrentStorage], ConcurrentStorage]:
    def reopen(storage: ConcurrentStorage) -> ConcurrentStorage:
        storage.close()
        return ConcurrentStorage(folder)

    return reopen


@pytest.fixture
def vectors() -> Any:
    """2,000 vectors of 768 dimensions: more than the first parts of the file hold."""
    return numpy.random.default_rng(20240607).random((2_000, 768), dtype=numpy.float32)


def _lines(name: str) -> list[str]:
    path = DEMO / name
    if not path.is_file():
        pytest.skip(f"the demo's data is not there: {name}")
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow, which reads zstd, is not installed")
    with pyarrow.input_stream(str(path), compression="zstd") as stream:
        return stream.read().decode().splitlines()


@pytest.fixture(scope="session")
def wordnet() -> tuple[list[dict[str, Any]], list[tuple[str, str, str, float]]]:
    """The concepts and associations of WordNet 3.0."""
    concepts = [json.loads(line) for line in _lines("concepts.jsonl.zst")]
    associations: list[tuple[str, str, str, float]] = []
    for line in _lines("associations.tsv.zst"):
        source, kind, target, confidence = line.split("\t")
        associations.append((source, kind, target, float(confidence)))
    return concepts, associations
