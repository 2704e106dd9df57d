"""What a score means, as SQL: stages, the recommendation, the grade, the place among leads and the probability."""

from __future__ import annotations

from collections.abc import Iterator

from leadledger.scoring.gate import Gate
from leadledger.scoring.printers.sql.conditions import ConditionPrinter, print_staircase
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.draws import print_draw, print_lead_key
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.printers.sql.query import DRAW_KEY, EXCLUDED, HIGH, STANDS_AT, TOTAL
from leadledger.scoring.scorecard import START_TENTHS, TENTHS_PER_DOUBLING, Scorecard


class AdvicePrinter:
    """The advice of one card, over the columns of its points, criteria and exclusions."""

    def __init__(self, card: Scorecard, conditions: ConditionPrinter) -> None:
        self.card = card
        self.column, self.field, self.dialect = conditions.column, conditions.field, conditions.dialect
        self.text = conditions.dialect.text

    def stage(self) -> Expression:
        """The stage that the lead stands at."""
        standing = self.text(self.card.card.default_stage)
        if "stage" not in self.card.card.fields or not self.card.gates:
            return Expression(standing)
        known = ", ".join(map(self.text, self.card.gates))
        stage = self.field("stage")
        return write("CASE WHEN {} IN ({}) THEN {} ELSE {} END", stage, known, stage, standing)

    def next_stage(self) -> Expression:
        """The stage that the recommendation is about; where none is ahead, the one that the lead stands at."""
        stays = self.column(STANDS_AT)
        cases = [write(" WHEN {} = {} THEN {}", stays, self.text(at), self.text(gate.to)) for at, gate in self.gates()]
        return write("CASE WHEN {} THEN {}{} ELSE {} END", self.column(EXCLUDED), stays, join("", cases), stays)

    def excluded(self) -> Expression:
        """Whether an exclusion holds; an unknown one doesn't."""
        exclusions = self.card.card.exclude
        if not exclusions:
            return Expression("FALSE")
        return join(" OR ", [write("coalesce({}, FALSE)", self.column(f"x:{each.name}")) for each in exclusions])

    def recommendation(self) -> Expression:
        """One of the verdicts, whatever was recommended before."""
        at_stage = self.column(STANDS_AT)
        cases = [
            write(" WHEN {} = {} THEN {}", at_stage, self.text(at), self.verdict(gate)) for at, gate in self.gates()
        ]
        return write("CASE WHEN {} THEN 'disqualify'{} ELSE 'keep' END", self.column(EXCLUDED), join("", cases))

    def verdict(self, gate: Gate) -> Expression:
        """What a gate says of a lead that isn't excluded."""
        criteria = [self.column(f"c:{self.card.required[i].name}") for i in gate.requires]
        cases = []
        unmet = self.unmet(gate)
        if unmet:
            cases.append(write("WHEN {} THEN 'nurture'", unmet))
        if gate.threshold.closed:
            return write("CASE {} ELSE 'keep' END", cases[0]) if cases else Expression("'keep'")
        if gate.threshold.points is not None:
            below = write("{} < {}", self.column(TOTAL), gate.threshold.points)
            if gate.exploration is not None:
                drawn = print_draw(gate.exploration, self.column(DRAW_KEY), self.dialect)
                cases.append(write("WHEN {} AND {} THEN 'promote'", below, drawn))
            cases.append(write("WHEN {} AND {} >= {} THEN 'ask'", below, self.column(HIGH), gate.threshold.points))
            cases.append(write("WHEN {} THEN 'nurture'", below))
        if criteria:
            unknown = join(" OR ", [write("{} IS NULL", criterion) for criterion in criteria])
            cases.append(write("WHEN {} THEN 'ask'", unknown))
        return write("CASE {} ELSE 'promote' END", join(" ", cases)) if cases else Expression("'promote'")

    def lead_key(self) -> Iterator[StepColumn]:
        """The key of the lead's id, where a stage draws leads by it; NULL: it has none."""
        if self.card.card.explores:
            ids = [self.field(field.name) for field in self.card.card.plain_fields if field.kind == "id"]
            yield StepColumn(DRAW_KEY, print_lead_key(ids, self.dialect))

    def propensity(self) -> Expression:
        """The probability with which the lead was to be promoted, known before it was drawn."""
        at_stage, never = self.column(STANDS_AT), self.dialect.number(0.0)
        cases = [
            write(" WHEN {} = {} THEN {}", at_stage, self.text(at), self.gate_propensity(gate))
            for at, gate in self.gates()
        ]
        return write("CASE WHEN {} THEN {}{} ELSE {} END", self.column(EXCLUDED), never, join("", cases), never)

    def gate_propensity(self, gate: Gate) -> Expression:
        """The probability with which a gate was to promote a lead that isn't excluded."""
        never, always = (Expression(self.dialect.number(number)) for number in (0.0, 1.0))
        criteria = [self.column(f"c:{self.card.required[i].name}") for i in gate.requires]
        cases = []
        if gate.threshold.closed:
            return never
        unmet = self.unmet(gate)
        if unmet:
            cases.append(write("WHEN {} THEN {}", unmet, never))
        if gate.threshold.points is not None:
            below = write("{} < {}", self.column(TOTAL), gate.threshold.points)
            if gate.exploration is not None:
                share = self.dialect.number(gate.exploration.share)
                cases.append(write("WHEN {} AND {} IS NOT NULL THEN {}", below, self.column(DRAW_KEY), share))
            cases.append(write("WHEN {} THEN {}", below, never))
        if criteria:
            unknown = join(" OR ", [write("{} IS NULL", criterion) for criterion in criteria])
            cases.append(write("WHEN {} THEN {}", unknown, never))
        return write("CASE {} ELSE {} END", join(" ", cases), always) if cases else always

    def unmet(self, gate: Gate) -> Expression | None:
        """Whether a criterion of a gate is known to be unmet; None where it requires none."""
        criteria = [self.column(f"c:{self.card.required[i].name}") for i in gate.requires]
        return join(" OR ", [write("{} = FALSE", criterion) for criterion in criteria]) if criteria else None

    def grade(self) -> Expression:
        """The grade by the card's cut-offs."""
        total = self.column(TOTAL)
        cases = [write(" WHEN {} >= {} THEN {}", total, cut, self.text(grade)) for grade, cut in self.card.card.grades]
        below = self.text(self.card.card.below)
        return write("CASE{} ELSE {} END", join("", cases), below) if cases else Expression(below)

    def percentile(self) -> Expression:
        """The place of a lead among others, as `Scorecard.find_percentile`."""
        places = {step: place for place, step in enumerate(self.card.learned.percentiles, start=1)}
        if not places:
            return Expression(f"CAST(NULL AS {self.dialect.types['INTEGER']})")
        return spell(print_staircase, self.column(TOTAL), [*places], [0, *places.values()])

    def probability(self) -> Expression:
        """The probability of the total; it is quoted, and used by no decision."""
        return print_probability(self.card.learned.base_rate, self.column(TOTAL), self.dialect)

    def gates(self) -> list[tuple[str, Gate]]:
        """The gates by the stage before them, without those that lead nowhere."""
        return [(at, gate) for at, gate in self.card.gates.items() if gate]


def print_probability(base_rate: float | None, total: Expression, dialect: Dialect) -> Expression:
    """The two-branch sigmoid, as `scoring.probability`, of a total in tenths; NULL where no base rate is known."""
    if base_rate is None:
        return Expression(f"CAST(NULL AS {dialect.types['DOUBLE']})")
    number = dialect.number
    odds = f"ln({number(base_rate)} / {number(1 - base_rate)})"
    log_odds = f"({odds} + ({total.sql} - {START_TENTHS}) / {number(float(TENTHS_PER_DOUBLING))} * ln({number(2.0)}))"
    rising, falling = dialect.exp(f"-{log_odds}"), dialect.exp(log_odds)
    sigmoid = f"CASE WHEN {log_odds} >= 0 THEN 1 / (1 + {rising}) ELSE {falling} / (1 + {falling}) END"
    return Expression(sigmoid, total.reads)
