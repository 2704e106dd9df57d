"""The SQL of texts of days: the rewrites of `scoring/day_forms.py`, and the day that the one form holds."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping, Sequence

from leadledger.scoring.day_formats import DIGIT_UNITS, EXCEL, FIRST_SERIAL, LAST_SERIAL, read_format
from leadledger.scoring.day_forms import (
    DIGITS_PATTERN,
    FORM_PATTERN,
    ISO_PATTERN,
    LONGEST_DIGITS,
    TIME,
    UTC_NAME,
    ZULU,
    Change,
    Replacement,
    find_changes,
)
from leadledger.scoring.field import Field
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, spell, write
from leadledger.scoring.printers.sql.steps import Step
from leadledger.scoring.text_forms import letters_of

_MINUTES = 1440  # of a day
_PLAIN = "'____-__-__'"  # what a plain day is like
_SIGNS = frozenset({string.ascii_lowercase, string.digits, string.punctuation})  # those that a day is written with
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # the days of the years 1 to 9999, counted from 1970-01-01


def day_steps(fields: Mapping[str, Field], dialect: Dialect, read: Callable[[str], Expression]) -> Iterator[Step]:
    """The steps that bring texts of days into the one form, few changes in each; `fields` is by column.

    They read `raw:…`, the trimmed texts, and make `day:…`.
    """

    def columns(prefix: str, spelling: Callable[..., str], *sources: str) -> list[StepColumn]:
        return [
            StepColumn(
                f"{prefix}:{column}",
                spell(spelling, *(read(f"{source}:{column}") for source in sources), field, dialect),
            )
            for column, field in fields.items()
        ]

    zones = columns("day1", _start_rewriting, "raw")
    yield Step("day_zones", "texts that are no plain days, with their offsets in one form", zones)
    parts = columns("day2", _go_on_rewriting, "day1")
    yield Step("day_parts", "the same with their days in one form", parts)
    times = columns("day", _finish_rewriting, "day2", "raw")
    yield Step("day_times", "all texts of days in one form, where they are days", times)


def read_written_day(column: str, field: Field, dialect: Dialect, read: Callable[[str], Expression]) -> Expression:
    """The day of a column of texts; NULL where it is missing, or can't be read."""
    formed, trimmed = read(f"day:{column}"), read(f"raw:{column}")
    written = spell(_read_formed_day, formed, field, dialect)
    day = write("CASE WHEN {} IS NULL THEN {} ELSE {} END", formed, spell(dialect.plain_day, trimmed), written)
    form = read_format(field.day_format)
    if form is None or not form.unit:
        return day
    counts = spell(dialect.matches, trimmed, DIGITS_PATTERN)
    return write("CASE WHEN {} THEN {} ELSE {} END", counts, spell(_read_counted_day, trimmed, field, dialect), day)


def read_typed_day(raw: Expression, kind: str, field: Field, dialect: Dialect) -> Expression:
    """The day of a column of days or times; NULL beyond the years 1 to 9999."""
    zone = field.time_zone
    day = spell(dialect.day, raw, kind, UTC_NAME)
    there = day
    if zone != UTC_NAME and type_family(kind) == "instant":
        there = spell(dialect.day, raw, kind, zone)
        real = (dialect.date("0002-01-01"), dialect.date("9998-12-31"))
        there = write("CASE WHEN {} BETWEEN {} AND {} THEN {} ELSE {} END", day, *real, there, day)
    return write("CASE WHEN {} BETWEEN {} AND {} THEN {} END", day, dialect.first_day, dialect.last_day, there)


def write_whole_number(raw: Expression, holds: str, dialect: Dialect) -> Expression:
    """The text of a number, cut to a whole one: NULL for a NaN, and no number where it is beyond all days."""
    types = dialect.types
    if holds in ("integer", "wide"):
        return write("CAST({} AS {})", raw, types["VARCHAR"])
    value = write("CAST({} AS {})", raw, types["DOUBLE"])
    whole = write("CAST(CAST(floor({}) AS {}) AS {})", value, types["BIGINT"], types["VARCHAR"])
    most = dialect.number(10.0**LONGEST_DIGITS)
    none = spell(dialect.is_nan, value)
    return write("CASE WHEN {} THEN NULL WHEN abs({}) < {} THEN {} ELSE '-' END", none, value, most, whole)


def _start_rewriting(text: str, field: Field, dialect: Dialect) -> str:
    """A trimmed text of a day after the first changes; NULL where it is a plain day, or a plain time, as most are."""
    tidy = dialect.tidy(text, letters_of(_SIGNS))
    changed = _change(tidy, find_changes(field.day_format)[0], dialect)
    return f"CASE WHEN {text} LIKE {_PLAIN} THEN NULL WHEN NOT {dialect.matches(text, ISO_PATTERN)} THEN {changed} END"


def _go_on_rewriting(changed: str, field: Field, dialect: Dialect) -> str:
    """A text after the first changes, after the next ones."""
    return _change(changed, find_changes(field.day_format)[1], dialect)


