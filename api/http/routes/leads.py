"""GET /v1/leads, the known leads, and /v1/leads/{id}: one of them, with its ledger."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import send_json
from leadledger.api.http.openapi_options import describe_answer
from leadledger.api.log.lead_lists import LEAD_ORDERS
from leadledger.api.service import book, listed_leads
from leadledger.api.service.lead_list import DIRECTIONS, LEADS_PER_PAGE, MOST_LEADS_PER_PAGE
from leadledger.api.service.service import Service
from leadledger.scoring.outputs import VERDICTS

_TEXT = {"type": "string"}
_DAY = {"type": "string", "format": "date"}
_FLAG = {"type": "boolean"}
_PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "recommendation": (
        f"Some of {', '.join(VERDICTS)}, with commas between them.",
        {"type": "string", "pattern": f"^(({'|'.join(VERDICTS)})(,({'|'.join(VERDICTS)}))*)?$"},
    ),
    "grade": ("Some grades of the card, with commas between them.", _TEXT),
    "stage": ("Some stages of the card at which leads stand, with commas between them.", _TEXT),
    "to": ("Some stages of the card that recommendations are about, with commas between them.", _TEXT),
    "owner": ("The value of the field `owner`; empty: leads without one.", _TEXT),
    "snoozed": ("Whether sales has put it off to a later day.", _FLAG),
    "q": ("How the id begins.", _TEXT),
    "search": ("How the id begins, or some words of the title: the company, or the name of the lead.", _TEXT),
    "new_since": ("The first day from which the recommendation may have stood.", _DAY),
    "back_by": ("The last day to which sales may have put it off, from today on.", _DAY),
    "waits": ("Whether sales has said nothing of it since the recommendation stands.", _FLAG),
    "rejected": ("Whether sales has rejected it since the recommendation stands.", _FLAG),
    "details": (
        "Whether each comes with what explains it: questions, reasons, what moved and what will.",
        _FLAG,
    ),
    "order": ("By what the leads are ordered.", {"type": "string", "enum": list(LEAD_ORDERS), "default": "points"}),
    "direction": (
        "Upward or downward; default: downward, and for `since` and `id` upward, so that those who wait longest come"
        " first.",
        {"type": "string", "enum": list(DIRECTIONS)},
    ),
    "limit": (
        f"How many leads at most, up to {MOST_LEADS_PER_PAGE}.",
        {"type": "integer", "minimum": 1, "maximum": MOST_LEADS_PER_PAGE, "default": LEADS_PER_PAGE},
    ),
    "after": ("`next` of the page before, with the same order and direction.", _TEXT),
}


def add(app: FastAPI, service: Service) -> None:
    """Add the routes that read the book.

    An id may hold slashes, so the route of one lead takes whatever no route before it has taken: add it after all
    others below `/v1/leads/`.
    """

    @app.get(
        "/v1/leads",
        summary="List the known leads",
        operation_id="list_leads",
        openapi_extra={
            "parameters": [
                {"name": name, "in": "query", "description": description, "schema": schema}
                for name, (description, schema) in _PARAMETERS.items()
            ]
        },
        **describe_answer(
            "leads",
            "Leads",
            {404: "There is no log.", 422: "A parameter is wrong.", 503: "The log can't be reached."},
            "A page of the list.",
        ),
    )
    @needs("read")
    async def list_leads(request: Request) -> Response:
        """The leads with an id that were scored, each as of its newest day, in pages.

        `field.NAME` asks for a value of any field of the card; empty: it is unknown. A lead that moves between two
        pages may come twice or not at all; all others come once.
        """
        return send_json(await listed_leads.list_leads(service, request.scope["query_string"]))

    @app.get(
        "/v1/leads/{id:path}",
        summary="One known lead",
        operation_id="get_lead",
        **describe_answer(
            "leads",
            "KnownLead",
            {
                404: "The book doesn't have it, or there is no log.",
                409: "The release or the card that gave its score is gone.",
                503: "The log can't be reached.",
            },
            "The lead.",
        ),
    )
    @needs("read")
    async def get_lead(request: Request) -> Response:
        """What the book knows of a lead, what sales said of it, and its whole result with the ledger, worked out of its
        values as of the day of its last score.
        """
        return send_json(await book.answer_lead(service, request.path_params["id"]))
