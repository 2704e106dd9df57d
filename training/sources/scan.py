"""Lists of leads, of any kind, opened as something that DuckDB streams.

Plain UTF-8 CSV and Parquet are read where they are. Everything else is first turned, block by block, into such a file
in a temporary folder: gzip, other encodings, mixed line ends, JSON lines, Excel, standard input.
"""

from __future__ import annotations

import glob
import gzip
import mmap
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from leadledger.scoring.errors import DataError, shown
from leadledger.scoring.printers.literals import name, text
from leadledger.training.sources import jsonlines, spreadsheet
from leadledger.training.sources.delimited import Dialect, dialect, literal_path, scan
from leadledger.training.sources.encodings import BLOCK, encoding, to_utf8
from leadledger.training.sources.rejects import LONGEST, Reject, forget

PEEK = 1 << 20  # bytes that are looked at before a file is read
_EMPTY = "the file is empty; it needs a header line with the names of the columns"


@dataclass(frozen=True)
class Scan:
    """A list, opened.

    `sql` is a FROM item that DuckDB streams in the order of the file, with bounded memory, as often as one likes; the
    rows have no numbers. `columns` are names and SQL types: all VARCHAR but in Parquet. `kind` is csv, parquet, json or
    excel, `label` what messages call the list, `size` the bytes of what is read. `refused` are rows that were left out
    while it was turned into CSV.
    """

    sql: str
    columns: Mapping[str, str]
    kind: str
    label: str
    size: int
    refused: tuple[Reject, ...] = ()


@contextmanager
def opened(connection: duckdb.DuckDBPyConnection, data: Path | str) -> Iterator[Scan]:
    """Open a list: a file, a glob, a folder, or `-` for standard input. Raises DataError.

    Its temporary files are gone at the end. After `sql` has run once, `structural` tells what was no row.
    """
    with tempfile.TemporaryDirectory(prefix="leadledger-", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        if str(data) == "-":
            target = work / "input"
            with target.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file, BLOCK)
            scan = _file(connection, target, "standard input", work)
        elif _is_several(Path(data)):
            scan = _several(connection, Path(data))
        else:
            scan = _file(connection, Path(data), str(data), work)
        forget(connection)  # what was left out of the lists before, or while this one was tried
        yield scan


def _is_several(path: Path) -> bool:
    """Whether a path is a folder, or a pattern; a file whose name has such signs is a file."""
    try:
        return path.is_dir() or (not path.exists() and any(sign in str(path) for sign in "*?["))
    except (OSError, ValueError):
        return False


def _file(connection: duckdb.DuckDBPyConnection, path: Path, label: str, work: Path) -> Scan:
    """One file of any kind, told by its bytes."""
    head = _peek(path, label)
    if head[:2] == b"\x1f\x8b":
        path = _unpacked(path, label, work / "unpacked")
        head = _peek(path, label)
        if head[:2] == b"\x1f\x8b":
            raise DataError(f"{label}: is packed twice; unpack it first")
    if head[:4] == b"PAR1" or Path(label).suffix.lower() == ".parquet":
        return _parquet(connection, literal_path(path), label, path.stat().st_size)
    if head[:4] == b"PK\x03\x04":
        if not spreadsheet.is_workbook(path):
            raise DataError(f"{label}: is an archive, or a damaged workbook; unpack it and name the list")
        target = work / "sheet.csv"
        spreadsheet.to_csv(label, path, target)
        return _csv(connection, target, label, work, "excel")
    if head[:4] == b"\xd0\xcf\x11\xe0":
        raise DataError(f"{label}: is a workbook of the old kind (.xls); save it as .xlsx or as CSV (UTF-8)")
    name = encoding(label, head)
    if name != "utf-8":
        target = work / "text"
        with path.open("rb") as file:
            to_utf8(file, name, target)
        path, head = target, _peek(target, label)
    start = head.decode("utf-8-sig", "replace")
    if not start.strip("\0 \t\r\n"):
        raise DataError(
            f"{label}: {_EMPTY}"
            if not start
            else f"{label}: the first line is empty; it must hold the names of the columns"
        )
    suffix = Path(label.removesuffix(".gz")).suffix
    if jsonlines.looks_so(label, start, suffix):
        target = work / "lines.csv"
        refused = tuple(Reject(row, "", value, reason) for row, value, reason in jsonlines.to_csv(label, path, target))
        return replace(_csv(connection, target, label, work, "json"), refused=refused)
    return _csv(connection, path, label, work, "csv")


def _peek(path: Path, label: str) -> bytes:
    """The start of a file; refuses what is no file, or is empty."""
    try:
        with path.open("rb") as file:
            head = file.read(PEEK)
    except FileNotFoundError:
        raise DataError(f"{label}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{label}: can't be opened: {getattr(error, 'strerror', None) or error}") from None
    if not head:
        raise DataError(f"{label}: {_EMPTY}")
    return head


def _unpacked(path: Path, label: str, target: Path) -> Path:
    try:
        with gzip.open(path, "rb") as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, BLOCK)
    except EOFError:
        raise DataError(f"{label}: the packed file is cut off, its end is missing; copy or download it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{label}: the packed file is damaged: {error}; copy or download it again") from None
    return target


