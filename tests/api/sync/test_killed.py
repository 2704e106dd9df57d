"""A sync that is killed, at any moment, leaves nothing that the next one doesn't heal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.sync.killing import kill_at_moments


@pytest.mark.slow
def test_killed_syncs_converge(tmp_path: Path) -> None:
    """After six kills, amid reading, scoring and writing, a run heals all, and another one writes nothing.

    `python -m benchmarks sync` does it thirty times.
    """
    assert kill_at_moments(tmp_path / "home", leads=250, moments=6) >= 3
