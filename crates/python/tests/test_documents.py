"""The documents: their examples run and print what stands below them, and the reference is that of the code."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
from pathlib import Path
from typing import Any

import pytest
import reference

import sutra_storage

ROOT = Path(__file__).parents[3]
DOCUMENTS = ["README.md", "crates/python/README.md", "docs/python.md"]
#: An example, and what it prints if that is shown.
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:\n^```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples_run_and_print_what_is_shown(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ROOT / document
    if not path.is_file():
        pytest.skip(f"{document} is not there")
    monkeypatch.chdir(tmp_path)
    text = path.read_text()
    examples = list(EXAMPLE.finditer(text))
    assert examples, "no example was found"
    names: dict[str, Any] = {"__name__": "example"}
    for example in examples:
        line = text.count("\n", 0, example.start()) + 2
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            # The examples of a document go on from each other.
            exec(compile("\n" * (line - 1) + example[1], document, "exec"), names)
        if example[2] is not None:
            assert printed.getvalue() == example[2], f"{document}:{line}"


def test_the_examples_of_the_docstring_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testmod(sutra_storage)
    assert tried > 0 and failed == 0


def test_the_reference_is_what_the_docstrings_say() -> None:
    if not reference.DOCUMENT.is_file():
        pytest.skip("docs/python.md is not there")
    document = reference.DOCUMENT.read_text()
    assert document == reference.replaced(document), "run python crates/python/tests/reference.py"


def test_everything_public_is_in_the_reference() -> None:
    text = reference.reference()
    for name in sutra_storage.__all__:
        assert name == "__version__" or f"### {name}\n" in text or f"| `{name}` |" in text, name
