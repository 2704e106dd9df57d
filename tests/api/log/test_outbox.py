"""Messages of hooks are written with the decisions that they tell of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from leadledger.api.log.database import WRITES
from leadledger.api.log.message_bodies import MOST_BODY_BYTES, write_lead_body
from leadledger.api.log.message_kinds import MESSAGE_KINDS, list_change_kinds
from leadledger.api.log.outbox import write_messages, write_notice
from tests import logs
from tests.api.hooks.decisions import AT, DAY, book_row, change_of, keep_record, read_messages, record_of, subscribe


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An empty log."""
    with logs.opened(url) as log:
        yield log.engine


PROMOTED = book_row(recommendation="promote", tenths=620, grade="A")
# What is known of a lead before and after, and the kinds of messages that tell of it.
CHANGES: dict[str, tuple[dict[str, Any] | None, dict[str, Any], list[str]]] = {
    "a new lead is promoted": (None, {"recommendation": "promote"}, ["lead.promoted"]),
    "a new lead is asked": (None, {"recommendation": "ask"}, ["lead.ask"]),
    "a new lead is disqualified": (None, {"recommendation": "disqualify"}, ["lead.disqualified"]),
    "a new lead is nurtured": (None, {"recommendation": "nurture"}, []),
    "a new lead is kept": (None, {"recommendation": "keep"}, []),
    "promoted": ({}, {"recommendation": "promote"}, ["lead.promoted"]),
    "promoted with a better grade": (
        {},
        {"recommendation": "promote", "grade": "A"},
        ["lead.promoted", "lead.grade_changed"],
    ),
    "the score moves": ({}, {"tenths": 590, "score": 59}, []),
    "a better grade": ({}, {"grade": "A"}, ["lead.grade_changed"]),
    "the first grade": ({"grade": ""}, {"grade": "A"}, []),
    "no grade any more": ({}, {"grade": ""}, []),
    "demoted": ({"recommendation": "promote"}, {"recommendation": "demote"}, ["lead.demoted"]),
    "after a demotion": ({"recommendation": "demote"}, {"recommendation": "nurture"}, []),
    "a promotion fades": ({"recommendation": "promote"}, {"recommendation": "nurture"}, ["lead.demoted"]),
    "a promotion ends, nothing is advised": (
        {"recommendation": "promote"},
        {"recommendation": "keep"},
        ["lead.demoted"],
    ),
    "a promotion ends with a question": (
        {"recommendation": "promote"},
        {"recommendation": "ask"},
        ["lead.demoted", "lead.ask"],
    ),
    "a promoted lead is disqualified": (
        {"recommendation": "promote"},
        {"recommendation": "disqualify"},
        ["lead.disqualified"],
    ),
    "a promoted lead reached the stage": (
        {"recommendation": "promote"},
        {"recommendation": "nurture", "stage": "opportunity", "to_stage": "customer"},
        [],
    ),
    "promoted to the stage after": (
        {"recommendation": "promote"},
        {"recommendation": "promote", "stage": "opportunity", "to_stage": "customer"},
        ["lead.promoted"],
    ),
    "asked about the stage after": (
        {"recommendation": "ask"},
        {"recommendation": "ask", "stage": "opportunity", "to_stage": "customer"},
        ["lead.ask"],
    ),
    "a disqualified lead moves on": (
        {"recommendation": "disqualify"},
        {"recommendation": "disqualify", "stage": "opportunity", "to_stage": "customer"},
        [],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_kinds_of_changes(name: str) -> None:
    """A change of a decision has messages; a score that moves has none."""
    before, after, kinds = CHANGES[name]
    known = None if before is None else book_row(**before)
    assert list(list_change_kinds(change_of(known, **after))) == kinds


def test_a_subscription_gets_one_message_of_a_change(engine: Engine) -> None:
    """Each subscription gets the first kind that it asks for, and a disabled one gets nothing."""
    subscribe(engine, *MESSAGE_KINDS, name="all")
    subscribe(engine, "lead.ask", "lead.grade_changed", name="asks")
    subscribe(engine, "lead.grade_changed", name="grades")
    subscribe(engine, "release.published", name="releases")
    subscribe(engine, *MESSAGE_KINDS, name="disabled", state="disabled")
    change = change_of(PROMOTED, recommendation="ask", grade="C")
    with engine.execution_options(**WRITES).begin() as connection:
        assert write_messages(connection, [change], [record_of(change.after)]) == 3
    assert [(message["kind"], message["subscriptions"]) for message in read_messages(engine)] == [
        ("lead.demoted", ["all"]),
        ("lead.ask", ["asks"]),
        ("lead.grade_changed", ["grades"]),
    ]


def test_body(engine: Engine) -> None:
    """A message tells what was recommended and what is, which entries moved, why and what to ask."""
    subscribe(engine, "lead.promoted")
    before = book_row(since="2026-02-01")
    promoted = {"recommendation": "promote", "since": DAY, "grade": "A"}
    change = change_of(before, **promoted, tenths=620, score=62, probability=0.3333333333)
    question = {"field": "budget", "question": "What is the budget?", "settles": 0.5}
    with engine.execution_options(**WRITES).begin() as connection:
        keep_record(connection, record_of(before, {"start": 500, "visits": 30, "old": -30}))
        after = record_of(change.after, {"start": 500, "visits": 120}, ["+12.0 Visits often"], [question])
        write_messages(connection, [change], [after])
    (message,) = read_messages(engine)
    assert message["id"].startswith("msg_")
    assert message["body"] == {
        "type": "lead.promoted",
        "timestamp": AT,
        "data": {
            "lead": "L1",
            **{"recommendation": "promote", "from": "lead", "to": "opportunity", "since": DAY},
            **{"score": 62, "points": 62.0, "probability": 0.333333, "grade": "A"},
            **{"as_of": DAY, "card": "small-crm", "release": "2026-01-31-001", "score_id": change.after.score_id},
            "before": {
                **{"recommendation": "nurture", "from": "lead", "to": "opportunity", "since": "2026-02-01"},
                **{"score": 50, "points": 50.0, "probability": 0.125, "grade": "B"},
            },
            "moved": [
                {"kind": "rule", "name": "visits", "before": 3.0, "after": 12.0, "moved": 9.0},
                {"kind": "rule", "name": "old", "before": -3.0, "after": 0.0, "moved": 3.0},
            ],
            **{"moved_known": True, "left_out": 0, "left_out_points": 0.0},
            "reasons": ["+12.0 Visits often"],
            "questions": [question],
        },
    }
    assert "a@b.example" not in json.dumps(message["body"])


def test_what_moved_adds_up(engine: Engine) -> None:
    """If the book has moved since the score before, without a score in the log, that score is the state before."""
    subscribe(engine, "lead.promoted")
    logged = book_row()
    moved = logged._replace(tenths=560, score=56, probability=0.2)
    change = change_of(moved, recommendation="promote", tenths=620, score=62)
    with engine.execution_options(**WRITES).begin() as connection:
        keep_record(connection, record_of(logged, {"start": 500}))
        write_messages(connection, [change], [record_of(change.after, {"start": 500, "visits": 120})])
    (message,) = read_messages(engine)
    data = message["body"]["data"]
    assert [data["before"][name] for name in ("score", "points", "probability")] == [50, 50.0, 0.125]
    assert data["points"] - data["before"]["points"] == sum(entry["moved"] for entry in data["moved"]) == 12.0


def test_body_without_the_earlier_score(engine: Engine) -> None:
    """If the earlier score was pruned, the message says that nobody knows what moved."""
    subscribe(engine, "lead.promoted")
    change = change_of(book_row(), recommendation="promote")
    with engine.execution_options(**WRITES).begin() as connection:
        write_messages(connection, [change], [record_of(change.after)])
    (message,) = read_messages(engine)
    assert (message["body"]["data"]["moved"], message["body"]["data"]["moved_known"]) == ([], False)


@pytest.mark.parametrize("sign", ["x", "\x01", "漢", "🧲", '"'])
def test_body_stays_small(sign: str) -> None:
    """However long names and texts are, a body has less than 20,000 bytes, and says what is left out."""
    text = sign * 5000
    change = change_of(None, lead=sign * 200, stage=text, to_stage=text, card=text, release=text, grade=text)
    entries = {f"{number}{text}": number for number in range(1, 500)}
    question = {"field": text, "question": text, "settles": 1.0}
    record = record_of(change.after, entries, [text] * 30, [question] * 30)
    body = write_lead_body("lead.promoted", change, record.answer.decode(), None)
    assert len(body.encode()) < MOST_BODY_BYTES
    data = json.loads(body)["data"]
    assert 0 < data["left_out"] == 499 - len(data["moved"])
    total = sum(move["moved"] for move in data["moved"]) + data["left_out_points"]
    assert round(total * 10) == sum(entries.values())


def test_changes_keep_their_order(engine: Engine) -> None:
    """Messages are numbered in the order of the changes, however many one transaction has."""
    subscribe(engine, "lead.promoted", "lead.demoted")
    row, changes = book_row(), []
    for number in range(700):
        changes.append(change_of(row, recommendation="promote" if number % 2 == 0 else "nurture"))
        row = changes[-1].after
    with engine.execution_options(**WRITES).begin() as connection:
        assert write_messages(connection, changes, [record_of(change.after) for change in changes]) == 700
    messages = read_messages(engine)
    assert [message["body"]["data"]["score_id"] for message in messages] == [
        change.after.score_id for change in changes
    ]
    assert len({message["id"] for message in messages}) == 700


def test_nobody_subscribes(engine: Engine) -> None:
    """Where nobody subscribes nothing is written; it costs one statement, and none where nothing changed."""
    statements: list[str] = []
    with engine.execution_options(**WRITES).begin() as connection:
        event.listen(connection, "before_cursor_execute", lambda *call: statements.append(call[2]))
        assert write_messages(connection, [], []) == 0
        assert statements == []
        change = change_of(None, recommendation="promote")
        assert write_messages(connection, [change], [record_of(change.after)]) == 0
        assert len(statements) == 1
    assert read_messages(engine) == []


def test_a_message_needs_its_decision(engine: Engine) -> None:
    """A transaction that fails leaves no message."""
    subscribe(engine, "lead.promoted")
    change = change_of(None, recommendation="promote")
    with engine.execution_options(**WRITES).connect() as connection, connection.begin() as transaction:
        assert write_messages(connection, [change], [record_of(change.after)]) == 1
        transaction.rollback()
    assert read_messages(engine) == []


def test_notices_are_news(engine: Engine) -> None:
    """A notice is written once, until it says something else."""
    data = {"release": "2026-01-31-001", "was": ""}
    with engine.execution_options(**WRITES).begin() as connection:
        assert not write_notice(connection, "release.published", data, ["release"])
    subscribe(engine, "release.published")
    news = [data, {**data, "was": "2026-01-30-001"}, {**data, "release": "2026-02-01-001"}, data]
    written = []
    for notice in news:
        with engine.execution_options(**WRITES).begin() as connection:
            written.append(write_notice(connection, "release.published", notice, ["release"]))
    assert written == [True, False, True, True]
    assert [message["body"]["data"]["release"] for message in read_messages(engine)] == [
        "2026-01-31-001",
        "2026-02-01-001",
        "2026-01-31-001",
    ]
