"""Paths and ranks on WordNet, beside packages that hold a graph in memory and know its nodes by number."""

from __future__ import annotations

import json
import random
import statistics
import time
import warnings
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from report import Section
from workloads import BATCH, Setting

#: WordNet as the program has it for its demo.
DATA = Path(__file__).resolve().parents[2] / "crates" / "cli" / "demo"

Edges = list[tuple[int, int]]
#: Hops of a shortest path, `None` without one; and the rank of every node.
Asked = tuple[Callable[[int, int], int | None], Callable[[], Any]]


def _sutra(storage: Any, names: list[str], edges: Edges) -> Asked:
    for start in range(0, len(names), BATCH):
        storage.learn_batch(names[start : start + BATCH])
    for start in range(0, len(edges), BATCH):
        part = edges[start : start + BATCH]
        storage.learn_associations([names[source] for source, _ in part], [names[target] for _, target in part])
    storage.flush()
    snapshot = storage.snapshot()

    def path(start: int, end: int) -> int | None:
        found = snapshot.find_path(names[start], names[end], None)
        return None if found is None else len(found) - 1

    return path, lambda: snapshot.pagerank(1, weighted=False)


def _networkx(networkx: Any, count: int, edges: Edges) -> Asked:
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(edges)

    def path(start: int, end: int) -> int | None:
        try:
            # From both ends, as ours.
            return len(networkx.bidirectional_shortest_path(graph, start, end)) - 1
        except networkx.NetworkXNoPath:
            return None

    return path, lambda: networkx.pagerank(graph)


def _rustworkx(rustworkx: Any, count: int, edges: Edges) -> Asked:
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from_no_data(edges)

    def path(start: int, end: int) -> int | None:
        found = rustworkx.dijkstra_shortest_paths(graph, start, end)
        return len(found[end]) - 1 if end in found else None

    return path, lambda: rustworkx.pagerank(graph)


def _igraph(igraph: Any, count: int, edges: Edges) -> Asked:
    graph = igraph.Graph(count, edges, directed=True)
    # Of every pair without a path.
    warnings.filterwarnings("ignore", "Couldn't reach", RuntimeWarning)

    def path(start: int, end: int) -> int | None:
        found = graph.get_shortest_path(start, end, mode="out")
        return len(found) - 1 if found else None

    return path, graph.pagerank


PEERS: dict[str, Callable[[Any, int, Edges], Asked]] = {"networkx": _networkx, "rustworkx": _rustworkx, "igraph": _igraph}


def graphs(setting: Setting) -> Section:
    """Shortest paths between random pairs along directed edges, any number of hops, and PageRank until it changes little."""
    calls = max(20, setting.sizes.reads // 20)
    section = Section("Paths and ranks on WordNet", "")
    try:
        names, edges = _wordnet()
    except ImportError:
        section.about = "Not measured: pyarrow, which reads zstd, is not installed."
        return section
    with setting.opened(setting.engines[0]) as opened:
        asked = {"sutra": _sutra(opened.storage, names, edges)}
        versions = []
        # Ours alone where ours alone was asked for.
        for name, build in PEERS.items() if len(setting.engines) > 1 else []:
            try:
                package = import_module(name)
            except ImportError:
                continue
            asked[name] = build(package, len(names), edges)
            versions.append(f"{name} {metadata.version(name)}")
        picks = random.Random(19)
        pairs = [(picks.randrange(len(names)), picks.randrange(len(names))) for _ in range(calls)]
        answers: dict[str, list[int | None]] = {}
        for _ in range(setting.sizes.rounds):
            for name, (path, ranks) in asked.items():
                took, hops = [], []
                for start, end in pairs:
                    began = time.perf_counter()
                    found = path(start, end)
                    took.append((time.perf_counter() - began) * 1e6)
                    # Rustworkx knows no path from a node to itself, and nobody needs to look for it.
                    hops.append(0 if start == end else found)
                answers[name] = hops
                goal = 100.0 if name == "sutra" else None
                section.row("shortest path, median", name, "us", goal=goal).values.append(statistics.median(took))
                section.row("shortest path, mean", name, "us").values.append(statistics.fmean(took))
                began = time.perf_counter()
                ranks()
                section.row("PageRank", name, "ms").values.append((time.perf_counter() - began) * 1e3)
    for name, hops in answers.items():
        if hops != answers["sutra"]:
            raise RuntimeError(f"the paths of {name} have other lengths")
    known = [hop for hop in answers["sutra"] if hop is not None]
    section.about = (
        f"{len(names)} concepts, {len(edges)} pairs of them associated; the same {calls} random pairs in each round, along directed edges,"
        f" any number of hops: {len(known)} have a path, of {statistics.fmean(known):.1f} hops in the mean, and all packages found paths"
        " of the same lengths. Ours takes names and gives names; the others know numbered nodes in memory. NetworkX searches from both ends,"
        " as ours; rustworkx by Dijkstra, igraph breadth first. PageRank without weights, to a change of 1e-6 a node (igraph: exact)."
        f" Beside ours: {', '.join(versions) or 'nothing'}."
    )
    return section


def _wordnet() -> tuple[list[str], Edges]:
    pyarrow = import_module("pyarrow")

    def lines(name: str) -> list[str]:
        with pyarrow.input_stream(str(DATA / name), compression="zstd") as stream:
            text: str = stream.read().decode()
        return text.splitlines()

    names = [json.loads(line)["key"] for line in lines("concepts.jsonl.zst")]
    numbers = {name: number for number, name in enumerate(names)}
    # Pairs with several associations are one edge: not every package knows parallel ones.
    pairs = (line.split("\t") for line in lines("associations.tsv.zst"))
    return names, list(dict.fromkeys((numbers[source], numbers[target]) for source, _, target, _ in pairs))
