"""Excel: a sheet of a workbook, converted to CSV row by row."""

from __future__ import annotations

import csv
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from io import StringIO
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from leadledger.scoring.errors import DataError, did_you_mean, quote
from leadledger.scoring.number_forms import write_number
from leadledger.training.sources import layout
from leadledger.training.sources.cells import is_blank
from leadledger.training.sources.reading import ReadingOptions
from leadledger.training.sources.rejects import REASONS
from leadledger.training.sources.scan import Reject
from leadledger.training.sources.style import MOST_ROWS_COMPARED
from leadledger.training.sources.workbook import SheetFacts, check_archive, read_facts

LARGEST_WHOLE_NUMBER = 9_007_199_254_740_992  # 2**53; a double beyond it may stand for several whole numbers
_MOST_NAMED = 3  # sheets and cells that a note names
_LONGEST_VALUE = 10_000  # characters of a row that its reject shows
# A sign as a workbook spells it where XML refuses it, as the `_x000D_` of a line break: ISO/IEC 29500-1, ST_Xstring.
_SPELT_SIGN = re.compile(r"_x([0-9a-fA-F]{4})_")


def is_workbook(path: Path) -> bool:
    """Whether a zip file is an Excel workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


@dataclass(frozen=True)
class ConvertedSheet:
    """A sheet that was written as CSV: the names of its columns, the rows that were left out, notes for people."""

    names: tuple[str, ...]
    rejects: tuple[Reject, ...]
    notes: tuple[str, ...]


def convert_to_csv(label: str, source: Path, converted: Path, reading: ReadingOptions) -> ConvertedSheet:
    """Write a sheet of a workbook as CSV: the one that is named, else the active one, else a visible one.

    Days become ISO texts, whole numbers lose their `.0`, formulas give the values that were stored with them, errors
    (`#REF!`) are missing. Rows without any value are no rows. Raises DataError.
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
            with zipfile.ZipFile(again) as archive:
                check_archive(label, archive)
                book = openpyxl.load_workbook(file, read_only=True, data_only=True)  # a name would need a suffix
                try:
                    sheet, notes = _choose_sheet(label, book, reading)
                    with archive.open(str(sheet._worksheet_path).lstrip("/")) as text:
                        facts = read_facts(label, text)
                    formulas = _read_formulas(again, sheet.title) if facts.has_formulas else None
                    return _SheetConversion(label, sheet, facts, reading).write(converted, formulas, notes)
                finally:
                    book.close()
    except DataError:
        raise
    except Exception as error:  # a broken workbook makes openpyxl raise whatever its parts raise
        raise DataError(f"{label}: can't be read as Excel: {str(error) or type(error).__name__}") from None


