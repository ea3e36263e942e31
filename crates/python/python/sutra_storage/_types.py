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

#: One embedding: d numbers, as an array of shape ``(d,)`` or a sequence.
Vector: TypeAlias = Union[NDArray[Any], Sequence[float]]

#: An array of 32-bit floats.
Floats: TypeAlias = NDArray[numpy.float32]


class ArrowStream(Protocol):
    """A column or a table of pyarrow, polars, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


class ArrowArray(Protocol):
    """A column of pyarrow and others."""

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any: ...


#: A column or a table of pyarrow, polars, DuckDB and others: what has ``__arrow_c_stream__`` or ``__arrow_c_array__``.
Arrow: TypeAlias = Union[ArrowStream, ArrowArray]

#: n names, or n contents: a sequence, an array, or a column of Arrow.
Names: TypeAlias = Union[Sequence[Name], NDArray[Any], Arrow]

#: One type of associations for all rows, or n: names, or numbers from 0 to 255.
Types: TypeAlias = Union[str, int, Sequence[Union[str, int]], NDArray[Any], Arrow]

#: n embeddings: an array of shape ``(n, d)``, or n vectors with ``None`` for those that are missing, or a column of lists.
Vectors: TypeAlias = Union[NDArray[Any], Sequence[Union[Vector, None]], Arrow]

#: n metadata, or ``None`` for those that are missing.
Documents: TypeAlias = Union[Sequence[Union[Metadata, None]], Arrow]

#: One number for all rows, or n.
Numbers: TypeAlias = Union[float, Sequence[float], NDArray[Any], Arrow]
