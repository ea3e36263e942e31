"""The verification script passes, and notices a fault."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("verify_concurrent_storage.py")


def test_all_sixteen_checks_pass() -> None:
    ended = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1] == "16 of 16 passed"


def test_a_fault_is_noticed() -> None:
    nothing_learned = f"""
import runpy, sys
script = runpy.run_path({str(SCRIPT)!r})
script["main"].__globals__["learn"] = lambda storage: None
sys.exit(script["main"]())
"""
    ended = subprocess.run([sys.executable, "-c", nothing_learned], capture_output=True, text=True, check=False)
    assert ended.returncode == ended.stdout.count("FAILED") > 8
    assert "FAILED  contents are what was learned" in ended.stdout
