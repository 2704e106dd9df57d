"""How tools name leads: by their id, or, where that could be a sentence, by the last score of the lead."""

from __future__ import annotations

import re

from leadledger.api.mcp.answers import TEXT
from leadledger.api.mcp.lead_texts import is_plain_id
from leadledger.api.mcp.tool import Schema, ToolCall
from leadledger.api.requests.body import is_encodable
from leadledger.api.requests.json_text import name_kind
from leadledger.api.requests.mistakes import ROOT, Mistakes, Refusal
from leadledger.api.service.history import read_log
from leadledger.api.service.service import DecisionLog, Service
from leadledger.scoring.lead_ids import LONGEST_ID

SCORE_PREFIX = "score:"
LEAD_ARGUMENT: Schema = {**TEXT, "description": f"The id of the lead, or `{SCORE_PREFIX}` and the id of a score of it."}
UNKNOWN_LEAD = "The book has no lead of this id."
UNKNOWN_SCORE = "The log has no score of this id, or its lead is forgotten."

_SCORE_NAME = re.compile(f"{SCORE_PREFIX}([0-9a-hjkmnp-tv-z]{{26}})")


def name_lead(lead: str, score_id: str) -> str:
    """The name by which an answer calls a lead: its id if that is a plain one, else its last score.

    Whatever an id says, it is some lead's text; one with spaces or quotes could be an instruction.
    """
    return lead if is_plain_id(lead) and _SCORE_NAME.fullmatch(lead) is None else f"{SCORE_PREFIX}{score_id}"


async def find_leads(call: ToolCall, *names: str) -> list[str]:
    """The ids of the leads that some arguments of a call name.

    Raises Refusal: an argument is no name (422), the book doesn't have the lead, there is no log (404), it fails (503).
    """
    mistakes, given = Mistakes(), []
    for name in names:
        value = call.arguments[name]
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # as in outcomes
        if not isinstance(value, str):
            mistakes.add((*ROOT, name), f"is {name_kind(value)}; send the id of a lead as a text")
        elif not (0 < len(value.strip()) <= LONGEST_ID) or not is_encodable(value):
            mistakes.add((*ROOT, name), f"is not an id of a lead: a text of 1 to {LONGEST_ID} characters")
        else:
            given.append(value.strip())
    if mistakes:
        raise mistakes.to_refusal("done")
    return await read_log(call.service, lambda log: [_find_lead(log, name) for name in given])


async def find_id(service: Service, name: str) -> str:
    """The id that a name of a lead stands for, whether or not the book has the lead.

    Raises Refusal: it names a score that the log doesn't have, there is no log (404), it fails (503).
    """
    if _SCORE_NAME.fullmatch(name.strip()) is None:
        return name
    return await read_log(service, lambda log: _read_id(log, name.strip()))


def _read_id(log: DecisionLog, name: str) -> str:
    score_name = _SCORE_NAME.fullmatch(name)
    if score_name is None:
        return name
    score = log.store.read_score(score_name[1])
    if score is None or score["lead"] is None:
        raise Refusal(404, UNKNOWN_SCORE)
    return str(score["lead"])


def _find_lead(log: DecisionLog, name: str) -> str:
    name = _read_id(log, name)
    row = log.book.read_lead(name)
    if row is None:
        similar = ", ".join(lead for lead in log.book.find_similar(name) if is_plain_id(lead))
        raise Refusal(404, f"{UNKNOWN_LEAD}{f' There are: {similar}.' if similar else ''}")
    return row.lead
