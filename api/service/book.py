"""A lead of the book: its row, or with its ledger and what sales said of it."""

from __future__ import annotations

import json
from typing import Any

from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.record import encode_answer
from leadledger.api.requests.mistakes import Refusal, shorten
from leadledger.api.service.history import list_values, read_log, with_result
from leadledger.api.service.service import DecisionLog, Service
from leadledger.scoring.errors import ScoringError, quote
from leadledger.scoring.result import Result


async def answer_lead(service: Service, lead: str) -> bytes:
    """What the book knows of a lead, with its whole result, worked out of its values, as JSON. Raises Refusal."""

    def read(log: DecisionLog) -> tuple[BookRow, list[dict[str, Any]], Result]:
        row = log.book.read_lead(lead)
        if row is None:
            raise refuse_unknown_lead(log, lead)
        return row, log.book.read_feedback(lead), log.replayer.replay(row._asdict())

    try:
        row, feedback, result = await read_log(service, read)
    except ScoringError as error:
        raise Refusal(409, f"The score of the lead can't be worked out again: {error}.") from None
    kept = ("verb", "reason", "entry", "until", "on", "at", "key")
    described = {
        **describe_lead_row(row),
        "feedback": [{name: said[name] for name in kept} for said in feedback],
        "input": list_values(json.loads(row.input)["values"]),
    }
    return with_result(described, encode_answer(row.score_id, result))


def refuse_unknown_lead(log: DecisionLog, lead: str) -> Refusal:
    """The refusal (404) of a request about a lead that the book doesn't know, with ids that may be meant."""
    similar = log.book.find_similar(lead)
    near = f" There are: {', '.join(quote(shorten(other)) for other in similar)}." if similar else ""
    return Refusal(404, f"The book has no lead of this id.{near}")


def describe_lead_row(row: BookRow) -> dict[str, Any]:
    """What the book knows of a lead, but for its values, as flat JSON."""
    return {
        "lead": row.lead,
        "score_id": row.score_id,
        "at": row.at,
        "as_of": row.as_of,
        "card": row.card,
        "release": row.release,
        "score": row.score,
        "points": row.tenths / 10,
        "probability": row.probability,
        "percentile": row.percentile,
        "grade": row.grade,
        "axis_grades": row.axis_grades,
        "recommendation": row.recommendation,
        "from": row.stage,
        "to": row.to_stage,
        "since": row.since,
        "distance": None if row.distance is None else row.distance / 10,
        "change": row.change / 10,
        "change_since": row.earlier_on,
        "owner": row.owner,
        "rejected_on": row.rejected_on,
        "snoozed_until": row.snoozed_until,
        "answered_on": row.answered_on,
    }
