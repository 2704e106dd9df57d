"""The warehouse: a table in PostgreSQL scored where it lies, into another table, in one transaction.

The server does all of it by the printed SQL; of its rows only the few that can't be read come over, for their reasons.
The scores are put into a temporary table first, which the server may fill with several workers, and from there into
the target. Every statement sees the table as it was when the transaction began. If anything fails, nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from leadledger.api.lists.capabilities import ENGINES, refuse_unsupported
from leadledger.api.lists.ledger_entries import ledger_columns
from leadledger.api.lists.wanted import Wanted, parse_where
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import DataError, did_you_mean, quote
from leadledger.scoring.field import Field
from leadledger.scoring.outputs import Column, names
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.cleaning import used_by
from leadledger.scoring.printers.sql.dialects.literals import table_parts
from leadledger.scoring.printers.sql.dialects.postgres import LONGEST_NAME, family, name, plain, text
from leadledger.scoring.printers.sql.query import BAD, Query
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Node

if TYPE_CHECKING:
    import psycopg

ENGINE = ENGINES["postgres"]
KEY = "ll:key"
WHERE = "ll:where"
STAGED, TWICE = 'pg_temp."ll_scored"', 'pg_temp."ll_twice"'
BATCH = 1000  # rejected rows that are fetched at a time
TYPES = {"integer": "integer", "number": "double precision", "text": "text", "date": "date"}
STAMPS = {"release": "text", "as_of": "date", "scored_at": "timestamp with time zone"}
LEDGER = {"kind": "text", "entry": "text", "points": "double precision"}
_FITS = {"integer": ("integer", "decimal"), "float": ("float", "decimal"), "text": ("text",), "date": ("date",)}


@dataclass(frozen=True)
class Stored:
    """What became of a table: rows read, scored and rejected (`duplicates` of them share an id), and the tables."""

    rows: int
    scored: int
    rejected: int
    duplicates: int
    into: str
    rejects: str
    recommendations: Mapping[str, int]
    grades: Mapping[str, int]
    unused: tuple[str, ...]
    absent: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            "rows": self.rows,
            "scored": self.scored,
            "rejected": self.rejected,
            "duplicates": self.duplicates,
            "into": self.into,
            "rejects": self.rejects,
            "recommendations": dict(self.recommendations),
            "grades": dict(self.grades),
            "columns_not_used": list(self.unused),
            "fields_not_in_the_table": list(self.absent),
        }


@dataclass(frozen=True)
class _Source:
    """A table or a view: its quoted name, and its columns with their types as the server names them."""

    table: str
    columns: Mapping[str, str]


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
) -> Stored:
    """Score a table or a view (`name` or `schema.name`) into another, by its key. Raises DataError, ConditionError.

    `key` is the column that tells rows apart, by default that of the card's field of kind `id`. What `ENGINE` lacks of
    `wanted` is refused. `wanted.where` picks rows; one that can't be read counts as picked unless the condition is
    surely false or true of it. `into` is made if it isn't there; rows of it that this run doesn't score stay.
    `<into>_rejects` holds what this run left out: values that can't be read, rows without an id, and all rows of an id
    that occurs twice. `wanted.ledger` names a table that gets a row for each entry of each lead. `progress` is called
    with the name of each step.
    """
    wanted = wanted or Wanted()
    refuse_unsupported(ENGINE, wanted)
    where, explain = parse_where(card.card, wanted.where), wanted.explain
    ledger = None if wanted.ledger is None else str(wanted.ledger)
    tell = progress or (lambda _: None)
    rejects = [*_parts(into)[:-1], f"{_parts(into)[-1]}_rejects"]
    if len(rejects[-1].encode()) > LONGEST_NAME:
        raise DataError(f"{into}: the name is too long for a table {rejects[-1]} beside it; choose a shorter one")
    with _transaction(url) as connection:
        tell("reading the columns")
        source = _source(connection, table)
        target, refused = _quoted(_parts(into)), _quoted(rejects)
        present = used_by(card.card, source.columns, table)
        key = _key(card, source, table, key)
        outputs = _types(ENGINE.columns(explain))
        named = _id(card, key)
        written = {named: source.columns[key], **outputs, **STAMPS}
        _make(connection, into, written, named)
        _make(connection, ".".join(rejects), _types(ENGINE.reject_columns), None)
        if ledger is not None:
            _make(connection, ledger, {named: source.columns[key], **LEDGER}, None)
        tell("scoring")
        _stage(connection, card, source, key, as_of, where, explain, ledger is not None)
        tell("writing the rejects")
        connection.execute(f"DELETE FROM {refused}")
        duplicates, nameless = _ambiguous(connection, refused, key)
        bad = _unreadable(connection, card, source, present, key, refused)
        tell("writing the scores")
        columns = ", ".join(map(name, written))
        stamps = f"{text(card.release)}, DATE '{as_of.isoformat()}', now()"
        updated = ", ".join(f"{name(one)} = excluded.{name(one)}" for one in written if one != named)
        scored = connection.execute(
            f"INSERT INTO {target} ({columns}) SELECT {name(KEY)}, {', '.join(map(name, outputs))}, {stamps}"
            f" FROM {_good()} ON CONFLICT ({name(named)}) DO UPDATE SET {updated}"
        ).rowcount
        if ledger is not None:
            _write_ledger(connection, card, _quoted(_parts(ledger)), named)
        rows = _one(connection, f"SELECT count(*) FROM {STAGED}")
        rejected = duplicates + nameless + bad
        read = rows if where is not None else _one(connection, f"SELECT count(*) FROM {source.table}")
        if not read == rows == scored + rejected:
            raise DataError(
                f"{table}: {read} rows were read, {scored} scored and {rejected} rejected, which doesn't add up;"
                " nothing was changed. Please report it"
            )
        advice = _counts(connection, "recommendation")
        grades = _counts(connection, "grade")
        tell("committing")
    return Stored(
        rows=rows,
        scored=scored,
        rejected=rejected,
        duplicates=duplicates,
        into=into,
        rejects=".".join(rejects),
        recommendations=advice,
        grades=grades,
        unused=tuple(
            one for one in source.columns if one != key and not any(one in columns for columns in present.values())
        ),
        absent=tuple(one for one, columns in present.items() if not columns),
    )


@contextmanager
def _transaction(url: str) -> Iterator[psycopg.Connection[Any]]:
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


def _parts(table: str) -> list[str]:
    """The parts of a table's name. Raises DataError."""
    parts = table_parts(table)
    too_long = next((one for one in parts if len(one.encode()) > LONGEST_NAME), None)
    if too_long is not None:
        raise DataError(f"{quote(table)}: a name has at most {LONGEST_NAME} bytes in PostgreSQL")
    return parts


