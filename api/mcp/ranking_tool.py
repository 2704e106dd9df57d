"""The tool that lists known leads in an order."""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from leadledger.api.log.lead_lists import LEAD_ORDERS
from leadledger.api.mcp.answers import DAY, NUMBER, TEXT, describe_answer, describe_list, describe_object, or_null
from leadledger.api.mcp.lead_names import name_lead
from leadledger.api.mcp.lead_texts import clean_text, is_plain_id, mark_lead_texts
from leadledger.api.mcp.tool import Tool, ToolCall
from leadledger.api.requests.json_text import name_kind
from leadledger.api.requests.mistakes import ROOT, Mistakes, Path, make_encodable
from leadledger.api.service.lead_list import DIRECTIONS, FIELD_PREFIX
from leadledger.api.service.listed_leads import list_leads
from leadledger.scoring.outputs import VERDICTS

LEADS_LISTED = 10
MOST_LEADS_LISTED = 50
LONGEST_CURSOR = 4_000  # characters

_RANKED_LEAD = describe_object(
    {
        "lead": {**TEXT, "description": "How to name the lead in other tools."},
        "replay_id": {**TEXT, "description": "The id of its last score in the log."},
        "as_of": DAY,
        "recommendation": {**TEXT, "enum": list(VERDICTS)},
        "since": {**DAY, "description": "The day from which the recommendation has stood."},
        "stage": TEXT,
        "next_stage": TEXT,
        "points": NUMBER,
        "distance": or_null(NUMBER, "Points above the threshold, negative below it; null: points don't decide."),
        "change": {**NUMBER, "description": "Points since about a week ago."},
        "probability": or_null(NUMBER, "0..1; null while no base rate is known."),
        "grade": TEXT,
        "snoozed_until": or_null(DAY, "Sales has put it off until then."),
    }
)


async def _rank_leads(call: ToolCall) -> dict[str, Any]:
    """A page of the book, by the parameters of GET /v1/leads."""
    mistakes = Mistakes()
    parameters = {"limit": str(LEADS_LISTED), **dict(_list_parameters(call, mistakes))}
    if mistakes:
        raise mistakes.to_refusal("listed")
    page = json.loads(await list_leads(call.service, urlencode(parameters).encode()))
    answer: dict[str, Any] = {
        "leads": [_describe_lead(row) for row in page["leads"]],
        "next": _pack_cursor(page["next"]),
    }
    if call.shows_lead_texts:
        answer |= mark_lead_texts(_list_texts(page["leads"]))
    return answer


def _list_parameters(call: ToolCall, mistakes: Mistakes) -> Iterator[tuple[str, str]]:
    """The arguments as parameters of a query; those of another kind are noted."""
    for name, value in call.arguments.items():
        match name, value:
            case "fields", dict():
                for field, text in value.items():
                    parameter = FIELD_PREFIX + make_encodable(field)
                    yield parameter, _write_value(text, (*ROOT, "fields", field), mistakes)
            case "fields", _:
                mistakes.add((*ROOT, name), f"is {name_kind(value)}; send an object of values by field")
            case "limit", int() if not isinstance(value, bool) and 1 <= value <= MOST_LEADS_LISTED:
                yield name, str(value)
            case "limit", _:
                mistakes.add((*ROOT, name), f"is not a number from 1 to {MOST_LEADS_LISTED}")
            case "after", str() if (cursor := _unpack_cursor(value)) is not None:
                yield name, cursor
            case "after", _:
                mistakes.add((*ROOT, name), "is no `next` of this list; send that of the page before")
            case _:
                yield name, _write_value(value, (*ROOT, name), mistakes)


def _write_value(value: Any, path: Path, mistakes: Mistakes) -> str:
    """A value as a query has it: a text, a number, true or false; another is noted."""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if not isinstance(value, str):
        mistakes.add(path, f"is {name_kind(value)}; send a text, a number, true or false")
        return ""
    return make_encodable(value)


def _describe_lead(row: dict[str, Any]) -> dict[str, Any]:
    kept = ("as_of", "recommendation", "since", "points", "distance", "change", "probability", "snoozed_until")
    return {
        "lead": name_lead(row["lead"], row["score_id"]),
        "replay_id": row["score_id"],
        **{name: row[name] for name in kept},
        "stage": clean_text(row["from"]),
        "next_stage": clean_text(row["to"]),
        "grade": clean_text(row["grade"]),
    }


def _list_texts(rows: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The ids that are no plain ones, and the owners, of some leads."""
    for row in rows:
        name = name_lead(row["lead"], row["score_id"])
        if not is_plain_id(row["lead"]):
            yield f"{name} id", row["lead"]
        if row["owner"]:
            yield f"{name} owner", row["owner"]


def _pack_cursor(cursor: str) -> str:
    """Where the next page begins, as a text in which nobody reads the id of a lead."""
    return urlsafe_b64encode(zlib.compress(cursor.encode())).decode() if cursor else ""


def _unpack_cursor(text: str) -> str | None:
    """What `_pack_cursor` packed; None: it did not."""
    try:
        packed = urlsafe_b64decode(text[:LONGEST_CURSOR].encode("ascii"))
        return zlib.decompressobj().decompress(packed, LONGEST_CURSOR).decode("ascii")
    except (ValueError, zlib.error):
        return None


RANK_LEADS = Tool(
    name="rank_leads",
    title="Rank leads",
    description=(
        "List known leads in an order, such as those to promote, the best first. Each is as of its last score."
        " explain_lead says why a lead stands where it does."
    ),
    scope="read",
    arguments={
        "recommendation": {
            **TEXT,
            "description": f"Some of {', '.join(VERDICTS)}, with commas between them; all if left out.",
        },
        "grade": {**TEXT, "description": "Some grades of the card, with commas between them."},
        "stage": {**TEXT, "description": "Some stages of the card at which leads stand, with commas between them."},
        "owner": {**TEXT, "description": "The value of the field `owner`; empty: leads without one."},
        "fields": {
            "type": "object",
            "description": 'Values of the card\'s fields, like {"country": "SE"}; an empty text: it is unknown.',
        },
        "snoozed": {"type": "boolean", "description": "Whether sales has put it off to a later day."},
        "order": {"type": "string", "enum": list(LEAD_ORDERS), "default": "points"},
        "direction": {
            "type": "string",
            "enum": list(DIRECTIONS),
            "description": "Default: downward, and for `since` and `id` upward.",
        },
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST_LEADS_LISTED, "default": LEADS_LISTED},
        "after": {**TEXT, "description": "`next` of the page before, with the same arguments."},
    },
    required=(),
    example='{"recommendation": "promote"}',
    answer=describe_answer(
        {
            "leads": describe_list(_RANKED_LEAD),
            "next": {**TEXT, "description": "Send it as `after` for the next page; empty: there is none."},
        }
    ),
    run=_rank_leads,
)
