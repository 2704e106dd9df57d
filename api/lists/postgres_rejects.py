"""The rows of a table in PostgreSQL that can't be scored: taken from the others, and written with their reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leadledger.api.lists.capabilities import ENGINES
from leadledger.api.lists.postgres_events import TableEvents
from leadledger.api.lists.postgres_staging import KEY, STAGED
from leadledger.api.lists.postgres_tables import fetch_count
from leadledger.api.lists.results import MOST_REJECTS_WORDED, word_reject
from leadledger.scoring.outputs import list_names
from leadledger.scoring.printers.sql.dialects.postgres import POSTGRES, name, text
from leadledger.scoring.printers.sql.query import BAD
from leadledger.scoring.scorecard import Scorecard
from leadledger.training.sources.rejects import reject_values
from leadledger.training.sources.scan import Reject

if TYPE_CHECKING:
    import psycopg

REJECTED = 'pg_temp."ll_rejected"'  # the ids of leads that are rejected, and how many rows each has
FETCHED = 1000  # rejected rows that are fetched at a time


class TableRejects:
    """The rejects of a run. `leads` are the table's quoted name, the types of its columns, and its key."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        card: Scorecard,
        leads: tuple[str, Mapping[str, str], str],
        columns: Sequence[str],
        events: TableEvents | None,
    ) -> None:
        """`columns` are those that the card reads."""
        self.connection, self.card, self.columns, self.events = connection, card, columns, events
        self.table, self.types, self.key = leads

    def write(self, rejects: str) -> tuple[int, int, int]:
        """Take the rejects out of STAGED, write them into a table, and their ids into REJECTED.

        How many rows share an id, have none, have a bad value.
        """
        return (*self._reject_ambiguous(rejects), self._reject_unreadable(rejects))

    def _reject_ambiguous(self, rejects: str) -> tuple[int, int]:
        """Reject the rows whose id occurs twice, and those without one; how many of either."""
        columns = _reject_names()
        self.connection.execute(
            f"CREATE TEMP TABLE {REJECTED} ON COMMIT DROP AS SELECT {name(KEY)} AS id, count(*) AS rows FROM {STAGED}"
            f" WHERE {name(KEY)} IS NOT NULL GROUP BY {name(KEY)} HAVING count(*) > 1"
        )
        self.connection.execute(f"ANALYZE {REJECTED}")
        self.connection.execute(
            f"INSERT INTO {rejects} ({columns}) SELECT CAST(id AS text), {text(self.key)}, CAST(id AS text),"
            f" 'the id occurs in ' || rows || ' rows, none of which is scored' FROM {REJECTED}"
        )
        nameless = self.connection.execute(
            f"INSERT INTO {rejects} ({columns}) SELECT NULL, {text(self.key)}, NULL, {text('has no id')}"
            f" FROM {STAGED} WHERE {name(KEY)} IS NULL"
        ).rowcount
        if nameless:
            self.connection.execute(f"DELETE FROM {STAGED} WHERE {name(KEY)} IS NULL")
        duplicates = fetch_count(self.connection, f"SELECT coalesce(sum(rows), 0)::bigint FROM {REJECTED}")
        if duplicates:
            self.connection.execute(
                f"DELETE FROM {STAGED} USING {REJECTED} AS rejected WHERE {name(KEY)} = rejected.id"
            )
        return duplicates, nameless

    def _reject_unreadable(self, rejects: str) -> int:
        """Reject the rows with a value that can't be read; Python cleans these few again, for the reasons. How many."""
        columns = self.columns
        # As texts where Python has no such value: a uuid, or a day beyond the year 9999.
        selected = ", ".join(
            f"CAST(leads.{name(column)} AS text)"
            if POSTGRES.family_of(self.types[column]) in ("text", "date", "time", "instant")
            else f"leads.{name(column)}"
            for column in columns
        )
        bad = f"{STAGED} WHERE {name(BAD)}"
        count = fetch_count(self.connection, f"SELECT count(*) FROM {bad}")
        if not count:
            return 0
        insert = f"INSERT INTO {rejects} ({_reject_names()})".replace("%", "%%") + " VALUES (%s, %s, %s, %s)"
        with self.connection.cursor(name="ll_bad") as rows, self.connection.cursor() as writer:
            rows.execute(
                f"SELECT CAST(leads.{name(self.key)} AS text), {selected} FROM {self.table} AS leads"
                f" WHERE leads.{name(self.key)} IN (SELECT {name(KEY)} FROM {bad})"
            )
            while batch := rows.fetchmany(FETCHED):
                leads = [dict(zip(columns, values, strict=True)) for _, *values in batch]
                rejected = [
                    (row[0], reject.column, reject.value, reject.reason)
                    for row, rejects_of_lead in zip(batch, self._list_rejects(leads), strict=True)
                    for reject in rejects_of_lead
                ]
                writer.executemany(insert, rejected)
        self.connection.execute(f"INSERT INTO {REJECTED} SELECT {name(KEY)}, 1 FROM {bad}")
        self.connection.execute(f"DELETE FROM {bad}")
        return count

    def _list_rejects(self, leads: Sequence[Mapping[str, Any]]) -> Sequence[Iterable[Reject]]:
        """What can't be read of each of some leads."""
        if self.events is not None:
            return self.events.list_rejects(leads)
        return [reject_values(self.card, 0, lead) for lead in leads]


def word_first_rejects(connection: psycopg.Connection[Any], rejects: str) -> tuple[str, ...]:
    """The reasons of the first rejects."""
    selected = f"SELECT {_reject_names()} FROM {rejects} LIMIT {MOST_REJECTS_WORDED}"
    rows = connection.execute(selected).fetchall()
    return tuple(word_reject(lead_id, column, reason) for lead_id, column, _, reason in rows)


def _reject_names() -> str:
    """The columns of rejects, as an INSERT names them."""
    return ", ".join(map(name, list_names(ENGINES["postgres"].reject_columns)))
