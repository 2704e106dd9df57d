"""`leadledger mcp` refuses to start where it can't serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadledger.api.mcp import extra
from tests.command_line import run


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how to install what it needs."""
    monkeypatch.setattr(extra, "is_installed", lambda: False)
    done = run("mcp", "--home", tmp_path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "mcp needs the package mcp: pip install 'leadledger[mcp]'\n"


def test_without_a_release(tmp_path: Path) -> None:
    """It says how to make one, on standard error."""
    done = run("mcp", "--home", tmp_path / "home")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "leadledger train CARD DATA" in done.stderr


def test_a_scope_that_is_none(tmp_path: Path) -> None:
    """A misspelt scope is wrong usage."""
    done = run("mcp", "--scopes", "read,outcome")
    assert done.exit_code == 2
    assert "'outcome' is not a scope. Did you mean 'outcomes'?" in done.stderr
