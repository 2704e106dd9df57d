"""The book in figures: who is where, what has moved today, what became of leads, and what sales says of the score."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from leadledger.api.log.book_figures import HIGHEST_BIN, TENTHS_PER_BIN, BookFigures
from leadledger.api.log.feedback import FEEDBACK_VERBS
from leadledger.api.log.feedback_store import FeedbackStore
from leadledger.api.log.recent_outcomes import list_outcome_stages
from leadledger.api.log.record import now
from leadledger.api.log.store import LogStore
from leadledger.scoring.gate import Capacity, Gate
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.scorecard import Card, Scorecard

NEAR = 30  # tenths from a threshold
FEEDBACK_DAYS = 90
MOST_CONVERSIONS = 20_000  # leads whose outcomes are counted, the newest
MOST_WRONG_ENTRIES = 20


def summarize_book(log: LogStore, card: Scorecard, today: date) -> dict[str, Any]:
    """The figures of a log's book as flat JSON; `card` is the scorecard that is served."""
    counts = BookFigures(log.engine)
    groups = counts.count_groups()
    by_bin, by_grade, by_verdict = (Counter[Any]() for _ in range(3))
    for group in groups:
        by_bin[group.bin] += group.leads
        by_grade[group.grade] += group.leads
        by_verdict[group.recommendation] += group.leads
    since_today = counts.count_since(today.isoformat())
    grades = dict.fromkeys([*(name for name, _ in card.card.grades), card.card.below, *sorted(by_grade)])
    tens = TENTHS_PER_BIN // 10
    return {
        "card": card.card.name,
        "release": card.release,
        "as_of": today.isoformat(),
        "at": now(),
        "leads": by_bin.total(),
        "points": [
            {"from": bin_ * tens, "to": (bin_ + 1) * tens, "leads": by_bin[bin_]} for bin_ in range(HIGHEST_BIN + 1)
        ],
        "grades": [{"grade": grade, "leads": by_grade[grade]} for grade in grades],
        "recommendations": [
            {"recommendation": verdict, "leads": by_verdict[verdict], "today": since_today.get(verdict, 0)}
            for verdict in VERDICTS
        ],
        **_describe_threshold(counts, card),
        "capacity": describe_capacity(counts, card.card, today),
        **_describe_conversion(log, counts, card.card),
        "feedback": _describe_feedback(FeedbackStore(log.engine), today),
    }


def find_predicted_gate(card: Scorecard) -> Gate | None:
    """The gate before the stage that scores predict; None: there is none."""
    stage = card.card.predicted_stage
    return next((gate for gate in card.gates.values() if gate and stage and gate.to == stage.name), None)


def _describe_threshold(counts: BookFigures, card: Scorecard) -> dict[str, Any]:
    """How many leads are near the threshold of the stage that scores predict."""
    gate = find_predicted_gate(card)
    points = gate.threshold.points if gate else None
    if gate is None or points is None:
        stage = "" if gate is None else gate.to
        return {"stage": stage, "threshold": None, "about_to_leave": 0, "about_to_enter": 0, "held": 0}
    return {
        "stage": gate.to,
        "threshold": points / 10,
        "about_to_leave": counts.count_near(gate.to, ("promote",), points, points + NEAR),
        "about_to_enter": counts.count_near(gate.to, ("ask", "nurture"), points - NEAR, points),
        "held": counts.count_held(gate.to, points),
    }


def describe_capacity(counts: BookFigures, card: Card, today: date) -> list[dict[str, Any]]:
    """The stages that say how many leads can be taken care of, and how many were promoted in the present period."""
    described = []
    for stage in card.stages:
        if stage.capacity is not None:
            start = find_period_start(stage.capacity, today)
            promoted = counts.count_promoted(stage.name, start.isoformat())
            described.append(
                {
                    **{"stage": stage.name, "leads": stage.capacity.leads, "period": stage.capacity.period},
                    **{"since": start.isoformat(), "promoted": promoted},
                }
            )
    return described


def find_period_start(capacity: Capacity, today: date) -> date:
    """The first day of the present period: today, this week's Monday, or the first of the month."""
    if capacity.period == "week":
        return today - timedelta(days=min(today.weekday(), today.toordinal() - 1))
    return today.replace(day=1) if capacity.period == "month" else today


def _describe_conversion(log: LogStore, counts: BookFigures, card: Card) -> dict[str, Any]:
    """What became of leads within the card's horizon, by their grade at their first score.

    As in training, a lead counts once its horizon had passed when the last outcome was recorded.
    """
    stages, last = list_outcome_stages(card), log.find_last_outcome()
    nothing: dict[str, Any] = {"conversion": [], "conversion_since": None, "conversion_until": None}
    if card.outcome is None or not card.outcome.within or not stages or last is None:
        return nothing
    horizon = timedelta(card.outcome.within)
    try:
        until = (date.fromisoformat(last[:10]) - horizon).isoformat()
    except OverflowError:
        return nothing
    firsts = counts.read_first_grades(card.name, until, MOST_CONVERSIONS)
    if not firsts:
        return nothing
    reached = log.read_first_outcomes([first.lead for first in firsts], stages)
    leads, converted = Counter[str](), Counter[str]()
    for first in firsts:
        day = reached.get(find_id_key(first.lead))
        if day is not None and day <= first.as_of:
            continue  # it was known when the lead was scored
        leads[first.grade] += 1
        is_converted = day is not None and date.fromisoformat(day) <= date.fromisoformat(first.as_of) + horizon
        converted[first.grade] += is_converted
    grades = dict.fromkeys([*(name for name, _ in card.grades), card.below, *sorted(leads)])
    return {
        "conversion": [
            {
                **{"grade": grade, "leads": leads[grade], "converted": converted[grade]},
                "share": round(converted[grade] / leads[grade], 4),
            }
            for grade in grades
            if leads[grade]
        ],
        "conversion_since": min(first.as_of for first in firsts),
        "conversion_until": max(first.as_of for first in firsts),
    }


def _describe_feedback(feedback: FeedbackStore, today: date) -> dict[str, Any]:
    """What sales said within `FEEDBACK_DAYS`, and which entries of ledgers it called wrong."""
    since = date.fromordinal(max(1, today.toordinal() - FEEDBACK_DAYS)).isoformat()
    verbs = dict(feedback.count_verbs(since))
    entries = [(*entry.partition(":")[::2], times) for entry, times in feedback.count_entries(since)]
    return {
        "since": since,
        **{verb: verbs.get(verb, 0) for verb in FEEDBACK_VERBS},
        "reasons": [{"reason": reason, "times": times} for reason, times in feedback.count_reasons(since)],
        "wrong_entries": [
            {"kind": kind, "name": name, "times": times} for kind, name, times in entries[:MOST_WRONG_ENTRIES]
        ],
    }
