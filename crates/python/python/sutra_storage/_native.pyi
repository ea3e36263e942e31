import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from types import GenericAlias, TracebackType
from typing import Any, Generic, Literal, Self, SupportsIndex, TypeAlias, TypeVar, final, overload

from ._types import Documents, Floats, Metadata, Name, Numbers, Types, Vector, Vectors
from ._types import Names as _Names

__all__ = [
    "Answer",
    "Association",
    "Associations",
    "Concept",
    "Concepts",
    "Conclusion",
    "ConcurrentStorage",
    "Hop",
    "Link",
    "Names",
    "Neighbor",
    "Neighborhood",
    "Path",
    "Recalled",
    "Snapshot",
    "__version__",
    "close_all",
]

_Direction: TypeAlias = Literal["out", "in", "both"]
_T = TypeVar("_T")

__version__: str

def close_all() -> None: ...
@final
class ConcurrentStorage:
    def __new__(
        cls,
        path: str | os.PathLike[str],
        *,
        reconcile_interval_ms: int = 10,
        memory_threshold: int = 50_000,
        queue_capacity: int = 100_000,
        queue_bytes: int = 268_435_456,
        write_timeout: float = 5.0,
        durability: Literal["group", "always", "none"] = "group",
        initial_size: int = 16_777_216,
        vector_dimension: int | None = None,
        metric: Literal["cosine", "dot", "euclidean"] | None = None,
        reconcile_threads: int = 1,
        max_content_bytes: int = 67_108_864,
        read_your_writes: bool = True,
    ) -> Self: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def learn_concept(
        self,
        concept_id: Name,
        content: str | bytes,
        embedding: Vector | None = None,
        strength: float = 1.0,
        confidence: float = 1.0,
        metadata: Metadata | None = None,
        created: int | None = None,
    ) -> int: ...
    def try_learn_concept(
        self,
        concept_id: Name,
        content: str | bytes,
        embedding: Vector | None = None,
        strength: float = 1.0,
        confidence: float = 1.0,
        metadata: Metadata | None = None,
        created: int | None = None,
    ) -> int: ...
    def learn_association(
        self,
        source_id: Name,
        target_id: Name,
        assoc_type: str | int = 0,
        confidence: float = 1.0,
        weight: float | None = None,
        metadata: Metadata | None = None,
        created: int | None = None,
    ) -> int: ...
    def learn_batch(
        self,
        ids: _Names,
        contents: _Names | None = None,
        embeddings: Vectors | None = None,
        metadata: Documents | None = None,
        strengths: Numbers | None = None,
        confidences: Numbers | None = None,
        created: Numbers | None = None,
    ) -> int: ...
    def learn_associations(
        self,
        sources: _Names,
        targets: _Names | None = None,
        types: Types | None = None,
        confidences: Numbers | None = None,
        weights: Numbers | None = None,
        metadata: Documents | None = None,
        created: Numbers | None = None,
    ) -> int: ...
    def update_strength(self, concept_id: Name, strength: float) -> int: ...
    def update_metadata(self, concept_id: Name, metadata: Metadata) -> int: ...
    def record_access(self, concept_id: Name) -> int: ...
    def forget_concept(self, concept_id: Name) -> int: ...
    def forget_association(self, source_id: Name, target_id: Name, assoc_type: str | int = 0) -> int: ...
    def wait_visible(self, sequence: int) -> None: ...
    def wait_durable(self, sequence: int) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...
    def snapshot(self) -> Snapshot: ...
    def stats(self) -> dict[str, Any]: ...
    @property
    def recovery(self) -> dict[str, Any]: ...
    @property
    def closed(self) -> bool: ...
    @property
    def pressed(self) -> bool: ...
    @property
    def path(self) -> pathlib.Path: ...
    @property
    def durability(self) -> Literal["group", "always", "none"]: ...
    @property
    def read_your_writes(self) -> bool: ...
    def query_concept(self, concept_id: Name) -> Concept | None: ...
    def contains(self, concept_id: Name) -> bool: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...
    def concepts(self) -> Iterator[Concept]: ...
    def associations(self) -> Iterator[Association]: ...
    def association(self, source_id: Name, target_id: Name, assoc_type: str | int = 0) -> Association | None: ...
    def get_neighbors(
        self,
        concept_id: Name,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
    ) -> list[str]: ...
    def neighbors(
        self,
        concept_id: Name,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
    ) -> list[Neighbor]: ...
    def find_path(
        self,
        start_id: Name,
        end_id: Name,
        max_depth: int | None = 6,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
    ) -> list[str] | None: ...
    def explain_path(
        self,
        start_id: Name,
        end_id: Name,
        max_depth: int | None = 6,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
    ) -> Path | None: ...
    def find_best_path(
        self,
        start_id: Name,
        end_id: Name,
        max_depth: int | None = 6,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        decay: float = 1.0,
    ) -> Path | None: ...
    def find_paths(
        self,
        start_id: Name,
        end_id: Name,
        limit: int = 10,
        *,
        longer: bool = False,
        max_depth: int | None = 6,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[Path]: ...
    def find_best_paths(
        self,
        start_id: Name,
        end_id: Name,
        limit: int = 10,
        *,
        max_depth: int | None = 6,
        decay: float = 1.0,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[Path]: ...
    def reason(
        self,
        sources: Name | Iterable[Name],
        targets: Name | Iterable[Name],
        *,
        max_paths: int = 8,
        max_depth: int | None = 6,
        decay: float = 1.0,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[Conclusion]: ...
    def recall(
        self,
        seeds: Name | Iterable[Name | tuple[Name, float]] | Mapping[str, float] | Mapping[bytes, float] | Mapping[Name, float],
        limit: int = 10,
        *,
        how: Literal["walks", "spreading"] = "walks",
        restart: float = 0.15,
        precision: float = 1e-6,
        threshold: float = 1e-4,
        decay: float = 0.5,
        with_seeds: bool = False,
        max_depth: int | None = 6,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[Recalled]: ...
    def neighborhood(
        self,
        concept_id: Name,
        hops: int = 1,
        *,
        max_concepts: int = 1000,
        max_associations: int = 10_000,
        direction: _Direction = "both",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Neighborhood: ...
    def pagerank(
        self,
        limit: int | None = None,
        *,
        damping: float = 0.85,
        tolerance: float = 1e-6,
        max_rounds: int = 100,
        weighted: bool = True,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[tuple[str, float]]: ...
    def components(
        self,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[list[str]]: ...
    def hubs(
        self,
        limit: int = 10,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[tuple[str, int]]: ...
    def embeddings(self, ids: _Names) -> Floats: ...
    def type_name(self, assoc_type: int) -> str | None: ...
    @property
    def concept_count(self) -> int: ...
    @property
    def stub_count(self) -> int: ...
    @property
    def edge_count(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def vector_dimension(self) -> int | None: ...

@final
class Snapshot:
    def query_concept(self, concept_id: Name) -> Concept | None: ...
    def contains(self, concept_id: Name) -> bool: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...
    def concepts(self) -> Iterator[Concept]: ...
    def associations(self) -> Iterator[Association]: ...
    def association(self, source_id: Name, target_id: Name, assoc_type: str | int = 0) -> Association | None: ...
    def get_neighbors(
        self,
        concept_id: Name,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
    ) -> list[str]: ...
    def neighbors(
        self,
        concept_id: Name,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
    ) -> list[Neighbor]: ...
    def find_path(
        self,
        start_id: Name,
        end_id: Name,
        max_depth: int | None = 6,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
    ) -> list[str] | None: ...
    def explain_path(
        self,
        start_id: Name,
        end_id: Name,
        max_depth: int | None = 6,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
    ) -> Path | None: ...
    def find_best_path(
        self,
        start_id: Name,
        end_id: Name,
        max_depth: int | None = 6,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        decay: float = 1.0,
    ) -> Path | None: ...
    def find_paths(
        self,
        start_id: Name,
        end_id: Name,
        limit: int = 10,
        *,
        longer: bool = False,
        max_depth: int | None = 6,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[Path]: ...
    def find_best_paths(
        self,
        start_id: Name,
        end_id: Name,
        limit: int = 10,
        *,
        max_depth: int | None = 6,
        decay: float = 1.0,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[Path]: ...
    def reason(
        self,
        sources: Name | Iterable[Name],
        targets: Name | Iterable[Name],
        *,
        max_paths: int = 8,
        max_depth: int | None = 6,
        decay: float = 1.0,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[Conclusion]: ...
    def recall(
        self,
        seeds: Name | Iterable[Name | tuple[Name, float]] | Mapping[str, float] | Mapping[bytes, float] | Mapping[Name, float],
        limit: int = 10,
        *,
        how: Literal["walks", "spreading"] = "walks",
        restart: float = 0.15,
        precision: float = 1e-6,
        threshold: float = 1e-4,
        decay: float = 0.5,
        with_seeds: bool = False,
        max_depth: int | None = 6,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[Recalled]: ...
    def neighborhood(
        self,
        concept_id: Name,
        hops: int = 1,
        *,
        max_concepts: int = 1000,
        max_associations: int = 10_000,
        direction: _Direction = "both",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Neighborhood: ...
    def pagerank(
        self,
        limit: int | None = None,
        *,
        damping: float = 0.85,
        tolerance: float = 1e-6,
        max_rounds: int = 100,
        weighted: bool = True,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[tuple[str, float]]: ...
    def components(
        self,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[list[str]]: ...
    def hubs(
        self,
        limit: int = 10,
        *,
        direction: _Direction = "out",
        types: str | int | Iterable[str | int] | None = None,
        min_confidence: float = 0.0,
        max_visited: int | None = None,
        timeout: float | None = None,
    ) -> Answer[tuple[str, int]]: ...
    def embeddings(self, ids: _Names) -> Floats: ...
    def type_name(self, assoc_type: int) -> str | None: ...
    @property
    def concept_count(self) -> int: ...
    @property
    def stub_count(self) -> int: ...
    @property
    def edge_count(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def vector_dimension(self) -> int | None: ...

@final
class Concept:
    @property
    def id(self) -> str: ...
    @property
    def key(self) -> str | None: ...
    @property
    def name(self) -> str: ...
    @property
    def content(self) -> str | bytes: ...
    @property
    def content_bytes(self) -> bytes: ...
    @property
    def embedding(self) -> Floats | None: ...
    @property
    def metadata(self) -> Any: ...
    @property
    def strength(self) -> float: ...
    @property
    def confidence(self) -> float: ...
    @property
    def created(self) -> int: ...
    @property
    def modified(self) -> int: ...
    @property
    def last_accessed(self) -> int | None: ...
    @property
    def access_count(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    def __getitem__(self, key: str, /) -> Any: ...
    def get(self, key: str, default: Any = None) -> Any: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def keys(self) -> list[str]: ...
    def values(self) -> list[Any]: ...
    def items(self) -> list[tuple[str, Any]]: ...

@final
class Association:
    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def assoc_type(self) -> int: ...
    @property
    def type_name(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def weight(self) -> float: ...
    @property
    def created(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def metadata(self) -> Any: ...

@final
class Neighbor:
    @property
    def name(self) -> str: ...
    @property
    def is_stub(self) -> bool: ...
    @property
    def assoc_type(self) -> int: ...
    @property
    def type_name(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def direction(self) -> Literal["out", "in"]: ...

@final
class Path:
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, position: SupportsIndex, /) -> str: ...
    @overload
    def __getitem__(self, position: slice, /) -> list[str]: ...
    def __iter__(self) -> Iterator[str]: ...
    @property
    def nodes(self) -> list[str]: ...
    @property
    def hops(self) -> list[Hop]: ...
    @property
    def confidence(self) -> float: ...

@final
class Hop:
    @property
    def assoc_type(self) -> int: ...
    @property
    def type_name(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def weight(self) -> float: ...
    @property
    def created(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def reversed(self) -> bool: ...

@final
class Answer(Generic[_T]):
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, position: SupportsIndex, /) -> _T: ...
    @overload
    def __getitem__(self, position: slice, /) -> list[_T]: ...
    def __iter__(self) -> Iterator[_T]: ...
    @property
    def found(self) -> list[_T]: ...
    @property
    def complete(self) -> bool: ...

@final
class Conclusion:
    @property
    def target(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def agreement(self) -> float: ...
    @property
    def paths(self) -> list[Path]: ...

@final
class Recalled:
    @property
    def name(self) -> str: ...
    @property
    def is_stub(self) -> bool: ...
    @property
    def score(self) -> float: ...
    @property
    def path(self) -> Path: ...

@final
class Neighborhood:
    def __len__(self) -> int: ...
    @property
    def nodes(self) -> list[str]: ...
    @property
    def hops(self) -> list[int]: ...
    @property
    def links(self) -> list[Link]: ...
    @property
    def whole(self) -> bool: ...
    @property
    def complete(self) -> bool: ...

@final
class Link:
    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def assoc_type(self) -> int: ...
    @property
    def type_name(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def weight(self) -> float: ...
    @property
    def created(self) -> int: ...
    @property
    def sequence(self) -> int: ...

@final
class Concepts:
    def __iter__(self) -> Self: ...
    def __next__(self) -> Concept: ...

@final
class Names:
    def __iter__(self) -> Self: ...
    def __next__(self) -> str: ...

@final
class Associations:
    def __iter__(self) -> Self: ...
    def __next__(self) -> Association: ...
