"""Snowflake's spelling: what differs from DuckDB, each with the page behind it. Untested on the engine.

- A name written without quotes is kept in capitals, and a quoted one is matched letter by letter: so a plain name is
  printed quoted and in capitals, which finds the column `employees` of a table made in the usual way.
  https://docs.snowflake.com/en/sql-reference/identifiers-syntax
- A table made by a program (`write_pandas` of Snowflake's own connector) may have its names in quotes, and in small
  letters: `exact_name` finds those.
- A backslash in a text is an escape, and is written twice.
  https://docs.snowflake.com/en/sql-reference/data-types-text
- A number with a point is a decimal, with an exponent too where it fits: a double is cast from its text, which is read
  to the last bit. NaN equals itself and is above infinity.
  https://docs.snowflake.com/en/sql-reference/data-types-numeric
- `GREATEST` is NULL as soon as one value is. https://docs.snowflake.com/en/sql-reference/functions/greatest
- `REGEXP_LIKE` matches a whole text; patterns are POSIX's, so groups that only bracket are left out.
  https://docs.snowflake.com/en/sql-reference/functions-regexp
- `TRY_TO_DOUBLE` reads more than our forms, `inf` among it, and so may `TRY_TO_DATE`: the form is checked first.
  https://docs.snowflake.com/en/sql-reference/functions/try_to_double
- A collation, by which `a` and `A` may be equal, is taken off by `COLLATE(…, '')`.
  https://docs.snowflake.com/en/sql-reference/collation
- A step takes over all columns (`*`): columns that nobody uses are not read.
- Nothing keeps the steps apart, as `OFFSET 0` does in PostgreSQL: no page says that it is needed, or what would do it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from leadledger.scoring.choice_forms import ITEM_END, LIST_PATTERN
from leadledger.scoring.number_forms import NUMBER_PATTERN
from leadledger.scoring.printers.sql.dialects import literals
from leadledger.scoring.printers.sql.dialects.column_types import INSTANTS, TIMES
from leadledger.scoring.printers.sql.dialects.dialect import Dialect, most_known
from leadledger.scoring.printers.sql.dialects.literals import group_template
from leadledger.scoring.text_forms import BLANKS, DOT_ABOVE, INVISIBLE, WHITE_SPACE, Letters

NOTE = "printed for Snowflake, and untested on the engine"
UNTYPED_NOTE = (
    "columns whose type is not known are read by their texts, which depend on the session: name those that are FLOAT,"
    " DATE or TIMESTAMP_…, as in --column created=TIMESTAMP_TZ"
)
TYPES = {
    "DOUBLE": "FLOAT",
    "VARCHAR": "VARCHAR",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "INTEGER": "INTEGER",
    "BIGINT": "BIGINT",
}
# https://docs.snowflake.com/en/sql-reference/intro-summary-data-types
FAMILIES = {
    "text": ("VARCHAR", "STRING", "TEXT", "CHAR", "CHARACTER", "NCHAR", "NVARCHAR", "CHAR VARYING"),
    "wide": ("INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "BYTEINT"),  # of 38 digits
    "float": ("FLOAT", "FLOAT4", "FLOAT8", "DOUBLE", "DOUBLE PRECISION", "REAL"),  # all of eight bytes
    "decimal": ("NUMBER", "DECIMAL", "NUMERIC", "DEC"),
    "flag": ("BOOLEAN",),
    "date": ("DATE",),
    "time": ("TIMESTAMP_NTZ", "DATETIME", "TIMESTAMP WITHOUT TIME ZONE"),
    "instant": ("TIMESTAMP_TZ", "TIMESTAMP_LTZ", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH LOCAL TIME ZONE"),
}
_AMBIGUOUS = {"TIMESTAMP": "which a setting makes one of these; write TIMESTAMP_NTZ, TIMESTAMP_LTZ or TIMESTAMP_TZ"}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPACE = r"(' \t\n\r' || CHR(12) || CHR(11))"
_ESCAPES = {"'": "''", "\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
_ESCAPES |= {sign: f"\\u{ord(sign):04x}" for sign in BLANKS + INVISIBLE}
_INFINITY = "'inf'::FLOAT"


def name(identifier: str) -> str:
    """A quoted identifier; a plain one in capitals, as Snowflake keeps it."""
    return literals.quoted(identifier.upper() if _PLAIN.fullmatch(identifier) else identifier)


def text(value: str) -> str:
    """A text literal."""
    return literals.escaped_literal(value, _ESCAPES)


def number(value: float) -> str:
    """A literal of a double."""
    return f"'{value!r}'::FLOAT"


def fold(value: str, letters: Letters) -> str:
    """A text as it is compared; LOWER folds beyond the table.

    There are no normal forms: the letters that matter are put together with their marks one after the other.
    """
    spaces = " " * len(BLANKS)  # what has no counterpart is taken out
    folded = f"TRANSLATE({value}, {text(letters.upper + BLANKS + INVISIBLE)}, {text(letters.lower + spaces)})"
    if letters.has_i:
        folded = f"REPLACE({folded}, 'i{DOT_ABOVE}', 'i')"
    if letters.composed:
        pairs = text(" ".join(sequence + sign for sequence, sign in letters.composed))
        step = "REPLACE(whole, LEFT(pair::VARCHAR, LENGTH(pair::VARCHAR) - 1), RIGHT(pair::VARCHAR, 1))"
        folded = f"REDUCE(SPLIT({pairs}, ' '), {folded}, (whole, pair) -> {step})::VARCHAR"
    return folded


def trim(value: str) -> str:
    """Without the six kinds of ASCII white space at both ends."""
    return f"TRIM({value}, {_SPACE})"


def strip(value: str) -> str:
    """Without white space and invisible signs at both ends."""
    return f"TRIM({value}, {text(WHITE_SPACE + BLANKS + INVISIBLE)})"


def posix(pattern: str) -> str:
    """A pattern as a text, without the brackets `(?:` and without a backslash, which a text reads too."""
    return text(pattern.replace("(?:", "(").replace(r"\.", "[.]"))


def matches(value: str, pattern: str) -> str:
    """Whether a pattern matches the whole of a text."""
    return f"REGEXP_LIKE({value}, {posix(pattern)})"


def holds_numbers(raw: str) -> str:
    """Whether a column has a type of numbers with decimals."""
    return f"TYPEOF(TO_VARIANT({raw})) IN ('DECIMAL', 'DOUBLE')"


def rewrite(value: str, pattern: str, template: str) -> str:
    """The template, with the groups of a pattern in it, where that matches the whole of a text; else the text."""
    return f"REGEXP_REPLACE({value}, {posix(f'^{pattern}$')}, {text(group_template(template))})"


def is_plain_number(raw: str) -> str:
    """Whether a text has the plain form of a number, white space around it or not."""
    return matches(trim(raw), NUMBER_PATTERN)


def to_double(text: str) -> str:
    """The double of a text in the plain form of a number, or NULL where it is not finite."""
    double = cast_number(trim(text))
    return f"CASE WHEN {is_finite(double)} THEN {double} END"


def cast_number(text: str) -> str:
    """The double of a text that surely is a finite number."""
    return f"TRY_TO_DOUBLE({text})"


def plain_day(raw: str) -> str:
    """The day of a text like 2026-01-31, or NULL."""
    day = f"TRY_TO_DATE({raw}, 'YYYY-MM-DD')"
    is_plain = matches(raw, "[0-9]{4}-[0-9]{2}-[0-9]{2}")
    return f"CASE WHEN {is_plain} AND {day} BETWEEN {date('0001-01-01')} AND {date('9999-12-31')} THEN {day} END"


def date(iso_day: str) -> str:
    """A literal of a day; what `DATE '…'` reads depends on DATE_INPUT_FORMAT."""
    return f"TO_DATE('{iso_day}', 'YYYY-MM-DD')"


def add_days(day: str, days: str) -> str:
    """The day some days after a day."""
    return f"DATEADD(DAY, {days}, {day})"


def local_day(day: str, minutes: str, zone: str) -> str:
    """The day in a zone, some minutes after the start of a day in UTC."""
    start = f"DATEADD(MINUTE, {minutes}, CAST({day} AS TIMESTAMP_NTZ))"
    return f"CAST(CONVERT_TIMEZONE('UTC', {text(zone)}, {start}) AS DATE)"


def day(raw: str, kind: str, zone: str) -> str:
    """The day of a column of a DATE or a time; of an instant, the day in a zone, whatever the session's."""
    in_zone = f"CONVERT_TIMEZONE({text(zone)}, {raw})"
    return f"CAST({in_zone} AS DATE)" if kind in INSTANTS else f"CAST({raw} AS DATE)"


