"""Tables of a PostgreSQL database: a transaction, names and columns of tables, and making or checking one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from leadledger.scoring.column_fit import find_id_column
from leadledger.scoring.errors import DataError, did_you_mean, quote
from leadledger.scoring.outputs import Column
from leadledger.scoring.printers.sql.dialects.literals import table_parts
from leadledger.scoring.printers.sql.dialects.postgres import LONGEST_NAME, POSTGRES, name
from leadledger.scoring.scorecard import Card

if TYPE_CHECKING:
    import psycopg

TYPES = {"integer": "integer", "number": "double precision", "text": "text", "date": "date"}
# What a column must hold for values of each family to be written into it; other families hold only themselves.
_FITS = {"integer": ("integer", "decimal"), "float": ("float", "decimal")}
# Percent of a page of a table of scores that are filled at first. The next run replaces each score; where the new row
# finds room on the page of the old one, no index need be told, which takes a third of the time, and the pages don't
# grow from run to run. https://www.postgresql.org/docs/current/storage-hot.html
FILLED = 49


@contextmanager
def transaction(url: str) -> Iterator[psycopg.Connection[Any]]:
    """One transaction that sees the data as it was at its start; errors become DataErrors without the password."""
    try:
        import psycopg
    except ImportError:
        raise DataError("scoring in PostgreSQL needs psycopg: pip install 'leadledger[postgres]'") from None
    try:
        secret = psycopg.conninfo.conninfo_to_dict(url).get("password") or ""
    except psycopg.Error:
        raise DataError(
            "the URL of the database can't be read; write it like postgresql://user@host:5432/database"
        ) from None
    try:
        with psycopg.connect(url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.execute("SET LOCAL standard_conforming_strings = on")
            yield connection
    except psycopg.Error as error:
        lines = str(error).strip().splitlines()
        first = lines[0] if lines else type(error).__name__
        first = first.replace(str(secret), "…") if secret else first
        raise DataError(f"PostgreSQL: {first}") from None


def split_name(table: str) -> list[str]:
    """The parts of a table's name. Raises DataError."""
    parts = table_parts(table)
    if any(len(part.encode()) > LONGEST_NAME for part in parts):
        raise DataError(f"{quote(table)}: a name has at most {LONGEST_NAME} bytes in PostgreSQL")
    return parts


def quote_parts(parts: Sequence[str]) -> str:
    """The name of a table in SQL."""
    return ".".join(map(name, parts))


def sql_types(columns: Sequence[Column]) -> dict[str, str]:
    """The types of columns of the output by their names, as the server calls them."""
    return {column.name: TYPES[column.type] for column in columns}


def read_columns(connection: psycopg.Connection[Any], quoted: str) -> dict[str, str] | None:
    """The columns of a table or a view with their types; None where there is none.

    A type that is made from another, as a domain is, counts as that; any enum is `enum`.
    """
    (oid,) = connection.execute("SELECT to_regclass(%s)::oid", [quoted]).fetchone() or (None,)
    if oid is None:
        return None
    rows = connection.execute(
        "SELECT a.attname, CASE WHEN t.typtype = 'e' THEN 'enum' WHEN t.typname = 'citext' THEN 'citext'"
        " ELSE format_type(t.oid, NULL) END"
        " FROM pg_attribute a CROSS JOIN LATERAL ("
        "WITH RECURSIVE made (oid, typtype, typname, typbasetype) AS ("
        "SELECT oid, typtype, typname, typbasetype FROM pg_type WHERE oid = a.atttypid UNION ALL"
        " SELECT t.oid, t.typtype, t.typname, t.typbasetype FROM pg_type t JOIN made ON t.oid = made.typbasetype"
        ") SELECT * FROM made WHERE typtype <> 'd') AS t"
        " WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        [oid],
    ).fetchall()
    return {str(column): str(kind) for column, kind in rows}


def choose_key(card: Card, types: Mapping[str, str], label: str, key: str | None) -> str:
    """The column that tells rows apart: `key`, or that of a field of kind id. Raises DataError."""
    if key is None:
        key = find_id_column(card, types)
        if not key:
            raise DataError(f"{label}: no column holds the card's field of kind id; name the column that is the key")
    if key not in types:
        raise DataError(f"{label}: there is no column {quote(key)}.{did_you_mean(key, types)}")
    if POSTGRES.family_of(types[key]) not in ("text", "integer", "decimal"):
        raise DataError(f"{label}: column '{key}' has the type {types[key]}, which can't be a key")
    return key


def make_table(connection: psycopg.Connection[Any], table: str, columns: Mapping[str, str], key: str | None) -> bool:
    """Make a table of these columns if there is none, else check that they can be written into it. Raises DataError.

    `columns` maps names to types; `key` is the column that must be unique, None: none. Returns whether the table is
    new; then it has no key yet, which is made sooner once the rows are there.
    """
    quoted = quote_parts(split_name(table))
    existing = read_columns(connection, quoted)
    if existing is None:
        defined = [
            f"{name(column)} {'text' if kind == 'enum' else kind}{' NOT NULL' if column == key else ''}"
            for column, kind in columns.items()
        ]
        filled = f" WITH (fillfactor = {FILLED})" if key is not None else ""
        connection.execute(f"CREATE TABLE {quoted} ({', '.join(defined)}){filled}")
        return True
    missing = [column for column in columns if column not in existing]
    if missing:
        added = ", ".join(f"ADD {name(column)} {columns[column]}" for column in missing)
        raise DataError(
            f"{table}: the table has no column {', '.join(map(quote, missing))};"
            f" add it by ALTER TABLE {quoted} {added}, or name another table"
        )
    for column, kind in columns.items():
        written = POSTGRES.family_of(kind)
        if POSTGRES.family_of(existing[column]) not in _FITS.get(written, (written,)):
            raise DataError(
                f"{table}: column '{column}' has the type {existing[column]}, where {kind} is to be written; name"
                " another table"
            )
    if key is not None:
        _check_unique(connection, table, key)
    return False


def _check_unique(connection: psycopg.Connection[Any], table: str, key: str) -> None:
    """Raises DataError where a row can't take the place of an earlier one with the same key."""
    quoted = quote_parts(split_name(table))
    unique = connection.execute(
        "SELECT i.indimmediate FROM pg_index i"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1"
        " AND i.indpred IS NULL AND a.attname = %s",
        [quoted, key],
    ).fetchall()
    if not unique:
        raise DataError(f"{table}: column '{key}' is not unique; make it so by ALTER TABLE {quoted} ADD PRIMARY KEY")
    if (True,) not in unique:
        raise DataError(
            f"{table}: column '{key}' is unique by a DEFERRABLE constraint only, by which no score can take the place"
            f" of an earlier one; make it so at once by CREATE UNIQUE INDEX ON {quoted} ({name(key)})"
        )


def hides_rows(connection: psycopg.Connection[Any], quoted: str) -> bool:
    """Whether row-level security may hide rows of a table or a view, or of what it reads, from the user."""
    import psycopg

    plan = f"EXPLAIN SELECT FROM {quoted}"
    connection.execute(plan)  # what can't be read at all is another matter
    try:
        with connection.transaction() as attempt:
            connection.execute("SET LOCAL row_security = off")  # by which the server refuses to hide rows
            connection.execute(plan)
            raise psycopg.Rollback(attempt)
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def fetch_count(connection: psycopg.Connection[Any], query: str) -> int:
    """The number that a query of one row and one column gives."""
    (count,) = connection.execute(query).fetchone() or (0,)
    return int(count)
