"""Drafts of a card that counts events: each edit of what is counted is tried, with the events that are stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.service.rescore import rescore_book
from leadledger.api.service.scoring import today
from tests.api.log.faded_leads import (
    LAST,
    TEXT,
    emptied,
    load_card,
    make_events,
    make_leads,
    post_events,
    post_leads,
    serving,
)
from tests.logs import database_of

EDITS = {
    "points for each event": (
        "points: 3, half_life: 14 days, per_day: 4",
        "points: 9, half_life: 14 days, per_day: 18",
    ),
    "a rule for each event that is gone": (
        "  - {name: prices, each: price_visit, points: 3, half_life: 14 days, per_day: 4, reason: Prices}\n",
        "",
    ),
    "another window": ('is: "count(visit, 14 days)"', 'is: "count(visit, 60 days)"'),
    "a new field and rule": (
        "rules:\n",
        "  visit_days: {kind: number, is: days(visit)}\nrules:\n"
        "  - {name: loyal, when: visit_days >= 2, points: 7, reason: Loyal}\n",
    ),
    "a new kind and a rule for it": (
        "fields:\n  lead_id",
        "  start: {of: visit, when: \"path = '/'\"}\nfields:\n  lead_id",
    ),
}
RULE_FOR_NEW_KIND = (
    "stages:",
    "  - {name: starts, each: start, points: 8, half_life: 30 days, reason: Starts}\nstages:",
)


def move(event: dict[str, Any], days: int) -> dict[str, Any]:
    """An event so many days later."""
    times = {name: datetime.fromisoformat(event[name]) + timedelta(days=days) for name in ("time", "received")}
    return {**event, **{name: time.isoformat() for name, time in times.items()}}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_edits_of_what_is_counted(tmp_path: Path, kind: str) -> None:
    """A preview of each edit says what a rescore by the edited card does, and names the edit."""
    day = today("UTC")
    load_card(tmp_path)
    with database_of(kind, tmp_path) as url, emptied(url), serving(url, tmp_path) as client:
        post_events(client, [move(event, (day - LAST).days) for event in make_events(150, 600)])
        post_leads(client, make_leads(150), day)
        assert client.post("/v1/drafts", json={"name": "x"}).status_code == 200
        log = client.app.state.service.decision_log.store  # type: ignore[attr-defined]
        for name, edit in EDITS.items():
            text = TEXT.replace(*edit)
            assert text != TEXT
            if "new kind" in name:
                text = text.replace(*RULE_FOR_NEW_KIND)
            preview = client.post("/v1/drafts/x/preview", json={"text": text}).json()
            assert (preview["problem"], preview["leads"]) == ("", 150), name
            rescore = rescore_book(log, load_card(tmp_path, text), tmp_path, day, is_dry=True).to_dict()
            assert preview["moved"] == rescore["moved"], name
            for what, key in (("recommendation", "recommendations"), ("grade", "grades")):
                moves = {(row["before"], row["after"]): row["leads"] for row in preview["moves"] if row["what"] == what}
                assert moves == {(row["before"], row["after"]): row["leads"] for row in rescore[key]}, name
            assert preview["changed"] > 0, name
            assert any(edited["alone"] for edited in preview["edits"]), (name, preview["edits"])
