"""One lead from a file, for `leadledger explain`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadledger.api.cli.printing import show_controls
from leadledger.scoring.errors import DataError, quote
from leadledger.scoring.printers.sql.cleaning import find_id_column
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import WHITE_SPACE
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.scan import ROW
from leadledger.training.sources.table import LeadTable, connect, read_list, settle_numbers

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class WhichLead:
    """Which lead of a list: the one in a row (from 1), or the one with an id. Neither: the file is one lead."""

    row: int | None = None
    id: str | None = None


def read_lead(path: Path, card: Card, which: WhichLead, reading: ReadingOptions = AS_FOUND) -> dict[str, Any]:
    """A raw lead: a JSON object, or one of a list of any kind. Raises DataError."""
    if which.row is not None and which.id is not None:
        raise click.UsageError("--row and --id both name a lead; give one of them")
    if which.row is None and which.id is None:
        return _from_json(path)
    with connect() as connection:
        source = settle_numbers(connection, card, read_list(connection, path, reading))
        for note in source.notes:
            click.echo(show_controls(note), err=True)
        table = f"SELECT * EXCLUDE ({quoted(ROW)}) FROM {source.table}"
        if which.row is not None:
            rows = connection.execute(f"{table} WHERE {quoted(ROW)} = ?", [which.row]).fetchall()
        else:
            rows = _find_by_id(connection, path, card, source, table, str(which.id))
    if not rows:
        for reject in source.rejects:
            if reject.row == which.row:
                raise DataError(f"{path}: row {which.row:,} {reject.reason}")
        raise DataError(f"{path}: there is no row {which.row:,}; it has {source.rows + len(source.rejects):,} rows")
    return dict(zip(source.columns, rows[0], strict=True))


def _find_by_id(
    connection: DuckDBPyConnection, path: Path, card: Card, source: LeadTable, table: str, lead_id: str
) -> list[tuple[Any, ...]]:
    """The row of the lead with an id. Raises DataError where there is none, or several."""
    column = find_id_column(card, source.columns)
    if not column:
        raise DataError(f"{path}: has no column of the lead's id; name a row, as in --row 1")
    wanted = lead_id.strip(WHITE_SPACE)
    rows = connection.execute(
        f"{table} WHERE trim(CAST({quoted(column)} AS VARCHAR), ?) = ? LIMIT 2", [WHITE_SPACE, wanted]
    ).fetchall()
    if not rows:
        raise DataError(f"{path}: no row of column '{column}' has the id {quote(wanted)}")
    if len(rows) > 1:
        raise DataError(f"{path}: several rows of column '{column}' have the id {quote(wanted)}; name one with --row")
    return rows


def _from_json(path: Path) -> dict[str, Any]:
    label = "standard input" if str(path) == "-" else str(path)
    try:
        # The bytes are read, since a console may not be UTF-8, and would change the lead.
        text = (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{label}: is not UTF-8 text") from None
    except OSError as error:
        raise DataError(f"{label}: can't be opened: {error.strerror}") from None
    try:
        lead = json.loads(text)
    except (ValueError, RecursionError) as error:
        hint = "" if path.suffix in (".json", "") else "; for a list, add a row, as in --row 1"
        raise DataError(f"{label}: is not JSON: {error}{hint}") from None
    if not isinstance(lead, dict):
        raise DataError(f'{label}: must hold one lead as a JSON object, such as {{"budget": 25000}}')
    return lead
