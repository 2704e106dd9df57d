"""Where the header of a list is, and which rows are no leads: blank ones, titles, totals, the header once more.

The same for text and for sheets: both bring rows of cells, each with its place (a line, a row of the sheet).
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from leadledger.scoring.day_forms import ISO_PATTERN
from leadledger.scoring.errors import DataError, quote
from leadledger.scoring.number_forms import NUMBER_PATTERN
from leadledger.training.sources.cells import is_blank
from leadledger.training.sources.reading import ReadingOptions

MOST_TITLE_ROWS = 20
# A cell that is surely no name of a column.
_DATA = re.compile(rf"(?:{NUMBER_PATTERN}|{ISO_PATTERN}|[0-9][0-9.,: /-]*)?")
# A cell of a row of totals, beside its label: a number with its signs.
_AMOUNT = re.compile(r"[^\w]*\w{0,3}[^\w]*[0-9][0-9.,'\s\u00a0]*[^\w]*\w{0,3}[^\w]*")
_LONGEST_AMOUNT = 40  # characters
_TOTALS = re.compile(
    r"(?:(?:grand|sub|sum|page|report|overall)[\s-]*)?totals?(?:\s+(?:general|généra(?:l|ux)|geral|generale))?"
    r"|sum(?:me|a)?|gesamt(?:summe)?|(?:zwischen|end)summe|(?:eind|sub)?totaal|totale(?:\s+(?:complessivo|generale))?"
    r"|totalt|yhteensä|razem|celkem|összesen|итого|всего|somme|average|mean|durchschnitt",
    re.IGNORECASE,
)
_BEHIND_TOTAL = re.compile(r"\s*(?:[(\[:=].*|\d.*|(?:records?|rows?|leads?)\b.*)?", re.IGNORECASE)
# A label that no company has.
_SURE_TOTALS = re.compile(
    r"(?:grand|sub|sum|page|report|overall)[\s-]*totals?\b.*|gesamtsumme.*|[^:(]*[:(].*", re.IGNORECASE
)
# What the only value of a row says at the end of a report.
_FOOTER = re.compile(
    r"[0-9][0-9.,]* (?:records?|rows?|leads?|contacts?|results?|entries)|(?:copyright|confidential|©|\(c\)).*"
    r"|(?:(?:report|file|list) )?(?:generated|exported|printed|created) (?:by|on|at|from)\b.*"
    r"|end of (?:report|file|list|export)",
    re.IGNORECASE,
)
TOTALS_REASON = "looks like a row of totals or a footer, not like a lead; remove it from the file if it is one"
HEADER_AGAIN_REASON = "is the header once more, not a lead"


@dataclass(frozen=True)
class PlacedRow:
    """A row of a list before anybody knows what it is: its place, from 1, and its cells (None: can't be told apart)."""

    place: int
    cells: Sequence[str] | None


@dataclass(frozen=True)
class Header:
    """The header: its position among the rows that were looked at, its names, and notes on what stands before it."""

    position: int
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def find_header(
    label: str,
    rows: Sequence[PlacedRow],
    width: int,
    reading: ReadingOptions,
    noun: str,
    titles: Container[int] = (),
) -> Header:
    """The header among the first rows of a list. Raises DataError where there is none, or two may be meant.

    `width` is the number of cells that most rows have, `noun` what a place is: `line` or `row`;
    `titles` are places that are surely titles.
    """
    if reading.header_row is not None:
        return _at_place(label, rows, reading.header_row, noun)
    full = [position for position, row in enumerate(rows) if row.cells is None or not is_blank(row.cells)]
    if not full:
        raise DataError(f"{label}: the first {noun} is empty; it must hold the names of the columns")
    first = full[0]
    cells = rows[first].cells
    if cells is None:
        raise DataError(
            f"{label}: the header can't be read: {noun} {rows[first].place} has a quote that is not closed, or text"
            " behind a closing quote"
        )
    at = first if _may_be_header(cells, width) else _find_below_title(rows, full, width)
    if at != first and rows[first].place not in titles:
        _check_title(label, rows, first, at, noun)
    names = _clean_names(rows[at].cells or ())
    if at and first and at == first and all(_DATA.fullmatch(name) for name in names):
        raise DataError(f"{label}: the first {noun} is empty; it must hold the names of the columns")
    check_names(label, names, noun)
    return Header(at, names, _describe_skipped(rows, at, noun))


def check_names(label: str, names: Sequence[str], noun: str = "line") -> None:
    """Refuse what can't be the names of columns; a column without any is looked at later. Raises DataError."""
    if all(_DATA.fullmatch(name) for name in names):
        few = ", ".join(quote(name) for name in names[:3]) + (", …" if len(names) > 3 else "")
        raise DataError(
            f"{label}: the first {noun} looks like a row, not like the names of the columns ({few});"
            " put a header line before it"
        )
    seen: set[str] = set()
    for name in filter(None, names):
        if name.lower() in seen:
            raise DataError(f"{label}: two columns have the name {quote(name)}; rename one of them")
        seen.add(name.lower())


def is_totals(cells: Sequence[str]) -> bool:
    """Whether a row is one of totals: its first value says so, and all others are amounts; or the footer of a report.

    Some cells must be empty, unless the first value can be nothing else.
    """
    values = [cell.strip() for cell in cells if cell.strip()]
    if not values or not may_be_total(values[0]):
        return False
    if _FOOTER.fullmatch(values[0]):
        return len(values) == 1 < len(cells)
    if len(values) == len(cells) and (len(cells) == 1 or not _SURE_TOTALS.fullmatch(values[0])):
        return False
    return all(len(value) <= _LONGEST_AMOUNT and _AMOUNT.fullmatch(value) for value in values[1:])


def may_be_total(value: str) -> bool:
    """Whether a value says that its row is one of totals, or the footer of a report."""
    if _FOOTER.fullmatch(value):
        return True
    label = _TOTALS.match(value)
    return label is not None and _BEHIND_TOTAL.fullmatch(value, label.end()) is not None


def repeats_header(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row is the header once more; a header of one name is too short to tell."""
    if len(names) < 2 or len(cells) != len(names):
        return False
    again = [name.lower() for name in _clean_names(cells)]
    return again == [name.lower() for name in names] or [again[0].lstrip("\ufeff"), *again[1:]] == list(names)


def _clean_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Names without the blanks at their ends."""
    return tuple(cell.strip(" \t") for cell in cells)


def _at_place(label: str, rows: Sequence[PlacedRow], place: int, noun: str) -> Header:
    for position, row in enumerate(rows):
        if row.place == place and row.cells is not None and not is_blank(row.cells):
            names = _clean_names(row.cells)
            check_names(label, names, noun)
            return Header(position, names)
    raise DataError(f"{label}: --header-row {place}: no names of columns start in {noun} {place:,}")


def _may_be_header(cells: Sequence[str], width: int) -> bool:
    """Whether the first row is the header, as far as its size says: a title has one value or two, or few cells."""
    filled = sum(bool(cell.strip()) for cell in cells)
    return width <= 1 or (filled > min(2, max(1, width - 2)) and len(cells) >= width - 1)


def _find_below_title(rows: Sequence[PlacedRow], full: Sequence[int], width: int) -> int:
    """The position of the header below titles and comments; that of the first row where none is found."""
    for position in full[1:MOST_TITLE_ROWS]:
        cells = rows[position].cells
        if cells is None or len(cells) < width or not _looks_like_names(cells):
            continue
        after = [rows[other] for other in full if other > position]
        fitting = sum(row.cells is not None and len(row.cells) == width for row in after)
        if fitting * 2 >= len(after) and (fitting or len(rows[full[0]].cells or ()) > 1):
            return position
    return full[0]


def _looks_like_names(cells: Sequence[str]) -> bool:
    names = _clean_names(cells)
    return len({name.lower() for name in names}) == len(names) and not any(_DATA.fullmatch(name) for name in names)


def _check_title(label: str, rows: Sequence[PlacedRow], first: int, at: int, noun: str) -> None:
    """Refuse a first row that may be a title, and may be the header of a single column. Raises DataError."""
    cells = rows[first].cells or ()
    title = cells[0].strip()
    if len(cells) > 1 or at > first + 1 or re.search(r"[\s#:]", title):
        return
    mend = "name the other columns" if noun == "row" else "put quotes around values that hold a delimiter"
    raise DataError(
        f"{label}: {noun} {rows[first].place} has one column, {quote(title)}, and {noun} {rows[at].place} has"
        f" {len(rows[at].cells or ()):,}; if the names of the columns stand there, give --header-row {rows[at].place};"
        f" else {mend}"
    )


def _describe_skipped(rows: Sequence[PlacedRow], at: int, noun: str) -> tuple[str, ...]:
    """A note on the rows before the header, if one of them says something."""
    titles = [", ".join(cell.strip() for cell in row.cells or () if cell.strip()) for row in rows[:at]]
    titles = [title for title in titles if title]
    if not titles:
        return ()
    more = f" and {len(titles) - 1:,} more" if len(titles) > 1 else ""
    return (
        f"The header is in {noun} {rows[at].place:,}; what stands before it is left out: {quote(titles[0])}{more}.",
    )
