"""Names: ids, keys, and how they come back."""

from __future__ import annotations

import pytest

from sutra_storage import ConcurrentStorage, InvalidArgumentError


def test_names_come_back_as_they_went_in(storage: ConcurrentStorage) -> None:
    names = ["a1b2c3d4e5f67890", "0123456789abcdef0123456789abcdef", "rain", "a key with spaces", "\u96e8", "key:key:x"]
    for name in names:
        storage.learn_concept(name, "")
        storage.learn_association("hub", name)
    assert list(storage) == names
    assert storage.get_neighbors("hub") == names


def test_sixteen_bytes_are_an_id(storage: ConcurrentStorage) -> None:
    raw = bytes(range(1, 17))
    storage.learn_concept(raw, "by bytes")
    assert storage.query_concept(raw.hex())["content"] == "by bytes"
    assert storage.query_concept(raw).id == raw.hex()
    with pytest.raises(InvalidArgumentError, match="16"):
        storage.learn_concept(b"short", "")


def test_hex_digits_of_any_case_are_an_id_and_key_forces_a_key(storage: ConcurrentStorage) -> None:
    storage.learn_concept("A1B2C3D4E5F67890", "id")
    storage.learn_concept("key:a1b2c3d4e5f67890", "key")
    assert storage.query_concept("a1b2c3d4e5f67890").content == "id"
    keyed = storage.query_concept("key:a1b2c3d4e5f67890")
    assert (keyed.content, keyed.key, keyed.name) == ("key", "a1b2c3d4e5f67890", "key:a1b2c3d4e5f67890")
    assert len(storage) == 2


@pytest.mark.parametrize("name", ["", "key:", "0" * 16, "k" * 4097, 7, None, 1.5])
def test_what_is_no_name_is_refused(storage: ConcurrentStorage, name: object) -> None:
    with pytest.raises(InvalidArgumentError):
        storage.learn_concept(name, "")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError):
        storage.query_concept(name)  # type: ignore[arg-type]
    assert storage.stats()["written"] == 0


def test_types_are_numbers_or_names(storage: ConcurrentStorage) -> None:
    storage.learn_association("a", "b", 1)
    storage.learn_association("a", "c", "hypernym")
    storage.learn_association("a", "d", "semantic")
    kinds = [(neighbor.name, neighbor.type_name) for neighbor in storage.neighbors("a")]
    assert kinds == [("b", "causal"), ("c", "hypernym"), ("d", "semantic")]
    assert storage.get_neighbors("a", types="hypernym") == ["c"]
    assert storage.get_neighbors("a", types=[0, "causal"]) == ["b", "d"]
    assert storage.get_neighbors("a", types=["nobody named this"]) == []
    number = storage.neighbors("a", types="hypernym")[0].assoc_type
    assert storage.type_name(number) == "hypernym"
    assert storage.type_name(200) is None
    for wrong in [256, -1, 1.5, 77]:
        with pytest.raises(InvalidArgumentError):
            storage.learn_association("a", "b", wrong)  # type: ignore[arg-type]
