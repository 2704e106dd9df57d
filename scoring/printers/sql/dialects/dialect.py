"""How SQL is spelt: the short list of what engines spell in their own way. Most read the names and literals alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from leadledger.scoring.field import DATE, NUMBER, SPACE
from leadledger.scoring.printers.literals import FIRST, LAST, UPPER, name, number, text
from leadledger.scoring.printers.sql.dialects import bigquery, postgres, snowflake, spark

_NONE = -9_999_999_999  # points, below any that a card can give


def _most(values: Sequence[str]) -> str:
    return f"greatest({', '.join(values)})" if len(values) > 1 else values[0]


def _most_known(values: Sequence[str]) -> str:
    # Of points, where greatest() is NULL as soon as one value is.
    if len(values) == 1:
        return values[0]
    return f"nullif(greatest({', '.join(f'coalesce({one}, {_NONE})' for one in values)}), {_NONE})"


@dataclass(frozen=True)
class Dialect:
    """What one engine spells in its own way; each function takes and gives SQL, but for the literals.

    `types` has the engine's name of DOUBLE, VARCHAR, BOOLEAN, DATE and INTEGER. `read_number` and `read_day` turn a raw
    text into a double or a day, or NULL, by the forms of `scoring/field.py`: a number may have white space around it, a
    day not. `tidy` trims and folds a text. `clean` asks cheaply whether a text surely has no white space at its ends,
    and is none of some texts in lower case; None where there is no cheap way to ask. `barrier` ends a step,
    lest it be put into the one that asks it. `prunes` says that columns which nobody asks for cost nothing,
    `tidied` that flags and texts are tidied in a step of their own, and `clean` isn't asked.
    `most` is the greatest of some points that is not NULL. `day` gives the day, in UTC, of a column of days or times,
    whose DuckDB type is named. `exp` is asked for no more than 0, but may be worked out before that is known. A table's
    name has at most `table_parts` parts. `note` is said in the first line.
    """

    types: Mapping[str, str]
    name: Callable[[str], str]
    text: Callable[[str], str]
    number: Callable[[float], str]
    fold: Callable[[str], str]
    search: Callable[[str, str, str], str]
    days_between: Callable[[str, str], str]
    element: Callable[[Sequence[object], str], str]
    integer_division: Callable[[str, int], str]
    trim: Callable[[str], str]
    tidy: Callable[[str], str]
    read_number: Callable[[str], str]
    read_day: Callable[[str], str]
    is_nan: Callable[[str], str]
    is_finite: Callable[[str], str]
    clean: Callable[[str, Sequence[str]], Sequence[str]] | None = None
    exp: Callable[[str], str] = "exp({})".format
    most: Callable[[Sequence[str]], str] = _most
    day: Callable[[str, str], str] = lambda raw, kind: f"CAST({raw} AS DATE)"
    barrier: str = ""
    prunes: bool = True
    tidied: bool = False
    table_parts: int = 2
    note: str = ""


def _fold(value: str) -> str:
    # lower() folds beyond ASCII, and translate() is slow: the one where all bytes are signs, the other for the rest.
    # https://duckdb.org/docs/stable/sql/functions/text
    return (
        f"CASE WHEN strlen({value}) = length({value}) THEN lower({value})"
        f" ELSE translate({value}, '{UPPER}', '{UPPER.lower()}') END"
    )


def _clean(value: str, absent: Sequence[str]) -> Sequence[str]:
    ends = f"{value}[1] > ' ' AND {value}[-1] > ' '"
    lengths = sorted({len(one.encode()) for one in absent})
    asked = [f"{ends} AND strlen({value}) NOT IN ({', '.join(map(str, lengths))})"]
    if all(one.isascii() for one in absent):  # lower() folds beyond ASCII, and would miss an `É` in the list
        asked.append(f"{ends} AND lower({value}) NOT IN ({', '.join(map(text, absent))})")
    return asked


def _trim(value: str) -> str:
    return f"trim({value}, {text(SPACE)})"


def _read_number(value: str) -> str:
    # The cast reads more than a number: inf, 1_000, +-8 and who knows what; so the form is asked, and the cast not.
    double = f"TRY_CAST({value} AS DOUBLE)"
    pattern = text(f"[{SPACE}]*(?:{NUMBER})[{SPACE}]*")
    return f"CASE WHEN regexp_full_match({value}, {pattern}) AND isfinite({double}) THEN {double} END"


def _read_day(value: str) -> str:
    """Most days come in their plain form, which a cast gives back as it was; the others are taken to pieces."""
    plain = f"TRY_CAST({value} AS DATE)"
    day = f"TRY_CAST(substr({value}, 1, 10) AS DATE)"

    def group(at: int) -> str:
        return f"regexp_extract({value}, {text(DATE)}, {at})"

    hour, minute, offset_hour, offset_minute = (f"coalesce(TRY_CAST({group(at)} AS INTEGER), 0)" for at in (2, 3, 5, 6))
    sign = f"CASE {group(4)} WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END"
    minutes = f"{hour} * 60 + {minute} + {sign} * ({offset_hour} * 60 + {offset_minute})"
    moved = f"CASE WHEN {minutes} < 0 THEN -1 WHEN {minutes} >= 1440 THEN 1 ELSE 0 END"
    whole = f"CASE WHEN {day} BETWEEN {FIRST} AND {LAST} THEN ({day} + CAST({moved} AS INTEGER)) END"
    return (
        f"CASE WHEN strlen({value}) = 10 AND CAST({plain} AS VARCHAR) = {value} THEN {plain}"
        f" WHEN regexp_full_match({value}, {text(DATE)}) AND {whole} BETWEEN {FIRST} AND {LAST} THEN {whole} END"
    )


DUCKDB = Dialect(
    types={one: one for one in ("DOUBLE", "VARCHAR", "BOOLEAN", "DATE", "INTEGER")},
    name=name,
    text=text,
    number=number,
    fold=_fold,
    search=lambda way, whole, part: f"{way}({whole}, {part})",
    days_between=lambda end, start: f"CAST(({end} - {start}) AS DOUBLE)",
    element=lambda items, at: f"([{', '.join(map(str, items))}])[{at} + 1]",  # lists count from 1
    integer_division=lambda value, by: f"({value}) // {by}",
    trim=_trim,
    # Written once, for what stands twice in a CASE is worked out before it, for every row.
    tidy=lambda value: f"translate({_trim(value)}, '{UPPER}', '{UPPER.lower()}')",
    read_number=_read_number,
    read_day=_read_day,
    is_nan=lambda value: f"isnan({value})",
    is_finite=lambda value: f"isfinite({value})",
    clean=_clean,
)

POSTGRES = Dialect(
    types=postgres.TYPES,
    name=postgres.name,
    text=postgres.text,
    number=postgres.number,
    fold=postgres.fold,
    search=postgres.search,
    days_between=postgres.days_between,
    element=postgres.element,
    integer_division=lambda value, by: f"({value}) / {by}",
    trim=postgres.trim,
    tidy=lambda value: postgres.fold(postgres.trim(value)),
    read_number=postgres.read_number,
    read_day=postgres.read_day,
    is_nan=postgres.is_nan,
    is_finite=postgres.is_finite,
    clean=postgres.clean,
    exp=postgres.exp,
    prunes=False,
    barrier="\n  OFFSET 0",
)

SPARK = Dialect(
    types=spark.TYPES,
    name=spark.name,
    text=spark.text,
    number=spark.number,
    fold=spark.fold,
    search=spark.search,
    days_between=spark.days_between,
    element=spark.element,
    integer_division=spark.integer_division,
    trim=spark.trim,
    tidy=spark.tidy,
    tidied=True,
    prunes=False,
    read_number=spark.read_number,
    read_day=spark.read_day,
    is_nan=spark.is_nan,
    is_finite=spark.is_finite,
    day=spark.day,
    table_parts=3,
)

BIGQUERY = Dialect(
    types=bigquery.TYPES,
    name=bigquery.name,
    text=bigquery.text,
    number=number,
    fold=bigquery.fold,
    search=bigquery.search,
    days_between=bigquery.days_between,
    element=bigquery.element,
    integer_division=bigquery.integer_division,
    trim=bigquery.trim,
    tidy=lambda value: bigquery.fold(bigquery.trim(value)),
    read_number=bigquery.read_number,
    read_day=bigquery.read_day,
    is_nan=bigquery.is_nan,
    is_finite=bigquery.is_finite,
    exp=bigquery.exp,
    most=_most_known,
    day=bigquery.day,
    table_parts=3,
    note=bigquery.NOTE,
)

SNOWFLAKE = Dialect(
    types=snowflake.TYPES,
    name=snowflake.name,
    text=snowflake.text,
    number=snowflake.number,
    fold=snowflake.fold,
    search=snowflake.search,
    days_between=snowflake.days_between,
    element=snowflake.element,
    integer_division=snowflake.integer_division,
    trim=snowflake.trim,
    tidy=lambda value: snowflake.fold(snowflake.trim(value)),
    read_number=snowflake.read_number,
    read_day=snowflake.read_day,
    is_nan=snowflake.is_nan,
    is_finite=snowflake.is_finite,
    exp=snowflake.exp,
    most=_most_known,
    day=snowflake.day,
    table_parts=3,
    note=snowflake.NOTE,
)

DIALECTS = {"duckdb": DUCKDB, "postgres": POSTGRES, "spark": SPARK, "bigquery": BIGQUERY, "snowflake": SNOWFLAKE}
