"""What is measured of each package; ours, and a graph in memory. The others are in ``peers``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

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

    def associate(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        raise NotImplementedError

    def settle(self) -> None:
        """Returns when all is durable and visible."""

    def reader(self) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
        """A get of the content, and the names of the neighbours."""
        raise NotImplementedError

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

    def associate(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        for start in range(0, len(sources), 10_000):
            rows = slice(start, start + 10_000)
            self.last = self.storage.learn_associations(sources[rows], targets[rows])

    def settle(self) -> None:
        self.storage.wait_visible(self.last)
        self.storage.wait_durable(self.last)

    def reader(self) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
        query = self.storage.query_concept
        return lambda name: query(name).content, self.storage.get_neighbors  # type: ignore[union-attr]

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

    def associate(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        self.graph.add_edges_from(zip(sources, targets))

    def reader(self) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
        nodes, successors = self.graph.nodes, self.graph.successors
        return lambda name: nodes[name]["content"], lambda name: list(successors(name))


ENGINES: list[type[Engine]] = [Sutra, NetworkX]