def _choose_sheet(label: str, book: Any, reading: ReadingOptions) -> tuple[Any, list[str]]:
    """The sheet to read, and a note on the others. Raises DataError."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if not sheets:
        raise DataError(f"{label}: the workbook has no sheet with cells")
    if reading.sheet is not None:
        if reading.sheet not in sheets:
            hint = did_you_mean(reading.sheet, sheets)
            raise DataError(f"{label}: there is no sheet {quote(reading.sheet)}.{hint}")
        return sheets[reading.sheet], []
    visible = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
    if not visible:
        names = ", ".join(map(quote, sheets))
        raise DataError(f"{label}: all its sheets are hidden ({names}); name one, as in --sheet {next(iter(sheets))}")
    active = book.active
    chosen = next((sheet for sheet in visible if active is not None and sheet.title == active.title), visible[0])
    others = [
        f"{quote(title)}{'' if sheet.sheet_state == 'visible' else ' (hidden)'}"
        for title, sheet in sheets.items()
        if sheet is not chosen
    ]
    if not others:
        return chosen, []
    listed = ", ".join(others[:_MOST_NAMED]) + (", …" if len(others) > _MOST_NAMED else "")
    return chosen, [f"Sheet {quote(chosen.title)} is read; not read: {listed}. --sheet NAME reads another."]


class _SheetConversion:
    """A sheet on its way to CSV."""

    def __init__(self, label: str, sheet: Any, facts: SheetFacts, reading: ReadingOptions) -> None:
        self.label, self.sheet, self.facts, self.reading = label, sheet, facts, reading
        self.errors: list[str] = []

    def write(self, converted: Path, formulas: Any, notes: list[str]) -> ConvertedSheet:
        """Write its rows below the header."""
        rows = self._read_rows(formulas)
        first = list(islice(rows, MOST_ROWS_COMPARED))
        filled = [row for row in first if row.cells]
        if not filled:
            raise DataError(
                f"{self.label}: the sheet {quote(self.sheet.title)} is empty; it needs a header row with the names of"
                f" the columns{''.join(f'. {note}' for note in notes)}"
            )
        sizes = Counter(len(row.cells or ()) for row in filled)
        width = max(sizes, key=lambda size: (size > 1, sizes[size], size))
        across = {cells.top for cells in self.facts.merged if cells.right > cells.left}
        header = layout.find_header(self.label, first, width, self.reading, "row", across)
        place = first[header.position].place
        merged = self._check_merged(place, len(header.names))
        rejects: list[Reject] = []
        with converted.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([f"c{i}" for i in range(len(header.names))])
            number = 0
            for row in chain(first[header.position + 1 :], rows):
                cells = list(row.cells or ())
                if is_blank(cells):
                    continue
                number += 1
                cells += [""] * (len(header.names) - len(cells))
                reason = self._reject(row.place, cells, header.names, merged)
                if reason:
                    rejects.append(Reject(number, "", _as_line(cells), reason))
                else:
                    writer.writerow(cells)
        return ConvertedSheet(header.names, tuple(rejects), (*notes, *header.notes, *self._notes()))

    def _read_rows(self, formulas: Any) -> Iterator[layout.PlacedRow]:
        """The rows of the sheet as texts, without the empty cells at their ends."""
        self.sheet.reset_dimensions()  # some programs write wrong ones
        for place, cells in enumerate(self.sheet.iter_rows(), start=1):
            if formulas is not None:
                _check_formulas(self.label, cells, next(formulas))
            row = [self._text(cell) for cell in cells]
            while row and not row[-1]:
                row.pop()
            yield layout.PlacedRow(place, row)

    def _text(self, cell: Any) -> str:
        if cell.data_type == "e":
            self.errors.append(f"{cell.value} in {cell.coordinate}")
            return ""
        return _text(cell.value)

    def _check_merged(self, header: int, width: int) -> dict[int, str]:
        """The merged cells of single rows below the header, by their row. Raises DataError for those of several."""
        merged: dict[int, str] = {}
        for cells in self.facts.merged:
            if cells.bottom < header or cells.left > width:
                continue
            if cells.top <= header:
                raise DataError(
                    f"{self.label}: the header in row {header:,} has merged cells, {cells.name}; unmerge them in Excel,"
                    " and give each column its name in one row"
                )
            if cells.bottom > cells.top:
                raise DataError(
                    f"{self.label}: the cells {cells.name} are merged over {cells.bottom - cells.top + 1:,} rows, of"
                    " which only the first has the value; unmerge them in Excel and fill the value into each row"
                )
            merged[cells.top] = cells.name
        return merged

    def _reject(self, place: int, cells: Sequence[str], names: Sequence[str], merged: Mapping[int, str]) -> str:
        """Why a row is no lead; empty where it may be one."""
        if place in merged:
            return f"has merged cells, {merged[place]}"
        if layout.repeats_header(cells, names):
            return layout.HEADER_AGAIN_REASON
        if len(cells) > len(names):
            return REASONS["TOO MANY COLUMNS"]
        return layout.TOTALS_REASON if layout.is_totals(cells) else ""

    def _notes(self) -> Iterator[str]:
        hidden = self.facts.hidden_rows
        if hidden:
            yield f"{hidden:,} hidden row{' is' if hidden == 1 else 's are'} read like the others."
        if self.errors:
            count = len(self.errors)
            named = ", ".join(self.errors[:_MOST_NAMED]) + (", …" if count > _MOST_NAMED else "")
            cells = "1 cell holds an error and counts" if count == 1 else f"{count:,} cells hold errors and count"
            yield f"{cells} as missing: {named}."


def _as_line(cells: Sequence[str]) -> str:
    """Cells as a line of CSV."""
    line = StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()[:_LONGEST_VALUE]


def _read_formulas(source: BinaryIO, title: str) -> Any:
    """The rows of a sheet with formulas as they are written."""
    import openpyxl

    written = openpyxl.load_workbook(source, read_only=True)[title]
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
        case float():
            return write_number(str(value))
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case str() if "_x" in value:
            return _SPELT_SIGN.sub(_read_sign, value)
    return str(value)


def _read_sign(spelt: re.Match[str]) -> str:
    """The sign that is spelt; half of a sign, as of an emoji, stays as it stands."""
    sign = chr(int(spelt[1], 16))
    return spelt[0] if "\ud800" <= sign <= "\udfff" else sign
