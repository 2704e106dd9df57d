"""A list of leads of any kind, opened as a scan that DuckDB streams; its bytes say of which kind it is.

Plain UTF-8 CSV and Parquet are read where they are. Everything else is first converted, block by block, to such a file
in a temporary folder: gzip, other encodings, mixed line ends, JSON lines, Excel, standard input.
"""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from leadledger.scoring.errors import DataError
from leadledger.training.sources import delimited, jsonlines, parquet, spreadsheet
from leadledger.training.sources.encodings import convert_to_utf8, detect_encoding
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.scan import BLOCK_SIZE, Scan, forget_rejects

_GZIP, _PARQUET, _ZIP, _OLD_EXCEL = b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_EMPTY = "the file is empty; it needs a header line with the names of the columns"


@contextmanager
def open_list(
    connection: duckdb.DuckDBPyConnection, data: Path | str, reading: ReadingOptions = AS_FOUND
) -> Iterator[Scan]:
    """Open a list: a file, a glob, a folder, or `-` for standard input. Raises DataError.

    Its temporary files are gone at the end. After `sql` has run once, `find_broken_rows` lists what was no row.
    """
    with tempfile.TemporaryDirectory(prefix="leadledger-", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        if str(data) == "-":
            copied = work / "input"
            with copied.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file, BLOCK_SIZE)
            scan = _scan_file(connection, copied, "standard input", work)
        elif _is_several_files(Path(data)):
            scan = parquet.scan_files(connection, Path(data))
        else:
            scan = _scan_file(connection, Path(data), str(data), work)
        forget_rejects(connection)  # of earlier lists, and of attempts to read this one
        yield scan


def _is_several_files(path: Path) -> bool:
    """Whether a path is a folder, or a pattern; a file whose name looks like a pattern is a file."""
    try:
        return path.is_dir() or (not path.exists() and any(sign in str(path) for sign in "*?["))
    except (OSError, ValueError):
        return False


def _scan_file(connection: duckdb.DuckDBPyConnection, path: Path, label: str, work: Path) -> Scan:
    """One file of any kind; its bytes say which."""
    head = _read_head(path, label)
    if head.startswith(_GZIP):
        path = _unpack(path, label, work / "unpacked")
        head = _read_head(path, label)
        if head.startswith(_GZIP):
            raise DataError(f"{label}: is compressed twice; decompress it first")
    if head.startswith(_PARQUET) or Path(label).suffix.lower() == ".parquet":
        return parquet.scan_file(connection, path, label)
    if head.startswith(_ZIP):
        if not spreadsheet.is_workbook(path):
            raise DataError(f"{label}: is an archive, or a damaged workbook; unpack it and name the list")
        sheet = work / "sheet.csv"
        spreadsheet.convert_to_csv(label, path, sheet)
        return delimited.scan_file(connection, sheet, label, work, "excel")
    if head.startswith(_OLD_EXCEL):
        raise DataError(f"{label}: is a workbook in the old format (.xls); save it as .xlsx or as CSV (UTF-8)")
    return _scan_text(connection, path, head, label, work)


def _scan_text(connection: duckdb.DuckDBPyConnection, path: Path, head: bytes, label: str, work: Path) -> Scan:
    """A file of text in any encoding: JSON lines or delimited."""
    encoding = detect_encoding(label, head)
    if encoding != "utf-8":
        converted = work / "text"
        with path.open("rb") as file:
            convert_to_utf8(file, encoding, converted)
        path, head = converted, _read_head(converted, label)
    start = head.decode("utf-8-sig", "replace")
    if not start.strip("\0 \t\r\n"):
        raise DataError(
            f"{label}: {_EMPTY}"
            if not start
            else f"{label}: the first line is empty; it must hold the names of the columns"
        )
    if jsonlines.is_json_lines(label, start, Path(label.removesuffix(".gz")).suffix):
        lines = work / "lines.csv"
        rejects = tuple(jsonlines.convert_to_csv(label, path, lines))
        return replace(delimited.scan_file(connection, lines, label, work, "json"), rejects=rejects)
    return delimited.scan_file(connection, path, label, work, "csv")


def _read_head(path: Path, label: str) -> bytes:
    """The start of a file; refuses what is no file, or is empty."""
    try:
        with path.open("rb") as file:
            head = file.read(delimited.HEAD_SIZE)
    except FileNotFoundError:
        raise DataError(f"{label}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{label}: can't be opened: {getattr(error, 'strerror', None) or error}") from None
    if not head:
        raise DataError(f"{label}: {_EMPTY}")
    return head


def _unpack(path: Path, label: str, unpacked: Path) -> Path:
    try:
        with gzip.open(path, "rb") as packed, unpacked.open("wb") as file:
            shutil.copyfileobj(packed, file, BLOCK_SIZE)
    except EOFError:
        raise DataError(f"{label}: the compressed file is cut off; copy or download it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{label}: the compressed file is damaged: {error}; copy or download it again") from None
    return unpacked
