"""Results in the shape that a CRM can write back at once: the body of its own update call.

Which properties they are written to, the card says under `write_back:`; else those of `scoring.card.write_back` count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadledger.api.crm.base import Crm
from leadledger.api.crm.systems import CRMS
from leadledger.scoring.card.write_back import list_properties
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Card

# Each of `write_back.OUTPUTS`, as a CRM writes it.
_WRITTEN: Mapping[str, Callable[[Crm, Result], Any]] = {
    "score": lambda crm, result: crm.write_value(result.score),
    "points": lambda crm, result: crm.write_points(result.tenths),
    "low": lambda crm, result: crm.write_points(result.low),
    "high": lambda crm, result: crm.write_points(result.high),
    "plus_minus": lambda crm, result: crm.write_points(result.error),
    "probability": lambda crm, result: crm.write_probability(result.probability),
    "grade": lambda crm, result: crm.write_value(result.grade),
    "percentile": lambda crm, result: crm.write_value(result.percentile),
    "recommendation": lambda crm, result: crm.write_value(result.recommendation.verdict),
    "from": lambda crm, result: crm.write_value(result.recommendation.at),
    "to": lambda crm, result: crm.write_value(result.recommendation.to),
    "reasons": lambda crm, result: crm.write_value("\n".join(result.recommendation.reasons)),
    "questions": lambda crm, result: crm.write_value(
        "\n".join(question.text for question in result.recommendation.questions)
    ),
    "as_of": lambda crm, result: crm.write_value(result.as_of.isoformat()),
    "card": lambda crm, result: crm.write_value(result.card),
    "release": lambda crm, result: crm.write_value(result.release),
    "sale_probability": lambda crm, result: crm.write_probability(result.sale.probability if result.sale else None),
    "expected_value": lambda crm, result: crm.write_amount(result.sale.rounded_value if result.sale else None),
    "fit": lambda crm, result: crm.write_points(result.axes[0].tenths if result.axes else None),
    "engagement": lambda crm, result: crm.write_points(result.axes[1].tenths if result.axes else None),
    "axis_grades": lambda crm, result: crm.write_value(result.axis_grades or None),
    "propensity": lambda crm, result: crm.write_probability(result.propensity),
    "recommended_since": lambda crm, result: crm.write_value(_write_day(result.recommended_since)),
    "below_since": lambda crm, result: crm.write_value(_write_day(result.below_since)),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """How the results of a card go back into one CRM. `properties`: the property of each output that is written."""

    crm: Crm
    properties: Mapping[str, str]

    def make_update(self, result: Result) -> dict[str, Any]:
        """The body that updates one record, whose id is in the address of the call."""
        return self.crm.make_update(self.write(result))

    def make_update_of(self, record_id: str, result: Result, record: Any) -> dict[str, Any]:
        """One of several updates; `record` is what was sent, as it came."""
        return self.crm.make_update_of(record_id, self.write(result), record)

    def write(self, result: Result) -> dict[str, Any]:
        """Each property with its value, as the CRM writes it."""
        return {name: _WRITTEN[output](self.crm, result) for output, name in self.properties.items()}


def make_reply(card: Card, system: str) -> Reply:
    """How results of a card go back into `system`, one of `DEFAULTS`."""
    return Reply(CRMS[system], list_properties(card.write_back, system, bool(card.memory_fields)))


def _write_day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
