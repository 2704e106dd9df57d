"""The events of a list of leads, from a file of their own: counted by the printed SQL, and joined to the list.

DuckDB counts the events of the list's leads into a table with a row for each of them. A lead with an event that can't
be read is rejected, as one with a value that can't be read: its counts would be wrong. Python words the reasons.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from leadledger.api.lists.compared_events import EventMembers, look_at_members, part_compared
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import BadValue, DataError, LeadError, quote
from leadledger.scoring.events.event_reader import EventReader, KnownNames
from leadledger.scoring.printers.sql.counted_events import CountedWish, print_counted
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal
from leadledger.scoring.printers.sql.event_members import LEAD_KEY, print_lead_key
from leadledger.scoring.printers.sql.event_properties import describe_missing_properties, list_roots
from leadledger.scoring.printers.sql.event_rows import make_event
from leadledger.scoring.printers.sql.event_table import (
    LEAD,
    PROPERTIES,
    TOTALS,
    UNREADABLE,
    EventTable,
    check_columns,
    name_total,
)
from leadledger.scoring.printers.sql.expression import Expression
from leadledger.scoring.printers.sql.joined_events import join_counted
from leadledger.scoring.printers.sql.query import name_counted
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.training.sources.event_rows import require_events
from leadledger.training.sources.opening import open_list
from leadledger.training.sources.rejects import find_broken_rows
from leadledger.training.sources.scan import ROW, Reject, Scan, forget_rejects, list_fetchable
from leadledger.training.sources.work_folder import work_folder

COUNTS, IDS, OWN_EVENTS, UNREAD = "ll_counts", "ll_ids", "ll_own_events", "ll_unread_events"
UNKNOWN, UNKNOWN_KINDS = "ll_unknown_kinds", name_counted("ll:unknown_kinds")  # the column has JSON: numbers by kind
MOST_MISTAKES_SHOWN = 5
MOST_EVENTS_PER_LEAD = 100  # with more, events of other leads are left out before they are counted
_FETCHED = 10_000  # events at a time


@dataclass(frozen=True)
class CountedEvents:
    """What became of the events of a list, in a table of the connection, and sentences for people.

    `id_column` is the column with the ids of the leads, and its type; `entries`: the entries of rules are there too.
    `has_unknown`: some events are of kinds that the card doesn't know.
    """

    connection: duckdb.DuckDBPyConnection
    card: Card
    id_column: tuple[str, str]
    entries: bool
    notes: tuple[str, ...]
    has_unknown: bool = False

    def join(self, leads: str) -> str:
        """A FROM item of leads with what their events come to."""
        return join_counted(self.card, leads, self.id_column, COUNTS, DUCKDB, entries=self.entries)

    def join_all(self, leads: str) -> str:
        """The same with all that was counted: for people, and UNKNOWN_KINDS."""
        joined = join_counted(self.card, leads, self.id_column, COUNTS, DUCKDB, everything=True)
        if not self.has_unknown:
            return f"(SELECT *, NULL AS {quoted(UNKNOWN_KINDS)} FROM {joined})"
        column, kind = self.id_column
        key = print_lead_key(Expression(quoted(column)), kind, DUCKDB).sql
        return (
            f"(SELECT leads.*, u.kinds AS {quoted(UNKNOWN_KINDS)} FROM {joined}"
            f" LEFT JOIN {UNKNOWN} AS u ON {key} = u.{quoted(LEAD_KEY)})"
        )

    def list_unread(self, lead: object, row: int) -> list[Reject]:
        """What can't be read in the events of a lead, whose id is that of a row of the list."""
        key = print_lead_key(Expression("$1::VARCHAR"), "VARCHAR", DUCKDB).sql
        rows = self.connection.cursor().execute(
            f'SELECT "column", value, reason FROM {UNREAD} WHERE {quoted(LEAD_KEY)} = {key} ORDER BY number',
            [str(lead)],
        )
        rejects = [Reject(row, column or "", value or "", reason) for column, value, reason in rows.fetchall()]
        return rejects or [Reject(row, "", "", "has an event that can't be read")]


def check_events(card: Card, events: Path | str | None) -> None:
    """Raises DataError where a card counts events and none are given, or the other way around."""
    require_events(card, events)


