"""Describes the bodies that CRMs send, and their parameters, for /openapi.json.

The bodies of CRMs have their own media type, `application/vnd.crm+json`. The service also accepts them as
`application/json`, but described there they would turn the one body that clients are generated from into a choice
between six. Each example is the example lead of the card as that CRM sends it; a test sends them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.api.crm.base import Crm
from leadledger.api.crm.systems import CRMS, SOURCES
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.field import Field
from leadledger.scoring.text_forms import fold

MEDIA_TYPE = "application/vnd.crm+json"


def describe_crm_bodies(document: dict[str, Any], engine: Engine, example: Mapping[str, Any]) -> None:
    """Add the bodies of CRMs to a document. `example`: values of a lead by any name that the card knows."""
    for path, is_batch in (("/v1/score", False), ("/v1/score/batch", True)):
        operation = document["paths"][path]["post"]
        parameters = operation.setdefault("parameters", [])
        names = {parameter["name"] for parameter in parameters}
        parameters += [parameter for parameter in _parameters() if parameter["name"] not in names]
        operation["description"] += f"\n\n{_describe_reply()}"
        operation["requestBody"]["content"][MEDIA_TYPE] = {
            "schema": {
                "type": ["object", "array"],
                "description": "A body as a CRM sends it, also accepted as `application/json`: "
                + "; ".join(f"{crm.title}, {crm.bodies}" for crm in CRMS.values())
                + ". Names map through the card's `from:`, and about 35 standard names of each CRM are known.",
            },
            "examples": {
                name: {"summary": crm.title, "value": _make_body(engine, crm, example, is_batch)}
                for name, crm in CRMS.items()
            },
        }


def _describe_reply() -> str:
    """What the text of an operation says of `reply`.

    `reply` is not a parameter of the contract: with it the answer has the shape of another system, so the described
    answer would be a choice between four shapes, for which generated clients have no type.
    """
    shapes = "; ".join(f"`reply={name}` ({CRMS[name].title}): {CRMS[name].updates}" for name in DEFAULT_PROPERTIES)
    return (
        "For automations that write the answer back: with the parameter `reply`, the answer is the body of the CRM's"
        f" own update call, with the properties that the card names under `write_back:`. {shapes}. A refusal is still a"
        " problem."
    )


def _parameters() -> list[dict[str, Any]]:
    return [
        {
            "name": "from",
            "in": "query",
            "required": False,
            "description": "The CRM that sends this body. Without it, the service recognizes the CRM by marks such as "
            "`attributes` or `@odata.etag`; with it, records may also stand under `lead` or `leads`. `record` is for"
            " any other system.",
            "schema": {"type": "string", "enum": list(SOURCES)},
        },
        {
            "name": "as_of",
            "in": "query",
            "required": False,
            "description": "The day of the score, for bodies that have no place for it.",
            "schema": {"type": "string", "format": "date"},
        },
    ]


def _make_body(engine: Engine, crm: Crm, lead: Mapping[str, Any], is_batch: bool) -> Any:
    """A lead of the card as one CRM sends it, under the names that it has there."""
    homes = {column: field for field in engine.card.card.plain_fields for column in field.columns}
    record = {_name(homes[column], crm.name): value for column, value in lead.items() if column in homes}
    return crm.make_example(record, is_batch)


def _name(field: Field, system: str) -> str:
    """The name of a field in one CRM, or its own name if the CRM has none."""
    names = (*field.sources, *field.standard, *field.in_bodies)
    return next((name for crm, name in names if fold(crm) == system), field.name)
