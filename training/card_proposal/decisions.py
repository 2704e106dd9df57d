"""What a proposed card leaves to its owner, as questions with answers: for pages that ask them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

import yaml

from leadledger.scoring.card.card_scalars import show
from leadledger.scoring.day_forms import make_day_reader
from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.number_forms import make_number_reader, parse_number_format
from leadledger.training.card_proposal.card_text import CRITERION_LABELS, OF_A_LEAD, describe_rate
from leadledger.training.card_proposal.field_proposals import FieldProposal
from leadledger.training.card_proposal.proposal import CardProposal

_CRITERION = re.compile(r"^  #(?P<name>[a-z_]+): \{met: (?P<met>.*), label: .*\}$", re.MULTILINE)


@dataclass(frozen=True)
class OutcomeAnswer:
    """A column that may say what became of the leads, and what speaks for it."""

    column: str
    proof: str
    is_chosen: bool


@dataclass(frozen=True)
class FormatAnswer:
    """A way to read a field, and what an example is by it."""

    format: str
    meaning: str


@dataclass(frozen=True)
class FormatQuestion:
    """A field that can be read in several ways; the proposed one comes first."""

    field: str
    column: str
    example: str
    answers: tuple[FormatAnswer, ...]


@dataclass(frozen=True)
class CriterionQuestion:
    """A criterion to confirm; `of_lead`: it is proposed for a lead, else for an opportunity only."""

    name: str
    label: str
    met: str
    of_lead: bool


@dataclass(frozen=True)
class CardDecisions:
    """The questions of a proposed card; `others` are sentences on what no answer here settles."""

    outcome: tuple[OutcomeAnswer, ...]
    formats: tuple[FormatQuestion, ...]
    criteria: tuple[CriterionQuestion, ...]
    others: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON."""
        return asdict(self)


def list_decisions(proposal: CardProposal) -> CardDecisions:
    """The questions that a proposed card leaves."""
    chosen = proposal.outcome.chosen
    outcome = tuple(
        OutcomeAnswer(candidate.column, f"{candidate.why}; {describe_rate(candidate)}", candidate == chosen)
        for candidate in proposal.outcome.candidates
        if candidate.column not in proposal.outcome.agreeing
    )
    formats = tuple(_ask_format(field) for field in proposal.fields if field.is_open and field.formats)
    criteria = tuple(
        CriterionQuestion(
            match["name"], CRITERION_LABELS[match["name"]], _read_scalar(match["met"]), match["name"] in OF_A_LEAD
        )
        for match in _CRITERION.finditer(proposal.text)
        if match["name"] in CRITERION_LABELS
    )
    settled = [f"column {show(question.column)}: " for question in formats]
    settled += ["what a lead must meet."] if criteria else []
    settled += [f"{len(proposal.outcome.candidates)} columns may say what became of a lead"]
    settled += [f"whether column {show(chosen.column)} is what a lead is to become"] if chosen else []
    others = tuple(decision for decision in proposal.decisions if not decision.startswith(tuple(settled)))
    return CardDecisions(outcome, formats, criteria, others)


def _read_scalar(text: str) -> str:
    """A scalar of the card as it is meant."""
    return str(yaml.safe_load(text))


def _ask_format(field: FieldProposal) -> FormatQuestion:
    answers = tuple(FormatAnswer(form, _read_example(field, form)) for form in field.formats)
    return FormatQuestion(field.name, field.column, field.example, answers)


def _read_example(field: FieldProposal, form: str) -> str:
    """What the example of a field is by a format: `60,000`, `12 January 2026`; empty where that can't be told."""
    try:
        if field.kind == "number":
            number = make_number_reader(parse_number_format(form))(field.example)
            return "" if number is None else f"{number:,.15g}"
        day = make_day_reader(form)(field.example)
    except UnreadableValue:
        return ""
    return f"{day.day} {day:%B %Y}"
