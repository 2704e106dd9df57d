"""Fields without a column stop what would rest on them, with the columns that may be meant and the way on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

import leadledger
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned
from leadledger.training.learn.known_leads import KNOWN_LEADS, NO_LEADS
from leadledger.training.runs.recalibration import recalibrate
from leadledger.training.runs.train import train
from leadledger.training.sources.required_fields import fields_to_learn, fields_to_score, require_fields
from tests.command_line import run

CARD_TEXT = """
name: small
fields:
  lead_id: {kind: id}
  created: {kind: date}
  seen: {kind: date}
  source: {kind: text}
  need: {kind: text}
  wanted: {kind: flag, is: "need = 'urgent'"}
  asked_for: {kind: text, learn: no}
  phone: {kind: text, learn: no}
outcome:
  became: {field: won, kind: flag}
criteria:
  asked: {met: asked_for is not null}
rules:
  - {name: recent, when: days_since(created) <= 90, points: 12, half_life: 14 days of seen, reason: New}
stages: [{name: lead}, {name: opportunity, requires: [asked]}]
"""
CARD = parse_card(CARD_TEXT)
REFUSED = """\
leads.csv: 3 fields that the card uses have no column: asked_for, source, need. A release would rest on values that no \
lead has.
Column 'Lead Source' belongs to no field; did you mean 'source'?
Rename the columns, or name them under `from:` in the card. To go on without them: --without asked_for,source,need (in \
Python: without=['asked_for', 'source', 'need'])."""


def test_the_fields_that_count() -> None:
    """Training needs the fields of rules, criteria and decay, and all that it may learn from."""
    assert fields_to_learn(CARD) == ("created", "asked_for", "seen", "source", "need")
    assert set(fields_to_score(CARD)) == {"created", "seen", "asked_for"}
    table = Table("wanted", TextBins(("yes",)), (0, 0, 0), (1, 1, 1))
    assert "need" in fields_to_score(CARD, Learned(terms=(table,)))


def test_a_refusal_lists_all_fields_and_the_way_on() -> None:
    """All fields without a column at once, with the columns that look like them."""
    columns = ["Created", "SEEN", "Lead Source", "won"]
    with pytest.raises(DataError) as refusal:
        require_fields(columns, [(CARD, fields_to_learn(CARD))], [], "leads.csv", "A release")
    assert str(refusal.value) == REFUSED
    gone = require_fields(
        columns, [(CARD, fields_to_learn(CARD))], ["source", "need", "asked_for"], "leads.csv", "A release"
    )
    assert gone == ("asked_for", "source", "need")


@pytest.mark.parametrize(
    ("without", "message"),
    [
        (["sorce"], "there is no field 'sorce' to go on without. Did you mean 'source'?"),
        (["wanted"], "there is no field 'wanted' to go on without. Use one of: lead_id, created"),  # it is computed
        (["seen"], "leads.csv: the field 'seen' has a column, 'SEEN', so nothing needs to go on without it; leave it"),
        (["need"], "a field that the card uses has no column: source. A release"),
    ],
)
def test_without_names_fields_that_are_gone(without: list[str], message: str) -> None:
    """A name that is no field, or a field that has its column, is a mistake."""
    columns = ["created", "SEEN", "asked for"]
    with pytest.raises(DataError) as refusal:
        require_fields(columns, [(CARD, fields_to_learn(CARD))], without, "leads.csv", "A release")
    assert message in str(refusal.value)


@pytest.fixture
def leads() -> pd.DataFrame:
    """A history with too few leads to learn from."""
    days = [date(2025, 1, 1) + timedelta(days=day) for day in range(60)]
    return pd.DataFrame(
        {
            "created": days,
            "seen": days,
            "source": ["Web", "Fair"] * 30,
            "need": ["urgent", "none", "none"] * 20,
            "asked_for": ["x"] * 60,
            "won": [True, False] * 30,
        }
    )


def test_training_stops_and_goes_on_without(tmp_path: Path, leads: pd.DataFrame) -> None:
    """No release is made of fields that no lead has; with `without`, its provenance and its notes say so."""
    card = tmp_path / "card.yaml"
    card.write_text(CARD_TEXT)
    renamed = leads.rename(columns={"need": "Neeed"})
    with pytest.raises(DataError, match=r"^the data frame: a field that the card uses has no column: need\. A release"):
        train(card, renamed)
    training = train(card, renamed, without=["need"])
    assert training.provenance["without"] == ["need"]
    assert "Column 'Neeed' belongs to no field; did you mean 'need'?" in training.notes
    assert "Fields that the history doesn't have: lead_id, need, phone" in training.notes
    assert train(card, leads.rename(columns={"need": " NEED"})).provenance["without"] == []


@pytest.mark.slow
def test_the_command_stops(tmp_path: Path, leads: pd.DataFrame) -> None:
    """`train` ends with status 1 and no release; `--without` may be repeated, and may list several."""
    (tmp_path / "card.yaml").write_text(CARD_TEXT)
    leads.drop(columns=["need", "source"]).to_csv(tmp_path / "leads.csv", index=False)
    words = ["train", tmp_path / "card.yaml", tmp_path / "leads.csv", "--home", tmp_path / "home"]
    done = run(*words)
    assert done.exit_code == 1
    assert "2 fields that the card uses have no column: source, need." in done.stderr
    assert Releases(tmp_path / "home").names() == ()
    assert run(*words, "--without", "source", "--without", "need").exit_code == 0
    assert run(*words, "--without", "source, need").exit_code == 0


def test_recalibration_stops(tmp_path: Path, leads: pd.DataFrame) -> None:
    """A base rate rests on the fields that a release scores by, but for those that it was made without."""
    releases = Releases(tmp_path)
    learned = Learned(base_rate=0.3, terms=(Table("source", TextBins(("Web",)), (0, 50, -50), (0, 30, 30)),))
    made = datetime(2026, 1, 1, tzinfo=UTC)
    files = {KNOWN_LEADS: NO_LEADS.to_bytes()}
    releases.publish(CARD_TEXT, learned, metrics={}, provenance={"without": ["asked_for"]}, created=made, files=files)
    leads = leads.drop(columns=["asked_for", "need"])
    assert recalibrate(releases, leads, newest=1).provenance["without"] == []
    lost = leads.rename(columns={"source": "Lead Source"})
    with pytest.raises(DataError, match=r"has no column: source\. The base rate would rest on values"):
        recalibrate(releases, lost, newest=1)
    moved = recalibrate(releases, lost, newest=1, without=["source"])
    assert moved.provenance["without"] == ["source"]
    assert "Column 'Lead Source' belongs to no field; did you mean 'source'?" in moved.notes


def test_a_comparison_stops(leads: pd.DataFrame) -> None:
    """A back-test needs the fields of both cards."""
    new = replace(CARD, criteria=parse_card(CARD_TEXT.replace("asked_for is", "need is")).criteria)
    lost = leads.drop(columns=["asked_for", "need"])
    with pytest.raises(DataError, match=r"2 fields that the card uses have no column: asked_for, need\. A comparison"):
        leadledger.backtest(CARD, new, lost)
    assert leadledger.backtest(CARD, new, lost, without=["asked_for", "need"]).leads == 60
