"""Settings of the service: each has its help, and contradictions are refused."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from leadledger.api.service.settings import Settings, choices_of, help_of, minimum_of


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_has_its_help(setting) -> None:
    """The help of a setting is a sentence, and names the default where there is one."""
    sentence = help_of(setting)
    assert sentence[0].isupper() or sentence[0] == "`"
    assert sentence.endswith(".")
    assert ("(default " in sentence) == (setting.default is not None and setting.default is not False)


def test_help_of_a_number() -> None:
    """Numbers have thousands separators."""
    by_name = {setting.name: setting for setting in fields(Settings)}
    assert help_of(by_name["max_body"]) == "Largest request body in bytes (default 2,000,000)."
    assert choices_of(by_name["log"]) == ("sync", "async", "off")
    assert (minimum_of(by_name["max_body"]), minimum_of(by_name["log"])) == (1, None)


def test_settings_that_are_refused() -> None:
    """Settings that contradict each other, or are out of range, are refused."""
    with pytest.raises(ValueError, match="exclude each other"):
        Settings(log="off", card=Path("card.yaml"), release="2026-01-01-001")
    with pytest.raises(ValueError, match="max_batch is 0; it must be at least 1"):
        Settings(max_batch=0)
    with pytest.raises(ValueError, match="log is 'on'; it must be one of sync, async, off"):
        Settings(log="on")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="log_level is 'loud'; it must be one of debug, info, warning, error"):
        Settings(log_level="loud")
