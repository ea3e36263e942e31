"""What was measured, as a table: medians, spreads, goals; and where it goes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

BEGIN, END = "<!-- bench-python:begin -->", "<!-- bench-python:end -->"


@dataclass
class Row:
    """One figure of one engine: a value of each round."""

    measured: str
    engine: str
    unit: str
    #: At least, or for times at most; of ours only.
    goal: float | None = None
    note: str = ""
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def is_less_better(self) -> bool:
        return self.unit in {"us", "ms"}

    def verdict(self) -> str:
        if self.goal is None:
            return ""
        met = self.median <= self.goal if self.is_less_better else self.median >= self.goal
        return f"{'at most' if self.is_less_better else 'at least'} {shown(self.goal, self.unit)}: {'met' if met else 'MISSED'}"


@dataclass
class Section:
    """One workload."""

    title: str
    about: str
    rows: list[Row] = field(default_factory=list)

    def row(self, measured: str, engine: str, unit: str, *, goal: float | None = None, note: str = "") -> Row:
        """The row of that name, new if there is none."""
        for row in self.rows:
            if (row.measured, row.engine) == (measured, engine):
                return row
        self.rows.append(Row(measured, engine, unit, goal, note))
        return self.rows[-1]

    def text(self) -> str:
        lines = [["measured", "engine", "median", "min .. max", "ours", "goal", "note"]]
        # Rows of one figure beside each other, in the order in which figures were first measured.
        figures = list(dict.fromkeys(row.measured for row in self.rows))
        for row in sorted(self.rows, key=lambda row: figures.index(row.measured)):
            ends = f"{shown(min(row.values), row.unit)} .. {shown(max(row.values), row.unit)}"
            lines.append([row.measured, row.engine, shown(row.median, row.unit), ends, self._ours(row), row.verdict(), row.note])
        return f"### {self.title}\n\n{self.about}\n\n{_table(lines)}\n"

    def _ours(self, row: Row) -> str:
        """How many times as fast ours is; below 1 is a loss."""
        ours = [other for other in self.rows if other.engine == "sutra" and other.measured == row.measured]
        if row.engine == "sutra" or not ours or row.unit in {"x", "%"} or min(row.median, ours[0].median) <= 0:
            # A difference of two times may be less than nothing where the machine is busy.
            return ""
        ratio = row.median / ours[0].median if row.is_less_better else ours[0].median / row.median
        return f"{ratio:.2f}" + (" (loss)" if ratio < 1 else "")


def shown(value: float, unit: str) -> str:
    if unit == "/s":
        return f"{value:,.0f}/s"
    if unit == "x":
        return f"{value:.2f}"
    if unit == "%":
        return f"{value:.0f} %"
    return f"{value:.3g} {unit}" if value < 100 else f"{value:,.0f} {unit}"


def _table(lines: Sequence[Sequence[str]]) -> str:
    # A column that says nothing is left out.
    columns = [at for at in range(len(lines[0])) if any(line[at] for line in lines[1:])]
    widths = {at: max(len(line[at]) for line in lines) for at in columns}
    made = ["| " + " | ".join(line[at].ljust(widths[at]) for at in columns) + " |" for line in lines]
    made.insert(1, "|" + "|".join("-" * (widths[at] + 2) for at in columns) + "|")
    return "\n".join(made)


def write(path: Path, report: str) -> None:
    """Writes a report: between the marks of a file that has them, else as all that the file holds."""
    document = path.read_text() if path.exists() else ""
    path.write_text(merged(document, report) or f"# Python\n\n{report}")


def merged(document: str, report: str) -> str | None:
    """The document with the report's sections between its marks; those that were not measured stay. ``None`` without marks."""
    lines = document.splitlines()
    if BEGIN not in lines or END not in lines or lines.index(END) < lines.index(BEGIN):
        return None
    begin, end = lines.index(BEGIN), lines.index(END)
    sections = _sections("\n".join(lines[begin + 1 : end])) | _sections(report)
    texts = [text for heading, text in sections.items() if text]
    return "\n".join(lines[: begin + 1]) + "\n\n" + "\n\n".join(texts) + "\n\n" + "\n".join(lines[end:]) + "\n"


def _sections(text: str) -> dict[str, str]:
    """Each heading with its text, the heading included; what stands before the first one has none."""
    sections: dict[str, list[str]] = {"": []}
    heading = ""
    for line in text.splitlines():
        if line.startswith("### "):
            heading = line
            sections[heading] = []
        sections[heading].append(line)
    return {heading: "\n".join(lines).strip() for heading, lines in sections.items()}
