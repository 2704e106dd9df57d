"""The verbs that score: one raw lead in, a result out.

The first use of a scorecard prints it to Python, compiles it, and works out what can be known beforehand (labels of
bins, possible answers); that is kept with the scorecard, so that every later lead takes microseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import getitem
from typing import Any, NamedTuple

from leadledger.scoring.cleaning import Lead
from leadledger.scoring.column_names import name_key
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.engine.axes import AxesEngine
from leadledger.scoring.engine.lead_reader import LeadReader
from leadledger.scoring.engine.ledger import LedgerWriter
from leadledger.scoring.engine.question import QuestionWriter
from leadledger.scoring.engine.reasons import find_strongest, word_gate
from leadledger.scoring.engine.standing import DecisionMaker
from leadledger.scoring.engine.steps import StepsEngine
from leadledger.scoring.errors import BadValue, LeadError
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.counter import EventCounter
from leadledger.scoring.events.event_reader import EventReader
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.lookup import Combination, Pair, Table
from leadledger.scoring.printers.python.module import compile_card
from leadledger.scoring.printers.text import ledger_text
from leadledger.scoring.probability import compute_probability, round_score
from leadledger.scoring.result import Recommendation, Result
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import Typed

NO_EVENTS = "the card has no `events:`, so it can't count any; declare their kinds in the card"


class ShownTotal(NamedTuple):
    """What follows from a total alone: the score, the probability (0..1), the grade and the percentile (0…99).

    The probability is None where no base rate is known, the percentile where the release doesn't know it.
    """

    score: int
    probability: float | None
    grade: str
    percentile: int | None


def score(
    card: Scorecard, lead: Mapping[str, Any], as_of: date, events: Iterable[Mapping[str, Any]] | None = None
) -> Result:
    """Score one raw lead on a day.

    `lead` maps field names, or the names that a CRM uses for them (`from:` in the card), to raw values; a field that is
    absent is missing. `events` are the raw events of the lead, in any order; None: it isn't known which there are, and
    what is counted from them is unknown. Raises LeadError with every value that can't be read.
    """
    return get_engine(card).score(lead, as_of, events=events)


def recommend(
    card: Scorecard, lead: Mapping[str, Any], as_of: date, events: Iterable[Mapping[str, Any]] | None = None
) -> Recommendation:
    """What to do with one raw lead on a day; `events` as in `score`. Raises LeadError."""
    return score(card, lead, as_of, events).recommendation


def explain(
    card: Scorecard,
    lead: Mapping[str, Any],
    as_of: date,
    width: int = 80,
    events: Iterable[Mapping[str, Any]] | None = None,
) -> str:
    """The score of one raw lead as a picture of its ledger, in plain text; `events` as in `score`. Raises LeadError."""
    return ledger_text(score(card, lead, as_of, events), width)


def get_engine(card: Scorecard) -> Engine:
    """The engine of a scorecard, made at its first use and kept with it."""
    engine: Engine | None = card.__dict__.get("engine")
    if engine is None:
        engine = Engine(card)
        card.__dict__["engine"] = engine  # as cached_property does: a frozen scorecard, and what follows from it
    return engine


class Engine:
    """A scorecard made ready: cleaners by column, the printed function, and the words of each entry."""

    def __init__(self, card: Scorecard) -> None:
        self.card = card
        self._axes = AxesEngine(card)
        self.tally = self._axes.add_demands(compile_card(card))
        self.reader = LeadReader(card)
        self.paths = card.card.column_paths
        self.has_paths = bool(self.paths)
        # The keys of the names under which a value may be a list.
        self.list_keys = frozenset(
            name_key(column)
            for field in card.card.plain_fields
            if field.kind == "choices"
            for column in (*field.columns, *(name for _, name in field.labels))
        )
        self._ledger = LedgerWriter(card)
        self.decisions = DecisionMaker(card)
        self._shown_totals = KnownResults(self._show_total)
        self._steps = StepsEngine(card) if card.predicts_sales else None
        self._squares = _square_errors(card)
        self._unseen = [_keep_unseen(card, name) for name in card.seen_texts]
        self.questions = QuestionWriter(card, self.tally)
        self.remembers = bool(card.card.memory_fields)
        self.counter = EventCounter(card) if card.card.events else None

    def clean(self, lead: Mapping[str, Any], path: str = "$") -> Lead:
        """Typed values of a raw lead. Raises LeadError; `path` leads to the lead in the caller's input."""
        return self.reader.clean(lead, path)

    def list_bad_values(self, lead: Mapping[str, Any]) -> Sequence[BadValue]:
        """What can't be read in a raw lead that SQL has refused.

        SQL and Python agree on what that is. Should they ever not, there is one problem without a column, so that the
        lead is not lost.
        """
        try:
            self.clean(lead)
        except LeadError as error:
            return error.problems
        return (BadValue("", "", None, "has a value that can't be read"),)

    def score(
        self, lead: Mapping[str, Any], as_of: date, path: str = "$", events: Iterable[Any] | None = None
    ) -> Result:
        """The result of a raw lead and its raw events, None: not known which. Raises LeadError."""
        cleaned = self.reader.clean(lead, path)
        return self.build_result(
            cleaned.values, as_of, cleaned.ignored, self.count_events(events, as_of, cleaned.values)
        )

    @property
    def event_reader(self) -> EventReader:
        """The reader of the card's events; a card without events knows no kind."""
        return EventReader(self.card.card, {}) if self.counter is None else self.counter.reader.thorough

    def count_events(
        self, events: Iterable[Any] | None, as_of: date, values: Mapping[str, Typed], path: str = "$.events"
    ) -> EventCounts | None:
        """What raw events come to on a day, for a lead with these typed values; None: the card has no events.

        `events` None: it isn't known which there are. Raises LeadError; `path` leads to them.
        """
        if self.counter is not None:
            return self.counter.count(events, as_of, values, path)
        if events is not None:
            place, _, member = path.rpartition(".")
            raise LeadError([BadValue("", member, None, NO_EVENTS, place)])
        return None

    def add_counts(self, values: Mapping[str, Typed], counts: EventCounts | None) -> Mapping[str, Any]:
        """All that a score rests on: the typed values of the plain fields, and what events come to (None: unknown)."""
        if self.counter is None:
            return values
        counts = counts or self.counter.unknown
        return {**values, **counts.values, **{name_earned(earned.rule): earned.tenths for earned in counts.rules}}

    def build_result(
        self,
        values: Mapping[str, Typed],
        as_of: date,
        ignored: tuple[str, ...] = (),
        counts: EventCounts | None = None,
    ) -> Result:
        """The result of typed values, one for each plain field, and of what events come to (None: not known)."""
        if self.counter is not None:
            counts = counts or self.counter.unknown
            values = self.add_counts(values, counts)
        total, low, high, rules, groups, terms, bins, criteria, excluded = self.tally(values, as_of)
        card = self.card
        score, probability, grade, percentile = self._shown_totals[total]
        ledger, lines = self._ledger.write(rules, groups, bins, counts)
        error = round_root(sum(map(getitem, self._squares, bins))) if self._squares else None
        standing = self.decisions.standings[values.get("stage"), criteria, True in excluded]
        decision = self.decisions.decide(standing, total, high, values, as_of)
        verdict, to, advice, _, propensity = decision
        gate = standing.gate
        if verdict == "disqualify":
            reasons = self._word_exclusions(excluded)
        else:
            reasons = (*word_gate(standing, decision, total, high, as_of), *find_strongest(verdict, lines))
        recommendation = Recommendation(
            verdict,
            standing.at,
            to,
            gate.threshold.points if gate else None,
            standing.states,
            reasons,
            self.questions.rank(values, standing, total, high) if verdict == "ask" else (),
        )
        return Result(
            card.card.name,
            card.release,
            as_of,
            total,
            low,
            high,
            score,
            probability,
            grade,
            recommendation,
            ledger,
            ignored,
            error,
            self._find_unseen(values) if self._unseen else None,
            percentile,
            None if self._steps is None else self._steps.foretell(values, as_of),
            counts,
            self._axes.score(rules, groups, terms, bins, values),
            advice.since if advice else None,
            advice.below_since if advice else None,
            propensity,
        )

    def _show_total(self, total: int) -> ShownTotal:
        """What follows from a total (tenths) alone."""
        card = self.card
        probability = compute_probability(card.learned.base_rate, total)
        return ShownTotal(round_score(total), probability, card.grade(total), card.find_percentile(total))

    def _word_exclusions(self, excluded: Sequence[bool | None]) -> tuple[str, ...]:
        """Why a lead is disqualified."""
        exclusions = self.card.card.exclude
        return tuple([exclusion.reason for exclusion, fires in zip(exclusions, excluded, strict=True) if fires])

    def _find_unseen(self, values: Mapping[str, Typed]) -> tuple[str, ...]:
        """The fields whose text training has never seen."""
        return tuple(filter(None, map(getitem, self._unseen, map(values.__getitem__, self.card.seen_texts))))


