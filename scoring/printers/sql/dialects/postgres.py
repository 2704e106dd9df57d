"""PostgreSQL's spelling (16 and later): what differs from DuckDB, each with the page or the measurement behind it.

- A double is written `float8 '0.1'`: a bare `0.1e0` is a numeric, and an integer divided by it is one too.
- Casts that fail end the query, so `pg_input_is_valid` comes first, in a `CASE`.
- Texts are compared by their bytes (`COLLATE "C"`): a citext column, or one with a collation of its own, may hold `a`
  and `A` for equal, and refuses `strpos`.
- A text with a backslash is written with an `E` before it and the backslash twice, which means the same whatever
  `standard_conforming_strings` says; where it is off, a plain text would end at another quote.
  https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
- A day or a time is written as JSON where the type of its column is not known: its text depends on `DateStyle`, and
  JSON doesn't. https://www.postgresql.org/docs/current/functions-json.html
- A step that is read once is merged into the one that reads it, and expressions grow without bounds; `OFFSET 0` keeps
  steps apart, and their rows still stream. https://www.postgresql.org/docs/current/queries-with.html
  Written as a bigint, which needs no cast: as long as it has one, the server doesn't see that it is 0, and does the
  steps in one process, where several could share them (`set_rel_consider_parallel` and `limit_needed` in
  https://github.com/postgres/postgres/tree/master/src/backend/optimizer).
- A name has at most 63 bytes, and is cut silently. https://www.postgresql.org/docs/current/sql-syntax-lexical.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from leadledger.scoring.choice_forms import ITEM_END, LIST_PATTERN
from leadledger.scoring.errors import PrinterError
from leadledger.scoring.number_forms import NUMBER_PATTERN
from leadledger.scoring.printers.sql.dialects import literals
from leadledger.scoring.printers.sql.dialects.column_types import INSTANTS
from leadledger.scoring.printers.sql.dialects.dialect import Dialect, class_of
from leadledger.scoring.printers.sql.dialects.literals import group_template
from leadledger.scoring.text_forms import BLANK_RANGES, DOT_ABOVE, INVISIBLE_RANGES, WHITE_SPACE, Letters

LONGEST_NAME = 63  # bytes
MOST_COLUMNS = 1664  # of a step. https://www.postgresql.org/docs/current/limits.html
SMALLEST_EXPONENT = -700  # of exp(); below some -708 it is an error, not 0
SMALLEST_FACTOR = 1e-150  # of a product that is not 0: that of two such factors is still a double
_SPACES = r"[ \t\n\r\f\v]*"
_INVISIBLE, _BLANK = class_of(INVISIBLE_RANGES, r"\u{:04X}"), class_of(BLANK_RANGES, r"\u{:04X}")
_OUTER = class_of([(9, 13), (32, 32), *BLANK_RANGES, *INVISIBLE_RANGES], r"\u{:04X}")
# What is not in the plain form has a sign that no plain number has, two dots, a gap, one group of three digits, or no
# digit at all.
_ODD = (
    r"^[^0-9]*$|[^0-9eE.+ \t\n\r\f\v-]|[.][0-9]*[.]|[0-9] +[0-9]"
    rf"|^{_SPACES}[+-]?[1-9][0-9]{{0,2}}[.][0-9]{{3}}{_SPACES}$"
)
TYPES = {
    "DOUBLE": "float8",
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "INTEGER": "integer",
    "BIGINT": "bigint",
}
# As `format_type` and people name them; `enum` for any enum.
FAMILIES = {
    "text": (
        *("text", "character varying", "varchar", "character", "char", "bpchar", "citext", "enum", "uuid"),
        *("name", '"char"', "unknown", "public.citext"),
    ),
    "integer": ("integer", "smallint", "bigint", "int", "int2", "int4", "int8", "serial", "bigserial", "oid"),
    "real": ("real", "float4"),
    "float": ("double precision", "float8", "float"),
    "decimal": ("numeric", "decimal"),
    "flag": ("boolean", "bool"),
    "date": ("date",),
    "time": ("timestamp without time zone", "timestamp"),
    "instant": ("timestamp with time zone", "timestamptz"),
}


def name(identifier: str) -> str:
    """A quoted identifier; a longer one than the server keeps is cut and marked, so that two never become one."""
    whole = identifier.encode()
    if len(whole) > LONGEST_NAME:
        mark = "~" + hashlib.sha256(whole).hexdigest()[:12]
        identifier = whole[: LONGEST_NAME - len(mark)].decode(errors="ignore") + mark
    return literals.quoted(identifier)


def text(value: str) -> str:
    """A text literal. NUL, which no text here can hold, is refused."""
    if "\0" in value:
        raise PrinterError("PostgreSQL has no texts with a NUL character; take it out of the card")
    return literals.text_literal(value, quoted_text)


def quoted_text(value: str) -> str:
    """A text in quotes, which means the same whatever `standard_conforming_strings` says."""
    in_quotes = literals.quoted_text(value)
    return "E" + in_quotes.replace("\\", "\\\\") if "\\" in value else in_quotes


def number(value: float) -> str:
    """A literal of a double."""
    return f"float8 '{value!r}'"


def fold(value: str, letters: Letters) -> str:
    """A text as it is compared: lower() in the collation "C" folds A to Z and nothing else."""
    ascii_only = f'lower({value} COLLATE "C")'
    folded = f"regexp_replace(regexp_replace({value}, '{_INVISIBLE}+', '', 'g'), '{_BLANK}', ' ', 'g')"
    folded = f"translate({folded}, {text(letters.upper)}, {text(letters.lower)})" if letters.upper else folded
    if letters.has_i:
        folded = f"replace({folded}, 'i{DOT_ABOVE}', 'i')"
    if letters.composes:
        folded = f"normalize({folded}, NFC)"
    return f'CASE WHEN octet_length({value}) = length({value}) THEN {ascii_only} ELSE {folded} COLLATE "C" END'


def trim(value: str) -> str:
    """Without the six kinds of ASCII white space at both ends."""
    return f"btrim({value}, {text(WHITE_SPACE)})"


def strip(value: str) -> str:
    """Without white space and invisible signs at both ends."""
    return f"regexp_replace({value}, '^{_OUTER}+|{_OUTER}+$', '', 'g')"


def matches(value: str, pattern: str) -> str:
    """Whether a pattern matches the whole of a text; `$` is the very end, not before a last line feed."""
    return f"{value} ~ {text(f'^(?:{pattern})$')}"


def rewrite(value: str, pattern: str, template: str) -> str:
    """The template, with the groups of a pattern in it, where that matches the whole of a text; else the text."""
    return f"regexp_replace({value}, {text(f'^(?:{pattern})$')}, {text(group_template(template))})"


def is_plain_number(raw: str) -> str:
    """Whether a text may have the plain form of a number, white space around it or not: `to_double` looks closer.

    Besides numbers, the cast reads `inf`, `nan` and `0x10`, which have signs that no number has.
    """
    return f"{raw} !~ {text(_ODD)}"


def to_double(value: str) -> str:
    """The double of a text that may have the plain form of a number, or NULL.

    A number too small for a double is an error to the server, where Python reads 0; `numeric` tells it from one too
    large, and where even that gives up, the sign of the exponent does.
    """
    return (
        f"CASE WHEN pg_input_is_valid({value}, 'float8') THEN CAST({value} AS float8)"
        f" WHEN {value} !~ {text(f'^{_SPACES}(?:{NUMBER_PATTERN}){_SPACES}$')} THEN NULL"
        f" WHEN pg_input_is_valid({value}, 'numeric')"
        f" THEN CASE WHEN abs(CAST({value} AS numeric)) < 1 THEN {number(0.0)} END"
        f" WHEN {value} ~ '[eE]-' THEN {number(0.0)} END"
    )


def cast_number(value: str) -> str:
    """The double of a text that surely is a finite number."""
    return f"CAST({value} AS float8)"


def plain_day(raw: str) -> str:
    """The day of a text like 2026-01-31, or NULL."""
    is_day = f"{matches(raw, '[0-9]{4}-[0-9]{2}-[0-9]{2}')} AND pg_input_is_valid({raw}, 'date')"
    return f"CASE WHEN {is_day} THEN CAST({raw} AS date) END"


def add_days(day: str, days: str) -> str:
    """The day some days after a day."""
    return f"({day} + {days})"


def local_day(day: str, minutes: str, zone: str) -> str:
    """The day in a zone, some minutes after the start of a day in UTC."""
    start = f"(CAST({day} AS timestamp) + make_interval(mins => {minutes}))"
    return f"CAST(({start} AT TIME ZONE 'UTC') AT TIME ZONE {text(zone)} AS date)"


def day(raw: str, kind: str, zone: str) -> str:
    """The day of a column of a date or a time; of an instant, the day in a zone, whatever the session's."""
    return f"CAST({raw} AT TIME ZONE {text(zone)} AS date)" if kind in INSTANTS else f"CAST({raw} AS date)"


