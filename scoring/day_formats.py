"""The formats of days that a field may declare, and what an undeclared text could mean.

A format is written as New Year's Eve of 2026, `31.12.2026` or `12/31/26`; or it names what a number counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

# The orders in which people write a day: the day first, the month first, the year first.
_USUAL_ORDERS = tuple(
    tuple(f"{order}{year}".split(".") if order.endswith(".") else f"{year}.{order}".split("."))
    for year in ("2026", "26")
    for order in ("31.12.", "12.31.", "12.31")
)

NOT_DATE = "is not a date; write it like 2026-01-31"
# How many of each are a second. `excel` counts days.
DIGIT_UNITS = {"seconds": 1, "milliseconds": 1000}
EXCEL = "excel"
FIRST_SERIAL, LAST_SERIAL = 61, 2_958_465  # its days from 1900-03-01, since it has a 1900-02-29, to 9999-12-31
UNITS = (*DIGIT_UNITS, EXCEL)
EXAMPLES = ("31.12.2026", "31/12/2026", "12/31/2026", "31-12-2026", "31.12.26", "12/31/26", "20261231", *UNITS)

# What systems write where they know no day: the first and last days that they can hold.
PLACEHOLDERS: tuple[str, ...] = ("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01")
PLACEHOLDERS += ("2099-12-31", "2199-12-31", "2999-12-31", "3000-12-31", "4000-12-31", "9999-01-01", "9999-12-31")

_FORMAT = re.compile(r"(31|12|2026|26)([./-]?)(31|12|2026|26)\2(31|12|2026|26)")
_PARTS = {"31": "day", "12": "month", "2026": "year", "26": "short year"}
_EIGHT_DIGITS = 8
_PIVOT = 69  # two-digit years from here are of the last century


@dataclass(frozen=True)
class DayFormat:
    """A declared format: `order` has the parts of the day with `separator` between them, or `unit` what is counted."""

    declared: str
    order: tuple[str, ...] = ()
    separator: str = ""
    unit: str = ""

    @property
    def of_digits(self) -> bool:
        """Whether a number can be such a day."""
        return not self.separator

    @property
    def patterns(self) -> Iterator[tuple[str, str]]:
        """Patterns of such a text, and templates that give `year!month!day` and the rest of the text."""
        digits = "([0-9]{1,2})" if self.separator else "([0-9]{2})"
        years = {"([0-9]{4})": ""}
        if "short year" in self.order:  # as POSIX reads them: from 1969 to 2068
            years = {"([0-5][0-9]|6[0-8])": "20", "(69|[7-9][0-9])": "19"}
        places = {part.removeprefix("short "): f"{{{place}}}" for place, part in enumerate(self.order, start=1)}
        for year, century in years.items():
            separator = f"[{self.separator}]" if self.separator else ""
            pattern = separator.join(year if part.endswith("year") else digits for part in self.order)
            yield f"{pattern}([^0-9].*)?", f"{century}{places['year']}!{places['month']}!{places['day']}{{4}}"


@lru_cache(maxsize=256)
def read_format(declared: str) -> DayFormat | None:
    """The format that a text declares; None where it declares none."""
    if declared in UNITS:
        return DayFormat(declared, unit=declared)
    match = _FORMAT.fullmatch(declared)
    if match is None:
        return None
    order = tuple(_PARTS[part] for part in match.group(1, 3, 4))
    kinds = {part.split()[-1] for part in order}
    if len(kinds) < len(order) or (not match[2] and "year" not in order):
        return None
    return DayFormat(declared, order, match[2])


def describe_unread_day(raw: object, declared: str, quoted: str) -> str:
    """The reason why a raw value, which is `quoted` for people, is no day: what it could mean, and what says so."""
    if declared:
        return f"{quoted} {NOT_DATE}, or in the format of its field: {declared}"
    text = raw.strip() if isinstance(raw, str) else str(raw) if type(raw) is int else ""
    readings = dict(find_readings(text))
    if not readings:
        return f"{quoted} {NOT_DATE}"
    days = _join_or(list(dict.fromkeys(readings.values())))
    formats = _join_or([f'`format: "{form}"`' if form not in UNITS else f"`format: {form}`" for form in readings])
    return f"{quoted} may be {days}; write it like 2026-01-31, or add {formats} to its field"


def _join_or(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def find_readings(text: str) -> Iterator[tuple[str, str]]:
    """The formats that could be meant by a text that no form reads, and the day in each; none where it is no day."""
    if re.fullmatch("[0-9]{4,13}", text):
        yield from _find_readings_of_digits(text)
        return
    match = re.match(r"([0-9]{1,4})([./-])([0-9]{1,2})\2([0-9]{1,4})(?![0-9])", text)
    if match is None:
        return
    numbers, separator = match.group(1, 3, 4), match[2]
    for parts in _USUAL_ORDERS:
        by_part = dict(zip(parts, numbers, strict=True))
        year = by_part.get("2026") or by_part["26"]
        if len(year) != (4 if "2026" in by_part else 2) or max(len(by_part["31"]), len(by_part["12"])) > 2:
            continue
        day = _find_day(int(year), int(by_part["12"]), int(by_part["31"]), short=len(year) == 2)
        if day and (parts[0] != "2026" or separator == "."):
            yield separator.join(parts), day


def _find_readings_of_digits(text: str) -> Iterator[tuple[str, str]]:
    if len(text) == _EIGHT_DIGITS:
        orders = ("20261231", text[:4], text[4:6], text[6:]), ("31122026", text[4:], text[2:4], text[:2])
        for form, year, month, day in orders:
            written = _find_day(int(year), int(month), int(day))
            if written and 1900 <= int(year) < 2200:
                yield form, written
    if len(text) == 5:
        yield EXCEL, (date(1899, 12, 30) + timedelta(days=int(text))).isoformat()
    for unit, digits in (("seconds", range(8, 11)), ("milliseconds", range(11, 14))):
        if len(text) in digits:
            yield unit, (date(1970, 1, 1) + timedelta(days=int(text) // DIGIT_UNITS[unit] // 86400)).isoformat()


def _find_day(year: int, month: int, day: int, short: bool = False) -> str:
    """A day as it is written; empty where there is no such day."""
    if short:
        year += 1900 if year >= _PIVOT else 2000
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""
