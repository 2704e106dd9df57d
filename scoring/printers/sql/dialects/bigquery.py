"""BigQuery's spelling (GoogleSQL): what differs from DuckDB, each with the page behind it.

It runs on GoogleSQL's reference implementation (tests/test_googlesql.py), and was never run on BigQuery.

- A quote in a text is `\\'`, since two texts side by side are a mistake, and a backslash is written twice.
  https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical
- "Flexible column names" hold letters, digits and some signs, a colon among them; what no table can have is refused
  here. https://cloud.google.com/bigquery/docs/schemas#flexible-column-names
- `GREATEST` is NULL as soon as one value is.
  https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions#greatest
- `EXP` beyond a double is an error, and so is a day before year 1 or after 9999; a name with a colon that goes into a
  table of one's own needs flexible names too, which only concerns the columns of `--ledger`.
- `SAFE_CAST` gives NULL for what can't be read, but reads more than our forms: the form is checked first.
  https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions
- A collation, by which `a` and `A` may be equal, is taken off by `COLLATE(…, '')`.
  https://cloud.google.com/bigquery/docs/reference/standard-sql/collation-concepts
- A step takes over all columns (`*`): a common table expression is no table, and columns that nobody uses are not read.
- Nothing keeps the steps apart, as `OFFSET 0` does in PostgreSQL: no page says that it is needed, or what would do it.
"""

from __future__ import annotations

from collections.abc import Sequence

from leadledger.scoring.choice_forms import ITEM_END, LIST_PATTERN
from leadledger.scoring.errors import PrinterError, quote
from leadledger.scoring.number_forms import NUMBER_PATTERN
from leadledger.scoring.printers.sql.dialects import literals
from leadledger.scoring.printers.sql.dialects.column_types import INSTANTS, TIMES
from leadledger.scoring.printers.sql.dialects.dialect import Dialect, class_of, most_known
from leadledger.scoring.printers.sql.dialects.literals import group_template
from leadledger.scoring.text_forms import BLANK_RANGES, DOT_ABOVE, INVISIBLE_RANGES, Letters

LONGEST_NAME = 300  # characters
NOTE = "printed for BigQuery; run on GoogleSQL's reference implementation, not on BigQuery"
TYPES = {
    "DOUBLE": "FLOAT64",
    "VARCHAR": "STRING",
    "BOOLEAN": "BOOL",
    "DATE": "DATE",
    "INTEGER": "INT64",
    "BIGINT": "INT64",
}
# https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types
FAMILIES = {
    "text": ("STRING",),
    "integer": ("INT64", "INTEGER", "INT", "SMALLINT", "BIGINT", "TINYINT", "BYTEINT"),
    "float": ("FLOAT64", "FLOAT"),
    "decimal": ("NUMERIC", "BIGNUMERIC", "DECIMAL", "BIGDECIMAL"),
    "flag": ("BOOL", "BOOLEAN"),
    "date": ("DATE",),
    "time": ("DATETIME",),
    "instant": ("TIMESTAMP",),
}
_FOREIGN = '!"$()*,./;?@[\\]^`{}~'  # signs that no name has
_SPACES = r"[ \t\n\r\f\v]*"  # as RE2 reads it, in a raw text
_SPACE = r"' \t\n\r\f\v'"  # as a text reads it
_INVISIBLE, _BLANK = class_of(INVISIBLE_RANGES, r"\x{{{:X}}}"), class_of(BLANK_RANGES, r"\x{{{:X}}}")
_OUTER = class_of([(9, 13), (32, 32), *BLANK_RANGES, *INVISIBLE_RANGES], r"\x{{{:X}}}")
_INFINITY = "CAST('inf' AS FLOAT64)"


def name(identifier: str) -> str:
    """A quoted identifier. Raises PrinterError where BigQuery has no such name."""
    if not identifier.isprintable() or set(identifier) & set(_FOREIGN) or not 0 < len(identifier) <= LONGEST_NAME:
        raise PrinterError(
            f"BigQuery has no name {quote(identifier)}: a name has {LONGEST_NAME} characters at most, and none of"
            f" {_FOREIGN}; rename the column"
        )
    return f"`{identifier}`"


