"""Names and literals of SQL, as DuckDB reads them and most engines do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from leadledger.scoring.errors import DataError, quote

_CONTROL = re.compile(r"([\x00-\x1f\x7f])")
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The days that a field can hold.
FIRST, LAST = "DATE '0001-01-01'", "DATE '9999-12-31'"
INSTANTS = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")  # the types of a time that has a zone


def quoted(identifier: str) -> str:
    """A quoted identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """A text literal. Control characters, which a lexer may trip over, are written as a number."""
    if value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    parts = [
        f"chr({ord(part)})" if _CONTROL.fullmatch(part) else "'" + part.replace("'", "''") + "'"
        for part in _CONTROL.split(value)
        if part
    ]
    return f"({' || '.join(parts)})" if len(parts) > 1 else parts[0] if parts else "''"


def escaped_literal(value: str, escapes: Mapping[str, str]) -> str:
    """A text literal for an engine whose literals have escapes; other control characters are written as a number."""
    signs = [
        escapes[sign] if sign in escapes else f"' || CHR({ord(sign)}) || '" if _CONTROL.fullmatch(sign) else sign
        for sign in value
    ]
    literal = f"'{''.join(signs)}'"
    return f"({literal})" if any(_CONTROL.fullmatch(sign) and sign not in escapes for sign in value) else literal


def number_literal(value: float) -> str:
    """A literal of type DOUBLE: with an exponent, since without one it is a DECIMAL and compares otherwise."""
    shortest = repr(value)
    return shortest if "e" in shortest else f"{shortest}e0"


def table_parts(table: str, most: int = 2) -> list[str]:
    """The parts of `table`, `schema.table` or `"any.thing"."else"`, without their quotes; at most `most` of them.

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
    if rest or len(parts) > most or not all(parts) or any("\0" in part for part in parts):
        raise DataError(f'{quote(table)} is no name of a table; write it like leads, crm.leads or "odd.name"')
    return parts
