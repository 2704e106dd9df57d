"""What openpyxl doesn't say of a workbook: how large it unpacks, merged cells, hidden rows, formulas, absurd rows."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from typing import IO

from leadledger.scoring.errors import DataError
from leadledger.training.sources.unpacking import LARGEST_RATIO, LARGEST_UNSUSPECTED

MOST_ROWS = 1_048_576  # of a sheet, the header among them
_SEARCHED = 1 << 20  # bytes of a sheet that are searched at a time
_DECLARED = 2_000  # bytes at the start of a part, in which a document type would be declared
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_NUMBER = re.compile(rb'\br="(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')


@dataclass(frozen=True)
class MergedCells:
    """A range of merged cells: its name (`A2:A4`), its first and last row and column, from 1."""

    name: str
    top: int
    bottom: int
    left: int
    right: int


@dataclass
class SheetFacts:
    """What the text of a sheet says: its merged cells, how many of its rows are hidden, whether it has formulas."""

    merged: list[MergedCells] = field(default_factory=list)
    hidden_rows: int = 0
    has_formulas: bool = False


def check_archive(label: str, archive: zipfile.ZipFile) -> None:
    """Refuse an archive that is made to fill the memory. Raises DataError."""
    for part in archive.infolist():
        if part.file_size > max(LARGEST_UNSUSPECTED, LARGEST_RATIO * part.compress_size):
            raise DataError(
                f"{label}: the part {part.filename} of the workbook unpacks to {part.file_size:,} bytes, more than"
                f" {LARGEST_RATIO} times its size, as no list does; save the sheet as CSV (UTF-8)"
            )
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as stream:
                if b"<!DOCTYPE" in stream.read(_DECLARED):
                    raise DataError(
                        f"{label}: the part {part.filename} of the workbook declares a document type, which no"
                        " workbook does; save the sheet as CSV (UTF-8)"
                    )


def read_facts(label: str, sheet: IO[bytes]) -> SheetFacts:
    """Read the text of a sheet, block by block. Raises DataError for a row beyond the last that a sheet can have."""
    facts = SheetFacts()
    rest = b""
    while block := sheet.read(_SEARCHED):
        text = rest + block
        cut = text.rfind(b"<")
        rest, text = (text[cut:], text[:cut]) if cut > 0 else (b"", text)
        facts.has_formulas = facts.has_formulas or _FORMULA.search(text) is not None
        _read_rows(label, text, facts)
        facts.merged += [_read_range(match) for match in _MERGED.finditer(text)]
    facts.merged += [_read_range(match) for match in _MERGED.finditer(rest)]
    return facts


def _read_rows(label: str, text: bytes, facts: SheetFacts) -> None:
    for match in _ROW.finditer(text):
        number = _NUMBER.search(match.group(1))
        if number is not None and (len(number.group(1)) > 9 or int(number.group(1)) > MOST_ROWS):
            raise DataError(
                f"{label}: has a row {number.group(1)[:12].decode()}, and a sheet ends at row {MOST_ROWS:,}; the"
                " workbook is damaged"
            )
        facts.hidden_rows += _HIDDEN.search(match.group(1)) is not None


def _read_range(match: re.Match[bytes]) -> MergedCells:
    left, top, right, bottom = (part.decode() for part in match.groups())
    return MergedCells(f"{left}{top}:{right}{bottom}", int(top), int(bottom), _column(left), _column(right))


def _column(letters: str) -> int:
    """The number of a column, from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
