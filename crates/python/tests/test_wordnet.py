"""WordNet: loaded in batches, compared with networkx, found again after a restart."""

from __future__ import annotations

import random
from typing import Any

import pytest

from sutra_storage import ConcurrentStorage, learn_many


@pytest.fixture
def loaded(storage: ConcurrentStorage, wordnet: Any) -> ConcurrentStorage:
    concepts, associations = wordnet
    learn_many(
        storage,
        [concept["key"] for concept in concepts],
        [concept["content"] for concept in concepts],
        metadata=[concept["metadata"] for concept in concepts],
        batch_size=20_000,
    )
    for start in range(0, len(associations), 20_000):
        sources, kinds, targets, confidences = zip(*associations[start : start + 20_000])
        storage.learn_associations(sources, targets, kinds, confidences)
    return storage


def test_paths_and_neighbours_are_those_of_networkx(loaded: ConcurrentStorage, wordnet: Any) -> None:
    networkx = pytest.importorskip("networkx", reason="networkx is not installed")
    concepts, associations = wordnet
    assert (len(loaded), loaded.edge_count) == (len(concepts), len(set(edge[:3] for edge in associations)))
    graph = networkx.DiGraph()
    graph.add_nodes_from(concept["key"] for concept in concepts)
    best: dict[tuple[str, str], float] = {}
    for source, _, target, confidence in associations:
        best[source, target] = max(best.get((source, target), 0.0), confidence)
    graph.add_weighted_edges_from((*ends, confidence) for ends, confidence in best.items())

    chosen, names = random.Random(5), [concept["key"] for concept in concepts]
    snapshot, found = loaded.snapshot(), 0
    for _ in range(300):
        start = chosen.choice(names)
        near = networkx.single_source_shortest_path_length(graph, start, cutoff=6)
        assert set(snapshot.get_neighbors(start)) == set(graph[start])
        assert set(snapshot.get_neighbors(start, direction="in")) == set(graph.predecessors(start))
        end = chosen.choice([*near]) if chosen.random() < 0.7 else chosen.choice(names)
        path = snapshot.find_path(start, end)
        if end not in near:
            assert path is None
            continue
        assert path is not None and len(path) - 1 == near[end]
        assert all(graph.has_edge(*hop) for hop in zip(path, path[1:]))
        found += 1
        strongest = snapshot.find_best_path(start, end)
        assert strongest is not None
        product = 1.0
        for hop in zip(strongest.nodes, strongest.nodes[1:]):
            product *= best[hop]
        assert strongest.confidence == pytest.approx(product)
        plain = 1.0
        for hop in zip(path, path[1:]):
            plain *= best[hop]
        assert product >= plain * (1 - 1e-6)
    assert found > 100


def test_all_of_it_is_there_after_a_restart(loaded: ConcurrentStorage, wordnet: Any, reopened: Any) -> None:
    concepts, associations = wordnet
    with reopened(loaded) as again:
        assert list(again) == [concept["key"] for concept in concepts]
        for concept in concepts[::997]:
            found = again.query_concept(concept["key"])
            assert (found.content, found.metadata) == (concept["content"], concept["metadata"])
        for source, kind, target, confidence in associations[::997]:
            edge = again.association(source, target, kind)
            assert edge is not None and edge.confidence == confidence
