"""The tool that scores a lead which the caller describes."""

from __future__ import annotations

import json
from typing import Any

from leadledger.api.mcp.answers import (
    DAY,
    ENTRY,
    FLAG,
    SCORE_MEMBERS,
    describe_answer,
    describe_list,
    describe_score,
    list_entries,
)
from leadledger.api.mcp.lead_texts import mark_lead_texts
from leadledger.api.mcp.tool import Tool, ToolCall
from leadledger.api.service.scoring import ScoreCall, score_one


async def _score_lead(call: ToolCall) -> dict[str, Any]:
    """Score the lead of the arguments, which have the form of a body of POST /v1/score. Nothing is recorded."""
    content = json.dumps(dict(call.arguments)).encode(errors="replace")
    scored = await score_one(call.service, ScoreCall("", b"", content, call.caller.key))
    result = scored.results[0].to_dict()
    answer = {
        **describe_score(result),
        "ledger": list_entries(result["ledger"]),
        "unused_names": len(result["ignored"]),
        "recorded": False,
    }
    if call.shows_lead_texts:
        answer |= mark_lead_texts((f"unused name {number}", name) for number, name in enumerate(result["ignored"], 1))
    return answer


SCORE_LEAD = Tool(
    name="score_lead",
    title="Score a lead",
    description=(
        "Work out the points of a lead from its values, with the ledger of reasons that adds up to them, the"
        " recommendation and the questions to ask. Nothing is recorded, so there is no replay id."
    ),
    scope="score",
    arguments={
        "lead": {
            "type": "object",
            "description": "The values of the lead by the names of the card's fields or of the CRM's columns; leave out"
            " what isn't known.",
        },
        "as_of": {
            **DAY,
            "description": "The day to score for, like 2026-01-31; today if left out.",
        },
        "events": {
            "type": "array",
            "items": {"type": "object"},
            "description": "What the lead did, beside the events that the service has stored.",
        },
    },
    required=("lead",),
    example='{"lead": {"employees": 120}}',
    answer=describe_answer(
        {
            **SCORE_MEMBERS,
            "ledger": describe_list(ENTRY, "The entries add up to the points."),
            "unused_names": {"type": "integer", "description": "Names in the lead that the card doesn't use."},
            "recorded": {**FLAG, "description": "Always false: this score is in no log."},
        }
    ),
    run=_score_lead,
)
