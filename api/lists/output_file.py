"""The files that a list is written to: their kind by the end of their name, first a part beside their place.

`models.files.publish_file` gives a part its name when it is whole, so that a run that is killed leaves no half output.
"""

from __future__ import annotations

import glob
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from operator import itemgetter
from pathlib import Path

import duckdb

from leadledger.api.lists.sheet_columns import SheetColumn, lay_out_table, measure_cell, select_cell
from leadledger.api.lists.workbook_file import Cell, write_workbook
from leadledger.scoring.errors import DataError
from leadledger.scoring.printers.sql.dialects.literals import text_literal
from leadledger.training.sources.scan import Scan, first_line
from leadledger.training.sources.work_folder import hold

STDOUT = Path("-")
# By the end of the name: how DuckDB writes it. An Excel sheet is written from a Parquet file.
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
_PART = ".part"
# Regular expressions of what a program for sheets may take for a formula, and of a number with its sign, which is none.
FORMULA_START = r"^[=+@\t\r-]"
SIGNED_NUMBER = "^[+-][0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?%?$"
_COPIED = 1 << 20  # bytes that are sent to standard output at a time
_FETCHED = 10_000  # rows of a sheet that are fetched at a time


def find_ending(out: Path) -> str:
    """The key of `FORMATS` for a file; `-` is CSV. Raises DataError."""
    if out == STDOUT:
        return ".csv"
    endings = [ending for ending in FORMATS if out.name.lower().endswith(ending)]
    if not endings:
        known = ", ".join(FORMATS)
        raise DataError(f"{out}: end the name in one of {known}, so that it says what to write")
    return max(endings, key=len)


def check_place(out: Path) -> None:
    """Refuse a place where no file can be written. Raises DataError."""
    if out == STDOUT:
        return
    if not out.parent.is_dir():
        raise DataError(f"{out}: there is no folder {out.parent}; make it first")
    if out.is_dir():
        raise DataError(f"{out}: is a folder; name a file that ends in .csv or .parquet")
    find_ending(out)


@contextmanager
def part_file(out: Path) -> Iterator[Path]:
    """A new file beside `out` to write to first. It is removed at the end, as are the parts of killed runs.

    Its name is random, so nobody can guess it, and it is never a link. Raises OSError where it can't be made.
    """
    _sweep(out)
    path, handle = _create_part(out)
    try:
        yield path
    finally:
        os.close(handle)
        with suppress(OSError):  # it was published
            path.unlink()


def choose_part(stack: ExitStack, work: Path, out: Path) -> Path:
    """Where to write first: beside `out`, but for what goes to standard output or becomes a sheet: at `work`."""
    return work if out == STDOUT or find_ending(out) == ".xlsx" else stack.enter_context(part_file(out))


