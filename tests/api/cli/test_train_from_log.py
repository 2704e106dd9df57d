"""Training from the decision log: on what was known when each lead was scored, on both databases."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from fastapi.testclient import TestClient
from sklearn.metrics import roc_auc_score

from leadledger.api.app import create_app
from leadledger.api.cli.commands import cli
from leadledger.api.log.history import open_history
from leadledger.api.log.record import make_storable
from leadledger.api.log.store import LogStore
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import LeakageError
from leadledger.training.history_reader import read_history
from leadledger.training.promotions import read_promotions
from leadledger.training.runs.train import train
from leadledger.training.sources.logged import LEFT_OUT_REASONS, OUTCOME_DAY, SCORE_DAY
from tests import logs
from tests.case_files import read_cases

CASES = read_cases("from_log.yaml")
CARD = """
name: small-crm
fields:
  lead_id: {kind: id}
  stage: {kind: text, values: [contact, lead, opportunity, customer], learn: no}
  created: {kind: date}
  need: {kind: text, values: [none, vague, clear, urgent]}
  budget: {kind: number, better: higher}
  demo: {kind: flag}
  last_activity: {kind: date}
  days_silent: {kind: number, is: days_since(last_activity)}
  offer: {kind: number}
outcome: {became: {field: became_on, kind: date}, since: created, within: 60 days}
criteria: {need: {met: "need in ('clear', 'urgent')"}}
rules: [{name: urgent, when: need = 'urgent', points: 8, reason: Has an urgent need}]
stages: [{name: contact}, {name: lead}, {name: opportunity, requires: [need], points: 60}, {name: customer}]
"""
NEEDS = ["none", "vague", "clear", "urgent"]
FIRST_SCORES = [("A", "2026-01-02"), ("A", "2026-01-04"), ("B", "2026-01-03")]
FIRST = date(2024, 1, 1)
LAST = date(2026, 6, 30)
pytestmark = pytest.mark.usefixtures("few_bags")


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


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """The card of a small CRM."""
    path = tmp_path / "card.yaml"
    path.write_text(CARD)
    return path


def run(*words: object) -> Result:
    """Run the command in this process; anything but a refusal or wrong usage is raised."""
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def leads(number: int, seed: int = 1) -> pd.DataFrame:
    """Leads as they were on the day on which they were met, the true chance of each, and the day of the outcome.

    The chance depends on need, budget and silence, and on nothing else.
    """
    random = np.random.default_rng(seed)
    need = random.choice(4, number, p=[0.2, 0.4, 0.3, 0.1])
    budget = np.where(random.random(number) < 0.3, np.nan, np.round(random.lognormal(9, 1, number)))
    silent = random.integers(0, 60, number)
    logit = -2.6 + np.array([-1.0, 0.0, 1.0, 2.0])[need] + np.nan_to_num(budget > 9000) * 1.2 - silent / 40
    chance = 1 / (1 + np.exp(-logit))
    days = np.sort(random.integers(0, (LAST - FIRST).days, number))
    created = [FIRST + timedelta(days=int(day)) for day in days]
    won = random.random(number) < chance
    waits = random.integers(5, 60, number).tolist()
    became = [day + timedelta(wait) if won_it else None for day, wait, won_it in zip(created, waits, won, strict=True)]
    return pd.DataFrame(
        {
            "lead_id": [f"L{i}" for i in range(number)],
            "created": [day.isoformat() for day in created],
            "need": [NEEDS[level] for level in need],
            "budget": budget,
            "last_activity": [f"{day - timedelta(int(age))}" for day, age in zip(created, silent, strict=True)],
            "became_on": ["" if day is None else day.isoformat() for day in became],
            "chance": chance,
        }
    )


def values(lead: Mapping[Any, Any]) -> dict[str, Any]:
    """What the log keeps of a lead: its known values."""
    return {name: lead[name] for name in list(lead)[:5] if lead[name] == lead[name]}


def outcomes(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """What became of the leads."""
    return [
        logs.outcome(lead, "opportunity", on)
        for lead, on in zip(frame["lead_id"], frame["became_on"], strict=True)
        if on
    ]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_what_the_log_gives(log: LogStore, case: dict[str, Any]) -> None:
    """The rows of the history, and why each score or value that is in none was left out."""
    scores = []
    for score in case["scores"]:
        known = score["values"] and {**score["values"], **({"lead_id": score["lead"]} if score["lead"] else {})}
        days = {"as_of": str(score["as_of"]), "at": str(score.get("at", ""))}
        scores.append(logs.score(**{**score, **days, "values": known}))
    became = [logs.outcome(outcome["lead"], outcome["became"], str(outcome["day"])) for outcome in case["outcomes"]]
    logs.fill(log, scores, became)
    text = CARD.replace("need: {kind: text,", f"need: {{kind: text, from: {case['from']},") if "from" in case else CARD
    with open_history(log, parse_card(text), backdated=case.get("backdated", False)) as logged:
        rows = duckdb.execute(f'SELECT lead_id, "{SCORE_DAY}", "{OUTCOME_DAY}", need FROM \'{logged.path}\'').fetchall()
    assert rows == [tuple(row) for row in case["rows"]]
    assert {why: count for why, count in logged.left_out.items() if count} == case["left_out"]
    assert len(rows) + sum(logged.left_out.values()) == logged.source["scores"] == len(scores)
    assert logged.source["unscored"] == case.get("unscored", 0)
    assert dict(logged.values_left_out) == case.get("values_left_out", {})


@pytest.mark.slow
def test_values_come_as_they_were(log: LogStore) -> None:
    """Values of every kind, to the last bit; what no database keeps of a text is replaced, and nothing fails."""
    odd = 'a "b"\n\\ \u2028ü'
    kept = {"lead_id": odd, "budget": 0.1, "demo": True, "last_activity": "2026-01-01", "offer": -0.0}
    strange = {"lead_id": "x\0y", "budget": 1e308, "demo": False, "offer": 5e-324}
    scores = [logs.score("A", "2026-01-02", kept), logs.score("B", "2026-01-03", strange)]
    logs.fill(log, scores, [logs.outcome("A", "lost", "2026-02-01")])
    with open_history(log, parse_card(CARD)) as logged:
        query = f"SELECT lead_id, budget, demo, last_activity, offer FROM '{logged.path}'"
        rows = duckdb.execute(query).fetchall()
    assert rows == [
        (odd, 0.1, True, date(2026, 1, 1), 0.0),
        (make_storable("x\0y"), 1e308, False, None, 5e-324),
    ]
    assert str(rows[0][4]) == "-0.0"


@pytest.mark.slow
def test_the_log_and_a_list_teach_the_same(log: LogStore, card: Path, tmp_path: Path) -> None:
    """Leads that are scored once, on the day on which they are met: what is learned is the same, to the last tenth."""
    frame = leads(3000)
    scores = [logs.score(lead["lead_id"], lead["created"], values(lead)) for lead in frame.to_dict("records")]
    logs.fill(log, scores, outcomes(frame))
    frame.drop(columns="chance").to_csv(tmp_path / "history.csv", index=False)
    of_list = train(card, tmp_path / "history.csv", as_of=LAST, without=["demo", "offer"])
    with open_history(log, parse_card(CARD)) as given:
        of_log = train(card, given, as_of=LAST)
    assert of_log.learned == of_list.learned
    assert of_log.learned.terms
    assert of_log.history is not None
    assert of_list.history is not None
    assert of_log.history.counts == of_list.history.counts
    assert of_log.history.counts.immature > 0
    assert {**of_log.metrics, "log": None} == {**of_list.metrics, "log": None}


def test_the_log_knows_who_was_drawn(log: LogStore) -> None:
    """Of a card that explores, the first score of each lead says what was recommended, and with which propensity."""
    first, later, older = (logs.score(lead, day, {"lead_id": lead}) for lead, day in FIRST_SCORES)
    first |= {"recommendation": "promote", "result": json.dumps({"propensity": 0.01})}
    later |= {"recommendation": "nurture", "result": json.dumps({"propensity": 0.0})}
    older |= {"recommendation": "nurture", "result": None}
    logs.fill(
        log,
        [first, later, older],
        [logs.outcome("A", "opportunity", "2026-02-01"), logs.outcome("B", "customer", "2026-06-01")],
    )
    explored = parse_card(CARD.replace("points: 60}", "points: 60, explore: 1 %}"))
    with open_history(log, explored) as logged:
        promotions = read_promotions(explored, read_history(explored, logged))
    assert promotions is not None
    assert promotions.promoted.tolist() == [True, False]
    assert promotions.propensity[0] == 0.01
    assert promotions.known.tolist() == [True, False]
    with open_history(log, parse_card(CARD)) as logged:
        assert "propensity of the score" not in duckdb.read_parquet(str(logged.path)).columns


@pytest.mark.slow
def test_the_same_log_gives_the_same_bytes(log: LogStore, card: Path) -> None:
    """Read twice, the log gives the same digest and the same release."""
    frame = leads(500)
    logs.fill(
        log,
        [logs.score(lead["lead_id"], lead["created"], values(lead)) for lead in frame.to_dict("records")],
        outcomes(frame),
    )
    runs = []
    for _ in range(2):
        with open_history(log, parse_card(CARD)) as given:
            runs.append(train(card, given).to_dict())
    assert runs[0] == runs[1]
    assert runs[0]["provenance"]["data"] == "the decision log"
    assert runs[0]["provenance"]["log"]["leads"] == 500
    assert runs[0]["provenance"]["as_of"] == max(frame["created"].max(), frame["became_on"].max())


@pytest.mark.parametrize(
    ("as_of", "on", "at", "newest"),
    [
        ("2026-03-01", "2026-02-01", "2026-03-01", "2026-03-01"),
        ("2026-01-01", "2026-02-01", "2026-01-01", "2026-02-01"),
        ("2099-01-01", "2026-02-01", "2026-03-01", "2026-03-01"),
        ("2026-01-01", "2026-02-01", "2026-11-01", "2026-02-01"),
    ],
)
def test_up_to_which_day_the_log_tells(log: LogStore, as_of: str, on: str, at: str, newest: str) -> None:
    """Up to its newest day: neither a day in the future, nor the day on which it was filled with old leads."""
    logs.fill(log, [logs.score("A", as_of, {}, at=at)], [logs.outcome("B", "opportunity", on)])
    with open_history(log, parse_card(CARD), backdated=True) as logged:
        assert logged.as_of == date.fromisoformat(newest)


@pytest.mark.slow
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # both logs teach the same, as a test above shows
def test_the_cure_for_leakage(log: LogStore, card: Path) -> None:
    """A field that is filled in once a lead is an opportunity: training refuses the list, not the log."""
    frame = leads(6000)
    random = np.random.default_rng(2)
    scores = []
    finals = []
    for lead in frame.to_dict("records"):
        known = values(lead)
        met, on = date.fromisoformat(lead["created"]), lead["became_on"]
        scores.append(logs.score(lead["lead_id"], lead["created"], known))
        # The CRM calls again later: sales has learned more of each lead, and of opportunities it has written an offer.
        for days in (12, 90):
            day = (met + timedelta(days=days)).isoformat()
            known = {**known, "need": "urgent"} if on and random.random() < 0.7 else known
            if on and on <= day:
                known = {**known, "offer": float(random.integers(1000, 9000))}
            scores.append(logs.score(lead["lead_id"], day, known))
        finals.append({**known, "became_on": on})
    logs.fill(log, scores, outcomes(frame))

    with pytest.raises(LeakageError) as caught:
        train(card, pd.DataFrame(finals), as_of=LAST, without=["demo"])
    assert "offer" in [suspect.field for suspect in caught.value.suspects]

    with open_history(log, parse_card(CARD)) as given:
        trained = train(card, given, as_of=LAST)
    assert trained.metrics["leakage"]["suspects"] == []
    assert trained.metrics["fields_left_out"]["offer"] == "has no value in the history"
    assert trained.history is not None
    held = trained.metrics["held_out"]["leadledger"]
    newest = slice(len(trained.history) - held["leads"], len(trained.history))
    by_id = frame.set_index("lead_id")["chance"]
    true = by_id[list(trained.history.ids["lead_id"][newest])].to_numpy()
    best = roc_auc_score(trained.history.won[newest], true)  # with the true chance of each lead
    assert best - 0.03 <= held["auc"] <= best + 0.01
    assert 0.8 <= held["slope"] <= 1.2

    # With the gate overruled, the list promises too much, and scores leads as they are met worse than the log does.
    card.write_text(re.sub(r"^(  (need|offer): .*)}$", r"\1, known_when_scored: yes}", CARD, flags=re.MULTILINE))
    fooled = train(card, pd.DataFrame(finals), as_of=LAST, without=["demo"])
    totals = trained.history.score(fooled.scorecard)[newest]
    assert fooled.metrics["held_out"]["leadledger"]["auc"] > 0.97
    assert roc_auc_score(trained.history.won[newest], totals) < held["auc"] - 0.05


@pytest.mark.slow
def test_counts_are_told(url: str, log: LogStore, card: Path, tmp_path: Path) -> None:
    """The report says where the scores went; without enough outcomes the rules are released alone."""
    became = [logs.outcome("A", "opportunity", "2026-02-01"), logs.outcome("Z", "customer", "2026-02-01")]
    scores = [
        logs.score("A", "2026-01-02", {"need": "clear", "hobby": "golf"}),
        logs.score("A", "2026-01-05", {"need": "clear"}),
        logs.score("B", "2026-01-03", {"need": "vague"}),
        logs.score("C", "2026-06-01", {"need": "vague"}),
        logs.score(None, "2026-01-03", None),
    ]
    logs.fill(log, scores, became)
    words = ["train", card, "--from-log", "--log-url", url, "--home", tmp_path]
    done = run(*words)
    assert done.exit_code == 0, done.stderr
    name = Releases(tmp_path).current()
    assert (
        done.output
        == f"""\
