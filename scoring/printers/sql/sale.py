"""The chance of a sale as SQL: the total of each step up to it, the chance of those ahead, and their product."""

from __future__ import annotations

from collections.abc import Iterator

from leadledger.scoring.printers.sql.advice import print_probability
from leadledger.scoring.printers.sql.conditions import ConditionPrinter
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, spell, write
from leadledger.scoring.printers.sql.points import PointsPrinter
from leadledger.scoring.printers.sql.query import SALE
from leadledger.scoring.scorecard import Scorecard


class SalePrinter:
    """The steps of a release, each with columns of its own: `step:<stage>:…`."""

    def __init__(self, card: Scorecard, conditions: ConditionPrinter) -> None:
        self.card = card
        self.column, self.field, self.dialect = conditions.column, conditions.field, conditions.dialect
        self.points = {stage: PointsPrinter(step, conditions, f"step:{stage}:") for stage, step in card.steps.items()}

    def total_name(self, stage: str) -> str:
        """The column of the total of a step, in tenths."""
        return f"step:{stage}:total"

    def chances(self) -> Iterator[StepColumn]:
        """The chance of each step; 1 where it lies behind the lead, NULL where it isn't known."""
        for stage, step in self.card.steps.items():
            chance = print_probability(step.learned.base_rate, self.column(self.total_name(stage)), self.dialect)
            behind = self._is_at(self.card.card.stage_names[self.card.card.stage_names.index(stage) :])
            if behind is not None:
                chance = write("CASE WHEN {} THEN {} ELSE {} END", behind, self.dialect.number(1.0), chance)
            yield StepColumn(f"step:{stage}:chance", chance)

    def probability(self) -> Expression:
        """The product of the chances; NULL where no step is left."""
        chance, *others = (self.column(f"step:{stage}:chance") for stage in self.card.steps)
        for other in others:
            chance = spell(self.dialect.multiply, chance, other)
        sold = self._is_at(self.card.card.stage_names[-1:])
        return chance if sold is None else write("CASE WHEN {} THEN NULL ELSE {} END", sold, chance)

    def expected_value(self) -> Expression:
        """The chance of a sale, the column SALE, times the amount."""
        amount = self.card.card.amount
        if not amount:
            return Expression(f"CAST(NULL AS {self.dialect.types['DOUBLE']})")
        return spell(self.dialect.multiply, self.column(SALE), self.field(amount))

    def _is_at(self, stages: tuple[str, ...]) -> Expression | None:
        """Whether a lead is at one of some stages; None where the card doesn't know. Of no stage, it isn't."""
        field = self.card.card.fields.get("stage")
        if field is None or field.kind != "text":
            return None
        return write("coalesce({} IN ({}), FALSE)", self.field("stage"), ", ".join(map(self.dialect.text, stages)))
