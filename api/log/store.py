"""What is asked of the log, and taken out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from leadledger.api.log import tables
from leadledger.api.log.database import WRITES
from leadledger.api.log.record import make_storable, now

EMPTY: Mapping[str, None] = {"lead": None, "input": None, "result": None}  # what is left of a score that is forgotten
KEPT = timedelta(days=7)  # answers to requests with an Idempotency-Key; HubSpot repeats its own for three days
BATCH = 1000  # rows that are fetched at a time


class LogStore:
    """The decision log as those who read, prune and forget see it. Raises SQLAlchemyError where the database fails."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def label(self) -> str:
        """What messages call the log: its address, without a password."""
        return self.engine.url.render_as_string(hide_password=True)

    # -- reading -------------------------------------------------------------------------------------------------------

    def read_score(self, ident: str) -> dict[str, Any] | None:
        """One score, as a row of the table; None: there is none."""
        with self.engine.connect() as connection:
            row = connection.execute(
                select(tables.scores).where(tables.scores.c.id == make_storable(ident))
            ).one_or_none()
        return None if row is None else dict(row._mapping)

    def read_lead_scores(self, lead: str, most: int, before: str = "") -> list[dict[str, Any]] | None:
        """The scores of a lead, newest first, at most so many; those before the score `before`, if that is given.

        None: there is no score `before`.
        """
        table, before = tables.scores, make_storable(before)
        found = (
            select(table)
            .where(table.c.lead == make_storable(lead))
            .order_by(table.c.at.desc(), table.c.id.desc())
            .limit(most)
        )
        with self.engine.connect() as connection:
            if before:
                at = connection.execute(select(table.c.at).where(table.c.id == before)).scalar()
                if at is None:
                    return None
                older = (table.c.at < at) | ((table.c.at == at) & (table.c.id < before))
                found = found.where(older)
            return [dict(row._mapping) for row in connection.execute(found)]

    def read_lead_outcomes(self, lead: str) -> list[dict[str, Any]]:
        """What became of a lead, in the order of the days."""
        table = tables.outcomes
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(table).where(table.c.lead == make_storable(lead)).order_by(table.c.on, table.c.at)
            )
            return [dict(row._mapping) for row in rows]

    def read_card(self, digest: str) -> str | None:
        """The text of a card that was served without a release; None: it isn't here."""
        with self.engine.connect() as connection:
            return connection.execute(select(tables.cards.c.text).where(tables.cards.c.digest == digest)).scalar()

    def read_scores(self, since: str = "", until: str = "") -> Iterator[dict[str, Any]]:
        """All scores from a day on, up to the end of another, the oldest first."""
        table = tables.scores
        found = select(table).order_by(table.c.at, table.c.id)
        if since:
            found = found.where(table.c.at >= since)
        if until:
            found = found.where(table.c.at < f"{until}T24")
        with self.engine.connect().execution_options(yield_per=BATCH) as connection:
            for row in connection.execute(found):
                yield dict(row._mapping)

    def read_scores_by_lead(self) -> Iterator[Any]:
        """All scores: id, at, lead, card, as_of, input. Those of one lead come together, in the order of their days.

        The database sorts, so that none of it need be kept here.
        """
        table = tables.scores.c
        order = (table.lead, table.as_of, table.at, table.id)
        found = select(table.id, table.at, table.lead, table.card, table.as_of, table.input).order_by(*order)
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # a long log is not sorted within a request's patience
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield from connection.execute(found, execution_options={"yield_per": BATCH})

    def read_outcomes(self) -> Iterator[Any]:
        """All outcomes: lead, became, on, at."""
        table = tables.outcomes.c
        with self.engine.connect().execution_options(yield_per=BATCH) as connection:
            yield from connection.execute(select(table.lead, table.became, table.on, table.at))

    # -- writing -------------------------------------------------------------------------------------------------------

    def keep_card(self, digest: str, content: str) -> None:
        """Keep the text of a card that is served without a release."""
        with self._writing() as connection:
            insert_once(connection, tables.cards, {"digest": digest, "text": content})

    def add_outcome(self, lead: str, became: str, on: str, key: str) -> bool:
        """Note what became of a lead on a day; whether that is new."""
        row = {"lead": make_storable(lead), "became": became, "on": on, "at": now(), "key": key}
        with self._writing() as connection:
            return insert_once(connection, tables.outcomes, row)

    def expire(self) -> None:
        """Take out answers to requests with an Idempotency-Key that nobody will repeat any more."""
        before = f"{datetime.now(UTC) - KEPT:%Y-%m-%dT%H:%M:%S}"
        with self._writing() as connection:
            connection.execute(delete(tables.answers).where(tables.answers.c.at < before))

    def prune(self, before: str) -> dict[str, int]:
        """Take out all that is older than a time; how much that was, by table."""
        with self._writing() as connection:
            return {
                one.name: connection.execute(delete(one).where(one.c.at < before)).rowcount
                for one in (tables.scores, tables.answers, tables.outcomes)
            }

    def forget(self, lead: str) -> int:
        """Erase what tells of a lead: its id, its values, its ledgers, answers. Its points stay; how many scores.

        What SQLite erases it overwrites (`secure_delete`), also in its write-ahead log.
        """
        table, lead = tables.scores, make_storable(lead)
        with self._writing() as connection:
            idents = connection.execute(select(table.c.id).where(table.c.lead == lead)).scalars().all()
            for one in idents:
                connection.execute(delete(tables.answers).where(tables.answers.c.scores.contains(one)))
            connection.execute(update(table).where(table.c.lead == lead).values(EMPTY))
            connection.execute(update(tables.outcomes).where(tables.outcomes.c.lead == lead).values(lead=None))
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return len(idents)

    def _writing(self) -> Any:
        return self.engine.execution_options(**WRITES).begin()


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row, unless one of its kind is there already; whether it was inserted."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    inserted = make(table).values(row).on_conflict_do_nothing().returning(literal(1))
    return connection.execute(inserted).first() is not None
