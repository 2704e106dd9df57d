"""The times of an event in SQL, as `scoring/events/event_time.py` reads them: the day, and the instant.

A time that can't be read has no day. Columns on the way, for the members `time` and `received`: `t:…` the trimmed text,
`parts:…` its parts, `day:…` the written day, `minutes:…` those since its start, `offset:…` minutes ahead of UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from leadledger.scoring.day_forms import UTC_NAME
from leadledger.scoring.field import Field
from leadledger.scoring.printers.sql.days import find_local_day, move_day, read_typed_day
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.event_members import RAW
from leadledger.scoring.printers.sql.event_spelling import find_spelling
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, spell, write
from leadledger.scoring.printers.sql.steps import Step
from leadledger.scoring.scorecard import Card

DAY, INSTANT, RECEIVED = "ll:day", "ll:instant", "ll:received"
_DAY_PATTERN = "([0-9]{4}-[0-9]{2}-[0-9]{2})"
_CLOCK_PATTERN = "([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?:[.,]([0-9]{1,6})[0-9]*)?"
_PATTERN = f"{_DAY_PATTERN}[Tt ]{_CLOCK_PATTERN} ?([Zz]|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)?"
_PARTS = "|".join(f"{{{number}}}" for number in range(1, 7))  # day, hours, minutes, seconds, fraction, offset
_PER_DAY, _PER_SECOND = 86_400_000_000, 1_000_000  # microseconds


def time_steps(
    card: Card, types: Mapping[str, str], dialect: Dialect, read: Callable[[str], Expression]
) -> Iterator[Step]:
    """The steps to DAY, INSTANT and RECEIVED, a day, and to `odd:time` and `odd:received`: it can't be read."""
    times = [_Time(member, types[member], card, dialect, read) for member in ("time", "received") if member in types]
    written = [time for time in times if time.is_text]
    yield Step("time_texts", "texts of times", [time.text() for time in written])
    yield Step("time_parts", "their parts", [time.parts() for time in written])
    yield Step("time_numbers", "their numbers", [column for time in written for column in time.numbers()])
    days, odd = [], []
    for time in times:
        name = DAY if time.member == "time" else RECEIVED
        days += [StepColumn(name, time.day())]
        odd.append(StepColumn(f"odd:{time.member}", time.unread(read(name))))
        if time.member == "time":
            days.append(StepColumn(INSTANT, time.instant()))
    if len(times) == 1:
        days.append(StepColumn(RECEIVED, Expression(f"CAST(NULL AS {dialect.types['DATE']})")))
    yield Step("dated", "when it happened, and when it was known", days)
    yield Step("time_judged", "times that can't be read", odd)


