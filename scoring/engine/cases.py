"""The card's own tests: each case is scored by rules alone, and held against what the card expects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from leadledger.scoring.case import Case
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.result import Result, format_unsigned
from leadledger.scoring.scorecard import Card, Learned, Scorecard


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


@dataclass(frozen=True)
class ExpectedOutput:
    """What a case expects of one output (`key`), and what it `is`, both as texts; `text` says so where they differ."""

    key: str
    expected: str
    actual: str
    text: str = ""


@dataclass(frozen=True)
class TriedCase:
    """A case as it went: its name, its line in the card, and each output that it expects; `fires` has one for a rule.

    `points` (tenths) is the total.
    """

    name: str
    line: int
    outputs: tuple[ExpectedOutput, ...]
    points: int

    @property
    def passes(self) -> bool:
        """Whether all is as expected."""
        return not any(output.text for output in self.outputs)


def try_cases(card: Card) -> tuple[TriedCase, ...]:
    """All cases as they go, in the order of the card."""
    ready = get_engine(build_declared(card))
    tried = []
    for case in card.cases:
        values = ready.clean(case.lead).values
        counts = ready.count_events(case.events, case.as_of, values)
        result = ready.build_result(values, case.as_of, counts=counts)
        excluded = ready.tally(ready.add_counts(values, counts), case.as_of)[-1]
        fired = {entry.name for entry in result.ledger if entry.kind == "rule"}
        fired |= {exclusion.name for exclusion, fires in zip(card.exclude, excluded, strict=True) if fires}
        outputs = tuple(_compare_outputs(case, result, fired))
        tried.append(TriedCase(case.name, case.line, outputs, result.tenths))
    return tuple(tried)


def find_failures(card: Card) -> tuple[Failure, ...]:
    """The cases that fail, in the order of the card."""
    return tuple(
        Failure(case.name, case.line, output.text) for case in try_cases(card) for output in case.outputs if output.text
    )


def _compare_outputs(case: Case, result: Result, fired: set[str]) -> Iterator[ExpectedOutput]:
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
        if key in actual:
            wanted, got = _format_output(key, expected), _format_output(key, actual[key])
            text = f"expected {key} {wanted}, got {got} ({format_unsigned(result.tenths)} points)"
            yield ExpectedOutput(key, wanted, got, "" if actual[key] == expected else text)
    for name in case.expect.get("fires", ()):
        text = "" if name in fired else f"expected '{name}' to fire; it did not"
        yield ExpectedOutput("fires", name, name if name in fired else "", text)
    for name in case.expect.get("not_fires", ()):
        text = f"expected '{name}' not to fire; it did" if name in fired else ""
        yield ExpectedOutput("not_fires", name, "" if name in fired else name, text)


def _format_output(key: str, value: Any) -> str:
    return (
        format_unsigned(value)
        if key in ("points", "fit", "engagement")
        else f"{value:g}"
        if key in ("score", "propensity") and value is not None
        else str(value)
    )
