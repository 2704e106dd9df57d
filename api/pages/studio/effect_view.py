"""What a draft would do, as a page shows it: whom it moves, how many calls it means, and what it would have done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadledger.api.wording.figures import word_points, word_share

# What to do, in a word or two: as filters and tables name it.
SHORT_ACTIONS = {
    "promote": "Call now",
    "ask": "Ask",
    "nurture": "Leave for now",
    "keep": "Go on",
    "demote": "Hand back",
    "disqualify": "Don’t contact",
}
MOST_LEADS_SHOWN = 12


@dataclass(frozen=True)
class MoveRow:
    """Leads that go from one recommendation or grade to another; `mostly` is the edit that does it."""

    before: str
    after: str
    leads: str
    mostly: str


@dataclass(frozen=True)
class ChangedLead:
    """A lead whose recommendation or grade changes: in words before and after, and its points more or fewer."""

    id: str
    before: str
    after: str
    points: str


@dataclass(frozen=True)
class EffectView:
    """What a draft would do to known leads. `problem` says why that can't be told; empty: it can."""

    problem: str
    summary: str
    changed: str
    tried: str
    calls: str
    calls_before: str
    moves: tuple[MoveRow, ...]
    grades: tuple[MoveRow, ...]
    edits: tuple[tuple[str, str, str], ...]
    leads: tuple[ChangedLead, ...]
    notes: tuple[str, ...]


def view_effect(effect: Mapping[str, Any]) -> EffectView:
    """The effect of a draft on known leads, from what the preview of a draft answers."""
    changed, tried, known = effect["changed"], effect["leads"], effect.get("known", effect["leads"])
    whole = tried >= known
    before, after = effect["per_week_before"], effect["per_week_after"]
    has_rate = before is not None and after is not None
    return EffectView(
        problem=effect["problem"],
        summary=_summarize(effect, has_rate),
        changed=f"{changed:,}",
        tried=f"all {known:,} known leads" if whole else f"{tried:,} of {known:,} known leads",
        calls=_count(after if has_rate else effect["promoted_after"]),
        calls_before=f"calls a week, {_count(before)} now"
        if has_rate
        else f"to call, {effect['promoted_before']:,} now",
        moves=tuple(_list_moves(effect["moves"], "recommendation")),
        grades=tuple(_list_moves(effect["moves"], "grade")),
        edits=tuple(
            (f"{edit['kind']} {edit['name']}".strip(), edit["words"], f"{edit['alone']:,}") for edit in effect["edits"]
        ),
        leads=tuple(map(_view_lead, effect["changed_leads"][:MOST_LEADS_SHOWN])),
        notes=tuple(effect["notes"]),
    )


def _summarize(effect: Mapping[str, Any], has_rate: bool) -> str:
    """The effect in a sentence, for the bar of the draft and for readers of screens."""
    if effect["problem"]:
        return "What it would do can’t be told"
    if not effect["leads"]:
        return "No lead is known yet"
    if not effect["changed"]:
        return "No known lead changes what to do, or its grade"
    leads = "1 lead changes" if effect["changed"] == 1 else f"{effect['changed']:,} leads change"
    if not has_rate:
        return leads
    return f"{leads}, {_count(effect['per_week_after'])} calls a week instead of {_count(effect['per_week_before'])}"


def _count(number: float) -> str:
    """A number of leads; those below ten with a tenth, since half a call a week is something."""
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"


def _list_moves(moves: Sequence[Mapping[str, Any]], what: str) -> Iterator[MoveRow]:
    for move in moves:
        if move["what"] == what:
            before, after = (SHORT_ACTIONS.get(name, name) for name in (move["before"], move["after"]))
            yield MoveRow(before, after, f"{move['leads']:,}", move["mostly_by"])


def _view_lead(lead: Mapping[str, Any]) -> ChangedLead:
    before, after = (
        f"{SHORT_ACTIONS[lead[side]['recommendation']]}, {lead[side]['grade']}" for side in ("before", "after")
    )
    return ChangedLead(lead["lead"], before, after, word_points(round(10 * lead["difference"])))


# -- on past outcomes --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PastSide:
    """What a card would have promoted: how many, which share became opportunities, and which share of all was found.

    The shares are texts; `low`, `middle` and `high` are per cent of the line of a chart.
    """

    name: str
    promoted: str
    precision: str
    low: float
    middle: float
    high: float
    found: str


@dataclass(frozen=True)
class PastView:
    """What a draft would have done on leads whose outcome is known, next to the card that is served."""

    summary: str
    leads: str
    sides: tuple[PastSide, ...]
    edits: tuple[tuple[str, str, str], ...]
    rules: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def view_past(backtest: Mapping[str, Any]) -> PastView:
    """A back-test, from what the trial of a draft on its history answers."""
    at_threshold = backtest["at_the_line"] or {}
    sides = [
        _view_side(name, at_threshold[key]) for name, key in (("Now", "old"), ("Draft", "new")) if key in at_threshold
    ]
    return PastView(
        summary=_compare_sides(at_threshold),
        leads=f"{backtest['leads']:,} leads of {backtest['source']} whose outcome is known; lines are 95 % limits",
        sides=tuple(sides),
        edits=tuple(
            (f"{edit['kind']} {edit['name']}".strip(), edit["said"], f"{edit['alone']:,}") for edit in backtest["edits"]
        ),
        rules=tuple((rule["name"], rule["said"]) for rule in backtest.get("rules", ())),
        notes=tuple(backtest["notes"]),
    )


def _view_side(name: str, side: Mapping[str, Any]) -> PastSide:
    precision, recall = side["precision"], side["recall"]
    rate, low, high = (100 * (precision[key] or 0.0) for key in ("rate", "low", "high"))
    share = "none promoted" if precision["rate"] is None else word_share(precision["rate"])
    found = f"{recall['won']:,} of {recall['leads']:,} opportunities"
    return PastSide(name, f"{precision['leads']:,}", share, round(low, 2), round(rate, 2), round(high, 2), found)


def _compare_sides(sides: Mapping[str, Any]) -> str:
    """Whether the draft would have been better, in words: only where the limits leave no doubt."""
    if not sides:
        return "No threshold decides, so there is no share of promoted leads to compare."
    old, new = sides["old"], sides["new"]
    won, of_all, before = new["recall"]["won"], new["recall"]["leads"], old["recall"]["won"]
    found = f"It finds {won:,} of {of_all:,} opportunities instead of {before:,}."
    if old["precision"]["rate"] is None or new["precision"]["rate"] is None:
        return f"One of the two would have promoted nobody. {found}"
    if new["precision"]["low"] > old["precision"]["high"]:
        return f"A larger share of the promoted leads would have come true. {found}"
    if new["precision"]["high"] < old["precision"]["low"]:
        return f"A smaller share of the promoted leads would have come true. {found}"
    return f"The shares that come true differ within chance. {found}"
