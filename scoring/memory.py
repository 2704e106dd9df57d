"""What is remembered of a lead's last recommendation, and of a rejection by sales: the fields that hold it.

A card in which a stage says `hold:` or `cool_down:` has these as plain fields. So a memory is cleaned, logged, replayed
and printed like any other value, whether a CRM sends it back or the book remembers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from leadledger.scoring.result import Result
from leadledger.scoring.tree import Kind, Typed

LAST, TO, SINCE, BELOW = "last_recommendation", "recommended_to", "recommended_since", "below_since"
REJECTED = "rejected_on"
REMEMBERED = (LAST, TO, SINCE, BELOW)  # of the last recommendation: known together, or not at all
MEMORY_KINDS: Mapping[str, Kind] = {LAST: "text", TO: "text", SINCE: "date", BELOW: "date", REJECTED: "date"}


@dataclass(frozen=True, slots=True)
class Memory:
    """The last recommendation of a lead, and its rejection; None where it isn't known.

    `recommendation` is its verdict, `to` the stage that it was about, `since` the day from which it has been the same,
    `below_since` the first look at which the total had been under the band of `hold` (None also: it isn't).
    `rejected_on` is the day on which sales rejected the lead.
    """

    recommendation: str | None = None
    to: str | None = None
    since: date | None = None
    below_since: date | None = None
    rejected_on: date | None = None


def memory_of(result: Result) -> Memory:
    """What the next look at a lead must remember of this one; a result doesn't know of rejections."""
    advice = result.recommendation
    return Memory(advice.verdict, advice.to, result.recommended_since, result.below_since)


def list_memory(values: Mapping[str, Typed], memory: Memory) -> dict[str, Typed]:
    """The values that hold a last recommendation, of those fields that `values` have."""
    known = (memory.recommendation, memory.to, memory.since, memory.below_since)
    return {name: value for name, value in zip(REMEMBERED, known, strict=True) if name in values}


def fill_memory(values: Mapping[str, Typed], memory: Memory) -> dict[str, Typed]:
    """The typed values of a lead, with what is remembered of it where the lead itself doesn't say.

    The last recommendation is taken as a whole, only where `values` know nothing of it; of two rejections the later one
    counts. Fields that the card lacks are left out, so that the values of a card without memory stay as they are.
    """
    filled = dict(values)
    if all(values.get(name) is None for name in REMEMBERED):
        filled |= list_memory(values, memory)
    if REJECTED in values:
        days = [day for day in (values[REJECTED], memory.rejected_on) if isinstance(day, date)]
        filled[REJECTED] = max(days, default=None)
    return filled


def replace_memory(values: Mapping[str, Typed], memory: Memory) -> dict[str, Typed]:
    """The typed values of a lead with another last recommendation, for a later look.

    One that isn't known leaves theirs. Of two rejections the later one counts.
    """
    if memory.recommendation is None:
        return fill_memory(values, memory)
    return fill_memory({name: None if name in REMEMBERED else value for name, value in values.items()}, memory)


def read_memory(values: Mapping[str, Typed]) -> Memory:
    """What the typed values of a lead remember."""
    last, to = values.get(LAST), values.get(TO)
    since, below, rejected = values.get(SINCE), values.get(BELOW), values.get(REJECTED)
    return Memory(
        last if isinstance(last, str) else None,
        to if isinstance(to, str) else None,
        since if isinstance(since, date) else None,
        below if isinstance(below, date) else None,
        rejected if isinstance(rejected, date) else None,
    )
