"""`leadledger retrain` trains when newer leads ask for it, leaves a draft, and does neither twice."""

from __future__ import annotations

import csv
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.log import database
from leadledger.api.log.store import LogStore
from leadledger.api.trainings.training_folder import ONE_AT_A_TIME, TRAINING_LOCK
from leadledger.api.trainings.training_need import TrainingNeed, find_trained_release, judge_need
from leadledger.models.locked_file import try_lock_file
from leadledger.models.releases.store import Releases
from tests import logs
from tests.command_line import run

pytestmark = pytest.mark.slow
CARD = """
name: small-crm
fields:
  lead_id: {kind: id}
  stage: {kind: text, values: [contact, lead, opportunity, customer], learn: no}
  created: {kind: date}
  need: {kind: text, values: [vague, clear]}
  size: {kind: number}
outcome: {became: {field: became_on, kind: date}, since: created, within: 30 days}
rules: [{name: clear, when: need = 'clear', points: 20, reason: Has a clear need}]
stages: [{name: contact}, {name: lead}, {name: opportunity, points: 60}, {name: customer}]
"""
FIRST = date.today() - timedelta(400)
ODDS = 0.25  # of a lead without a clear need; with one, four times as much


def draw(start: int, stop: int, odds: float = ODDS) -> list[dict[str, Any]]:
    """Some leads, two of a day, with the day on which each became an opportunity, or None."""
    chance = random.Random(start)
    leads = []
    for i in range(start, stop):
        day, clear = FIRST + timedelta(i // 2), chance.random() < 0.5
        true = odds * (4 if clear else 1)
        won = day + timedelta(chance.randint(1, 30)) if chance.random() < true / (1 + true) else None
        need, size = "clear" if clear else "vague", chance.randint(1, 500)
        leads.append({"lead_id": f"L{i}", "created": day, "need": need, "size": size, "became_on": won})
    return leads


def fill(home: Path, leads: list[dict[str, Any]]) -> None:
    """Write the leads to the log, as if each had been scored on its day; the newest is known to be lost by then."""
    engine = database.open_database(None, home)
    scores, outcomes = [], []
    for lead in leads:
        values = {key: lead[key] for key in ("lead_id", "need", "size")} | {"created": str(lead["created"])}
        scores.append(logs.score(lead["lead_id"], str(lead["created"]), values))
        if lead["became_on"]:
            outcomes.append(logs.outcome(lead["lead_id"], "opportunity", str(lead["became_on"])))
    outcomes.append(logs.outcome(leads[0]["lead_id"], "lost", str(leads[-1]["created"] + timedelta(30))))
    logs.fill(LogStore(engine), scores, outcomes)
    engine.dispose()


def retrain(home: Path, *words: object) -> dict[str, Any]:
    """What the command reports."""
    done = run("retrain", *words, "--home", home, "--json")
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose release has learned from the log."""
    home: Path = tmp_path_factory.mktemp("home")
    (home / "card.yaml").write_text(CARD)
    fill(home, draw(0, 400))
    done = run("train", home / "card.yaml", "--from-log", "--force", "--home", home)
    assert done.exit_code == 0, done.output
    (home / "card.yaml").unlink()  # the release has it
    return home


def test_by_and_by(home: Path) -> None:
    """Nothing new: nothing is done. Enough new leads: a draft with a report, once. Then a rate that moved: another."""
    first = Releases(home).current()
    done = run("retrain", "--if-due", "--home", home)
    assert (done.exit_code, done.output) == (
        0,
        f"No training is due. Leads with a known outcome that {first} has not learned from: 0; 100 would be enough."
        " They are too few to tell whether its scores still fit.\n",
    )
    fill(home, draw(400, 520))
    with try_lock_file(home / TRAINING_LOCK):
        done = run("retrain", "--if-due", "--home", home)
        assert (done.exit_code, done.stderr) == (1, f"{ONE_AT_A_TIME}\n")
    assert len(Releases(home).names()) == 1
    answer = retrain(home, "--if-due")
    draft = answer["trained"]
    assert (answer["due"], answer["release"], answer["is_current"]) == (True, first, True)
    assert (
        f"Leads with a known outcome that {first} has not learned from: {answer['new_leads']}; 100 are enough."
        in (answer["reasons"])
    )
    assert answer["new_leads"] >= 100
    assert Releases(home).names() == (first, draft)
    assert Releases(home).current() == first
    assert draft in Path(answer["report"]).read_text("utf-8")

    done = run("retrain", "--if-due", "--home", home)
    assert done.output.startswith("No training is due. Leads with a known outcome that " + draft)
    assert done.output.endswith(
        f"Release {draft} waits as a draft: `leadledger releases use {draft}` makes it current.\n"
    )
    fill(home, draw(520, 720, odds=ODDS * 12))
    need = judge(home, date.today(), enough=10_000)
    assert (need.release, need.is_due) == (draft, True)
    assert need.upkeep is not None
    assert need.reasons[0] == (
        f"The rate has moved: of the 200 newest leads, {need.upkeep.won:,} became opportunities, and"
        f" {need.upkeep.expected:,.0f} were predicted to."
    )


def judge(home: Path, today: date, enough: int) -> TrainingNeed:
    """What the command would find on a day."""
    engine = database.open_database(None, home)
    releases = Releases(home)
    need = judge_need(releases, find_trained_release(releases), LogStore(engine), today, enough)
    engine.dispose()
    return need


def test_age_and_lists(home: Path, tmp_path: Path) -> None:
    """An old release is trained again for a few new leads; one that learned from a list asks for a list."""
    card, listed = tmp_path / "card.yaml", tmp_path / "leads.csv"
    card.write_text(CARD)
    with listed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["lead_id", "created", "need", "size", "became_on"])
        writer.writeheader()
        writer.writerows(draw(0, 400))
    assert run("train", card, listed, "--force", "--home", tmp_path).exit_code == 0
    name = Releases(tmp_path).current()
    fill(tmp_path, draw(400, 440))
    newest = find_trained_release(Releases(tmp_path)).last_learned
    assert newest is not None
    assert not judge(tmp_path, newest + timedelta(90), enough=100).is_due
    assert judge(tmp_path, newest + timedelta(91), enough=100).is_due
    done = run("retrain", "--if-due", "--max-age", 30, "--home", tmp_path)
    assert (done.exit_code, done.stderr) == (
        1,
        f"release {name} has learned from the list leads.csv; name the list with the newer leads, `leadledger retrain"
        " DATA`, or learn from the log with --from-log\n",
    )
    answer = retrain(tmp_path, listed, "--if-due", "--max-age", 30)
    assert answer["reasons"] == [
        f"The newest lead that {name} has learned from is {answer['age']} days old; more than 30 are too many, with 20"
        " new leads or more."
    ]
    assert Releases(tmp_path).show(answer["trained"])["provenance"]["data"] == "leads.csv"
    assert run("retrain", listed, "--from-log", "--home", tmp_path).exit_code == 2


def test_a_home_without_a_release(tmp_path: Path) -> None:
    """There is no card to train with, and the message says what makes a release."""
    done = run("retrain", "--if-due", "--home", tmp_path)
    assert (done.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert done.stderr.startswith(f"there is no release in {tmp_path} yet; `leadledger release CARD`")
