"""What the log says of a release: the newest leads with a known outcome, beside what it predicts of them today."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.log import tables
from leadledger.api.log.recent_outcomes import measure_log
from leadledger.api.log.store import LogStore
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.scorecard import Learned, Scorecard
from tests import logs
from tests.api.service.test_metrics import until, value
from tests.command_line import run

CARD = """
name: small-crm
fields:
  lead_id: {kind: id}
  stage: {kind: text, values: [contact, lead, opportunity, customer], learn: no}
  created: {kind: date}
  need: {kind: text, values: [vague, clear]}
outcome: {became: {field: became_on, kind: date}, since: created, within: 60 days}
rules: [{name: clear, when: need = 'clear', points: 20, reason: Has a clear need}]
stages: [{name: contact}, {name: lead}, {name: opportunity, points: 60}, {name: customer}]
"""
ODDS = 0.25  # of a lead without a clear need; with one, four times as much
LEARNED = Learned(base_rate=ODDS / (1 + ODDS))
FIRST = date(2025, 1, 1)
RELEASE = "2026-01-01-001"


@pytest.fixture(scope="module", params=logs.DATABASES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database of each kind."""
    with logs.database_of(request.param, tmp_path_factory.mktemp("log")) as address:
        yield address


@pytest.fixture
def log(url: str) -> Iterator[LogStore]:
    """An empty log of each kind."""
    with logs.opened(url) as store:
        yield store


