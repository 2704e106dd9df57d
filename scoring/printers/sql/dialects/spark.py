"""Apache Spark's spelling (4.0 and later): what differs from DuckDB, each with the page behind it.

Whatever a session has set, a SELECT gives the same: ANSI mode, the time zone and the escapes of texts don't matter.

- What a backslash in a text means depends on a setting, and `${…}` anywhere in a statement is replaced by a setting of
  that name: backslashes and quotes are written by their numbers, and a `$` is kept apart from a `{`.
  https://spark.apache.org/docs/latest/sql-ref-literals.html
- A number with a point is a DECIMAL, and one with a D behind it a double.
  https://spark.apache.org/docs/latest/sql-ref-literals.html
- In ANSI mode a cast that fails ends the query, so that a cast of a text is a `try_cast`. It reads more than our forms
  (`1d`, `0x1p3`, `inf`, a year and a month for a day): the form is checked first.
  https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html
- A pattern is one of Java, found anywhere in a text; its `$` also stands before a last line end.
  https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
- NaN equals itself and is above infinity. https://spark.apache.org/docs/latest/sql-ref-datatypes.html
- A cast of a TIMESTAMP to a day gives the day in the session's time zone; its seconds since 1970 do not depend on it.
- `trim` of several signs and `translate` make an object of each sign, so texts that need neither are found first;
  and `CASE … WHEN` works out what it compares again for each branch, so that tidied texts are columns.
- Learned tables are nested CASE. Of the other ways that `make bench-spark` measures, arrays at a counted bin, with
  `array_position` for texts, are faster by a quarter where each step is compiled by itself, and slower where whole
  stages are; joins with broadcast tables are many times slower. In a whole scorecard look-ups are a small part, and
  nothing is gained: with `array_position` for all texts the tasks of 150,000 leads took 3.5 s of the processor, step by
  step, instead of 3.3.
- All steps in one method come near to the 64 KB that Java allows, and it interprets methods above 8,000 bytes:
  sessions of our own set `spark.sql.codegen.wholeStage` to false, and no method is larger than some hundred bytes.
- A step takes over only the columns that are asked later on: Spark leaves out the others too, but takes as long to plan
  a SELECT that has them as to score many thousand rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from leadledger.scoring.choice_forms import ITEM_END, LIST_PATTERN
from leadledger.scoring.day_forms import UTC_NAME
from leadledger.scoring.errors import PrinterError, quote
from leadledger.scoring.number_forms import NUMBER_PATTERN
from leadledger.scoring.printers.sql.dialects.column_types import INSTANTS, TIMES
from leadledger.scoring.printers.sql.dialects.dialect import Dialect, class_of
from leadledger.scoring.printers.sql.dialects.literals import FIRST, LAST, group_template
from leadledger.scoring.text_forms import BLANK_RANGES, DOT_ABOVE, INVISIBLE_RANGES, WHITE_SPACE, Letters

TYPES = {
    "DOUBLE": "DOUBLE",
    "VARCHAR": "STRING",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "INTEGER": "INT",
    "BIGINT": "BIGINT",
}
_AWKWARD = re.compile(r"([\x00-\x1f\x7f'\\]|\$(?=\{))")  # signs that are written by their numbers
_INVISIBLE, _BLANK = class_of(INVISIBLE_RANGES, r"\u{:04X}"), class_of(BLANK_RANGES, r"\u{:04X}")
_OUTER = class_of([(9, 13), (32, 32), *BLANK_RANGES, *INVISIBLE_RANGES], r"\u{:04X}")
_INFINITY = "CAST('Infinity' AS DOUBLE)"
# As a DataFrame's `dtypes` and SQL name them.
FAMILIES = {
    "text": ("string", "varchar", "char", "character", "void"),
    "integer": ("tinyint", "smallint", "int", "bigint", "byte", "short", "integer", "long"),
    "real": ("float", "real"),
    "float": ("double",),
    "decimal": ("decimal", "dec", "numeric"),
    "flag": ("boolean",),
    "date": ("date",),
    "time": ("timestamp_ntz",),
    "instant": ("timestamp", "timestamp_ltz"),
}


def name(identifier: str) -> str:
    """A quoted identifier. Raises PrinterError where Spark would read another one."""
    if not identifier or "${" in identifier:
        raise PrinterError(f"Spark can't be asked for a name like {quote(identifier)}; rename the column")
    return "`" + identifier.replace("`", "``") + "`"


def text(value: str) -> str:
    """A text literal."""
    parts = [
        f"chr({ord(part)})" if _AWKWARD.fullmatch(part) or part == "$" else f"'{part}'"
        for part in _AWKWARD.split(value)
        if part
    ]
    return f"({' || '.join(parts)})" if len(parts) > 1 else parts[0] if parts else "''"


def number(value: float) -> str:
    """A literal of a double."""
    return f"{value!r}D"


def fold(value: str, letters: Letters) -> str:
    """A text as it is compared; lower() folds beyond the table, and is quick for texts of ASCII alone.

    Spark has no normal forms: the letters that matter are put together with their marks one after the other, by a
    function over a list, since calls in calls would outgrow a method.
    """
    seen = f"regexp_replace(regexp_replace({value}, {text(_INVISIBLE + '+')}, ''), {text(_BLANK)}, ' ')"
    folded = f"translate({seen}, {text(letters.upper)}, {text(letters.lower)})" if letters.upper else seen
    if letters.has_i:
        folded = f"replace({folded}, 'i{DOT_ABOVE}', 'i')"
    if letters.composed:
        pairs = text(" ".join(sequence + sign for sequence, sign in letters.composed))
        step = "replace(whole, left(pair, length(pair) - 1), right(pair, 1))"
        folded = f"aggregate(split({pairs}, ' '), {folded}, (whole, pair) -> {step})"
    return f"CASE WHEN octet_length({value}) = length({value}) THEN lower({value}) ELSE {folded} END"


def trim(value: str) -> str:
    """Without the six kinds of ASCII white space at both ends."""
    return f"CASE WHEN {_ends(value)} THEN {value} ELSE btrim({value}, {text(WHITE_SPACE)}) END"


def strip(value: str) -> str:
    """Without white space and invisible signs at both ends."""
    return f"regexp_replace({value}, {text(f'^{_OUTER}+|{_OUTER}+$')}, '')"


def plain(value: str, keys: frozenset[str]) -> Sequence[str]:
    """Ways to ask whether a text surely has nothing to strip, and none of some keys, cheapest first."""
    ascii_keys = ", ".join(text(key) for key in sorted(keys) if key.isascii())
    return [f"{_ends(value)} AND octet_length({value}) = length({value}) AND lower({value}) NOT IN ({ascii_keys})"]


def _ends(value: str) -> str:
    """Whether a text surely has no white space at its ends; texts are compared by their bytes."""
    return f"{value} >= '!' AND substr({value}, -1) >= '!'"


def matches(value: str, pattern: str) -> str:
    """Whether a pattern matches the whole of a text."""
    return f"{value} rlike {_whole(pattern)}"


def _whole(pattern: str) -> str:
    """A pattern from the start to the very end of a text, without a backslash."""
    return text(f"(?s)^(?:{pattern})(?!.)".replace(r"\.", "[.]"))


def holds_numbers(raw: str) -> str:
    """Whether a column has a type of numbers with decimals."""
    return f"typeof({raw}) rlike '^(float|double|decimal)'"


def is_plain_number(raw: str) -> str:
    """Whether a text has the plain form of a number, white space around it or not."""
    return matches(raw, f"[{WHITE_SPACE}]*(?:{NUMBER_PATTERN})[{WHITE_SPACE}]*")


def to_double(text: str) -> str:
    """The double of a text in the plain form of a number, or NULL where it is not finite."""
    double = cast_number(text)
    return f"CASE WHEN {is_finite(double)} THEN {double} END"


def cast_number(text: str) -> str:
    """The double of a text that surely is a finite number."""
    return f"try_cast({text} AS DOUBLE)"


def rewrite(value: str, pattern: str, template: str) -> str:
    """The template, with the groups of a pattern in it, where that matches the whole of a text; else the text."""
    return f"regexp_replace({value}, {_whole(pattern)}, {text(group_template(template, '$'))})"


def plain_day(raw: str) -> str:
    """The day of a text like 2026-01-31, which a cast gives back as it was, or NULL."""
    day = f"try_cast({raw} AS DATE)"
    return f"CASE WHEN CAST({day} AS STRING) = {raw} AND {day} BETWEEN {FIRST} AND {LAST} THEN {day} END"


def add_days(day: str, days: str) -> str:
    """The day some days after a day."""
    return f"date_add({day}, {days})"


def local_day(day: str, minutes: str, zone: str) -> str:
    """The day in a zone, some minutes after the start of a day in UTC."""
    start = f"CAST({day} AS TIMESTAMP_NTZ) + make_dt_interval(0, 0, {minutes}, 0)"
    return f"CAST(convert_timezone('UTC', {text(zone)}, {start}) AS DATE)"


def day(raw: str, kind: str, zone: str) -> str:
    """The day of a column of a DATE or a time; of an instant, the day in a zone, whatever the session's."""
    if kind not in INSTANTS:
        return f"CAST({raw} AS DATE)"
    day = f"date_from_unix_date(CAST(floor(unix_seconds({raw}) / {number(86400.0)}) AS INT))"
    if zone == UTC_NAME:
        return day
    return local_day(day, f"CAST(floor(pmod(unix_seconds({raw}), 86400) / {number(60.0)}) AS INT)", zone)


