"""The coroutines: the same answers, reads after this object's own writes, nothing that blocks the loop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sutra_storage import AsyncStorage, ClosedError, InvalidArgumentError


def test_the_calls_are_the_same(folder: Path) -> None:
    async def main() -> None:
        async with await AsyncStorage.open(folder, reconcile_interval_ms=5) as storage:
            await storage.learn_concept("rain", "falls", [1.0, 2.0], metadata={"wet": True})
            await storage.learn_association("rain", "flood", "causal", confidence=0.8)
            await storage.learn_batch(["a", "b"], ["1", "2"])
            await storage.learn_associations(["a"], ["b"])
            await storage.update_strength("a", 0.5)
            await storage.update_metadata("a", {"x": 1})
            await storage.record_access("a")
            rain = await storage.query_concept("rain")
            assert rain is not None and rain.content == "falls"
            assert await storage.get_neighbors("rain") == ["flood"]
            assert [neighbor.name for neighbor in await storage.neighbors("a")] == ["b"]
            assert await storage.find_path("a", "b") == ["a", "b"]
            explained = await storage.explain_path("a", "b")
            best = await storage.find_best_path("a", "b")
            assert explained is not None and best is not None and explained.nodes == best.nodes
            assert (await storage.embeddings(["rain"])).tolist() == [[1.0, 2.0]]
            assert (await storage.association("rain", "flood", 1)) is not None
            assert (await storage.stats())["concepts"] == 3
            assert len(await storage.snapshot()) == 3
            sequence = await storage.forget_association("a", "b")
            sequence = await storage.forget_concept("a")
            assert not await storage.contains("a")
            await storage.wait_visible(sequence)
            await storage.wait_durable(sequence)
            await storage.flush()
            assert "Async" in repr(storage)
        assert storage.storage.closed
        with pytest.raises(ClosedError):
            await storage.contains("a")

    asyncio.run(main())


def test_a_read_waits_for_the_writes_of_its_object(folder: Path) -> None:
    async def main() -> None:
        async with AsyncStorage(folder, reconcile_interval_ms=60_000) as storage:
            names = [f"c{number}" for number in range(200)]
            await asyncio.gather(*(storage.learn_concept(name, name) for name in names))
            found = await asyncio.gather(*(storage.query_concept(name) for name in names))
            assert [concept.content for concept in found if concept is not None] == names

    asyncio.run(main())


def test_a_read_need_not_wait(folder: Path) -> None:
    async def main() -> None:
        async with AsyncStorage(folder, reconcile_interval_ms=60_000, read_your_writes=False) as storage:
            sequence = await storage.learn_concept("a", "")
            assert not await storage.contains("a")
            await storage.wait_visible(sequence)
            assert await storage.contains("a")

    asyncio.run(main())


def test_durable_writes_leave_the_loop_free_and_errors_come_through(folder: Path) -> None:
    async def main() -> None:
        async with AsyncStorage(folder, durability="always") as storage:
            turns = 0

            async def spin() -> None:
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)

            spinning = asyncio.ensure_future(spin())
            await asyncio.gather(*(storage.learn_concept(f"c{number}", "") for number in range(20)))
            spinning.cancel()
            assert turns > 0 and len(await storage.snapshot()) == 20
            with pytest.raises(InvalidArgumentError):
                await storage.learn_concept("", "")

    asyncio.run(main())
