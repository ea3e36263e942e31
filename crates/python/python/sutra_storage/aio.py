"""The calls of a storage as coroutines: a thin layer that keeps the event loop from waiting."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar, Union

from ._native import ConcurrentStorage

P = ParamSpec("P")
T = TypeVar("T")
_Call: TypeAlias = Callable[Concatenate[ConcurrentStorage, P], T]


def _writing(call: _Call[P, int], *, long: bool = False) -> Callable[Concatenate[AsyncStorage, P], Coroutine[Any, Any, int]]:
    @functools.wraps(call)
    async def write(self: AsyncStorage, /, *args: P.args, **named: P.kwargs) -> int:
        storage = self.storage
        if long or storage.durability == "always" or storage.pressed:
            sequence = await asyncio.to_thread(call, storage, *args, **named)
        else:
            sequence = call(storage, *args, **named)
        self.wrote = max(self.wrote, sequence)
        return sequence

    return write


def _reading(call: _Call[P, T], *, long: bool = False) -> Callable[Concatenate[AsyncStorage, P], Coroutine[Any, Any, T]]:
    @functools.wraps(call)
    async def read(self: AsyncStorage, /, *args: P.args, **named: P.kwargs) -> T:
        storage = self.storage
        if self.read_your_writes and storage.sequence < self.wrote:
            await asyncio.to_thread(storage.wait_visible, self.wrote)
        if long:
            return await asyncio.to_thread(call, storage, *args, **named)
        return call(storage, *args, **named)

    return read


def _waiting(call: _Call[P, T]) -> Callable[Concatenate[AsyncStorage, P], Coroutine[Any, Any, T]]:
    @functools.wraps(call)
    async def wait(self: AsyncStorage, /, *args: P.args, **named: P.kwargs) -> T:
        return await asyncio.to_thread(call, self.storage, *args, **named)

    return wait


class AsyncStorage:
    """A storage for asyncio: the calls of ``ConcurrentStorage`` with its arguments and errors, as coroutines.

    What does not wait (a lookup, a write while there is room) is done in the event loop, since it takes less than handing it
    over; what may take longer runs in a thread. A read first waits until the last write *of this object* is visible,
    whichever task made it. Cancelling a coroutine ends the waiting, not the work. Arrays must not be changed until the call
    that reads them is done. Use ``async with``, or ``await close()``.

    ``storage`` is the storage behind it, whose own reads do not wait: use it for what is not here, such as iteration.
    """

    storage: ConcurrentStorage
    #: The last sequence that was written through this object.
    wrote: int
    #: Whether a read first waits for that.
    read_your_writes: bool

    def __init__(self, path: Union[str, os.PathLike[str]], *, read_your_writes: bool = True, **config: Any) -> None:
        """Takes what ``ConcurrentStorage`` takes. Opens at once, and blocks for as long as recovery does; see ``open``."""
        self.storage = ConcurrentStorage(path, read_your_writes=False, **config)
        self.wrote = 0
        self.read_your_writes = read_your_writes

    @classmethod
    async def open(cls, path: Union[str, os.PathLike[str]], **config: Any) -> AsyncStorage:
        """Opens in a thread."""
        return await asyncio.to_thread(cls, path, **config)

    async def __aenter__(self) -> AsyncStorage:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Async{self.storage!r}"

    learn_concept = _writing(ConcurrentStorage.learn_concept)
    try_learn_concept = _writing(ConcurrentStorage.try_learn_concept)
    learn_association = _writing(ConcurrentStorage.learn_association)
    learn_batch = _writing(ConcurrentStorage.learn_batch, long=True)
    learn_associations = _writing(ConcurrentStorage.learn_associations, long=True)
    update_strength = _writing(ConcurrentStorage.update_strength)
    update_metadata = _writing(ConcurrentStorage.update_metadata)
    record_access = _writing(ConcurrentStorage.record_access)
    forget_concept = _writing(ConcurrentStorage.forget_concept)
    forget_association = _writing(ConcurrentStorage.forget_association)

    wait_visible = _waiting(ConcurrentStorage.wait_visible)
    wait_durable = _waiting(ConcurrentStorage.wait_durable)
    flush = _waiting(ConcurrentStorage.flush)
    close = _waiting(ConcurrentStorage.close)

    snapshot = _reading(ConcurrentStorage.snapshot)
    query_concept = _reading(ConcurrentStorage.query_concept)
    contains = _reading(ConcurrentStorage.contains)
    association = _reading(ConcurrentStorage.association)
    get_neighbors = _reading(ConcurrentStorage.get_neighbors)
    neighbors = _reading(ConcurrentStorage.neighbors)
    stats = _reading(ConcurrentStorage.stats)
    find_path = _reading(ConcurrentStorage.find_path, long=True)
    explain_path = _reading(ConcurrentStorage.explain_path, long=True)
    find_best_path = _reading(ConcurrentStorage.find_best_path, long=True)
    find_paths = _reading(ConcurrentStorage.find_paths, long=True)
    find_best_paths = _reading(ConcurrentStorage.find_best_paths, long=True)
    reason = _reading(ConcurrentStorage.reason, long=True)
    recall = _reading(ConcurrentStorage.recall, long=True)
    neighborhood = _reading(ConcurrentStorage.neighborhood, long=True)
    pagerank = _reading(ConcurrentStorage.pagerank, long=True)
    components = _reading(ConcurrentStorage.components, long=True)
    hubs = _reading(ConcurrentStorage.hubs, long=True)
    embeddings = _reading(ConcurrentStorage.embeddings, long=True)
