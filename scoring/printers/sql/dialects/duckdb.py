"""DuckDB's spelling, with the page behind each oddity. https://duckdb.org/docs/stable/sql/functions/text"""

from __future__ import annotations

from collections.abc import Sequence

from leadledger.scoring.choice_forms import ITEM_END, LIST_PATTERN
from leadledger.scoring.day_forms import UTC_NAME
from leadledger.scoring.number_forms import NUMBER_PATTERN
from leadledger.scoring.printers.sql.dialects.column_types import INSTANTS
from leadledger.scoring.printers.sql.dialects.dialect import Dialect, class_of
from leadledger.scoring.printers.sql.dialects.literals import group_template, text_expression
from leadledger.scoring.text_forms import (
    BLANK_RANGES,
    DOT_ABOVE,
    FINAL_SIGMA,
    INVISIBLE_RANGES,
    LOWER,
    SIGMA,
    WHITE_SPACE,
    Letters,
    are_plain,
)

_INVISIBLE, _BLANK = class_of(INVISIBLE_RANGES, r"\x{{{:X}}}"), class_of(BLANK_RANGES, r"\x{{{:X}}}")
_TO_PLAIN = {ord(sign) for sign, lower in LOWER.items() if are_plain(lower) and not sign.isascii()} | {ord(DOT_ABOVE)}
_OUTER = class_of([(9, 13), (32, 32), *BLANK_RANGES, *INVISIBLE_RANGES], r"\x{{{:X}}}")

# How DuckDB is set to run what is printed for it. Days are in UTC, nothing is fetched from anywhere. A long IN stays a
# condition: as a join it would give up the order of rows, or all threads but one where the order matters. And the
# list stays on its side of a join: DuckDB guesses how long it is, and might put it, of all things, into memory.
DUCKDB_SETTINGS = (
    "TimeZone = 'UTC'",
    "autoinstall_known_extensions = false",
    "enable_progress_bar = false",
    "disabled_optimizers = 'in_clause,join_order,build_side_probe_side'",
)


def fold(value: str, letters: Letters) -> str:
    """A text as it is compared.

    translate() is slow, so that lower() does it where it means the same; texts of ASCII alone need nothing else.
    """
    seen = f"regexp_replace(regexp_replace({value}, '{_INVISIBLE}+', '', 'g'), '{_BLANK}', ' ', 'g')"
    if letters.is_plain:
        folded = f"lower({seen})"
        if FINAL_SIGMA in letters.upper:
            folded = f"replace({folded}, '{FINAL_SIGMA}', '{SIGMA}')"
    else:
        folded = f"translate({seen}, {text_expression(letters.upper)}, {text_expression(letters.lower)})"
    if letters.has_i:
        folded = f"replace({folded}, 'i{DOT_ABOVE}', 'i')"
    if letters.composes:  # part by part, since nfc_normalize() ends a text at its first NUL; no mark joins over one
        folded = f"array_to_string([nfc_normalize(part) for part in string_split({folded}, chr(0))], chr(0))"
    return f"CASE WHEN strlen({value}) = length({value}) THEN lower({value}) ELSE {folded} END"


def trim(value: str) -> str:
    """Without the six kinds of ASCII white space at both ends."""
    return f"trim({value}, {text_expression(WHITE_SPACE)})"


def strip(value: str) -> str:
    """Without white space and invisible signs at both ends."""
    return f"regexp_replace({value}, '^{_OUTER}+|{_OUTER}+$', '', 'g')"


def plain(value: str, keys: frozenset[str]) -> Sequence[str]:
    """Ways to ask whether a text surely has nothing to strip, and none of some keys, cheapest first."""
    ends = f"{value}[1] > ' ' AND {value}[-1] > ' '"
    ascii_keys = ", ".join(text_expression(key) for key in sorted(keys) if key.isascii())
    is_ascii = f"strlen({value}) = length({value})"
    firsts = "".join(sorted({key[0] for key in keys if key} | {key[0].upper() for key in keys if key}))
    # Few texts start as a key does, and one look at the first sign costs a fraction of the list.
    ways = [f"{ends} AND {is_ascii} AND NOT contains({text_expression(firsts)}, {value}[1])"]
    ways.append(f"{ends} AND {is_ascii} AND lower({value}) NOT IN ({ascii_keys})")
    if are_plain(keys):  # a text beyond ASCII has none of them, unless with one of a few signs
        few = sorted({ord(sign) for key in keys for sign in key if not sign.isascii()} | _TO_PLAIN)
        odd = class_of([*BLANK_RANGES, *INVISIBLE_RANGES, *((code, code) for code in few)], r"\x{{{:X}}}")
        ways.append(f"{ends} AND strlen({value}) <> length({value}) AND NOT regexp_matches({value}, '{odd}')")
    return ways


