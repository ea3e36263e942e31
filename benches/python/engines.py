"""What is measured of each package; ours, and a graph in memory. The others are in ``peers``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

#: Hops of a path at most, where the package takes a bound.
HOPS = 10


class Engine:
    """One open store of one package. Calls that a package has no counterpart for are ``None``."""

    name: ClassVar[str]
    package: ClassVar[str]
    #: How what was written is made durable.
    durable: ClassVar[str]
    #: By how much fewer calls are measured, of an engine whose single calls are slow.
    slower: ClassVar[int] = 1

    def __init__(self, folder: Path, dimension: int) -> None:
        raise NotImplementedError

    def learn(self, names: Sequence[str], contents: Sequence[str], vectors: Sequence[Any] | None) -> float:
        """Single calls; returns the seconds until all were accepted."""
        raise NotImplementedError

    def learn_batches(self, names: Sequence[str], contents: Sequence[str], vectors: Any, batch: int) -> None:
        raise NotImplementedError

    #: Whether it has associations.
    links: ClassVar[bool] = True

    def associate(self, sources: Sequence[str], targets: Sequence[str]) -> float:
        """Single calls; returns the seconds until all were accepted."""
        raise NotImplementedError

    def associate_batch(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        raise NotImplementedError

    def settle(self) -> None:
        """Returns when all is durable and visible."""

    def reader(self) -> tuple[Callable[[str], Any], Callable[[str], Any] | None]:
        """A get of the content, and the names of the neighbours."""
        raise NotImplementedError

    def finder(self) -> Callable[[str, str], Any] | None:
        """The names on a shortest path of at most `HOPS`; ``None`` if the package has no such call."""
        return None

    def close(self) -> None:
        pass


class Sutra(Engine):
    name, package = "sutra", "sutra_storage"
    durable = "each group, one sync in at most 10 ms, before it is visible"

    def __init__(self, folder: Path, dimension: int) -> None:
        from sutra_storage import ConcurrentStorage

        self.storage = ConcurrentStorage(folder, write_timeout=600.0)
        self.last = 0

    def learn(self, names: Sequence[str], contents: Sequence[str], vectors: Sequence[Any] | None) -> float:
        learn, clock = self.storage.learn_concept, time.perf_counter
        began = clock()
        if vectors is None:
            for name, content in zip(names, contents):
                self.last = learn(name, content)
        else:
            for name, content, vector in zip(names, contents, vectors):
                self.last = learn(name, content, vector)
        return clock() - began

    def learn_batches(self, names: Sequence[str], contents: Sequence[str], vectors: Any, batch: int) -> None:
        for start in range(0, len(names), batch):
            rows = slice(start, start + batch)
            vector_rows = None if vectors is None else vectors[rows]
            self.last = self.storage.learn_batch(names[rows], contents[rows], vector_rows)

    def associate(self, sources: Sequence[str], targets: Sequence[str]) -> float:
        learn, clock = self.storage.learn_association, time.perf_counter
        began = clock()
        for source, target in zip(sources, targets):
            self.last = learn(source, target)
        return clock() - began

    def associate_batch(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        for start in range(0, len(sources), 10_000):
            rows = slice(start, start + 10_000)
            self.last = self.storage.learn_associations(sources[rows], targets[rows])

    def settle(self) -> None:
        self.storage.wait_visible(self.last)
        self.storage.wait_durable(self.last)

    def reader(self) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
        query = self.storage.query_concept
        return lambda name: query(name).content, self.storage.get_neighbors  # type: ignore[union-attr]

    def finder(self) -> Callable[[str, str], Any]:
        find = self.storage.find_path
        return lambda start, end: find(start, end, HOPS)

    def close(self) -> None:
        self.storage.close()


class NetworkX(Engine):
    """A graph in memory, for the measure of what Python itself costs."""

    name = package = "networkx"
    durable = "nothing, never"

    def __init__(self, folder: Path, dimension: int) -> None:
        networkx: Any = import_module("networkx")
        self.graph = networkx.DiGraph()

    def learn(self, names: Sequence[str], contents: Sequence[str], vectors: Sequence[Any] | None) -> float:
        add = self.graph.add_node
        began = time.perf_counter()
        if vectors is None:
            for name, content in zip(names, contents):
                add(name, content=content)
        else:
            for name, content, vector in zip(names, contents, vectors):
                add(name, content=content, embedding=vector)
        return time.perf_counter() - began

    def learn_batches(self, names: Sequence[str], contents: Sequence[str], vectors: Any, batch: int) -> None:
        for start in range(0, len(names), batch):
            rows = range(start, min(start + batch, len(names)))
            if vectors is None:
                self.graph.add_nodes_from((names[row], {"content": contents[row]}) for row in rows)
            else:
                values = ((names[row], {"content": contents[row], "embedding": vectors[row]}) for row in rows)
                self.graph.add_nodes_from(values)

    def associate(self, sources: Sequence[str], targets: Sequence[str]) -> float:
        add = self.graph.add_edge
        began = time.perf_counter()
        for source, target in zip(sources, targets):
            add(source, target)
        return time.perf_counter() - began

    def associate_batch(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        self.graph.add_edges_from(zip(sources, targets))

    def reader(self) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
        nodes, successors = self.graph.nodes, self.graph.successors
        return lambda name: nodes[name]["content"], lambda name: list(successors(name))

    def finder(self) -> Callable[[str, str], Any]:
        networkx: Any = import_module("networkx")

        def find(start: str, end: str) -> list[str] | None:
            try:
                # From both ends, as ours; it takes no bound on the hops.
                return networkx.shortest_path(self.graph, start, end)  # type: ignore[no-any-return]
            except networkx.NetworkXNoPath:
                return None

        return find


ENGINES: list[type[Engine]] = [Sutra, NetworkX]