def _csv(connection: duckdb.DuckDBPyConnection, path: Path, label: str, work: Path, kind: str) -> Scan:
    head = _peek(path, label)
    if kind == "csv":
        found = dialect(label, head.decode("utf-8-sig", "replace"))
    else:  # we wrote it
        found = dialect(label, head.decode("utf-8", "replace"))
    _check_lines(path, label)
    if found.lines > 1 or _mixed(connection, path, found):
        path = _tidied(path, found, work / "tidied.csv")
    return Scan(
        scan(literal_path(path), found), dict.fromkeys(found.names, "VARCHAR"), kind, label, path.stat().st_size
    )


def _check_lines(path: Path, label: str) -> None:
    """Refuse a file with a line that is longer than DuckDB's buffer, which it would leave out without a word.

    From one line end the last one within reach is looked for, so that only a little of the file is looked at.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = 0
        while len(data) - at > LONGEST:
            end = max(data.rfind(b"\n", at, at + LONGEST), data.rfind(b"\r", at, at + LONGEST))
            if end < 0:
                raise DataError(
                    f"{label}: a line is longer than {LONGEST:,} bytes, at byte {at:,}; no row of a list is so long,"
                    " shorten it or take it out"
                )
            at = end + 1


def _mixed(connection: duckdb.DuckDBPyConnection, path: Path, found: Dialect) -> bool:
    r"""Whether a file ends its lines in several ways, of which DuckDB reads one a file.

    Bytes are counted first: a file without \r, or with all its line ends alike, is the usual one.
    """
    with path.open("rb") as file:  # block by block: a map of the file would count as memory, all of it
        if not any(b"\r" in block for block in iter(lambda: file.read(BLOCK), b"")):
            return False
    feeds = returns = pairs = 0
    last = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            feeds += block.count(b"\n")
            returns += block.count(b"\r")
            pairs += block.count(b"\r\n") + (last == b"\r" and block[:1] == b"\n")
            last = block[-1:]
    if returns == feeds == pairs or not feeds:
        return False
    try:  # line breaks within quotes may be of any kind, and only DuckDB knows what it takes for quotes
        connection.execute(f"SELECT count(*) FROM {scan(literal_path(path), found)}").fetchall()
    except duckdb.Error:
        return True
    return False


def _tidied(path: Path, found: Dialect, target: Path) -> Path:
    """The file with a header on one line and all its line ends alike, those within quotes too."""
    with path.open("rb") as file, target.open("wb") as tidy:
        rest = b""
        if found.lines > 1:
            head = file.read(PEEK)
            lines = head.splitlines(keepends=True)
            rest = b"".join(lines[found.lines :])
            tidy.write(found.delimiter.join(f"c{i}" for i in range(len(found.names))).encode() + b"\n")
        while block := rest or file.read(BLOCK):
            rest = b""
            if block.endswith(b"\r"):
                block += file.read(1)
            tidy.write(block.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    return target


def _several(connection: duckdb.DuckDBPyConnection, path: Path) -> Scan:
    """The Parquet files of a folder, or of a pattern; folders named like `day=1` are columns."""
    pattern = f"{glob.escape(str(path))}/**/*.parquet" if path.is_dir() else str(path)
    files = [one for one in sorted(glob.glob(pattern, recursive=True)) if Path(one).is_file()]
    if not files:
        where = "the folder holds" if path.is_dir() else "there are"
        raise DataError(f"{path}: {where} no Parquet files{'' if path.is_dir() else ' of such a name'}")
    listed = ", ".join(text(literal_path(Path(one))) for one in files)
    size = sum(Path(one).stat().st_size for one in files)
    options = ", hive_partitioning = true, union_by_name = true"
    return _parquet(connection, f"[{listed}]", str(path), size, options)


def _parquet(connection: duckdb.DuckDBPyConnection, source: str, label: str, size: int, options: str = "") -> Scan:
    item = f"read_parquet({source if options else text(source)}{options})"
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {item}").fetchall()
    except duckdb.Error as error:
        raise DataError(f"{label}: can't be read as Parquet: {first_line(error)}") from None
    for row in described:
        if not str(row[0]).strip():
            raise DataError(f"{label}: has a column without a name, {shown(row[0])}; give it one")
    return Scan(item, {str(row[0]): str(row[1]) for row in described}, "parquet", label, size)


def about(connection: duckdb.DuckDBPyConnection, scan: Scan) -> int:
    """About how many rows a list has: exact for Parquet; else by its size, of which the first rows tell the average."""
    if scan.kind == "parquet":
        ((count,),) = connection.execute(f"SELECT count(*) FROM {scan.sql}").fetchall()
        return int(count)
    values = ", ".join(f"coalesce({name(one)}, '')" for one in scan.columns)
    row = f"strlen(concat_ws(',', {values})) + 1"
    ((size,),) = connection.execute(f"SELECT avg({row}) FROM (FROM {scan.sql} LIMIT 2000)").fetchall()
    return int(scan.size / size) if size else 0


def first_line(error: Exception) -> str:
    """What an error of DuckDB says first."""
    return str(error).strip().splitlines()[0]
