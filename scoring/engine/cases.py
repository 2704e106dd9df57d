"""The card's own tests: each case is scored by rules alone, and held against what the card expects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.result import Result, format_unsigned
from leadledger.scoring.scorecard import Card, Case, Learned, Scorecard


@dataclass(frozen=True)
class Failure:
    """A case that fails: its name, its line in the card, and what was expected and what was found."""

    case: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.case}: {self.text}"


def build_declared(card: Card) -> Scorecard:
    """The scorecard that cases are written for: points as declared, whatever training may make of them."""
    return Scorecard(card, Learned(base_rate=card.base_rate))


def find_failures(card: Card) -> tuple[Failure, ...]:
    """The cases that fail, in the order of the card."""
    ready = get_engine(build_declared(card))
    failures = []
    for case in card.cases:
        values = ready.clean(case.lead).values
        counts = ready.count_events(case.events, case.as_of, values)
        result = ready.build_result(values, case.as_of, counts=counts)
        excluded = ready.tally(ready.add_counts(values, counts), case.as_of)[-1]
        fired = {entry.name for entry in result.ledger if entry.kind == "rule"}
        fired |= {exclusion.name for exclusion, fires in zip(card.exclude, excluded, strict=True) if fires}
        failures += [Failure(case.name, case.line, text) for text in _find_mismatches(case, result, fired)]
    return tuple(failures)


def _find_mismatches(case: Case, result: Result, fired: set[str]) -> Iterator[str]:
    advice = result.recommendation
    actual: dict[str, Any] = {
        "recommendation": advice.verdict,
        "from": advice.at,
        "to": advice.to,
        "grade": result.grade,
        "score": result.score,
        "points": result.tenths,
        "axis_grades": result.axis_grades,
        "propensity": result.propensity,
        **{axis.axis: axis.tenths for axis in result.axes},
    }
    for key, expected in case.expect.items():
        if key in actual and actual[key] != expected:
            got = f"{_format_output(key, actual[key])} ({format_unsigned(result.tenths)} points)"
            yield f"expected {key} {_format_output(key, expected)}, got {got}"
    for name in case.expect.get("fires", ()):
        if name not in fired:
            yield f"expected '{name}' to fire; it did not"
    for name in case.expect.get("not_fires", ()):
        if name in fired:
            yield f"expected '{name}' not to fire; it did"


def _format_output(key: str, value: Any) -> str:
    return (
        format_unsigned(value)
        if key in ("points", "fit", "engagement")
        else f"{value:g}"
        if key in ("score", "propensity") and value is not None
        else str(value)
    )
