"""The JSON Schema of a raw lead, from the fields of the card that is served.

Where a value has several types, the first is that of the field's kind; the older documents, which have no unions, name
only that one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from leadledger.api.requests.body import LONGEST_NAME, MOST_NAMES
from leadledger.api.service.lead_list import FIELD_PREFIX
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.field import Field as CardField
from leadledger.scoring.flag_forms import NO_TEXTS, YES_TEXTS
from leadledger.scoring.number_forms import ANY_FORMAT, NUMBER_PATTERN
from leadledger.scoring.scorecard import Card

# As the service reads it, except exponents of three digits, some of which are beyond the range of doubles.
_NUMBER = NUMBER_PATTERN.replace("[eE][+-]?[0-9]+", "[eE][+-]?[0-9]{1,2}")
_SYNTAX = r"[\\^$.|?*+()\[\]{}]"  # signs that mean something in a regular expression
_SPACE = r"[ \t\n\r\f\v]*"  # white space that is stripped from both ends


def describe_lead(engine: Engine) -> dict[str, Any]:
    """The JSON Schema of a raw lead: every field of the card under its own name, described with its names in CRMs."""
    card = engine.card.card
    return {
        "type": "object",
        "description": "Values by name, as the CRM sends them. A value that is absent, null or empty is unknown. "
        "Names that no field of the card uses are ignored and listed in the answer. Write a day like 2026-01-31; if a "
        "time follows, the day in UTC counts. Letter case doesn't matter where values are listed.",
        "properties": {field.name: _property(field, card.missing) for field in card.plain_fields} | _objects(card),
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
        "propertyNames": {"maxLength": LONGEST_NAME},
        "maxProperties": MOST_NAMES,
    }


def describe_answers(engine: Engine) -> dict[str, Any]:
    """The JSON Schema of answers to try out: those of a lead, under the names that the card uses."""
    lead = describe_lead(engine)
    del lead["propertyNames"]
    description = (
        "Answers by the names of fields, or those that CRMs use for them. One that is null or empty makes its value"
        " unknown. A name that no field uses is refused."
    )
    return {**lead, "description": description, "additionalProperties": False}


def describe_card_words(parameter: Mapping[str, Any], card: Card) -> dict[str, Any]:
    """A parameter of a list of known leads; that of grades, or of stages, takes the card's own, or is empty."""
    stages = [stage.name for stage in card.stages]
    words = {
        "grade": [*(grade for grade, _ in card.grades), card.below],
        "stage": stages,
        "to": stages,
    }.get(parameter["name"])
    if not words:
        return dict(parameter)
    # `re.escape` escapes more than the expressions of JSON Schema (ECMA-262) allow.
    listed = "(" + "|".join(re.sub(_SYNTAX, r"\\\g<0>", word) for word in words) + ")"
    return {**parameter, "schema": {"type": "string", "pattern": f"^({listed}(,{listed})*)?$"}}


def describe_field_parameters(card: Card) -> list[dict[str, Any]]:
    """The parameters by which a list of known leads asks for values of the card's fields."""
    types: dict[str, dict[str, Any]] = {
        "number": {"type": "number"},
        "flag": {"type": "boolean"},
        "date": {"type": "string", "format": "date"},
    }
    return [
        {
            "name": f"{FIELD_PREFIX}{field.name}",
            "in": "query",
            "required": False,
            "description": f"The value of `{field.name}`; empty: it is unknown.",
            "schema": {"type": "string", "enum": list(field.values)}
            if field.values and field.kind == "text" and not field.other
            else types.get(field.kind, {"type": "string"}),
        }
        for field in card.plain_fields
    ]


def _objects(card: Card) -> dict[str, Any]:
    """The objects that hold what paths lead to, by their names; not those of one CRM, which has bodies of its own."""
    members: dict[str, list[str]] = {}
    anywhere = {column for field in card.plain_fields for system, column in field.sources if not system}
    for path in card.column_paths.fields:
        root, _, below = path.partition(".")
        if path in anywhere and root not in card.fields:
            members.setdefault(root, []).append(below)
    return {
        root: {
            "title": root,
            "description": f"Holds {', '.join(f'`{below}`' for below in paths)}.",
            "type": ["object", "string", "null"],
            "additionalProperties": {},
        }
        for root, paths in members.items()
    }


def _property(field: CardField, missing: tuple[str, ...]) -> dict[str, Any]:
    sentences = [field.ask or f"{field.title[0].upper()}{field.title[1:]}."]
    if field.unit:
        sentences.append(f"In {field.unit}.")
    if field.number_format is not None:
        sentences.append(f"A text is written like {field.number_format.sample}.")
    if field.values:
        some = "Some" if field.kind == "choices" else "One"
        sentences.append(f"{some} of: {', '.join(field.values)}.")
    if field.kind == "choices":
        sentences.append(f"A list, or a text with '{field.separator}' between the choices.")
    names = [f"`{column}`" + (f" ({system})" if system else "") for system, column in field.sources + field.standard]
    if names:
        sentences.append(f"Also as {', '.join(names)}.")
    return {"title": field.title, "description": " ".join(sentences), **_types(field, missing)}


def _types(field: CardField, missing: tuple[str, ...]) -> dict[str, Any]:
    """The JSON types that the values of a field may have, and what the schema requires of them."""
    if field.kind == "number":
        number_format = field.number_format or ANY_FORMAT
        if number_format.is_wrapped:  # what may stand beside the digits, in any case, is no matter of a pattern
            return {"type": ["number", "string", "null"]}
        forms = "|".join([_NUMBER, *(form.pattern for form in number_format.forms)])
        return {"type": ["number", "string", "null"], "pattern": _text_pattern(forms, missing)}
    if field.kind == "flag":
        words = "|".join(re.escape(text) for text in YES_TEXTS + NO_TEXTS)
        return {
            **{"type": ["boolean", "string", "integer", "null"], "pattern": _text_pattern(words, missing)},
            **{"minimum": 0, "maximum": 1},
        }
    if field.kind == "date":
        return {"type": ["string", "null"], "format": "date", "examples": ["2026-01-31"]}
    if field.kind == "choices":
        return {"type": ["string", "array", "integer", "null"], "items": {"type": ["string", "integer", "null"]}}
    if field.values and not field.other:
        return {"type": ["string", "null"], "enum": [*dict.fromkeys((*field.values, "", *missing)), None]}
    return {"type": ["string", "integer", "null"]}


def _text_pattern(pattern: str, missing: tuple[str, ...]) -> str:
    """The pattern of a value written as text. An empty text and the card's `missing:` texts mean no value."""
    absent = "".join(f"|{re.escape(text)}" for text in missing if text)
    return f"^{_SPACE}({pattern}{absent})?{_SPACE}$"
