"""A proposed card as its page shows it: what to decide first, then what was found, then the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadledger.api.wording.figures import word_count

KIND_NAMES = {
    **{"text": "a text", "number": "a number", "flag": "yes or no", "date": "a day", "id": "an id"},
    "choices": "several of a list",
}
OTHER_KINDS = ("text", "number", "id")  # as which the values of any column can be read


@dataclass(frozen=True)
class ColumnLine:
    """A column of the list, and what becomes of it. `state`: what it is for, in a word or two.

    `kinds` are those that it may be, each with its words, its own first; none where that is decided elsewhere.
    `can_choose`: whether to learn from it is a choice.
    """

    column: str
    field: str
    kind: str
    state: str
    seen: str
    kinds: tuple[tuple[str, str], ...]
    can_choose: bool


@dataclass(frozen=True)
class CriterionChoice:
    """A criterion to confirm, with its proof; empty: the list tells nothing. Which of the two it is proposed for."""

    name: str
    label: str
    met: str
    proof: str
    of_lead: bool
    of_opportunity: bool


@dataclass(frozen=True)
class ProposalView:
    """What the page shows; `others` are decisions that are made in the text."""

    name: str
    file: str
    text: str
    rows: str
    rejected: str
    columns: str
    learned: int
    waiting: int
    left_out: int
    outcome: str
    is_chosen: bool
    became: str
    outcomes: tuple[Mapping[str, Any], ...]
    formats: tuple[Mapping[str, Any], ...]
    criteria: tuple[CriterionChoice, ...]
    others: tuple[str, ...]
    notes: tuple[str, ...]
    lines: tuple[ColumnLine, ...]

    @property
    def questions(self) -> int:
        """How many things there are to decide."""
        return (len(self.outcomes) > 1) + len(self.formats) + (2 if self.criteria else 0) + len(self.others)


def view_proposal(proposal: Mapping[str, Any]) -> ProposalView:
    """The page of a proposal, as `propose_for` gives it."""
    decisions, columns = proposal["decisions"], proposal["columns"]
    became = proposal["became"]
    return ProposalView(
        name=proposal["name"],
        file=proposal["file"],
        text=proposal["text"],
        rows=word_count(proposal["rows"]),
        rejected=word_count(proposal["rejected"]) if proposal["rejected"] else "",
        columns=word_count(proposal["column_count"]),
        learned=sum(column["learned"] for column in columns),
        waiting=sum(column["is_open"] for column in columns),
        left_out=sum(not column["field"] for column in columns),
        outcome=proposal["outcome"],
        is_chosen=became is not None,
        became="" if became is None else word_count(became),
        outcomes=tuple(decisions["outcome"]),
        formats=tuple(decisions["formats"]),
        criteria=tuple(_view_criterion(criterion, proposal["proofs"]) for criterion in decisions["criteria"]),
        others=tuple(f"{decision[:1].upper()}{decision[1:]}." for decision in decisions["others"]),
        notes=tuple(proposal["notes"]),
        lines=tuple(map(_view_column, columns)),
    )


def _view_criterion(criterion: Mapping[str, Any], proofs: Mapping[str, Any]) -> CriterionChoice:
    proof = proofs.get(criterion["name"], {"sentence": "", "is_must": True})
    label, sentence = criterion["label"], proof["sentence"]
    return CriterionChoice(
        name=criterion["name"],
        label=f"{label[:1].upper()}{label[1:]}",
        met=criterion["met"],
        proof=f"{sentence[:1].upper()}{sentence[1:]}",
        of_lead=criterion["of_lead"] and proof["is_must"],
        of_opportunity=proof["is_must"],
    )


def _view_column(column: Mapping[str, Any]) -> ColumnLine:
    if not column["field"]:
        state = "left out"
    elif column["is_open"]:
        state = "decide"
    elif column["protected"]:
        state = "protected"
    elif column["learned"]:
        state = "learn"
    else:
        state = "" if column["kind"] in ("id", "date") else "don’t learn"
    seen, kind = column["seen"], column["kind"]
    is_free = bool(column["field"]) and not column["is_open"]
    others = [other for other in OTHER_KINDS if other != kind] if is_free else []
    return ColumnLine(
        column["column"],
        column["field"],
        kind,
        state,
        f"{seen[:1].upper()}{seen[1:]}",
        tuple((name, KIND_NAMES[name]) for name in (kind, *others)) if others and kind in KIND_NAMES else (),
        is_free and state in ("learn", "don’t learn"),
    )
