"""The members of an event in SQL but for its times: its lead, its kind, its id and its source."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from leadledger.scoring.events.event_reader import LONGEST_NAME, KnownNames
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.event_spelling import trim_quickly
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.printers.sql.steps import Step
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import letters_of

RAW = "e:"  # before the name of a member as it comes
LEAD_KEY, KIND_NAME, KIND, ID, SOURCE = "ll:lead", "ll:name", "ll:kind", "ll:id", "ll:source"


def print_lead_key(raw: Expression, kind: str, dialect: Dialect, *, plain: bool = False) -> Expression:
    """The key by which events belong to leads: the text of an id, without white space at its ends; NULL: none.

    `plain`: each text is known to be a key as it is (`EventTable.plain`).
    """
    varchar, family = dialect.types["VARCHAR"], type_family(kind)
    if family in ("float", "real"):  # of a frame in which some ids are missing
        whole = write("CAST(CAST({} AS {}) AS {})", raw, dialect.types["BIGINT"], varchar)
        return write("CASE WHEN {} = floor({}) THEN {} ELSE CAST({} AS {}) END", raw, raw, whole, raw, varchar)
    text = spell(dialect.as_text, raw)
    return text if plain else write("nullif({}, '')", trim_quickly(text, dialect))


def member_steps(
    card: Card,
    types: Mapping[str, str],
    dialect: Dialect,
    read: Callable[[str], Expression],
    plain: Collection[str] = (),
) -> Iterator[Step]:
    """The steps from raw members to the lead, the kind (NULL: one that the card doesn't know), the id and the source.

    `types` are those of the members that there are, `plain` as in EventTable. Columns `odd:…` are true where one can't
    be read.
    """
    key = print_lead_key(read(f"{RAW}lead"), types["lead"], dialect, plain="lead" in plain)
    texts = [StepColumn(LEAD_KEY, key)]
    nothing = Expression(f"CAST('' AS {dialect.types['VARCHAR']})")
    marks = []
    for member, column in (("kind", KIND_NAME), ("id", ID), ("source", SOURCE)):
        if member not in types:
            texts.append(StepColumn(column, nothing))
            continue
        raw = read(f"{RAW}{member}")
        family = type_family(types[member])
        if family == "text" or (family in ("integer", "wide") and member != "kind"):
            text = spell(dialect.as_text, raw)
            trimmed = text if member in plain else trim_quickly(text, dialect)
            texts.append(StepColumn(column, write("coalesce({}, '')", trimmed)))
            if member in plain:
                continue
            marks.append(write("length({}) > {}", text, LONGEST_NAME))
        else:  # neither a text nor a whole number
            texts.append(StepColumn(column, nothing))
            marks.append(write("{} IS NOT NULL", raw))
    unread = join(" OR ", [write("coalesce({}, FALSE)", mark) for mark in marks]) if marks else Expression("FALSE")
    yield Step("named", "who did what, as it was told", [*texts, StepColumn("odd:members", unread)])
    yield Step("recognised", "the kind that the card knows", [StepColumn(KIND, _find_kind(card, dialect, read))])


def _find_kind(card: Card, dialect: Dialect, read: Callable[[str], Expression]) -> Expression:
    """The declared kind of a name; NULL: the card knows none."""
    known = {key: kind for (system, key), kind in KnownNames(card.events).by_name.items() if not system}
    name, text = read(KIND_NAME), dialect.text
    cases = "".join(f" WHEN {text(key)} THEN {text(kind)}" for key, kind in known.items())
    as_written = "".join(f" WHEN {text(kind)} THEN {text(kind)}" for kind in dict.fromkeys(known.values()))
    key = spell(dialect.tidy, name, letters_of(frozenset(known)))
    return write("CASE {}{} ELSE CASE {}{} END END", name, as_written, key, cases)