def round_root(squares: int) -> int:
    """The square root of a whole number, to the nearest whole number; exact, whatever the size."""
    below = math.isqrt(squares)
    return below + (squares - below * below > below)


def _square_errors(card: Scorecard) -> list[Mapping[int, int] | Sequence[int]]:
    """The squared error of each term by where it is looked up; none where no term has any."""
    squares: list[Mapping[int, int] | Sequence[int]] = []
    for term in card.learned.terms:
        match term:
            case Combination():
                squares.append(_keep_same(term.error**2))
            case Table(errors=errors) if errors:
                squares.append([error**2 for error in errors])
            case Pair(errors=errors) if errors:
                squares.append([error**2 for row in errors for error in row])
            case _:
                squares.append(_keep_same(0))
    return squares if any(isinstance(known, list) or known[0] for known in squares) else []


def _keep_same(square: int) -> KnownResults[int]:
    """A square that is the same wherever its term is looked up."""
    return KnownResults(lambda place: square)


def _keep_unseen(card: Scorecard, name: str) -> KnownResults[str]:
    """The name of a field by its values: empty of those that training has seen, and where it is missing."""
    is_exact, keys = card.card.fields[name].exact, card.seen_texts[name]

    def look_up(value: Typed) -> str:
        if value is None:
            return ""
        return "" if (value if is_exact else key_of(str(value))) in keys else name

    return KnownResults(look_up)
