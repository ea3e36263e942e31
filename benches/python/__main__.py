"""The Python package measured, beside other packages: ``python benches/python``.

Engines take turns in each round; figures are medians of the rounds. See benches/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path

import report
import workloads
from engines import ENGINES as OURS
from engines import Engine
from graphs import graphs
from imports import imports
from peers import PEERS

ROOT = Path(__file__).resolve().parents[2]
ENGINES: list[type[Engine]] = [OURS[0], *PEERS, *OURS[1:]]
WORKLOADS: dict[str, Callable[[workloads.Setting], report.Section]] = {
    "learn": workloads.learn,
    "learn-768": workloads.learn_768,
    "associate": workloads.associate,
    "batch": workloads.batches,
    "batch-768": workloads.batches_768,
    "read": workloads.reads,
    "graphs": graphs,
    "threads": workloads.threads,
    "import": imports,
}


def main() -> int:
    asked = _arguments()
    chosen = asked.engines.split(",") if asked.engines else [engine.name for engine in ENGINES]
    unknown = set(chosen) - {engine.name for engine in ENGINES} | set(asked.workloads) - set(WORKLOADS)
    if unknown:
        print(f"not known: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    present: list[type[Engine]] = []
    missing: list[type[Engine]] = []
    for engine in ENGINES:
        if engine.name in chosen:
            (present if _installed(engine) else missing).append(engine)
    if any(engine.name == "sutra" for engine in missing):
        print("sutra_storage is not installed: pip install ./crates/python", file=sys.stderr)
        return 2
    sizes = workloads.Sizes(asked.concepts, asked.vectors, asked.reads, asked.rounds)
    if asked.quick:
        sizes = workloads.Sizes(2_000, 1_000, 500, 1)
    names = asked.workloads or list(WORKLOADS)
    wants_rust = "sutra" in chosen and any(name.startswith("batch") for name in names)
    rate = (asked.batch_rate or _built()) if wants_rust else None
    setting = workloads.Setting(sizes, present, rate, os.environ.get("SUTRA_BENCH_DIR"))
    text = _about(present, missing, rate is None and wants_rust)
    print(text)
    for name in names:
        section = WORKLOADS[name](setting).text()
        print(section, flush=True)
        text += f"\n{section}"
    if asked.output:
        report.write(asked.output, text)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python benches/python", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workloads", nargs="*", metavar="workload", help=f"of {' '.join(WORKLOADS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="a smoke test of seconds, whose numbers mean nothing")
    parser.add_argument("--rounds", type=_positive, default=5)
    parser.add_argument("--concepts", type=_positive, default=100_000, help="concepts of a round without vectors")
    parser.add_argument("--vectors", type=_positive, default=20_000, help="concepts of a round with vectors")
    parser.add_argument("--reads", type=_positive, default=20_000, help="calls of a round of reads")
    parser.add_argument("--engines", help=f"of {','.join(engine.name for engine in ENGINES)}; all by default")
    parser.add_argument("--output", type=Path, help="writes the report to a file too, between its marks if it has them")
    parser.add_argument("--batch-rate", type=Path, help="the program of batch_rate.rs, if it is built already")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _installed(engine: type[Engine]) -> bool:
    try:
        import_module(engine.package)
    except ImportError:
        return False
    return True


def _built() -> Path | None:
    """Builds the program that does the batches in Rust; nothing if there is no cargo, or no source."""
    cargo = shutil.which("cargo")
    if cargo is None:
        return None
    command = [cargo, "build", "--release", "--package", "sutra-benches", "--example", "batch_rate", "--message-format", "json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "batch_rate":
            return Path(message["executable"])
    return None


def _about(present: list[type[Engine]], missing: list[type[Engine]], no_rust: bool) -> str:
    versions = [f"{engine.package} {metadata.version(engine.package)}" for engine in present]
    text = f"Python {platform.python_version()}, {os.cpu_count()} cores; {', '.join(versions)}. Medians of the rounds; \"ours\" is how\n"
    text += "many times as fast as the row's package ours is, and below 1 a loss.\n"
    if missing:
        text += f"Not installed, so not measured: {', '.join(engine.package for engine in missing)}.\n"
    if no_rust:
        text += "The Rust side of the batches could not be built, so it was not measured.\n"
    return text


if __name__ == "__main__":
    sys.exit(main())
