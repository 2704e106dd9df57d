"""A table of events: its columns, and the names of what is counted from it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from leadledger.scoring.column_names import name_key
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.errors import DataError, PrinterError, did_you_mean, quote
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.query import ENTRY_PARTS, name_counted, name_part
from leadledger.scoring.scorecard import Card

LEAD = "lead"  # the column with the id of the lead
_CONTENTS = {LEAD: "the ids of the leads", "kind": "the kinds of the events", "time": "the times of the events"}
REQUIRED = tuple(_CONTENTS)
OPTIONAL = ("id", "source", "received")
PROPERTIES = "properties"  # the column that may hold all properties as an object
# Of a rule: how many events of machines would have earned points, and what they would have earned.
MACHINE_PARTS = ("machine_events", "machine")
# How many events of a lead were left out and why, were counted, are those of machines among these, and can't be read.
TOTALS = ("unknown", "future", "late", "repeated", "counted", "machine", "unreadable")
UNREADABLE = name_counted("ll:unreadable")


@dataclass(frozen=True)
class EventTable:
    """A table with a row for each event, in any order.

    `source` is a FROM item, `columns` are its columns with their types as the printer names them: REQUIRED, perhaps
    OPTIONAL, and a column for each property, or one column PROPERTIES that holds objects. `keys` are the names of the
    members of those; empty: the names that the card has for them. `compared`: where somebody has looked, a FROM item of
    all events that must be compared with others: those that may have come more than once, and those of mails of which
    a program may have followed several links. None of them is in `source` then; empty where there are none. None:
    any event of `source` must be compared. `plain` are members whose texts are known to have no white space at their
    ends, to be neither empty nor longer than a name may be.
    """

    source: str
    columns: Mapping[str, str]
    keys: Sequence[str] = ()
    compared: str | None = None
    plain: Collection[str] = ()

    @property
    def has_objects(self) -> bool:
        """Whether the properties stand in objects."""
        return PROPERTIES in self.columns


def check_columns(columns: Mapping[str, object], label: str) -> None:
    """Raises DataError, which calls the table `label`, where a column is missing that events need."""
    lacking = next((column for column in REQUIRED if column not in columns), "")
    if lacking:
        others = [column for column in columns if column not in REQUIRED]
        near = difflib.get_close_matches(lacking, [column.casefold() for column in others], n=1, cutoff=0.7)
        similar = next((quote(column) for column in others if column.casefold() in near), "")
        mend = f"rename {similar} to {quote(lacking)}" if similar else f"rename the one with {_CONTENTS[lacking]}"
        have = ", ".join(map(quote, list(columns)[:12]))
        raise DataError(f"{label}: has no column {quote(lacking)}; its columns are {have}; {mend}")


def list_event_columns(card: Card, given: Mapping[str, str | None], dialect: Dialect) -> dict[str, str]:
    """The columns of a table of events, with the types that the printer knows; those `given` have them in the engine.

    Raises PrinterError where nothing reads a column that is given, or its type is none.
    """
    fields = {name: field for kind in card.events.values() for name, field in kind.properties.items()}
    read = [*REQUIRED, *OPTIONAL, PROPERTIES, *(column for field in fields.values() for column in field.columns)]
    keys = set(map(name_key, read))
    unread = next((column for column in given if name_key(column) not in keys), "")
    if unread:
        hint = did_you_mean(unread, dict.fromkeys(read))
        raise PrinterError(f"the card '{card.name}' reads no column {quote(unread)} of events.{hint}")
    named = {**dict.fromkeys([*REQUIRED, "id", *fields]), **given}
    return {name: dialect.read_type(name, kind) for name, kind in named.items()}


def name_total(total: str) -> str:
    """The column of one of TOTALS."""
    return name_counted(f"ll:{total}")


def list_counted(card: Card, *, entries: bool, totals: bool, machines: bool = False) -> dict[str, str]:
    """The columns with what events come to, and the types of them; the three wishes are those of CountedWish."""
    kinds = {"number": "DOUBLE", "date": "DATE"}
    columns = {name_counted(field.name): kinds[field.kind] for field in card.event_fields}
    columns |= {name_counted(name_earned(rule.name)): "INTEGER" for rule in card.each_rules}
    if entries:
        columns |= {name_part(part, rule.name): "INTEGER" for rule in card.each_rules for part in ENTRY_PARTS}
    if machines:
        columns |= {name_part(part, rule.name): "INTEGER" for rule in card.each_rules for part in MACHINE_PARTS}
    if totals:
        columns |= {name_total(total): "BIGINT" for total in TOTALS if total != "unreadable"}
    return columns | {UNREADABLE: "BIGINT"}
