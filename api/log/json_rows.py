"""Rows of the log as a file that DuckDB reads: one JSON object a line, so that any number of them streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from leadledger.scoring.printers.sql.dialects.literals import quoted, text_literal


def write_json_rows(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], path: Path) -> str:
    """Write rows to a file; the FROM item that reads it. `columns`: names and SQL types; what is absent is NULL."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
    typed = ", ".join(f"{quoted(name)}: '{type_}'" for name, type_ in columns.items())
    return f"read_json({text_literal(str(path))}, format = 'newline_delimited', columns = {{{typed}}})"
