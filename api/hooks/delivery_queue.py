"""What is to be delivered: which messages are due, who tries them, and what came of it.

A process that tries a delivery has it on lease: until the lease is over nobody else tries it, and if the process is
killed, somebody tries it again after that. A message of a lead waits until the one before is delivered or dead; the
messages that are about no lead wait for nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, and_, exists, func, or_, select, update

from leadledger.api.hooks.places import Places
from leadledger.api.hooks.retries import Answer, choose_delay
from leadledger.api.hooks.subscriptions import choose_secrets, write_time
from leadledger.api.log import tables
from leadledger.api.log.database import WRITES
from leadledger.api.log.outbox import ACTIVE, DEAD, DELIVERED, DISABLED, WAITING

ROWS_PER_STEP = 5000
LEASE_SECONDS = 60  # longer than an attempt may take


class Claim(NamedTuple):
    """A delivery that is being tried by this process, until `lease`. `attempts` were made before."""

    message: int
    subscription: str
    lead_key: str
    attempts: int
    lease: str
    message_id: str
    kind: str
    body: str
    url: str
    secrets: Sequence[str]


class DeliveryRow(NamedTuple):
    """A delivery for those who look: its message, how it stands, and what came of the last attempt."""

    message_id: str
    kind: str
    created: str
    state: str
    attempts: int
    due: str
    status: int | None
    problem: str


@dataclass
class DeliveryQueue:
    """The deliveries in a database. Raises SQLAlchemyError."""

    engine: Engine
    drawn: random.Random = field(default_factory=random.Random)

    def claim(self, now: datetime, places: Places) -> list[Claim]:
        """Take what is due on lease, as much as there are free places; the caller takes them.

        Only where something is due the database is written to.
        """
        if not self._has_due(now, places):
            return []
        left = places.copy()
        lease = write_time(now + timedelta(seconds=LEASE_SECONDS))
        claims = []
        deliveries = tables.deliveries.c
        with self._writing() as connection:
            for hook in self._read_active(connection, now):
                due = _select_due(connection, hook.id, write_time(now), left.count_free(hook.id), lock=True)
                if not due:
                    continue
                numbers = [row.message for row in due]
                taken = and_(deliveries.subscription == hook.id, deliveries.message.in_(numbers))
                connection.execute(update(tables.deliveries).where(taken).values(due=lease))
                secrets = choose_secrets(hook.secrets, write_time(now))
                bodies = _read_messages(connection, numbers)
                for row in due:
                    left.take(hook.id)
                    message = bodies[row.message]
                    known = {"message_id": message.id, "kind": message.kind, "body": message.body}
                    target = {"url": hook.url, "secrets": secrets}
                    claims.append(Claim(row.message, hook.id, row.lead_key, row.attempts, lease, **known, **target))
        return claims

    def settle(self, answers: Iterable[tuple[Claim, Answer]], now: datetime) -> list[str]:
        """Write what came of some attempts. Returns the state of each delivery: delivered, waiting or dead.

        Where the lease is over and somebody else tries it by now, nothing is written.
        """
        states = []
        with self._writing() as connection:
            for claim, answer in answers:
                states.append(self._settle(connection, claim, answer, now))
        return states

    def _settle(self, connection: Connection, claim: Claim, answer: Answer, now: datetime) -> str:
        attempts, due, state = claim.attempts + 1, write_time(now), DELIVERED
        if not answer.is_delivered:
            delay = choose_delay(attempts, answer.retry_after, self.drawn)
            state = DEAD if delay is None else WAITING
            due = write_time(now + timedelta(seconds=0 if state == DEAD else delay or 0))
        values = {"state": state, "attempts": attempts, "due": due, "status": answer.status, "problem": answer.problem}
        if not connection.execute(update(tables.deliveries).where(_is_leased(claim)).values(values)).rowcount:
            return state
        if claim.lead_key:
            self._move_followers(connection, claim, due)
        if answer.is_gone:
            _disable(connection, claim.subscription, answer.problem)
        elif answer.retry_after is not None and not answer.is_delivered:
            held = write_time(now + timedelta(seconds=answer.retry_after))
            hooks = tables.subscriptions
            connection.execute(update(hooks).where(hooks.c.id == claim.subscription).values(held_until=held))
        return state

    def _move_followers(self, connection: Connection, claim: Claim, due: str) -> None:
        """Make the later messages of a lead due with the one that they wait for: nobody looks at them before."""
        deliveries = tables.deliveries.c
        followers = and_(
            deliveries.subscription == claim.subscription,
            deliveries.lead_key == claim.lead_key,
            deliveries.message > claim.message,
            deliveries.state == WAITING,
        )
        connection.execute(update(tables.deliveries).where(followers).values(due=due))

    def release(self, claims: Iterable[Claim], now: datetime) -> None:
        """Give up some claims whose attempts were broken off: they are due at once."""
        with self._writing() as connection:
            for claim in claims:
                connection.execute(update(tables.deliveries).where(_is_leased(claim)).values(due=write_time(now)))

    def find_next(self) -> datetime | None:
        """When the next delivery is due, which may be past; None: nothing waits."""
        deliveries = tables.deliveries.c
        with self.engine.connect() as connection:
            times = [
                max(due, hook.held_until)
                for hook in self._read_active(connection, None)
                if (
                    due := connection.execute(
                        select(func.min(deliveries.due)).where(
                            deliveries.subscription == hook.id, deliveries.state == WAITING
                        )
                    ).scalar()
                )
            ]
        return datetime.fromisoformat(min(times)) if times else None

    def count_waiting(self) -> int:
        """How many deliveries of active subscriptions wait for an attempt, the first or another."""
        deliveries = tables.deliveries.c
        with self.engine.connect() as connection:
            hooks = [hook.id for hook in self._read_active(connection, None)]
            waiting = and_(deliveries.subscription.in_(hooks), deliveries.state == WAITING)
            return connection.execute(select(func.count()).select_from(tables.deliveries).where(waiting)).scalar_one()

    def list_deliveries(self, subscription: str, state: str, limit: int, before: str = "") -> list[DeliveryRow] | None:
        """At most `limit` deliveries of a subscription, the newest first, in a state (empty: in any).

        `before`: those before the message with this id; None is returned where there is no such message.
        """
        deliveries, messages = tables.deliveries.c, tables.messages.c
        query = (
            select(messages.id, messages.kind, messages.at, deliveries.state, deliveries.attempts)
            .add_columns(deliveries.due, deliveries.status, deliveries.problem)
            .join_from(tables.deliveries, tables.messages, messages.number == deliveries.message)
            .where(deliveries.subscription == subscription)
            .order_by(deliveries.message.desc())
            .limit(limit)
        )
        if state:
            query = query.where(deliveries.state == state)
        with self.engine.connect() as connection:
            if before:
                number = connection.execute(select(messages.number).where(messages.id == before)).scalar()
                if number is None:
                    return None
                query = query.where(deliveries.message < number)
            return [DeliveryRow(*row) for row in connection.execute(query)]

    def send_again(self, subscription: str, now: datetime, message_id: str = "") -> int:
        """Make dead deliveries of a subscription due, all or that of one message. Returns their number."""
        deliveries, messages = tables.deliveries.c, tables.messages.c
        dead = select(deliveries.message).where(deliveries.subscription == subscription, deliveries.state == DEAD)
        if message_id:
            dead = dead.where(deliveries.message.in_(select(messages.number).where(messages.id == message_id)))
        values = {"state": WAITING, "attempts": 0, "due": write_time(now)}
        count = 0
        while True:  # in steps, so that no other transaction waits long
            some = and_(deliveries.subscription == subscription, deliveries.message.in_(dead.limit(ROWS_PER_STEP)))
            with self._writing() as connection:
                changed: int = connection.execute(update(tables.deliveries).where(some).values(values)).rowcount
            count += changed
            if changed < ROWS_PER_STEP:
                return count

    def _has_due(self, now: datetime, places: Places) -> bool:
        """Whether something is due for which there is a place; nothing is locked."""
        with self.engine.connect() as connection:
            for hook in self._read_active(connection, now):
                if places.count_free(hook.id) and _select_due(connection, hook.id, write_time(now), 1):
                    return True
        return False

    def _read_active(self, connection: Connection, now: datetime | None) -> Sequence[Row[Any]]:
        """The subscriptions that are active, and that no Retry-After holds at a time (None: held or not)."""
        table = tables.subscriptions
        query = select(table).where(table.c.state == ACTIVE).order_by(table.c.id)
        if now is not None:
            query = query.where(table.c.held_until <= write_time(now))
        return connection.execute(query).all()

    def _writing(self) -> Any:
        return self.engine.execution_options(**WRITES).begin()


def _select_due(connection: Connection, subscription: str, now: str, limit: int, lock: bool = False) -> Sequence[Any]:
    """The deliveries of a subscription that are due and wait for no other: message, lead_key, attempts."""
    if limit < 1:
        return []
    deliveries = tables.deliveries.c
    earlier = tables.deliveries.alias("earlier")
    waits = exists().where(
        earlier.c.subscription == deliveries.subscription,
        earlier.c.lead_key == deliveries.lead_key,
        earlier.c.message < deliveries.message,
        earlier.c.state == WAITING,
    )
    query = (
        select(deliveries.message, deliveries.lead_key, deliveries.attempts)
        .where(deliveries.subscription == subscription, deliveries.state == WAITING, deliveries.due <= now)
        .where(or_(deliveries.lead_key == "", ~waits))
        .order_by(deliveries.due, deliveries.message)
        .limit(limit)
    )
    if lock:  # SQLite has no such words, and needs none: only one process writes at a time
        query = query.with_for_update(skip_locked=True)
    return connection.execute(query).all()


def _read_messages(connection: Connection, numbers: Sequence[int]) -> dict[int, Any]:
    """Some messages (id, kind, body) by their numbers."""
    messages = tables.messages.c
    query = select(messages.number, messages.id, messages.kind, messages.body).where(messages.number.in_(numbers))
    return {row.number: row for row in connection.execute(query)}


def _is_leased(claim: Claim) -> Any:
    """Whether a delivery is still on the lease of a claim."""
    deliveries = tables.deliveries.c
    return and_(
        deliveries.message == claim.message,
        deliveries.subscription == claim.subscription,
        deliveries.state == WAITING,
        deliveries.due == claim.lease,
    )


def _disable(connection: Connection, subscription: str, problem: str) -> None:
    """Disable a subscription whose receiver wants no more messages; those that wait go on waiting."""
    hooks = tables.subscriptions
    disabled = {"state": DISABLED, "problem": f"{problem}: it wants no more messages"}
    connection.execute(update(hooks).where(hooks.c.id == subscription).values(disabled))
