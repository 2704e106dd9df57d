"""DuckDB's spelling, with the page behind each oddity. https://duckdb.org/docs/stable/sql/functions/text"""

from __future__ import annotations

from collections.abc import Sequence

from leadledger.scoring.choice_forms import ITEM_END, LIST_PATTERN
from leadledger.scoring.day_forms import DATE_PATTERN
from leadledger.scoring.number_forms import NUMBER_PATTERN
from leadledger.scoring.printers.sql.dialects.dialect import Dialect, utc_minutes
from leadledger.scoring.printers.sql.dialects.literals import FIRST, LAST, UPPER, text_literal
from leadledger.scoring.text_forms import WHITE_SPACE

# How DuckDB is set to run what is printed for it. Days are in UTC, nothing is fetched from anywhere. A long IN stays a
# condition: as a join it would give up the order of rows, or all threads but one where the order matters. And the
# list stays on its side of a join: DuckDB guesses how long it is, and might put it, of all things, into memory.
DUCKDB_SETTINGS = (
    "TimeZone = 'UTC'",
    "autoinstall_known_extensions = false",
    "enable_progress_bar = false",
    "disabled_optimizers = 'in_clause,join_order,build_side_probe_side'",
)


def fold(value: str) -> str:
    """ASCII letters in lower case.

    lower() folds beyond ASCII, and translate() is slow: lower() serves texts of ASCII alone, translate() the rest.
    """
    return (
        f"CASE WHEN strlen({value}) = length({value}) THEN lower({value})"
        f" ELSE translate({value}, '{UPPER}', '{UPPER.lower()}') END"
    )


def trim(value: str) -> str:
    """Without the six kinds of ASCII white space at both ends."""
    return f"trim({value}, {text_literal(WHITE_SPACE)})"


def trim_and_fold(value: str) -> str:
    """`fold` of `trim`, with the value written once: what stands twice in a CASE is worked out first, for every row."""
    return f"translate({trim(value)}, '{UPPER}', '{UPPER.lower()}')"


def clean(value: str, absent: Sequence[str]) -> Sequence[str]:
    """Ways to ask whether a text surely has no white space at its ends and is none of some texts, cheapest first."""
    ends = f"{value}[1] > ' ' AND {value}[-1] > ' '"
    lengths = sorted({len(text.encode()) for text in absent})
    ways = [f"{ends} AND strlen({value}) NOT IN ({', '.join(map(str, lengths))})"]
    if all(text.isascii() for text in absent):  # lower() folds beyond ASCII, and would miss an `É` in the list
        ways.append(f"{ends} AND lower({value}) NOT IN ({', '.join(map(text_literal, absent))})")
    return ways


def matches(value: str, pattern: str) -> str:
    """Whether a pattern matches the whole of a text."""
    return f"regexp_full_match({value}, {text_literal(pattern)})"


def is_plain_number(raw: str) -> str:
    """Whether a text has the plain form of a number, white space around it or not.

    The cast reads more than numbers, `inf`, `1_000` and `+-8` among it: so the form is checked first.
    """
    return matches(raw, f"[{WHITE_SPACE}]*(?:{NUMBER_PATTERN})[{WHITE_SPACE}]*")


def to_double(text: str) -> str:
    """The double of a text in the plain form of a number, or NULL where it is not finite."""
    double = cast_number(text)
    return f"CASE WHEN {is_finite(double)} THEN {double} END"


def cast_number(text: str) -> str:
    """The double of a text that surely is a finite number."""
    return f"TRY_CAST({text} AS DOUBLE)"


def read_day(raw: str) -> str:
    """The day that a trimmed text writes, or NULL; with a time and an offset, the day in UTC.

    Most days come in their plain form, which a cast gives back as it was; the others are taken to pieces.
    """
    plain = f"TRY_CAST({raw} AS DATE)"
    day = f"TRY_CAST(substr({raw}, 1, 10) AS DATE)"

    def group(at: int) -> str:
        return f"regexp_extract({raw}, {text_literal(DATE_PATTERN)}, {at})"

    hour, minute, offset_hour, offset_minute = (f"coalesce(TRY_CAST({group(at)} AS INTEGER), 0)" for at in (2, 3, 5, 6))
    minutes = utc_minutes(hour, minute, group(4), offset_hour, offset_minute)
    moved = f"CASE WHEN {minutes} < 0 THEN -1 WHEN {minutes} >= 1440 THEN 1 ELSE 0 END"
    whole = f"CASE WHEN {day} BETWEEN {FIRST} AND {LAST} THEN ({day} + CAST({moved} AS INTEGER)) END"
    return (
        f"CASE WHEN strlen({raw}) = 10 AND CAST({plain} AS VARCHAR) = {raw} THEN {plain}"
        f" WHEN regexp_full_match({raw}, {text_literal(DATE_PATTERN)}) AND {whole} BETWEEN {FIRST} AND {LAST}"
        f" THEN {whole} END"
    )


def search(way: str, whole: str, part: str) -> str:
    """`contains`, `starts_with`, `ends_with`: never LIKE, whose signs a text may hold."""
    return f"{way}({whole}, {part})"


def days_between(end: str, start: str) -> str:
    """Days from `start` to `end`, as a double."""
    return f"CAST(({end} - {start}) AS DOUBLE)"


def element(items: Sequence[object], at: str) -> str:
    """An item of a list by its position from 0; lists count from 1."""
    return f"([{', '.join(map(str, items))}])[{at} + 1]"


def integer_division(value: str, by: int) -> str:
    """Of whole numbers, neither of them negative."""
    return f"({value}) // {by}"


def is_finite(value: str) -> str:
    """Whether a double is a number."""
    return f"isfinite({value})"


def json_items(value: str) -> str:
    """The items of a text that is a JSON list, joined; NULL for any other text."""
    matches = f"regexp_full_match({value}, {text_literal(LIST_PATTERN)})"
    items = f"""from_json(CASE WHEN {matches} THEN {value} END, '["VARCHAR"]')"""
    return f"array_to_string({items}, {text_literal(ITEM_END)})"


def list_items(value: str) -> str:
    """The items of a list, joined, without those that are NULL."""
    return f"array_to_string(CAST({value} AS VARCHAR[]), {text_literal(ITEM_END)})"


def replace_pattern(value: str, pattern: str, replacement: str) -> str:
    """A text with a replacement for all that a pattern matches."""
    return f"regexp_replace({value}, {text_literal(pattern)}, {text_literal(replacement)}, 'g')"


def sort_parts(value: str, separator: str) -> str:
    """The parts of a text between separators, each once, by their code points."""
    sign = text_literal(separator)
    return f"array_to_string(list_sort(list_distinct(string_split({value}, {sign}))), {sign})"


# `COLLATE c` is no collation, also where the column or `default_collation` has one.
# https://duckdb.org/docs/stable/sql/expressions/collations
DUCKDB = Dialect(
    fold=fold,
    trim=trim,
    search=search,
    days_between=days_between,
    element=element,
    integer_division=integer_division,
    matches=matches,
    is_plain_number=is_plain_number,
    to_double=to_double,
    cast_number=cast_number,
    read_day=read_day,
    is_finite=is_finite,
    json_items=json_items,
    list_items=list_items,
    replace_pattern=replace_pattern,
    sort_parts=sort_parts,
    trim_and_fold=trim_and_fold,
    clean=clean,
)
