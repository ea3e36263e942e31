"""Types of arguments, for type checkers: nothing imports this when a program runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, Union

import numpy
from numpy.typing import NDArray

#: A concept: a key, an id of 16 or 32 hex digits, or its 16 bytes.
Name: TypeAlias = Union[str, bytes]

#: What ``json.dumps`` takes; text is JSON already.
Metadata: TypeAlias = Union[str, Mapping[str, Any], Sequence[Any], int, float, bool]

#: One embedding: shape (d,).
Vector: TypeAlias = Union[NDArray[Any], Sequence[float]]

#: 32-bit floats.
Floats: TypeAlias = NDArray[numpy.float32]


class ArrowStream(Protocol):
    """A column or a table of pyarrow, polars, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


class ArrowArray(Protocol):
    """A column of pyarrow and others."""

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any: ...


Arrow: TypeAlias = Union[ArrowStream, ArrowArray]

#: n names, contents or types.
Names: TypeAlias = Union[Sequence[Name], NDArray[Any], Arrow]
Types: TypeAlias = Union[str, int, Sequence[Union[str, int]], NDArray[Any], Arrow]

#: n vectors: shape (n, d), or ``None`` for those that are missing.
Vectors: TypeAlias = Union[NDArray[Any], Sequence[Union[Vector, None]], Arrow]

#: n documents, or ``None`` for those that are missing.
Documents: TypeAlias = Union[Sequence[Union[Metadata, None]], Arrow]

#: One number for all rows, or n.
Numbers: TypeAlias = Union[float, Sequence[float], NDArray[Any], Arrow]
