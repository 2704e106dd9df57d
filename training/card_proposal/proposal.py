"""`propose_card`: a first card for a list of leads, which `check` accepts, with a reason beside each decision."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadledger.scoring.card.card_scalars import show
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.column_fit import find_columns
from leadledger.scoring.column_names import name_key
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.training.card_proposal.card_text import (
    CardText,
    describe_rate,
    write_criteria,
    write_fields,
    write_missing,
    write_outcome,
    write_protected,
    write_rules,
    write_stages,
)
from leadledger.training.card_proposal.column_profile import ColumnProfile, read_profiles
from leadledger.training.card_proposal.column_reading import ColumnReading, read_column, show_decimals
from leadledger.training.card_proposal.field_names import make_name
from leadledger.training.card_proposal.field_proposals import FieldProposal, propose_fields
from leadledger.training.card_proposal.late_columns import find_late_columns
from leadledger.training.card_proposal.leak_search import LeakSearch, search_leaks
from leadledger.training.card_proposal.outcome_candidates import OutcomeProposal, choose_outcome, propose_outcome
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.table import LeadTable, connect, read_list

if TYPE_CHECKING:
    import pandas as pd

LONGEST_CARD_NAME = 60
MOST_SEARCHES = 3  # for fields that know the outcome


@dataclass(frozen=True)
class CardProposal:
    """A proposed card: its `text`, and what it was made of.

    `rows` and `columns` count those of the list, `rejected` the rows that could not be read. `fields` has an entry for
    each column that is no outcome. `decisions` are sentences on what the list doesn't tell. `notes` are sentences on
    what was noticed while it was read.
    """

    name: str
    text: str
    rows: int
    columns: int
    rejected: int
    fields: tuple[FieldProposal, ...]
    outcome: OutcomeProposal
    decisions: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def used(self) -> tuple[FieldProposal, ...]:
        """The fields that the card has."""
        return tuple(proposal for proposal in self.fields if proposal.is_used)

    @property
    def outcome_sentence(self) -> str:
        """The outcome that the card has, for people: its column, since when it counts, and how often it came."""
        chosen, outcome = self.outcome.chosen, self.outcome
        if chosen is None:
            return "not in the card yet"
        horizon = f", within {outcome.within} days after {show(outcome.since)}" if outcome.within else ""
        return f"column {show(chosen.column)}{horizon}: {describe_rate(chosen)}"

    def to_dict(self) -> dict[str, Any]:
        """The proposal as data, but for its text."""
        chosen = self.outcome.chosen
        return {
            "name": self.name,
            "rows": self.rows,
            "columns": self.columns,
            "rejected_rows": self.rejected,
            "fields": {
                proposal.name: {
                    "column": proposal.column,
                    "kind": proposal.kind,
                    "learned": proposal.learn,
                    "protected": proposal.protected,
                    "seen": proposal.comment,
                }
                for proposal in self.used
            },
            "left_out": {
                proposal.column: proposal.decision or proposal.comment
                for proposal in self.fields
                if not proposal.is_used
            },
            "outcome": None
            if chosen is None
            else {
                "column": chosen.column,
                "kind": chosen.kind,
                "since": self.outcome.since or None,
                "within_days": self.outcome.within or None,
                "became": chosen.won,
                "of": chosen.decided,
            },
            "outcome_candidates": [candidate.column for candidate in self.outcome.candidates],
            "decide": list(self.decisions),
            "notes": list(self.notes),
        }


def propose_card(
    data: Path | str | pd.DataFrame, reading: ReadingOptions = AS_FOUND, name: str = "", outcome_column: str = ""
) -> CardProposal:
    """Propose a card for a list of leads: a file, or a data frame. Every row is looked at. Raises DataError.

    `reading` says where in a file the leads are; `name` is the card's name, made of the file's where it is empty.
    `outcome_column` is the column that says what became of the leads, one of the candidates; empty: it is found.
    """
    stem = Path(data).name.split(".")[0] if isinstance(data, Path | str) else ""
    card_name = make_card_name(name or stem)
    label = show(Path(data).name) if isinstance(data, Path | str) else "a data frame"
    with connect() as connection:
        leads = read_list(connection, data, reading)
        profiles = list(read_profiles(connection, leads))
        readings = read_columns(profiles, has_typed=leads.has_typed)
        outcome = propose_outcome(connection, leads, profiles, readings)
        if outcome_column:
            outcome = choose_outcome(connection, leads, profiles, readings, outcome, outcome_column)
        late = find_late_columns(connection, leads, profiles, outcome.chosen)
    late |= dict.fromkeys(outcome.agreeing, "says the same as the outcome")
    draft = _compose(card_name, label, leads, profiles, readings, outcome, late)
    search = LeakSearch()
    for _ in range(MOST_SEARCHES):  # what one field knew may hide what another knows
        search = search_leaks("\n".join(draft.text.lines), data, reading, outcome.chosen, leads.rows)
        known = {p.column: search.fields[p.name] for p in draft.fields if p.name in search.fields}
        if not known.keys() - late.keys():
            break
        late |= known
        draft = _compose(card_name, label, leads, profiles, readings, outcome, late)
    text, fields = draft.text, draft.fields
    return CardProposal(
        name=card_name,
        text="\n".join(text.lines) + "\n",
        rows=leads.rows,
        columns=len(profiles),
        rejected=len({reject.row for reject in leads.rejects}),
        fields=fields,
        outcome=outcome,
        decisions=tuple(text.decisions),
        notes=(*leads.notes, *_describe_looks(profiles), *([search.note] if search.note else [])),
    )


@dataclass(frozen=True)
class _Draft:
    """The text of a card, and its fields."""

    text: CardText
    fields: tuple[FieldProposal, ...]


def _compose(
    name: str,
    label: str,
    leads: LeadTable,
    profiles: Sequence[ColumnProfile],
    readings: Mapping[str, ColumnReading],
    outcome: OutcomeProposal,
    late: Mapping[str, str],
) -> _Draft:
    """The card that doesn't learn from the columns `late`, each with its proof; each field has its own column alone."""
    of_outcome = {candidate.column for candidate in outcome.candidates} - set(outcome.agreeing)
    fields = propose_fields(profiles, readings, of_outcome, late)
    columns = {p.name: p.column for p in fields if p.is_open and name_key(p.name) != name_key(p.column)}
    while True:  # at most as many rounds as there are fields: each adds one that needs `from:`
        text = _write_card(name, label, leads, profiles, readings, outcome, fields, columns)
        by_field = find_columns(parse_card("\n".join(text.lines)), leads.columns, label)
        lost = {p.name: p.column for p in fields if p.is_used and by_field.get(p.name) != [p.column]}
        if not lost.keys() - columns.keys():
            return _Draft(text, tuple(fields))
        columns |= lost


