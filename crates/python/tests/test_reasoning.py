"""Paths, conclusions, recall, neighbourhoods and overviews, compared with networkx on WordNet and on random graphs."""

from __future__ import annotations

import collections
import itertools
import math
import random
import types
from typing import Any

import pytest
from test_wordnet import loaded  # noqa: F401  a fixture

from sutra_storage import Answer, AsyncStorage, ConcurrentStorage, InvalidArgumentError

networkx: Any = pytest.importorskip("networkx", reason="networkx is not installed")


def pagerank(graph: Any, tolerance: float = 1e-12, **options: Any) -> dict[str, float]:
    """The one in plain Python: the other needs scipy."""
    from networkx.algorithms.link_analysis.pagerank_alg import _pagerank_python

    return dict(_pagerank_python(graph, tol=tolerance, max_iter=1000, **options))


def learned(storage: ConcurrentStorage, chosen: random.Random) -> tuple[Any, list[str]]:
    """A random graph, learned, and as networkx has it: no parallel associations, some loops and lone concepts."""
    names = [f"concept {number}" for number in range(chosen.randrange(2, 30))]
    for name in names:
        storage.learn_concept(name, name)
    graph = networkx.DiGraph()
    graph.add_nodes_from(names)
    for _ in range(chosen.randrange(0, 90)):
        source, target = chosen.choice(names), chosen.choice(names)
        if not graph.has_edge(source, target):
            graph.add_edge(source, target, confidence=chosen.randrange(1, 101) / 100)
    if graph.edges:
        sources, targets, data = zip(*graph.edges(data=True))
        storage.learn_associations(sources, targets, 0, [each["confidence"] for each in data])
    return graph, names


def product(graph: Any, nodes: list[str]) -> float:
    return math.prod(graph[source][target]["confidence"] for source, target in zip(nodes, nodes[1:]))


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_are_as_networkx_sees_them(tmp_path: Any, seed: int) -> None:
    chosen = random.Random(seed)
    with ConcurrentStorage(tmp_path / "store") as storage:
        graph, names = learned(storage, chosen)
        snapshot = storage.snapshot()
        for start, end in {(chosen.choice(names), chosen.choice(names)) for _ in range(8)}:
            found = snapshot.find_paths(start, end, 1000, max_depth=None)
            expected = []
            if networkx.has_path(graph, start, end):
                expected = sorted(networkx.all_shortest_paths(graph, start, end))
            assert found.complete and sorted(path.nodes for path in found) == expected
            if start == end:
                continue
            simple = itertools.islice(networkx.shortest_simple_paths(graph, start, end), 12)
            try:
                lengths = [len(path) - 1 for path in simple]
            except networkx.NetworkXNoPath:
                lengths = []
            longer = snapshot.find_paths(start, end, 12, longer=True, max_depth=None)
            assert [len(path.hops) for path in longer] == lengths
            every = networkx.all_simple_paths(graph, start, end, cutoff=4)
            best = sorted((product(graph, path) for path in every), reverse=True)[:10]
            answer = snapshot.find_best_paths(start, end, 10, max_depth=4)
            assert [path.confidence for path in answer] == pytest.approx(best)
            for path in answer:
                assert path.confidence == pytest.approx(product(graph, path.nodes))

        expected_ranks = pagerank(graph, weight="confidence")
        assert dict(snapshot.pagerank(tolerance=1e-12, max_rounds=1000)) == pytest.approx(expected_ranks, abs=1e-7)
        evenly = snapshot.pagerank(weighted=False, tolerance=1e-12, max_rounds=1000)
        assert dict(evenly) == pytest.approx(pagerank(graph, weight=None), abs=1e-7)
        seed_name = chosen.choice(names)
        walks = snapshot.recall(seed_name, 1000, precision=0.0, max_depth=None, with_seeds=True)
        expected_walks = pagerank(graph, weight="confidence", personalization={seed_name: 1.0})
        scores = {each.name: each.score for each in walks}
        assert all(abs(scores.get(name, 0.0) - score) < 1e-7 for name, score in expected_walks.items())
        assert sum(scores.values()) == pytest.approx(1.0)
        groups = [sorted(group) for group in snapshot.components()]
        assert sorted(groups) == sorted(sorted(group) for group in networkx.weakly_connected_components(graph))
        assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)
        assert dict(snapshot.hubs(1000)) == {name: degree for name, degree in graph.out_degree() if degree}
        around = snapshot.neighborhood(seed_name, 2, direction="out")
        ego = networkx.ego_graph(graph, seed_name, 2)
        assert set(around.nodes) == set(ego) and around.whole and around.complete
        assert {(link.source, link.target) for link in around.links} == set(ego.edges)
        assert dict(zip(around.nodes, around.hops)) == networkx.single_source_shortest_path_length(ego, seed_name)


