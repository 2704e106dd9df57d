"""The layers: who may import whom, and what the base install can do without.

The contracts are in pyproject.toml and are read from the source. The processes started here see the rest: what an
import really loads, through our own modules and through those of others.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from importlinter import cli

ROOT = Path(__file__).parents[1]

# What the `train` extra adds. The base install has none of it, so nothing that serves may load it.
TRAIN_ONLY = frozenset({"joblib", "numpy", "pandas", "scipy", "sklearn"})


def loaded_by(module: str) -> set[str]:
    """The top-level names of all modules that a fresh process has after importing `module`."""
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_contracts_hold(capfd: pytest.CaptureFixture[str]) -> None:
    """Each layer imports only those below it, and the core imports no database, web or learning library."""
    status = cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    assert status == 0, capfd.readouterr().out


@pytest.mark.parametrize(
    "module",
    ["api.app", "api.cli.commands", "models.releases.store", "scoring.engine.score"],
)
def test_base_install_suffices(module: str) -> None:
    """Importing what serves and scores loads nothing that only the `train` extra installs."""
    assert loaded_by(f"leadledger.{module}") & TRAIN_ONLY == set()


def test_core_is_pure() -> None:
    """Importing the engine loads no database and no web framework, not even through a library."""
    loaded = loaded_by("leadledger.scoring.engine.score")
    assert loaded & {"duckdb", "fastapi", "pydantic", "starlette", "uvicorn"} == set()
