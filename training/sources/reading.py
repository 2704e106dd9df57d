"""How a list is to be read, where the file doesn't say it: which sheet of a workbook, and where the header is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadingOptions:
    """What a caller says about a file.

    `sheet` is the name of a sheet of a workbook (None: the active one, if it is visible, else the first visible one).
    `header_row` is the row of the sheet, or the line of the text, from 1, that holds the names of the columns (None: it
    is found).
    """

    sheet: str | None = None
    header_row: int | None = None


AS_FOUND = ReadingOptions()
