"""Large amounts, cut into batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from ._progress import Progress, reporting

if TYPE_CHECKING:
    from ._native import ConcurrentStorage

#: Rows of a batch, if the caller does not say: few enough for the write log's default bounds with 768-d embeddings.
BATCH = 10_000


def learn_many(
    storage: ConcurrentStorage,
    ids: Any,
    contents: Any = None,
    embeddings: Any = None,
    metadata: Any = None,
    strengths: Any = None,
    confidences: Any = None,
    created: Any = None,
    *,
    batch_size: int = BATCH,
    progress: Progress = None,
) -> Optional[int]:
    """Learns any number of concepts by ``learn_batch``, ``batch_size`` rows at a time; returns the last sequence.

    Each batch is seen whole or not at all; a failure leaves those before it. Columns are as in ``learn_batch``, but must have
    a length and be sliceable (lists, arrays, columns of pyarrow and polars); a column of pandas is sliced by position.
    ``progress`` is ``True`` for a bar of tqdm (nothing if that is not installed) or a function that is called with rows done
    and rows in all. ``None`` is returned for no rows. Waits and raises as ``learn_batch``.
    """
    if batch_size < 1:
        from .errors import InvalidArgumentError

        raise InvalidArgumentError(f"batch_size: {batch_size} is not at least 1")
    columns = {
        "contents": contents,
        "embeddings": embeddings,
        "metadata": metadata,
        "strengths": strengths,
        "confidences": confidences,
        "created": created,
    }
    total, last = len(ids), None
    with reporting(progress, total, "concepts") as done:
        for start in range(0, total, batch_size):
            end = min(start + batch_size, total)
            part = {name: _slice(column, start, end) for name, column in columns.items()}
            last = storage.learn_batch(_slice(ids, start, end), **part)
            done(end)
    return last


def _slice(column: Any, start: int, end: int) -> Any:
    # One for all rows: a number of Python or of numpy.
    if not hasattr(column, "__len__"):
        return column
    if hasattr(column, "iloc"):
        return column.iloc[start:end]
    return column[start:end]
