"""The text of a training: what it says of the release that stays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from leadledger.training.runs.train_text import training_text


@pytest.mark.parametrize(("advice", "current"), [("recalibrate", False), ("", False), ("recalibrate", True)])
def test_the_current_release_is_mended_while_it_stays(advice: str, current: bool) -> None:
    """Where the new release is held back and the rate has moved, the text names the cure for the current one."""
    upkeep = {"release": "2026-01-01-001", "advice": advice, "said": "The rate has moved: …."}
    metrics = {"current_upkeep": upkeep}
    training: Any = SimpleNamespace(
        held_back="worse", unfair="", metrics=metrics, rules_only="nothing", history=None, notes=()
    )
    text = training_text(training, "2026-02-01-001", current, 200)
    sentence = "Until then release 2026-01-01-001 stays current. The rate has moved: …."
    assert (sentence in text) == (advice == "recalibrate" and not current)
