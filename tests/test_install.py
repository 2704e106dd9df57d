"""The wheel in environments of other Pythons, with the pinned libraries of the base install: it scores and serves.

tests/test_package.py does this on the Python that runs the tests, with the demo; `make bench ARGS=install` measures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.pythons import ROOT, VERSIONS, find_python, install_wheel, write_pins

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
CARD = "import pathlib, leadledger; print(pathlib.Path(leadledger.__file__).with_name('examples') / 'b2b-software')"
PATIENCE = 300

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this folder."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE)
    (built,) = folder.iterdir()
    return built


def test_pins_have_no_hashes() -> None:
    """The pins are those of constraints.txt, one on a line."""
    lines = [line for line in write_pins().splitlines() if line and not line.lstrip().startswith("#")]
    assert len(lines) > 100
    assert all("==" in line and "hash" not in line for line in lines)


@pytest.mark.parametrize("version", [version for version in VERSIONS if version != RUNNING])
def test_other_pythons(version: str, wheel: Path, tmp_path: Path) -> None:
    """On each Python that there is, the wheel releases a card, scores a list and serves, and the doctor agrees."""
    python = find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    try:
        inner = install_wheel(wheel, python, ROOT / f".venv-wheel-{version}")
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"the libraries can't be installed: {str(error.stderr or error).strip()[-300:]}")

    def run(*words: str) -> str:
        command = [str(inner), "-W", "error::SyntaxWarning", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert run("-m", "pip", "--disable-pip-version-check", "check") == "No broken requirements found.\n"
    card = run("-c", CARD).strip()
    run("-m", "leadledger", "release", f"{card}/card.yaml")
    (tmp_path / "leads.csv").write_text("lead_id,need\nL1,urgent\nL2,vague\n", "utf-8")
    report = run("-m", "leadledger", "score", "leads.csv", "-o", "scored.csv", "--as-of", "2026-07-01")
    assert report.startswith("2 rows: 2 scored into scored.csv")
    command = [str(inner), "-m", "leadledger", "serve", "--port", "0", "--log-level", "error"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None
            url = service.stdout.readline().partition(" at ")[2].partition(",")[0]
            with urlopen(f"{url}/health/ready", timeout=PATIENCE) as answer:
                assert json.load(answer)["card"] == "b2b-software"
            report = run("-m", "leadledger", "doctor", "--url", url)
        finally:
            service.terminate()
            service.wait(PATIENCE)
    assert f"on Python {version}." in report
    assert "'train' for learning from past leads is not installed" in report
    assert f"{url} serves release 20" in " ".join(report.split())