def finish_part(
    stack: ExitStack,
    connection: duckdb.DuckDBPyConnection,
    part: Path,
    out: Path,
    lay_out: Callable[[Mapping[str, str]], Sequence[SheetColumn]] = lay_out_table,
) -> Path:
    """What was written, as it is to be published; a sheet is made only now. Raises DataError.

    `lay_out` makes the columns of a sheet from those that were written and their types.
    """
    if find_ending(out) != ".xlsx":
        return part
    sheet = stack.enter_context(part_file(out))
    source = read_back(part, ".parquet")
    types = {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
    columns = lay_out(types)
    lengths = connection.execute(f"SELECT {', '.join(map(measure_cell, types))} FROM {source}").fetchall()[0]
    longest = {name: length or 0 for name, length in zip(types, lengths, strict=True)}
    looks = [column.find_width(sum(longest[name] for name in column.sources)) for column in columns]
    selected = ", ".join(select_cell(name, kind) for name, kind in types.items())
    cursor = connection.cursor().execute(f"SELECT {selected} FROM {source}")
    rows = _read_cells(cursor, list(types), columns)
    write_workbook(sheet, looks, rows, label=str(out), scratch=part.with_name(f"{part.name}.xml"))
    return sheet


def copy_rows(connection: duckdb.DuckDBPyConnection, select: str, part: Path, ending: str) -> int:
    """Write the rows of a SELECT, in the order of the list that it reads. Returns their number. Raises duckdb.Error."""
    ((count,),) = connection.execute(
        f"COPY ({select}) TO {text_literal(str(part))} ({FORMATS[ending]}, USE_TMP_FILE false)"
    ).fetchall()
    return int(count)


def read_back(part: Path, ending: str, columns: Sequence[str] = ()) -> str:
    """The FROM item of a file that `copy_rows` wrote; `columns` name those of a file without rows, as JSON can't."""
    name = text_literal(glob.escape(str(part)))
    if FORMATS[ending].startswith("FORMAT parquet"):
        return f"read_parquet({name})"
    packed = ", compression = 'gzip'" if ending.endswith(".gz") else ""
    if "json" in FORMATS[ending]:
        texts = ", ".join(f"{text_literal(column)}: 'VARCHAR'" for column in columns)
        named = f", columns = {{{texts}}}" if columns else ""
        return f"read_json({name}, format = 'newline_delimited'{packed}{named})"
    delimiter = "'\t'" if "DELIMITER" in FORMATS[ending] else "','"
    return (
        f"read_csv({name}, auto_detect = true, header = true, all_varchar = true, delim = {delimiter}, quote = '\"',"
        f" escape = '\"', max_line_size = 16000000, buffer_size = 32000000{packed})"
    )


def is_delimited(ending: str) -> bool:
    """Whether files of this ending are delimited text, which a program for sheets may open."""
    return FORMATS[ending].startswith("FORMAT csv")


def guard_formulas(column: str) -> str:
    """The SQL of a text column in which no text starts as a formula of a sheet does; numbers may have their sign."""
    starts, is_number = (
        f"regexp_matches({column}, {text_literal(pattern)})" for pattern in (FORMULA_START, SIGNED_NUMBER)
    )
    return f"CASE WHEN {starts} AND NOT {is_number} THEN '''' || {column} ELSE {column} END"


def guard_formula(text: str) -> str:
    """A text as `guard_formulas` writes it."""
    return f"'{text}" if re.search(FORMULA_START, text) and not re.fullmatch(SIGNED_NUMBER, text) else text


def send_to_stdout(part: Path) -> None:
    """Send a whole file to standard output."""
    with part.open("rb") as file:
        while block := file.read(_COPIED):
            sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()


def describe_failure(out: Path, scan: Scan, error: Exception) -> str:
    """The sentence for an error in the middle of a copy of a list, whether reading or writing failed."""
    if isinstance(error, OSError):
        return f"{_hide_part(out, str(error.filename or out))}: can't be written: {error.strerror}"
    if (isinstance(error, duckdb.IOException) and _PART in str(error)) or "No space left" in str(error):
        return f"{out}: can't be written: {_hide_part(out, first_line(error))}"
    return scan.describe_failure(error)


def _hide_part(out: Path, text: str) -> str:
    """A text that names the file itself in the place of its part."""
    return re.sub(rf"\.{re.escape(out.name)}\.[0-9a-f]+{re.escape(_PART)}", lambda match: out.name, text)


def _read_cells(
    cursor: duckdb.DuckDBPyConnection, names: Sequence[str], columns: Sequence[SheetColumn]
) -> Iterator[list[Cell]]:
    """The rows of a cursor, whose columns have these names, as cells of a sheet."""
    places = {name: place for place, name in enumerate(names)}
    readers = [(column.read, itemgetter(*(places[name] for name in column.sources))) for column in columns]
    while batch := cursor.fetchmany(_FETCHED):
        for row in batch:
            yield [read(take(row)) for read, take in readers]


def _part_name(out: Path) -> str:
    """The name of the part of a file; it names the process that writes it."""
    return f".{out.name}.{secrets.token_hex(8)}{_PART}"


def _create_part(out: Path) -> tuple[Path, int]:
    """A new, empty part, held by this process as long as its handle is open."""
    while True:
        path = out.with_name(_part_name(out))
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666)
        if hold(handle) and not path.exists():  # swept by another run before it was held
            os.close(handle)
            continue
        return path, handle


def _sweep(out: Path) -> None:
    """Remove the parts of `out` that no process holds any more."""
    if sys.platform == "win32":
        return
    for part in out.parent.glob(f".{glob.escape(out.name)}.*{_PART}"):
        with suppress(OSError):
            handle = os.open(part, os.O_RDWR | os.O_NOFOLLOW)
            try:
                if hold(handle):
                    part.unlink()
            finally:
                os.close(handle)
