"""Sixteen checks of an installed sutra_storage, for whoever wants to see it work: python verify_concurrent_storage.py

Each check is one line of the output; the exit code is the number of those that failed.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy

from sutra_storage import ConcurrentStorage, LockedError

CONCEPTS = 200
DIMENSION = 768
VECTORS = numpy.random.default_rng(7).random((CONCEPTS, DIMENSION), dtype=numpy.float32)
CHECKS: list[tuple[str, Callable[[ConcurrentStorage], bool]]] = []


def check(call: Callable[[ConcurrentStorage], bool]) -> Callable[[ConcurrentStorage], bool]:
    CHECKS.append((call.__name__.replace("_", " "), call))
    return call


def learn(storage: ConcurrentStorage) -> None:
    for number in range(CONCEPTS):
        storage.learn_concept(f"c{number}", f"content {number}", VECTORS[number], 0.5, 0.9, metadata={"number": number})
    for number in range(CONCEPTS - 1):
        storage.learn_association(f"c{number}", f"c{number + 1}", "next", confidence=0.75)


@check
def contents_are_what_was_learned(storage: ConcurrentStorage) -> bool:
    return all(storage.query_concept(f"c{n}")["content"] == f"content {n}" for n in range(CONCEPTS))


@check
def embeddings_are_bit_for_bit_the_same(storage: ConcurrentStorage) -> bool:
    return all(numpy.array_equal(storage.query_concept(f"c{n}").embedding, VECTORS[n]) for n in range(CONCEPTS))


@check
def embeddings_come_as_one_array(storage: ConcurrentStorage) -> bool:
    return numpy.array_equal(storage.embeddings([f"c{n}" for n in range(CONCEPTS)]), VECTORS)


@check
def strength_and_confidence_are_kept(storage: ConcurrentStorage) -> bool:
    concept = storage.query_concept("c5")
    return (concept["strength"], concept["confidence"]) == (0.5, 0.9)


@check
def metadata_are_kept(storage: ConcurrentStorage) -> bool:
    return storage.query_concept("c7")["metadata"] == {"number": 7}


@check
def what_is_missing_is_none(storage: ConcurrentStorage) -> bool:
    return storage.query_concept("nobody") is None and "nobody" not in storage and not storage.get_neighbors("nobody")


@check
def counts_are_right(storage: ConcurrentStorage) -> bool:
    counts = storage.stats()
    return (len(storage), counts["edges"], counts["dropped"]) == (CONCEPTS, CONCEPTS - 1, 0)


@check
def neighbours_are_right_in_both_directions(storage: ConcurrentStorage) -> bool:
    return storage.get_neighbors("c3") == ["c4"] and storage.get_neighbors("c3", direction="in") == ["c2"]


@check
def a_path_of_three_hops_is_found(storage: ConcurrentStorage) -> bool:
    return storage.find_path("c0", "c3", max_depth=6) == ["c0", "c1", "c2", "c3"]


@check
def a_path_beyond_the_depth_is_not(storage: ConcurrentStorage) -> bool:
    return storage.find_path("c0", "c7", max_depth=6) is None


@check
def a_stub_is_an_end_and_not_a_concept(storage: ConcurrentStorage) -> bool:
    storage.learn_association("c0", "a stub", 1)
    return "a stub" not in storage and storage.find_path("c0", "a stub") == ["c0", "a stub"]


@check
def learning_again_keeps_embedding_and_associations(storage: ConcurrentStorage) -> bool:
    storage.learn_concept("c9", "said anew")
    concept = storage.query_concept("c9")
    same = numpy.array_equal(concept.embedding, VECTORS[9])
    return concept["content"] == "said anew" and same and storage.get_neighbors("c9") == ["c10"]


@check
def what_is_forgotten_is_gone(storage: ConcurrentStorage) -> bool:
    storage.learn_concept("passing", "")
    storage.learn_association("c0", "passing")
    storage.forget_concept("passing")
    return "passing" not in storage and "passing" not in storage.get_neighbors("c0")


@check
def a_snapshot_does_not_change(storage: ConcurrentStorage) -> bool:
    before = storage.snapshot()
    storage.learn_concept("later", "")
    return "later" not in before and "later" in storage


@check
def threads_write_and_read_together(storage: ConcurrentStorage) -> bool:
    wrong: list[str] = []

    def work(thread: int) -> None:
        for number in range(100):
            name = f"thread {thread} number {number}"
            storage.learn_concept(name, name)
            concept = storage.query_concept(name)
            if concept is None or concept["content"] != name:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return not wrong


@check
def all_is_there_after_a_restart(storage: ConcurrentStorage) -> bool:
    path, before = storage.path, (storage.concept_count, storage.edge_count)
    try:
        ConcurrentStorage(path)
        return False
    except LockedError:
        storage.close()
    with ConcurrentStorage(path) as again:
        rows = numpy.array_equal(again.embeddings([f"c{n}" for n in range(CONCEPTS)]), VECTORS)
        return rows and (again.concept_count, again.edge_count) == before


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        storage = ConcurrentStorage(Path(folder) / "store")
        learn(storage)
        for name, call in CHECKS:
            try:
                passed, why = call(storage), ""
            except Exception as error:  # A check that breaks has failed; the others go on.
                passed, why = False, f": {error!r}"
            failed += not passed
            print(f"{'ok    ' if passed else 'FAILED'}  {name}{why}")
        storage.close()
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} passed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