def search(way: str, whole: str, part: str) -> str:
    """`contains`, `starts_with`, `ends_with`: never LIKE, whose signs a text may hold."""
    return f"{way.replace('_', '')}({whole}, {part})"


def days_between(end: str, start: str) -> str:
    """Days from `start` to `end`, as a double."""
    return f"CAST(datediff({end}, {start}) AS DOUBLE)"


def element(items: Sequence[object], at: str) -> str:
    """An item of a list by its position from 0; the list becomes a constant as the query is planned."""
    return f"array({', '.join(map(str, items))})[{at}]"


def integer_division(value: str, by: int) -> str:
    """Of whole numbers, neither of them negative; a BIGINT."""
    return f"({value}) div {by}"


def is_finite(value: str) -> str:
    """Whether a double is a number; NaN is above infinity."""
    return f"abs({value}) < {_INFINITY}"


def as_text(raw: str) -> str:
    """The text of a column of any type, in no collation, by which `a` and `A` may be equal."""
    return f"CAST({raw} AS STRING)"


def json_items(value: str) -> str:
    """The items of a text that is a JSON list, joined; NULL for any other text."""
    is_list = matches(value, LIST_PATTERN)
    return f"CASE WHEN {is_list} THEN array_join(from_json({value}, 'array<string>'), {text(ITEM_END)}) END"


