"""A sample of each kind of message, from the example lead of a card: what to build a receiver with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from leadledger.api.log.book_rows import DecisionChange, enter_score
from leadledger.api.log.message_bodies import write_body, write_lead_body
from leadledger.api.log.message_kinds import MESSAGE_KINDS
from leadledger.api.log.record import Record, encode_answer
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.outputs import Verdict
from leadledger.scoring.result import Result

SAMPLE_LEAD_ID = "L-1042"
SAMPLE_SCORE_ID = "01kb0000000000000000000000"
SAMPLE_RELEASE = "2026-01-31-001"
_VERDICTS: Mapping[str, tuple[Verdict, Verdict]] = {  # before and after
    "lead.promoted": ("nurture", "promote"),
    "lead.demoted": ("promote", "demote"),
    "lead.ask": ("nurture", "ask"),
    "lead.disqualified": ("nurture", "disqualify"),
    "lead.grade_changed": ("nurture", "nurture"),
}


def make_samples(engine: Engine) -> list[dict[str, Any]]:
    """A message of each kind, in the order of MESSAGE_KINDS, about the lead of the first case of a card."""
    lead: Mapping[str, Any] = {}
    day = date(2026, 1, 31)
    for case in engine.card.card.cases[:1]:
        lead, day = case.lead, case.as_of
    cleaned = engine.clean(lead)
    result = engine.build_result(cleaned.values, day, cleaned.ignored)
    at = f"{day.isoformat()}T09:00:00.000000Z"
    release = result.release or SAMPLE_RELEASE
    notices: dict[str, dict[str, Any]] = {
        "release.published": {"release": release, "was": "2025-12-31-001"},
        "drift.warning": {
            "release": release,
            "advice": "recalibrate",
            "leads": 400,
            "won": 80,
            "predicted": 55.0,
            "sentence": "The rate has moved.",
        },
    }
    bodies = [
        write_body(kind, at, notices[kind]) if kind in notices else _write_lead_sample(kind, result, at)
        for kind in MESSAGE_KINDS
    ]
    return [json.loads(body) for body in bodies]


def _write_lead_sample(kind: str, result: Result, at: str) -> str:
    """A message about a lead that was new the moment before; its recommendation is what the kind says."""
    was, verdict = _VERDICTS[kind]
    advice = result.recommendation
    before, after = (
        enter_score(None, _make_record(replace(result, recommendation=replace(advice, verdict=given)), at))
        for given in (was, verdict)
    )
    assert before is not None
    assert after is not None
    answer = encode_answer(SAMPLE_SCORE_ID, result).decode()
    start = json.dumps({"ledger": [entry.to_dict() for entry in result.ledger if entry.kind == "start"]})
    tenths = sum(entry.tenths for entry in result.ledger if entry.kind == "start")
    earlier = before._replace(tenths=tenths, score=min(max(round(tenths / 10), 0), 100))
    return write_lead_body(kind, DecisionChange(earlier, after), answer, start)


def _make_record(result: Result, at: str) -> Record:
    return Record(SAMPLE_SCORE_ID, at, SAMPLE_LEAD_ID, "", "", "{}", b"{}", result)