def search(way: str, whole: str, part: str) -> str:
    """`contains`, `starts_with`, `ends_with`: never LIKE, whose signs a text may hold."""
    if way == "contains":
        return f"strpos({whole}, {part}) > 0"
    return f"starts_with({whole}, {part})" if way == "starts_with" else f"right({whole}, length({part})) = {part}"


def days_between(end: str, start: str) -> str:
    """Days from `start` to `end`, as a double."""
    return f"CAST(({end} - {start}) AS float8)"


def element(items: Sequence[object], at: str) -> str:
    """An item of a list by its position from 0; the list becomes a constant as the query is planned."""
    return f"(ARRAY[{', '.join(map(str, items))}])[{at} + 1]"


def exp(value: str) -> str:
    """e to the power of a double, held above the point where the server raises an underflow."""
    return f"exp(greatest({value}, {number(float(SMALLEST_EXPONENT))}))"


def multiply(first: str, second: str) -> str:
    """The product of two doubles; 0 where one is so small that the server could raise an underflow."""
    tiny = number(SMALLEST_FACTOR)
    large = f"abs({first}) >= {tiny} AND abs({second}) >= {tiny}"
    return f"CASE WHEN {large} THEN {first} * {second} ELSE ({first} + {second}) * {number(0.0)} END"  # NULL stays