def matches(value: str, pattern: str) -> str:
    """Whether a pattern matches the whole of a text."""
    return f"regexp_full_match({value}, {text_expression(pattern)})"


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


def rewrite(value: str, pattern: str, template: str) -> str:
    """The template, with the groups of a pattern in it, where that matches the whole of a text; else the text."""
    return (
        f"regexp_replace({value}, {text_expression(f'^(?:{pattern})$')}, {text_expression(group_template(template))})"
    )


def plain_day(raw: str) -> str:
    """The day of a text like 2026-01-31, which a cast gives back as it was, or NULL."""
    day = f"TRY_CAST({raw} AS DATE)"
    return f"CASE WHEN CAST({day} AS VARCHAR) = {raw} THEN {day} END"


def add_days(day: str, days: str) -> str:
    """The day some days after a day."""
    return f"({day} + {days})"


def local_day(day: str, minutes: str, zone: str) -> str:
    """The day in a zone, some minutes after the start of a day in UTC."""
    start = f"(CAST({day} AS TIMESTAMP) + to_minutes(CAST({minutes} AS BIGINT)))"
    return f"CAST(({start} AT TIME ZONE 'UTC') AT TIME ZONE {text_expression(zone)} AS DATE)"


def day(raw: str, kind: str, zone: str) -> str:
    """The day of a column of a DATE or a time; of an instant, the day in a zone, whatever the session's."""
    if kind in INSTANTS and zone == UTC_NAME:  # four times as quick as AT TIME ZONE, which asks ICU
        return f"CAST(make_timestamp(epoch_us({raw})) AS DATE)"
    return f"CAST({raw} AT TIME ZONE {text_expression(zone)} AS DATE)" if kind in INSTANTS else f"CAST({raw} AS DATE)"


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
    matches = f"regexp_full_match({value}, {text_expression(LIST_PATTERN)})"
    items = f"""from_json(CASE WHEN {matches} THEN {value} END, '["VARCHAR"]')"""
    return f"array_to_string({items}, {text_expression(ITEM_END)})"


def list_items(value: str) -> str:
    """The items of a list, joined, without those that are NULL."""
    return f"array_to_string(CAST({value} AS VARCHAR[]), {text_expression(ITEM_END)})"


def replace_pattern(value: str, pattern: str, replacement: str) -> str:
    """A text with a replacement for all that a pattern matches."""
    return f"regexp_replace({value}, {text_expression(pattern)}, {text_expression(replacement)}, 'g')"


def sort_parts(value: str, separator: str) -> str:
    """The parts of a text between separators, each once, by their code points."""
    sign = text_expression(separator)
    return f"array_to_string(list_sort(list_distinct(string_split({value}, {sign}))), {sign})"


# `COLLATE c` is no collation, also where the column or `default_collation` has one.
# https://duckdb.org/docs/stable/sql/expressions/collations
def json_of(value: str) -> str:
    """The JSON of a STRUCT, a MAP or a JSON column."""
    return f"CAST(to_json({value}) AS VARCHAR)"


def is_json(value: str) -> str:
    """Whether a text is JSON."""
    return f"json_valid({value})"


def json_member(value: str, members: Sequence[str], exact: bool) -> str:
    """The text of a member of a JSON text."""
    path = text_expression("$" + "".join(f'."{member}"' for member in members))
    member = f"json_extract_string({value}, {path})"
    if not exact:
        return member
    number = f"json_type({value}, {path}) = 'DOUBLE'"
    return f"CASE WHEN {number} AND {member} LIKE '%.%' THEN {member} || '0' ELSE {member} END"


DUCKDB = Dialect(
    fold=fold,
    trim=trim,
    strip=strip,
    search=search,
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
    plain=plain,
)
