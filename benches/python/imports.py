"""What ``import`` takes, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
import time

from report import Section
from workloads import Setting


def imports(setting: Setting) -> Section:
    section = Section(
        "Import",
        "A process that imports the package, less one that imports nothing, in turns; and what `-X importtime` says of ours.",
    )
    packages = [engine.package for engine in setting.engines]
    # Once, so that files are in the page cache and bytecode is compiled.
    for package in packages:
        _process(f"import {package}")
    for _ in range(max(3, setting.sizes.rounds)):
        for engine in setting.engines:
            nothing, something = _process("pass"), _process(f"import {engine.package}")
            goal = 50.0 if engine.name == "sutra" else None
            section.row("process", engine.name, "ms", goal=goal).values.append((something - nothing) * 1e3)
            if engine.name == "sutra":
                section.row("importtime", "sutra", "ms").values.append(_import_time(engine.package))
    return section


def _process(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - began


def _import_time(package: str) -> float:
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", f"import {package}"], check=True, capture_output=True, text=True)
    # import time: self [us] | cumulative | package
    last = [line for line in done.stderr.splitlines() if line.endswith(f"| {package}")][-1]
    return int(last.split("|")[1]) / 1e3