Release {name} is made, and is the current one.

Rules alone, nothing was learned: 2 leads have an outcome, fewer than the 100
that the card asks for (`outcome: minimum:`).
Points count as declared.
The log has 5 scores, from 2026-01-02 to 2026-06-01. Training learns from the
first score of each lead, as the lead was known then.
It has 2 outcomes: 2 leads reached the stage opportunity. 1 of them have no
score to learn from.
Scores left out: 1 are later ones of the same leads, 1 are forgotten.
Values left out, which the card has no field for or reads differently now: 1 of
hobby.
3 rows: 2 leads to learn from, 1 became opportunities (50.0%).
Left out: 1 are too young to judge.
The whole report, for a browser: {tmp_path}/releases/{name}/report.html
"""
    )
    as_json = json.loads(run(*words, "--json").output)
    assert as_json["metrics"]["log"] == {
        "scores": 5,
        "leads": 3,
        "outcomes": 2,
        "stage": "opportunity",
        "reached": 2,
        "unscored": 1,
        "oldest_score": "2026-01-02",
        "newest_score": "2026-06-01",
        "left_out": {**dict.fromkeys(LEFT_OUT_REASONS, 0), "later": 1, "forgotten": 1},
        "values_left_out": {"hobby": 1},
    }


@pytest.mark.slow
def test_what_can_not_be_learned_from_is_said(url: str, log: LogStore, card: Path, tmp_path: Path) -> None:
    """Each message in full, from the first mistake to the last: what is missing, and where it comes from."""
    words = ["train", card, "--from-log", "--log-url", url, "--home", tmp_path]

    def refused() -> str:
        done = run(*words)
        assert (done.exit_code, done.stdout) == (1, "")
        return done.stderr.strip()

    empty = f"the log at {log.label} has no scores; `leadledger serve` records them, unless it runs with `--log off`"
    assert refused() == empty
    logs.fill(log, [logs.score("A", "2026-01-02", {"need": "clear"}, at="2026-05-01")])
    assert refused() == (
        f"the log at {log.label} has 1 scores and no outcomes; report what became of the leads with POST /v1/outcomes"
    )
    logs.fill(log, [], [logs.outcome("A", "opportunity", "2026-02-01")])
    assert refused() == (
        f"the log at {log.label} has 1 scores, and none to learn from for the card 'small-crm': 1 were asked for a day"
        " that was over; if their values were those of that day, add --backdated"
    )
    assert run(*words, "--backdated").exit_code == 0
    mend = "`outcome: {became: {field: became_on, kind: date}, since: created, within: 90 days}`"
    dated = "outcome: {became: {field: became_on, kind: date}, since: created, within: 60 days}"
    for outcome, message in (
        (
            "",
            "the card 'small-crm' has no `outcome:`, so training doesn't know what to predict; add for example"
            f" {mend}. From the log, the horizon starts on the day of each score",
        ),
        (
            "outcome: {became: {field: won, kind: flag}}",
            "the outcome of the card 'small-crm' is a flag without a horizon, so the log can't tell which leads are"
            f" still too young to judge; write for example {mend}. From the log, the horizon starts on the day of each"
            " score",
        ),
    ):
        card.write_text(CARD.replace(dated, outcome))
        assert refused() == message
    card.write_text(CARD.replace("requires: [need], points: 60", ""))
    assert refused() == (
        "no stage of the card 'small-crm' decides anything, so the log can't tell which outcomes count; give the"
        " stage that training predicts `requires:` or a threshold under `stages:`"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Missing argument 'DATA', the history to learn from; or give --from-log"),
        (["history.csv", "--from-log"], "DATA and --from-log exclude each other; give one of the two"),
        (["history.csv", "--backdated"], "--backdated goes with --from-log"),
        (["history.csv", "--log-url", "sqlite:///x"], "--log-url goes with --from-log"),
    ],
)
def test_wrong_usage(card: Path, words: list[str], message: str) -> None:
    """Options that don't go together are wrong usage, status 2."""
    done = run("train", card, *words)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == f"Error: {message}"


