"""1,000 articles with 768-dimensional vectors: learned, linked, read back, found again after a restart.

Part of the tests; `python test_concurrent_storage.py` runs it alone.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy
import pytest

from sutra_storage import ConcurrentStorage

ARTICLES = 1_000


def _text(number: int) -> str:
    return f"Article {number}: " + "knowledge about a subject. " * (1 + number % 7)


def _read_back(storage: ConcurrentStorage, vectors: Any) -> None:
    assert len(storage) == ARTICLES
    assert storage.edge_count == ARTICLES - 1
    for number in range(ARTICLES):
        article = storage.query_concept(f"article {number}")
        assert article is not None
        assert article["content"] == _text(number)
        assert numpy.array_equal(article["embedding"], vectors[number])
    assert storage.find_path("article 10", "article 13") == [f"article {number}" for number in range(10, 14)]
    assert storage.find_path("article 13", "article 10") is None
    assert storage.find_path("article 0", "article 7", max_depth=6) is None


def test_a_thousand_articles(storage: ConcurrentStorage, vectors: Any, reopened: Any) -> None:
    for number in range(ARTICLES):
        storage.learn_concept(f"article {number}", _text(number), embedding=vectors[number], confidence=0.9)
        if number:
            storage.learn_association(f"article {number - 1}", f"article {number}", assoc_type=2, confidence=0.8)
    _read_back(storage, vectors)
    counts = storage.stats()
    assert counts["written"] == 2 * ARTICLES - 1
    assert counts["dropped"] == 0
    storage.flush()
    with reopened(storage) as again:
        _read_back(again, vectors)
        assert again.recovery["replayed_entries"] == 0


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
