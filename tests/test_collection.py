"""The workers of a run share the tests by their names, so each must find the same ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_names_of_tests_depend_on_the_tests_alone(request: pytest.FixtureRequest) -> None:
    """A process with other hashes, later and in another time zone finds the tests of this run, in the same order."""
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati"}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    here = [item.nodeid for item in request.session.items]
    known = set(here)
    there = [line for line in run.stdout.splitlines() if line in known]
    assert by_file(here) == by_file(there)


def by_file(names: Iterable[str]) -> dict[str, list[str]]:
    """The names of the tests of each file, in their order."""
    files: dict[str, list[str]] = defaultdict(list)
    for name in names:
        files[name.partition("::")[0]].append(name)
    return files
