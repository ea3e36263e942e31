"""Graphs of networkx and tables of pyarrow, there and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest

from sutra_storage import ConcurrentStorage, from_networkx, to_arrow, to_networkx


@pytest.fixture
def small(storage: ConcurrentStorage) -> ConcurrentStorage:
    storage.learn_concept("rain", "falls", [1.0, 2.0], 0.5, 0.9, {"wet": True})
    storage.learn_concept("sun", b"\xffshines")
    storage.learn_association("rain", "flood", "causal", 0.8, weight=2.0, metadata={"since": 1})
    storage.learn_association("rain", "flood", "temporal", 0.25)
    return storage


def test_to_networkx(small: ConcurrentStorage) -> None:
    pytest.importorskip("networkx", reason="networkx is not installed")
    graph = to_networkx(small, embeddings=True)
    assert set(graph) == {"rain", "sun", "flood"}
    assert graph.nodes["rain"]["content"] == "falls" and graph.nodes["rain"]["metadata"] == {"wet": True}
    assert graph.nodes["rain"]["embedding"].tolist() == [1.0, 2.0]
    assert graph.nodes["sun"]["content"] == b"\xffshines"
    assert graph.nodes["flood"] == {"stub": True}
    assert set(graph["rain"]["flood"]) == {"causal", "temporal"}
    assert graph["rain"]["flood"]["causal"]["weight"] == 2.0
    assert graph["rain"]["flood"]["causal"]["metadata"] == {"since": 1}


def test_there_and_back(small: ConcurrentStorage, tmp_path: Path) -> None:
    networkx = pytest.importorskip("networkx", reason="networkx is not installed")
    graph = to_networkx(small, embeddings=True)
    told: list[tuple[int, int]] = []
    with ConcurrentStorage(tmp_path / "other") as other:
        from_networkx(other, graph, progress=lambda done, total: told.append((done, total)))
        assert told == [(2, 4), (4, 4)]
        again = to_networkx(other, embeddings=True)
        assert (other.concept_count, other.stub_count, other.edge_count) == (2, 1, 2)
        assert other.query_concept("rain").embedding.tolist() == [1.0, 2.0]
        for edge in [*again.edges(data=True), *graph.edges(data=True)]:
            edge[2].pop("created")
        assert list(again.edges(keys=True, data=True)) == list(graph.edges(keys=True, data=True))
    assert networkx.is_directed(graph)


def test_plain_and_undirected_graphs(storage: ConcurrentStorage) -> None:
    networkx = pytest.importorskip("networkx", reason="networkx is not installed")
    graph = networkx.path_graph(4)
    graph.edges[0, 1]["type"] = "next"
    assert from_networkx(storage, graph, batch_size=2) is not None
    assert len(storage) == 4 and storage.edge_count == 6
    assert storage.find_path("3", "0") == ["3", "2", "1", "0"]
    assert storage.get_neighbors("1", types="next") == ["0"]
    assert from_networkx(storage, networkx.DiGraph()) is None


def test_to_arrow_and_back(small: ConcurrentStorage, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    concepts, associations = to_arrow(small.snapshot())
    assert concepts.column("id").to_pylist() == ["rain", "sun"]
    assert concepts.column("content").to_pylist() == [b"falls", b"\xffshines"]
    assert concepts.column("embedding").to_pylist() == [[1.0, 2.0], None]
    assert associations.column("type").to_pylist() == ["causal", "temporal"]
    with ConcurrentStorage(tmp_path / "other") as other:
        other.learn_batch(concepts)
        other.learn_associations(associations)
        for name in ["rain", "sun"]:
            one, two = small.query_concept(name), other.query_concept(name)
            fields: list[str] = ["content", "metadata", "strength", "confidence", "created"]
            assert [one[field] for field in fields] == [two[field] for field in fields]
        assert other.query_concept("sun").embedding is None
        edge: Any = other.association("rain", "flood", "causal")
        assert (edge.confidence, edge.weight, edge.metadata) == (0.8, 2.0, {"since": 1})
        assert numpy.array_equal(other.embeddings(["rain"]), small.embeddings(["rain"]))


def test_an_empty_storage(storage: ConcurrentStorage) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    concepts, associations = to_arrow(storage)
    assert (concepts.num_rows, associations.num_rows) == (0, 0)
    assert storage.learn_batch(concepts) == storage.learn_associations(associations) == 0
