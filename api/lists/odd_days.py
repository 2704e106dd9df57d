"""Days in a list that may stand for no day: placeholders, and days to come where a field is of the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from leadledger.scoring.day_formats import PLACEHOLDERS
from leadledger.scoring.field import Field
from leadledger.scoring.printers.sql.column_aggregate import ColumnAggregate
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.scorecard import Card

_OF_THE_PAST = ("created", "last_")  # how names of fields start whose days have been
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True)
class OddDays:
    """Columns of a list whose odd days are counted: the aggregates, and what they say. A count is of rows.

    The columns `typed` hold days, which are compared as such; the others texts or times, of which the first ten signs
    may be a day.
    """

    columns: Mapping[str, Field]
    typed: frozenset[str]
    as_of: date
    since: str
    dialect: Dialect = DUCKDB

    @property
    def aggregates(self) -> list[str]:
        """Two counts for each column, of placeholders and of days to come, and an example of each."""
        return [aggregate.sql for aggregate in self.list_aggregates()]

    def list_aggregates(self) -> list[ColumnAggregate]:
        """The aggregates, each with its column."""
        return [
            ColumnAggregate(column, f"{measure} FILTER (WHERE {odd})", odd)
            for column, field in self.columns.items()
            for odd in (self._is_placeholder(column, field), self._is_to_come(column, field))
            for measure in ("count(*)", f"min({self._day(column)})")
        ]

    @property
    def conditions(self) -> list[str]:
        """One of them is true of each row in which there is something to count."""
        return [*dict.fromkeys(aggregate.condition for aggregate in self.list_aggregates())]

    def describe(self, counts: Sequence[object]) -> tuple[str, ...]:
        """Sentences on the columns that have some, by what the aggregates gave."""
        notes = []
        for i, column in enumerate(self.columns):
            placeholders, placeholder, to_come, day = counts[4 * i : 4 * i + 4]
            if placeholders:
                notes.append(
                    f"Column '{column}' has a placeholder for a day in {_rows(placeholders)}, such as {placeholder}; if"
                    f" it stands for no day, say `missing: [{placeholder}]` of its field in the card."
                )
            if to_come:
                notes.append(
                    f"Column '{column}' has a day to come in {_rows(to_come)}, such as {day}, though its field is of"
                    " the past."
                )
        return tuple(notes)

    def _is_placeholder(self, column: str, field: Field) -> str:
        known = [day for day in PLACEHOLDERS if date.fromisoformat(day) not in field.missing]
        return (
            f"{self._day(column)} IN ({', '.join(self._literal(column, day) for day in known)})" if known else "FALSE"
        )

    def _is_to_come(self, column: str, field: Field) -> str:
        if field.name != self.since and not field.name.startswith(_OF_THE_PAST):
            return "FALSE"
        # A day more, since it may be tomorrow already where the lead is. Texts sort as days do.
        ends = (self.as_of + timedelta(days=1), date(9000, 1, 1))
        first, last = (self._literal(column, day.isoformat()) for day in ends)
        day = self._day(column)
        is_between = f"{day} > {first} AND {day} < {last}"
        return is_between if column in self.typed else f"{is_between} AND {self.dialect.matches(day, _DAY)}"

    def _day(self, column: str) -> str:
        raw = self.dialect.name(column)
        return raw if column in self.typed else f"substr(CAST({raw} AS {self.dialect.types['VARCHAR']}), 1, 10)"

    def _literal(self, column: str, day: str) -> str:
        return self.dialect.date(day) if column in self.typed else self.dialect.text(day)


def find_odd_days(
    card: Card, used: Mapping[str, Sequence[str]], types: Mapping[str, str], as_of: date, dialect: Dialect = DUCKDB
) -> OddDays:
    """What to count in a list of columns with these types, as DuckDB names them; `used` are those of each field."""
    fields = {
        column: field
        for field in card.plain_fields
        for column in used[field.name]
        if field.kind == "date" and not field.day_format and column in types
    }
    typed = frozenset(column for column in fields if types[column] == "DATE")
    return OddDays(fields, typed, as_of, card.outcome.since if card.outcome else "", dialect)


def _rows(count: object) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
