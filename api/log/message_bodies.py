"""The bodies of messages: what hooks tell of a decision, in less than 20,000 bytes of JSON.

    {"type": "lead.promoted", "timestamp": "2026-03-03T10:20:30.123456Z",
     "data": {"lead": "L-1042", "recommendation": "promote", "from": "lead", "to": "opportunity", "since": "2026-03-03",
              "points": 62.5, …, "before": {"recommendation": "nurture", …},
              "moved": [{"kind": "rule", "name": "reads_prices", "before": 0.0, "after": 6.0, "moved": 6.0}],
              "moved_known": true, "left_out": 0, "left_out_points": 0.0, "reasons": […], "questions": […],
              "score_id": "01kb…", "release": "2026-01-31-001"}}

`type`, `timestamp` and `data` are those of Standard Webhooks:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pydantic_core import to_json

from leadledger.api.log.book_rows import BookRow, DecisionChange
from leadledger.api.log.record import Ledger, read_ledger

MOST_BODY_BYTES = 20_000
MOST_MOVED_ENTRIES = 20
MOST_REASONS = 5
MOST_QUESTIONS = 3
LONGEST_TEXT = 200  # characters of any text in a body
_CONTROL = re.compile("[\x00-\x1f\x7f]")
Move: TypeAlias = tuple[tuple[str, str], int, int]  # kind and name of an entry, its tenths before and after


def write_body(kind: str, timestamp: str, data: Mapping[str, Any]) -> str:
    """The body of a message as JSON."""
    return to_json({"type": kind, "timestamp": timestamp, "data": data}).decode()


def write_lead_body(kind: str, change: DecisionChange, answer: str | None, earlier_answer: str | None) -> str:
    """The body of a message about a lead.

    `answer` is the logged answer that changed the decision, `earlier_answer` the one before; None: the log lacks it, so
    that nobody knows what moved.
    """
    before, after = change
    result: dict[str, Any] = {} if answer is None else json.loads(answer)
    moved: list[Move] = []
    is_known = answer is not None and (before is None or earlier_answer is not None)
    if answer is not None and is_known:
        earlier = {} if earlier_answer is None else read_ledger(earlier_answer)
        moved = _list_moved(earlier, read_ledger(answer))
    kept = min(len(moved), MOST_MOVED_ENTRIES)
    while True:
        data = {
            "lead": cut_text(after.lead),
            **_describe_state(after),
            "as_of": after.as_of,
            "card": cut_text(after.card),
            "release": cut_text(after.release),
            "score_id": after.score_id,
            "before": None if before is None else _describe_before(before, earlier_answer),
            "moved": [_describe_move(*move) for move in moved[:kept]],
            "moved_known": is_known,
            "left_out": len(moved) - kept,
            "left_out_points": sum(new - old for _, old, new in moved[kept:]) / 10,
            "reasons": [cut_text(reason) for reason in result.get("reasons", ())[:MOST_REASONS]],
            "questions": _describe_questions(result.get("questions", ())),
        }
        body = write_body(kind, after.at, data)
        if len(body.encode()) < MOST_BODY_BYTES or not kept:
            return body
        kept = kept * 3 // 4


def cut_text(text: str) -> str:
    """A text of at most `LONGEST_TEXT` characters, without controls, which JSON writes six times as long."""
    text = _CONTROL.sub("\ufffd", text)
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _describe_state(row: BookRow) -> dict[str, Any]:
    """What was recommended, and on which points it rested."""
    return {
        "recommendation": row.recommendation,
        "from": cut_text(row.stage),
        "to": cut_text(row.to_stage),
        "since": row.since,
        "score": row.score,
        "points": row.tenths / 10,
        "probability": None if row.probability is None else round(row.probability, 6),
        "grade": cut_text(row.grade),
    }


def _describe_before(row: BookRow, answer: str | None) -> dict[str, Any]:
    """The state before, with the points of the logged answer, so that what moved adds up.

    The row may have moved since, while its decision stayed (see `book_updates`).
    """
    known = {} if answer is None else json.loads(answer)
    return _describe_state(row) | {name: known[name] for name in ("score", "points", "probability") if name in known}


def _list_moved(before: Ledger, after: Ledger) -> list[Move]:
    """The entries that moved between two ledgers, the strongest first. A lead that is new had none before."""
    names = dict.fromkeys([*before, *after])
    moves = [(entry, before.get(entry, 0), after.get(entry, 0)) for entry in names]
    return sorted((move for move in moves if move[1] != move[2]), key=lambda move: -abs(move[2] - move[1]))


def _describe_move(entry: tuple[str, str], old: int, new: int) -> dict[str, Any]:
    kind, name = entry
    return {
        "kind": kind,
        "name": cut_text(name),
        "before": old / 10,
        "after": new / 10,
        "moved": (new - old) / 10,
    }


def _describe_questions(questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**question, "field": cut_text(question["field"]), "question": cut_text(question["question"])}
        for question in questions[:MOST_QUESTIONS]
    ]
