"""The ledger of a list names its entries as the ledger of one lead does."""

from __future__ import annotations

from datetime import date

import pytest

from leadledger.api.lists.ledger_entries import ledger_columns
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.outputs import ENTRY_KINDS
from leadledger.scoring.scorecard import Scorecard
from tests.golden_files import LEARNED, ROOT


@pytest.mark.slow
def test_names_and_kinds_are_those_of_one_lead() -> None:
    """Every kind of entry is there, and what a lead's ledger holds has the same name and kind in a list's."""
    card = Scorecard(read_card(ROOT / "examples" / "b2b-software" / "card.yaml"), LEARNED)
    kinds = {column.entry: column.kind for column in ledger_columns(card)}
    assert set(kinds.values()) == set(ENTRY_KINDS) - {"cap"}  # of events, which lists don't count yet
    lead = {"employees": "300", "need": "urgent", "budget": "20000", "demo_requested": "yes", "country": "NO"}
    entries = get_engine(card).score(lead, date(2026, 7, 1)).ledger
    assert {entry.name: entry.kind for entry in entries}.items() <= kinds.items()
    assert {"start", "rule", "table", "pair"} <= {entry.kind for entry in entries}
