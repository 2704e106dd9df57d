"""Excel: the first sheet of a workbook, converted to CSV row by row; and rows written as a sheet."""

from __future__ import annotations

import csv
import re
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

from leadledger.scoring.errors import DataError

_SEARCHED = 1 << 20  # bytes of a sheet that are searched for formulas at a time
LARGEST_WHOLE_NUMBER = 9_007_199_254_740_992  # 2**53; a double beyond it may stand for several whole numbers
MOST_ROWS = 1_048_576  # of a sheet, the header among them
LONGEST_CELL = 32_767  # characters that a cell holds
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def is_workbook(path: Path) -> bool:
    """Whether a zip file is an Excel workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def convert_to_csv(label: str, source: Path, converted: Path) -> None:
    """Write the first sheet of a workbook as CSV. Raises DataError.

    Days become ISO texts, whole numbers lose their `.0`, formulas give the values that were stored with them. Rows
    without any value are no rows. A row with values beyond the header stays longer than it, and is a reject.
    """
    try:
        import openpyxl  # type: ignore[import-untyped]  # it ships no types
    except ImportError:
        raise DataError(
            f"{label}: reading Excel needs openpyxl; install it with pip install 'leadledger[excel]',"
            " or save the sheet as CSV (UTF-8)"
        ) from None
    try:
        with warnings.catch_warnings(), source.open("rb") as file, source.open("rb") as again:
            warnings.simplefilter("ignore")  # about styles and checks of a sheet, which mean nothing here
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)  # a name would need a suffix
            try:
                if not book.worksheets:
                    raise DataError(f"{label}: the workbook has no sheet with cells")
                _write_csv(label, book.worksheets[0], _read_formulas(again, book), converted)
            finally:
                book.close()
    except DataError:
        raise
    except Exception as error:  # a broken workbook makes openpyxl raise whatever its parts raise
        raise DataError(f"{label}: can't be read as Excel: {str(error) or type(error).__name__}") from None


def _write_csv(label: str, sheet: Any, formulas: Any, converted: Path) -> None:
    width = 0
    sheet.reset_dimensions()  # some programs write wrong ones
    with converted.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for cells in sheet.iter_rows():
            if formulas is not None:
                _check_formulas(label, cells, next(formulas))
            row = [_text(cell.value) for cell in cells]
            while row and not row[-1]:
                row.pop()
            if not row:
                continue
            if not width:
                width = len(row)
            writer.writerow(row + [""] * (width - len(row)))
    if not width:
        raise DataError(f"{label}: the first sheet is empty; it needs a header row with the names of the columns")


def _read_formulas(source: BinaryIO, book: Any) -> Any:
    """The rows of the first sheet with formulas as they are written, or None where there is no formula."""
    import openpyxl

    with zipfile.ZipFile(source) as archive:
        place = str(book.worksheets[0]._worksheet_path).lstrip("/")
        with archive.open(place) as sheet:
            tail = b""
            while block := sheet.read(_SEARCHED):
                if b"<f>" in tail + block or b"<f " in tail + block or b"<f/" in tail + block:
                    break
                tail = block[-3:]
            else:
                return None
    written = openpyxl.load_workbook(source, read_only=True).worksheets[0]
    written.reset_dimensions()
    return written.iter_rows()


def _check_formulas(label: str, values: tuple[Any, ...], cells: tuple[Any, ...]) -> None:
    for value, cell in zip(values, cells, strict=False):  # the stored value may be an empty text, whose type is kept
        if value.value is None and value.data_type == "n" and cell.data_type == "f":
            raise DataError(
                f"{label}: cell {cell.coordinate} holds a formula without a stored value;"
                " open the workbook in Excel, save it, and try again"
            )


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < LARGEST_WHOLE_NUMBER:
            return str(int(value))
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
    return str(value)


def write_sheet(names: Sequence[str], rows: Iterable[Sequence[object]], path: Path, label: str) -> None:
    """Write rows as the only sheet of a workbook. Raises DataError.

    A text stays a text, even one that starts with `=`; control characters, which a workbook can't hold, become `�`.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
    except ImportError:
        raise DataError(
            f"{label}: writing Excel needs openpyxl; install it with pip install 'leadledger[excel]', or write .csv"
        ) from None
    book = Workbook(write_only=True)
    sheet = book.create_sheet("leads")

    def cell(value: object) -> object:
        if not isinstance(value, str):
            return value.replace(tzinfo=None) if isinstance(value, datetime) else value
        text = WriteOnlyCell(sheet, _CONTROL.sub("\ufffd", value)[:LONGEST_CELL])
        text.data_type = "s"
        return text

    sheet.append([cell(name) for name in names])
    for count, row in enumerate(rows, start=2):
        if count > MOST_ROWS:
            raise DataError(f"{label}: an Excel sheet holds {MOST_ROWS - 1:,} leads at most; write .csv or .parquet")
        sheet.append([cell(value) for value in row])
    book.save(path)
