"""Environments of their own for programs that can't be in ours: made once by make, from pinned versions and hashes."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATIENCE = 900  # seconds


def install_environment(name: str) -> Path:
    """The folder of the programs of `.venv-NAME`, made if need be; the test is skipped where that can't be."""
    problem = _make_environment(name)
    if problem:
        pytest.skip(f".venv-{name} can't be made: {problem}")
    return ROOT / f".venv-{name}" / "bin"


@cache
def _make_environment(name: str) -> str:
    """Make an environment. Returns why that failed; empty: it is there."""
    command = ["make", "--silent", "-C", str(ROOT), f".venv-{name}/.installed", f"PYTHON={sys.executable}"]
    try:
        made = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return made.stderr.strip()[-300:] if made.returncode else ""
