"""GET /v1/today, /v1/questions and /v1/summary: the whole book at a glance."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import write_json
from leadledger.api.http.openapi_options import describe_answer
from leadledger.api.requests.asked_leads import MOST_LEADS_ASKED, USUAL_LEADS_ASKED
from leadledger.api.requests.lead_parameters import read_question_parameters, refuse_parameters
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.service import overview, today
from leadledger.api.service.service import Service

_REASONS = {404: "There is no log.", 422: "A parameter is wrong.", 503: "The log can't be reached."}
_QUESTION_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "leads",
        "in": "query",
        "required": False,
        "description": f"How many leads to look at, the nearest to the threshold, up to {MOST_LEADS_ASKED:,}.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_LEADS_ASKED, "default": USUAL_LEADS_ASKED},
    }
]


def add(app: FastAPI, service: Service) -> None:
    """Add the routes of the whole book."""

    @app.get(
        "/v1/questions",
        summary="The questions that settle most",
        operation_id="list_questions",
        openapi_extra={"parameters": _QUESTION_PARAMETERS},
        **describe_answer("leads", "BookQuestions", _REASONS),
    )
    @needs("read")
    async def list_questions(request: Request) -> Response:
        """Which open question settles how many recommendations, over the leads that are to be asked.

        Each lead counts as of the day of its last score. An answer is kept for some seconds.
        """
        mistakes = Mistakes()
        most = read_question_parameters(request.scope["query_string"], mistakes)
        if mistakes:
            raise mistakes.to_refusal("listed")
        return write_json(await overview.answer_questions(service, most))

    @app.get(
        "/v1/today",
        summary="What a day begins with",
        operation_id="get_today",
        **describe_answer("leads", "Today", _REASONS),
    )
    @needs("read")
    async def get_today(request: Request) -> Response:
        """Who is newly promoted, who soon no longer, and who waits for an answer, against what can be taken care of.

        It also counts the views of the list. An answer is kept for some seconds.
        """
        mistakes = Mistakes()
        refuse_parameters(request.scope["query_string"], mistakes)
        if mistakes:
            raise mistakes.to_refusal("listed")
        return write_json(await today.answer_today(service))

    @app.get(
        "/v1/summary",
        summary="The book in figures",
        operation_id="get_summary",
        **describe_answer("leads", "Summary", _REASONS),
    )
    @needs("read")
    async def get_summary(request: Request) -> Response:
        """The leads by points, grade and recommendation, today's changes, what became of leads, and what sales says.

        An answer is kept for some seconds.
        """
        mistakes = Mistakes()
        refuse_parameters(request.scope["query_string"], mistakes)
        if mistakes:
            raise mistakes.to_refusal("listed")
        return write_json(await overview.answer_summary(service))