def _quoted(parts: Sequence[str]) -> str:
    return ".".join(map(name, parts))


def _columns(connection: psycopg.Connection[Any], table: str) -> dict[str, str] | None:
    """The columns of a table with their types; None where there is none."""
    (oid,) = connection.execute("SELECT to_regclass(%s)::oid", [table]).fetchone() or (None,)
    if oid is None:
        return None
    found = connection.execute(
        "SELECT a.attname, CASE WHEN t.typtype = 'e' THEN 'enum'"
        " ELSE format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) END"
        " FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
        " WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        [oid],
    ).fetchall()
    return {str(column): str(kind) for column, kind in found}


def _source(connection: psycopg.Connection[Any], table: str) -> _Source:
    quoted = _quoted(_parts(table))
    columns = _columns(connection, quoted)
    if columns is None:
        raise DataError(
            f"{table}: there is no such table or view in the database, or no right to see its schema; is that named?"
        )
    return _Source(quoted, columns)


def _key(card: Scorecard, source: _Source, table: str, key: str | None) -> str:
    if key is None:
        ids = [column for one in card.card.plain_fields if one.kind == "id" for column in one.columns]
        key = next((one for one in ids if one in source.columns), None)
        if key is None:
            raise DataError(f"{table}: no column holds the card's field of kind id; name the column that is the key")
    if key not in source.columns:
        raise DataError(f"{table}: there is no column {quote(key)}.{did_you_mean(key, source.columns)}")
    if family(source.columns[key]) not in ("text", "integer", "decimal"):
        raise DataError(f"{table}: column '{key}' has the type {source.columns[key]}, which is no key")
    return key