def test_a_log_that_can_not_be_opened(card: Path, tmp_path: Path) -> None:
    """The message names it, without its password."""
    words = ["train", card, "--from-log", "--home", tmp_path, "--log-url"]
    done = run(*words, "sqlite:////nowhere/at/all.sqlite3")
    message = "the log at sqlite:////nowhere/at/all.sqlite3 can't be opened: unable to open database file\n"
    assert (done.exit_code, done.stderr) == (1, message)
    done = run(*words, "postgresql://u:secret@127.0.0.1:1/d")
    assert done.exit_code == 1
    assert done.stderr.startswith("the log at postgresql+psycopg://u:***@127.0.0.1:1/d can't be opened: ")


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # docs/training.md does it with SQLite
def test_through_the_service(url: str, log: LogStore, card: Path, tmp_path: Path) -> None:
    """Score over HTTP, record what became of the leads, train, and serve the new release."""
    frame = leads(600)
    with TestClient(create_app(Settings(card=card, home=tmp_path, log_url=url))) as client:
        for lead in frame.to_dict("records"):
            body = {"lead": values(lead), "as_of": lead["created"]}
            assert client.post("/v1/score", json=body).status_code == 200
            if lead["became_on"]:
                outcome = {"lead": lead["lead_id"], "became": "opportunity", "on": lead["became_on"]}
                assert client.post("/v1/outcomes", json=outcome).json()["new"]
    words = ["train", card, "--from-log", "--log-url", url, "--home", tmp_path, "--json"]
    assert "--backdated" in run(*words).stderr  # all that was scored here was scored today
    done = run(*words, "--backdated")
    assert done.exit_code == 0, done.stderr
    trained = json.loads(done.output)
    assert (trained["current"], trained["rules_only"]) == (True, "")
    counts = trained["metrics"]["counts"]
    assert counts["rows"] == 600 == counts["used"] + counts["immature"]
    with TestClient(create_app(Settings(home=tmp_path, log_url=url))) as client:
        answer = client.post("/v1/score", json={"lead": {"lead_id": "new", "need": "urgent"}}).json()
        assert answer["release"] == trained["release"]
        assert {entry["kind"] for entry in answer["ledger"]} >= {"rule", "table"}
        assert client.get(f"/v1/scores/{answer['id']}/replay").json()["identical"]
    # The next training is compared with that release, and what it answered is in the log too.
    again = json.loads(run(*words, "--backdated").output)
    assert again["metrics"]["comparison"]["release"] == trained["release"]
    assert again["metrics"]["comparison"]["leads"] > 0
    assert again["metrics"]["log"]["scores"] == 601
