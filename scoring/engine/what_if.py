"""What if: a lead with some answers in place of its own values, beside the lead as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leadledger.scoring.cleaning import Lead
from leadledger.scoring.engine.ledger_difference import EntryDifference, find_differences
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.result import Result
from leadledger.scoring.tree import Typed


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The result of a lead as it is, and as it would be with some answers, on one day."""

    now: Result
    then: Result

    @property
    def moved(self) -> tuple[EntryDifference, ...]:
        """The entries that differ, the largest difference first; they add up to `tenths`."""
        return find_differences(self.now.ledger, self.then.ledger)

    @property
    def tenths(self) -> int:
        """By how much the total would move."""
        return self.then.tenths - self.now.tenths


def put_answers(engine: Engine, values: Mapping[str, Typed], answers: Lead, names: Iterable[str]) -> dict[str, Typed]:
    """The typed values of a lead with cleaned answers in place.

    `names` are those under which the answers came. A field that was named and has no value becomes unknown.
    """
    named = {field: answers.values[field] for field in engine.reader.find_named_fields(names)}
    return {**values, **named, **{field: value for field, value in answers.values.items() if value is not None}}
