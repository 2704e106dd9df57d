"""The stored events of leads, as they would stand beside them in a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from leadledger.api.log.raw_events import make_raw_events
from leadledger.api.log.record import find_lead_id
from leadledger.api.service.history import read_log
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.service import DecisionLog, Service
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.scorecard import Card


class LeadEvents:
    """The stored events of some leads, by the leads' ids, in our words.

    `since` is the day on which the first event of all was received; None: none is stored, or none is counted.
    """

    def __init__(self, card: Card, by_lead: Mapping[str, Sequence[Mapping[str, Any]]], since: date | None) -> None:
        self.card = card
        self.by_lead = by_lead
        self.since = since

    def find(self, lead: Lead, day: date) -> Sequence[Mapping[str, Any]] | None:
        """The events of a lead; None: it isn't known on that day which there are.

        From the day on which the first event of all is received, the store knows those of every lead with an id.
        """
        lead_id = find_lead_id(self.card, lead.values)
        if lead_id is None or self.since is None or self.since > day:
            return None
        return self.by_lead[lead_id]


async def read_lead_events(service: Service, loaded: LoadedCard, leads: Sequence[Lead | None]) -> LeadEvents:
    """The stored events of some leads; none where the card counts none, or there is no log. Raises Refusal (503)."""
    card = loaded.card.card
    nothing = LeadEvents(card, {}, None)
    if service.decision_log is None or not card.events:
        return nothing
    found = (find_lead_id(card, lead.values) for lead in leads if lead is not None)
    ids = list(dict.fromkeys(lead_id for lead_id in found if lead_id is not None))
    if not ids:
        return nothing

    def read(log: DecisionLog) -> LeadEvents:
        stored, reader = log.events.read(ids), loaded.engine.event_reader
        by_lead = {lead_id: make_raw_events(reader, stored.of(lead_id)) for lead_id in ids}
        return LeadEvents(card, by_lead, reader.read_time(stored.first).day if stored.first else None)

    return await read_log(service, read)