def _id(card: Scorecard, key: str) -> str:
    """The name of the key in the target: the card's field where it is one."""
    return next((one.name for one in card.card.plain_fields if one.kind == "id" and key in one.columns), key)


def _make(connection: psycopg.Connection[Any], table: str, wanted: Mapping[str, str], key: str | None) -> None:
    """Make a table if there is none, else check that what is to be written fits it."""
    parts = _parts(table)
    quoted = _quoted(parts)
    there = _columns(connection, quoted)
    if there is None:
        columns = [
            f"{name(one)} {'text' if kind == 'enum' else kind}{' PRIMARY KEY' if one == key else ''}"
            for one, kind in wanted.items()
        ]
        connection.execute(f"CREATE TABLE {quoted} ({', '.join(columns)})")
        return
    missing = [one for one in wanted if one not in there]
    if missing:
        added = ", ".join(f"ADD {name(one)} {wanted[one]}" for one in missing)
        raise DataError(
            f"{table}: the table has no column {', '.join(map(quote, missing))};"
            f" add it by ALTER TABLE {quoted} {added}, or name another table"
        )
    for one, kind in wanted.items():
        holds = family(kind)
        if family(there[one]) not in _FITS.get(holds, (holds,)):
            raise DataError(
                f"{table}: column '{one}' has the type {there[one]}, where {kind} is to be written; name another table"
            )
    if key is not None and not _one(
        connection,
        "SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        f" WHERE i.indrelid = {text(quoted)}::regclass AND i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL"
        f" AND a.attname = {text(key)}",
    ):
        raise DataError(f"{table}: column '{key}' is not unique; make it so by ALTER TABLE {quoted} ADD PRIMARY KEY")


def _stage(
    connection: psycopg.Connection[Any],
    card: Scorecard,
    source: _Source,
    key: str,
    as_of: date,
    where: Node | None,
    explain: bool,
    ledger: bool,
) -> None:
    """Score the rows into a temporary table."""
    kinds = {column: one.kind for one in card.card.plain_fields for column in one.columns}
    asked = {one: plain(one, kind, kinds[one]) for one, kind in source.columns.items() if one in kinds}
    selected = [f"{spelt} AS {name(one)}" for one, (spelt, _) in asked.items()] + [f"{name(key)} AS {name(KEY)}"]
    if where is not None:
        picked = Field(WHERE, "flag", derived=where)
        card = replace(card, card=replace(card.card, fields={**card.card.fields, WHERE: picked}))
    query = Query(
        as_of,
        f"(SELECT {', '.join(selected)} FROM {source.table}) AS leads",
        {one: kind for one, (_, kind) in asked.items()},
        keep=[KEY],
        ledger=ledger,
        checks=True,
        fields=where is not None,
        plus_minus=explain,
        explain=explain,
    )
    picked_rows = f" WHERE coalesce({name(f'f:{WHERE}')}, {name(BAD)})" if where is not None else ""
    kept = [KEY, *names(ENGINE.columns(explain)), BAD]
    kept += [entry.column for entry in ledger_columns(card) if entry.column] if ledger else []
    connection.execute(
        f"CREATE TEMP TABLE {STAGED} ON COMMIT DROP AS SELECT {', '.join(map(name, kept))}"
        f" FROM ({sql.select(card, query, 'postgres')}) AS scored{picked_rows}"
    )


def _types(columns: Sequence[Column]) -> dict[str, str]:
    """The types of some columns, as the server names them."""
    return {column.name: TYPES[column.type] for column in columns}


def _good(of: str = STAGED) -> str:
    """The staged rows that are scores, as what stands after FROM."""
    return (
        f"{of} AS staged WHERE NOT {name(BAD)} AND {name(KEY)} IS NOT NULL"
        f" AND NOT EXISTS (SELECT FROM {TWICE} AS twice WHERE twice.id = staged.{name(KEY)})"
    )