def text(value: str) -> str:
    """A text literal."""
    return literals.escaped_literal(value, {"'": r"\'", "\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def fold(value: str, letters: Letters) -> str:
    """A text as it is compared; LOWER folds beyond the table."""
    folded = f"REGEXP_REPLACE(REGEXP_REPLACE({value}, r'{_INVISIBLE}+', ''), r'{_BLANK}', ' ')"
    folded = f"TRANSLATE({folded}, {text(letters.upper)}, {text(letters.lower)})" if letters.upper else folded
    if letters.has_i:
        folded = f"REPLACE({folded}, 'i{DOT_ABOVE}', 'i')"
    return f"NORMALIZE({folded}, NFC)" if letters.composes else folded


def trim(value: str) -> str:
    """Without the six kinds of ASCII white space at both ends."""
    return f"TRIM({value}, {_SPACE})"


def strip(value: str) -> str:
    """Without white space and invisible signs at both ends."""
    return f"REGEXP_REPLACE({value}, r'^{_OUTER}+|{_OUTER}+$', '')"


def matches(value: str, pattern: str) -> str:
    """Whether a pattern of RE2 matches the whole of a text."""
    whole = rf"\A(?:{pattern})\z"
    literal = text(whole) if "'" in whole else f"r'{whole}'"
    return f"REGEXP_CONTAINS({value}, {literal})"


def holds_numbers(raw: str) -> str:
    """Whether a column has a type of numbers with decimals."""
    return f"NOT STARTS_WITH(TO_JSON_STRING({raw}), '\"')"


def is_plain_number(raw: str) -> str:
    """Whether a text has the plain form of a number, white space around it or not."""
    return matches(raw, f"{_SPACES}(?:{NUMBER_PATTERN}){_SPACES}")


def to_double(text: str) -> str:
    """The double of a text in the plain form of a number, or NULL where it is not finite."""
    double = cast_number(trim(text))
    return f"CASE WHEN {is_finite(double)} THEN {double} END"


def cast_number(text: str) -> str:
    """The double of a text that surely is a finite number."""
    return f"SAFE_CAST({text} AS FLOAT64)"


def rewrite(value: str, pattern: str, template: str) -> str:
    """The template, with the groups of a pattern in it, where that matches the whole of a text; else the text."""
    return rf"REGEXP_REPLACE({value}, r'\A(?:{pattern})\z', r'{group_template(template)}')"


def plain_day(raw: str) -> str:
    """The day of a text like 2026-01-31, or NULL."""
    return f"CASE WHEN {matches(raw, '[0-9]{4}-[0-9]{2}-[0-9]{2}')} THEN SAFE_CAST({raw} AS DATE) END"


def add_days(day: str, days: str) -> str:
    """The day some days after a day; beyond the years 1 to 9999 is an error."""
    return f"DATE_ADD({day}, INTERVAL {days} DAY)"


def local_day(day: str, minutes: str, zone: str) -> str:
    """The day in a zone, some minutes after the start of a day in UTC."""
    return f"DATE(TIMESTAMP_ADD(TIMESTAMP({day}, 'UTC'), INTERVAL {minutes} MINUTE), {text(zone)})"


def day(raw: str, kind: str, zone: str) -> str:
    """The day of a column of a DATE or a time; of an instant, the day in a zone, whatever the session's."""
    return f"DATE({raw}, {text(zone)})" if kind in INSTANTS else f"CAST({raw} AS DATE)"


def search(way: str, whole: str, part: str) -> str:
    """`contains`, `starts_with`, `ends_with`: never LIKE, whose signs a text may hold."""
    if way == "contains":
        return f"STRPOS({whole}, {part}) > 0"
    return f"{'STARTS_WITH' if way == 'starts_with' else 'ENDS_WITH'}({whole}, {part})"


def days_between(end: str, start: str) -> str:
    """Days from `start` to `end`, as a double; the later day comes first."""
    return f"CAST(DATE_DIFF({end}, {start}, DAY) AS FLOAT64)"


def element(items: Sequence[object], at: str) -> str:
    """An item of a list by its position from 0; beyond the list is an error."""
    return f"[{', '.join(map(str, items))}][OFFSET({at})]"


def integer_division(value: str, by: int) -> str:
    """Of whole numbers, neither of them negative."""
    return f"DIV({value}, {by})"


def exp(value: str) -> str:
    """e to the power of a double that is not above 0, where it is used; elsewhere 1, and no error."""
    return f"EXP(LEAST({value}, 0.0))"


def is_finite(value: str) -> str:
    """Whether a double is a number; NaN is below nothing."""
    return f"ABS({value}) < {_INFINITY}"


def is_nan(value: str) -> str:
    """Whether a double is NaN."""
    return f"IS_NAN({value})"


def json_items(value: str) -> str:
    """The items of a text that is a JSON list, joined; NULL for any other text."""
    items = f"ARRAY_TO_STRING(JSON_VALUE_ARRAY({value}), {text(ITEM_END)})"
    return f"CASE WHEN {matches(value, LIST_PATTERN)} THEN {items} END"


def list_items(value: str) -> str:
    """The items of a list, joined, without those that are NULL."""
    items = f"ARRAY(SELECT CAST(item AS STRING) FROM UNNEST({value}) AS item)"
    return f"ARRAY_TO_STRING({items}, {text(ITEM_END)})"


def replace_pattern(value: str, pattern: str, replacement: str) -> str:
    """A text with a replacement for all that a pattern matches."""
    return f"REGEXP_REPLACE({value}, {text(pattern)}, {text(replacement)})"


def sort_parts(value: str, separator: str) -> str:
    """The parts of a text between separators, each once, by their code points."""
    sign = text(separator)
    parts = f"SELECT DISTINCT part FROM UNNEST(SPLIT({value}, {sign})) AS part"
    return f"(SELECT STRING_AGG(part, {sign} ORDER BY part) FROM ({parts}))"


def json_of(value: str) -> str:
    """The JSON of a STRUCT or a JSON column."""
    return f"TO_JSON_STRING({value})"


def is_json(value: str) -> str:
    """Whether a text is JSON."""
    return f"SAFE.PARSE_JSON({value}) IS NOT NULL"


def json_member(value: str, members: Sequence[str], exact: bool) -> str:
    """The text of a member of a JSON text."""
    path = text("$" + "".join(f'."{member}"' for member in members))
    member = f"COALESCE(JSON_VALUE({value}, {path}), NULLIF(JSON_QUERY({value}, {path}), 'null'))"
    if not exact:
        return member
    number = f"JSON_TYPE(JSON_QUERY(SAFE.PARSE_JSON({value}), {path})) = 'number'"
    return f"CASE WHEN {number} AND {member} LIKE '%.%' THEN {member} || '0' ELSE {member} END"


BIGQUERY = Dialect(
    label="BigQuery",
    families=FAMILIES,
    homonyms=dict.fromkeys(TIMES, "DATETIME"),
    as_text="COLLATE(CAST({} AS STRING), '')".format,
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
    is_nan=is_nan,
    exp=exp,
    md5="TO_HEX(MD5({}))".format,
    most=most_known,
    day=day,
    table_parts=3,
    note=NOTE,
)