def read_columns(profiles: Sequence[ColumnProfile], *, has_typed: bool) -> dict[str, ColumnReading]:
    """What each column of a list holds; where one's own numbers show no sign before decimals, the others' count."""
    shown = {profile.name: show_decimals(profile, has_typed=has_typed) for profile in profiles}
    readings = {}
    for profile in profiles:
        others = {sign for name, sign in shown.items() if sign and name != profile.name}
        decimals = next(iter(others)) if len(others) == 1 else ""
        is_text = type_family(profile.type) == "text"
        readings[profile.name] = read_column(profile, decimals if is_text else "", has_typed=has_typed)
    return readings


def make_card_name(text: str) -> str:
    """A text as the name of a card."""
    return re.sub(r"-+", "-", make_name(text.lower()).replace("_", "-"))[:LONGEST_CARD_NAME].strip("-") or "leads"


def _write_card(
    name: str,
    label: str,
    leads: LeadTable,
    profiles: Sequence[ColumnProfile],
    readings: Mapping[str, ColumnReading],
    outcome: OutcomeProposal,
    fields: Sequence[FieldProposal],
    columns: Mapping[str, str],
) -> CardText:
    text = CardText()
    by_name = {profile.name: profile for profile in profiles}
    names = {proposal.column: proposal.name for proposal in fields if proposal.is_used}
    text.explain(
        f"A first card, proposed by `leadledger init` from all {leads.rows:,} rows and {len(profiles):,} columns of"
        f" {label}. The reason of each decision stands beside it; DECIDE marks what the list doesn't tell."
    )
    text.explain("A line that starts with # and no blank is text of the card: take the # away, and it counts.")
    text.add("", f"name: {name}")
    write_missing(text, profiles, readings)
    write_fields(text, fields, columns)
    if not any(proposal.is_used and proposal.kind == "id" for proposal in fields):
        text.decide(
            "no column has an id of its own for each lead; without one, results can't be joined to your leads again,"
            " and repeated leads can't be told",
            "  ",
        )
    write_outcome(text, outcome, names)
    write_protected(text, fields)
    criteria = write_criteria(text, fields, by_name)
    write_rules(text, fields, by_name)
    write_stages(text, criteria)
    return text


def _describe_looks(profiles: Sequence[ColumnProfile]) -> list[str]:
    """A sentence on each column of which not every different text was looked at."""
    return [
        f"Column {show(profile.name)} has {profile.different:,} different values; {len(profile.values):,} of them, the"
        " most frequent, were looked at."
        for profile in profiles
        if not profile.is_whole
    ]
