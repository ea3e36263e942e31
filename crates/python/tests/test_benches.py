"""The script of benches/python, where the source tree is there: it runs, and it writes where it should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHES = Path(__file__).parents[3] / "benches" / "python"
pytestmark = pytest.mark.skipif(not BENCHES.is_dir(), reason="the benches are not there")


def _bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, BENCHES, *arguments, "--engines", "sutra", "--quick", "--batch-rate", "no such program"]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=120)


def test_workloads_run_and_sections_replace_their_own(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    begin, end = "<!-- bench-python:begin -->", "<!-- bench-python:end -->"
    document.write_text(f"# Before\n\n{begin}\nabout\n\n### Reads\n\nold\n\n### Import\n\nkept\n{end}\n\n# After\n")
    done = _bench("learn", "learn-768", "associate", "read", "graphs", "threads", "--output", document)
    assert done.returncode == 0, done.stderr
    written = document.read_text()
    assert written.startswith(f"# Before\n\n{begin}\n\nPython 3") and written.endswith(f"{end}\n\n# After\n")
    headings = [line for line in written.splitlines() if line.startswith("### ")]
    assert headings[:2] == ["### Reads", "### Import"] and len(headings) == len(set(headings)) == 7
    assert "\nold\n" not in written and "\nkept\n" in written
    for figure in ["accepted", "query_concept", "in batches, durable", "get_neighbors", "find_path", "shortest path, median", "PageRank", "paths", "arrays"]:
        assert f"| {figure}" in written, figure
    again = _bench("read", "--output", tmp_path / "alone.md")
    assert again.returncode == 0 and (tmp_path / "alone.md").read_text().startswith("# Python\n")


def test_what_is_not_known_is_said() -> None:
    done = _bench("no-such-workload")
    assert done.returncode == 2 and "no-such-workload" in done.stderr
