"""Concepts: what is kept of them, how a result reads, learning again, forgetting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sutra_storage import ConcurrentStorage, InvalidArgumentError


def test_a_result_is_a_dictionary_and_has_attributes(storage: ConcurrentStorage) -> None:
    sequence = storage.learn_concept("otter", "swims", [1, 2, 3], 0.25, 0.1, {"legs": 4, "tail": [1]}, created=7)
    otter = storage.query_concept("otter")
    assert otter is not None
    assert otter.content == otter["content"] == otter.get("content") == "swims"
    assert otter.metadata == {"legs": 4, "tail": [1]}
    assert (otter.strength, otter.confidence, otter.created, otter.version) == (0.25, 0.1, 7, 1)
    assert (otter.key, otter.name, otter.sequence, otter.access_count) == ("otter", "otter", sequence, 0)
    assert otter.last_accessed is None
    assert otter["embedding"].tolist() == [1.0, 2.0, 3.0]
    plain = dict(otter)
    assert list(plain) == otter.keys() == list(otter) and len(otter) == len(plain)
    assert plain["id"] == otter.id and len(otter.id) == 32
    assert "content" in otter and "colour" not in otter
    assert otter.get("colour", "brown") == "brown"
    with pytest.raises(KeyError, match="colour"):
        otter["colour"]
    with pytest.raises(AttributeError):
        otter.content = "x"  # type: ignore[misc]
    assert repr(otter).startswith('Concept("otter"')


def test_a_result_is_matched_as_a_mapping(storage: ConcurrentStorage) -> None:
    storage.learn_concept("otter", "swims")
    otter: Any = storage.query_concept("otter")
    assert isinstance(otter, Mapping)
    match otter:
        case {"content": content, "colour": _}:
            pytest.fail(f"{content} has no colour")
        case {"content": content}:
            assert content == "swims"
        case _:
            pytest.fail("it was not seen as a mapping")


def test_content_is_text_or_bytes(storage: ConcurrentStorage) -> None:
    storage.learn_concept("text", "gr\u00fc\u00df dich")
    storage.learn_concept("bytes", b"\xff\x00")
    storage.learn_concept("both", b"plain")
    storage.learn_concept("none", "")
    assert storage.query_concept("text").content == "gr\u00fc\u00df dich"
    assert storage.query_concept("bytes").content == b"\xff\x00"
    assert storage.query_concept("both").content == "plain"
    assert storage.query_concept("both").content_bytes == b"plain"
    assert storage.query_concept("none").content == ""
    with pytest.raises(InvalidArgumentError, match="int"):
        storage.learn_concept("number", 7)  # type: ignore[arg-type]


def test_learning_again_keeps_what_is_not_given(storage: ConcurrentStorage) -> None:
    storage.learn_concept("c", "one", [1.0, 2.0], metadata={"a": 1}, created=5)
    storage.learn_association("c", "d")
    storage.learn_concept("c", "two", strength=0.5)
    concept = storage.query_concept("c")
    assert (concept.content, concept.strength, concept.version, concept.created) == ("two", 0.5, 2, 5)
    assert concept.embedding.tolist() == [1.0, 2.0] and concept.metadata == {"a": 1}
    assert storage.get_neighbors("c") == ["d"]


def test_updates_and_accesses(storage: ConcurrentStorage) -> None:
    storage.learn_concept("c", "")
    storage.update_strength("c", 0.125)
    storage.update_metadata("c", {"new": None})
    storage.record_access("c")
    storage.record_access("c")
    concept = storage.query_concept("c")
    assert (concept.strength, concept.metadata, concept.access_count) == (0.125, {"new": None}, 2)
    assert concept.last_accessed is not None and concept.last_accessed >= concept.created
    storage.update_strength("nobody", 0.5)
    storage.flush()
    # A group is counted after it is shown, and before the next one is.
    storage.learn_concept("d", "")
    assert "d" in storage
    assert storage.stats()["reconciler"]["ignored"] == 1


def test_what_is_forgotten_is_gone_and_learned_anew(storage: ConcurrentStorage) -> None:
    storage.learn_concept("a", "", [1.0], metadata={"x": 1})
    storage.learn_association("a", "b", "causal")
    storage.learn_association("a", "c", "causal")
    storage.forget_association("a", "b", "causal")
    assert storage.get_neighbors("a") == ["c"]
    assert storage.association("a", "b", "causal") is None
    storage.forget_concept("a")
    assert "a" not in storage and storage.get_neighbors("c", direction="in") == []
    storage.learn_concept("a", "anew")
    anew = storage.query_concept("a")
    assert (anew.embedding, anew.metadata, anew.version) == (None, None, 1)


def test_associations_say_all_that_was_said(storage: ConcurrentStorage) -> None:
    sequence = storage.learn_association("a", "b", "causal", 0.3, weight=2.5, metadata={"why": "x"}, created=9)
    found = storage.association("a", "b", 1)
    assert found is not None
    assert (found.source, found.target, found.type_name, found.assoc_type) == ("a", "b", "causal", 1)
    assert (found.confidence, found.weight, found.created, found.sequence) == (0.3, 2.5, 9, sequence)
    assert found.metadata == {"why": "x"}
    assert [(edge.source, edge.target) for edge in storage.associations()] == [("a", "b")]
    assert (storage.stub_count, len(storage), storage.edge_count) == (2, 0, 1)


def test_neighbours_and_paths_are_narrowed(storage: ConcurrentStorage) -> None:
    links: list[tuple[str, str, str, float]] = [
        ("a", "b", "causal", 0.9), ("b", "c", "causal", 0.9), ("a", "c", "semantic", 0.1), ("c", "d", "temporal", 0.5),
    ]
    for source, target, kind, confidence in links:
        storage.learn_association(source, target, kind, confidence)
    assert storage.get_neighbors("a", min_confidence=0.5) == ["b"]
    assert storage.get_neighbors("c", direction="both") == ["d", "b", "a"]
    assert storage.find_path("a", "d") == ["a", "c", "d"]
    assert storage.find_path("a", "c", min_confidence=0.5) == ["a", "b", "c"]
    assert storage.find_path("a", "d", types=["causal"]) is None
    assert storage.find_path("d", "a") is None
    assert storage.find_path("d", "a", direction="in") == ["d", "c", "a"]
    assert storage.find_path("a", "a") == ["a"]
    here = storage.explain_path("a", "a")
    # A path of no hops is a path.
    assert here and here.nodes == ["a"] and here.hops == []
    assert storage.find_path("a", "d", max_depth=1) is None
    best = storage.find_best_path("a", "d")
    assert best is not None
    assert best.nodes == list(best) == ["a", "b", "c", "d"] and len(best) == 4
    assert best.confidence == pytest.approx(0.405)
    assert [hop.type_name for hop in best.hops] == ["causal", "causal", "temporal"]
    assert (best[0], best[-1], best[1:3]) == ("a", "d", ["b", "c"]) and "c" in best
    with pytest.raises(IndexError):
        best[4]
    steep = storage.find_best_path("a", "d", decay=0.1, max_depth=None)
    assert steep is not None and steep.nodes == ["a", "c", "d"]
    back = storage.explain_path("d", "c", direction="both")
    assert back is not None and back.hops[0].reversed
    with pytest.raises(InvalidArgumentError, match="direction"):
        storage.get_neighbors("a", direction="up")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="types"):
        storage.get_neighbors("a", types=1.5)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="decay"):
        storage.find_best_path("a", "d", decay=0.0)


def test_a_hub_is_gathered_as_a_small_neighbourhood_is(storage: ConcurrentStorage) -> None:
    names = [f"spoke {number}" for number in range(1_000)]
    storage.learn_associations(["hub"] * len(names), names, "causal")
    assert storage.get_neighbors("hub") == names
    assert [neighbor.name for neighbor in storage.neighbors("hub")] == names


def test_metadata_that_is_no_json_is_refused(storage: ConcurrentStorage) -> None:
    with pytest.raises(InvalidArgumentError, match="metadata"):
        storage.learn_concept("c", "", metadata="{")
    with pytest.raises(TypeError):
        storage.learn_concept("c", "", metadata={"x": object()})
    odd: Any = {"n": float("nan")}
    with pytest.raises(InvalidArgumentError, match="metadata"):
        storage.learn_concept("c", "", metadata=odd)
    assert len(storage) == 0
