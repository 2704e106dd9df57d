"""The log as a list: CSV, JSON lines, Parquet or Excel, by the name of the file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb

from leadledger.api.lists import output as target
from leadledger.api.log.json_rows import write_json_rows
from leadledger.scoring.errors import DataError
from leadledger.training.sources.table import connect

COLUMNS = {
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
    """Write rows of the table `scores` to a file, which appears when it is whole; how many. Raises DataError."""
    target.check(out)
    kind = target.ending(out)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadledger-")))
        found = write_json_rows((_flat(row) for row in rows), COLUMNS, work / "scores.jsonl")
        connection = stack.enter_context(connect())
        written = target.place(stack, work / "written", out)
        try:
            count = target.copy(connection, f"SELECT * FROM {found}", written, kind)
            whole = target.finished(stack, connection, written, out)
            if out == target.STDOUT:
                target.to_stdout(whole)
            else:
                target.publish(whole, out)
        except (duckdb.Error, OSError) as error:
            raise DataError(f"{out}: can't be written: {error}") from None
    return count


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**{one: row.get(one) for one in COLUMNS}, "points": row["tenths"] / 10}
