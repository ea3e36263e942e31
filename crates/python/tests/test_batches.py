"""Batches: from lists, numpy, pyarrow and polars; whole or not at all."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from sutra_storage import ConcurrentStorage, InvalidArgumentError, SutraError, TooLargeError, learn_many

NAMES = ["a", "b", "c"]
CONTENTS = ["one", "two", "three"]
ROWS = numpy.arange(12, dtype=numpy.float32).reshape(3, 4)


def _numpy(values: list[Any]) -> Any:
    return numpy.array(values)


def _pyarrow(values: list[Any]) -> Any:
    return pytest.importorskip("pyarrow", reason="pyarrow is not installed").array(values)


def _chunked(values: list[Any]) -> Any:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    return pyarrow.chunked_array([pyarrow.array(values[:1]), pyarrow.array(values[1:])])


def _dictionary(values: list[Any]) -> Any:
    array = _pyarrow(values)
    return array.dictionary_encode() if isinstance(values[0], str) else array


def _polars(values: list[Any]) -> Any:
    return pytest.importorskip("polars", reason="polars is not installed").Series(values)


SOURCES = [list, tuple, iter, _numpy, _pyarrow, _chunked, _dictionary, _polars]


@pytest.mark.parametrize("column", SOURCES)
def test_columns_of_every_kind(storage: ConcurrentStorage, column: Any) -> None:
    numbers = list if column is iter else column
    sequence = storage.learn_batch(
        column(NAMES), column(CONTENTS), ROWS, strengths=numbers([0.5, 0.25, 1.0]), confidences=0.75,
        created=column([7, 8, 9]),
    )
    assert sequence == 1 and list(storage) == NAMES
    for row, name in enumerate(NAMES):
        concept = storage.query_concept(name)
        assert concept.content == CONTENTS[row]
        assert concept.embedding.tolist() == ROWS[row].tolist()
        assert (concept.strength, concept.confidence) == ([0.5, 0.25, 1.0][row], 0.75)
        assert concept.created == 7 + row
    storage.learn_associations(
        column(["a", "b"]), column(["b", "c"]), column(["causal", "next"]), numbers([0.5, 0.25]), weights=2.0
    )
    edge = storage.association("b", "c", "next")
    assert edge is not None and (edge.confidence, edge.weight) == (0.25, 2.0)
    storage.learn_associations(column(["a", "b"]), column(["x", "y"]), column([1, 2]))
    assert storage.get_neighbors("b", types="temporal") == ["y"]


def test_bytes_and_metadata(storage: ConcurrentStorage) -> None:
    storage.learn_batch(NAMES, [b"\xff", "text", b""], metadata=[{"n": 1}, None, "[2]"])
    assert [storage.query_concept(name).content for name in NAMES] == [b"\xff", "text", ""]
    assert [storage.query_concept(name).metadata for name in NAMES] == [{"n": 1}, None, [2]]
    storage.learn_associations(["a"], ["b"], metadata=[{"e": True}], created=[3])
    edge = storage.association("a", "b")
    assert edge is not None and (edge.metadata, edge.created) == ({"e": True}, 3)


def test_embeddings_may_be_missing_and_come_in_lists(storage: ConcurrentStorage) -> None:
    storage.learn_batch(NAMES, embeddings=[ROWS[0], None, [1, 2, 3, 4]])
    assert storage.query_concept("b").embedding is None
    assert storage.query_concept("c").embedding.tolist() == [1.0, 2.0, 3.0, 4.0]
    storage.learn_batch(["d", "e"], embeddings=ROWS[::2])
    assert numpy.array_equal(storage.embeddings(["d", "e"]), ROWS[::2])
    storage.learn_batch(["f", "g", "h"], embeddings=ROWS.astype(numpy.float64))
    assert numpy.array_equal(storage.embeddings(["f", "g", "h"]), ROWS)


@pytest.mark.parametrize("kind", ["list", "large_list", "fixed", "list64", "sliced"])
def test_embeddings_of_arrow(storage: ConcurrentStorage, kind: str) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    number = pyarrow.float64() if kind == "list64" else pyarrow.float32()
    types = {"large_list": pyarrow.large_list(number), "fixed": pyarrow.list_(number, 4)}
    rows = [ROWS[0].tolist(), None, ROWS[2].tolist()]
    if kind == "sliced":
        column = pyarrow.array([None, *rows], pyarrow.list_(number, 4))[1:]
    elif kind == "list64":
        column = pyarrow.array([row or rows[0] for row in rows], pyarrow.list_(number))
    else:
        column = pyarrow.array(rows, types.get(kind, pyarrow.list_(number)))
    storage.learn_batch(NAMES, embeddings=column)
    assert storage.query_concept("a").embedding.tolist() == rows[0]
    assert storage.query_concept("c").embedding.tolist() == rows[2]
    if kind != "list64":
        assert storage.query_concept("b").embedding is None


def test_tables(storage: ConcurrentStorage) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = pyarrow.table({"content": CONTENTS, "id": NAMES, "strength": [0.5, 0.5, 0.5], "other": [1, 2, 3]})
    storage.learn_batch(table, confidences=0.25)
    concept = storage.query_concept("c")
    assert (concept.content, concept.strength, concept.confidence) == ("three", 0.5, 0.25)
    storage.learn_associations(pyarrow.table({"source": ["a"], "target": ["b"], "type": ["causal"]}))
    assert storage.get_neighbors("a", types="causal") == ["b"]
    with pytest.raises(InvalidArgumentError, match='"id"'):
        storage.learn_batch(pyarrow.table({"name": NAMES}))


def test_frames_of_polars(storage: ConcurrentStorage) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.DataFrame({"id": NAMES, "content": CONTENTS, "embedding": ROWS})
    storage.learn_batch(frame)
    assert storage.query_concept("b").content == "two"
    assert numpy.array_equal(storage.embeddings(NAMES), ROWS)
    links = polars.DataFrame({"source": ["a", "b"], "target": ["b", "c"], "type": ["x", "y"], "confidence": [0.5, 0.25]})
    storage.learn_associations(links.with_columns(polars.col("type").cast(polars.Categorical)))
    edge = storage.association("b", "c", "y")
    assert edge is not None and edge.confidence == 0.25


@pytest.mark.parametrize(
    "arguments",
    [
        {"contents": ["one"]},
        {"contents": ["one", "two", 3]},
        {"contents": "abc"},
        {"contents": ["one", None, "three"]},
        {"embeddings": ROWS[:2]},
        {"embeddings": ROWS[0]},
        {"embeddings": [[1.0], [2.0], "x"]},
        {"embeddings": numpy.zeros((3, 0), numpy.float32)},
        {"strengths": [1.0, 2.0, 0.5]},
        {"strengths": [1.0]},
        {"confidences": float("nan")},
        {"metadata": [{}, {}, "{"]},
        {"created": [1, 2, -3]},
        {"created": [1, 2]},
    ],
    ids=lambda arguments: f"{next(iter(arguments))}",
)
def test_a_batch_with_a_wrong_row_writes_nothing(storage: ConcurrentStorage, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        storage.learn_batch(NAMES, **arguments)
    assert storage.stats()["written"] == 0 and len(storage) == 0


def test_wrong_ids_and_targets(storage: ConcurrentStorage) -> None:
    wrong: list[Any] = ["abc", b"abc", 7, ["a", None], ["a", 1.5], ["a", ""], [b"short"]]
    for ids in wrong:
        with pytest.raises(InvalidArgumentError):
            storage.learn_batch(ids)
    with pytest.raises(InvalidArgumentError, match="targets"):
        storage.learn_associations(["a"])
    with pytest.raises(InvalidArgumentError, match="types"):
        storage.learn_associations(["a"], ["b"], types=["x", "y"])
    assert storage.stats()["written"] == 0


def test_numbers_of_arrow_with_nulls_are_refused(storage: ConcurrentStorage) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    with pytest.raises(InvalidArgumentError, match="null"):
        storage.learn_batch(NAMES, strengths=pyarrow.array([0.5, None, 0.5]))
    with pytest.raises(InvalidArgumentError, match="ids"):
        storage.learn_batch(pyarrow.array(["a", None]))
    hole = pyarrow.array([[1.0, None]], pyarrow.list_(pyarrow.float32()))
    with pytest.raises(InvalidArgumentError, match="null"):
        storage.learn_batch(["a"], embeddings=hole)
    with pytest.raises(InvalidArgumentError, match="Boolean"):
        storage.learn_batch(pyarrow.array([True]))


def test_text_of_arrow_that_is_not_utf8_is_refused(storage: ConcurrentStorage) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    buffers = [None, pyarrow.py_buffer(numpy.array([0, 2], numpy.int32)), pyarrow.py_buffer(b"\xff\xfe")]
    broken = pyarrow.Array.from_buffers(pyarrow.string(), 1, buffers)
    with pytest.raises(InvalidArgumentError, match="Arrow"):
        storage.learn_batch(broken)
    assert len(storage) == 0


def test_an_object_that_only_pretends_is_refused(storage: ConcurrentStorage) -> None:
    class Pretender:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return 7

    with pytest.raises(InvalidArgumentError, match="capsule"):
        storage.learn_batch(Pretender())


def test_larger_than_the_write_log_is_refused_whole(tmp_path: Any) -> None:
    with ConcurrentStorage(tmp_path, queue_capacity=100) as storage:
        with pytest.raises(TooLargeError) as raised:
            storage.learn_batch([f"c{number}" for number in range(101)])
        assert raised.value.operations == 101
        assert len(storage) == 0
        assert isinstance(raised.value, SutraError)


def test_an_empty_batch_gives_the_last_sequence(storage: ConcurrentStorage) -> None:
    last = storage.learn_concept("a", "")
    assert storage.learn_batch([]) == last
    assert storage.learn_associations([], []) == last


def test_many_are_cut_into_batches_and_say_how_far_they_are(storage: ConcurrentStorage) -> None:
    told: list[tuple[int, int]] = []
    names = [f"c{number}" for number in range(25)]
    last = learn_many(
        storage, names, names, strengths=0.5, batch_size=10, progress=lambda done, total: told.append((done, total))
    )
    assert last == 3 and told == [(10, 25), (20, 25), (25, 25)]
    assert list(storage) == names and storage.query_concept("c24").strength == 0.5
    assert learn_many(storage, []) is None
    with pytest.raises(InvalidArgumentError, match="batch_size"):
        learn_many(storage, names, batch_size=0)


def test_a_bar_of_tqdm(storage: ConcurrentStorage, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    learn_many(storage, [f"c{number}" for number in range(30)], batch_size=10, progress=True)
    assert "concepts: 100%" in capsys.readouterr().err


def test_no_tqdm_is_no_error(storage: ConcurrentStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert learn_many(storage, ["a"], progress=True) == 1


@pytest.mark.parametrize("one", [0.5, numpy.float32(0.5), numpy.float64(0.5)])
def test_one_number_is_for_all_rows(storage: ConcurrentStorage, one: Any) -> None:
    storage.learn_batch(NAMES, strengths=one)
    learn_many(storage, ["d", "e"], strengths=one, batch_size=1)
    assert [storage.query_concept(name).strength for name in [*NAMES, "d", "e"]] == [0.5] * 5


@pytest.mark.parametrize("one", [[0.5], (0.5,), numpy.array([0.5]), numpy.array(0.5)])
def test_a_column_of_one_row_is_not_for_all(storage: ConcurrentStorage, one: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="strengths"):
        storage.learn_batch(NAMES, strengths=one)
    assert storage.stats()["written"] == 0


def test_a_masked_row_is_refused(storage: ConcurrentStorage) -> None:
    rows = numpy.ma.array(ROWS, mask=ROWS == 5)
    with pytest.raises(InvalidArgumentError, match="masked"):
        storage.learn_batch(NAMES, embeddings=rows)
    assert storage.stats()["written"] == 0


def test_what_an_interface_gave_before_is_refused(storage: ConcurrentStorage) -> None:
    """Capsules are good for one taking; an object that gives the same ones again is told so."""
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

    class Stale:
        def __init__(self, pair: Any) -> None:
            self.pair = pair

        def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
            return self.pair

    stale = Stale(pyarrow.array(NAMES).__arrow_c_array__())
    storage.learn_batch(stale)
    assert list(storage) == NAMES
    with pytest.raises(InvalidArgumentError, match="taken before"):
        storage.learn_batch(stale)


def test_damaged_text_of_arrow_is_refused(storage: ConcurrentStorage) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    offsets = pyarrow.array([0, 2], pyarrow.int32()).buffers()[1]
    text = pyarrow.StringArray.from_buffers(1, offsets, pyarrow.py_buffer(b"\xff\xfe"))
    for column in [text, pyarrow.chunked_array([text])]:
        with pytest.raises(InvalidArgumentError, match="Arrow"):
            storage.learn_batch(column)
    assert storage.stats()["written"] == 0
