"""The outbox: a message is written in the transaction of the decision that it tells of; neither is without the other.

Messages of one lead are delivered in the order of their numbers. Whoever writes decisions of leads locks the rows of
the book first, so that the later one of two transactions has the higher number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, insert, select, text

from leadledger.api.log import tables
from leadledger.api.log.book_rows import DecisionChange
from leadledger.api.log.database import WRITES
from leadledger.api.log.message_bodies import write_body, write_lead_body
from leadledger.api.log.message_kinds import MessageKind, list_change_kinds
from leadledger.api.log.record import Record, new_id, now

ACTIVE, DISABLED = "active", "disabled"  # states of subscriptions
WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"
DELIVERY_STATES = (WAITING, DELIVERED, DEAD)
NOTICE_LOCK = 5324  # of PostgreSQL, so that only the first of several workers writes a notice
IDS_PER_QUERY = 500


class Draft(NamedTuple):
    """A message that is to be written, and the ids of the subscriptions that get it."""

    kind: MessageKind
    lead_key: str
    body: str
    subscriptions: Sequence[str]


def write_messages(connection: Connection, changes: Sequence[DecisionChange], records: Sequence[Record]) -> int:
    """Write what hooks tell of changes, in the transaction that records them. Returns the number of messages.

    `records` are the scores of the transaction. Where nobody subscribes, that costs one look at a small table, and
    without changes nothing.
    """
    if not changes:
        return 0
    subscribers = _read_subscribers(connection)
    if not subscribers:
        return 0
    receivers: list[tuple[DecisionChange, dict[MessageKind, list[str]]]] = []
    for change in changes:
        by_kind = _choose_receivers(list_change_kinds(change), subscribers)
        if by_kind:
            receivers.append((change, by_kind))
    answers = _read_answers(connection, [change for change, _ in receivers], records)
    drafts = []
    for change, by_kind in receivers:
        before, after = change
        earlier = None if before is None else answers.get(before.score_id)
        for kind, subscriptions in by_kind.items():
            body = write_lead_body(kind, change, answers.get(after.score_id), earlier)
            drafts.append(Draft(kind, after.key, body, subscriptions))
    _insert_messages(connection, drafts)
    return len(drafts)


def write_notice(connection: Connection, kind: MessageKind, data: Mapping[str, Any], same: Sequence[str]) -> bool:
    """Write a message that is about no lead. Returns whether it was written: somebody subscribes, and it is news.

    It is no news where the last message of its kind has the same values of the members `same`: several workers see the
    same thing.
    """
    subscribers = _read_subscribers(connection)
    subscriptions = [subscription for subscription, kinds in subscribers.items() if kind in kinds]
    if not subscriptions:
        return False
    if connection.dialect.name == "postgresql":  # a writer of SQLite holds its lock already
        connection.execute(text(f"SELECT pg_advisory_xact_lock({NOTICE_LOCK})"))
    messages = tables.messages.c
    last = connection.execute(
        select(messages.body)
        .where(messages.lead_key == "", messages.kind == kind)
        .order_by(messages.number.desc())
        .limit(1)
    ).scalar()
    if last is not None:
        known = json.loads(last)["data"]
        if all(known.get(name) == data.get(name) for name in same):
            return False
    _insert_messages(connection, [Draft(kind, "", write_body(kind, now(), data), subscriptions)])
    return True


def tell(engine: Engine, kind: MessageKind, data: Mapping[str, Any], same: Sequence[str]) -> bool:
    """`write_notice` in a transaction of its own, where somebody subscribes."""
    with engine.connect() as connection:
        if not any(kind in kinds for kinds in _read_subscribers(connection).values()):
            return False
    with engine.execution_options(**WRITES).begin() as connection:
        return write_notice(connection, kind, data, same)


def _read_subscribers(connection: Connection) -> dict[str, frozenset[str]]:
    """The kinds that each active subscription asks for, by its id."""
    table = tables.subscriptions.c
    rows = connection.execute(select(table.id, table.kinds).where(table.state == ACTIVE).order_by(table.id))
    return {subscription: frozenset(kinds.split()) for subscription, kinds in rows}


def _choose_receivers(
    kinds: Sequence[MessageKind], subscribers: Mapping[str, frozenset[str]]
) -> dict[MessageKind, list[str]]:
    """Which subscriptions get which kind: each the first that it asks for."""
    receivers: dict[MessageKind, list[str]] = {}
    for subscription, wanted in subscribers.items():
        kind = next((kind for kind in kinds if kind in wanted), None)
        if kind is not None:
            receivers.setdefault(kind, []).append(subscription)
    return receivers


def _read_answers(
    connection: Connection, changes: Sequence[DecisionChange], records: Sequence[Record]
) -> dict[str, str]:
    """The logged answers before and after some changes, by the id of the score; those that are pruned are not there."""
    rows = [row for change in changes for row in change if row is not None]
    recorded = {record.id: record.answer for record in records}
    answers = {row.score_id: recorded[row.score_id].decode() for row in rows if row.score_id in recorded}
    others = sorted({row.score_id for row in rows} - answers.keys())
    scores = tables.scores.c
    for start in range(0, len(others), IDS_PER_QUERY):
        wanted = scores.id.in_(others[start : start + IDS_PER_QUERY])
        query = select(scores.id, scores.result).where(wanted, scores.result.is_not(None))
        answers |= {score_id: answer for score_id, answer in connection.execute(query)}
    return answers


def _insert_messages(connection: Connection, drafts: Sequence[Draft]) -> None:
    """Write messages, numbered in their order, and a delivery for each of their subscriptions, due at once."""
    if not drafts:
        return
    at = now()
    rows = [
        {"id": f"msg_{new_id()}", "lead_key": draft.lead_key, "kind": draft.kind, "at": at, "body": draft.body}
        for draft in drafts
    ]
    numbers = connection.execute(
        insert(tables.messages).returning(tables.messages.c.number, sort_by_parameter_order=True), rows
    ).scalars()
    deliveries = [
        {
            "message": number,
            "subscription": subscription,
            "lead_key": draft.lead_key,
            "state": WAITING,
            "attempts": 0,
            "due": at,
            "status": None,
            "problem": "",
        }
        for number, draft in zip(numbers, drafts, strict=True)
        for subscription in draft.subscriptions
    ]
    connection.execute(insert(tables.deliveries), deliveries)