def _finish_rewriting(changed: str, text: str, field: Field, dialect: Dialect) -> str:
    """A text in the one form, where it is a day: `changed` after all changes but the last, or a plain time; NULL for a
    plain day.
    """
    last, iso = _change(changed, find_changes(field.day_format)[2], dialect), _change(text, (ZULU, TIME), dialect)
    return f"CASE WHEN {changed} IS NOT NULL THEN {last} WHEN length({text}) <> 10 THEN {iso} END"


def _change(text: str, changes: Sequence[Change], dialect: Dialect) -> str:
    for change in changes:
        if isinstance(change, Replacement):
            text = f"replace({text}, {dialect.text(change.part)}, {dialect.text(change.new)})"
        else:
            text = dialect.rewrite(text, change.pattern, change.template)
    return text


def _read_formed_day(text: str, field: Field, dialect: Dialect) -> str:
    """The day of a text in the one form; NULL where it isn't in that form, or is no day."""
    plain, day = dialect.plain_day(text), dialect.plain_day(f"substr({text}, 1, 10)")
    minutes = _count_minutes(text, dialect)
    moved = move_day(
        day, f"CAST(floor(({minutes}) / {dialect.number(_MINUTES)}) AS {dialect.types['INTEGER']})", dialect
    )
    if field.time_zone != UTC_NAME:
        there = find_local_day(moved, day, minutes, field.time_zone, dialect)
        moved = f"CASE WHEN length({text}) = 16 THEN {moved} ELSE {there} END"
    return f"CASE WHEN length({text}) = 10 THEN {plain} WHEN {dialect.matches(text, FORM_PATTERN)} THEN {moved} END"


def _count_minutes(text: str, dialect: Dialect) -> str:
    """The minutes from the start of the written day, in UTC: below 0 the day before, from 1440 the day after."""

    def number(start: int) -> str:  # the zeros stand for an offset that isn't there
        return f"CAST(substr({text} || '000000', {start}, 2) AS {dialect.types['INTEGER']})"

    sign = f"CASE substr({text} || '0', 17, 1) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END"
    return f"{number(12)} * 60 + {number(15)} + {sign} * ({number(18)} * 60 + {number(20)})"


def move_day(day: str, days: str, dialect: Dialect) -> str:
    """The day some days after a day; NULL beyond the years 1 to 9999."""
    inside = f"{day} > {dialect.first_day} AND {day} < {dialect.last_day}"
    return f"CASE WHEN {days} = 0 THEN {day} WHEN {inside} THEN {dialect.add_days(day, days)}" + (
        f" WHEN {days} > 0 AND {day} = {dialect.first_day} OR {days} < 0 AND {day} = {dialect.last_day}"
        f" THEN {dialect.add_days(day, days)} END"
    )


def find_local_day(utc_day: str, day: str, minutes: str, zone: str, dialect: Dialect) -> str:
    """The day in a zone, some minutes after the start of a day in UTC; `utc_day` is then the day in UTC, and it is also
    the day in the years 1 and 9999.
    """
    first, last = dialect.date("0002-01-01"), dialect.date("9998-12-31")
    there = dialect.local_day(day, minutes, zone)
    return f"CASE WHEN {utc_day} BETWEEN {first} AND {last} THEN {there} ELSE {utc_day} END"


def _read_counted_day(text: str, field: Field, dialect: Dialect) -> str:
    """The day of a trimmed text that counts seconds, milliseconds or Excel's days; other texts have other forms."""
    form = read_format(field.day_format)
    assert form is not None
    whole = dialect.rewrite(text, "(.*)[.].*", "{1}")
    count = f"CAST({whole} AS {dialect.types['DOUBLE']})"
    integer = dialect.types["INTEGER"]
    if form.unit == EXCEL:
        first, last = dialect.number(float(FIRST_SERIAL)), dialect.number(float(LAST_SERIAL))
        days = dialect.add_days(dialect.date("1899-12-30"), f"CAST({count} AS {integer})")
        return f"CASE WHEN {count} BETWEEN {first} AND {last} THEN {days} END"
    per_minute = dialect.number(60.0 * DIGIT_UNITS[form.unit])
    minutes, per_day = f"floor({count} / {per_minute})", dialect.number(float(_MINUTES))
    days = f"floor({minutes} / {per_day})"
    low, high = dialect.number(float(_FIRST_DAY)), dialect.number(float(_LAST_DAY))
    day = dialect.add_days(dialect.date("1970-01-01"), f"CAST({days} AS {integer})")
    there = day
    if field.time_zone != UTC_NAME:
        rest = f"CAST({minutes} - {days} * {per_day} AS {integer})"
        there = find_local_day(day, day, rest, field.time_zone, dialect)
    return f"CASE WHEN {days} BETWEEN {low} AND {high} THEN {there} END"


def takes_numbers(field: Field) -> bool:
    """Whether a number can be a day of the field."""
    form = read_format(field.day_format)
    return form is not None and form.of_digits
