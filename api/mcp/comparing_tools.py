"""The tools that set two leads, or a lead and what answers would make of it, side by side. Nothing is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from leadledger.api.mcp.answers import (
    DAY,
    FLAG,
    NUMBER,
    SCORE_MEMBERS,
    TEXT,
    describe_answer,
    describe_list,
    describe_object,
    describe_score,
)
from leadledger.api.mcp.lead_names import LEAD_ARGUMENT, find_leads
from leadledger.api.mcp.lead_texts import clean_text, mark_lead_texts
from leadledger.api.mcp.tool import Schema, Tool, ToolCall
from leadledger.api.requests.body import read_day
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.lead_parameters import CompareParameters
from leadledger.api.requests.mistakes import ROOT, Mistakes
from leadledger.api.service.known_leads import answer_comparison, answer_what_if
from leadledger.api.service.lead_bodies import read_answers

MOST_DIFFERENCES = 20  # entries in an answer, the largest first

_AS_OF: Schema = {**DAY, "description": "The day, like 2026-01-31; today if left out."}
_NOTES = describe_list(TEXT, "What is to be known, such as that a newer release scores the lead here.")
_SIDE_MEMBERS = ("points", "low", "high", "grade", "recommendation", "next_stage")
_SIDE = describe_object({name: SCORE_MEMBERS[name] for name in _SIDE_MEMBERS})


def _describe_differences(first: str, second: str) -> Schema:
    """The schema of entries that differ in two ledgers."""
    entry = {
        "name": TEXT,
        "kind": TEXT,
        first: {**NUMBER, "description": "Points; 0 where the ledger hasn't got the entry."},
        second: NUMBER,
        "difference": NUMBER,
        f"{first}_reason": TEXT,
        f"{second}_reason": TEXT,
    }
    return describe_list(
        describe_object(entry), f"The largest first, at most {MOST_DIFFERENCES}; all of them add up to `difference`."
    )


def _list_differences(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    cleaned = [
        {name: clean_text(value) if isinstance(value, str) else value for name, value in entry.items()}
        for entry in entries
    ]
    return cleaned[:MOST_DIFFERENCES]


def _describe_side(side: Mapping[str, Any]) -> dict[str, Any]:
    """One of two results, in short; `side` has the members of a result."""
    return {
        **{name: side[name] for name in ("points", "low", "high", "recommendation")},
        "grade": clean_text(side["grade"]),
        "next_stage": clean_text(side["to"]),
    }


async def _compare_leads(call: ToolCall) -> dict[str, Any]:
    """The two leads as GET /v1/leads/compare has them."""
    mistakes = Mistakes()
    as_of = read_day(call.arguments.get("as_of"), (*ROOT, "as_of"), mistakes)
    if mistakes:
        raise mistakes.to_refusal("compared")
    a, b = await find_leads(call, "a", "b")
    compared = await answer_comparison(call.service, CompareParameters(a, b, as_of), ("Lead a", "Lead b"))
    answer = {
        "as_of": compared["as_of"],
        "card": clean_text(compared["card"]),
        "release": compared["release"],
        "a": _describe_side(compared["a"]),
        "b": _describe_side(compared["b"]),
        "difference": compared["difference"],
        "entries": _list_differences(compared["entries"]),
        "can_turn": compared["can_turn"],
        "questions": [
            {**question, "field": clean_text(question["field"]), "question": clean_text(question["question"])}
            for question in compared["questions"]
        ],
        "notes": [clean_text(note) for note in compared["notes"]],
    }
    return answer | mark_lead_texts([("a id", a), ("b id", b)]) if call.shows_lead_texts else answer


async def _try_answers(call: ToolCall) -> dict[str, Any]:
    """The lead as POST /v1/leads/{id}/what-if has it."""
    loaded = call.service.loaded
    body = {name: value for name, value in call.arguments.items() if name != "lead"}
    answers = read_answers(loaded.engine, parse_json(json.dumps(body).encode(errors="replace")))
    (lead,) = await find_leads(call, "lead")
    tried = await answer_what_if(call.service, loaded, lead, answers, "The lead")
    answer = {
        "now": _describe_side(tried["now"]),
        "then": describe_score(tried["then"]),
        "difference": tried["difference"],
        "moved": _list_differences(tried["moved"]),
        "notes": [clean_text(note) for note in tried["notes"]],
        "recorded": False,
    }
    return answer | mark_lead_texts([("id", lead)]) if call.shows_lead_texts else answer


COMPARE_LEADS = Tool(
    name="compare_leads",
    title="Compare two leads",
    description=(
        "Why one known lead has more points than another: the entries of their ledgers that differ, which add up to the"
        " difference, and the open questions whose answer could turn the order round. Both are scored anew."
    ),
    scope="read",
    arguments={"a": LEAD_ARGUMENT, "b": LEAD_ARGUMENT, "as_of": _AS_OF},
    required=("a", "b"),
    example='{"a": "L1", "b": "L2"}',
    answer=describe_answer(
        {
            "as_of": DAY,
            "card": TEXT,
            "release": TEXT,
            "a": _SIDE,
            "b": _SIDE,
            "difference": {**NUMBER, "description": "The points of b less those of a."},
            "entries": _describe_differences("a", "b"),
            "can_turn": {**FLAG, "description": "Whether answers to all open questions could turn the order round."},
            "questions": describe_list(
                describe_object(
                    {
                        "of": {"type": "string", "enum": ["a", "b"]},
                        "field": TEXT,
                        "question": TEXT,
                        "low": {**NUMBER, "description": "The least that an answer could make of the difference."},
                        "high": {**NUMBER, "description": "The most."},
                    }
                ),
                "Those whose answer alone could turn the order round.",
            ),
            "notes": _NOTES,
        }
    ),
    run=_compare_leads,
)
WHAT_IF = Tool(
    name="what_if",
    title="Try answers out on a lead",
    description=(
        "What a known lead would score with some answers in place of what is known of it, beside what it scores now."
        " Nothing is recorded."
    ),
    scope="read",
    arguments={
        "lead": LEAD_ARGUMENT,
        "answers": {
            "type": "object",
            "description": 'Values by field, like {"employees": 120}; null: it becomes unknown.',
        },
        "as_of": _AS_OF,
    },
    required=("lead", "answers"),
    example='{"lead": "L1", "answers": {"employees": 120}}',
    answer=describe_answer(
        {
            "now": _SIDE,
            "then": describe_object(SCORE_MEMBERS),
            "difference": {**NUMBER, "description": "The points then less those now."},
            "moved": _describe_differences("now", "then"),
            "notes": _NOTES,
            "recorded": {**FLAG, "description": "Always false."},
        }
    ),
    run=_try_answers,
)
