"""How a delimited text is written: delimiter, quote and escape, by its header and the rows after it.

A reading counts by how many rows have as many cells as most. One lead's apostrophe or backslash decides nothing: values
stand between apostrophes only where whole columns do, and a backslash escapes only where nothing else can be read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from leadledger.scoring.errors import DataError, quote
from leadledger.training.sources.cells import Style, TextRow, read_rows, split_lines

DELIMITERS = (",", ";", "\t", "|")
MOST_ROWS_COMPARED = 200
_NEARLY_ALL = 0.9  # of the rows: as many as must have the same number of cells for a reading to be a rival
_HALF = 0.5  # of the rows
_FAR_WIDER = 2  # times as many columns as another reading settle the matter
_NO_VALUE = ("", "NULL", "\\N")  # what stands without apostrophes in a column of values between apostrophes
_SEPARATOR_LINE = re.compile(r'\A"?sep=([^\r\n"])"?[,;\t ]*(?:\r\n|\r|\n)', re.IGNORECASE)
_NAMES = {",": "','", ";": "';'", "\t": "tabs", "|": "'|'"}


@dataclass(frozen=True)
class StyledSample:
    """The style of a text and its first rows, read so; `width` is the number of cells that most rows have.

    `skipped` is the number of characters before the rows: a line such as `sep=;`.
    """

    style: Style
    rows: Sequence[TextRow]
    width: int
    skipped: int = 0


def find_style(label: str, start: str, whole: bool) -> StyledSample:
    """The style of a text that starts so; `whole`: the start is all of it. Raises DataError where it has two readings.

    A first line `sep=;`, as Excel writes it, is honoured.
    """
    declared = _SEPARATOR_LINE.match(start)
    if declared is not None:
        text = start[declared.end() :]
        return _read_sample(text, declared.group(1), whole, declared.end())
    samples = [_read_sample(start, delimiter, whole) for delimiter in DELIMITERS]
    several = [sample for sample in samples if sample.width > 1 and _may_divide(sample)]
    if not several:
        return replace(samples[0], width=1)
    shares = {id(sample): _share_of_width(sample) for sample in several}
    best = max(shares.values())
    rivals = [sample for sample in several if shares[id(sample)] >= min(best, _NEARLY_ALL)]
    if len(rivals) > 1:
        rivals = [sample for sample in rivals if not _has_spaces(sample)] or rivals
    rivals.sort(key=lambda sample: -sample.width)
    if len(rivals) > 1 and len(rivals[0].rows) > 1 and rivals[0].width <= _FAR_WIDER * rivals[1].width:
        raise DataError(f"{label}: {_describe_rivals(rivals[0], rivals[1])}")
    return rivals[0]


def _read_sample(text: str, delimiter: str, whole: bool, skipped: int = 0) -> StyledSample:
    """The first rows of a text with a delimiter, by the quote and the escape that fit best."""
    style = Style(delimiter)
    rows = _first_rows(text, style, whole)
    if _has_broken(rows):
        backslash = Style(delimiter, escape="\\")
        escaped = _first_rows(text, backslash, whole)
        if not _has_broken(escaped) and not any('""' in cell for row in rows for cell in row.cells or ()):
            style, rows = backslash, escaped
    if not any('"' in row.text for row in rows):
        for apostrophes in (Style(delimiter, "'", "'"), Style(delimiter, "'", "\\")):
            enclosed = _first_rows(text, apostrophes, whole)
            if _is_enclosed(enclosed):
                style, rows = apostrophes, enclosed
                break
    counts = Counter(len(row.cells) for row in rows if row.cells is not None and not row.is_blank)
    width = max(counts, key=lambda width: (width > 1, counts[width], width), default=1)
    return StyledSample(style, rows, width, skipped)


def _first_rows(text: str, style: Style, whole: bool) -> list[TextRow]:
    rows = list(islice(read_rows(split_lines(text), style), MOST_ROWS_COMPARED))
    cut = not whole and len(rows) > 1 and sum(len(row.text) for row in rows) == len(text)
    return rows[:-1] if cut else rows


def _has_broken(rows: Sequence[TextRow]) -> bool:
    return any(row.cells is None for row in rows)


def _is_enclosed(rows: Sequence[TextRow]) -> bool:
    """Whether apostrophes are the quotes: all values of a column stand between them, or none; in two rows or more."""
    full = [row for row in rows if not row.is_blank]
    if len(full) < 2 or len({row.cells is not None and len(row.cells) for row in full}) > 1 or _has_broken(full):
        return False
    most = 0
    for position, in_header in enumerate(full[0].quoted):
        values = [((row.cells or [])[position], row.quoted[position]) for row in full[1:]]
        enclosed = sum(quoted for _, quoted in values)
        if enclosed and not all(quoted or value in _NO_VALUE for value, quoted in values):
            return False
        most = max(most, enclosed + in_header)
    return most >= 2


def _may_divide(sample: StyledSample) -> bool:
    """Whether a delimiter divides the first row, which is the header, or at least half of all, below a title."""
    first = next((row.cells or () for row in sample.rows if not row.is_blank), ())
    return len(first) > 1 or _share_of_width(sample) >= _HALF


def _share_of_width(sample: StyledSample) -> float:
    """The share of rows, 0 to 1, that have as many cells as most."""
    rows = [row for row in sample.rows if not row.is_blank]
    return sum(row.cells is not None and len(row.cells) == sample.width for row in rows) / max(1, len(rows))


def _has_spaces(sample: StyledSample) -> bool:
    """Whether a name without quotes starts with a space, as text behind a comma does."""
    header = next((row for row in sample.rows if row.cells is not None and len(row.cells) == sample.width), None)
    if header is None or header.cells is None:
        return False
    names = zip(header.cells[1:], header.quoted[1:], strict=True)
    return any(name.startswith(" ") and name.strip() and not quoted for name, quoted in names)


def _describe_rivals(first: StyledSample, second: StyledSample) -> str:
    readings = " or ".join(
        f"{sample.width:,} columns between {_NAMES[sample.style.delimiter]}"
        f" ({', '.join(quote(cell) for cell in (sample.rows[0].cells or ())[:3])}{', …' if sample.width > 3 else ''})"
        for sample in (first, second)
    )
    sign = first.style.delimiter if first.style.delimiter != "\t" else second.style.delimiter
    return f"can be read in two ways: {readings}; put a first line such as sep={sign} before the header to say which"
