"""Graphs and tables of other packages, which are imported when they are needed and not required otherwise."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Optional, Union

from ._progress import Progress, reporting
from .bulk import BATCH

if TYPE_CHECKING:
    from ._native import ConcurrentStorage, Snapshot


def to_networkx(source: Union[ConcurrentStorage, Snapshot], *, embeddings: bool = False) -> Any:
    """A ``networkx.MultiDiGraph`` of one snapshot: nodes are names (keys, else ids), edges have the name of the type as key.

    Nodes of concepts have ``content``, ``strength``, ``confidence``, ``metadata`` (and ``embedding``, if asked for), stubs
    have ``stub=True``; edges have ``confidence``, ``weight``, ``created`` and ``metadata``. O(size of the storage), all of it
    in memory. Needs networkx.
    """
    networkx: Any = import_module("networkx")
    snapshot = _frozen(source)
    graph = networkx.MultiDiGraph()
    for concept in snapshot.concepts():
        values: dict[str, Any] = {"content": concept.content, "strength": concept.strength, "confidence": concept.confidence}
        metadata = concept.metadata
        if metadata is not None:
            values["metadata"] = metadata
        if embeddings:
            values["embedding"] = concept.embedding
        graph.add_node(concept.name, **values)
    for edge in snapshot.associations():
        for end in (edge.source, edge.target):
            if end not in graph:
                graph.add_node(end, stub=True)
        values = {"confidence": edge.confidence, "weight": edge.weight, "created": edge.created}
        if edge.metadata is not None:
            values["metadata"] = edge.metadata
        graph.add_edge(edge.source, edge.target, key=edge.type_name, **values)
    return graph


def from_networkx(
    storage: ConcurrentStorage,
    graph: Any,
    *,
    default_type: str = "semantic",
    batch_size: int = BATCH,
    progress: Progress = None,
) -> Optional[int]:
    """Learns a networkx graph; returns the last sequence, ``None`` for an empty graph.

    A node is named by ``str`` of itself, and is a concept unless it has ``stub=True``; ``content``, ``strength``,
    ``confidence``, ``metadata`` and ``embedding`` are taken from its attributes. An edge's type is its key in a multigraph if
    that is text, else its attribute ``type``, else ``default_type``; ``confidence``, ``weight`` and ``metadata`` are its
    attributes. An edge of an undirected graph is learned in both directions. Other attributes are left out.
    """
    nodes = [(str(name), values) for name, values in graph.nodes(data=True) if not values.get("stub")]
    edges = [_edge(edge, default_type) for edge in _edges(graph)]
    if not graph.is_directed():
        edges += [(target, source, *rest) for source, target, *rest in edges if source != target]
    last, total = None, len(nodes) + len(edges)
    with reporting(progress, total, "graph") as done:
        for start in range(0, len(nodes), batch_size):
            part = nodes[start : start + batch_size]
            last = storage.learn_batch(
                [name for name, _ in part],
                [values.get("content", "") for _, values in part],
                embeddings=_given([values.get("embedding") for _, values in part]),
                metadata=_given([values.get("metadata") for _, values in part]),
                strengths=[float(values.get("strength", 1.0)) for _, values in part],
                confidences=[float(values.get("confidence", 1.0)) for _, values in part],
            )
            done(start + len(part))
        for start in range(0, len(edges), batch_size):
            sources, targets, types, confidences, weights, metadata = zip(*edges[start : start + batch_size])
            last = storage.learn_associations(sources, targets, types, confidences, weights, _given(list(metadata)))
            done(len(nodes) + start + len(sources))
    return last


def _edges(graph: Any) -> Any:
    if graph.is_multigraph():
        return graph.edges(keys=True, data=True)
    return ((source, target, None, values) for source, target, values in graph.edges(data=True))


def _edge(edge: Any, default_type: str) -> tuple[str, str, str, float, float, Any]:
    source, target, key, values = edge
    kind = key if isinstance(key, str) else values.get("type", default_type)
    confidence, weight = float(values.get("confidence", 1.0)), float(values.get("weight", 1.0))
    return str(source), str(target), kind, confidence, weight, values.get("metadata")


def _given(values: list[Any]) -> Optional[list[Any]]:
    return values if any(value is not None for value in values) else None


def to_arrow(source: Union[ConcurrentStorage, Snapshot]) -> tuple[Any, Any]:
    """Two ``pyarrow.Table`` of one snapshot: the concepts and the associations, as ``learn_batch`` and
    ``learn_associations`` take them.

    Concepts have the columns ``id`` (the key, else the id), ``content`` (string, or binary if some content is not UTF-8),
    ``embedding`` (a list of d float32, if the storage has any), ``metadata`` (JSON), ``strength``, ``confidence``,
    ``created``; associations ``source``, ``target``, ``type``, ``confidence``, ``weight``, ``metadata``, ``created``. Times are
    microseconds since the Unix epoch. O(size of the storage), all of it in memory. Needs pyarrow.
    """
    import json

    import numpy

    pyarrow: Any = import_module("pyarrow")
    snapshot = _frozen(source)

    def written(value: Any) -> Optional[str]:
        return None if value is None else json.dumps(value)

    concepts = list(snapshot.concepts())
    contents = [concept.content for concept in concepts]
    if any(isinstance(content, bytes) for content in contents):
        contents = [concept.content_bytes for concept in concepts]
    columns: dict[str, Any] = {"id": pyarrow.array([concept.name for concept in concepts], pyarrow.string())}
    columns["content"] = pyarrow.array(contents, None if contents else pyarrow.string())
    dimension = snapshot.vector_dimension
    if dimension:
        rows = snapshot.embeddings([concept.name for concept in concepts])
        missing = numpy.isnan(rows[:, 0])
        columns["embedding"] = pyarrow.FixedSizeListArray.from_arrays(
            pyarrow.array(rows.reshape(-1)), dimension, mask=pyarrow.array(missing)
        )
    columns["metadata"] = pyarrow.array([written(concept.metadata) for concept in concepts], pyarrow.string())
    columns["strength"] = pyarrow.array([concept.strength for concept in concepts], pyarrow.float32())
    columns["confidence"] = pyarrow.array([concept.confidence for concept in concepts], pyarrow.float32())
    columns["created"] = pyarrow.array([concept.created for concept in concepts], pyarrow.uint64())
    edges = list(snapshot.associations())
    links: dict[str, Any] = {
        "source": pyarrow.array([edge.source for edge in edges], pyarrow.string()),
        "target": pyarrow.array([edge.target for edge in edges], pyarrow.string()),
        "type": pyarrow.array([edge.type_name for edge in edges], pyarrow.string()),
        "confidence": pyarrow.array([edge.confidence for edge in edges], pyarrow.float32()),
        "weight": pyarrow.array([edge.weight for edge in edges], pyarrow.float32()),
        "metadata": pyarrow.array([written(edge.metadata) for edge in edges], pyarrow.string()),
        "created": pyarrow.array([edge.created for edge in edges], pyarrow.uint64()),
    }
    return pyarrow.table(columns), pyarrow.table(links)


def _frozen(source: Union[ConcurrentStorage, Snapshot]) -> Snapshot:
    """One moment, so that nodes and edges belong together."""
    from ._native import Snapshot

    return source if isinstance(source, Snapshot) else source.snapshot()
