"""What a printed SELECT reads: its dialect, its FROM item, and names that must not fall together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sqlglot
from sqlglot import exp

from leadledger.scoring.column_fit import find_columns
from leadledger.scoring.column_paths import list_columns
from leadledger.scoring.errors import PrinterError, quote
from leadledger.scoring.printers.sql.dialects.by_name import DIALECTS
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.dialects.literals import written_parts
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Card


def find_dialect(name: str, *, quoted_names: bool = False) -> Dialect:
    """The dialect of a name; `quoted_names` are looked up letter by letter. Raises PrinterError."""
    if name not in DIALECTS:
        raise PrinterError(f"there is no SQL printer for '{name}'; there is one for: {', '.join(DIALECTS)}")
    dialect = DIALECTS[name]
    if not quoted_names:
        return dialect
    if dialect.exact_name is None:
        raise PrinterError(f"quoted names are for Snowflake: {dialect.label} finds every name as it is written")
    return replace(dialect, name=dialect.exact_name, name_key=dialect.exact_name)


def from_item(table: str, row_filter: str, dialect: Dialect, name: str) -> str:
    """A table as what stands after FROM, with only the rows of a filter in SQL. Raises DataError, PrinterError.

    A part of the table's name in quotes is looked up letter by letter.
    """
    exact = dialect.exact_name or dialect.name
    parts = written_parts(table, dialect.table_parts)
    quoted = ".".join((exact if in_quotes else dialect.name)(part) for part, in_quotes in parts)
    if not row_filter:
        return quoted
    if not _is_condition(row_filter, name):
        raise PrinterError(
            f"the filter {quote(row_filter)} is no condition of {dialect.label}'s SQL; write what follows WHERE, as in"
            " created_on >= '2026-01-01'"
        )
    return f"(SELECT * FROM {quoted} WHERE {row_filter}\n) AS leads"


def check_names(card: Card, query: Query, selected: Sequence[str], dialect: Dialect) -> None:
    """Raises PrinterError where two columns that are read, or two of the result, have one name in the engine."""
    read = [*query.keep]
    if query.columns is not None:
        read += list_columns(find_columns(card, query.columns))
    for first, second in _same(dict.fromkeys(read), dialect):
        hint = "; if the table has both, print with --quoted-names" if dialect.exact_name else "; rename one"
        raise PrinterError(f"the columns {quote(first)} and {quote(second)} have one name in {dialect.label}{hint}")
    for _, kept in _same(query.keep, dialect):
        raise PrinterError(f"column {quote(kept)} is kept twice; name it once")
    for first, second in _same(selected, dialect):
        kept = first if first in query.keep else second
        raise PrinterError(
            f"column {quote(kept)} can't be kept: the SELECT has a column of this name itself; rename it in the table,"
            " or leave it out"
        )


def _is_condition(row_filter: str, name: str) -> bool:
    """Whether a filter is one whole condition in a dialect, and nothing behind it."""
    try:
        (statement,) = sqlglot.parse(f"SELECT ({row_filter}\n)", read=name)
    except (ValueError, sqlglot.errors.SqlglotError):
        return False
    return isinstance(statement, exp.Select) and [type(item) for item in statement.selects] == [exp.Paren]


def _same(names: Iterable[str], dialect: Dialect) -> Iterable[tuple[str, str]]:
    """Pairs of names that are one in the engine."""
    first: dict[str, str] = {}
    for name in names:
        key = dialect.name_key(name)
        if key in first:
            yield first[key], name
        first.setdefault(key, name)
