"""Telling how far a long call is: to a function, to a bar of tqdm, or to nobody."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeAlias, Union

#: ``True`` for a bar of tqdm (nothing if that is not installed), a function of rows done and rows in all, or ``None``.
Progress: TypeAlias = Union[bool, Callable[[int, int], object], None]


@contextmanager
def reporting(progress: Progress, total: int, what: str) -> Generator[Callable[[int], None], None, None]:
    """Gives a function that is to be told how many rows are done."""
    if callable(progress):
        told = progress

        def tell(done: int) -> None:
            told(done, total)

        yield tell
        return
    bar = _bar(total, what) if progress else None

    def move(done: int) -> None:
        if bar is not None:
            bar.update(done - bar.n)

    try:
        yield move
    finally:
        if bar is not None:
            bar.close()


def _bar(total: int, what: str) -> Any:
    try:
        tqdm: Any = import_module("tqdm")
    except ImportError:
        return None
    return tqdm.tqdm(total=total, desc=what, unit="row", unit_scale=True)