def integer_division(value: str, by: int) -> str:
    """Of whole numbers, neither of them negative."""
    return f"({value}) / {by}"


def is_finite(value: str) -> str:
    """Whether a double is a number; NaN is above infinity."""
    return f"abs({value}) < float8 'Infinity'"


def is_nan(value: str) -> str:
    """Whether a double is NaN, which equals itself here."""
    return f"{value} = 'NaN'"


def plain(value: str, keys: frozenset[str]) -> Sequence[str]:
    """Ways to ask whether a text surely has nothing to strip, and none of some keys, cheapest first."""
    ends = f"left({value}, 1) > ' ' COLLATE \"C\" AND right({value}, 1) > ' ' COLLATE \"C\""
    ascii_keys = ", ".join(text(key) for key in sorted(keys) if key.isascii())
    return [f'{ends} AND octet_length({value}) = length({value}) AND lower({value} COLLATE "C") NOT IN ({ascii_keys})']


def as_text(raw: str) -> str:
    """The text of a column of any type, in no collation."""
    return f'CAST({raw} AS text) COLLATE "C"'


def holds_numbers(raw: str) -> str:
    """Whether a column has a type of numbers with decimals."""
    return f"pg_typeof({raw}) IN ('real'::regtype, 'double precision'::regtype, 'numeric'::regtype)"


def day_as_text(raw: str) -> str:
    """The text of a day or a time, as ISO 8601 writes it; a text as it is."""
    return f"(to_json({raw}) #>> '{{}}') COLLATE \"C\""


def json_items(value: str) -> str:
    """The items of a text that is a JSON list, joined; NULL for any other text."""
    is_list = matches(value, LIST_PATTERN)
    items = f"jsonb_array_elements_text(CAST(CASE WHEN {is_list} THEN {value} END AS jsonb)) AS items(item)"
    return f"CASE WHEN {is_list} THEN coalesce((SELECT string_agg(item, {text(ITEM_END)}) FROM {items}), '') END"


def list_items(value: str) -> str:
    """The items of a list, joined, without those that are NULL."""
    return f'array_to_string(CAST({value} AS text[]), {text(ITEM_END)}) COLLATE "C"'


def replace_pattern(value: str, pattern: str, replacement: str) -> str:
    """A text with a replacement for all that a pattern matches."""
    return f"regexp_replace({value}, {text(pattern)}, {text(replacement)}, 'g')"


def sort_parts(value: str, separator: str) -> str:
    """The parts of a text between separators, each once, by their code points."""
    parts = f'SELECT DISTINCT unnest(string_to_array({value}, {text(separator)})) COLLATE "C" AS part'
    return f"(SELECT string_agg(part, {text(separator)} ORDER BY part) FROM ({parts}) AS parts)"


def json_of(value: str) -> str:
    """The JSON of a json, jsonb or composite column."""
    return f"CAST(to_jsonb({value}) AS text)"


def is_json(value: str) -> str:
    """Whether a text is JSON."""
    return f"pg_input_is_valid({value}, 'jsonb')"


def json_member(value: str, members: Sequence[str], exact: bool) -> str:
    """The text of a member of a JSON text."""
    path = f"ARRAY[{', '.join(map(text, members))}]"
    member = f"(CAST({value} AS jsonb) #>> {path})"
    if not exact:
        return member
    number = f"jsonb_typeof(CAST({value} AS jsonb) #> {path}) = 'number'"
    return f"CASE WHEN {number} AND {member} LIKE '%.%' THEN {member} || '0' ELSE {member} END"


def md5(value: str) -> str:
    """The digest of a text in UTF-8, whatever the encoding of the database, in no collation."""
    return f"md5(convert_to({value}, 'UTF8')) COLLATE \"C\""


POSTGRES = Dialect(
    label="PostgreSQL",
    families=FAMILIES,
    as_text=as_text,
    holds_numbers=holds_numbers,
    day_as_text=day_as_text,
    numbers_as_text=True,  # a numeric may be beyond a double, and what can't be cast ends the query
    name_key=name,
    most_columns=MOST_COLUMNS,
    fold=fold,
    trim=trim,
    strip=strip,
    search=search,
    md5=md5,
    days_between=days_between,
    element=element,
    integer_division=integer_division,
    matches=matches,
    is_plain_number=is_plain_number,
    to_double=to_double,
    cast_number=cast_number,
    rewrite=rewrite,
    plain_day=plain_day,
    add_days=add_days,
    local_day=local_day,
    day=day,
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
    multiply=multiply,
    plain=plain,
    barrier="\n  OFFSET bigint '0'",
    prunes=False,
)
