"""The verbs that score: one raw lead in, a result out.

The first use of a scorecard prints it to Python, compiles it, and works out what can be known beforehand (labels of
bins, possible answers); that is kept with the scorecard, so that every later lead takes microseconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Any

from scoring import question
from scoring.errors import BadValue, LeadError
from scoring.field import Field, Lead, Refused, cleaner
from scoring.gate import Gate, verdict
from scoring.lookup import Pair, Table
from scoring.printers import python
from scoring.result import Entry, EntryKind, Recommendation, Result, State, signed, unsigned
from scoring.scorecard import DOUBLE, START, Scorecard
from scoring.tree import Typed

REASONS = 3  # the most telling entries of a ledger, on either side, that are named as reasons
TENTHS = attrgetter("tenths")
_STATES: dict[bool | None, State] = {True: "met", False: "unmet", None: "unknown"}


def score(card: Scorecard, lead: Mapping[str, Any], as_of: date) -> Result:
    """Score one raw lead on a day.

    `lead` maps field names, or the names that a CRM uses for them (`from:` in the card), to raw values; a field that is
    absent is missing. Raises LeadError with every value that can't be read.
    """
    return engine(card).score(lead, as_of)


def engine(card: Scorecard) -> Engine:
    """The engine of a scorecard, made at its first use and kept with it."""
    found: Engine | None = card.__dict__.get("engine")
    if found is None:
        found = Engine(card)
        card.__dict__["engine"] = found  # as cached_property does: a frozen scorecard, and what follows from it
    return found


def probability(base_rate: float | None, tenths: int) -> float | None:
    """The probability (0..1) at a total, odds doubling with every 10 points; None where no base rate is known."""
    if base_rate is None:
        return None
    log_odds = math.log(base_rate / (1 - base_rate)) + (tenths - START) / DOUBLE * math.log(2)
    # Two branches, so that neither end overflows.
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)


def rounded(tenths: int) -> int:
    """The score of a total: whole points, halves up, cut to 0…100."""
    return (max(0, min(1000, tenths)) + 5) // 10


@lru_cache(maxsize=10_000)  # most entries are those of other leads too
def said(tenths: int, reason: str) -> str:
    """An entry in a line: its points and its reason."""
    return f"{signed(tenths)} {reason}"


class Engine:
    """A scorecard made ready: cleaners by column, the printed function, and the words of each entry."""

    def __init__(self, card: Scorecard) -> None:
        self.card = card
        self.tally = python.compiled(card)
        self._fields = {field.name: (field, cleaner(field, card.card.absent)) for field in card.card.plain}
        self._columns = {column: field.name for field in card.card.plain for column in field.columns}
        self._blank: dict[str, Typed] = dict.fromkeys(self._fields)
        # Most entries are the same for every lead that has them, so they are made once.
        self._start = Entry("start", "start", card.learned.start, "Where every lead starts")
        self._rules = [Entry(one.rule.name, "rule", one.points, one.rule.reason, one.rule.why) for one in card.rules]
        self._terms = [
            [Entry(term.name, _kind(term), *cell) for cell in zip(_cells(term), labels(card, term), strict=True)]
            for term in card.learned.terms
        ]
        self._groups = [(one.name, group_reason(card, one.name)) for one in card.groups]
        self._asked = question.prepare(card, self.tally)

    def clean(self, lead: Mapping[str, Any], path: str = "$") -> Lead:
        """Typed values of a raw lead. Raises LeadError; `path` leads to the lead in the caller's input."""
        values = dict(self._blank)
        came: dict[str, str] = {}
        ignored = []
        problems = []
        for column, raw in lead.items():
            name = self._columns.get(column)
            if name is None:
                ignored.append(str(column))
                continue
            try:
                value = self._fields[name][1](raw)
            except Refused as reason:
                problems.append(BadValue(name, f"{path}.{column}", raw, str(reason)))
                continue
            if value is None:
                continue
            if name in came and values[name] != value:
                clash = f"'{name}' has another value under '{came[name]}'; send one of the two"
                problems.append(BadValue(name, f"{path}.{column}", raw, clash))
            values[name] = value
            came[name] = column
        if problems:
            raise LeadError(problems)
        return Lead(values, tuple(ignored))

    def score(self, lead: Mapping[str, Any], as_of: date, path: str = "$") -> Result:
        """The result of a raw lead. Raises LeadError."""
        cleaned = self.clean(lead, path)
        return self.result(cleaned.values, as_of, cleaned.ignored)

    def result(self, values: Mapping[str, Typed], as_of: date, ignored: tuple[str, ...] = ()) -> Result:
        """The result of typed values, one for each plain field."""
        total, low, high, rules, groups, terms, bins, criteria, excluded = self.tally(values, as_of)
        card = self.card
        ledger = [self._start]
        ledger += [
            one if points == one.tenths else Entry(one.name, "rule", points, one.reason, one.why)
            for one, points in zip(self._rules, rules, strict=True)
            if points
        ]
        for (name, reason), points in zip(self._groups, groups, strict=True):
            if points:
                ledger.append(Entry(name, "group", points, reason))
        ledger += [entries[cell] for entries, points, cell in zip(self._terms, terms, bins, strict=True) if points]
        at, gate = card.gate(values.get("stage"))
        advice = verdict(gate, criteria, True in excluded, total, high)
        asked = question.questions(self._asked, values, gate, criteria, total, high) if gate and advice == "ask" else ()
        recommendation = Recommendation(
            advice,
            at,
            gate.to if gate and advice != "disqualify" else at,
            gate.line.points if gate else None,
            tuple((one.name, _STATES[met]) for one, met in zip(card.card.criteria, criteria, strict=True)),
            self._reasons(gate, advice, criteria, excluded, total, high, ledger),
            asked,
        )
        return Result(
            card.card.name,
            card.release,
            as_of,
            total,
            low,
            high,
            rounded(total),
            probability(card.learned.base_rate, total),
            card.grade(total),
            recommendation,
            tuple(ledger),
            ignored,
        )

    def _reasons(
        self,
        gate: Gate | None,
        advice: str,
        criteria: tuple[bool | None, ...],
        excluded: tuple[bool | None, ...],
        total: int,
        high: int,
        ledger: list[Entry],
    ) -> tuple[str, ...]:
        card = self.card.card
        if advice == "disqualify":
            return tuple(one.reason for one, fires in zip(card.exclude, excluded, strict=True) if fires)
        found = []
        if gate is not None:
            for wanted, words in ((False, "is not met"), (None, "is not known")):
                found += [f"{card.criteria[i].title} {words}" for i in gate.requires if criteria[i] is wanted]
            line = gate.line
            if line.closed:
                found.append(line.closed)
            elif line.points is not None and total < line.points:
                short = f"{unsigned(total)} points, {unsigned(line.points)} are needed"
                found.append(f"{short}; answers could bring up to {unsigned(high)}" if advice == "ask" else short)
        elif not card.stages:
            found.append("the card has no stages")
        else:
            found.append("nothing is left to decide by points at this stage")
        entries = [one for one in ledger[1:] if one.kind != "group"]
        gains = [one for one in sorted(entries, key=TENTHS, reverse=True)[:REASONS] if one.tenths > 0]
        losses = [one for one in sorted(entries, key=TENTHS)[:REASONS] if one.tenths < 0]
        ordered = gains + losses if advice == "promote" else losses + gains if advice == "nurture" else gains + losses
        found += [said(one.tenths, one.reason) for one in ordered]
        return tuple(found)