def test_wordnet_is_as_networkx_sees_it(loaded: ConcurrentStorage, wordnet: Any) -> None:  # noqa: F811
    concepts, associations = wordnet
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(concept["key"] for concept in concepts)
    graph.add_edges_from((source, target, kind, {"confidence": confidence}) for source, kind, target, confidence in associations)
    simple = networkx.DiGraph()
    simple.add_nodes_from(graph)
    for source, target, data in graph.edges(data=True):
        held = simple.get_edge_data(source, target, {"confidence": 0.0, "best": 0.0})
        best = max(held["best"], data["confidence"])
        simple.add_edge(source, target, confidence=held["confidence"] + data["confidence"], best=best)
    snapshot = loaded.snapshot()
    assert len(associations) - simple.number_of_edges() > 2000, "parallel associations are among them"

    groups = snapshot.components()
    expected = sorted(networkx.weakly_connected_components(graph), key=len, reverse=True)
    assert [len(group) for group in groups] == [len(group) for group in expected]
    assert set(groups[0]) == expected[0]
    ranks = dict(snapshot.pagerank(tolerance=1e-12, max_rounds=300))
    # From here to where networkx comes to rest is nowhere, if this is it; from anywhere else it takes it minutes.
    expected_ranks = pagerank(simple, weight="confidence", nstart=ranks)
    assert max(abs(ranks[name] - rank) for name, rank in expected_ranks.items()) < 1e-8
    degrees = dict(graph.out_degree())
    assert [degree for _, degree in snapshot.hubs(50)] == sorted(degrees.values(), reverse=True)[:50]
    assert all(degrees[name] == degree for name, degree in snapshot.hubs(50))

    chosen, names = random.Random(11), [concept["key"] for concept in concepts]
    lengths = {(source, target): -math.log(data["best"]) for source, target, data in simple.edges(data=True)}
    weight = lambda source, target, _: lengths[source, target]  # noqa: E731
    some = 0
    for _ in range(20):
        start, end = chosen.choice(names), chosen.choice(names)
        found = snapshot.find_paths(start, end, 10_000, max_depth=None)
        if not networkx.has_path(simple, start, end):
            assert len(found) == 0
            continue
        ways = list(itertools.islice(networkx.all_shortest_paths(simple, start, end), 10_001))
        if len(ways) <= 5_000:
            # Of parallel associations each makes a path.
            number = sum(math.prod(graph.number_of_edges(*hop) for hop in zip(way, way[1:])) for way in ways)
            assert {tuple(path.nodes) for path in found} == {tuple(way) for way in ways}
            assert len(found) == min(number, 10_000)
        best = snapshot.find_best_paths(start, end, 3, max_depth=None)
        length, _ = networkx.bidirectional_dijkstra(simple, start, end, weight=weight)
        assert best[0].confidence == pytest.approx(math.exp(-length))
        assert best[0].confidence >= best[len(best) - 1].confidence
        some += 1
    assert some > 10


def weather(storage: ConcurrentStorage) -> None:
    for name in ["rain", "river", "mud", "flood", "sun"]:
        storage.learn_concept(name, name)
    storage.learn_association("rain", "river", "causal", confidence=0.5)
    storage.learn_association("river", "flood", "causal", confidence=0.5)
    storage.learn_association("rain", "mud", "semantic", confidence=0.25)
    storage.learn_association("mud", "flood", "temporal", confidence=0.5)
    storage.learn_association("flood", "harm", "causal", confidence=1.0)


