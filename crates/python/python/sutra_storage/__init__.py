"""Sutra Storage: an embedded storage engine for systems that learn in bursts and reason in bursts.

>>> from sutra_storage import ConcurrentStorage
>>> with ConcurrentStorage("./my_knowledge") as storage:
...     written = storage.learn_concept("rain", "water that falls from clouds")
...     written = storage.learn_association("rain", "flood", "causal", confidence=0.8)
...     storage.get_neighbors("rain")
['flood']

A write is *accepted* when its call returns a sequence, *visible* when a new snapshot holds it, *durable* when it survives a
power cut; it is durable before it is visible (except under ``durability="none"``).

=========================  =============================================================================================
``ConcurrentStorage``      one open storage: writing, reading, waiting, counts
``Snapshot``               the storage at one moment, for as long as it is held, from any thread
``Concept``                what a query gives: attributes, and the manners of a dictionary
``AsyncStorage``           the same calls as coroutines
``learn_many``             large amounts in batches, with progress
``to_networkx`` ...        graphs and tables of other packages
``errors``                 ``SutraError`` and its subclasses
=========================  =============================================================================================
"""

import atexit as _atexit
from typing import TYPE_CHECKING

from . import _native
from ._native import (
    Answer,
    Association,
    Concept,
    Conclusion,
    ConcurrentStorage,
    Hop,
    Link,
    Neighbor,
    Neighborhood,
    Path,
    Recalled,
    Snapshot,
    __version__,
)
from .errors import (
    BackpressureError,
    ClosedError,
    ConfigMismatchError,
    CorruptError,
    DimensionMismatchError,
    ForkedError,
    FullError,
    InvalidArgumentError,
    IoError,
    LockedError,
    NewerVersionError,
    NotOursError,
    PoisonedError,
    SutraError,
    TooLargeError,
)

if TYPE_CHECKING:
    from .aio import AsyncStorage
    from .bulk import learn_many
    from .exchange import from_networkx, to_arrow, to_networkx

# What is accepted is written when the interpreter ends, whether or not close() was called.
_atexit.register(_native.close_all)

__all__ = [
    "Answer",
    "Association",
    "AsyncStorage",
    "BackpressureError",
    "ClosedError",
    "Concept",
    "Conclusion",
    "ConcurrentStorage",
    "ConfigMismatchError",
    "CorruptError",
    "DimensionMismatchError",
    "ForkedError",
    "FullError",
    "Hop",
    "InvalidArgumentError",
    "IoError",
    "Link",
    "LockedError",
    "Neighbor",
    "Neighborhood",
    "NewerVersionError",
    "NotOursError",
    "Path",
    "PoisonedError",
    "Recalled",
    "Snapshot",
    "SutraError",
    "TooLargeError",
    "__version__",
    "from_networkx",
    "learn_many",
    "to_arrow",
    "to_networkx",
]

_LATER = {
    "AsyncStorage": "aio",
    "learn_many": "bulk",
    "from_networkx": "exchange",
    "to_arrow": "exchange",
    "to_networkx": "exchange",
}


def __getattr__(name: str) -> object:
    """Imports at first use what most programs do not use: asyncio alone takes longer to import than all the rest."""
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
