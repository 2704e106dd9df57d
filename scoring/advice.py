"""Advice over time: what to do with a lead, given what was recommended before and what sales said of it.

`decide` of `gate.py` says what to do by the lead alone. A stage that says `hold:` keeps a promotion while the points
stay within a band, and says `demote` where it ends; one that says `cool_down:` leaves a lead alone that sales rejected.
All of it is one function of that verdict, the day and the memory, so that every score can be replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

from leadledger.scoring.gate import Gate
from leadledger.scoring.memory import Memory
from leadledger.scoring.outputs import Verdict
from leadledger.scoring.result import format_unsigned

_SETTLED = ("promote", "disqualify")  # verdicts that the last one doesn't change
AdviceCause: TypeAlias = Literal["", "held", "demoted", "cooling"]
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Advice:
    """A verdict, and what the next look must know of it.

    `since` is the day from which verdict and stage have been the same. `below_since` is the first look at which a
    promoted lead had been under the band; None: it isn't. `cause` says what made the verdict another than the lead
    alone would: the promotion is `held`, it has ended (`demoted`), or sales rejected the lead (`cooling`), on the day
    `rejected_on`. `cools_until` is the day from which it may be recommended again; None: nothing holds it back.
    """

    verdict: Verdict
    since: date
    below_since: date | None = None
    cause: AdviceCause = ""
    rejected_on: date | None = None
    cools_until: date | None = None

    def weigh(self, propensity: float) -> float:
        """The probability (0..1) with which the lead was to be promoted, of that by the lead alone."""
        return 0.0 if self.cools_until is not None else 1.0 if self.cause == "held" else propensity


def advise(
    plain: Verdict,
    gate: Gate | None,
    to: str,
    criteria: Sequence[bool | None],
    total: int,
    memory: Memory,
    as_of: date,
    broken_on: date | None = None,
) -> Advice:
    """What to do with a lead whose verdict by itself, a draw included, is `plain`.

    `to` is the stage that the recommendation is about, `criteria` are met, unmet or unknown, in the order of
    `Scorecard.required`; `total` is in tenths. `broken_on` is the day in the field that ends a cool-down; None: not
    known. A last recommendation that was about another stage, or from a later day, doesn't count. A closed gate
    promotes nobody, so nothing is held or demoted there.
    """
    counts = memory.to in (None, to) and (memory.since is None or memory.since <= as_of)
    last, since = (memory.recommendation, memory.since) if counts else (None, None)
    verdict: Verdict = plain
    below: date | None = None
    if gate is not None and gate.hold is not None and not gate.threshold.closed and plain not in _SETTLED:
        # The first look below the band: as remembered, unless that is a later day.
        first = memory.below_since if memory.below_since is not None and memory.below_since <= as_of else None
        is_below = _is_below(gate, total)
        if last == "promote":
            if any(criteria[i] is False for i in gate.requires):
                verdict = "demote"
            else:
                below = (first or as_of) if is_below else None
                verdict = "demote" if below is not None and (as_of - below).days >= gate.hold.days else "promote"
        elif last == "demote" and (as_of - (since or as_of)).days < gate.hold.days:
            verdict, below = "demote", first if is_below else None
    cause: AdviceCause = "" if verdict == plain else "held" if verdict == "promote" else "demoted"
    end = _find_cool_end(gate, memory, as_of, broken_on)
    if end is not None and verdict in ("promote", "ask", "nurture"):
        verdict, below, cause = "nurture", None, "cooling"
    stands_since = since if since is not None and last == verdict else as_of
    return Advice(verdict, stands_since, below, cause, memory.rejected_on, end)


def _find_cool_end(gate: Gate | None, memory: Memory, as_of: date, broken_on: date | None) -> date | None:
    """The day from which a rejected lead may be recommended again; None where nothing holds it back."""
    cool_down, rejected = gate.cool_down if gate is not None else None, memory.rejected_on
    if cool_down is None or rejected is None or rejected > as_of or (as_of - rejected).days >= cool_down.days:
        return None
    if broken_on is not None and broken_on > rejected:
        return None
    return _add_days(rejected, cool_down.days)


def word_cooling(advice: Advice, as_of: date) -> str:
    """Why a lead that cools down isn't recommended."""
    days = [word_day(day, as_of) for day in (advice.rejected_on, advice.cools_until) if day is not None]
    return f"Sales rejected it on {'; it cools down until '.join(days)}"


def word_hold(advice: Advice, gate: Gate, as_of: date) -> str:
    """What a band makes of points below the threshold, to stand behind these; empty where it makes nothing."""
    if gate.hold is None or gate.threshold.points is None or advice.cause not in ("held", "demoted"):
        return ""
    limit, below = format_unsigned(gate.threshold.points - gate.hold.band), advice.below_since
    if below is None:
        return f"a promotion is kept down to {limit}" if advice.cause == "held" else ""
    if advice.cause == "held":
        end = word_day(_add_days(below, gate.hold.days), as_of)
        return f"below {limit} since {word_day(below, as_of)}, which ends the promotion on {end}"
    days = (as_of - below).days
    return f"below {limit} points for {days} day{'s' if days != 1 else ''}, since {word_day(below, as_of)}"


def word_day(day: date, as_of: date) -> str:
    """A day as people say it, `3 November`; with its year where that is not the year of `as_of`."""
    return f"{day.day} {_MONTHS[day.month - 1]}" + (f" {day.year}" if day.year != as_of.year else "")


def _add_days(day: date, days: int) -> date:
    """The day some days later; the last day that there is where that lies beyond."""
    return day + timedelta(days=min(days, (date.max - day).days))


def _is_below(gate: Gate, total: int) -> bool:
    """Whether the points are under the band in which a promotion is kept."""
    assert gate.hold is not None
    return gate.threshold.points is not None and total < gate.threshold.points - gate.hold.band
