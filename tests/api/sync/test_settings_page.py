"""The page on syncs tells every setting of a connector, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadledger.api.sync.connectors import CONNECTORS

PAGE = (Path(__file__).parents[3] / "docs" / "sync.md").read_text("utf-8")
SECTIONS = {title: section for title, _, section in (part.partition("\n") for part in PAGE.split("\n## ")[1:])}


@pytest.mark.parametrize("system", ["hubspot", "salesforce", "dynamics", "odoo"])
def test_settings_are_told(system: str) -> None:
    """Secrets by their variable, all else as an option, in the section of the system."""
    kind = CONNECTORS[system]
    section = SECTIONS[kind.title]
    for setting in kind.settings:
        name = kind.name_variable(setting) if setting.is_secret else f"--{setting.name.replace('_', '-')}"
        assert f"`{name}" in section, name
    variables = {kind.name_variable(setting) for setting in kind.settings if setting.is_secret}
    assert set(re.findall("LEADLEDGER_[A-Z_]+", section)) == variables
