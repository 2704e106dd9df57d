"""Leads of a list as they are recorded: the values and counts that Python makes of the same rows."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.recorded_leads import TypedLead
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.memory import Memory
from leadledger.scoring.printers.sql.event_rows import make_event
from leadledger.scoring.scorecard import Scorecard
from tests.effort import examples
from tests.event_logs import AS_OF, COLUMNS, event_cards, event_rows
from tests.test_events_agree import LEADS, SINCE, of_lead


@dataclass
class Collector:
    """Keeps what it is to record."""

    known: Mapping[str, Memory] = field(default_factory=dict)
    leads: list[TypedLead] = field(default_factory=list)
    ignored: tuple[str, ...] = ()

    def remember(self, ids: Sequence[str]) -> Mapping[str, Memory]:
        """What is known of some leads."""
        return {lead: self.known[lead] for lead in ids if lead in self.known}

    def record(self, leads: Sequence[TypedLead], ignored: tuple[str, ...]) -> None:
        """Keep some leads."""
        self.leads += leads
        self.ignored = ignored


def write(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Path:
    """A list as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.slow
def test_random_events_are_counted_as_in_python(tmp_path: Path) -> None:
    """Random events of random cards come to the same, to the last number; leads with one that can't be read are out."""
    logs = st.booleans().flatmap(lambda bad: st.lists(event_rows(LEADS - 1, bad), min_size=10, max_size=60))
    rows = [{"lead_id": str(lead), "since": since or "", "note": "x"} for lead, since in enumerate(SINCE)]
    leads = write(tmp_path / "leads.csv", ["lead_id", "since", "note"], rows)

    @settings(max_examples=examples(6))
    @given(card=event_cards(), log=logs)
    def every_log(card: Scorecard, log: list[dict[str, str | None]]) -> None:
        events = write(tmp_path / "events.csv", COLUMNS, log)
        recorder, engine = Collector(), get_engine(card)
        score_list(card, leads, tmp_path / "out.csv", AS_OF, Wanted(events=events), recorder=recorder)
        expected = []
        for lead, since in enumerate(SINCE):
            clean: Lead = engine.clean({"lead_id": str(lead), "since": since})
            try:
                own = [make_event(row) for row in log if of_lead(row, lead)]
                expected.append(TypedLead(dict(clean.values), engine.count_events(own, AS_OF, clean.values)))
            except LeadError:
                pass
        assert [sort_kinds(lead) for lead in recorder.leads] == [sort_kinds(lead) for lead in expected]
        assert not expected or recorder.ignored == ("note",)

    every_log()


def sort_kinds(lead: TypedLead) -> TypedLead:
    """A lead whose events of unknown kinds are in order; Python has them in that of the events."""
    assert lead.counts is not None
    kinds = dict(sorted(lead.counts.unknown_kinds.items()))
    counts: EventCounts = replace(lead.counts, unknown_kinds=kinds)
    return lead._replace(counts=counts)
