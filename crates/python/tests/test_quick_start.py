"""The calls that users were promised, as they were written down, and what they print."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sutra_storage import ConcurrentStorage


def test_the_quick_start_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    your_768d_vector = np.random.random(768).astype(np.float32)

    storage = ConcurrentStorage(
        "./my_knowledge",
        reconcile_interval_ms=10,
        memory_threshold=50000
    )
    storage.learn_concept(
        concept_id="a1b2c3d4e5f67890",
        content="Your knowledge here",
        embedding=your_768d_vector,
        strength=1.0,
        confidence=0.9
    )
    concept = storage.query_concept("a1b2c3d4e5f67890")
    storage.learn_association("id1", "id2", assoc_type=0, confidence=0.8)
    path = storage.find_path("id1", "id2", max_depth=6)
    storage.flush()

    assert concept is not None
    assert concept["content"] == "Your knowledge here"
    assert concept["confidence"] == 0.9
    assert np.array_equal(concept["embedding"], your_768d_vector)
    assert path == ["id1", "id2"]
    assert (tmp_path / "my_knowledge" / "storage.dat").is_file()


def test_the_usage_example_prints_what_it_promises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    storage = ConcurrentStorage(
        "./my_storage",
        reconcile_interval_ms=10,
        memory_threshold=50000
    )
    embedding = np.random.random(768).astype(np.float32)
    seq = storage.learn_concept(
        concept_id="a1b2c3d4e5f67890",
        content="Python is a high-level programming language",
        embedding=embedding,
        strength=1.0,
        confidence=0.9
    )
    storage.learn_association(
        source_id="a1b2c3d4e5f67890",
        target_id="f9e8d7c6b5a43210",
        assoc_type=0,
        confidence=0.8
    )
    concept = storage.query_concept("a1b2c3d4e5f67890")
    if concept:
        print(f"Content: {concept['content']}")
        print(f"Strength: {concept['strength']}")
    if storage.contains("a1b2c3d4e5f67890"):
        print("Concept exists!")
    neighbors = storage.get_neighbors("a1b2c3d4e5f67890")
    print(f"Neighbors: {neighbors}")
    path = storage.find_path(
        start_id="a1b2c3d4e5f67890",
        end_id="f9e8d7c6b5a43210",
        max_depth=6
    )
    if path:
        print(f"Path found: {' -> '.join(path)}")
    stats = storage.stats()
    print(f"Concepts: {stats['concepts']}")
    print(f"Edges: {stats['edges']}")
    print(f"Writes: {stats['written']}")
    print(f"Dropped: {stats['dropped']}")
    storage.flush()

    assert isinstance(seq, int) and seq > 0
    assert capsys.readouterr().out.splitlines() == [
        "Content: Python is a high-level programming language",
        "Strength: 1.0",
        "Concept exists!",
        "Neighbors: ['f9e8d7c6b5a43210']",
        "Path found: a1b2c3d4e5f67890 -> f9e8d7c6b5a43210",
        "Concepts: 1",
        "Edges: 1",
        "Writes: 2",
        "Dropped: 0",
    ]


def test_what_was_promised_survives_a_restart(storage: ConcurrentStorage, reopened) -> None:  # type: ignore[no-untyped-def]
    storage.learn_concept("a1b2c3d4e5f67890", "kept", strength=0.25)
    storage.learn_association("a1b2c3d4e5f67890", "rain", "causal", 0.5)
    with reopened(storage) as again:
        assert again.query_concept("A1B2C3D4E5F67890")["content"] == "kept"
        assert again.get_neighbors("a1b2c3d4e5f67890") == ["rain"]
        assert again.stats()["concepts"] == 1
        assert not again.recovery["created"]
