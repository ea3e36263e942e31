"""The workloads: each takes turns with all engines, round by round."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from engines import HOPS, Engine
from report import Section

DIMENSION = 768
BATCH = 1_000


@dataclass
class Sizes:
    """How much is done in a round; engines that are ``slower`` do as many times less."""

    concepts: int
    vectors: int
    reads: int
    rounds: int


@dataclass
class Setting:
    sizes: Sizes
    engines: list[type[Engine]]
    #: The program of ``batch_rate.rs``, if it could be built.
    batch_rate: Path | None
    #: Where stores lie.
    folder: str | None

    @contextmanager
    def opened(self, engine: type[Engine], dimension: int = 0) -> Iterator[Any]:
        with self.scratch() as folder:
            opened = engine(folder, dimension)
            try:
                yield opened
            finally:
                opened.close()

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix="sutra-bench-", dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _content(number: int) -> str:
    return f"{number:0>100}"


def _names(count: int) -> list[str]:
    return [f"concept {number}" for number in range(count)]


def learn(setting: Setting) -> Section:
    return _learn(setting, "Learn, single calls", setting.sizes.concepts, 0, 300_000)


def learn_768(setting: Setting) -> Section:
    return _learn(setting, "Learn with 768-d float32 arrays, single calls", setting.sizes.vectors, DIMENSION, 100_000)


def _learn(setting: Setting, title: str, count: int, dimension: int, goal: float) -> Section:
    names, contents = _names(count), [_content(number) for number in range(count)]
    vectors = _vectors(count, dimension)
    about = f"{count} new concepts of 100 characters, one call each, on one thread. Accepted: until the last call returned; durable:"
    section = Section(title, f"{about} until all are durable and visible. Slower packages do less of it.")
    for _ in range(setting.sizes.rounds):
        for engine in setting.engines:
            part = max(1, count // engine.slower)
            rows = None if vectors is None else list(vectors[:part])
            with setting.opened(engine, dimension) as opened:
                _quieted()
                began = time.perf_counter()
                accepted = opened.learn(names[:part], contents[:part], rows)
                opened.settle()
                durable = time.perf_counter() - began
            ours = goal if engine.name == "sutra" else None
            section.row("accepted", engine.name, "/s", goal=ours, note=engine.durable).values.append(part / accepted)
            section.row("durable", engine.name, "/s", note=engine.durable).values.append(part / durable)
    return section


def associate(setting: Setting) -> Section:
    """New associations of known concepts, by single calls and in batches; each in a store of its own."""
    count = setting.sizes.concepts
    names, picks = _names(max(1_000, count // 5)), random.Random(17)
    contents = [_content(number) for number in range(len(names))]
    # Drawn without repetition: an association that is there already is another work.
    pairs = list(dict.fromkeys(zip(picks.choices(names, k=count), picks.choices(names, k=count))))
    sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
    about = f"{len(pairs)} new associations between {len(names)} known concepts at random, on one thread. Accepted: one call each, until"
    section = Section(
        "Associate",
        f"{about} the last one returned; durable: until all are durable and visible; in batches: the same in calls of 10,000 (ours),"
        " or as the package takes many. Slower packages do fewer single calls.",
    )
    for _ in range(setting.sizes.rounds):
        for engine in setting.engines:
            if not engine.links:
                continue
            part = max(1, len(pairs) // engine.slower)
            with setting.opened(engine) as opened:
                opened.learn_batches(names, contents, None, BATCH)
                opened.settle()
                _quieted()
                began = time.perf_counter()
                accepted = opened.associate(sources[:part], targets[:part])
                opened.settle()
                durable = time.perf_counter() - began
            section.row("accepted", engine.name, "/s", note=engine.durable).values.append(part / accepted)
            section.row("durable", engine.name, "/s", note=engine.durable).values.append(part / durable)
            with setting.opened(engine) as opened:
                opened.learn_batches(names, contents, None, BATCH)
                opened.settle()
                _quieted()
                began = time.perf_counter()
                opened.associate_batch(sources, targets)
                opened.settle()
                took = time.perf_counter() - began
            section.row("in batches, durable", engine.name, "/s", note=engine.durable).values.append(len(pairs) / took)
    return section


def batches(setting: Setting) -> Section:
    return _batches(setting, "Learn in batches", setting.sizes.concepts, 0)


def batches_768(setting: Setting) -> Section:
    return _batches(setting, "Learn in batches with 768-d vectors", setting.sizes.vectors, DIMENSION)


def _batches(setting: Setting, title: str, count: int, dimension: int) -> Section:
    names, contents = _names(count), [_content(number) for number in range(count)]
    vectors = _vectors(count, dimension)
    about = f"{count} new concepts of 100 characters in batches of {BATCH}, on one thread, until all are durable and visible."
    section = Section(title, f"{about} Rust: the same names, contents and batches by the engine's own interface.")
    for round in range(setting.sizes.rounds):
        # Ours and Rust beside each other, now the one first, now the other.
        rust_first = round % 2 == 1
        rust = _rust(setting, count, dimension) if rust_first else None
        for engine in setting.engines:
            with setting.opened(engine, dimension) as opened:
                _quieted()
                began = time.perf_counter()
                opened.learn_batches(names, contents, vectors, BATCH)
                accepted = time.perf_counter() - began
                opened.settle()
                durable = time.perf_counter() - began
            section.row("durable", engine.name, "/s", note=engine.durable).values.append(count / durable)
            if engine.name != "sutra":
                continue
            section.row("accepted", "sutra", "/s").values.append(count / accepted)
            rust = rust if rust_first else _rust(setting, count, dimension)
            if rust is not None:
                section.row("accepted", "Rust", "/s").values.append(count / rust[0])
                section.row("durable", "Rust", "/s").values.append(count / rust[1])
                section.row("of Rust, accepted", "sutra", "%").values.append(100 * rust[0] / accepted)
                section.row("of Rust, durable", "sutra", "%", goal=80).values.append(100 * rust[1] / durable)
    return section


def _rust(setting: Setting, count: int, dimension: int) -> tuple[float, float] | None:
    """Seconds until accepted, and until durable and visible, of the same work in Rust."""
    if setting.batch_rate is None:
        return None
    with setting.scratch() as folder:
        _quieted()
        command = [setting.batch_rate, folder, count, BATCH, dimension]
        done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    accepted, durable = map(float, done.stdout.split())
    return accepted, durable


def _quieted() -> None:
    """What the one before left to be written is written, so that the next one does not wait for it."""
    if hasattr(os, "sync"):
        os.sync()


def _vectors(count: int, dimension: int) -> Any:
    return numpy.random.default_rng(7).random((count, dimension), dtype=numpy.float32) if dimension else None


def reads(setting: Setting) -> Section:
    """Stores are filled once and stay open; calls take turns."""
    count, calls = max(1_000, setting.sizes.concepts // 2), setting.sizes.reads
    names, contents = _names(count), [_content(number) for number in range(count)]
    picks = random.Random(11)
    asked = picks.choices(names, k=calls)
    ends = [(picks.choice(names), picks.choice(names)) for _ in range(max(5, calls // 20))]
    edges = [(source, target) for source in names for target in picks.sample(names, 4)]
    sources, targets = [source for source, _ in edges], [target for _, target in edges]
    about = f"{count} concepts with 4 neighbours each; {calls} calls a round, for names in random order, on one thread."
    section = Section("Reads", f"{about} Paths: a twentieth as many calls, at most {HOPS} hops (networkx: any number).")
    with _all(setting) as opened:
        readers = {}
        for engine in opened:
            engine.learn_batches(names, contents, None, BATCH)
            if engine.links:
                engine.associate_batch(sources, targets)
            engine.settle()
            readers[engine.name] = engine.reader()
        for _ in range(setting.sizes.rounds):
            for engine in opened:
                get, neighbors = readers[engine.name]
                part = asked[: max(10, calls // engine.slower)]
                if engine.name == "sutra":
                    query = engine.storage.query_concept
                    section.row("query_concept", "sutra", "us", goal=2.0).values.append(_each(query, part))
                section.row("get and content", engine.name, "us").values.append(_each(get, part))
                if neighbors is not None:
                    goal = 2.0 if engine.name == "sutra" else None
                    section.row("get_neighbors", engine.name, "us", goal=goal).values.append(_each(neighbors, part))
                find = engine.finder()
                if find is not None:
                    pairs = ends[: max(5, len(ends) // engine.slower)]
                    section.row("find_path", engine.name, "us").values.append(_each_pair(find, pairs))
    return section


def _each_pair(call: Callable[[str, str], Any], pairs: Sequence[tuple[str, str]]) -> float:
    began = time.perf_counter()
    for start, end in pairs:
        call(start, end)
    return (time.perf_counter() - began) / len(pairs) * 1e6


def _each(call: Callable[[str], Any], names: Sequence[str]) -> float:
    began = time.perf_counter()
    for name in names:
        call(name)
    return (time.perf_counter() - began) / len(names) * 1e6


@contextmanager
def _all(setting: Setting) -> Iterator[list[Any]]:
    with ExitStack() as stack:
        yield [stack.enter_context(setting.opened(engine)) for engine in setting.engines]


def threads(setting: Setting) -> Section:
    """Ours alone: calls that release the interpreter's lock."""
    from sutra_storage import ConcurrentStorage

    count, calls = max(2_000, setting.sizes.vectors), max(4, setting.sizes.reads // 4)
    names, picks = _names(count), random.Random(13)
    vectors = _vectors(count, DIMENSION)
    section = Section(
        "Two threads that read",
        f"{count} concepts with 768-d vectors and 4 neighbours each. Each thread makes the same calls: paths of at most 10 hops"
        f" between concepts at random, or `embeddings` of {BATCH} names. How many times as much two threads do in a second as one;"
        " the control is hashing, which needs neither the lock nor memory: more than it gets, the machine does not give.",
    )
    with setting.scratch() as folder, ConcurrentStorage(folder) as storage:
        for start in range(0, count, BATCH):
            storage.learn_batch(names[start : start + BATCH], embeddings=vectors[start : start + BATCH])
        edges = [(source, target) for source in names for target in picks.sample(names, 4)]
        for start in range(0, len(edges), 10_000):
            sources, targets = zip(*edges[start : start + 10_000])
            storage.learn_associations(sources, targets)
        storage.flush()
        snapshot = storage.snapshot()
        ends = [(picks.choice(names), picks.choice(names)) for _ in range(calls)]
        rows = [picks.choices(names, k=BATCH) for _ in range(max(4, calls // 40))]
        bulk = bytes(1 << 20)

        # Results go at once: to keep them would be to measure how the system makes new memory.
        def paths() -> None:
            for start, end in ends:
                snapshot.find_path(start, end, max_depth=10)

        def arrays() -> None:
            for some in rows:
                snapshot.embeddings(some)

        def control() -> None:
            for _ in range(max(4, calls // 40)):
                hashlib.sha256(bulk).digest()

        for read in [paths, arrays, control]:
            read()
        for _ in range(setting.sizes.rounds):
            for read in [paths, arrays, control]:
                one, two = _timed(read, 1), _timed(read, 2)
                ours = read is not control
                row = section.row(read.__name__, "sutra" if ours else "hashlib", "x", goal=1.7 if ours else None)
                row.values.append(2 * one / two)
    return section


def _timed(work: Callable[[], None], count: int) -> float:
    began = threading.Barrier(count + 1)

    def wait_and_work() -> None:
        began.wait()
        work()

    running = [threading.Thread(target=wait_and_work) for _ in range(count)]
    for thread in running:
        thread.start()
    began.wait()
    start = time.perf_counter()
    for thread in running:
        thread.join()
    return time.perf_counter() - start
