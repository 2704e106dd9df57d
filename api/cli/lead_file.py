"""One lead from a file, for `leadledger explain`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.scan import ROW
from leadledger.training.sources.table import connect, read_list


def read_lead(path: Path, row: int | None, reading: ReadingOptions = AS_FOUND) -> dict[str, Any]:
    """A raw lead: a JSON object, or a row (from 1) of a list of any kind. Raises DataError."""
    if row is None:
        return _from_json(path)
    with connect() as connection:
        source = read_list(connection, path, reading)
        for note in source.notes:
            click.echo(note, err=True)
        rows = connection.execute(
            f"SELECT * EXCLUDE ({quoted(ROW)}) FROM {source.table} WHERE {quoted(ROW)} = ?", [row]
        ).fetchall()
    if not rows:
        for reject in source.rejects:
            if reject.row == row:
                raise DataError(f"{path}: row {row:,} {reject.reason}")
        raise DataError(f"{path}: there is no row {row:,}; it has {source.rows + len(source.rejects):,} rows")
    return dict(zip(source.columns, rows[0], strict=True))


def _from_json(path: Path) -> dict[str, Any]:
    label = "standard input" if str(path) == "-" else str(path)
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8-sig")
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
