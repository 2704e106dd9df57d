"""Short answers about scores: what they hold, and its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leadledger.api.mcp.lead_texts import LEAD_TEXTS, LEAD_TEXTS_SCHEMA, clean_text
from leadledger.api.mcp.tool import Schema
from leadledger.scoring.outputs import ENTRY_KINDS, VERDICTS

MOST_QUESTIONS = 5  # in an answer, the most telling first
MOST_REASONS = 10

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
DAY: Schema = {"type": "string", "format": "date"}


def describe_object(properties: Mapping[str, Schema], optional: Iterable[str] = ()) -> Schema:
    """The schema of an object with these members, all of them there but the optional ones."""
    left_out = frozenset(optional)
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in left_out],
        "additionalProperties": False,
    }


def describe_list(items: Schema, description: str = "") -> Schema:
    """The schema of a list."""
    return {"type": "array", "items": items, **({"description": description} if description else {})}


def describe_answer(properties: Mapping[str, Schema], optional: Iterable[str] = ()) -> Schema:
    """The schema of the answer of a tool: it may have texts of leads beside its members."""
    return describe_object({**properties, LEAD_TEXTS: LEAD_TEXTS_SCHEMA}, (*optional, LEAD_TEXTS))


def or_null(schema: Schema, description: str) -> Schema:
    """The schema of a value that may be null."""
    return {**schema, "type": [schema["type"], "null"], "description": description}


ENTRY: Schema = describe_object(
    {
        "name": TEXT,
        "kind": {"type": "string", "enum": list(ENTRY_KINDS)},
        "points": NUMBER,
        "reason": {"type": "string", "description": "In words of the card or the release."},
    }
)
QUESTION: Schema = describe_object(
    {
        "field": {"type": "string", "description": "The field of the lead that the answer fills."},
        "question": TEXT,
        "settles": {"type": "number", "description": "0..1: how likely its answer is to settle the recommendation."},
    }
)
SCORE_MEMBERS: Mapping[str, Schema] = {
    "as_of": DAY,
    "card": TEXT,
    "release": {"type": "string", "description": "The release with the learned points; empty: rules only."},
    "recommendation": {"type": "string", "enum": list(VERDICTS)},
    "stage": {"type": "string", "description": "Where the lead stands."},
    "next_stage": {"type": "string", "description": "The stage that the recommendation is about; may be empty."},
    "points": {"type": "number", "description": "The total. 50.0 is the average lead; +10 doubles the odds."},
    "low": {"type": "number", "description": "The fewest points that answers to the questions could leave."},
    "high": {"type": "number", "description": "The most points that they could bring."},
    "threshold": or_null(NUMBER, "Points from which the lead is promoted; null: points don't decide."),
    "probability": or_null(NUMBER, "0..1; null while no base rate is known."),
    "grade": TEXT,
    "reasons": describe_list(TEXT, "What the recommendation rests on, the most telling first."),
    "questions": describe_list(QUESTION, "What to ask, the most telling first."),
}


def describe_score(result: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of a result in short: the members of SCORE_MEMBERS."""
    return {
        **{name: result[name] for name in ("as_of", "release", "recommendation")},
        **{name: result[name] for name in ("points", "low", "high", "probability")},
        "card": clean_text(result["card"]),
        "stage": clean_text(result["from"]),
        "next_stage": clean_text(result["to"]),
        "threshold": result["line"],
        "grade": clean_text(result["grade"]),
        "reasons": [clean_text(reason) for reason in result["reasons"][:MOST_REASONS]],
        "questions": list_questions(result["questions"]),
    }


def list_questions(questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The most telling questions of a result."""
    return [
        {
            "field": clean_text(question["field"]),
            "question": clean_text(question["question"]),
            "settles": question["settles"],
        }
        for question in questions[:MOST_QUESTIONS]
    ]


def list_entries(ledger: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries of a ledger, which add up to the points."""
    return [
        {
            "name": clean_text(entry["name"]),
            "kind": entry["kind"],
            "points": entry["points"],
            "reason": clean_text(entry["reason"]),
        }
        for entry in ledger
    ]
