"""The tool that notes what became of a lead: the only one that writes."""

from __future__ import annotations

from typing import Any

from leadledger.api.mcp.answers import DAY, FLAG, TEXT, describe_answer, describe_list
from leadledger.api.mcp.lead_names import LEAD_ARGUMENT, find_id
from leadledger.api.mcp.tool import Tool, ToolCall
from leadledger.api.service.outcomes import add_outcome


async def _record_outcome(call: ToolCall) -> dict[str, Any]:
    """Note the outcome, as POST /v1/outcomes does."""
    arguments = dict(call.arguments)
    if isinstance(arguments["lead"], str):
        arguments["lead"] = await find_id(call.service, arguments["lead"])
    noted = await add_outcome(call.service, arguments, call.caller.key)
    return {name: noted[name] for name in ("became", "on", "new", "notes")}


RECORD_OUTCOME = Tool(
    name="record_outcome",
    title="Record what became of a lead",
    description=(
        "Note that a lead reached a stage, or was lost, on a day. Training learns from it. The same outcome of the same"
        " day is noted once, however often it is sent."
    ),
    scope="outcomes",
    arguments={
        "lead": LEAD_ARGUMENT,
        "became": {"type": "string", "description": "A stage of the card, or `lost`."},
        "on": {**DAY, "description": "The day, like 2026-01-31."},
    },
    required=("lead", "became", "on"),
    example='{"lead": "L1", "became": "opportunity", "on": "2026-03-01"}',
    answer=describe_answer(
        {
            "became": TEXT,
            "on": DAY,
            "new": {**FLAG, "description": "False: it was noted before."},
            "notes": describe_list(TEXT, "What is odd about it."),
        }
    ),
    run=_record_outcome,
    is_read_only=False,
)
