"""POST /v1/outcomes: what became of a lead, for the history and for training."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from leadledger.api.http.access import needs
from leadledger.api.http.described import takes
from leadledger.api.http.routes.history import read as read_log
from leadledger.api.http.routes.score import caller, read
from leadledger.api.requests.body import LONGEST_LEAD_ID, is_encodable, read_day, read_object
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.mistakes import NOTHING, ROOT, Mistakes
from leadledger.api.service.service import Service
from leadledger.scoring.errors import did_you_mean

KEYS = ("lead", "became", "on")


def add(app: FastAPI, service: Service) -> None:
    """Add the route that takes outcomes."""

    @app.post(
        "/v1/outcomes",
        summary="Note what became of a lead",
        operation_id="add_outcome",
        **takes("outcomes", "OutcomeRequest", "Outcome", {404: "There is no log.", 503: "The log fails."}),
    )
    @needs("outcomes")
    async def add_outcome(request: Request) -> Response:
        """Once: the same outcome of the same day, however often it comes, is noted once."""
        found = _outcome(parse_json(await read(request)), service.served.outcomes)
        key = caller(request)
        new = await read_log(service, lambda logged: logged.log.add_outcome(*found, key))
        said = dict(zip(KEYS, found, strict=True))
        return Response(to_json({**said, "new": new}), media_type="application/json")


def _outcome(parsed: Any, known: tuple[str, ...]) -> tuple[str, str, str]:
    """Lead, what became of it, and the day. Raises Refusal (422)."""
    mistakes = Mistakes()
    found = read_object(parsed, KEYS, (), '{"lead": "L1", "became": "opportunity", "on": "2026-03-01"}', mistakes)
    lead, became, on = (found.get(key, NOTHING) for key in KEYS)
    if isinstance(lead, int) and not isinstance(lead, bool):
        lead = str(lead)
    if lead is not NOTHING and not (isinstance(lead, str) and 0 < len(lead.strip()) <= LONGEST_LEAD_ID):
        mistakes.add((*ROOT, "lead"), f"is no id of a lead: a text of 1 to {LONGEST_LEAD_ID} characters", lead)
    elif isinstance(lead, str) and not is_encodable(lead):
        mistakes.add((*ROOT, "lead"), "holds half a character (a lone surrogate)", lead)
    if became is not NOTHING and became not in known:
        guess = did_you_mean(became, known) if isinstance(became, str) else f" Known: {', '.join(known)}."
        mistakes.add((*ROOT, "became"), f"is nothing that a lead becomes by this card.{guess}", became)
    day = read_day(None if on is NOTHING else on, (*ROOT, "on"), mistakes)
    if on is None:
        mistakes.add((*ROOT, "on"), "is null; send a day like 2026-01-31")
    if mistakes:
        raise mistakes.to_refusal()
    assert day is not None
    return str(lead).strip(), str(became), day.isoformat()
