"""Writes an Excel workbook of one sheet, row by row, in bounded memory.

A text stays a text, whatever it starts with. What a cell can't hold exactly becomes a text too: a number of more than
15 digits, a day before March 1900. Signs that XML refuses are written as Office Open XML spells them, `_x0001_`, which
programs for sheets read back: ISO/IEC 29500-1, 22.9.2.19, ST_Xstring.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias
from xml.sax.saxutils import escape

from leadledger.api.lists.workbook_parts import (
    HEADER_STYLE,
    STYLES,
    ColumnLook,
    close_sheet,
    list_parts,
    name_area,
    name_column,
    open_sheet,
    write_height,
)
from leadledger.scoring.errors import DataError, quote

Cell: TypeAlias = str | bool | int | float | Decimal | date | datetime | None

MOST_SHEET_ROWS = 1_048_575  # below the header
MOST_SHEET_COLUMNS = 16_384
LONGEST_CELL = 32_767  # characters, counted in UTF-16
# https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
MOST_DIGITS = 15  # of a number; Excel makes zeros of the others

# Excel takes 1900 for a leap year; from March 1900 on, its days are those since this one.
_DAY_ZERO = datetime(1899, 12, 30)
_FIRST_DAY = date(1900, 3, 1)
_REFUSED = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9a-fA-F]{4}_)")
_UNSAFE = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9a-fA-F]{4}_")


def write_workbook(
    path: Path, columns: Sequence[ColumnLook], rows: Iterable[Sequence[Cell]], *, label: str, scratch: Path
) -> None:
    """Write a workbook with a bold header that stays in sight, a filter, and one sheet of `rows`.

    `scratch` is a file that holds the sheet until it is packed; `label` is what messages call the workbook. Raises
    DataError where a sheet can't hold the rows, and OSError.
    """
    if len(columns) > MOST_SHEET_COLUMNS:
        raise DataError(
            f"{label}: has {len(columns):,} columns, and a sheet of Excel holds {MOST_SHEET_COLUMNS:,};"
            " write .csv or .parquet, or fewer columns"
        )
    with scratch.open("w", encoding="utf-8", newline="") as file:
        file.write(open_sheet(columns))
        count = 0
        for line in _write_rows(columns, rows, label):
            file.write(line)
            count += 1
        area = name_area(len(columns), count)
        file.write(close_sheet(area))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in list_parts(area):
            archive.writestr(name, text)
        archive.write(scratch, "xl/worksheets/sheet1.xml")


def _write_rows(columns: Sequence[ColumnLook], rows: Iterable[Sequence[Cell]], label: str) -> Iterator[str]:
    """The header and the rows as XML."""
    letters = [name_column(place) for place in range(1, len(columns) + 1)]
    names = [
        _write_text(column.name, f"{letter}1", HEADER_STYLE) for column, letter in zip(columns, letters, strict=True)
    ]
    yield f'<row r="1">{"".join(names)}</row>\n'
    for number, row in enumerate(rows, start=2):
        if number > MOST_SHEET_ROWS + 1:
            raise DataError(
                f"{label}: has more than {MOST_SHEET_ROWS:,} rows, and a sheet of Excel holds no more below its header;"
                " write .csv or .parquet, or fewer rows"
            )
        cells, lines = [], 1
        for column, letter, value in zip(columns, letters, row, strict=True):
            if value is None or value == "":
                continue
            exact = _as_exact(value)
            if isinstance(exact, str):
                if len(exact) > LONGEST_CELL // 2 and (length := _count_units(exact)) > LONGEST_CELL:
                    raise DataError(
                        f"{label}: column {quote(column.name)} has a text of {length:,} characters in row {number:,},"
                        f" and a cell of Excel holds {LONGEST_CELL:,}; write .csv or .parquet, or leave the column out"
                    )
                lines = max(lines, column.count_lines(len(exact)))
                cells.append(_write_text(exact, f"{letter}{number}", STYLES[column.text_look]))
            elif isinstance(exact, bool):
                cells.append(f'<c r="{letter}{number}" s="{STYLES["number"]}" t="b"><v>{exact:d}</v></c>')
            else:
                cells.append(f'<c r="{letter}{number}" s="{STYLES[column.look]}"><v>{exact}</v></c>')
        yield f'<row r="{number}"{write_height(lines)}>{"".join(cells)}</row>\n'


def _as_exact(value: str | float | Decimal | date) -> str | bool | int | float | Decimal:
    """A value as a cell holds it exactly: a text, a flag, or a number, which a day is, too."""
    if isinstance(value, str | bool):
        return value
    if isinstance(value, datetime):
        # A cell holds milliseconds.
        if value.tzinfo is not None or value.date() < _FIRST_DAY or value.microsecond % 1000:
            return value.isoformat(sep=" ")
        return (value - _DAY_ZERO) / timedelta(days=1)
    if isinstance(value, date):
        return value.isoformat() if value < _FIRST_DAY else (value - _DAY_ZERO.date()).days
    if not math.isfinite(value):
        return str(value)
    if isinstance(value, float):
        return value
    digits = len(str(abs(value))) if isinstance(value, int) else len(value.as_tuple().digits)
    return value if digits <= MOST_DIGITS else str(value)


def _write_text(text: str, reference: str, style: int) -> str:
    if _UNSAFE.search(text):
        text = escape(_REFUSED.sub(lambda sign: f"_x{ord(sign[0]):04X}_", text))
    return f'<c r="{reference}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _count_units(text: str) -> int:
    """How many characters Excel counts in a text."""
    return len(text.encode("utf-16-le")) // 2
