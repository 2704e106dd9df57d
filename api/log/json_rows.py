"""Rows of the log as a file that DuckDB reads: one JSON object per line, so any number of rows can stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal


def write_json_rows(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], path: Path) -> str:
    """Write rows to a file and return the FROM item that reads it. Raises OSError.

    `columns` maps names to SQL types; a name that a row lacks is NULL.
    """
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(f"{json.dumps(row)}\n" for row in rows)
    typed = ", ".join(f"{quoted(name)}: '{sql_type}'" for name, sql_type in columns.items())
    return f"read_json({text_literal(str(path))}, format = 'newline_delimited', columns = {{{typed}}})"