def list_items(value: str) -> str:
    """The items of a list, joined, without those that are NULL."""
    return f"array_join(CAST({value} AS ARRAY<STRING>), {text(ITEM_END)})"


def replace_pattern(value: str, pattern: str, replacement: str) -> str:
    """A text with a replacement for all that a pattern matches."""
    return f"regexp_replace({value}, {text(pattern)}, {text(replacement)})"


def sort_parts(value: str, separator: str) -> str:
    """The parts of a text between separators, each once, by their code points."""
    parts = f"split({value}, {text(f'[{separator}]')})"
    return f"array_join(array_sort(array_distinct({parts})), {text(separator)})"


def day_as_text(raw: str) -> str:
    """The text of a day or a time in a column of an unknown type; of an instant, in UTC, as only JSON writes it.

    Spark knows the type when it plans, and leaves out the other branch; but both must fit any type.
    """
    in_utc = f"get_json_object(to_json(named_struct('at', {raw}), map('timeZone', 'UTC')), '$.at')"
    is_instant = f"typeof({raw}) = 'timestamp' OR typeof({raw}) LIKE 'timestamp_ltz%'"
    return f"CASE WHEN {is_instant} THEN {in_utc} ELSE {as_text(raw)} END"


def json_of(value: str) -> str:
    """The JSON of a struct or a map."""
    return f"to_json({value})"


def is_json(value: str) -> str:
    """Whether a text is JSON."""
    return f"try_parse_json({value}) IS NOT NULL"


def json_member(value: str, members: Sequence[str], exact: bool) -> str:
    """The text of a member of a JSON text."""
    path = text("$" + "".join(f"['{member}']" for member in members))
    member = f"get_json_object({value}, {path})"
    if not exact:
        return member
    kind = f"schema_of_variant(try_variant_get(try_parse_json({value}), {path}, 'variant'))"
    number = f"({kind} LIKE 'DECIMAL%' OR {kind} IN ('DOUBLE', 'FLOAT'))"
    return (
        f"CASE WHEN {number} AND {member} LIKE '%.%' AND {member} NOT LIKE '%E%' THEN {member} || '0' ELSE {member} END"
    )


SPARK = Dialect(
    label="Spark",
    families=FAMILIES,
    homonyms=dict.fromkeys(TIMES, "TIMESTAMP_NTZ"),
    as_text=as_text,
    day_as_text=day_as_text,
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
    day=day,
    table_parts=3,
    plain=plain,
    prunes=False,
    tidies_first=True,
)
