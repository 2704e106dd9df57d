"""A lead of the book: its row, or with its ledger and what sales said of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.record import encode_answer
from leadledger.api.requests.mistakes import Refusal, shorten
from leadledger.api.service.history import list_values, read_log, with_result
from leadledger.api.service.service import DecisionLog, Service
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import ScoringError, quote
from leadledger.scoring.result import Result


@dataclass(frozen=True, slots=True)
class BookLead:
    """A lead of the book as its last score left it: its row, what sales said of it, and its result by `engine`."""

    row: BookRow
    feedback: Sequence[Mapping[str, Any]]
    engine: Engine
    result: Result


async def answer_lead(service: Service, lead: str) -> bytes:
    """What the book knows of a lead, with its whole result, worked out of its values, as JSON. Raises Refusal."""
    scored = await read_log(service, lambda log: read_book_lead(log, lead))
    row = scored.row
    kept = ("verb", "reason", "entry", "until", "on", "at", "key")
    described = {
        **describe_lead_row(row),
        "feedback": [{name: opinion[name] for name in kept} for opinion in scored.feedback],
        "input": list_values(json.loads(row.input)["values"]),
    }
    return with_result(described, encode_answer(row.score_id, scored.result))


def read_book_lead(log: DecisionLog, lead: str) -> BookLead:
    """A lead of the book with its last result. Raises Refusal: not in the book (404), its release is gone (409)."""
    row = log.book.read_lead(lead)
    if row is None:
        raise refuse_unknown_lead(log, lead)
    try:
        engine, result = log.replayer.engine(row._asdict()), log.replayer.replay(row._asdict())
    except ScoringError as error:
        raise Refusal(409, f"The score of the lead can't be worked out again: {error}.") from None
    return BookLead(row, log.book.read_feedback(lead), engine, result)


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
