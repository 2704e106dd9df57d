"""Fields that count a lead's events over its whole life, also those after the look at it: proven by the events.

Only leads that go on having events after the look can tell such a count from one as of the look. Where a field equals
the count over the whole life for nearly all of these, it was written later. A forecast of what comes, however good,
doesn't hit the very number.

A number may hit it by chance where hardly any other is possible: if most leads have one more event, so does the count
as of the look plus one, and if each lead gets three mails, the field need only be 3. So the field must also be right
for the leads that have neither the commonest count of later events nor the commonest count over the whole life.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from leadledger.models.learner.binning import kind_of
from leadledger.scoring.scorecard import Card
from leadledger.training.event_lives import EventLives, LifeCounts
from leadledger.training.history import History
from leadledger.training.intervals import rate_limits
from leadledger.training.landmarks import find_event_fields

EQUAL_SHARE = 0.9  # of the leads with later events: the field is the count over the whole life. Honest: 0.44
CONFIDENCE = 0.999  # of the exact limits, as in `leakage`


@dataclass(frozen=True)
class _Comparison:
    """How a field compares with a count of events, over the leads that have such events after the look.

    `leads` of them have a value; that of `whole` is the count over the whole life, that of `by_look` the count as of
    the look. `telling` leads have neither the commonest count; the field is right for `told` of these.
    """

    leads: int
    whole: int
    by_look: int
    telling: int
    told: int

    @property
    def is_proof(self) -> bool:
        """Whether the field counts the whole life, beyond chance."""
        return all(
            count and rate_limits(equal, count, CONFIDENCE)[0] >= EQUAL_SHARE
            for equal, count in ((self.whole, self.leads), (self.told, self.telling))
        )


def prove_whole_lives(card: Card, history: History) -> dict[str, str]:
    """The proof against each number field of the history that counts events over the whole life.

    `history` has one row of each lead.
    """
    if history.counter is None or history.landmarks is None or not card.events:
        return {}
    counted = find_event_fields(card)
    columns = {str(name): history.frame[name] for name in history.frame if name not in counted}
    numbers = {name: column.to_numpy(float) for name, column in columns.items() if kind_of(column) == "number"}
    if not numbers:
        return {}
    lives = list(_list_counts(card, history.counter.find_lives(card), history.landmarks.numbers))
    proofs: dict[str, str] = {}
    for name, values in numbers.items():
        comparisons = [(_compare(values, counts), words, hint) for words, hint, counts in lives]
        proven = [comparison for comparison in comparisons if comparison[0].is_proof]
        if proven:
            proofs[name] = _word(*max(proven, key=lambda comparison: comparison[0].whole / comparison[0].leads))
    return proofs


def _list_counts(card: Card, lives: EventLives, numbers: NDArray[np.int64]) -> Iterator[tuple[str, str, LifeCounts]]:
    """What a field may have counted: its name for people, how a card counts it, and the counts of the rows."""
    people = {kind: lives.people[kind].take(numbers) for kind in card.events}
    machines = {kind: lives.machines[kind].take(numbers) for kind in card.events}
    roots = [kind.name for kind in card.events.values() if kind.root == kind.name]
    for kind in card.events:
        hint = f" To count them as of the day of the score, give a field `is: count({kind})`."
        yield f"'{kind}' events", hint, people[kind]
        if machines[kind].whole.any():
            yield f"'{kind}' events, with those of machines,", hint, people[kind].add(machines[kind])
    if len(roots) > 1:
        yield "events of all kinds", "", _add_up([people[kind] for kind in roots])
        if any(machines[kind].whole.any() for kind in roots):
            counts = [of_whom[kind] for of_whom in (people, machines) for kind in roots]
            yield "events of all kinds, with those of machines,", "", _add_up(counts)


def _add_up(counts: Sequence[LifeCounts]) -> LifeCounts:
    return reduce(LifeCounts.add, counts)


def _compare(values: NDArray[np.float64], counts: LifeCounts) -> _Comparison:
    """How a field (n,) compares with the counts."""
    chosen = (counts.whole > counts.by_look) & np.isfinite(values)
    values, whole, by_look = values[chosen], counts.whole[chosen], counts.by_look[chosen]
    if not len(values):
        return _Comparison(0, 0, 0, 0, 0)
    equal, later = values == whole, whole - by_look
    telling = (later != np.bincount(later).argmax()) & (whole != np.bincount(whole).argmax())
    return _Comparison(
        len(values), int(equal.sum()), int((values == by_look).sum()), int(telling.sum()), int((equal & telling).sum())
    )


def _word(comparison: _Comparison, words: str, hint: str) -> str:
    """The proof for people."""
    leads = comparison.leads
    return (
        f"It equals the number of {words} over the whole life for {comparison.whole:,} ({comparison.whole / leads:.1%})"
        f" of the {leads:,} leads that have more of them after the day on which training looks at them, and the number"
        f" as of that day for {comparison.by_look:,} ({comparison.by_look / leads:.1%}): it counts what came later."
        f"{hint}"
    )