def search(way: str, whole: str, part: str) -> str:
    """`contains`, `starts_with`, `ends_with`: never LIKE, whose signs a text may hold."""
    return f"{way.replace('_', '').upper()}({whole}, {part})"


def days_between(end: str, start: str) -> str:
    """Days from `start` to `end`, as a double; the earlier day comes first."""
    return f"CAST(DATEDIFF(DAY, {start}, {end}) AS FLOAT)"


def element(items: Sequence[object], at: str) -> str:
    """An item of a list of points, or of doubles, by its position from 0; GET gives a VARIANT."""
    kind = "INTEGER" if all(isinstance(item, int) for item in items) else "FLOAT"
    return f"CAST(GET(ARRAY_CONSTRUCT({', '.join(map(str, items))}), {at}) AS {kind})"


def integer_division(value: str, by: int) -> str:
    """Of whole numbers, neither of them negative; a quotient has six digits behind the point, and more than enough."""
    return f"CAST(FLOOR(({value}) / {by}) AS INTEGER)"


def exp(value: str) -> str:
    """e to the power of a double that is not above 0, where it is used; elsewhere 1, and no error."""
    return f"EXP(LEAST({value}, {number(0.0)}))"


def is_finite(value: str) -> str:
    """Whether a double is a number; NaN is above infinity."""
    return f"ABS({value}) < {_INFINITY}"