def _ambiguous(connection: psycopg.Connection[Any], rejects: str, key: str) -> tuple[int, int]:
    """Reject the rows whose id occurs twice, and those without one; how many of either."""
    connection.execute(
        f"CREATE TEMP TABLE {TWICE} ON COMMIT DROP AS SELECT {name(KEY)} AS id, count(*) AS rows FROM {STAGED}"
        f" WHERE {name(KEY)} IS NOT NULL GROUP BY {name(KEY)} HAVING count(*) > 1"
    )
    connection.execute(f"ANALYZE {TWICE}")
    connection.execute(
        f'INSERT INTO {rejects} (id, "column", value, reason) SELECT CAST(id AS text), {text(key)}, CAST(id AS text),'
        f" 'the id occurs in ' || rows || ' rows, none of which is scored' FROM {TWICE}"
    )
    nameless = connection.execute(
        f'INSERT INTO {rejects} (id, "column", value, reason) SELECT NULL, {text(key)}, NULL, {text("has no id")}'
        f" FROM {STAGED} WHERE {name(KEY)} IS NULL"
    ).rowcount
    return _one(connection, f"SELECT coalesce(sum(rows), 0)::bigint FROM {TWICE}"), nameless


def _unreadable(
    connection: psycopg.Connection[Any],
    card: Scorecard,
    source: _Source,
    present: Mapping[str, Sequence[str]],
    key: str,
    rejects: str,
) -> int:
    """Reject the rows with a value that can't be read, which Python cleans once more for the reasons; how many."""
    columns = [column for names in present.values() for column in names]
    # As texts where Python has no such value: a uuid, or a day beyond the year 9999.
    selected = ", ".join(
        f"CAST(leads.{name(one)} AS text)"
        if family(source.columns[one]) in ("text", "date", "time", "instant")
        else f"leads.{name(one)}"
        for one in columns
    )
    bad = (
        f"{STAGED} AS staged WHERE {name(BAD)} AND {name(KEY)} IS NOT NULL"
        f" AND NOT EXISTS (SELECT FROM {TWICE} AS twice WHERE twice.id = staged.{name(KEY)})"
    )
    count = _one(connection, f"SELECT count(*) FROM {bad}")
    if not count:
        return 0
    connection.execute("SET LOCAL datestyle = 'ISO'")  # days as texts are written as the card reads them
    with connection.cursor(name="ll_bad") as rows, connection.cursor() as writer:
        rows.execute(
            f"SELECT CAST(leads.{name(key)} AS text), {selected} FROM {source.table} AS leads"
            f" WHERE leads.{name(key)} IN (SELECT {name(KEY)} FROM {bad})"
        )
        while batch := rows.fetchmany(BATCH):
            found = [
                (row, *problem)
                for row, *values in batch
                for problem in _problems(card, dict(zip(columns, values, strict=True)))
            ]
            writer.executemany(
                f'INSERT INTO {rejects} (id, "column", value, reason) VALUES (%s, %s, %s, %s)',
                found,
            )
    return count


def _problems(card: Scorecard, lead: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The column, value and reason of each value of a lead that can't be read."""
    return [
        (one.column, "" if one.value is None else str(one.value), one.reason) for one in get_engine(card).refused(lead)
    ]


def _write_ledger(connection: psycopg.Connection[Any], card: Scorecard, ledger: str, named: str) -> None:
    """A row for each entry that is not 0, in place of those of an earlier run."""
    connection.execute(
        f"DELETE FROM {ledger} AS old USING {STAGED} AS staged WHERE old.{name(named)} = staged.{name(KEY)}"
    )
    start = str(card.learned.start)
    entries = ", ".join(
        f"({text(entry.kind)}, {text(entry.entry)}, {name(entry.column) if entry.column else start})"
        for entry in ledger_columns(card)
    )
    connection.execute(
        f"INSERT INTO {ledger} ({name(named)}, {', '.join(map(name, LEDGER))})"
        f" SELECT {name(KEY)}, entry.kind, entry.name, entry.tenths / float8 '10'"
        f" FROM (SELECT * FROM {_good()}) AS good CROSS JOIN LATERAL (VALUES {entries}) AS entry (kind, name, tenths)"
        " WHERE entry.tenths <> 0"
    )


def _one(connection: psycopg.Connection[Any], query: str) -> int:
    (count,) = connection.execute(query).fetchone() or (0,)
    return int(count)


def _counts(connection: psycopg.Connection[Any], column: str) -> dict[str, int]:
    """How many scored rows have each value of an output."""
    found = connection.execute(f"SELECT {name(column)}, count(*) FROM {_good()} GROUP BY 1 ORDER BY 1").fetchall()
    return {str(value): int(count) for value, count in found}
