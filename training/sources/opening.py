"""A list of leads of any kind, opened as a scan that DuckDB streams; its bytes say of which kind it is.

Plain UTF-8 CSV and Parquet are read where they are. Everything else is first converted, block by block, to such a file
in a temporary folder: gzip, other encodings, mixed line ends, JSON lines, Excel, standard input, pipes.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from leadledger.scoring.errors import DataError
from leadledger.training.sources import delimited, foreign, jsonlines, parquet, spreadsheet
from leadledger.training.sources.cells import Style
from leadledger.training.sources.encodings import convert_to_utf8, detect_encoding
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.scan import Scan, forget_rejects
from leadledger.training.sources.unpacking import copy, unpack
from leadledger.training.sources.work_folder import work_folder

_GZIP, _PARQUET, _ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"
_EMPTY = "the file is empty; it needs a header line with the names of the columns"


@contextmanager
def open_list(
    connection: duckdb.DuckDBPyConnection, data: Path | str, reading: ReadingOptions = AS_FOUND
) -> Iterator[Scan]:
    """Open a list: a file, a glob, a folder, or `-` for standard input. Raises DataError.

    Its temporary files are gone at the end. After `sql` has run once, `find_broken_rows` lists what was no row.
    """
    label = "standard input" if str(data) == "-" else str(data)
    with work_folder() as work:
        try:
            scan = _scan(connection, Path(data), label, work, reading)
        except OSError as error:
            raise DataError(f"{label}: can't be opened: {error.strerror or error}") from None
        forget_rejects(connection)  # of earlier lists, and of attempts to read this one
        yield scan


def _scan(connection: duckdb.DuckDBPyConnection, path: Path, label: str, work: Path, reading: ReadingOptions) -> Scan:
    """Whatever the list is: several files, a stream, or a file."""
    if str(path) == "-":
        copy(sys.stdin.buffer, work / "input", label)
        path = work / "input"
    elif _is_several_files(path):
        _refuse_options(label, reading, "files of Parquet")
        return parquet.scan_files(connection, path)
    elif _is_stream(path):
        with path.open("rb") as stream:
            copy(stream, work / "input", label)
        path = work / "input"
    return _scan_file(connection, path, label, work, reading)


def _is_several_files(path: Path) -> bool:
    """Whether a path is a folder, or a pattern; a file whose name looks like a pattern is a file."""
    try:
        return path.is_dir() or (not path.exists() and any(sign in str(path) for sign in "*?["))
    except (OSError, ValueError):
        return False


def _is_stream(path: Path) -> bool:
    """Whether a path is a pipe or a device, whose bytes come once only."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _scan_file(
    connection: duckdb.DuckDBPyConnection, path: Path, label: str, work: Path, reading: ReadingOptions
) -> Scan:
    """One file of any kind; its bytes say which."""
    head = _read_head(path, label)
    if head.startswith(_GZIP):
        path = unpack(path, label, work / "unpacked")
        head = _read_head(path, label)
        if head.startswith(_GZIP):
            raise DataError(f"{label}: is compressed twice; decompress it first")
    if head.startswith(_PARQUET) or Path(label).suffix.lower() == ".parquet":
        _refuse_options(label, reading, "a file of Parquet")
        return parquet.scan_file(connection, path, label)
    if head.startswith(_ZIP):
        if not spreadsheet.is_workbook(path):
            foreign.refuse_archive(label, path)
        sheet = spreadsheet.convert_to_csv(label, path, work / "sheet.csv", reading)
        written = delimited.DelimitedFormat(sheet.names, Style(","), notes=sheet.notes)
        return delimited.scan_format(connection, work / "sheet.csv", written, label, "excel", sheet.rejects)
    foreign.refuse_bytes(label, head)
    return _scan_text(connection, path, head, label, work, reading)


def _scan_text(
    connection: duckdb.DuckDBPyConnection, path: Path, head: bytes, label: str, work: Path, reading: ReadingOptions
) -> Scan:
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
    foreign.refuse_text(label, start)
    if jsonlines.is_json_lines(label, start, Path(label.removesuffix(".gz")).suffix):
        _refuse_options(label, reading, "JSON lines")
        keys, rejects = jsonlines.convert_to_csv(label, path, work / "lines.csv")
        written = delimited.DelimitedFormat(keys, Style(","))
        return delimited.scan_format(connection, work / "lines.csv", written, label, "json", rejects)
    if reading.sheet is not None:
        raise DataError(f"{label}: --sheet {reading.sheet}: is a text, and no workbook with sheets")
    return delimited.scan_file(connection, path, label, work, reading)


def _refuse_options(label: str, reading: ReadingOptions, kind: str) -> None:
    """Refuse options that mean nothing for a kind of file. Raises DataError."""
    if reading.sheet is not None or reading.header_row is not None:
        raise DataError(f"{label}: --sheet and --header-row are for workbooks and delimited text, not for {kind}")


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
