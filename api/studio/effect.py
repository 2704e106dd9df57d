"""What a draft would do to known leads: who would get another recommendation or grade, and which edit does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from leadledger.api.log.known_leads import KnownLead, recall_lead
from leadledger.api.log.record import decode_counts
from leadledger.scoring.engine.ledger_difference import find_differences
from leadledger.scoring.engine.score import Engine, get_engine
from leadledger.scoring.errors import LeadError, ScoringError
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.gate import Stage
from leadledger.scoring.memory import Memory, replace_memory
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import Typed
from leadledger.training.evidence.card_edits import CardEdit, find_edits, swap_in

MOST_CHANGED_LEADS = 200  # whose ledgers are compared in an answer; all are counted
MOST_EXAMPLES = 5  # ids of leads that stand for a move
MOST_EDITS_TRIED = 12  # by themselves
MOST_ENTRIES = 5  # of the difference of two ledgers


@dataclass(frozen=True)
class WeighedLead:
    """A known lead, what its events come to on the day, and its result by the current release."""

    lead: KnownLead
    counts: EventCounts | None
    before: Result


def weigh_lead(lead: KnownLead, day: date) -> WeighedLead:
    """Score a lead by the current release as of a day."""
    counts = lead.count_events(day)
    kept = replace(lead, read=None)  # what is counted once needn't be kept twice
    return WeighedLead(kept, counts, lead.engine.build_result(lead.values, day, counts=counts))


class DraftReader:
    """Reads known leads of the current release as a draft's card does."""

    def __init__(self, current: Engine, draft: Engine) -> None:
        self.draft = draft
        before, after = current.card.card, draft.card.card
        names = [field.name for field in (*after.plain_fields, *after.event_fields)]
        self._names = {
            name: name if name in before.fields and before.fields[name].kind == after.fields[name].kind else ""
            for name in names
        }
        self._spellings = after.text_spellings
        events = [(card.events, card.each_rules, card.event_fields) for card in (before, after)]
        self._counts_alike = events[0] == events[1]

    @cached_property
    def unknown_fields(self) -> tuple[str, ...]:
        """The plain fields that the draft reads and the leads of the current release have no value for."""
        plain = {field.name for field in self.draft.card.card.plain_fields}
        return tuple(name for name, known in self._names.items() if not known and name in plain)

    def score(self, weighed: WeighedLead, day: date) -> Result:
        """The result of a lead by the draft. A value that only the draft's card has a field for is unknown."""
        values = self._read_values(weighed.lead)
        return self.draft.build_result(values, day, counts=self._count(weighed, values, day))

    def _read_values(self, lead: KnownLead) -> Mapping[str, Typed]:
        known = lead.values
        values = {name: known.get(before) if before else None for name, before in self._names.items()}
        if self.unknown_fields:  # another kind may read what the log holds
            values |= {name: recall_lead(self.draft, lead.row).values.get(name) for name in self.unknown_fields}
        for name, spellings in self._spellings.items():
            text = values.get(name)
            if isinstance(text, str):
                values[name] = spellings.get(key_of(text), text)
        if self.draft.remembers and not lead.engine.remembers:
            memory = lead.row.memory if lead.row.card == self.draft.card.card.name else Memory()
            values = replace_memory(values, memory)
        return values

    def _count(self, weighed: WeighedLead, values: Mapping[str, Typed], day: date) -> EventCounts | None:
        if self._counts_alike:
            return weighed.counts
        card = self.draft.card.card
        if not card.events:
            return None
        if weighed.lead.events is None:
            return decode_counts(card, weighed.lead.row.input, values)
        try:
            return self.draft.count_events(weighed.lead.events, day, values)
        except LeadError:  # the draft can't read some of them
            lead = replace(weighed.lead, engine=self.draft, values=values)
            return lead.count_again(weighed.lead.events).count_events(day)


@dataclass
class LeadMove:
    """Leads that go from one recommendation or grade to another: how many, some of their ids, and by which edits."""

    leads: int = 0
    examples: list[str] = field(default_factory=list)
    edits: Counter[str] = field(default_factory=Counter)


