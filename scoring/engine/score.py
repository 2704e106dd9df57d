"""The verbs that score: one raw lead in, a result out.

The first use of a scorecard prints it to Python, compiles it, and works out what can be known beforehand (labels of
bins, possible answers); that is kept with the scorecard, so that every later lead takes microseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import getitem
from typing import Any, NamedTuple, TypeAlias

from leadledger.scoring.advice import Advice, advise
from leadledger.scoring.cleaning import Cleaner, Lead, make_cleaner
from leadledger.scoring.column_names import name_key
from leadledger.scoring.column_paths import NOT_OBJECT, spread
from leadledger.scoring.each_points import name_earned
from leadledger.scoring.engine import question
from leadledger.scoring.engine.axes import AxesEngine
from leadledger.scoring.engine.ledger import LedgerWriter
from leadledger.scoring.engine.reasons import ReasonWriter, find_strongest
from leadledger.scoring.engine.steps import StepsEngine
from leadledger.scoring.errors import BadValue, LeadError, UnreadableValue, quote
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.counter import EventCounter
from leadledger.scoring.events.event_reader import EventReader
from leadledger.scoring.exploration import Chance, explore, find_lead_key
from leadledger.scoring.gate import Gate, decide
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.lookup import Combination, Pair, Table
from leadledger.scoring.memory import Memory, read_memory
from leadledger.scoring.numpy_scalars import unwrap_scalar
from leadledger.scoring.outputs import Verdict
from leadledger.scoring.printers.python.module import compile_card
from leadledger.scoring.printers.text import ledger_text
from leadledger.scoring.probability import compute_probability, round_score
from leadledger.scoring.result import Recommendation, Result, State
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import Typed

NO_EVENTS = "the card has no `events:`, so it can't count any; declare their kinds in the card"
_STATES: dict[bool | None, State] = {True: "met", False: "unmet", None: "unknown"}


# Where the values of a column belong: its field, the typed values of texts, and the cleaner of all else.
_Home: TypeAlias = tuple[str, Mapping[str, Typed], Cleaner]


class Decision(NamedTuple):  # made for each result, and for each day of a forecast
    """What to do with a lead: the verdict, and the stage that it is about.

    `advice` is what memory makes of the verdict; None of a card that remembers nothing. `chance` is what the draw makes
    of it; None where the card explores nothing. `propensity` (0..1) is the probability with which it was to be
    promoted; None there, too.
    """

    verdict: Verdict
    to: str
    advice: Advice | None
    chance: Chance | None
    propensity: float | None

    @property
    def memory(self) -> Memory:
        """What the next look must remember of it."""
        if self.advice is None:
            return Memory(self.verdict, self.to)
        return Memory(self.verdict, self.to, self.advice.since, self.advice.below_since)


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
        self._cleaners = {field.name: make_cleaner(field, card.card.missing_texts) for field in card.card.plain_fields}
        self._names = card.card.column_names
        self._homes = self._find_homes(self._names.exact)
        self.paths = card.card.column_paths
        self.has_paths = bool(self.paths)
        self._numbers = frozenset(field.name for field in card.card.plain_fields if field.kind == "number")
        # The keys of the names under which a value may be a list.
        self.list_keys = frozenset(
            name_key(column)
            for field in card.card.plain_fields
            if field.kind == "choices"
            for column in (*field.columns, *(name for _, name in field.labels))
        )
        self._blank: dict[str, Typed] = dict.fromkeys(self._cleaners)
        self._ledger = LedgerWriter(card)
        self._reasons = ReasonWriter(card)
        self._states = [{met: (asked.name, state) for met, state in _STATES.items()} for asked in card.required]
        self._shown_totals = KnownResults(self._show_total)
        self._steps = StepsEngine(card) if card.predicts_sales else None
        self._known_errors, self._always, self._squares = _square_errors(card)
        self._seen = [
            (name, card.card.fields[name].exact, frozenset(card.learned.levels[name]), keys)
            for name, keys in card.seen_texts.items()
        ]
        self.askables = question.prepare_questions(card, self.tally)
        self._explores = card.card.explores
        self.remembers = bool(card.card.memory_fields)
        self.counter = EventCounter(card) if card.card.events else None

    def clean(self, lead: Mapping[str, Any], path: str = "$") -> Lead:
        """Typed values of a raw lead. Raises LeadError; `path` leads to the lead in the caller's input."""
        broken: list[BadValue] = []
        if self.has_paths:
            lead, texts = spread(lead, self.paths.find(lead), self._numbers)
            broken = [BadValue("", column, raw, f"{quote(raw)} {NOT_OBJECT}", path) for column, raw in texts.items()]
        values, ignored, problems = self._read_values(lead, self._homes, path)
        if ignored and self._names.may_match(ignored):
            matched = self._names.match(lead)
            values, ignored, problems = self._read_values(lead, self._find_homes(matched.fields), path)
            for first, second in matched.alike:
                reason = f"is the same name as {quote(first)}, spelt otherwise; send one of the two"
                problems.append(BadValue(matched.fields[second], second, lead[second], reason, path))
        if problems or broken:
            raise LeadError([*broken, *problems])
        return Lead(values, tuple(map(str, ignored)))

    def _find_homes(self, fields: Mapping[str, str]) -> dict[str, _Home]:
        """Where the values of columns belong, from the field of each."""
        return {column: (name, self._cleaners[name].texts, self._cleaners[name]) for column, name in fields.items()}

    def _read_values(
        self, lead: Mapping[str, Any], homes: Mapping[str, _Home], path: str
    ) -> tuple[dict[str, Typed], list[Any], list[BadValue]]:
        """The typed values of a raw lead, the names of which no field is, and the problems.

        `homes` has the field of each name that belongs to one.
        """
        values = dict(self._blank)
        columns: dict[str, str] = {}
        ignored: list[Any] = []
        problems: list[BadValue] = []
        for column, raw in lead.items():
            home = homes.get(column)
            if home is None:
                ignored.append(column)
                continue
            name, texts, clean = home
            try:
                value = texts[raw] if type(raw) is str else clean(raw)  # as `clean`, without a call for most values
            except UnreadableValue as reason:
                try:
                    value = clean(unwrap_scalar(raw))
                except UnreadableValue:
                    problems.append(BadValue(name, str(column), raw, str(reason), path))
                    continue
            if value is None:
                continue
            if name not in columns:
                values[name] = value
                columns[name] = column
            elif not self.card.card.fields[name].are_same(values[name], value):
                clash = f"'{name}' has another value under '{columns[name]}'; send one of the two"
                problems.append(BadValue(name, str(column), raw, clash, path))
        return values, ignored, problems

    def find_named_fields(self, names: Iterable[str]) -> tuple[str, ...]:
        """The plain fields that some names of a raw lead belong to, each once."""
        return tuple(dict.fromkeys(self._names.match(names).fields.values()))

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
        cleaned = self.clean(lead, path)
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
        error = None
        if self._known_errors:
            error = round_root(self._always + sum([squares[bins[i]] for i, squares in self._squares]))
        at, gate = card.find_gate(values.get("stage"))
        verdict, to, advice, chance, propensity = self.decide(
            at, gate, criteria, True in excluded, total, high, values, as_of
        )
        questions = (
            question.rank_questions(self.askables, values, gate, criteria, total, high)
            if gate and verdict == "ask"
            else ()
        )
        recommendation = Recommendation(
            verdict,
            at,
            to,
            gate.threshold.points if gate else None,
            tuple(map(getitem, self._states, criteria)),
            self._reasons.word_exclusions(excluded)
            if verdict == "disqualify"
            else (
                *self._reasons.word_gate(gate, verdict, criteria, total, high, chance, advice, as_of),
                *find_strongest(verdict, lines),
            ),
            questions,
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
            self._find_unseen(values) if self._seen else None,
            percentile,
            None if self._steps is None else self._steps.foretell(values, as_of),
            counts,
            self._axes.score(rules, groups, terms, bins, values),
            advice.since if advice else None,
            advice.below_since if advice else None,
            propensity,
        )

    def decide(
        self,
        at: str,
        gate: Gate | None,
        criteria: Sequence[bool | None],
        is_excluded: bool,
        total: int,
        high: int,
        values: Mapping[str, Any],
        as_of: date,
    ) -> Decision:
        """What to do with a lead that stands at `at`, before `gate`; the numbers are those of its tally."""
        verdict = decide(gate, criteria, is_excluded, total, high)
        to = gate.to if gate and verdict != "disqualify" else at
        chance = self._explore(gate, verdict, criteria, total, values) if self._explores else None
        if chance is not None:
            verdict = chance.verdict
        propensity = None if chance is None else chance.propensity
        advice: Advice | None = None
        if self.remembers:
            memory = read_memory(values)
            advice = advise(verdict, gate, to, criteria, total, memory, as_of, _find_break(gate, values))
            verdict = advice.verdict
            propensity = None if propensity is None else advice.weigh(propensity)
        return Decision(verdict, to, advice, chance, propensity)

    def _explore(
        self,
        gate: Gate | None,
        advice: Verdict,
        criteria: Sequence[bool | None],
        total: int,
        values: Mapping[str, Any],
    ) -> Chance:
        """The verdict of a lead that may be drawn, and the probability with which it was to be promoted."""
        if gate is None:
            return explore(None, advice, None, (), total, None)
        threshold = None if gate.threshold.closed else gate.threshold.points
        required = [criteria[i] for i in gate.requires]
        lead_key = find_lead_key(self.card.card.plain_fields, values)
        return explore(gate.exploration, advice, threshold, required, total, lead_key)

    def _show_total(self, total: int) -> ShownTotal:
        """What follows from a total (tenths) alone."""
        card = self.card
        probability = compute_probability(card.learned.base_rate, total)
        return ShownTotal(round_score(total), probability, card.grade(total), card.find_percentile(total))

    def _find_unseen(self, values: Mapping[str, Typed]) -> tuple[str, ...]:
        """The fields whose text training has never seen."""
        unseen = [
            name
            for name, is_exact, levels, keys in self._seen
            if (value := values[name]) is not None
            and value not in levels
            and (is_exact or key_of(str(value)) not in keys)
        ]
        return tuple(unseen)


def _find_break(gate: Gate | None, values: Mapping[str, Any]) -> date | None:
    """The day in the field that ends the cool-down of a gate; None where there is none, or it isn't known."""
    unless = gate.cool_down.unless if gate is not None and gate.cool_down is not None else ""
    day = values.get(unless) if unless else None
    return day if isinstance(day, date) else None


def round_root(squares: int) -> int:
    """The square root of a whole number, to the nearest whole number; exact, whatever the size."""
    below = math.isqrt(squares)
    return below + (squares - below * below > below)


def _square_errors(card: Scorecard) -> tuple[bool, int, list[tuple[int, Sequence[int]]]]:
    """Whether any term has errors; the squares that every lead has, and those by bin, with their term's place."""
    always = 0
    by_bin: list[tuple[int, Sequence[int]]] = []
    for i, term in enumerate(card.learned.terms):
        match term:
            case Combination():
                always += term.error**2
            case Table(errors=errors) if errors:
                by_bin.append((i, [error**2 for error in errors]))
            case Pair(errors=errors) if errors:
                by_bin.append((i, [error**2 for row in errors for error in row]))
    return bool(always or by_bin), always, by_bin