def test_conclusions_and_what_comes_to_mind(storage: ConcurrentStorage) -> None:
    weather(storage)
    found = storage.reason(["rain", "nobody"], ("flood", "sun", "nowhere"))
    assert [each.target for each in found] == ["flood", "sun", "nowhere"]
    assert found[0].confidence == 1 - (1 - 0.25) * (1 - 0.125) and found[0].agreement == 1.0
    assert [path.nodes for path in found[0].paths] == [["rain", "river", "flood"], ["rain", "mud", "flood"]]
    assert (found[1].confidence, found[1].agreement, found[1].paths) == (0.0, 0.0, [])
    assert [path.nodes for path in storage.reason("rain", "flood", types="causal")[0].paths] == [["rain", "river", "flood"]]

    for how in ("walks", "spreading"):
        recalled = storage.recall({"rain": 2.0, "sun": 1.0}, how=how)  # type: ignore[arg-type]
        assert {each.name for each in recalled} == {"river", "mud", "flood", "harm"}
        assert [each.score for each in recalled] == sorted((each.score for each in recalled), reverse=True)
        harm = next(each for each in recalled if each.name == "harm")
        assert harm.is_stub and harm.path.nodes == ["rain", "river", "flood", "harm"]
    assert storage.recall("rain", 1, with_seeds=True)[0].name == "rain"
    scores = lambda seeds: [(each.name, each.score) for each in storage.recall(seeds, with_seeds=True)]  # noqa: E731
    weighted = scores({"rain": 2.0, "sun": 1.0})
    assert weighted != scores(["rain", "sun"])
    for seeds in [
        types.MappingProxyType({"rain": 2.0, "sun": 1}),
        collections.ChainMap({"rain": 2.0}, {"sun": 1.0}),
        [("rain", 2.0), ("sun", 1.0)],
        (seed for seed in [("rain", 2), "sun"]),
    ]:
        assert scores(seeds) == weighted
    assert scores(("rain", "sun")) == scores([("rain", 1.0), "sun"]) == scores({"rain", "sun"})
    for wrong in [("rain", 2.0), [("rain", "sun")], [("rain",)], 7]:
        with pytest.raises((InvalidArgumentError, TypeError)):
            storage.recall(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        storage.recall({"rain": "much"})  # type: ignore[dict-item]
    assert len(storage.recall([])) == 0 and len(storage.recall("nobody")) == 0


def test_around_a_concept(storage: ConcurrentStorage) -> None:
    weather(storage)
    around = storage.neighborhood("river")
    assert (around.nodes, around.hops, len(around)) == (["river", "rain", "flood"], [0, 1, 1], 3)
    assert [(link.source, link.target, link.type_name) for link in around.links] == [
        ("rain", "river", "causal"),
        ("river", "flood", "causal"),
    ]
    assert around.links[0].confidence == 0.5 and around.links[0].weight == 1.0 and around.links[0].created > 0
    assert not storage.neighborhood("rain", 3, max_concepts=2).whole
    assert storage.neighborhood("nobody").nodes == []


def test_limits_that_end_a_search_are_told(storage: ConcurrentStorage) -> None:
    weather(storage)
    for limit in ({"max_visited": 0}, {"timeout": 0.0}):
        answers: list[Answer[Any]] = [
            storage.find_paths("rain", "harm", **limit),  # type: ignore[arg-type]
            storage.find_best_paths("rain", "harm", **limit),  # type: ignore[arg-type]
            storage.reason("rain", "harm", **limit),  # type: ignore[arg-type]
            storage.recall("rain", **limit),  # type: ignore[arg-type]
            storage.pagerank(**limit),  # type: ignore[arg-type]
            storage.components(**limit),  # type: ignore[arg-type]
            storage.hubs(**limit),  # type: ignore[arg-type]
        ]
        assert not any(answer.complete for answer in answers)
        assert not storage.neighborhood("rain", **limit).complete  # type: ignore[arg-type]
        assert repr(answers[0]) == "Answer([], complete=False)"
    assert storage.find_paths("rain", "harm", max_visited=1000, timeout=3600.0).complete


def test_options_that_mean_nothing_are_refused(storage: ConcurrentStorage) -> None:
    weather(storage)
    with pytest.raises(InvalidArgumentError, match="decay"):
        storage.find_best_paths("rain", "flood", decay=0.0)
    with pytest.raises(InvalidArgumentError, match="how"):
        storage.recall("rain", how="guess")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="weight"):
        storage.recall({"rain": -1.0})
    with pytest.raises(InvalidArgumentError, match="timeout"):
        storage.find_paths("rain", "flood", timeout=-1.0)
    with pytest.raises(InvalidArgumentError, match="damping"):
        storage.pagerank(damping=1.0)
    with pytest.raises(InvalidArgumentError, match="direction"):
        storage.neighborhood("rain", direction="up")  # type: ignore[arg-type]


def test_what_was_forgotten_is_in_no_answer(storage: ConcurrentStorage) -> None:
    weather(storage)
    before = storage.snapshot()
    storage.forget_concept("river")
    assert [path.nodes for path in storage.find_paths("rain", "flood")] == [["rain", "mud", "flood"]]
    assert "river" not in dict(storage.pagerank()) and "river" not in itertools.chain(*storage.components())
    assert "river" not in [each.name for each in storage.recall("rain")]
    assert len(before.find_paths("rain", "flood")) == 2


def test_the_same_as_coroutines(folder: Any) -> None:
    import asyncio

    async def ask() -> None:
        async with AsyncStorage(folder) as storage:
            await storage.learn_association("rain", "flood", confidence=0.5)
            assert (await storage.find_paths("rain", "flood"))[0].nodes == ["rain", "flood"]
            assert (await storage.reason("rain", "flood"))[0].confidence == 0.5
            assert (await storage.recall("rain"))[0].name == "flood"
            assert (await storage.neighborhood("rain")).nodes == ["rain", "flood"]
            assert len(await storage.pagerank()) == 2 and len(await storage.components()) == 1
            assert await storage.hubs() and await storage.find_best_paths("rain", "flood")

    asyncio.run(ask())
