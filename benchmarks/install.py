"""A fresh environment for each Python of the machine: what it takes to install the wheel, to import it, and the demo.

make bench ARGS=install
python -m benchmarks install --keep FOLDER

The libraries are those of constraints.txt, with the extra `train`. Times are also given as ratios to the same Python
starting and doing nothing, since machines differ.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.pythons import ROOT, VERSIONS, find_python, install_wheel

REPEATS = 5
STATEMENTS = {
    "nothing": "pass",
    "import leadledger": "import leadledger",
    "first score": "from leadledger import score",
}


def main(arguments: Sequence[str] = ()) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="benchmarks install", description=__doc__)
    parser.add_argument("--keep", type=Path, help="folder for the environments; a temporary one if left out")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-install-") as scratch:
        folder = Path(scratch)
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "wheel")]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
        (wheel,) = (folder / "wheel").iterdir()
        print(f"{'Python':10}{'install':>10}{'nothing':>10}{'import':>10}{'score':>10}{'--help':>10}{'demo':>10}")
        for version in VERSIONS:
            python = find_python(version)
            if python is None:
                print(f"{version:10}not on this machine")
                continue
            print(_measure(version, python, wheel, (options.keep or folder) / version, folder))


def _measure(version: str, python: Path, wheel: Path, environment: Path, folder: Path) -> str:
    """A line of the table."""
    start = time.perf_counter()
    inner = install_wheel(wheel, python, environment, ["train"])
    cells = [f"{time.perf_counter() - start:.0f} s"]
    times = [_time(REPEATS, folder, inner, "-c", statement) for statement in STATEMENTS.values()]
    times.append(_time(REPEATS, folder, inner, "-m", "leadledger", "--help"))
    cells.append(f"{times[0] * 1000:.0f} ms")
    cells += [f"{seconds / times[0]:.1f} x" for seconds in times[1:]]
    cells.append(f"{_time(1, folder, inner, '-m', 'leadledger', 'demo'):.0f} s")
    return f"{version:10}" + "".join(f"{cell:>10}" for cell in cells)


def _time(repeats: int, folder: Path, python: Path, *words: str) -> float:
    """The shortest time of some runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([str(python), *words], cwd=folder, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)
