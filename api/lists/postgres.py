"""A table in PostgreSQL, scored inside the server into another table, in one transaction.

The server does all of it by the printed SQL; of its rows only the few that can't be read come over, for their reasons.
The scores are put into a temporary table first, which the server may fill with several workers, and from there into
the table of scores. Every statement sees the data as it was when the transaction began. If anything fails, nothing has
changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from leadledger.api.lists.capabilities import ENGINES, refuse_unsupported
from leadledger.api.lists.ledger_entries import ledger_columns
from leadledger.api.lists.odd_days import find_odd_days
from leadledger.api.lists.postgres_events import TableEvents
from leadledger.api.lists.postgres_rejects import REJECTED, TableRejects, word_first_rejects
from leadledger.api.lists.postgres_staging import KEY, STAGED, StagedCounts, count_staged
from leadledger.api.lists.postgres_tables import (
    choose_key,
    fetch_count,
    hides_rows,
    make_table,
    quote_parts,
    read_columns,
    split_name,
    sql_types,
    transaction,
)
from leadledger.api.lists.results import RowCounts, ScoredTable
from leadledger.api.lists.wanted import Wanted, parse_where
from leadledger.scoring.column_fit import find_homes, find_id_column, require_columns
from leadledger.scoring.column_paths import list_columns
from leadledger.scoring.errors import DataError
from leadledger.scoring.field import Field
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.postgres import LONGEST_NAME, POSTGRES, name, text
from leadledger.scoring.printers.sql.number_evidence import ProvenDecimal, prove_decimals, with_decimals
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.printers.sql.text_counts import TextNotes, find_text_counts
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Node

if TYPE_CHECKING:
    import psycopg

ENGINE = ENGINES["postgres"]
WHERE = "ll:where"
STAMPS = {"release": "text", "as_of": "date", "scored_at": "timestamp with time zone"}
LEDGER = {"kind": "text", "entry": "text", "points": "double precision"}
AXIS = {"axis": "text"}  # of a card with axes


def score_table(
    card: Scorecard,
    url: str,
    table: str,
    into: str,
    as_of: date,
    wanted: Wanted | None = None,
    *,
    key: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> ScoredTable:
    """Score a table or a view (`name` or `schema.name`) into another, by its key. Raises DataError.

    `key` is the column that tells rows apart, by default that of the card's field of kind `id`. What `ENGINE` lacks of
    `wanted` is refused. `wanted.where` picks rows; one that can't be read counts as picked unless the condition is
    surely false or true of it. `into` is made if it isn't there. Of its rows, those of leads that this run rejects are
    deleted, since nobody could tell them from scores of today; those of leads that it doesn't read stay.
    `<into>_rejects` holds what this run left out: values that can't be read, rows without an id, and all rows of an id
    that occurs twice. `wanted.ledger` names a table that gets a row for each entry of each lead. `progress` is called
    with the name of each step.
    """
    wanted = wanted or Wanted()
    refuse_unsupported(ENGINE, wanted)
    where = parse_where(card.card, wanted.where)
    report = progress or (lambda _: None)
    rejects = [*split_name(into)[:-1], f"{split_name(into)[-1]}_rejects"]
    if len(rejects[-1].encode()) > LONGEST_NAME:
        raise DataError(f"{into}: the name is too long for a table {rejects[-1]} beside it; choose a shorter one")
    with transaction(url) as connection:
        report("reading the columns")
        run = _TableRun(connection, card, as_of, wanted, where, table, key)
        run.make_tables(into, ".".join(rejects))
        report("scoring")
        proven = run.stage()
        connection.execute("SET LOCAL datestyle = 'ISO'")  # from here days are shown as texts, as the card reads them
        report("writing the rejects")
        rejected = run.write_rejects(quote_parts(rejects))
        report("writing the scores")
        scored = run.write_scores()
        if scored is None:
            rejected = run.write_rejects(quote_parts(rejects), find_repeated=True)
            scored = run.write_scores()
        assert scored is not None  # as there are no repeated ids any more
        run.write_ledger()
        rows = fetch_count(connection, f"SELECT count(*) FROM {run.table}")
        odd_days, noted = run.note_values()
        counts = RowCounts(
            read=run.staged if where is not None else rows,
            scored=scored,
            rejected=sum(rejected),
            scored_again=run.counts.rows,
            rejected_again=run.staged - scored,
        )
        counts.reconcile(table, all_rows=True)
        notes = (
            *run.describe_hidden_rows(rows),
            *([_word_withdrawn(into, run.withdrawn)] if run.withdrawn else ()),
            *(run.events.describe(run.table) if run.events else ()),
        )
        first_rejects = word_first_rejects(connection, quote_parts(rejects))
        report("committing")
    return ScoredTable(
        rows=counts.read,
        scored=counts.scored,
        rejected=counts.rejected,
        duplicates=rejected[0],
        into=into,
        rejects=".".join(rejects),
        recommendations=run.counts.recommendations,
        grades=run.counts.grades,
        fit=replace(run.fit, unused=tuple(column for column in run.fit.unused if column != run.key)),
        notes=(*notes, *(decimal.sentence for decimal in proven), *odd_days, *noted.sentences),
        unseen=noted.unseen,
        first_rejects=first_rejects,
    )


class _TableRun:
    """A table being scored.

    `table` is its quoted name, `types` are its columns with their types as the server names them, `fit` says how these
    fit the card, `key` the column that tells rows apart, `id` the name of that in the tables that are written.
    `staged` is how many rows were put into STAGED, in which only those that are scores stay, and `counts` counts these.
    `withdrawn` is how many earlier scores were deleted.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        card: Scorecard,
        as_of: date,
        wanted: Wanted,
        where: Node | None,
        label: str,
        key: str | None,
    ) -> None:
        """Raises DataError where there is no table, or its columns don't fit the card."""
        self.connection, self.card, self.as_of, self.wanted, self.where = connection, card, as_of, wanted, where
        self.table = quote_parts(split_name(label))
        types = read_columns(connection, self.table)
        if types is None:
            raise DataError(
                f"{label}: there is no such table or view in the database, or no right to see its schema; check the"
                " name, and name the schema too"
            )
        self.label, self.types = label, types
        self.hides_rows = hides_rows(connection, self.table)
        self.fit = require_columns(card.card, types, label)
        self.key = choose_key(card.card, types, label, key)
        home = find_homes(card.card, types).get(self.key)
        self.id = home.name if home is not None and home.kind == "id" else self.key
        self.outputs = sql_types(ENGINE.columns(card, wanted.explain))
        self.ledger = None if wanted.ledger is None else str(wanted.ledger)
        self.id_column = find_id_column(card.card, types)
        self.events = self._count_events() if wanted.events_table else None
        self.staged, self.withdrawn = 0, 0
        self.into, self.into_is_new = "", False
        self.repeated_are_rejected = False
        self.counts = StagedCounts({}, {})

    def _count_events(self) -> TableEvents:
        """What the events of the leads come to. Raises DataError."""
        kind = POSTGRES.known_type(self.id_column, self.types[self.id_column], "id") if self.id_column else ""
        entries = self.wanted.explain or self.ledger is not None
        return TableEvents(
            self.connection,
            self.card,
            self.as_of,
            self.wanted.events_table,
            (self.id_column, kind),
            entries=entries,
        )

    def make_tables(self, into: str, rejects: str) -> None:
        """Make or check the tables that are written."""
        id_column = {self.id: self.types[self.key]}
        self.into = into
        self.into_is_new = make_table(self.connection, into, {**id_column, **self.outputs, **STAMPS}, self.id)
        make_table(self.connection, rejects, sql_types(ENGINE.reject_columns), None)
        if self.ledger is not None:
            make_table(self.connection, self.ledger, {**id_column, **self._ledger_columns()}, None)

    def stage(self) -> tuple[ProvenDecimal, ...]:
        """Score the rows into the temporary table STAGED; returns what the table shows of how it writes its numbers."""
        self._fill_staged()
        if not self.counts.bad:
            return ()
        homes = find_homes(self.card.card, self.types)
        types = {column: POSTGRES.known_type(column, self.types[column], field.kind) for column, field in homes.items()}

        def run_query(query: str) -> tuple[Any, ...]:
            (row,) = self.connection.execute(query).fetchall()
            return tuple(row)

        proven = prove_decimals(self.card.card, types, self.table, run_query, dialect=POSTGRES)
        if proven:
            self.card = with_decimals(self.card, proven)
            self.connection.execute(f"DROP TABLE {STAGED}")
            self._fill_staged()
        return proven

    def _fill_staged(self) -> None:
        card, where = self.card, self.where
        homes = find_homes(card.card, self.types)
        types = {column: POSTGRES.known_type(column, self.types[column], field.kind) for column, field in homes.items()}
        for path in card.card.column_paths.find(self.types):
            types.setdefault(path.column, POSTGRES.read_object_type(self.types[path.column]))
        selected = [*map(name, types), f"{name(self.key)} AS {name(KEY)}"]
        if where is not None:
            picked = Field(WHERE, "flag", derived=where)
            card = replace(card, card=replace(card.card, fields={**card.card.fields, WHERE: picked}))
        source = f"(SELECT {', '.join(selected)} FROM {self.table}) AS leads"
        query = Query(
            self.as_of,
            source if self.events is None else self.events.join(source),
            types,
            keep=[KEY],
            ledger=self.ledger is not None,
            checks=True,
            fields=where is not None,
            sale=card.predicts_sales,
            plus_minus=self.wanted.explain,
            explain=self.wanted.explain,
            counted=self.events is not None,
        )
        picked_rows = f" WHERE coalesce({name(f'f:{WHERE}')}, {name(BAD)})" if where is not None else ""
        kept = [KEY, *self.outputs, BAD]
        kept += [entry.column for entry in ledger_columns(card) if entry.column] if self.ledger is not None else []
        self.staged = self.connection.execute(
            f"CREATE TEMP TABLE {STAGED} ON COMMIT DROP AS SELECT {', '.join(map(name, kept))}"
            f" FROM ({sql.select(card, query, 'postgres')}) AS scored{picked_rows}"
        ).rowcount
        self.counts = count_staged(self.connection)

    def write_rejects(self, rejects: str, *, find_repeated: bool = False) -> tuple[int, int, int]:
        """Take the rejects out of STAGED, and write them in place of earlier ones.

        How many rows share an id, have none, have a bad value. Where no row has a bad value or no id, repeated ids are
        not looked for unless that is asked: the key of the table of scores finds them in passing.
        """
        self.connection.execute(f"DELETE FROM {rejects}")
        if not (find_repeated or self.counts.bad or self.counts.nameless):
            return 0, 0, 0
        table_rejects = TableRejects(
            self.connection, self.card, (self.table, self.types, self.key), [*list_columns(self.fit.used)], self.events
        )
        rejected = table_rejects.write(rejects)
        self.repeated_are_rejected = True
        self.withdrawn = self._withdraw_scores()
        self.counts = count_staged(self.connection)
        return rejected

    def _withdraw_scores(self) -> int:
        """Delete the earlier scores, and the entries, of leads that are rejected. How many scores there were."""
        tables = [] if self.into_is_new else [self.into]
        tables += [] if self.ledger is None else [self.ledger]
        counts = [
            self.connection.execute(
                f"DELETE FROM {quote_parts(split_name(table))} AS old USING {REJECTED} AS rejected"
                f" WHERE old.{name(self.id)} = rejected.id"
            ).rowcount
            for table in tables
        ]
        return 0 if self.into_is_new else counts[0]

    # -- the scores -------------------------------------------------------------------------------------------------

    def write_scores(self) -> int | None:
        """Put the scores into their table in place of earlier ones of the same ids.

        How many it took; None where an id occurs twice, which wasn't looked for yet. Raises DataError where it didn't
        take each of them.
        """
        import psycopg

        try:
            with self.connection.transaction():
                return self._insert_scores()
        except (psycopg.errors.UniqueViolation, psycopg.errors.CardinalityViolation):
            if self.repeated_are_rejected:
                raise
            return None

    def _insert_scores(self) -> int:
        columns = [self.id, *self.outputs, *STAMPS]
        stamps = f"{text(self.card.release)}, DATE '{self.as_of.isoformat()}', now()"
        updated = ", ".join(f"{name(column)} = excluded.{name(column)}" for column in columns if column != self.id)
        quoted = quote_parts(split_name(self.into))
        replace_earlier = "" if self.into_is_new else f" ON CONFLICT ({name(self.id)}) DO UPDATE SET {updated}"
        written = self.connection.execute(
            f"INSERT INTO {quoted} ({', '.join(map(name, columns))})"
            f" SELECT {name(KEY)}, {', '.join(map(name, self.outputs))}, {stamps} FROM {STAGED}{replace_earlier}"
        ).rowcount
        if written < self.counts.rows:
            raise DataError(
                f"{self.into}: the table took {written:,} of {self.counts.rows:,} scores, so that nothing is kept: a"
                " trigger or a rule of the table leaves rows out; let it pass them all, or name another table"
            )
        if self.into_is_new:
            self.connection.execute(f"ALTER TABLE {quoted} ADD PRIMARY KEY ({name(self.id)})")
        return written

    def note_values(self) -> tuple[tuple[str, ...], TextNotes]:
        """What is to be said of the days and texts of the table."""
        homes = find_homes(self.card.card, self.types)
        types = {column: POSTGRES.known_type(column, self.types[column], field.kind) for column, field in homes.items()}
        counts = find_text_counts(self.card, types, POSTGRES)
        odd_days = find_odd_days(self.card.card, self.fit.used, types, self.as_of, POSTGRES)

        def fetch_rows(query: str) -> list[tuple[Any, ...]]:
            return self.connection.execute(query).fetchall()

        aggregates = [*odd_days.aggregates, *counts.aggregates]
        if not aggregates:
            return (), TextNotes()
        # In most rows there is nothing to count, as one look at each value shows.
        has_some = " OR ".join((*odd_days.conditions, *counts.conditions))
        (counted,) = fetch_rows(f"SELECT {', '.join(aggregates)} FROM {self.table} WHERE {has_some}")
        days, words = counted[: len(odd_days.aggregates)], counted[len(odd_days.aggregates) :]
        return odd_days.describe(days), counts.describe(words, self.table, fetch_rows)

    def describe_hidden_rows(self, rows: int) -> tuple[str, ...]:
        """What to say where row-level security may have hidden rows. Raises DataError where no row was seen."""
        if not self.hides_rows:
            return ()
        ((user,),) = self.connection.execute("SELECT current_user").fetchall()
        if not rows:
            raise DataError(
                f"{self.label}: row-level security shows no row to the user '{user}'; score as the owner of the table,"
                " or as a user with BYPASSRLS, or give this user a policy for SELECT"
            )
        return (
            f"Row-level security of {self.label} may hide rows from the user '{user}'; those that are hidden are not"
            " scored.",
        )

    def write_ledger(self) -> None:
        """A row for each entry that is not 0, in place of those of an earlier run; nothing if no ledger is wanted."""
        if self.ledger is None:
            return
        ledger = quote_parts(split_name(self.ledger))
        self.connection.execute(
            f"DELETE FROM {ledger} AS old USING {STAGED} AS staged WHERE old.{name(self.id)} = staged.{name(KEY)}"
        )
        entries = ", ".join(
            f"({text(entry.kind)}, {text(entry.entry)},"
            f" {name(entry.column) if entry.column else self.card.learned.start}, {text(entry.axis)})"
            for entry in ledger_columns(self.card)
        )
        axis = ", entry.axis" if self.card.card.axes else ""
        self.connection.execute(
            f"INSERT INTO {ledger} ({name(self.id)}, {', '.join(map(name, self._ledger_columns()))})"
            f" SELECT {name(KEY)}, entry.kind, entry.name, entry.tenths / float8 '10'{axis}"
            f" FROM {STAGED} CROSS JOIN LATERAL (VALUES {entries})"
            " AS entry (kind, name, tenths, axis) WHERE entry.tenths <> 0"
        )

    def _ledger_columns(self) -> dict[str, str]:
        """The columns of the table of entries, and their types."""
        return {**LEDGER, **AXIS} if self.card.card.axes else LEDGER


def _word_withdrawn(into: str, scores: int) -> str:
    return (
        f"{into} held {scores:,} {'score' if scores == 1 else 'scores'} of earlier runs of leads that are rejected now;"
        f" {'it was' if scores == 1 else 'they were'} deleted."
    )
