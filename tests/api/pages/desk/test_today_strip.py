"""Today's figures in sentences."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from leadledger.api.pages.desk.today_strip import describe_today

TODAY = date(2026, 11, 30)


def answer(new: int = 0, waiting: int = 0, leaving: int = 0, capacity: tuple[int, int] | None = None) -> dict[str, Any]:
    """An answer of `GET /v1/today`."""
    names = [{"lead": f"L{number}", "title": "" if number == 1 else f"Firm {number}"} for number in range(1, 9)]
    since = [{**name, "since": "2026-11-26"} for name in names]
    uses = [] if capacity is None else [{"leads": capacity[0], "promoted": capacity[1], "period": "week"}]
    return {
        "threshold": 90.0,
        "new": {"since": "2026-11-27", "leads": new, "best": since[: min(new, 3)]},
        "waiting": {"leads": waiting, "longest": since[: min(waiting, 3)]},
        "leaving": {"days": 14, "leads": [{**name, "on": "2026-12-03"} for name in names[:leaving]]},
        "capacity": uses,
    }


@pytest.mark.parametrize(
    ("figures", "cells"),
    [
        (
            answer(),
            [
                ("0", "new above the threshold", "Nobody since Friday"),
                ("0", "about to leave it", "Nobody within 14 days, if nothing happens"),
                ("0", "wait for an answer", "Each has been accepted, rejected or put off"),
            ],
        ),
        (
            answer(1, 1, 1),
            [
                ("1", "new above the threshold", "L1 since Friday"),
                ("1", "about to leave it", "First: L1 on 3 December, unless something happens"),
                ("1", "waits for an answer", "L1 for 4 days"),
            ],
        ),
        (
            answer(2, 1000, 2),
            [
                ("2", "new above the threshold", "L1 and Firm 2 since Friday"),
                ("2", "about to leave it", "First: L1 on 3 December, unless something happens"),
                ("1,000+", "wait for an answer", "L1 for 4 days"),
            ],
        ),
        (
            answer(1200),
            [
                ("1,200", "new above the threshold", "L1, Firm 2 and 1,198 more since Friday"),
                ("0", "about to leave it", "Nobody within 14 days, if nothing happens"),
                ("0", "wait for an answer", "Each has been accepted, rejected or put off"),
            ],
        ),
    ],
)
def test_figures_are_sentences(figures: dict[str, Any], cells: list[tuple[str, str, str]]) -> None:
    """Each says how many, of what, and who comes first; a lead without a title is called by its id."""
    described = describe_today(figures, TODAY)
    assert [(cell.figure, cell.text, cell.sentence) for cell in described.cells] == cells
    assert [cell.view for cell in described.cells] == ["new", "leaving", "waiting"]
    assert described.capacity == ()


def test_without_a_threshold_no_leads_are_above_it() -> None:
    """Where points don't decide, the words name none."""
    new, leaving, _ = describe_today({**answer(1, 1, 1), "threshold": None}, TODAY).cells
    assert (new.text, leaving.text) == ("new to call", "about to leave")


@pytest.mark.parametrize(
    ("most", "promoted", "sentence", "taken"),
    [
        (15, 11, "Room for 4 more", 11),
        (15, 15, "All places are taken", 15),
        (15, 18, "3 more than can be taken care of", 15),
    ],
)
def test_capacity_is_drawn_as_places(most: int, promoted: int, sentence: str, taken: int) -> None:
    """A few places are drawn one by one; of many, their share."""
    (cell,) = describe_today(answer(capacity=(most, promoted)), TODAY).capacity
    assert (cell.figure, cell.text, cell.sentence) == (str(promoted), "of 15 calls this week", sentence)
    assert (sum(cell.places), len(cell.places)) == (taken, most)
    (many,) = describe_today(answer(capacity=(most * 10, promoted)), TODAY).capacity
    assert (many.places, many.share) == ((), f"{10 * promoted / most:.1f}")
