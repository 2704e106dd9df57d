"""A case that fails and is accepted: edits that let it expect what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leadledger.scoring.card_edits.card_section import read_entry
from leadledger.scoring.card_edits.edits import SetValue
from leadledger.scoring.card_edits.values import Value
from leadledger.scoring.engine.cases import TriedCase

_LISTS = ("fires", "not_fires")
_NUMBERS = ("points", "score", "fit", "engagement", "propensity")


def read_expected(text: str, case: str) -> Mapping[str, Value]:
    """What a case of a card's text expects. Raises ScoringError."""
    expected = read_entry(text, "cases", case).get("expect")
    return expected if isinstance(expected, Mapping) else {}


def make_acceptance(case: TriedCase, expected: Mapping[str, Value]) -> Iterator[SetValue]:
    """The edits of a case that fails; none where it passes."""
    path = ("cases", case.name, "expect")
    for output in case.outputs:
        if output.text and output.key not in _LISTS:
            value: Value | None = float(output.actual) if output.key in _NUMBERS else output.actual
            yield SetValue((*path, output.key), None if output.actual == "None" else value)
    for key in _LISTS:
        wrong = {output.expected for output in case.outputs if output.key == key and output.text}
        listed = expected.get(key)
        if wrong and isinstance(listed, list):
            kept = [name for name in listed if name not in wrong]
            yield SetValue((*path, key), kept or None)