def _kind(term: Table | Pair) -> EntryKind:
    return "table" if isinstance(term, Table) else "pair"


def _cells(term: Table | Pair) -> tuple[int, ...]:
    return term.points if isinstance(term, Table) else tuple(cell for row in term.points for cell in row)


def labels(card: Scorecard, term: Table | Pair) -> tuple[str, ...]:
    """The words for each bin of a term, in the order of `Tally.bins`: `employees 50 to 250`."""
    if isinstance(term, Table):
        return tuple(f"{_title(card, term.field)}: {label}" for label in term.bins.labels)
    first, second = (_title(card, name) for name in term.fields)
    return tuple(f"{first}: {row}, {second}: {column}" for row in term.bins[0].labels for column in term.bins[1].labels)


def group_reason(card: Scorecard, name: str) -> str:
    """The words for the adjustment of a group."""
    group = next(one for one in card.groups if one.name == name)
    limits = []
    if group.maximum is not None:
        limits.append(f"at most {unsigned(group.maximum)}")
    if group.minimum is not None:
        limits.append(f"at least {unsigned(group.minimum)}")
    parts = ["only the best rule counts"] if group.best_of else []
    if limits:
        parts.append(f"{' and '.join(limits)} together")
    return f"{name.replace('_', ' ')}: {', '.join(parts)}"


def _title(card: Scorecard, name: str) -> str:
    field: Field = card.card.fields[name]
    return field.title