def fill(log: LogStore, odds: float = ODDS, leads: int = 1000, power: float = 1.0) -> None:
    """A lead a day or more, the odds of which are `odds` and, with a clear need, `4 ** power` times that."""
    chance = random.Random(1)
    scores, outcomes = [], []
    for i in range(leads):
        day, clear = FIRST + timedelta(i // 4), chance.random() < 0.5
        lead = {"lead_id": f"L{i}", "need": "clear" if clear else "vague"}
        scores.append(logs.score(f"L{i}", day.isoformat(), lead))
        true = odds * (4**power if clear else 1)
        if chance.random() < true / (1 + true):
            on = day + timedelta(chance.randint(1, 60))
            outcomes.append(logs.outcome(f"L{i}", "opportunity", on.isoformat()))
    logs.fill(log, scores, outcomes)


def measure(log: LogStore, last_learned: date = FIRST - timedelta(1)) -> Any:
    """What the log says of the release."""
    return measure_log(log, get_engine(Scorecard(parse_card(CARD), LEARNED)), last_learned)


@pytest.mark.slow
def test_a_release_that_fits(log: LogStore) -> None:
    """The leads whose horizon had passed when the last outcome came are counted, and nothing is advised."""
    fill(log)
    upkeep = measure(log)
    assert upkeep.advice == ""
    newest = date.fromisoformat(str(log.find_last_outcome())[:10]) - timedelta(60)
    assert upkeep.leads == 4 * ((newest - FIRST).days + 1)


def test_a_rate_that_fell_and_scores_that_fit_no_more(log: LogStore) -> None:
    """Half the odds for all ask for another rate, a need that tells nothing any more for training."""
    fill(log, odds=ODDS / 2)
    assert measure(log).advice == "recalibrate"


def test_scores_that_fit_no_more(log: LogStore) -> None:
    """A need that tells nothing any more asks for training."""
    fill(log, power=0.0, odds=ODDS * 2)
    assert measure(log).advice == "train"


def test_promoted_leads_alone(log: LogStore) -> None:
    """A release that has learned from promoted leads is judged by those whose first score promoted them."""
    fill(log)
    every = measure(log)
    with log.engine.begin() as connection:
        odd = tables.scores.c.lead.like("%1")
        connection.execute(tables.scores.update().where(odd).values(recommendation="promote"))
    engine = get_engine(Scorecard(parse_card(CARD), LEARNED))
    promoted = measure_log(log, engine, FIRST - timedelta(1), promoted=True)
    assert promoted is not None
    assert promoted.leads == pytest.approx(every.leads / 10, abs=1)


def test_which_scores_count(log: LogStore) -> None:
    """The first score of a lead, if it was asked for on its day and not after the outcome; newer leads than learned."""
    fill(log)
    before = measure(log)
    early = {"lead_id": "E", "need": "clear"}
    logs.fill(
        log,
        [
            logs.score("L1", "2025-02-01", {"lead_id": "L1", "need": "clear"}),  # a later one
            logs.score("B", "2025-01-02", {"lead_id": "B"}, at="2025-02-01"),  # for a day that was over
            logs.score("C", "2025-02-01", {"lead_id": "C"}, card="other"),
            logs.score(None, "2025-02-01", None),
            logs.score("E", "2025-02-01", early | {"stage": "customer"}),
            logs.score("F", "2025-02-01", early | {"lead_id": "F"}),
        ],
        [logs.outcome("F", "opportunity", "2025-01-20")],
    )
    assert measure(log) == before
    assert measure(log, date(2025, 3, 1)).leads == before.leads - 4 * 60
    assert measure(log, date(2026, 3, 1)) is None


def test_what_can_not_tell(log: LogStore) -> None:
    """A log without outcomes, a card without a horizon, a release without a base rate."""
    assert measure(log) is None
    fill(log)
    card = CARD.replace(
        "{became: {field: became_on, kind: date}, since: created, within: 60 days}",
        "{became: {field: won, kind: flag}}",
    )
    assert measure_log(log, get_engine(Scorecard(parse_card(card), LEARNED)), FIRST) is None
    assert measure_log(log, get_engine(Scorecard(parse_card(CARD), Learned())), FIRST) is None


def release(home: Path, card: str = CARD) -> None:
    """A release that has learned from leads of days before those of the log."""
    Releases(home).publish(
        card,
        LEARNED,
        metrics={},
        provenance={"newest_lead": "2024-12-31"},
        created=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_check_proposes_the_cure(url: str, log: LogStore, tmp_path: Path) -> None:
    """`check` names the release, the log, the figures and the command; for another card, or none, nothing."""
    fill(log, odds=ODDS / 2)
    (tmp_path / "card.yaml").write_text(CARD)
    words = ("check", tmp_path / "card.yaml", "--home", tmp_path / "home", "--log-url", url)
    assert json.loads(run(*words, "--json").output)["upkeep"] == []
    release(tmp_path / "home", CARD.replace("small-crm", "other"))
    assert "Release" not in run(*words).output
    release(tmp_path / "home")
    text = " ".join(run(*words).output.split())
    assert "Release 2026-01-01-002, by the log: The rate has moved: of the " in text
    (upkeep,) = json.loads(run(*words, "--json").output)["upkeep"]
    assert (upkeep["advice"], upkeep["source"]) == ("recalibrate", "log")
    assert upkeep["said"] in text


def test_check_looks_at_a_list(tmp_path: Path) -> None:
    """A list with outcomes says the same as a log; leads that the release has learned from don't count."""
    chance = random.Random(2)
    rows = ["lead_id,created,need,became_on"]
    for i in range(1200):
        day, clear = FIRST + timedelta(i // 4), chance.random() < 0.5
        true = ODDS / 2 * (4 if clear else 1)
        on = day + timedelta(20) if chance.random() < true / (1 + true) else ""
        rows.append(f"L{i},{day},{'clear' if clear else 'vague'},{on}")
    (tmp_path / "leads.csv").write_text("\n".join(rows))
    (tmp_path / "card.yaml").write_text(CARD)
    release(tmp_path / "home")
    words = ("check", tmp_path / "card.yaml", tmp_path / "leads.csv", "--home", tmp_path / "home")
    (upkeep,) = json.loads(run(*words, "--json").output)["upkeep"]
    assert (upkeep["advice"], upkeep["source"], upkeep["leads"]) == ("recalibrate", "list", 4 * (320 - 60))
    assert f"Release {RELEASE}, by the list: The rate has moved: of the 1,040" in " ".join(run(*words).output.split())


def test_the_metrics(url: str, log: LogStore, tmp_path: Path) -> None:
    """The gauges of the release that is served, from the log; another release shows none of another's."""
    fill(log, odds=ODDS / 2)
    release(tmp_path)
    with TestClient(create_app(Settings(home=tmp_path, log_url=url))) as client:
        until(lambda: value(client, "leadledger_recent_leads", release=RELEASE) is not None)
        upkeep = measure(log)
        gauges = {"recent_leads": upkeep.leads, "recent_won": upkeep.won, "recent_won_predicted": upkeep.expected}
        gauges |= {"recalibration_advised": 1, "training_advised": 0}
        for name, number in gauges.items():
            assert value(client, f"leadledger_{name}", release=RELEASE) == pytest.approx(number)


def test_check_creates_no_log(tmp_path: Path) -> None:
    """A home without a log stays without."""
    (tmp_path / "card.yaml").write_text(CARD)
    release(tmp_path / "home")
    assert run("check", tmp_path / "card.yaml", "--home", tmp_path / "home").exit_code == 0
    assert [path.name for path in (tmp_path / "home").glob("log*")] == []
