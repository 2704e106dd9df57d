"""Exports the log as a list: CSV, JSON lines, Parquet or Excel, by the ending of the file's name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb

from leadledger.api.lists import output_file
from leadledger.api.log.json_rows import write_json_rows
from leadledger.models.durable_files import publish_file
from leadledger.scoring.errors import DataError
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


def export_scores(rows: Iterable[Mapping[str, Any]], out: Path) -> int:
    """Write rows of the table `scores` to a file, which appears once it is whole, and count them. Raises DataError."""
    output_file.check_place(out)
    kind = output_file.find_ending(out)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadledger-")))
        scan = write_json_rows((_flatten(row) for row in rows), EXPORT_COLUMNS, work / "scores.jsonl")
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
