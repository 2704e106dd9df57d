"""Decisions for tests of hooks: rows of the book, changes, and the scores that they came from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, select

from leadledger.api.log import tables
from leadledger.api.log.book_rows import BookRow, DecisionChange
from leadledger.api.log.record import Record, new_id
from leadledger.api.log.score_rows import write_scores
from leadledger.scoring.result import Entry, Recommendation, Result

AT = "2026-03-03T10:20:30.123456Z"
DAY = "2026-03-03"


def book_row(lead: str = "L1", **changes: Any) -> BookRow:
    """What the book knows of a lead that is nurtured."""
    known: dict[str, Any] = {
        **{"key": lead, "lead": lead, "score_id": new_id(), "at": AT, "as_of": DAY},
        **{"card": "small-crm", "card_digest": "0" * 64, "release": "2026-01-31-001"},
        **{"tenths": 500, "score": 50, "probability": 0.125, "percentile": None, "grade": "B", "axis_grades": ""},
        **{"recommendation": "nurture", "stage": "lead", "to_stage": "opportunity", "since": DAY},
        **{"below_since": None, "distance": -100, "change": 0, "earlier_tenths": None, "earlier_on": None},
        **{"recent_tenths": None, "recent_on": None},
        **{
            "owner": "",
            "title": "",
            "rejected_on": None,
            "snoozed_until": None,
            "answered_on": None,
            "input": '{"values": {"email": "a@b.example"}}',
        },
    }
    return BookRow(**{**known, **changes})


def record_of(
    row: BookRow,
    entries: Mapping[str, int] | None = None,
    reasons: Sequence[str] = (),
    questions: Sequence[Mapping[str, Any]] = (),
) -> Record:
    """The score from which a row of the book came; `entries`: the tenths of its rules by name."""
    ledger = tuple(Entry(name, "rule", tenths, name) for name, tenths in (entries or {"start": row.tenths}).items())
    advice = Recommendation("nurture", row.stage, row.to_stage, 600, (), tuple(reasons), ())
    result = Result(
        row.card, row.release, date.fromisoformat(row.as_of), row.tenths, 0, 1000, row.score, row.probability,
        row.grade, advice, ledger,
    )  # fmt: skip
    answer = json.dumps({"id": row.score_id, **result.to_dict(), "questions": list(questions)}).encode()
    return Record(row.score_id, row.at, row.lead, "", row.card_digest, row.input, answer, result)


def keep_record(connection: Connection, record: Record) -> None:
    """Write a score to the log."""
    write_scores(connection, [record])


def change_of(before: BookRow | None, **changes: Any) -> DecisionChange:
    """A change of what the book knows, with a score of its own."""
    was = before or book_row()
    return DecisionChange(before, was._replace(**{"score_id": new_id(), **changes}))


def read_messages(engine: Engine) -> list[dict[str, Any]]:
    """All messages in their order, each with its body as JSON, and the subscriptions that get it."""
    messages, deliveries = tables.messages, tables.deliveries
    with engine.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(messages).order_by(messages.c.number))]
        for row in rows:
            query = select(deliveries.c.subscription).where(deliveries.c.message == row["number"])
            row["subscriptions"] = sorted(connection.execute(query).scalars())
            row["body"] = json.loads(row["body"])
    return rows


def subscribe(engine: Engine, *kinds: str, name: str = "sub_1", **changes: Any) -> str:
    """A subscription, written as it stands in the table. Returns its id."""
    row = {
        **{"id": name, "url": "https://hooks.example.com/in", "kinds": " ".join(kinds), "secrets": "[]"},
        **{"state": "active", "problem": "", "held_until": "", "at": AT, "key": ""},
    }
    with engine.begin() as connection:
        connection.execute(tables.subscriptions.insert(), {**row, **changes})
    return name
