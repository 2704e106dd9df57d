"""The events of leads in a table of PostgreSQL: counted inside the server, and joined to the leads that are scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from leadledger.api.lists.list_events import list_lead_problems, word_totals
from leadledger.api.lists.postgres_tables import quote_parts, read_columns, split_name
from leadledger.scoring.errors import BadValue, DataError, quote
from leadledger.scoring.events.event_reader import EventReader, KnownNames
from leadledger.scoring.printers.sql.counted_events import CountedWish, print_counted
from leadledger.scoring.printers.sql.dialects.postgres import POSTGRES, name
from leadledger.scoring.printers.sql.event_members import LEAD_KEY, print_lead_key
from leadledger.scoring.printers.sql.event_properties import (
    describe_missing_properties,
    find_event_types,
    list_roots,
)
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
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.text_forms import WHITE_SPACE
from leadledger.training.sources.rejects import reject_values
from leadledger.training.sources.scan import Reject

if TYPE_CHECKING:
    import psycopg

COUNTS = 'pg_temp."ll_counts"'


class TableEvents:
    """The events of one run, counted into a temporary table. `id_column` is that of the leads' ids, and its type."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        card: Scorecard,
        as_of: date,
        label: str,
        id_column: tuple[str, str],
        *,
        entries: bool,
    ) -> None:
        """Raises DataError where there is no such table, or it is none of events."""
        if not card.card.events:
            raise DataError(
                f"the card '{card.card.name}' has no `events:`, so it can't count those of {label};"
                " declare their kinds in the card, or leave them out"
            )
        if not id_column[0]:
            raise DataError(f"{label}: events need an id for each lead, a column of a field of `kind: id`")
        self.connection, self.card, self.label, self.entries = connection, card, label, entries
        self.id_column, self.table = id_column, quote_parts(split_name(label))
        types = read_columns(connection, self.table)
        if types is None:
            raise DataError(f"{label}: there is no such table or view in the database, or no right to see its schema")
        check_columns(types, label)
        self.columns = tuple(types)
        self.types = find_event_types(card.card, types, POSTGRES)
        self.key = print_lead_key(Expression(name(LEAD)), self.types[LEAD], POSTGRES).sql
        table = EventTable(self.table, self.types, self._list_keys())
        select = print_counted(card, as_of, table, POSTGRES, CountedWish(entries=entries, totals=True))
        connection.execute(f"CREATE TEMP TABLE {COUNTS} ON COMMIT DROP AS {select}")
        connection.execute(f"ANALYZE {COUNTS}")

    def _list_keys(self) -> tuple[str, ...]:
        """The names of the members of objects in a column of properties; none where there is no such column."""
        if self.types.get(PROPERTIES) != "JSON":
            return ()
        whole = f"to_jsonb({name(PROPERTIES)})"
        objects = f"CASE WHEN jsonb_typeof({whole}) = 'object' THEN {whole} END"
        rows = self.connection.execute(f"SELECT DISTINCT jsonb_object_keys({objects}) FROM {self.table}").fetchall()
        return tuple(sorted(row[0] for row in rows))

    def join(self, leads: str) -> str:
        """A FROM item of leads with what their events come to."""
        return join_counted(self.card.card, leads, self.id_column, COUNTS, POSTGRES, entries=self.entries)

    def list_rejects(self, leads: Sequence[Mapping[str, Any]]) -> list[list[Reject]]:
        """What can't be read of some leads that SQL has refused, and of their events."""
        keys = [str(lead[self.id_column[0]]).strip(WHITE_SPACE) for lead in leads]
        unread = self._find_unread(keys)
        rejects = []
        for lead, key in zip(leads, keys, strict=True):
            own = list(reject_values(self.card, 0, lead)) if list_lead_problems(self.card, lead) else []
            rejects.append([*own, *unread.get(key, ())] or [Reject(0, "", "", "has an event that can't be read")])
        return rejects

    def _find_unread(self, keys: Sequence[str]) -> Mapping[str, list[Reject]]:
        """What can't be read in the events of some leads, by lead, in the words of Python."""
        columns = list(self.types)
        # As texts where Python has no such value: a uuid, or a day beyond the year 9999.
        selected = ", ".join(
            f"CAST({name(column)} AS text)"
            if POSTGRES.family_of(self.types[column]) in ("text", "date", "time", "instant")
            else name(column)
            for column in columns
        )
        bad = f"SELECT {name(LEAD_KEY)} FROM {COUNTS} WHERE {name(UNREADABLE)} > 0 AND {name(LEAD_KEY)} = ANY(%s)"
        query = f"SELECT {self.key}, {selected} FROM {self.table} WHERE {self.key} IN ("
        rows = self.connection.execute(query.replace("%", "%%") + bad + ")", [list(keys)])
        reader = EventReader(self.card.card, {root.name: root.fields for root in list_roots(self.card.card)})
        unread: dict[str, list[Reject]] = {}
        for lead, *values in rows:
            problems: list[BadValue] = []
            event = make_event(dict(zip(columns, values, strict=True)))
            reader.read(event, "$", problems)
            which = f"event {quote(event['id'])}" if event.get("id") else "an event"
            prefix = "" if PROPERTIES in columns else f"{PROPERTIES}."
            unread.setdefault(lead, []).extend(
                Reject(0, problem.column.removeprefix(prefix), _text(problem.value), f"{which}: {problem.clause}")
                for problem in problems
            )
        return unread

    def describe(self, leads: str) -> Iterator[str]:
        """What became of all events of the table, and which properties it lacks; `leads` is the table of the leads."""
        id_column, kind = self.id_column
        of_list = f"SELECT {print_lead_key(Expression(name(id_column)), kind, POSTGRES).sql} FROM {leads}"
        sums = ", ".join(f"coalesce(sum({name(name_total(total))}), 0)::bigint" for total in TOTALS)
        (row,) = self.connection.execute(
            f"SELECT {sums} FROM {COUNTS} WHERE {name(LEAD_KEY)} IN ({of_list})"
        ).fetchall()
        totals = dict(zip(TOTALS, map(int, row), strict=True))
        ((total, without),) = self.connection.execute(
            f"SELECT count(*), count(*) - count({self.key}) FROM {self.table}"
        ).fetchall()
        unknown: dict[str, int] = {}
        if totals["unknown"]:
            names = KnownNames(self.card.card.events)
            kinds = self.connection.execute(
                f"SELECT {POSTGRES.trim('CAST(kind AS text)')}, count(*) FROM {self.table}"
                f" WHERE {self.key} IN ({of_list}) GROUP BY 1"
            ).fetchall()
            unknown = {kind: count for kind, count in kinds if kind and names.find("", kind) is None}
        yield word_totals(totals, unknown, total, without)
        lacking = describe_missing_properties(self.card.card, self.columns, self._list_kinds)
        if lacking:
            yield lacking

    def _list_kinds(self) -> list[str]:
        """The names of the kinds of the events."""
        kinds = f"SELECT DISTINCT CAST(kind AS text) FROM {self.table} WHERE kind IS NOT NULL"
        return [kind for (kind,) in self.connection.execute(kinds).fetchall()]


def _text(value: object) -> str:
    return "" if value is None else str(value)
