"""What /openapi.json says of a raw lead: a JSON Schema, from the fields of the card that is served.

Of several types the first is that of the field's kind; the older documents, which have no unions, say that one alone.
"""

from __future__ import annotations

import re
from typing import Any

from leadledger.api.requests.body import LONGEST_NAME, MOST_NAMES
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.field import NO_TEXTS, NUMBER_PATTERN, YES_TEXTS
from leadledger.scoring.field import Field as CardField

# As the service reads it, but for powers of ten of three digits, of which some are beyond all doubles.
_NUMBER = NUMBER_PATTERN.replace("[eE][+-]?[0-9]+", "[eE][+-]?[0-9]{1,2}")
_SPACE = r"[ \t\n\r\f\v]*"  # white space that is taken off both ends


def lead(engine: Engine) -> dict[str, Any]:
    """The JSON Schema of a raw lead: every field of the card under its own name; the names that CRMs use are told."""
    card = engine.card.card
    return {
        "type": "object",
        "description": "Values by name, as the CRM gives them. What is absent, null or empty is not known. "
        "Names that no field of the card uses are ignored, and listed in the answer. A day is written like 2026-01-31; "
        "a time may follow it, of which the day in UTC counts. Letter case is no matter where values are listed.",
        "properties": {one.name: _property(one, card.missing) for one in card.plain_fields},
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
        "propertyNames": {"maxLength": LONGEST_NAME},
        "maxProperties": MOST_NAMES,
    }


def _property(field: CardField, missing: tuple[str, ...]) -> dict[str, Any]:
    said = [field.ask or f"{field.title[0].upper()}{field.title[1:]}."]
    if field.unit:
        said.append(f"In {field.unit}.")
    if field.values:
        said.append(f"One of: {', '.join(field.values)}.")
    also = [f"`{column}`" + (f" ({system})" if system else "") for system, column in field.sources + field.standard]
    if also:
        said.append(f"Also as {', '.join(also)}.")
    return {"title": field.title, "description": " ".join(said), **_type(field, missing)}


def _type(field: CardField, missing: tuple[str, ...]) -> dict[str, Any]:
    """The types that the values of a field may have, and what is asked of them."""
    if field.kind == "number":
        return {"type": ["number", "string", "null"], "pattern": _written(_NUMBER, missing)}
    if field.kind == "flag":
        words = "|".join(YES_TEXTS + NO_TEXTS)
        return {
            **{"type": ["boolean", "string", "integer", "null"], "pattern": _written(words, missing)},
            **{"minimum": 0, "maximum": 1},
        }
    if field.kind == "date":
        return {"type": ["string", "null"], "format": "date", "examples": ["2026-01-31"]}
    if field.values:
        return {"type": ["string", "null"], "enum": [*dict.fromkeys((*field.values, "", *missing)), None]}
    return {"type": ["string", "integer", "null"]}


def _written(form: str, missing: tuple[str, ...]) -> str:
    """The pattern of the texts that a value may be written as; an empty text, and those of the card, are no value."""
    absent = "".join(f"|{re.escape(one)}" for one in missing if one)
    return f"^{_SPACE}({form}{absent})?{_SPACE}$"
