"""What the decision log knows: a score as it was answered, its replay, and why a lead's score moved."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic_core import to_json

from leadledger.api.log.record import encode_answer
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.requests.parameters import PageParameters
from leadledger.api.service.service import DecisionLog, Service
from leadledger.scoring.errors import ScoringError
from leadledger.scoring.text_forms import WHITE_SPACE

_T = TypeVar("_T")


async def answer_logged_score(service: Service, score_id: str) -> bytes:
    """A score as it was answered, the cleaned values that it came from, and the API key, as JSON. Raises Refusal."""
    row = await _read_score(service, score_id)
    values = json.loads(row["input"])["values"]
    return with_result({**_summarise(row), "input": list_values(values)}, row["result"].encode())


async def answer_replay(service: Service, score_id: str) -> bytes:
    """A score worked out again from the logged values and the release of that day, as JSON. Raises Refusal."""
    row = await _read_score(service, score_id)
    try:
        result = await read_log(service, lambda log: log.replayer.replay(row))
    except ScoringError as error:
        raise Refusal(409, f"The score can't be worked out again: {error}.") from None
    answer = encode_answer(row["id"], result)
    return with_result(
        {
            "id": row["id"],
            "release": row["release"],
            "identical": answer == row["result"].encode(),
            "points": row["tenths"] / 10,
            "replayed": result.points,
        },
        answer,
    )


async def answer_lead_scores(service: Service, lead: str, page: PageParameters) -> bytes:
    """The scores of a lead, newest first, with what moved each and why, and what became of the lead, as JSON.

    Raises Refusal.
    """
    lead = lead.strip(WHITE_SPACE)
    history = await read_log(service, lambda log: list_scores(log, lead, page))
    if not history["scores"] and not history["outcomes"]:
        raise Refusal(404, "No score of this lead is in the log.")
    return to_json(history)


def refuse_without_log() -> Refusal:
    """The refusal (404) of a request that needs a log, where there is none."""
    return Refusal(404, "Nothing is recorded: the service runs with its log off.")


async def read_log(service: Service, read: Callable[[DecisionLog], _T]) -> _T:
    """What `read` reads in the log, in a thread of its own. Raises Refusal: there is no log (404), it fails (503).

    A log whose file was moved or deleted fails too: the database would read and write on, and nobody find it again.
    """
    if service.decision_log is None:
        raise refuse_without_log()
    from sqlalchemy.exc import SQLAlchemyError

    from leadledger.api.log.database import LogMoved, describe_for_callers

    def read_where_it_was(log: DecisionLog) -> _T:
        log.store.check_file()
        return read(log)

    try:
        return await asyncio.to_thread(read_where_it_was, service.decision_log)
    except (SQLAlchemyError, LogMoved) as error:
        detail = f"The decision log can't be reached: {describe_for_callers(error)}. Try again."
        raise Refusal(503, detail, retry_after=1) from None


async def _read_score(service: Service, score_id: str) -> dict[str, Any]:
    row = await read_log(service, lambda log: log.store.read_score(score_id))
    if row is None:
        raise Refusal(404, "There is no score of this id in the log.")
    if row["input"] is None:
        raise Refusal(410, "What this score was made of was erased: its lead is forgotten.")
    return row


def list_scores(log: DecisionLog, lead: str, page: PageParameters) -> dict[str, Any]:
    """The scores of a lead as flat JSON. Raises Refusal (404): the score that `before` names isn't in the log."""
    from leadledger.api.log.replay import list_changes

    rows = log.store.read_lead_scores(lead, page.limit + 1, page.before)
    if rows is None:
        raise Refusal(404, "The score that `before` names is not in the log.")
    events = log.events.read([lead]).of(lead)
    scores = []
    for new, old in zip(rows[: page.limit], [*rows[1:], None], strict=False):
        moved = [] if old is None else log.replayer.list_moves(old, new, events)
        late = [] if old is None else log.replayer.find_late(old, new, events)
        changed = [] if old is None else list_changes(old, new)
        scores.append({**_summarise(new), "moved": moved, "changed": changed, "arrived_late": len(late)})
    outcomes = [
        {"became": outcome["became"], "on": outcome["on"], "at": outcome["at"]}
        for outcome in log.store.read_lead_outcomes(lead)
    ]
    return {"lead": lead, "scores": scores, "more": len(rows) > page.limit, "outcomes": outcomes}


def _summarise(row: Mapping[str, Any]) -> dict[str, Any]:
    """What every answer has of a score."""
    return {
        "id": row["id"],
        "at": row["at"],
        "lead": row["lead"] or "",
        "key": row["key"],
        "card": row["card"],
        "release": row["release"],
        "as_of": row["as_of"],
        "score": row["score"],
        "points": row["tenths"] / 10,
        "probability": None if row["probability"] is None else round(row["probability"], 6),
        "grade": row["grade"],
        "recommendation": row["recommendation"],
    }


def list_values(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Values by name as flat records, each as a text."""
    return [
        {"field": name, "value": value if isinstance(value, str) else json.dumps(value)}
        for name, value in values.items()
    ]


def with_result(members: Mapping[str, Any], result: bytes) -> bytes:
    """An object as JSON, with a result that is JSON already as its last member."""
    return to_json(members)[:-1] + b',"result":' + result + b"}"
