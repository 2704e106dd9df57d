"""Training on a card that remembers its advice: what is remembered teaches nothing, and changes nothing."""

from __future__ import annotations

from datetime import date

import pytest

from leadledger.training.runs.train import train
from tests.training.crm_history import CARD, TAKEN, make_history

pytestmark = pytest.mark.usefixtures("few_bags")


@pytest.mark.slow
def test_nothing_is_learned_from_what_is_remembered(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A release is the same with `hold` and without, even where the history holds advice that knows the outcome."""
    plain, history = CARD, make_history()
    keeps = CARD.replace("confidence: 0.9}}", "confidence: 0.9}, hold: {band: 8, days: 14}, cool_down: 30 days}")
    assert keeps != plain
    folder = tmp_path_factory.mktemp("advice")
    releases = []
    for text in (plain, keeps):
        path = folder / "card.yaml"
        path.write_text(text, "utf-8")
        releases.append(train(path, history, as_of=TAKEN))
        # It knows the outcome, and is of the day of the export: neither a leak nor a memory of the lead's day.
        history = history.assign(
            last_recommendation=history["won_on"].map({None: "nurture"}).fillna("promote"),
            recommended_to="opportunity",
            rejected_on=history["won_on"].isna().map({True: str(date(2025, 9, 1)), False: None}),
        )
    before, after = releases
    assert after.learned == before.learned
    assert after.metrics["held_out"] == before.metrics["held_out"]
    assert list(after.card.memory_fields) != []
    assert not {term.fields for term in after.learned.terms} & {("last_recommendation",), ("recommended_to",)}
