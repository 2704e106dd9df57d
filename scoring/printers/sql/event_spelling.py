"""What each engine spells in its own way where it counts events: instants, and sums of whole millionths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from leadledger.scoring.errors import PrinterError
from leadledger.scoring.printers.sql.dialects.column_types import INSTANTS
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.printers.sql.dialects.literals import text_expression
from leadledger.scoring.printers.sql.expression import Expression, spell

OVERLAPS = (120, 60, 30)  # minutes by which clocks are put back, the longest first


@dataclass(frozen=True)
class EventSpelling:
    """How an engine spells what only events need. Instants are microseconds since 1970, as BIGINT.

    `instant(raw, type)` is that of a column of times; of one without a zone, as if its clock were in UTC.
    `to_utc(clock, zone)` turns such a reading of a clock in a zone into the instant: of two, the earlier one, and where
    the clock skipped it, the one that it would have been. `summed` is the type in which whole millionths are added up.
    `trim` does what that of the dialect does, quickly where there is nothing to take off; None: that one is quick.
    """

    instant: Callable[[str, str], str]
    to_utc: Callable[[str, str], str]
    summed: str
    trim: Callable[[str], str] | None = None


def _try_earlier(instant: str, is_same: Callable[[int], str]) -> str:
    """An instant, or an earlier one at which the clock showed the same."""
    earlier = "".join(f" WHEN {is_same(minutes)} THEN {instant} - {minutes * 60_000_000}" for minutes in OVERLAPS)
    return f"CASE{earlier} ELSE {instant} END"


def _duckdb_to_utc(clock: str, zone: str) -> str:
    """ICU takes the later of two instants, so that the earlier ones are tried.

    https://unicode-org.github.io/icu/userguide/datetime/calendar/
    """
    wall, named = f"make_timestamp({clock})", text_expression(zone)
    at = f"({wall} AT TIME ZONE {named})"
    since = f"epoch_us({at})"
    return _try_earlier(since, lambda minutes: f"({at} - INTERVAL {minutes} MINUTE) AT TIME ZONE {named} = {wall}")


def _postgres_to_utc(clock: str, zone: str) -> str:
    """The server takes the later of two instants, too.

    https://www.postgresql.org/docs/current/datetime-invalid-input.html
    """
    named = "'" + zone.replace("'", "''") + "'"
    wall = f"(timestamp '1970-01-01' + ({clock}) * interval '1 microsecond')"
    at = f"({wall} AT TIME ZONE {named})"
    since = f"CAST(extract(epoch FROM {at}) * 1000000 AS bigint)"
    return _try_earlier(since, lambda minutes: f"({at} - interval '{minutes} minutes') AT TIME ZONE {named} = {wall}")


def _spark_instant(raw: str, kind: str) -> str:
    if kind in INSTANTS:
        return f"unix_micros({raw})"
    return f"timestampdiff(MICROSECOND, TIMESTAMP_NTZ '1970-01-01 00:00:00', CAST({raw} AS TIMESTAMP_NTZ))"


def _spark_to_utc(clock: str, zone: str) -> str:
    """Java takes the earlier of two instants. https://docs.oracle.com/javase/8/docs/api/java/time/ZonedDateTime.html"""
    seconds = f"CAST(CAST({clock} AS DECIMAL(20, 0)) / CAST(1000000 AS DECIMAL(7, 0)) AS DECIMAL(18, 6))"
    wall = f"TIMESTAMP_NTZ '1970-01-01 00:00:00' + make_dt_interval(0, 0, 0, {seconds})"
    return _spark_instant(f"convert_timezone('{zone}', 'UTC', {wall})", "TIMESTAMP")


SPELLINGS: Mapping[str, EventSpelling] = {
    "DuckDB": EventSpelling(
        lambda raw, kind: f"epoch_us({raw if kind in INSTANTS else f'CAST({raw} AS TIMESTAMP)'})",
        _duckdb_to_utc,
        "BIGINT",  # whose sum is a HUGEINT
        # Of all signs, only white space and control characters are no greater than a space; the next one is '!'.
        lambda value: f"CASE WHEN {value} >= '!' AND ({value})[-1] > ' ' THEN {value} ELSE {DUCKDB.trim(value)} END",
    ),
    "PostgreSQL": EventSpelling(
        lambda raw, kind: f"CAST(extract(epoch FROM {raw}) * 1000000 AS bigint)",
        _postgres_to_utc,
        "numeric",
    ),
    "Spark": EventSpelling(_spark_instant, _spark_to_utc, "DECIMAL(20, 0)"),
}


def trim_quickly(value: Expression, dialect: Dialect) -> Expression:
    """A text without white space (ASCII) at both ends."""
    spelling = SPELLINGS.get(dialect.label)
    return spell((spelling.trim if spelling else None) or dialect.trim, value)


def find_spelling(dialect: Dialect) -> EventSpelling:
    """The spelling of an engine. Raises PrinterError where events aren't counted there."""
    if dialect.label not in SPELLINGS:
        raise PrinterError(
            f"events are counted in {', '.join(SPELLINGS)}, not in {dialect.label}; count them there into columns of"
            " the table, and declare these as plain fields"
        )
    return SPELLINGS[dialect.label]
