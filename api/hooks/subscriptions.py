"""Who gets which messages: subscriptions, their secrets, and whether they are active."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, tuple_, update

from leadledger.api.hooks.addresses import read_address
from leadledger.api.hooks.signing import make_secret
from leadledger.api.log import tables
from leadledger.api.log.database import WRITES
from leadledger.api.log.message_kinds import MESSAGE_KINDS
from leadledger.api.log.outbox import ACTIVE, DISABLED
from leadledger.api.log.record import new_id
from leadledger.api.log.store import ROWS_PER_DELETE
from leadledger.scoring.errors import HookError, did_you_mean

MOST_SUBSCRIPTIONS = 100
OLD_SECRET_HOURS = 24  # for which the secret before signs along, unless it is told otherwise
LONGEST_OLD_SECRET_HOURS = 720
MOST_SECRETS = 5  # that sign at once: a header has an end


def write_time(moment: datetime) -> str:
    """A moment as the log writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def choose_secrets(written: str, now: str) -> list[str]:
    """The secrets that sign at a time, the newest first, out of those that a subscription has."""
    return [secret for secret, until in json.loads(written) if until is None or until > now]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription, without its secrets.

    `state`: active or disabled, with the reason in `problem`; `old_secret_until`: until when an older secret signs
    along; None: none does. `key`: the id of the API key that made it; empty: none.
    """

    id: str
    url: str
    kinds: tuple[str, ...]
    state: str
    problem: str
    created: str
    key: str
    old_secret_until: str | None

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "id": self.id,
            "url": self.url,
            "kinds": [*self.kinds],
            "state": self.state,
            "problem": self.problem,
            "created": self.created,
            "key": self.key,
            "old_secret_until": self.old_secret_until,
        }


class Subscriptions:
    """The subscriptions in a database. Raises HookError for those that aren't there, and SQLAlchemyError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def list_all(self, now: datetime) -> list[Subscription]:
        """All, the oldest first."""
        table = tables.subscriptions
        with self.engine.connect() as connection:
            rows = connection.execute(select(table).order_by(table.c.at, table.c.id))
            return [_make_subscription(row, write_time(now)) for row in rows]

    def read(self, subscription: str, now: datetime) -> Subscription:
        """One."""
        with self.engine.connect() as connection:
            return _make_subscription(_find_row(connection, subscription), write_time(now))

    def read_target(self, subscription: str, now: datetime) -> tuple[str, list[str]]:
        """Its URL and the secrets that sign now."""
        with self.engine.connect() as connection:
            row = _find_row(connection, subscription)
        return row.url, choose_secrets(row.secrets, write_time(now))

    def add(
        self, url: str, kinds: Sequence[str], key: str, now: datetime, to_loopback: bool = False
    ) -> tuple[Subscription, str]:
        """Subscribe. Returns the subscription and its secret, which is not shown again. No kinds: all of them."""
        read_address(url, to_loopback)
        chosen = read_kinds(kinds)
        secret = make_secret()
        row = {
            "id": f"sub_{new_id()}",
            "url": url,
            "kinds": " ".join(chosen),
            "secrets": json.dumps([[secret, None]]),
            "state": ACTIVE,
            "problem": "",
            "held_until": "",
            "at": write_time(now),
            "key": key,
        }
        table = tables.subscriptions
        with self._writing() as connection:
            count = connection.execute(select(func.count()).select_from(table)).scalar_one()
            if count >= MOST_SUBSCRIPTIONS:
                raise HookError(f"there are {count} subscriptions, the most that are allowed; remove one")
            connection.execute(insert(table), row)
            return _make_subscription(_find_row(connection, row["id"]), write_time(now)), secret

    def remove(self, subscription: str) -> None:
        """Unsubscribe: nothing more is sent, and what waits is dropped."""
        table = tables.subscriptions
        with self._writing() as connection:
            _find_row(connection, subscription)
            connection.execute(delete(table).where(table.c.id == subscription))
        deliveries = tables.deliveries
        keys = (deliveries.c.message, deliveries.c.subscription)
        some = select(*keys).where(deliveries.c.subscription == subscription).limit(ROWS_PER_DELETE)
        while True:
            with self._writing() as connection:
                if connection.execute(delete(deliveries).where(tuple_(*keys).in_(some))).rowcount < ROWS_PER_DELETE:
                    return

    def rotate(self, subscription: str, keep_hours: int, now: datetime) -> tuple[Subscription, str]:
        """Give a subscription a new secret; those before sign along for some hours at the most.

        Returns it with the secret, which is not shown again.
        """
        secret, latest = make_secret(), write_time(now + timedelta(hours=keep_hours))
        with self._writing() as connection:
            row = _find_row(connection, subscription, lock=True)
            older = [[old, min(until or latest, latest)] for old, until in json.loads(row.secrets)]
            kept = [[old, until] for old, until in older if until > write_time(now)]
            return self._set_secrets(connection, subscription, [[secret, None], *kept][:MOST_SECRETS], now), secret

    def end_old_secrets(self, subscription: str, now: datetime) -> Subscription:
        """From now on only the newest secret signs."""
        with self._writing() as connection:
            row = _find_row(connection, subscription, lock=True)
            return self._set_secrets(connection, subscription, json.loads(row.secrets)[:1], now)

    def enable(self, subscription: str) -> None:
        """Make a disabled subscription active again; new messages are written for it."""
        table = tables.subscriptions
        active = {"state": ACTIVE, "problem": "", "held_until": ""}
        with self._writing() as connection:
            connection.execute(
                update(table).where(table.c.id == subscription, table.c.state == DISABLED).values(active)
            )

    def _set_secrets(self, connection: Connection, subscription: str, secrets: Any, now: datetime) -> Subscription:
        table = tables.subscriptions
        connection.execute(update(table).where(table.c.id == subscription).values(secrets=json.dumps(secrets)))
        return _make_subscription(_find_row(connection, subscription), write_time(now))

    def _writing(self) -> Any:
        return self.engine.execution_options(**WRITES).begin()


def read_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds of messages, each once and in our order; all of them where none is named. Raises HookError."""
    for kind in kinds:
        if kind not in MESSAGE_KINDS:
            raise HookError(f"{kind!r} is no kind of message.{did_you_mean(kind, MESSAGE_KINDS)}")
    return tuple(kind for kind in MESSAGE_KINDS if kind in kinds or not kinds)


def _find_row(connection: Connection, subscription: str, lock: bool = False) -> Row[Any]:
    """The row of a subscription. Raises HookError where there is none."""
    table = tables.subscriptions
    query = select(table).where(table.c.id == subscription)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise HookError(f"there is no subscription with the id {subscription!r}")
    return row


def _make_subscription(row: Row[Any], now: str) -> Subscription:
    ends = [until for _, until in json.loads(row.secrets) if until is not None and until > now]
    kinds = tuple(row.kinds.split())
    return Subscription(row.id, row.url, kinds, row.state, row.problem, row.at, row.key, max(ends, default=None))
