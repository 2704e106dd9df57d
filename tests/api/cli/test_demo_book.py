"""The book of the demo: leads with a history, owners and feedback, so that the first look at the desk shows work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadledger.api.cli.demo import write_card
from leadledger.api.cli.demo_book import OWNERS, fill_book
from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.api.log import database
from leadledger.api.log.book_store import BookStore
from leadledger.api.log.lead_lists import LeadFilters, LeadList
from leadledger.models.releases.rules_alone import release_rules
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import DataError

LEADS = 100


@pytest.mark.slow
def test_the_book_shows_a_team_at_work(tmp_path: Path) -> None:
    """Leads are known up to today, have moved, belong to people, and sales has said what it thinks of some."""
    now = datetime.now(UTC)
    card, home = tmp_path / "card.yaml", tmp_path / "home"
    write_card(find_examples() / "b2b-software" / "card-with-events.yaml", card)
    release_rules(card, Releases(home), now)
    book = fill_book(home, load_simulator(), LEADS, now.date())
    engine = database.open_database(None, home)
    try:
        rows = BookStore(engine).list_leads(LeadList(limit=LEADS + 1)).rows
        calls = LeadFilters(("promote",), to_stages=("opportunity",), today=now.date().isoformat(), snoozed=False)
        called = BookStore(engine).list_leads(LeadList(replace(calls, rejected=False), limit=LEADS)).rows
    finally:
        engine.dispose()
    assert (book.leads, book.calls) == (LEADS, len(called)) == (len(rows), len(called))
    assert {row.as_of for row in rows} == {now.date().isoformat()}
    assert {row.owner for row in rows} == set(OWNERS)
    assert all(row.title for row in rows)
    assert 0 < sum(row.change != 0 for row in rows) < LEADS
    assert 0 < len(called) < LEADS
    assert any(row.answered_on for row in rows)
    week_ago = (now.date() - timedelta(days=7)).isoformat()
    assert any(row.earlier_on for row in rows)
    assert min(row.since for row in rows) <= week_ago


def test_an_example_that_has_changed_is_refused(tmp_path: Path) -> None:
    """The demo changes lines of an example; where it finds them no longer, it says so."""
    example = tmp_path / "card.yaml"
    example.write_text("name: another\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"isn't the example that the demo knows: it has no '  company: \{'"):
        write_card(example, tmp_path / "copy.yaml")
