"""Where a list goes: the kind of file by its name, written beside its place and moved there when it is whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import duckdb

from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql.dialects.literals import text_literal
from leadledger.training.sources.scan import first_line
from leadledger.training.sources.spreadsheet import write_sheet

STDOUT = Path("-")
# By the end of the name: how DuckDB writes it. An Excel sheet is written from a Parquet file, and by openpyxl.
FORMATS = {
    ".csv": "FORMAT csv, HEADER",
    ".tsv": "FORMAT csv, HEADER, DELIMITER '\t'",
    ".csv.gz": "FORMAT csv, HEADER, COMPRESSION gzip",
    ".tsv.gz": "FORMAT csv, HEADER, DELIMITER '\t', COMPRESSION gzip",
    ".parquet": "FORMAT parquet",
    ".jsonl": "FORMAT json",
    ".ndjson": "FORMAT json",
    ".jsonl.gz": "FORMAT json, COMPRESSION gzip",
    ".xlsx": "FORMAT parquet",
}
_HALF = ".part"


def ending(out: Path) -> str:
    """The key of `FORMATS` for a file; `-` is CSV. Raises DataError."""
    if out == STDOUT:
        return ".csv"
    found = [one for one in FORMATS if out.name.lower().endswith(one)]
    if not found:
        known = ", ".join(FORMATS)
        raise DataError(f"{out}: end the name in one of {known}, so that it says what to write")
    return max(found, key=len)


def check(out: Path) -> None:
    """Refuse a place where no file can be written. Raises DataError."""
    if out == STDOUT:
        return
    if not out.parent.is_dir():
        raise DataError(f"{out}: there is no folder {out.parent}; make it first")
    if out.is_dir():
        raise DataError(f"{out}: is a folder; name a file that ends in .csv or .parquet")
    ending(out)


@contextmanager
def half(out: Path) -> Iterator[Path]:
    """A file beside `out` to write to; `publish` moves it there. Gone at the end, and so are those of killed runs."""
    for left in out.parent.glob(f".{_escaped(out.name)}.*{_HALF}"):
        if not _runs(left.name.split(".")[-2]):
            left.unlink(missing_ok=True)
    path = out.with_name(_mark(out))
    try:
        yield path
    finally:
        with suppress(OSError):  # not there, or its name is one that can't be
            path.unlink()


def place(stack: ExitStack, work: Path, out: Path) -> Path:
    """Where to write first: beside `out`, but for what goes to standard output or becomes a sheet: at `work`."""
    return work if out == STDOUT or ending(out) == ".xlsx" else stack.enter_context(half(out))


def finished(stack: ExitStack, connection: duckdb.DuckDBPyConnection, written: Path, out: Path) -> Path:
    """What was written, as it is to be published; a sheet is made only now. Raises DataError."""
    if ending(out) != ".xlsx":
        return written
    sheet = stack.enter_context(half(out))
    cursor = connection.cursor().execute(f"FROM read_parquet({text_literal(str(written))})")
    write_sheet([str(one[0]) for one in cursor.description or ()], _rows(cursor), sheet, str(out))
    return sheet


def publish(written: Path, out: Path) -> None:
    """Move a whole file to its place, once its bytes are on the disk. Raises OSError."""
    with written.open("rb") as file:
        os.fsync(file.fileno())
    written.replace(out)


def copy(connection: duckdb.DuckDBPyConnection, body: str, written: Path, kind: str) -> int:
    """Write the rows of a SELECT, in the order of the list that it reads; how many there were. Raises duckdb.Error."""
    ((count,),) = connection.execute(f"COPY ({body}) TO {text_literal(str(written))} ({FORMATS[kind]})").fetchall()
    return int(count)


def read_back(written: Path, kind: str) -> str:
    """The FROM item of a file that `copy` wrote."""
    name = text_literal(str(written))
    if FORMATS[kind].startswith("FORMAT parquet"):
        return f"read_parquet({name})"
    packed = ", compression = 'gzip'" if kind.endswith(".gz") else ""
    if "json" in FORMATS[kind]:
        return f"read_json({name}, format = 'newline_delimited'{packed})"
    delimiter = "'\t'" if "DELIMITER" in FORMATS[kind] else "','"
    return (
        f"read_csv({name}, auto_detect = true, header = true, all_varchar = true, delim = {delimiter}, quote = '\"',"
        f" escape = '\"', max_line_size = 16000000, buffer_size = 32000000{packed})"
    )


def to_stdout(written: Path) -> None:
    """Send a whole file to standard output."""
    with written.open("rb") as file:
        while block := file.read(1 << 20):
            sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()


def error_text(out: Path, label: str, kind: str, error: Exception) -> str:
    """The sentence for an error in the middle of a copy: it is the list's fault, or that of the place."""
    if isinstance(error, OSError):
        return f"{error.filename or out}: can't be written: {error.strerror}".replace(_mark(out), out.name)
    reason = first_line(error) if str(error).strip() else type(error).__name__
    if (isinstance(error, duckdb.IOException) and _HALF in str(error)) or "No space left" in str(error):
        return f"{out}: can't be written: {reason.replace(_mark(out), out.name)}"
    return f"{label}: can't be read as {'Parquet' if kind == 'parquet' else 'CSV'}: {reason}"


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    while batch := cursor.fetchmany(10_000):
        yield from batch


def _mark(out: Path) -> str:
    """The name of the half of a file; it tells whose it is."""
    return f".{out.name}.{os.getpid()}{_HALF}"


def _escaped(name: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)


def _runs(process: str) -> bool:
    if sys.platform == "win32":  # where the question would end the process
        return True
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except OSError:
        return True
    return True
