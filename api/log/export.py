"""The log as a list: CSV, JSON lines, Parquet or Excel, by the name of the file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb

from api import target
from scoring.errors import DataError
from scoring.printers.literals import name as quoted
from scoring.printers.literals import text
from training.sources import connect

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


def export(rows: Iterable[Mapping[str, Any]], out: Path) -> int:
    """Write rows of the table `scores` to a file, which appears when it is whole; how many. Raises DataError."""
    target.check(out)
    kind = target.ending(out)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leadledger-")))
        lines = work / "scores.jsonl"
        with lines.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps({**{one: row.get(one) for one in COLUMNS}, "points": row["tenths"] / 10}) + "\n")
        columns = ", ".join(f"{quoted(name)}: '{type_}'" for name, type_ in COLUMNS.items())
        connection = stack.enter_context(connect())
        written = target.place(stack, work / "written", out)
        try:
            found = f"read_json({text(str(lines))}, format = 'newline_delimited', columns = {{{columns}}})"
            count = target.copy(connection, f"SELECT * FROM {found}", written, kind)
            whole = target.finished(stack, connection, written, out)
            if out == target.STDOUT:
                target.to_stdout(whole)
            else:
                target.publish(whole, out)
        except (duckdb.Error, OSError) as error:
            raise DataError(f"{out}: can't be written: {error}") from None
    return count