class _Time:
    """The SQL of one of the times of an event."""

    def __init__(self, member: str, kind: str, card: Card, dialect: Dialect, read: Callable[[str], Expression]) -> None:
        self.member = member
        self.card, self.zone, self.dialect, self.read = card, card.time_zone, dialect, read
        self.spelling = find_spelling(dialect)
        sql, self.kind = dialect.take_column(read(f"{RAW}{member}").sql, kind, "date")
        self.raw = Expression(sql, read(f"{RAW}{member}").reads)
        self.family = type_family(self.kind)
        self.is_text = self.family == "text"

    def text(self) -> StepColumn:
        """The text without white space at its ends."""
        return StepColumn(f"t:{self.member}", spell(self.dialect.trim, self.raw))

    def parts(self) -> StepColumn:
        """The parts of a time, with a sign between them; NULL where the text is a day alone, or no time."""
        text = self.read(f"t:{self.member}")
        parts = spell(self.dialect.rewrite, text, _PATTERN, _PARTS)
        is_time = spell(self.dialect.matches, text, _PATTERN)
        return StepColumn(
            f"parts:{self.member}",
            write("CASE WHEN length({}) > 10 THEN CASE WHEN {} THEN {} END END", text, is_time, parts),
        )

    def numbers(self) -> Iterator[StepColumn]:
        """The written day, NULL where there is none, and the numbers of the clock."""
        text, parts, integer = self.read(f"t:{self.member}"), self.read(f"parts:{self.member}"), self._integer

        def part(number: int) -> Expression:
            return write("split_part({}, '|', {})", parts, number)

        hours, minutes = (write("CAST({} AS {})", part(number), integer) for number in (2, 3))
        seconds = write("CAST('0' || {} AS {})", part(4), integer)
        real = write("{} < 24 AND {} < 60 AND {} < 60", hours, minutes, seconds)
        alone = write("CASE WHEN length({}) = 10 THEN {} END", text, spell(self.dialect.plain_day, text))
        beside = write("CASE WHEN {} THEN {} END", real, spell(self.dialect.plain_day, part(1)))
        yield StepColumn(f"day:{self.member}", write("CASE WHEN {} IS NULL THEN {} ELSE {} END", parts, alone, beside))
        yield StepColumn(f"minutes:{self.member}", write("{} * 60 + {}", hours, minutes))
        fraction = write("CAST(rpad({}, 6, '0') AS {})", part(5), integer)
        yield StepColumn(f"rest:{self.member}", write("{} * {} + {}", seconds, _PER_SECOND, fraction))
        yield StepColumn(f"offset:{self.member}", self._offset(part(6)))

    def _offset(self, text: Expression) -> Expression:
        """The minutes ahead of UTC; NULL without an offset."""
        digits = write("replace(substr({}, 2), ':', '') || '00'", text)
        minutes = write(
            "CAST(substr({}, 1, 2) AS {}) * 60 + CAST(substr({}, 3, 2) AS {})",
            digits,
            self._integer,
            digits,
            self._integer,
        )
        return write(
            "CASE substr({}, 1, 1) WHEN '+' THEN {} WHEN '-' THEN -({}) WHEN 'Z' THEN 0 WHEN 'z' THEN 0 END",
            text,
            minutes,
            minutes,
        )

    @property
    def _integer(self) -> str:
        return self.dialect.types["INTEGER"]

    def day(self) -> Expression:
        """The day in the card's time zone; NULL where there is none, or where it can't be read."""
        nothing = Expression(f"CAST(NULL AS {self.dialect.types['DATE']})")
        if self.family not in ("text", "date", "time", "instant"):
            return nothing
        if self.family == "time" and not self.card.zoned:
            return nothing
        if not self.is_text:
            return read_typed_day(self.raw, self.kind, Field("", "date", time_zone=self.zone), self.dialect)
        parts, day, offset = (self.read(f"{part}:{self.member}") for part in ("parts", "day", "offset"))
        minutes = write("{} - {}", self.read(f"minutes:{self.member}"), offset)
        there = spell(self._find_day, day, minutes)
        real = write("{} BETWEEN -1439 AND 1439", offset)
        alone = day if self.card.zoned else write("CASE WHEN {} IS NULL THEN {} END", parts, day)
        return write("CASE WHEN {} IS NULL THEN {} WHEN {} THEN {} END", offset, alone, real, there)

    def _find_day(self, day: str, minutes: str) -> str:
        """The day in the zone, some minutes after the start of a day in UTC."""
        per_day = self.dialect.number(1440.0)
        utc = move_day(day, f"CAST(floor(({minutes}) / {per_day}) AS {self._integer})", self.dialect)
        return utc if self.zone == UTC_NAME else find_local_day(utc, day, minutes, self.zone, self.dialect)

    def instant(self) -> Expression:
        """The microseconds since 1970; NULL where only the day is known."""
        if self.family not in ("text", "time", "instant"):
            return Expression(f"CAST(NULL AS {self.dialect.types['BIGINT']})")
        if not self.is_text:
            instant = spell(self.spelling.instant, self.raw, self.kind)
            return instant if self.family == "instant" else self._in_zone(instant)
        day, minutes, rest, offset = (
            self.read(f"{part}:{self.member}") for part in ("day", "minutes", "rest", "offset")
        )
        days = spell(self.dialect.days_between, day, self.dialect.date("1970-01-01"))
        clock = write(
            "CAST({} AS {}) * {} + CAST({} AS {}) * {} + {}",
            *(days, self.dialect.types["BIGINT"], _PER_DAY),
            *(minutes, self.dialect.types["BIGINT"], 60 * _PER_SECOND, rest),
        )
        at = write("{} - CAST({} AS {}) * {}", clock, offset, self.dialect.types["BIGINT"], 60 * _PER_SECOND)
        return write("CASE WHEN {} IS NULL THEN {} ELSE {} END", offset, self._in_zone(clock), at)

    def _in_zone(self, clock: Expression) -> Expression:
        """The instant at which a clock of the card's time zone shows something."""
        return clock if self.zone == UTC_NAME else spell(self.spelling.to_utc, clock, self.zone)

    def unread(self, day: Expression) -> Expression:
        """Whether it can't be read; an event always happened once, and need not say when it was received."""
        if self.member == "time":
            return write("{} IS NULL", day)
        there = write("{} IS NOT NULL", self.raw)
        if self.is_text:
            there = write("{} <> ''", self.raw)
        return write("coalesce({}, FALSE) AND {} IS NULL", there, day)
