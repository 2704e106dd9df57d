"""Names and literals of SQL, as DuckDB reads them and most engines do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from leadledger.scoring.errors import DataError, shown

_CONTROL = re.compile(r"([\x00-\x1f\x7f])")
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The days that a field can hold.
FIRST, LAST = "DATE '0001-01-01'", "DATE '9999-12-31'"
INSTANTS = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")  # the types of a time that has a zone


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


def escaped(value: str, escapes: Mapping[str, str]) -> str:
    """A text literal where literals know escapes; control characters beyond these are written by their number."""
    signs = [
        escapes[one] if one in escapes else f"' || CHR({ord(one)}) || '" if _CONTROL.fullmatch(one) else one
        for one in value
    ]
    literal = f"'{''.join(signs)}'"
    return f"({literal})" if any(_CONTROL.fullmatch(one) and one not in escapes for one in value) else literal


def number(value: float) -> str:
    """A literal of type DOUBLE: with an exponent, since without one it is a DECIMAL and compares otherwise."""
    shortest = repr(value)
    return shortest if "e" in shortest else f"{shortest}e0"


def comment(words: str) -> str:
    """Words that can stand behind `--`: on one line, whatever they hold."""
    return "".join(one if one.isprintable() else " " for one in words)


def table_parts(table: str, most: int = 2) -> list[str]:
    """The parts of `table`, `schema.table` or `"any.thing"."else"`, `most` of them at most, without their quotes.

    Raises DataError.
    """
    parts: list[str] = []
    rest = table
    while True:
        if rest.startswith('"'):
            end = 1
            while end < len(rest) and (rest[end] != '"' or rest[end : end + 2] == '""'):
                end += 2 if rest[end] == '"' else 1
            part, rest = rest[1:end].replace('""', '"'), rest[end + 1 :]
        else:
            part, dot, rest = rest.partition(".")
            rest = dot + rest
        parts.append(part)
        if not rest.startswith("."):
            break
        rest = rest[1:]
    if rest or len(parts) > most or not all(parts) or any("\0" in one for one in parts):
        raise DataError(f'{shown(table)} is no name of a table; write it like leads, crm.leads or "odd.name"')
    return parts