class DraftEffect:
    """Counts what a draft, or another release, changes, lead by lead; both score as of one day.

    `by_edit`: which edit of the card does it is counted, too. That takes the same learned part.
    """

    def __init__(self, current: Scorecard, draft: Scorecard, day: date, *, by_edit: bool = True) -> None:
        self.current, self.day = current, day
        self.reader = DraftReader(get_engine(current), get_engine(draft))
        self.edits = tuple(find_edits(current, draft)) if by_edit else ()
        self.leads = self.changed = self.moved = 0
        self.promoted = [0, 0]  # to the predicted stage, before and after
        self._stage = current.card.predicted_stage
        self.moves: dict[tuple[str, str, str], LeadMove] = {}
        self.changed_leads: list[dict[str, Any]] = []
        self._alone: Counter[str] = Counter()

    @cached_property
    def _readers(self) -> list[tuple[CardEdit, DraftReader]]:
        """For each edit, a reader by the current card with that edit alone."""
        readers = []
        current, draft = self.current, self.reader.draft.card
        for edit in self.edits[:MOST_EDITS_TRIED]:
            try:
                card = swap_in(current.card, draft.card, edit)
                engine = Engine(Scorecard(card, draft.learned, current.release))
            except ScoringError:  # the edit makes no card by itself
                continue
            readers.append((edit, DraftReader(get_engine(current), engine)))
        return readers

    def add(self, weighed: WeighedLead) -> None:
        """Score a lead by the draft, and count what changes."""
        before, after = weighed.before, self.reader.score(weighed, self.day)
        self.leads += 1
        self.moved += before.tenths != after.tenths
        verdicts = before.recommendation.verdict, after.recommendation.verdict
        for side, result in enumerate((before, after)):
            self.promoted[side] += _is_promoted(result, self._stage)
        if _decision(before) == _decision(after):
            return
        self.changed += 1
        edits = [
            edit for edit, reader in self._readers if _decision(reader.score(weighed, self.day)) != _decision(before)
        ]
        self._alone.update(edit.title for edit in edits)
        for what, was, now in (("recommendation", *verdicts), ("grade", before.grade, after.grade)):
            if was != now:
                move = self.moves.setdefault((what, was, now), LeadMove())
                move.leads += 1
                move.edits.update(edit.title for edit in edits)
                if len(move.examples) < MOST_EXAMPLES:
                    move.examples.append(weighed.lead.row.lead)
        if len(self.changed_leads) < MOST_CHANGED_LEADS:
            self.changed_leads.append(_describe_lead(weighed.lead.row.lead, before, after, edits))

    def to_dict(self, promoted_per_week: float | None = None) -> dict[str, Any]:
        """Flat JSON, in points. `promoted_per_week` is how many leads the current release promotes a week."""
        before, after = self.promoted
        then = None if promoted_per_week is None or not before else promoted_per_week * after / before
        ordered = sorted(self.moves.items(), key=lambda item: (item[0][0] != "recommendation", -item[1].leads, item[0]))
        return {
            "as_of": self.day.isoformat(),
            "leads": self.leads,
            "moved": self.moved,
            "changed": self.changed,
            "promoted_before": before,
            "promoted_after": after,
            "per_week_before": None if then is None or promoted_per_week is None else round(promoted_per_week, 1),
            "per_week_after": None if then is None else round(then, 1),
            "moves": [_describe_move(*key, move) for key, move in ordered],
            "edits": [
                {"kind": edit.kind, "name": edit.name, "words": edit.said, "alone": self._alone[edit.title]}
                for edit in self.edits
            ],
            "changed_leads": self.changed_leads,
            "notes": list(self._note()),
        }

    def _note(self) -> Sequence[str]:
        notes = []
        if self.reader.unknown_fields:
            names = ", ".join(f"'{name}'" for name in self.reader.unknown_fields)
            notes.append(f"No known lead has a value for {names} yet: what the draft does with it can't be tried.")
        if len(self.edits) > MOST_EDITS_TRIED:
            notes.append(f"Of the {len(self.edits)} edits, the first {MOST_EDITS_TRIED} were tried by themselves.")
        return notes


def _is_promoted(result: Result, stage: Stage | None) -> bool:
    advice = result.recommendation
    return stage is not None and (advice.verdict, advice.to) == ("promote", stage.name)


def _decision(result: Result) -> tuple[str, str, str]:
    return result.recommendation.verdict, result.recommendation.to, result.grade


def _describe_move(what: str, before: str, after: str, move: LeadMove) -> dict[str, Any]:
    mostly, leads = min(move.edits.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    return {
        **{"what": what, "before": before, "after": after, "leads": move.leads},
        **{"mostly_by": mostly, "mostly_by_leads": leads, "examples": move.examples},
    }


def _describe_lead(lead: str, before: Result, after: Result, edits: Sequence[CardEdit]) -> dict[str, Any]:
    differences = find_differences(before.ledger, after.ledger)
    return {
        "lead": lead,
        "before": _describe_result(before),
        "after": _describe_result(after),
        "difference": (after.tenths - before.tenths) / 10,
        "moved": [difference.to_dict("before", "after") for difference in differences[:MOST_ENTRIES]],
        "edits": [edit.title for edit in edits],
    }


def _describe_result(result: Result) -> dict[str, Any]:
    return {
        "points": result.points,
        "score": result.score,
        "probability": None if result.probability is None else round(result.probability, 6),
        "grade": result.grade,
        "recommendation": result.recommendation.verdict,
        "to": result.recommendation.to,
    }
