"""Parquet: one file, or the files of a folder or a pattern as one list."""

from __future__ import annotations

import glob
from dataclasses import replace
from pathlib import Path

import duckdb

from leadledger.scoring.errors import DataError, quote
from leadledger.scoring.printers.sql.dialects.literals import text_literal
from leadledger.training.sources.scan import Scan, SourceFile, first_line


def scan_file(connection: duckdb.DuckDBPyConnection, path: Path, label: str) -> Scan:
    """One Parquet file, called `label` in messages. Raises DataError."""
    scan = _scan(connection, text_literal(glob.escape(str(path))), label, path.stat().st_size)
    return replace(scan, source=SourceFile(path, tuple(scan.columns)))


def scan_files(connection: duckdb.DuckDBPyConnection, path: Path) -> Scan:
    """The Parquet files of a folder, or of a pattern; folders named like `day=1` are columns. Raises DataError."""
    pattern = f"{glob.escape(str(path))}/**/*.parquet" if path.is_dir() else str(path)
    files = [Path(match) for match in sorted(glob.glob(pattern, recursive=True)) if Path(match).is_file()]
    if not files:
        where = "the folder holds" if path.is_dir() else "there are"
        raise DataError(f"{path}: {where} no Parquet files{'' if path.is_dir() else ' that match'}")
    listed = ", ".join(text_literal(glob.escape(str(file))) for file in files)
    size = sum(file.stat().st_size for file in files)
    return _scan(connection, f"[{listed}], hive_partitioning = true, union_by_name = true", str(path), size)


def _scan(connection: duckdb.DuckDBPyConnection, arguments: str, label: str, size: int) -> Scan:
    """What DuckDB's `read_parquet` reads of some arguments; `size` in bytes."""
    item = f"read_parquet({arguments})"
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {item}").fetchall()
    except duckdb.Error as error:
        raise DataError(f"{label}: can't be read as Parquet: {first_line(error)}") from None
    columns = {str(row[0]): str(row[1]) for row in described}
    for column in columns:
        if not column.strip():
            raise DataError(f"{label}: has a column without a name, {quote(column)}; give it one")
    return Scan(item, columns, "parquet", label, size)
