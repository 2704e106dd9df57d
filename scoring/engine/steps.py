"""The chance of a sale: what a lead earns toward each step that it still has before it, and the product of the chances.

It decides nothing: the score, the grade and the recommendation know nothing of the steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from leadledger.scoring.engine.ledger import LedgerWriter
from leadledger.scoring.printers.python.module import compile_card
from leadledger.scoring.probability import compute_probability, multiply_chances
from leadledger.scoring.result import SaleForecast, StepForecast
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed


class StepsEngine:
    """The steps of a scorecard made ready: for each a printed function of its own, and the words of its entries."""

    def __init__(self, card: Scorecard) -> None:
        self._card = card
        self._steps = {stage: (step, compile_card(step), LedgerWriter(step)) for stage, step in card.steps.items()}

    def foretell(self, values: Mapping[str, Typed], as_of: date) -> SaleForecast:
        """The steps before a lead, the chance of a sale, and the expected value. `values` are typed, by plain field."""
        forecasts = []
        for stage in self._card.find_steps_ahead(values.get("stage")):
            step, tally, ledger = self._steps[stage]
            total, _, _, rules, groups, _, bins, _, _ = tally(values, as_of)
            probability = compute_probability(step.learned.base_rate, total)
            entries, _ = ledger.write(rules, groups, bins)
            forecasts.append(StepForecast(stage, total, probability, entries))
        chance = multiply_chances([forecast.probability for forecast in forecasts])
        amount = values.get(self._card.card.amount)
        expected = None if chance is None or not isinstance(amount, float) else chance * amount
        return SaleForecast(tuple(forecasts), chance, expected)
