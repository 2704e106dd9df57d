"""What doesn't count events yet refuses a card that has some, and says what to do instead."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

import leadledger
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError, LeadError, PrinterError
from leadledger.scoring.printers.sql.dialects.by_name import DIALECTS
from leadledger.scoring.printers.sql.select import NO_EVENTS
from leadledger.scoring.scorecard import build_untrained

CARD = "name: web\nevents: {visit: {}}\nfields: {visits: {kind: number, is: count(visit)}, won: {kind: flag}}\n"
OUTCOME = "outcome: {became: {field: bought, kind: flag}}\n"
DAY = date(2026, 1, 15)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_sql(dialect: str) -> None:
    """No dialect prints a card with events without a table of them."""
    with pytest.raises(PrinterError) as caught:
        leadledger.to_sql(build_untrained(parse_card(CARD)), DAY, dialect=dialect)
    assert str(caught.value) == NO_EVENTS


def test_frames_ask_for_events() -> None:
    """A data frame of leads isn't scored without those of their events."""
    with pytest.raises(DataError) as caught:
        leadledger.score_frame(build_untrained(parse_card(CARD)), pd.DataFrame({"won": [True]}), DAY)
    assert str(caught.value) == "the card 'web' counts events; give those of the leads as a frame, events=…"


def test_training_asks_for_events() -> None:
    """A history without its events isn't read."""
    with pytest.raises(DataError) as caught:
        leadledger.read_history(parse_card(CARD + OUTCOME), pd.DataFrame({"won": [True], "bought": [False]}))
    assert str(caught.value) == (
        "the card 'web' counts events; give those of the leads by --events FILE, whose columns are lead, kind, time and"
        " the properties"
    )


def test_no_kinds() -> None:
    """A card that declares no kinds takes no events, not even an empty list."""
    card = build_untrained(parse_card("name: a\nfields: {b: {kind: text}}\n"))
    with pytest.raises(LeadError) as caught:
        leadledger.score(card, {}, DAY, events=[])
    assert str(caught.value) == (
        "$.events: the card has no `events:`, so it can't count any; declare their kinds in the card"
    )


@pytest.mark.parametrize("member", ["lead", "anonymous_id"])
def test_events_beside_their_lead_name_none(member: str) -> None:
    """An event as it is stored names its lead; beside the lead it is told to leave the name out."""
    with pytest.raises(LeadError) as caught:
        leadledger.score(
            build_untrained(parse_card(CARD)), {}, DAY, events=[{"kind": "visit", "time": "2026-01-15", member: "L1"}]
        )
    assert str(caught.value) == (
        f"$.events[0].{member}: unknown member of an event. These events are those of the lead beside them; remove it."
    )
