"""How SQL is spelt: literals that every engine reads alike, and the short list of what they spell in their own way."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scoring.field import SPACE

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CONTROL = re.compile(r"([\x00-\x1f\x7f])")


@dataclass(frozen=True)
class Dialect:
    """What one engine spells in its own way; each takes and gives SQL."""

    fold: Callable[[str], str]
    search: Callable[[str, str, str], str]
    days_between: Callable[[str, str], str]
    element: Callable[[Sequence[object], str], str]
    integer_division: Callable[[str, int], str]
    trim: Callable[[str], str]
    matches: Callable[[str, str], str]
    group: Callable[[str, str, int], str]
    try_cast: Callable[[str, str], str]
    is_nan: Callable[[str], str]
    is_finite: Callable[[str], str]
    add_days: Callable[[str, str], str]


def name(identifier: str) -> str:
    """A quoted identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text literal. Control characters, which a lexer may trip over, are written by their number."""
    parts = [
        f"chr({ord(part)})" if _CONTROL.fullmatch(part) else "'" + part.replace("'", "''") + "'"
        for part in _CONTROL.split(value)
        if part
    ]
    return f"({' || '.join(parts)})" if len(parts) > 1 else parts[0] if parts else "''"


def number(value: float) -> str:
    """A literal of type DOUBLE: with an exponent, since without one it is a DECIMAL and compares otherwise."""
    shortest = repr(value)
    return shortest if "e" in shortest else f"{shortest}e0"


def comment(words: str) -> str:
    """Words that can stand behind `--`: on one line, whatever they hold."""
    return "".join(one if one.isprintable() else " " for one in words)


def _duckdb_search(way: str, whole: str, part: str) -> str:
    return f"{way}({whole}, {part})"


DUCKDB = Dialect(
    # https://duckdb.org/docs/stable/sql/functions/text: translate() works by characters; lower() folds beyond ASCII.
    fold=lambda value: f"translate({value}, '{UPPER}', '{UPPER.lower()}')",
    search=_duckdb_search,
    days_between=lambda end, start: f"CAST(({end} - {start}) AS DOUBLE)",
    element=lambda items, at: f"([{', '.join(map(str, items))}])[{at} + 1]",  # lists count from 1
    integer_division=lambda value, by: f"({value}) // {by}",
    trim=lambda value: f"trim({value}, {text(SPACE)})",
    matches=lambda value, pattern: f"regexp_full_match({value}, {text(pattern)})",
    group=lambda value, pattern, at: f"regexp_extract({value}, {text(pattern)}, {at})",
    try_cast=lambda value, kind: f"TRY_CAST({value} AS {kind})",
    is_nan=lambda value: f"isnan({value})",
    is_finite=lambda value: f"isfinite({value})",
    add_days=lambda day, days: f"({day} + CAST({days} AS INTEGER))",
)

DIALECTS = {"duckdb": DUCKDB}
