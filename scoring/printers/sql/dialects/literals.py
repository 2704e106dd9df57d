"""Names and literals of SQL, as DuckDB reads them and most engines do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from leadledger.scoring.errors import DataError, quote

CONTROL = re.compile(r"([\x00-\x1f\x7f])")
# The signs that DuckDB turns into plain spaces before it parses, also in a text where it takes that for code: a filter
# or a comment of the user's, such as /* don't */ or E'it\'s', misleads it. https://github.com/duckdb/duckdb/pull/5858
_MISREAD = re.compile(r"([\x00-\x1f\x7f\xa0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff])")
# The days that a field can hold.
FIRST, LAST = "DATE '0001-01-01'", "DATE '9999-12-31'"


def quoted(identifier: str) -> str:
    """A quoted identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def quoted_text(value: str) -> str:
    """A text in quotes."""
    return "'" + value.replace("'", "''") + "'"


def text_literal(
    value: str, in_quotes: Callable[[str], str] = quoted_text, by_number: re.Pattern[str] = CONTROL
) -> str:
    """A text literal. Signs that a lexer may trip over, here control characters, are written by their numbers."""
    if value.isprintable():
        return in_quotes(value)
    parts = [
        f"chr({ord(part)})" if by_number.fullmatch(part) else in_quotes(part) for part in by_number.split(value) if part
    ]
    return f"({' || '.join(parts)})" if len(parts) > 1 else parts[0] if parts else "''"


def text_expression(value: str) -> str:
    """A text where any expression may stand, beside SQL of the user's: also the blanks are written by their numbers."""
    return text_literal(value, by_number=_MISREAD)


def group_template(template: str, sign: str = "\\") -> str:
    """A template, in which `{1}` is the first group of a pattern, as an engine writes it: `\\1`, or another sign."""
    return re.sub(r"\{([1-9])\}", lambda group: f"{sign}{group[1]}", template)


def escaped_literal(value: str, escapes: Mapping[str, str]) -> str:
    """A text literal for an engine whose literals have escapes; other control characters are written as a number."""
    signs = [
        escapes[sign] if sign in escapes else f"' || CHR({ord(sign)}) || '" if CONTROL.fullmatch(sign) else sign
        for sign in value
    ]
    literal = f"'{''.join(signs)}'"
    return f"({literal})" if any(CONTROL.fullmatch(sign) and sign not in escapes for sign in value) else literal


def number_literal(value: float) -> str:
    """A literal of type DOUBLE: with an exponent, since without one it is a DECIMAL and compares otherwise."""
    shortest = repr(value)
    return shortest if "e" in shortest else f"{shortest}e0"


def table_parts(table: str, most: int = 2) -> list[str]:
    """The parts of `table`, `schema.table` or `"any.thing"."else"`, without their quotes; at most `most` of them.

    Raises DataError.
    """
    return [part for part, _ in written_parts(table, most)]


def written_parts(table: str, most: int = 2) -> list[tuple[str, bool]]:
    """As `table_parts`, and whether each part stands in quotes. Raises DataError."""
    parts: list[tuple[str, bool]] = []
    rest = table
    while True:
        in_quotes = rest.startswith('"')
        if in_quotes:
            end = 1
            while end < len(rest) and (rest[end] != '"' or rest[end : end + 2] == '""'):
                end += 2 if rest[end] == '"' else 1
            part, rest = rest[1:end].replace('""', '"'), rest[end + 1 :]
        else:
            part, dot, rest = rest.partition(".")
            rest = dot + rest
        parts.append((part, in_quotes))
        if not rest.startswith("."):
            break
        rest = rest[1:]
    if rest or len(parts) > most or not all(part and "\0" not in part for part, _ in parts):
        raise DataError(f'{quote(table)} is no name of a table; write it like leads, crm.leads or "odd.name"')
    return parts
