"""The tool that says of a known lead why it stands where it does."""

from __future__ import annotations

import json
from typing import Any

from leadledger.api.mcp.answers import (
    DAY,
    ENTRY,
    SCORE_MEMBERS,
    TEXT,
    describe_answer,
    describe_list,
    describe_object,
    list_entries,
    or_null,
)
from leadledger.api.mcp.answers import describe_score as describe_short
from leadledger.api.mcp.lead_names import LEAD_ARGUMENT, find_leads
from leadledger.api.mcp.lead_texts import clean_text, mark_lead_texts
from leadledger.api.mcp.tool import Tool, ToolCall
from leadledger.api.service.book import answer_lead

MOST_FEEDBACK_SHOWN = 5

_FEEDBACK = describe_object({"verb": TEXT, "reason": TEXT, "entry": TEXT, "until": or_null(DAY, ""), "on": DAY})


async def _explain_lead(call: ToolCall) -> dict[str, Any]:
    """The lead as GET /v1/leads/{id} has it, in short."""
    (lead,) = await find_leads(call, "lead")
    known = json.loads(await answer_lead(call.service, lead))
    result = known["result"]
    answer = {
        "replay_id": known["score_id"],
        **describe_short(result),
        "since": known["since"],
        "change": known["change"],
        "snoozed_until": known["snoozed_until"],
        "ledger": list_entries(result["ledger"]),
        "feedback": [
            {
                "verb": opinion["verb"],
                "reason": opinion["reason"],
                "entry": clean_text(opinion["entry"]),
                "until": opinion["until"],
                "on": opinion["on"],
            }
            for opinion in known["feedback"][:MOST_FEEDBACK_SHOWN]
        ],
    }
    if call.shows_lead_texts:
        texts = [("id", known["lead"]), *((part["field"], part["value"]) for part in known["input"])]
        answer |= mark_lead_texts(texts)
    return answer


EXPLAIN_LEAD = Tool(
    name="explain_lead",
    title="Explain a lead",
    description=(
        "Why a known lead has its points: the ledger of its last score, whose entries add up to them, the"
        " recommendation with its reasons, what to ask, and what sales said of the lead."
    ),
    scope="read",
    arguments={"lead": LEAD_ARGUMENT},
    required=("lead",),
    example='{"lead": "L1"}',
    answer=describe_answer(
        {
            "replay_id": {**TEXT, "description": "The id of the score: GET /v1/scores/{id}/replay works it out again."},
            **SCORE_MEMBERS,
            "since": {**DAY, "description": "The day from which the recommendation has stood."},
            "change": {"type": "number", "description": "Points since about a week ago."},
            "snoozed_until": or_null(DAY, "Sales has put it off until then."),
            "ledger": describe_list(ENTRY, "The entries add up to the points."),
            "feedback": describe_list(_FEEDBACK, "What sales said of it, the newest first."),
        }
    ),
    run=_explain_lead,
)
