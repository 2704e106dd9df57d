"""Exports the scores or the events of the log as a list: CSV, JSON lines, Parquet or Excel, by the file's ending."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb

from leadledger.api.lists import output_file
from leadledger.api.log.event_rows import EventRow
from leadledger.api.log.json_rows import write_json_rows
from leadledger.api.log.raw_events import JOINING
from leadledger.models.durable_files import publish_file
from leadledger.scoring.errors import DataError
from leadledger.scoring.events.event_reader import KnownNames
from leadledger.scoring.events.systems import PLAIN
from leadledger.training.sources.table import connect

EXPORT_COLUMNS = {
    "id": "VARCHAR",
    "at": "VARCHAR",
    "lead": "VARCHAR",
    "card": "VARCHAR",
    "release": "VARCHAR",
    "as_of": "VARCHAR",
    "score": "BIGINT",
    "points": "DOUBLE",
    "probability": "DOUBLE",
    "grade": "VARCHAR",
    "recommendation": "VARCHAR",
    "key": "VARCHAR",
    "input": "VARCHAR",
    "result": "VARCHAR",
}
EVENT_COLUMNS = dict.fromkeys(("lead", "kind", "time", "received", "id", "source", "properties"), "VARCHAR")


def export_scores(rows: Iterable[Mapping[str, Any]], out: Path) -> int:
    """Write rows of the table `scores` to a file, which appears once it is whole, and count them. Raises DataError."""
    return _export((_flatten(row) for row in rows), EXPORT_COLUMNS, out)


def export_events(rows: Iterable[EventRow], names: KnownNames, out: Path) -> int:
    """Write events to a file as lists take them, under the names that a card has for their kinds, and count them.

    Raises DataError.
    """
    return _export(_name_kinds(rows, names), EVENT_COLUMNS, out)


def _export(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], out: Path) -> int:
    output_file.check_place(out)
    kind = output_file.find_ending(out)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadledger-")))
        scan = write_json_rows(rows, columns, work / "rows.jsonl")
        connection = stack.enter_context(connect())
        written = output_file.choose_part(stack, work / "written", out)
        try:
            count = output_file.copy_rows(connection, f"SELECT * FROM {scan}", written, kind)
            whole = output_file.finish_part(stack, connection, written, out)
            if out == output_file.STDOUT:
                output_file.send_to_stdout(whole)
            else:
                publish_file(whole, out)
        except (duckdb.Error, OSError) as error:
            raise DataError(f"{out}: can't be written: {error}") from None
    return count


def _flatten(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**{column: row.get(column) for column in EXPORT_COLUMNS}, "points": row["tenths"] / 10}


def _name_kinds(rows: Iterable[EventRow], names: KnownNames) -> Iterator[dict[str, Any]]:
    """Events under the names of a card; those that only join ids are left out, as in a score."""
    for row in rows:
        kind = names.find("" if row.system == PLAIN else row.system, row.kind)
        if kind is not None or row.kind not in JOINING:
            event = {column: getattr(row, column) or None for column in EVENT_COLUMNS}
            yield {**event, "kind": kind or row.kind}
