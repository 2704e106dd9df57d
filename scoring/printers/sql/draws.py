"""Draws in SQL: the key of a lead's id, and whether a stage draws that key, as `scoring/exploration.py`."""

from __future__ import annotations

from collections.abc import Sequence

from leadledger.scoring.exploration import DRAW_DIGITS, Exploration
from leadledger.scoring.lead_ids import SALESFORCE_LONG, SUFFIX_SIGNS
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.expression import Expression, join, spell, write

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def print_draw(exploration: Exploration, lead_key: Expression, dialect: Dialect) -> Expression:
    """Whether a lead is drawn; NULL where it has no key."""
    text = write("{} || {}", lead_key, dialect.text(exploration.tail))
    digest = spell(dialect.md5, text)
    return write("substr({}, 1, {}) < {}", digest, DRAW_DIGITS, dialect.text(exploration.bound))


def print_lead_key(ids: Sequence[Expression], dialect: Dialect) -> Expression:
    """The key of the first id that there is; NULL where there is none."""
    keys = [_print_key(lead_id, dialect) for lead_id in ids]
    return write("coalesce({})", join(", ", keys)) if len(keys) > 1 else keys[0]


def _print_key(lead_id: Expression, dialect: Dialect) -> Expression:
    """The key of an id: the first 15 signs of the long spelling that Salesforce has, else the id itself."""
    looks_long = write("length({}) = 18 AND {}", lead_id, spell(dialect.matches, lead_id, SALESFORCE_LONG))
    checksum = join(" || ", [_print_checksum_sign(lead_id, start, dialect) for start in (1, 6, 11)])
    return write(
        "CASE WHEN {} THEN CASE WHEN substr({}, 16, 3) = {} THEN substr({}, 1, 15) ELSE {} END ELSE {} END",
        *(looks_long, lead_id, checksum, lead_id, lead_id, lead_id),
    )


def _print_checksum_sign(lead_id: Expression, start: int, dialect: Dialect) -> Expression:
    """The sign that says which of five signs of an id are capital letters, from the place `start` (from 1) on."""
    bits = []
    for i in range(5):
        sign = write("substr({}, {}, 1)", lead_id, start + i)
        is_capital = spell(lambda sign: dialect.search("contains", dialect.text(_CAPITALS), sign), sign)
        bits.append(write("CASE WHEN {} THEN {} ELSE 0 END", is_capital, 2**i))
    return write("substr({}, 1 + {}, 1)", dialect.text(SUFFIX_SIGNS), join(" + ", bits))
