"""The tool that says what to ask: one lead, or over the whole book."""

from __future__ import annotations

import json
from typing import Any

from leadledger.api.mcp.answers import (
    NUMBER,
    QUESTION,
    SCORE_MEMBERS,
    TEXT,
    describe_answer,
    describe_list,
    describe_object,
    list_questions,
)
from leadledger.api.mcp.lead_names import LEAD_ARGUMENT, find_leads
from leadledger.api.mcp.lead_texts import clean_text, mark_lead_texts
from leadledger.api.mcp.tool import Tool, ToolCall
from leadledger.api.requests.asked_leads import USUAL_LEADS_ASKED
from leadledger.api.service.book import answer_lead
from leadledger.api.service.overview import answer_questions

MOST_QUESTIONS_OVER_ALL = 10

_COUNT = {"type": "integer", "minimum": 0}


async def _choose_questions(call: ToolCall) -> dict[str, Any]:
    """The questions of a lead as of its last score, or those of GET /v1/questions."""
    if "lead" not in call.arguments:
        return await _ask_over_all(call)
    (lead,) = await find_leads(call, "lead")
    known = json.loads(await answer_lead(call.service, lead))
    answer = {
        "replay_id": known["score_id"],
        "recommendation": known["recommendation"],
        "questions": list_questions(known["result"]["questions"]),
    }
    return answer | mark_lead_texts([("id", known["lead"])]) if call.shows_lead_texts else answer


async def _ask_over_all(call: ToolCall) -> dict[str, Any]:
    book = await answer_questions(call.service, USUAL_LEADS_ASKED)
    answer: dict[str, Any] = {
        "leads_to_ask": book["asked"],
        "leads_looked_at": book["looked_at"],
        "over_all": [
            {
                "field": clean_text(question["field"]),
                "question": clean_text(question["question"]),
                "leads": question["leads"],
                "settled_leads": question["settles"],
            }
            for question in book["questions"][:MOST_QUESTIONS_OVER_ALL]
        ],
    }
    return answer | mark_lead_texts([]) if call.shows_lead_texts else answer


WHAT_TO_ASK = Tool(
    name="what_to_ask",
    title="What to ask",
    description=(
        "Of one known lead: the open questions, the one first whose answer is most likely to settle the recommendation."
        " Without a lead: which question would settle the recommendations of how many leads of the whole book."
    ),
    scope="read",
    arguments={"lead": LEAD_ARGUMENT},
    required=(),
    example='{"lead": "L1"}',
    answer=describe_answer(
        {
            "replay_id": {**TEXT, "description": "Of a lead: the id of its last score."},
            "recommendation": SCORE_MEMBERS["recommendation"],
            "questions": describe_list(QUESTION, "Of a lead; none where its recommendation is not `ask`."),
            "leads_to_ask": {**_COUNT, "description": "Over all: the leads whose recommendation is `ask`."},
            "leads_looked_at": {**_COUNT, "description": "Those of them that were looked at, next to the threshold."},
            "over_all": describe_list(
                describe_object(
                    {
                        "field": TEXT,
                        "question": TEXT,
                        "leads": {**_COUNT, "description": "The leads that have it open."},
                        "settled_leads": {**NUMBER, "description": "How many leads its answers settle, as expected."},
                    }
                ),
                "Over all: the question first that settles most.",
            ),
        },
        optional=("replay_id", "recommendation", "questions", "leads_to_ask", "leads_looked_at", "over_all"),
    ),
    run=_choose_questions,
)