def is_nan(value: str) -> str:
    """Whether a double is NaN, which equals itself here."""
    return f"{value} = 'NaN'::FLOAT"


def json_items(value: str) -> str:
    """The items of a text that is a JSON list, joined; NULL for any other text."""
    pattern = text(LIST_PATTERN.replace("(?:", "(").replace(r"\x01-\x1f", "[:cntrl:]"))
    return (
        f"CASE WHEN REGEXP_LIKE({value}, {pattern}) THEN ARRAY_TO_STRING(TRY_PARSE_JSON({value}), {text(ITEM_END)}) END"
    )


def list_items(value: str) -> str:
    """The items of a list, joined; those that are NULL are empty."""
    return f"ARRAY_TO_STRING({value}, {text(ITEM_END)})"


def replace_pattern(value: str, pattern: str, replacement: str) -> str:
    """A text with a replacement for all that a pattern matches."""
    return f"REGEXP_REPLACE({value}, {text(pattern)}, {text(replacement)})"


def sort_parts(value: str, separator: str) -> str:
    """The parts of a text between separators, each once, by their code points."""
    sign = text(separator)
    return f"ARRAY_TO_STRING(ARRAY_SORT(ARRAY_DISTINCT(SPLIT({value}, {sign}))), {sign})"


def json_of(value: str) -> str:
    """The JSON of an OBJECT or a VARIANT."""
    return f"TO_JSON(TO_VARIANT({value}))"


def is_json(value: str) -> str:
    """Whether a text is JSON."""
    return f"TRY_PARSE_JSON({value}) IS NOT NULL"


def json_member(value: str, members: Sequence[str], exact: bool) -> str:
    """The text of a member of a JSON text."""
    path = text(".".join(f'"{member}"' for member in members))
    found = f"STRIP_NULL_VALUE(GET_PATH(PARSE_JSON({value}), {path}))"
    member = f"TO_VARCHAR({found})"
    if not exact:
        return member
    number = f"TYPEOF({found}) IN ('DECIMAL', 'DOUBLE')"
    return f"CASE WHEN {number} AND {member} LIKE '%.%' THEN {member} || '0' ELSE {member} END"


SNOWFLAKE = Dialect(
    label="Snowflake",
    families=FAMILIES,
    homonyms=dict.fromkeys(TIMES, "TIMESTAMP_NTZ"),
    ambiguous=_AMBIGUOUS,
    exact_name=literals.quoted,
    name_key=name,
    untyped_note=UNTYPED_NOTE,
    as_text="COLLATE(CAST({} AS VARCHAR), '')".format,
    fold=fold,
    trim=trim,
    strip=strip,
    search=search,
    days_between=days_between,
    element=element,
    integer_division=integer_division,
    matches=matches,
    holds_numbers=holds_numbers,
    is_plain_number=is_plain_number,
    to_double=to_double,
    cast_number=cast_number,
    rewrite=rewrite,
    plain_day=plain_day,
    add_days=add_days,
    local_day=local_day,
    is_finite=is_finite,
    json_items=json_items,
    list_items=list_items,
    replace_pattern=replace_pattern,
    sort_parts=sort_parts,
    json_of=json_of,
    is_json=is_json,
    json_member=json_member,
    types=TYPES,
    name=name,
    text=text,
    number=number,
    is_nan=is_nan,
    exp=exp,
    most=most_known,
    day=day,
    date=date,
    table_parts=3,
    note=NOTE,
)
