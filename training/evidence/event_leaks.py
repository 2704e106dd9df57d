"""Kinds of events that know the outcome: those that come with it, or only after it.

A look at a lead is over before the day of its outcome, so such events never count in training. But they say that the
log writes down what the outcome brought about: a contract, a welcome mail. Points for them are points for leads that
have bought, and where one of them bears the wrong day, training would learn from it. The proofs:

- `same_day`: at most leads that became an opportunity, the first event of the kind is of the very day of the outcome.
- `after`: at nearly all of them it is of that day or later, and most of them have one, while few of the others do. An
  honest kind that is rare comes after the outcome too, but to all leads alike.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from leadledger.scoring.errors import Suspect
from leadledger.scoring.scorecard import Card
from leadledger.training.history import History
from leadledger.training.intervals import rate_limits
from leadledger.training.landmarks import find_event_fields

FEWEST_LEADS = 20  # that became an opportunity and have such an event, below which nothing is said
CONFIDENCE = 0.999  # of the exact limits, as in `leakage`
SAME_DAY_SHARE = 0.5
AFTER_SHARE = 0.9
LEAD_RATIO = 2.0  # so many times as often those that became one have such an event as the others do


def find_event_leaks(card: Card, history: History) -> tuple[list[str], list[Suspect], list[Suspect]]:
    """The kinds that were checked, those that look like leaks, and those of them that the card vouches for.

    `history` has one row of each lead.
    """
    if history.counter is None or history.landmarks is None or history.became_on is None:
        return [], [], []
    used = {kind: users for kind in card.events if any(users := _find_users(card, kind))}
    suspects: list[Suspect] = []
    overruled: list[Suspect] = []
    for kind, (fields, rules) in used.items():
        first = history.counter.find_lives(card).first_days[kind][history.landmarks.numbers]
        for how, proof in _prove(history, first):
            suspect = Suspect(f"event {kind}", how, proof, _mend(kind, fields, rules))
            (overruled if card.events[kind].known_when_scored else suspects).append(suspect)
            break
    return [f"event {kind}" for kind in used], suspects, overruled


def _find_users(card: Card, kind: str) -> tuple[list[str], list[str]]:
    """The fields that training learns from and that rest on a kind, and the rules that earn points for its events."""
    rests = {field.name for field in card.event_fields if field.event_value and field.event_value.kind == kind}
    for field in card.derived_fields:
        if rests & set(field.computed_from):
            rests.add(field.name)
    fields = [name for name in find_event_fields(card) if name in rests and card.fields[name].learn]
    return fields, [rule.name for rule in card.each_rules if rule.each == kind]


def _prove(history: History, first: NDArray[np.float64]) -> Iterator[tuple[str, str]]:
    """The proofs against a kind: how, and the sentence. `first` (n,): the day of its first event, NaN: none."""
    assert history.became_on is not None
    has = np.isfinite(first)
    became, others = history.became & np.isfinite(history.became_on), ~history.became
    leads = int((became & has).sum())
    if leads < FEWEST_LEADS:
        return
    same, late = ((became & has & marks).sum() for marks in (first == history.became_on, first >= history.became_on))
    of = f"of the {leads:,} leads that became an opportunity and have such an event"
    if rate_limits(int(same), leads, CONFIDENCE)[0] >= SAME_DAY_SHARE:
        yield (
            "same_day",
            f"The first one is of the very day of the outcome for {int(same):,} ({same / leads:.1%}) {of}.",
        )
    low, _ = rate_limits(leads, int(became.sum()), CONFIDENCE)
    having = int((others & has).sum())
    _, high = rate_limits(having, int(others.sum()), CONFIDENCE)
    if rate_limits(int(late), leads, CONFIDENCE)[0] >= AFTER_SHARE and low >= LEAD_RATIO * high:
        yield (
            "after",
            f"The first one comes on the day of the outcome, or later, for {int(late):,} ({late / leads:.1%}) {of};"
            f" {leads / became.sum():.1%} of those that became one have such an event, and"
            f" {having / max(1, others.sum()):.1%} of the others.",
        )


def _mend(kind: str, fields: list[str], rules: list[str]) -> str:
    """What to write in the card: to leave the kind out, or to vouch for it."""
    out = [f"write `learn: no` at {_list(fields)}"] if fields else []
    out += [f"remove {'the rule' if len(rules) == 1 else 'the rules'} {_list(rules)}"] if rules else []
    return (
        f"To leave it out, {', and '.join(out)}.\n"
        f"If such events surely come before the outcome is known, write `known_when_scored: yes` at the event '{kind}'."
    )


def _list(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
