"""The stored events of a lead, as they would stand beside it in a request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from leadledger.api.log.record import find_lead_id
from leadledger.api.service.history import read_log
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.service import Service
from leadledger.scoring.cleaning import Lead

if TYPE_CHECKING:
    from leadledger.api.log.event_store import StoredEvents


class LeadEvents:
    """The stored events of some leads, for one card."""

    def __init__(self, loaded: LoadedCard, stored: StoredEvents | None) -> None:
        self.loaded = loaded
        self.stored = stored

    def find(self, lead: Lead | None, day: date) -> list[dict[str, Any]] | None:
        """The events of a lead, in our words; None: it isn't known on that day which there are.

        From the day on which the first event of all is received, the store knows those of every lead with an id.
        """
        if self.stored is None or not self.stored.first or lead is None:
            return None
        lead_id = find_lead_id(self.loaded.card.card, lead.values)
        reader = self.loaded.engine.event_reader
        if lead_id is None or reader.read_time(self.stored.first).day > day:
            return None
        from leadledger.api.log.raw_events import write_events

        return write_events(reader, self.stored.of(lead_id))


async def read_lead_events(service: Service, loaded: LoadedCard, leads: Sequence[Lead | None]) -> LeadEvents:
    """The stored events of some leads; none where the card counts none, or there is no log. Raises Refusal (503)."""
    card = loaded.card.card
    if service.decision_log is None or not card.events:
        return LeadEvents(loaded, None)
    ids = {find_lead_id(card, lead.values) for lead in leads if lead is not None} - {None}
    wanted = [lead_id for lead_id in ids if lead_id is not None]
    if not wanted:
        return LeadEvents(loaded, None)
    return LeadEvents(loaded, await read_log(service, lambda log: log.events.read(wanted)))
