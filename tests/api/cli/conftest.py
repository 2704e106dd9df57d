"""A small card, for the tests of the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

SMALL = """
name: small
fields:
  need: {kind: text, values: [vague, clear], ask: "Which problem?"}
  won: {kind: flag}
rules:
  - {name: clear, when: need = 'clear', points: 10, reason: Clear}
cases:
  - {lead: {need: clear}, expect: {points: 60, fires: [clear]}}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small card, without an outcome."""
    path = tmp_path / "card.yaml"
    path.write_text(SMALL)
    return path
