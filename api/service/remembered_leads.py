"""What the book remembers of leads, as it completes their values: for cards with `hold` or `cool_down`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.lead_ids import clean_id
from leadledger.api.log.record import find_lead_id
from leadledger.api.service.history import read_log
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.service import Service
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.memory import fill_memory
from leadledger.scoring.scorecard import Card


class RememberedLeads:
    """The book's rows of some leads, by the keys of their ids, as memories for a card."""

    def __init__(self, card: Card, rows: Mapping[str, BookRow]) -> None:
        self.card = card
        self.rows = rows

    def complete(self, lead: Lead, day: date) -> Lead:
        """A lead that is scored on a day, with what is remembered of it where it doesn't say so itself."""
        lead_id = find_lead_id(self.card, lead.values) if self.rows else None
        row = None if lead_id is None else self.rows.get(find_id_key(clean_id(lead_id)))
        if row is None:
            return lead
        return replace(lead, values=fill_memory(lead.values, row.remember(self.card.name, day)))


async def read_remembered(service: Service, loaded: LoadedCard, leads: Sequence[Lead | None]) -> RememberedLeads:
    """What the book remembers of some leads; nothing where the card needs no memory, or there is no log.

    Raises Refusal (503).
    """
    card = loaded.card.card
    if service.decision_log is None or not card.memory_fields:
        return RememberedLeads(card, {})
    ids = [find_lead_id(card, lead.values) for lead in leads if lead is not None]
    known = [lead_id for lead_id in ids if lead_id is not None]
    rows = await read_log(service, lambda log: log.book.read_leads(known)) if known else {}
    return RememberedLeads(card, rows)