def count_list_events(
    connection: duckdb.DuckDBPyConnection,
    card: Scorecard,
    as_of: date,
    events: Path,
    scan: Scan,
    id_column: str,
    *,
    entries: bool = False,
    by_lead: bool = False,
) -> CountedEvents:
    """Count the events of a file for the leads of a list. Raises DataError where the file is no list of events.

    `by_lead`: also how many events each lead has of each kind that the card doesn't know.
    """
    if not id_column:
        raise DataError(f"{scan.label}: events need an id for each lead, a column of a field of `kind: id`")
    id_type = scan.columns[id_column]
    with work_folder() as work, open_list(connection, events) as event_scan:
        check_columns(event_scan.columns, event_scan.label)
        key = print_lead_key(Expression(quoted(id_column)), id_type, DUCKDB).sql
        connection.execute(
            f"CREATE OR REPLACE TABLE {IDS} AS SELECT DISTINCT {key} AS {quoted(LEAD_KEY)} FROM {scan.sql}"
        )
        forget_rejects(connection)  # the list's own are found when it is scored
        listed = f"IN (SELECT {quoted(LEAD_KEY)} FROM {IDS})"
        try:
            members = look_at_members(connection, event_scan)
        except duckdb.Error as error:
            raise DataError(event_scan.describe_failure(error)) from None
        is_plain = LEAD in members.plain
        own = print_lead_key(Expression(quoted(LEAD)), event_scan.columns[LEAD], DUCKDB, plain=is_plain).sql
        source = event_scan.sql
        try:
            if members.total > MOST_EVENTS_PER_LEAD * _count_leads(connection):
                # A table, and no query within the one that counts: DuckDB would plan that one for seconds.
                connection.execute(
                    f"CREATE OR REPLACE TABLE {OWN_EVENTS} AS SELECT * FROM {source} WHERE {own} {listed}"
                )
                source = OWN_EVENTS
            table = EventTable(source, event_scan.columns, _list_keys(connection, event_scan), plain=members.plain)
            table = part_compared(connection, card, as_of, table, own)
            select = print_counted(card, as_of, table, DUCKDB, CountedWish(entries, totals=True, machines=by_lead))
            connection.execute(
                f"CREATE OR REPLACE TABLE {COUNTS} AS SELECT * FROM ({select}) WHERE {quoted(LEAD_KEY)} {listed}"
            )
        except duckdb.Error as error:
            raise DataError(event_scan.describe_failure(error)) from None
        broken = find_broken_rows(connection, event_scan)[:MOST_MISTAKES_SHOWN]
        if broken:
            raise DataError("\n".join(f"{event_scan.label}: row {row.row:,} {row.reason}" for row in broken))
        _note_unread(connection, card, event_scan, own, work / "unread.csv")
        notes = tuple(_describe(connection, card.card, event_scan, own, members))
        kinds = f"SELECT DISTINCT CAST(kind AS VARCHAR) FROM {event_scan.sql} WHERE kind IS NOT NULL"
        lacking = describe_missing_properties(
            card.card, event_scan.columns, lambda: [name for (name,) in connection.execute(kinds).fetchall()]
        )
        if lacking:
            notes = (*notes, lacking)
        has_unknown = by_lead and _note_unknown(connection, card.card, event_scan, own)
        forget_rejects(connection)
    return CountedEvents(connection, card.card, (id_column, id_type), entries, notes, has_unknown)


def _count_leads(connection: duckdb.DuckDBPyConnection) -> int:
    ((leads,),) = connection.execute(f"SELECT count(*) FROM {IDS}").fetchall()
    return int(leads)


def _list_keys(connection: duckdb.DuckDBPyConnection, events: Scan) -> tuple[str, ...]:
    """The names of the members of objects in a column of properties; none where there is no such column."""
    if PROPERTIES not in events.columns:
        return ()
    json_of = DUCKDB.json_of(quoted(PROPERTIES))
    if events.columns[PROPERTIES] == "VARCHAR":
        json_of = f"CASE WHEN json_valid({quoted(PROPERTIES)}) THEN {quoted(PROPERTIES)} END"
    rows = connection.execute(
        f"SELECT DISTINCT unnest(json_keys({json_of})) FROM {events.sql} WHERE {quoted(PROPERTIES)} IS NOT NULL"
    ).fetchall()
    forget_rejects(connection)
    return tuple(sorted(row[0] for row in rows))


def _note_unread(connection: duckdb.DuckDBPyConnection, card: Scorecard, events: Scan, key: str, path: Path) -> None:
    """Make the table of what can't be read in events, by lead, in the words of Python."""
    columns = {"number": "BIGINT", **dict.fromkeys((LEAD_KEY, "column", "value", "reason"), "VARCHAR")}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for number, row in enumerate(_find_unread(connection, card, events, key)):
            writer.writerow([number, *row])
    typed = ", ".join(f"{text_literal(name)}: {text_literal(kind)}" for name, kind in columns.items())
    connection.execute(
        f"CREATE OR REPLACE TABLE {UNREAD} AS FROM read_csv({text_literal(str(path))}, header = true,"
        f" auto_detect = false, delim = ',', quote = '\"', escape = '\"', columns = {{{typed}}})"
    )


