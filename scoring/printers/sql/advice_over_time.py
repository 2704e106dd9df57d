"""Advice over time as SQL: what `scoring/advice.py` makes of a verdict, the day and the memory of the lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from leadledger.scoring.gate import CoolDown, Gate, Hold
from leadledger.scoring.memory import BELOW, LAST, REJECTED, SINCE, TO
from leadledger.scoring.outputs import ADVICE_COLUMNS, list_names
from leadledger.scoring.printers.sql.advice import AdvicePrinter
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.printers.sql.query import (
    ABOUT,
    ADVISED,
    BELOW_SINCE,
    COOLS,
    EXCLUDED,
    HELD,
    LAST_SINCE,
    LAST_VERDICT,
    PLAIN,
    STANDS_AT,
    TOTAL,
)
from leadledger.scoring.printers.sql.steps import Step

Asked = TypeVar("Asked", Hold, CoolDown)


class AdviceOverTimePrinter:
    """The steps from the verdict of a lead alone to that which its memory makes of it.

    `as_of` is the day. `remember` False: the lead alone decides, as it does where the card has no memory.
    """

    def __init__(self, advice: AdvicePrinter, as_of: Expression, remember: bool) -> None:
        self.advice = advice
        self.as_of = as_of
        self.remembers = remember and bool(advice.card.card.memory_fields)
        self.column, self.field, self.dialect = advice.column, advice.field, advice.dialect

    def steps(self) -> Iterator[Step]:
        """The steps, each of which reads the columns of those before."""
        if not self.remembers:
            return
        plain, about = self.advice.recommendation(), self.advice.next_stage()
        alone = [StepColumn(PLAIN, plain), StepColumn(ABOUT, about)]
        yield Step("alone", "what the lead alone says, and of which stage", alone)
        last, since = self.field(LAST), self.field(SINCE)
        of_stage = write("{} IS NULL OR {} = {}", self.field(TO), self.field(TO), self.column(ABOUT))
        in_time = write("{} IS NULL OR {} <= {}", since, since, self.as_of)
        counts = write("({}) AND ({})", of_stage, in_time)
        recalled = [
            StepColumn(LAST_VERDICT, write("CASE WHEN {} THEN {} END", counts, last)),
            StepColumn(LAST_SINCE, write("CASE WHEN {} THEN {} END", counts, since)),
        ]
        yield Step("recalled", "the last recommendation, where it counts", recalled)
        below = self._by_gate(self._find_hold, self._below, self._no_day)
        yield Step("sunk", "the first look below the band of a promotion", [StepColumn(BELOW_SINCE, below)])
        held = self._by_gate(self._find_hold, self._hold, self.column(PLAIN))
        cools = self._by_gate(lambda gate: gate.cool_down, self._cools, Expression("FALSE"))
        kept = [StepColumn(HELD, held), StepColumn(COOLS, cools)]
        yield Step("held", "whether a promotion is kept, or has ended, and whether sales rejected the lead", kept)
        is_cooling = write("{} IN ('promote', 'ask') AND {}", self.column(HELD), self.column(COOLS))
        advised = write("CASE WHEN {} THEN 'nurture' ELSE {} END", is_cooling, self.column(HELD))
        yield Step("advised", "the recommendation", [StepColumn(ADVISED, advised)])

    def recommendation(self) -> Expression:
        """One of the verdicts."""
        return self.column(ADVISED) if self.remembers else self.advice.recommendation()

    def propensity(self) -> Expression:
        """The probability with which the lead was to be promoted, known before it was drawn."""
        alone = self.advice.propensity()
        if not self.remembers:
            return alone
        never, always = self.dialect.number(0.0), self.dialect.number(1.0)
        is_kept = write("{} = 'promote' AND {} <> 'promote'", self.column(HELD), self.column(PLAIN))
        return write(
            "CASE WHEN {} THEN {} WHEN {} THEN {} ELSE {} END", self.column(COOLS), never, is_kept, always, alone
        )

    def outputs(self) -> dict[str, Expression]:
        """The columns ADVICE_COLUMNS of `scoring/outputs.py`; none where nothing is remembered."""
        if not self.remembers:
            return {}
        verdict, below = self.column(ADVISED), self.column(BELOW_SINCE)
        is_same = write("{} = {}", self.column(LAST_VERDICT), verdict)
        since = write("CASE WHEN {} THEN {} ELSE {} END", is_same, self._since(), self.as_of)
        still_below = write("CASE WHEN {} IN ('promote', 'demote') THEN {} END", verdict, below)
        return dict(zip(list_names(ADVICE_COLUMNS), (since, still_below), strict=True))

    @property
    def _no_day(self) -> Expression:
        return Expression(f"CAST(NULL AS {self.dialect.types['DATE']})")

    def _since(self) -> Expression:
        """The day of the last recommendation; that of the score where it isn't known."""
        return write("coalesce({}, {})", self.column(LAST_SINCE), self.as_of)

    def _by_gate(
        self,
        find: Callable[[Gate], Asked | None],
        write_gate: Callable[[Gate, Asked], Expression],
        otherwise: Expression,
    ) -> Expression:
        """What each gate that asks for something makes of a lead that isn't excluded."""
        cases = [write(" WHEN {} THEN {}", self.column(EXCLUDED), otherwise)]
        for at, gate in self.advice.gates():
            asked = find(gate)
            if asked is not None:
                stands = write("{} = {}", self.column(STANDS_AT), self.advice.text(at))
                cases.append(write(" WHEN {} THEN {}", stands, write_gate(gate, asked)))
        return write("CASE{} ELSE {} END", join("", cases), otherwise) if len(cases) > 1 else otherwise

    @staticmethod
    def _find_hold(gate: Gate) -> Hold | None:
        """The hold of a gate; a closed one promotes nobody, so it holds nothing."""
        return None if gate.threshold.closed else gate.hold

    def _below(self, gate: Gate, hold: Hold) -> Expression:
        """The first look below the band; NULL where the lead isn't below it, or was neither promoted nor demoted."""
        if gate.threshold.points is None:
            return self._no_day
        first = write("CASE WHEN {} <= {} THEN {} END", self.field(BELOW), self.as_of, self.field(BELOW))
        is_below = write("{} < {}", self.column(TOTAL), gate.threshold.points - hold.band)
        last, unmet = self.column(LAST_VERDICT), self.advice.unmet(gate)
        cases = [write(" WHEN {} = 'promote' THEN NULL", self.column(PLAIN))]  # a lead may also be drawn
        cases += [write(" WHEN {} = 'promote' AND ({}) THEN NULL", last, unmet)] if unmet else []
        cases.append(write(" WHEN {} = 'promote' AND {} THEN coalesce({}, {})", last, is_below, first, self.as_of))
        cases.append(write(" WHEN {} = 'demote' AND {} THEN {}", last, is_below, first))
        return write("CASE{} END", join("", cases))

    def _hold(self, gate: Gate, hold: Hold) -> Expression:
        """What becomes of a promotion, and of its end."""
        last, plain, unmet = self.column(LAST_VERDICT), self.column(PLAIN), self.advice.unmet(gate)
        days = self.dialect.number(float(hold.days))
        ended = write("{} >= {}", self._days_since(self.column(BELOW_SINCE)), days)
        ends = [write(" WHEN {} THEN 'demote'", condition) for condition in (unmet, ended) if condition]
        cases = [
            write(" WHEN {} = 'promote' THEN 'promote'", plain),
            write(" WHEN {} = 'promote' THEN CASE{} ELSE 'promote' END", last, join("", ends)),
            write(" WHEN {} = 'demote' AND {} < {} THEN 'demote'", last, self._days_since(self._since()), days),
        ]
        return write("CASE{} ELSE {} END", join("", cases), plain)

    def _cools(self, gate: Gate, cool_down: CoolDown) -> Expression:
        """Whether a rejected lead is to be left alone."""
        rejected = self.field(REJECTED)
        days, number = self._days_since(rejected), self.dialect.number
        cools = write("{} >= {} AND {} < {}", days, number(0.0), days, number(float(cool_down.days)))
        if cool_down.unless:
            cools = write("{} AND NOT coalesce({} > {}, FALSE)", cools, self.field(cool_down.unless), rejected)
        return write("coalesce({}, FALSE)", cools)

    def _days_since(self, day: Expression) -> Expression:
        """The whole days from a day to that of the score; NULL where the day is."""
        return spell(self.dialect.days_between, self.as_of, day)
