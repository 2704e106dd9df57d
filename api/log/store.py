"""Reads, prunes and erases the decision log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from leadledger.api.log import tables
from leadledger.api.log.database import WRITES
from leadledger.api.log.record import make_storable, now

FORGOTTEN: Mapping[str, None] = {"lead": None, "input": None, "result": None}  # what forgetting sets in a score
ANSWERS_KEPT_FOR = timedelta(days=7)  # for repeated requests; HubSpot repeats its own for three days
ROWS_PER_FETCH = 1000


class LogStore:
    """The decision log, for readers and for pruning and forgetting. Raises SQLAlchemyError where the database fails."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def label(self) -> str:
        """The address of the log without its password, for messages."""
        return self.engine.url.render_as_string(hide_password=True)

    # -- reading -------------------------------------------------------------------------------------------------------

    def read_score(self, score_id: str) -> dict[str, Any] | None:
        """One score as a row of the table, or None."""
        with self.engine.connect() as connection:
            row = connection.execute(
                select(tables.scores).where(tables.scores.c.id == make_storable(score_id))
            ).one_or_none()
        return None if row is None else dict(row._mapping)

    def read_lead_scores(self, lead: str, limit: int, before: str = "") -> list[dict[str, Any]] | None:
        """At most `limit` scores of a lead, newest first, from those before the score with the id `before` if given.

        None where the log has no score `before`.
        """
        table, before = tables.scores, make_storable(before)
        query = (
            select(table)
            .where(table.c.lead == make_storable(lead))
            .order_by(table.c.at.desc(), table.c.id.desc())
            .limit(limit)
        )
        with self.engine.connect() as connection:
            if before:
                at = connection.execute(select(table.c.at).where(table.c.id == before)).scalar()
                if at is None:
                    return None
                older = (table.c.at < at) | ((table.c.at == at) & (table.c.id < before))
                query = query.where(older)
            return [dict(row._mapping) for row in connection.execute(query)]

    def read_lead_outcomes(self, lead: str) -> list[dict[str, Any]]:
        """What became of a lead, by day."""
        table = tables.outcomes
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(table).where(table.c.lead == make_storable(lead)).order_by(table.c.on, table.c.at)
            )
            return [dict(row._mapping) for row in rows]

    def read_card(self, digest: str) -> str | None:
        """The text of a card that was served without a release, or None."""
        with self.engine.connect() as connection:
            return connection.execute(select(tables.cards.c.text).where(tables.cards.c.digest == digest)).scalar()

    def read_scores(self, since: str = "", until: str = "") -> Iterator[dict[str, Any]]:
        """All scores, oldest first, from the day `since` to the end of the day `until`; empty: no bound."""
        table = tables.scores
        query = select(table).order_by(table.c.at, table.c.id)
        if since:
            query = query.where(table.c.at >= since)
        if until:
            query = query.where(table.c.at < f"{until}T24")
        with self.engine.connect().execution_options(yield_per=ROWS_PER_FETCH) as connection:
            for row in connection.execute(query):
                yield dict(row._mapping)

    def read_scores_by_lead(self) -> Iterator[Any]:
        """All scores (id, at, lead, card, as_of, input), grouped by lead and ordered by day.

        The database sorts them, so that they needn't fit in memory.
        """
        table = tables.scores.c
        order = (table.lead, table.as_of, table.at, table.id)
        query = select(table.id, table.at, table.lead, table.card, table.as_of, table.input).order_by(*order)
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # sorting a long log takes longer than a request may
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield from connection.execute(query, execution_options={"yield_per": ROWS_PER_FETCH})

    def read_outcomes(self) -> Iterator[Any]:
        """All outcomes (lead, became, on, at), in no order."""
        table = tables.outcomes.c
        with self.engine.connect().execution_options(yield_per=ROWS_PER_FETCH) as connection:
            yield from connection.execute(select(table.lead, table.became, table.on, table.at))

    # -- writing -------------------------------------------------------------------------------------------------------

    def keep_card(self, digest: str, content: str) -> None:
        """Keep the text of a card that is served without a release."""
        with self._writing() as connection:
            insert_once(connection, tables.cards, {"digest": digest, "text": content})

    def add_outcome(self, lead: str, became: str, on: str, key: str) -> bool:
        """Record what became of a lead on a day. Returns whether that is new."""
        row = {"lead": make_storable(lead), "became": became, "on": on, "at": now(), "key": key}
        with self._writing() as connection:
            return insert_once(connection, tables.outcomes, row)

    def expire(self) -> None:
        """Delete answers to requests with an Idempotency-Key that are too old to be repeated."""
        before = f"{datetime.now(UTC) - ANSWERS_KEPT_FOR:%Y-%m-%dT%H:%M:%S}"
        with self._writing() as connection:
            connection.execute(delete(tables.answers).where(tables.answers.c.at < before))

    def prune(self, before: str) -> dict[str, int]:
        """Delete everything older than a time. Returns the number of rows by table."""
        with self._writing() as connection:
            return {
                table.name: connection.execute(delete(table).where(table.c.at < before)).rowcount
                for table in (tables.scores, tables.answers, tables.outcomes)
            }

    def forget(self, lead: str) -> int:
        """Erase a lead: its id, values, ledgers and kept answers. Its points stay. Returns the number of scores.

        SQLite overwrites what it erases (`secure_delete`), also in its write-ahead log.
        """
        table, lead = tables.scores, make_storable(lead)
        with self._writing() as connection:
            score_ids = connection.execute(select(table.c.id).where(table.c.lead == lead)).scalars().all()
            for score_id in score_ids:
                connection.execute(delete(tables.answers).where(tables.answers.c.scores.contains(score_id)))
            connection.execute(update(table).where(table.c.lead == lead).values(FORGOTTEN))
            connection.execute(update(tables.outcomes).where(tables.outcomes.c.lead == lead).values(lead=None))
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return len(score_ids)

    def _writing(self) -> Any:
        return self.engine.execution_options(**WRITES).begin()


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its unique key exists already. Returns whether it was inserted."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(row).on_conflict_do_nothing().returning(literal(1))
    return connection.execute(statement).first() is not None
