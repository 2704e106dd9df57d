"""All commands: wrong usage, a home without a release, and how they start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import run


@pytest.mark.parametrize(
    "words",
    [
        ["score", "leads.csv"],
        ["explain", "lead.json", "--as-of", "yesterday"],
        ["explain", "lead.json", "--card", "a.yaml", "--release", "b"],
        ["serve", "--port", "99999"],
        ["nonsense"],
    ],
)
def test_wrong_usage_has_status_2(words: list[str]) -> None:
    """A missing option, a day that is none, two options that exclude each other, an unknown command."""
    assert run(*words).exit_code == 2


def test_no_release_says_how_to_make_one(tmp_path: Path) -> None:
    """Before the first training, the commands say what to run."""
    done = run("explain", "-", "--home", tmp_path / "home", stdin="{}")
    assert done.exit_code == 1
    assert "leadledger train CARD DATA" in done.stderr
    assert run("releases", "--home", tmp_path / "home").output == (
        "There is no release yet; `leadledger release CARD` makes one.\n"
    )


def test_the_installed_command_starts() -> None:
    """`leadledger --help` as a process of its own."""
    done = subprocess.run(
        [Path(sys.executable).parent / "leadledger", "--help"], capture_output=True, text=True, check=True
    )
    assert "train" in done.stdout


def test_the_command_line_starts_fast() -> None:
    """Listing all commands loads no database, no server, no parser of SQL and no learning library."""
    code = "import sys, leadledger.api.cli.commands; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"asyncio", "duckdb", "fastapi", "numpy", "pandas", "pydantic", "sklearn", "sqlalchemy", "sqlglot", "yaml"}
    assert set(done.stdout.split()) & heavy == set()
