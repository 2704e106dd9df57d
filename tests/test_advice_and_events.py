"""Rejections and answers that are counted from events: the same advice in Python, in lists, and when replayed."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from starlette.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.scorecard import build_untrained

DAY = date(2026, 3, 16)
TEXT = """
name: rejections
events: {rejection: {}, reply: {}}
fields:
  lead_id: {kind: id}
  big: {kind: flag}
  rejected_on: {kind: date, is: last(rejection)}
  replied_on: {kind: date, is: last(reply)}
rules: [{name: big, when: big, points: 20, reason: Is big}]
stages:
  - {name: contact}
  - {name: lead, points: 60, hold: {band: 5, days: 14}, cool_down: {days: 30, unless: replied_on}}
"""
CARD = build_untrained(parse_card(TEXT))
# The events of each lead, its last recommendation, and what must be advised.
LEADS: list[tuple[list[tuple[str, str]], str, str]] = [
    ([], "", "promote"),
    ([("rejection", "2026-03-10")], "", "nurture"),
    ([("rejection", "2026-03-10")], "promote", "nurture"),
    ([("rejection", "2026-03-10"), ("reply", "2026-03-12")], "promote", "promote"),
    ([("reply", "2026-03-09"), ("rejection", "2026-03-10")], "", "nurture"),
    ([("rejection", "2026-03-10"), ("reply", "2026-03-17")], "", "nurture"),
    ([("rejection", "2026-02-13")], "", "promote"),
    ([("rejection", "2026-02-13"), ("rejection", "2026-03-16")], "", "nurture"),
]


def make_lead(number: int) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A lead with its last recommendation, and its events."""
    happened, last, _ = LEADS[number]
    lead = {"lead_id": f"L{number}", "big": "yes", "last_recommendation": last, "recommended_to": ""}
    return lead, [{"kind": kind, "time": day, "id": str(i)} for i, (kind, day) in enumerate(happened)]


@pytest.mark.parametrize("number", range(len(LEADS)))
def test_python(number: int) -> None:
    """The last rejection counts, and only a later reply ends the wait."""
    lead, events = make_lead(number)
    assert score(CARD, lead, DAY, events).recommendation.verdict == LEADS[number][2]


def test_unknown_events_reject_nothing() -> None:
    """Where nobody says which events there are, no rejection is known."""
    lead, _ = make_lead(1)
    assert score(CARD, lead, DAY).recommendation.verdict == "promote"


def test_lists(tmp_path: Path) -> None:
    """A list with a list of events gets the same advice, days and all."""
    made = [make_lead(number) for number in range(len(LEADS))]
    leads, events, out = tmp_path / "leads.csv", tmp_path / "events.csv", tmp_path / "out.csv"
    with leads.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(made[0][0]))
        writer.writeheader()
        writer.writerows(lead for lead, _ in made)
    rows = [f"{lead['lead_id']},{event['kind']},{event['time']},{event['id']}" for lead, own in made for event in own]
    events.write_text("\n".join(["lead,kind,time,id", *rows]) + "\n", "utf-8")
    score_list(CARD, leads, out, DAY, Wanted(events=events))
    shown = "SELECT recommendation, recommended_since, below_since FROM"
    results = [score(CARD, lead, DAY, own) for lead, own in made]
    assert duckdb.execute(f"{shown} read_csv('{out}')").fetchall() == [
        (result.recommendation.verdict, result.recommended_since, result.below_since) for result in results
    ]


def test_replayed(tmp_path: Path) -> None:
    """The log keeps what the events came to, so that a replay gives the same advice, byte for byte."""
    (tmp_path / "card.yaml").write_text(TEXT, "utf-8")
    with TestClient(create_app(Settings(card=tmp_path / "card.yaml", home=tmp_path))) as client:
        for number in range(len(LEADS)):
            lead, events = make_lead(number)
            body = json.dumps({"lead": lead, "as_of": DAY.isoformat(), "events": events})
            answer = client.post("/v1/score", content=body, headers={"content-type": "application/json"}).json()
            assert answer["recommendation"] == LEADS[number][2]
            assert client.get(f"/v1/scores/{answer['id']}/replay").json()["identical"]
