"""The names of the fields that a card proposes for columns: standard ones of CRMs, else the column's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from leadledger.scoring.card.condition_tokens import RESERVED
from leadledger.scoring.card.crm_names import read_labels, read_standard_fields
from leadledger.scoring.column_names import name_key
from leadledger.training.card_proposal.column_meaning import spell_plainly

LONGEST_FIELD_NAME = 60
# Words of conditions, and `stage`, which says where a lead stands.
_TAKEN_WORDS = frozenset({*RESERVED, "stage", "date", "like", "ilike"})


def find_standard_field(column: str, kind: str) -> str:
    """The standard field of CRMs that a column has, where it is of that field's kind; else empty."""
    name = _read_standard_keys().get(name_key(column), "")
    return name if name and read_standard_fields()[name].kind == kind else ""


@cache
def _read_standard_keys() -> Mapping[str, str]:
    """The standard field of each key of a name; a key of two fields has none."""
    names: dict[str, set[str]] = {}
    for field, entry in read_standard_fields().items():
        spellings: list[str] = [field, *entry.anywhere.values()]
        for labels in read_labels().get(field, {}).values():
            spellings.extend(labels)
        for spelling in spellings:
            names.setdefault(name_key(spelling), set()).add(field)
    return {key: next(iter(fields)) for key, fields in names.items() if len(fields) == 1}


def name_fields(kinds: Mapping[str, str], columns: Iterable[str]) -> dict[str, str]:
    """The name of the field of each column of `kinds`, which maps columns to the kinds of their fields.

    `columns` are all of the list: no field gets a name that another column has, in any spelling.
    """
    homes: dict[str, str] = {}
    for column in columns:
        homes.setdefault(name_key(column), column)
    names: dict[str, str] = {}
    taken: set[str] = set()
    for place, (column, kind) in enumerate(kinds.items(), start=1):
        standard = find_standard_field(column, kind)
        for name in (standard, *_list_names(make_name(column) or f"column_{place}")):
            key = name_key(name)
            if name and name not in _TAKEN_WORDS and key not in taken and homes.get(key, column) == column:
                names[column] = name
                taken.add(key)
                break
    return names


def make_name(column: str) -> str:
    """The words of a column's name as the name of a field; empty where it has no Latin letter to start with."""
    plain = spell_plainly(re.sub(r"__c$", "", column))
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain).lower()
    words = re.sub(r"[^a-z0-9]+", "_", parted).strip("_")
    return re.sub(r"^[^a-z]+", "", words)[:LONGEST_FIELD_NAME].strip("_")


def _list_names(name: str) -> Iterable[str]:
    """A name, and others in its place."""
    yield name
    yield f"crm_{name}"[:LONGEST_FIELD_NAME]
    for number in range(2, 10_000):
        yield f"{name[: LONGEST_FIELD_NAME - 6]}_{number}"
