"""All tools: which of them a caller may use, and what a call comes to. No protocol here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from leadledger.api.mcp.comparing_tools import COMPARE_LEADS, WHAT_IF
from leadledger.api.mcp.explaining_tool import EXPLAIN_LEAD
from leadledger.api.mcp.lead_texts import clean_text, describe_mistake, hide_value
from leadledger.api.mcp.outcome_tool import RECORD_OUTCOME
from leadledger.api.mcp.question_tool import WHAT_TO_ASK
from leadledger.api.mcp.ranking_tool import RANK_LEADS
from leadledger.api.mcp.scoring_tool import SCORE_LEAD
from leadledger.api.mcp.tool import SHOW_LEAD_TEXTS, Caller, Tool
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.service import Service

TOOLS: tuple[Tool, ...] = (
    RANK_LEADS,
    EXPLAIN_LEAD,
    COMPARE_LEADS,
    WHAT_TO_ASK,
    WHAT_IF,
    SCORE_LEAD,
    RECORD_OUTCOME,
)
MOST_MISTAKES_SHOWN = 20  # in an answer
FAILED = "The service failed, and it is not your call's fault. The server's log says how."

_BY_NAME = {tool.name: tool for tool in TOOLS}


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a call comes to: an answer, or None and the `problem` that refused it, in words."""

    content: dict[str, Any] | None
    problem: str = ""


def list_tools(caller: Caller) -> list[Tool]:
    """The tools that a caller may use."""
    return [tool for tool in TOOLS if tool.scope in caller.scopes]


def find_tool(name: str) -> Tool | None:
    """The tool of a name; None where there is none."""
    return _BY_NAME.get(name)


async def call_tool(service: Service, caller: Caller, tool: Tool, arguments: Any) -> ToolAnswer:
    """Call a tool with some arguments, and log it. A refusal and a failure are answers too."""
    answer = await _answer(service, caller, tool, arguments)
    service.program_log.write("info", "tool", tool=tool.name, refused=answer.content is None, key=caller.key or None)
    return answer


async def _answer(service: Service, caller: Caller, tool: Tool, arguments: Any) -> ToolAnswer:
    if tool.scope not in caller.scopes:
        who = f"Key {caller.key}" if caller.key else "This server"
        has = ", ".join(caller.scopes) or "none"
        return ToolAnswer(None, f"{who} lacks the scope `{tool.scope}`, which {tool.name} needs; it has: {has}.")
    shows_lead_texts = isinstance(arguments, dict) and arguments.get(SHOW_LEAD_TEXTS) is True
    try:
        return ToolAnswer(await tool.run(tool.read_call(service, caller, arguments)))
    except Refusal as refusal:
        return ToolAnswer(None, _describe_refusal(service, refusal, shows_lead_texts))
    except Exception as error:
        service.program_log.write_failure(error, os.urandom(8).hex())
        return ToolAnswer(None, FAILED)


def _describe_refusal(service: Service, refusal: Refusal, shows_lead_texts: bool) -> str:
    """A refusal in words: the reason, then a line for each mistake."""
    card = service.loaded.card.card
    lines = [describe_mistake(mistake, card, shows_lead_texts) for mistake in refusal.mistakes[:MOST_MISTAKES_SHOWN]]
    more = len(refusal.mistakes) - len(lines)
    # What is not there may be named by others that are: ids, which `lead_names` has looked through.
    detail = hide_value(refusal.detail) if refusal.status == 404 and not refusal.mistakes else refusal.detail
    return "\n".join([clean_text(detail), *lines, *([f"and {more} more"] if more else [])])
