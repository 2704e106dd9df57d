"""What is asked of known leads, and said of them: compared, forecast, tried out with answers, taken or rejected."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_json, read_key_id, write_json
from leadledger.api.http.openapi_options import describe_answer, describe_exchange
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.lead_parameters import (
    read_compare_parameters,
    read_day_parameter,
    read_forecast_parameters,
    refuse_parameters,
)
from leadledger.api.requests.mistakes import Mistakes, Refusal
from leadledger.api.service import feedback, known_leads
from leadledger.api.service.lead_bodies import LARGEST_FEEDBACK, read_answers, read_feedback
from leadledger.api.service.scoring import today
from leadledger.api.service.service import Service
from leadledger.scoring.engine.forecast_days import MOST_DAYS, USUAL_DAYS

_REASONS = {404: "The book doesn't have the lead, or there is no log.", 503: "The log can't be reached."}
_WITH_PARAMETERS = {**_REASONS, 422: "A parameter is wrong."}


def _describe_parameter(name: str, description: str, schema: dict[str, Any], required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


_AS_OF = _describe_parameter(
    "as_of",
    "The day; default: today in the card's time zone.",
    {
        "type": "string",
        "format": "date",
    },
)
_ID = {"type": "string", "minLength": 1}
_COMPARE_PARAMETERS = [
    _describe_parameter("a", "The id of a lead.", _ID, True),
    _describe_parameter("b", "The id of the other lead.", _ID, True),
    _AS_OF,
]
_FORECAST_PARAMETERS = [
    _describe_parameter(
        "days",
        f"How many days ahead, up to {MOST_DAYS}.",
        {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": USUAL_DAYS},
    ),
    _AS_OF,
]


def add(app: FastAPI, service: Service) -> None:
    """Add the routes of single leads."""

    @app.get(
        "/v1/leads/compare",
        summary="Compare two leads",
        operation_id="compare_leads",
        openapi_extra={"parameters": _COMPARE_PARAMETERS},
        **describe_answer("leads", "LeadComparison", _WITH_PARAMETERS),
    )
    @needs("read")
    async def compare_leads(request: Request) -> Response:
        """The difference of two ledgers, entry by entry, and the questions whose answers could turn the order round.

        Both leads are scored anew, by the release that is served and as of one day. Nothing is recorded.
        """
        mistakes = Mistakes()
        parameters = read_compare_parameters(request.scope["query_string"], mistakes)
        if mistakes:
            raise mistakes.to_refusal("compared")
        return write_json(await known_leads.answer_comparison(service, parameters))

    @app.get(
        "/v1/leads/{id:path}/forecast",
        summary="When the advice on a lead will change",
        operation_id="forecast_lead",
        openapi_extra={"parameters": _FORECAST_PARAMETERS},
        **describe_answer("leads", "LeadForecast", _WITH_PARAMETERS),
    )
    @needs("read")
    async def forecast_lead(request: Request) -> Response:
        """If nothing happens: the first day with another recommendation, or grade, and the entries that move by then.

        The values and the events of the lead stay, and the days go on. Nothing is recorded.
        """
        mistakes = Mistakes()
        parameters = read_forecast_parameters(request.scope["query_string"], mistakes)
        if mistakes:
            raise mistakes.to_refusal("worked out")
        return write_json(await known_leads.answer_forecast(service, request.path_params["id"], parameters))

    @app.get(
        "/v1/leads/{id:path}/events",
        summary="What a lead did",
        operation_id="get_lead_events",
        openapi_extra={"parameters": [_AS_OF]},
        **describe_answer("leads", "LeadEvents", _WITH_PARAMETERS),
    )
    @needs("read")
    async def get_lead_events(request: Request) -> Response:
        """Its stored events by day, and what rules for each event have earned by them: on that day, and as of a day.

        What rules earn as of the day adds up to their points before the limits of groups. Machines earn nothing.
        """
        mistakes = Mistakes()
        as_of = read_day_parameter(request.scope["query_string"], mistakes)
        if mistakes:
            raise mistakes.to_refusal("worked out")
        return write_json(await known_leads.answer_events(service, request.path_params["id"], as_of))

    @app.post(
        "/v1/leads/{id:path}/what-if",
        summary="Try answers out on a lead",
        operation_id="try_answers",
        **describe_exchange("leads", "WhatIfRequest", "WhatIf", _REASONS),
    )
    @needs("read")
    async def try_answers(request: Request) -> Response:
        """The result that the lead would have with these answers, beside the one that it has. Nothing is recorded."""
        _refuse_query(request)
        loaded = service.loaded
        answers = read_answers(loaded.engine, parse_json(read_json(request)))
        return write_json(await known_leads.answer_what_if(service, loaded, request.path_params["id"], answers))

    @app.post(
        "/v1/leads/{id:path}/feedback",
        summary="Say what sales thinks of a lead",
        operation_id="add_feedback",
        **describe_exchange("leads", "FeedbackRequest", "Feedback", _REASONS),
    )
    @needs("outcomes")
    async def add_feedback(request: Request) -> Response:
        """Accept the lead, reject it with a reason, or put it off to a later day; and name a wrong entry of its ledger.

        The same of one day is recorded once. It tells of the score, and never of the outcome: training doesn't read it.
        """
        _refuse_query(request)
        content = read_json(request)
        if len(content) > LARGEST_FEEDBACK:
            raise Refusal(413, f"The body is larger than {LARGEST_FEEDBACK:,} bytes, and feedback needs a hundred.")
        opinion = read_feedback(parse_json(content), today(service.loaded.card.card.time_zone))
        lead, key = request.path_params["id"], read_key_id(request)
        return write_json(await feedback.add_feedback(service, lead, opinion, key))


def _refuse_query(request: Request) -> None:
    """Raise Refusal (422) for any parameter."""
    mistakes = Mistakes()
    refuse_parameters(request.scope["query_string"], mistakes)
    if mistakes:
        raise mistakes.to_refusal("done")
