"""Calls of CRMs: which signatures were used already, and which records are still to be read because of them.

Both are written in one transaction: a call that was answered is remembered by all workers, also if this one dies.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from leadledger.api.log import tables
from leadledger.api.log.database import write_whole
from leadledger.api.log.record import now
from leadledger.api.log.sync_store import write_over

REMEMBERED_MINUTES = 30  # longer than a signature counts
WAITING_DAYS = 1  # that a record is tried for; by then a whole pass has read it


class CallStore:
    """The calls in a log. Raises SQLAlchemyError where the database fails."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def take(self, digest: str, account: str, ids: Sequence[str]) -> bool:
        """Remember a signature, and the records that its call tells of. False: it was used before."""

        def write(connection: Connection) -> None:
            oldest = _ago(timedelta(minutes=REMEMBERED_MINUTES))
            connection.execute(delete(tables.used_signatures).where(tables.used_signatures.c.at < oldest))
            connection.execute(tables.used_signatures.insert().values(digest=digest, at=now()))
            rows = [(account, record_id, now()) for record_id in sorted(ids)]  # so that no two calls block each other
            write_over(connection, "called_records", ("account", "id", "at"), ("account", "id"), rows)

        try:
            write_whole(self.engine, write)
        except IntegrityError:
            return False
        return True

    def read_waiting(self, account: str, most: int) -> list[tuple[str, str]]:
        """The records of an account that are to be read, the first first: each with the time of its call."""
        called = tables.called_records.c
        query = select(called.id, called.at).where(called.account == account).order_by(called.at, called.id).limit(most)
        with self.engine.connect() as connection:
            return [(row.id, row.at) for row in connection.execute(query)]

    def list_accounts(self) -> list[str]:
        """The accounts of which records wait."""
        with self.engine.connect() as connection:
            return list(connection.execute(select(tables.called_records.c.account).distinct()).scalars())

    def settle(self, account: str, read: Sequence[tuple[str, str]]) -> None:
        """Records that were read wait no longer, unless another call came since."""
        called = tables.called_records.c
        query = delete(tables.called_records).where(
            called.account == account, called.id == bindparam("read_id"), called.at == bindparam("read_at")
        )
        rows = [{"read_id": record_id, "read_at": at} for record_id, at in read]
        old = delete(tables.called_records).where(called.at < _ago(timedelta(days=WAITING_DAYS)))
        write_whole(self.engine, lambda connection: (rows and connection.execute(query, rows), connection.execute(old)))


def _ago(span: timedelta) -> str:
    return f"{datetime.now(UTC) - span:%Y-%m-%dT%H:%M:%S.%f}Z"