def _find_unread(
    connection: duckdb.DuckDBPyConnection, card: Scorecard, events: Scan, key: str
) -> Iterator[tuple[str, str, str, str]]:
    """The lead, column, value and reason of all that can't be read in the events of the list's leads."""
    bad = f"SELECT {quoted(LEAD_KEY)} FROM {COUNTS} WHERE {quoted(UNREADABLE)} > 0"
    if not connection.execute(f"SELECT 1 FROM ({bad}) LIMIT 1").fetchall():
        return
    numbered = f"(SELECT row_number() OVER () AS {quoted(ROW)}, * FROM {events.sql})"
    rows = connection.cursor().execute(
        f"SELECT {key} AS {quoted(LEAD_KEY)}, {quoted(ROW)}, {list_fetchable(events.columns, events.columns)}"
        f" FROM {numbered} WHERE {key} IN ({bad})"
    )
    reader = EventReader(card.card, {root.name: root.fields for root in list_roots(card.card)})
    while batch := rows.fetchmany(_FETCHED):
        for lead, number, *values in batch:
            problems: list[BadValue] = []
            reader.read(make_event(dict(zip(events.columns, values, strict=True))), "$", problems)
            for problem in problems:
                column = (
                    problem.column if PROPERTIES in events.columns else problem.column.removeprefix(f"{PROPERTIES}.")
                )
                value = "" if problem.value is None else str(problem.value)
                yield lead, column, value, f"event of row {number:,} in {events.label}: {problem.clause}"


def _describe(
    connection: duckdb.DuckDBPyConnection, card: Card, events: Scan, key: str, members: EventMembers
) -> Iterator[str]:
    """What became of all events of the file, in a sentence."""
    sums = ", ".join(f"coalesce(sum({quoted(name_total(total))}), 0)" for total in TOTALS)
    (row,) = connection.execute(f"SELECT {sums} FROM {COUNTS}").fetchall()
    totals = dict(zip(TOTALS, map(int, row), strict=True))
    unknown = _count_unknown(connection, card, events, key) if totals["unknown"] else {}
    yield word_totals(totals, unknown, members.total, members.without)


def word_totals(totals: Mapping[str, int], unknown: Mapping[str, int], total: int, without: int) -> str:
    """What became of events, in a sentence: of `total`, some are `without` a lead.

    `totals` has those of leads in the list, by TOTALS, and `unknown` those of unknown kinds, by their names.
    """
    of_list = sum(totals.values()) - totals["machine"]
    left_out = {
        "without a lead": without,
        "of leads that aren't in the list": total - without - of_list,
        "of machines": totals["machine"],
        "sent again": totals["repeated"],
        "after the day": totals["future"],
        "received after the day": totals["late"],
        "that can't be read": totals["unreadable"],
        **{f"of the unknown kind {quote(kind)}": count for kind, count in sorted(unknown.items())},
    }
    words = [f"{count:,} {what}" for what, count in left_out.items() if count]
    counted = totals["counted"] - totals["machine"]
    return f"Events: {counted:,} of {total:,} counted" + (f"; left out: {', '.join(words)}" if words else "")


def _count_unknown(connection: duckdb.DuckDBPyConnection, card: Card, events: Scan, key: str) -> Mapping[str, int]:
    """How many events of the list's leads there are of each kind that the card doesn't know."""
    rows = connection.execute(
        f"SELECT {DUCKDB.trim('CAST(kind AS VARCHAR)')}, count(*) FROM {events.sql}"
        f" WHERE {key} IN (SELECT {quoted(LEAD_KEY)} FROM {IDS}) GROUP BY 1"
    ).fetchall()
    names = KnownNames(card.events)
    return {name: count for name, count in rows if name and names.find("", name) is None}


def _note_unknown(connection: duckdb.DuckDBPyConnection, card: Card, events: Scan, key: str) -> bool:
    """Make the table of the events of kinds that the card doesn't know, by lead. Returns whether there are any."""
    unknown = ", ".join(map(text_literal, _count_unknown(connection, card, events, key)))
    if not unknown:
        return False
    kind = DUCKDB.trim("CAST(kind AS VARCHAR)")
    connection.execute(
        f"CREATE OR REPLACE TABLE {UNKNOWN} AS SELECT {quoted(LEAD_KEY)}, json_group_object(kind, events) AS kinds FROM"
        f" (SELECT {key} AS {quoted(LEAD_KEY)}, {kind} AS kind, count(*) AS events FROM {events.sql}"
        f" WHERE {kind} IN ({unknown}) GROUP BY 1, 2) GROUP BY 1"
    )
    return True


def list_lead_problems(card: Scorecard, lead: Mapping[str, Any]) -> Sequence[BadValue]:
    """What can't be read in the values of a raw lead; none where only its events can't."""
    try:
        get_engine(card).clean(lead)
    except LeadError as error:
        return error.problems
    return ()
