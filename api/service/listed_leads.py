"""The list of known leads, in pages: as rows of the book, or with what explains each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import to_json

from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.requests.parameters import read_pairs
from leadledger.api.service.book import describe_lead_row
from leadledger.api.service.history import read_log
from leadledger.api.service.lead_details import DetailedLead, detail_leads
from leadledger.api.service.lead_list import list_parameter_names, read_lead_list, write_cursor
from leadledger.api.service.places import read_places
from leadledger.api.service.scoring import today
from leadledger.api.service.service import DecisionLog, Service

if TYPE_CHECKING:
    from leadledger.api.log.lead_lists import LeadList


class DetailedPage(NamedTuple):
    """Leads of a page, each with what explains it, and by which `after` the next page is asked for; empty: none."""

    leads: Sequence[DetailedLead]
    next: str


async def list_leads(service: Service, query: bytes) -> bytes:
    """A page of the known leads that a query string asks for, as JSON. Raises Refusal."""
    mistakes, card = Mistakes(), service.loaded.card.card
    day = today(card.time_zone)
    pairs = read_pairs(query, list_parameter_names(card), mistakes)
    wanted = read_lead_list(pairs, card, day, mistakes)
    if mistakes:
        raise mistakes.to_refusal("listed")
    if wanted.detailed:
        detailed = await read_detailed_page(service, wanted, day)
        leads = [describe_detailed_lead(lead) for lead in detailed.leads]
        return to_json({"leads": leads, "next": detailed.next})
    page = await read_log(service, lambda log: log.book.list_leads(wanted))
    leads = [{**describe_lead_row(row), "details": []} for row in page.rows]
    return to_json({"leads": leads, "next": write_cursor(wanted, page.end)})


async def read_detailed_page(service: Service, wanted: LeadList, day: date) -> DetailedPage:
    """A page of the known leads on a day, each with what explains it. Raises Refusal."""
    loaded, home = service.loaded, service.settings.home
    places = await read_places(service)

    def read(log: DecisionLog) -> DetailedPage:
        page = log.book.list_leads(wanted)
        leads = detail_leads(log, loaded, home, page.rows, day)
        placed = [replace(lead, place=places.find(lead.row.tenths)) for lead in leads]
        return DetailedPage(placed, write_cursor(wanted, page.end))

    return await read_log(service, read)


def describe_detailed_lead(lead: DetailedLead) -> dict[str, Any]:
    """What the book knows of a lead and what explains it, as flat JSON."""
    return {**describe_lead_row(lead.row), "details": [lead.to_dict()]}
