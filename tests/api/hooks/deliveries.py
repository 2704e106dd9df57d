"""How tests deliver what the outbox holds: with a clock that they move."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from leadledger.api.hooks.delivery import Attempt, Deliverer
from leadledger.api.hooks.delivery_queue import DeliveryQueue
from leadledger.api.hooks.sender import Sender
from leadledger.api.hooks.subscriptions import Subscription, Subscriptions
from leadledger.api.log import tables
from leadledger.api.log.database import WRITES
from leadledger.api.log.message_kinds import MESSAGE_KINDS
from leadledger.api.log.outbox import write_messages
from tests.api.hooks.decisions import book_row, change_of, keep_record, record_of


class Clock:
    """A clock that tests move on; it begins now."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def move(self, **amount: float) -> None:
        """Move it on."""
        self.now += timedelta(**amount)


def add_hook(engine: Engine, url: str, kinds: Sequence[str] = MESSAGE_KINDS) -> tuple[Subscription, str]:
    """A subscription to a receiver on this machine, and its secret."""
    return Subscriptions(engine).add(url, kinds, "", datetime.now(UTC), to_loopback=True)


def decide(engine: Engine, *leads: str) -> list[str]:
    """Decisions about some leads, one after another: each is promoted, or no more. Returns the ids of their scores."""
    ids = []
    for lead in leads:
        promoted = change_of(book_row(lead), recommendation="promote")
        with engine.execution_options(**WRITES).begin() as connection:
            record = record_of(promoted.after)
            keep_record(connection, record)
            write_messages(connection, [promoted], [record])
        ids.append(promoted.after.score_id)
    return ids


def deliver(engine: Engine, clock: Clock | None = None, **options: Any) -> list[Attempt]:
    """Deliver whatever is due by a clock. Returns the attempts."""
    attempts: list[Attempt] = []
    sender = Sender(**{"to_loopback": True, "total_seconds": 1.0, **options})
    deliverer = Deliverer(DeliveryQueue(engine), sender, attempts.append, clock or Clock())
    asyncio.run(deliverer.drain())
    return attempts


def list_states(engine: Engine) -> list[tuple[str, int, int | None, str]]:
    """State, attempts, status and problem of each delivery, in the order of the messages."""
    table = tables.deliveries.c
    query = select(table.state, table.attempts, table.status, table.problem).order_by(table.message, table.subscription)
    with engine.connect() as connection:
        return [(state, attempts, status, problem) for state, attempts, status, problem in connection.execute(query)]


def walk_days(clock: Clock, days: int) -> Iterator[None]:
    """Move a clock on by some days, in steps that are longer than any lease."""
    for _ in range(days * 24):
        clock.move(hours=1)
        yield
