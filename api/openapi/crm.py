"""What /openapi.json says of the bodies that CRMs send, and of the parameters that are about them.

A body of a CRM stands under a media type of its own, `application/vnd.crm+json`: the service takes it as
`application/json` too, but there it would make the one body that is described, and from which clients are generated, a
choice between six. The examples are the example lead of the card in the shape of each CRM; a test sends them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.api.crm.base import Crm
from leadledger.api.crm.systems import CRMS
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.field import Field, fold

MEDIA_TYPE = "application/vnd.crm+json"


def describe(said: dict[str, Any], engine: Engine, example: Mapping[str, Any]) -> None:
    """Add to a description what it says of CRMs. `example` is a lead of the card, by any of its names."""
    for path, is_batch in (("/v1/score", False), ("/v1/score/batch", True)):
        operation = said["paths"][path]["post"]
        there = operation.setdefault("parameters", [])
        names = {one["name"] for one in there}
        there += [one for one in _parameters() if one["name"] not in names]
        operation["description"] += f"\n\n{_reply()}"
        operation["requestBody"]["content"][MEDIA_TYPE] = {
            "schema": {
                "type": ["object", "array"],
                "description": "A body as a CRM sends it, which may come as `application/json` too: "
                + "; ".join(f"{crm.title}, {crm.bodies}" for crm in CRMS.values())
                + ". Names map through the card's `from:`, and about 35 standard names of each CRM are known.",
            },
            "examples": {
                name: {"summary": crm.title, "value": _make_body(engine, crm, example, is_batch)}
                for name, crm in CRMS.items()
            },
        }


def _reply() -> str:
    """What is told of `reply`. It is no parameter of the contract: what it brings is another system's shape, so the
    answer would be a choice between this service's and three others, for which generated clients have no type.
    """
    shapes = "; ".join(f"`reply={name}` ({CRMS[name].title}): {CRMS[name].updates}" for name in DEFAULT_PROPERTIES)
    return (
        "For automations that write back what they get: with the parameter `reply`, the answer is the body of the CRM's"
        f" own update call, with the properties that the card names under `write_back:`. {shapes}. What is refused is a"
        " problem all the same."
    )


def _parameters() -> list[dict[str, Any]]:
    return [
        {
            "name": "from",
            "in": "query",
            "required": False,
            "description": "The CRM whose body this is. Without it, marks tell, such as `attributes` or `@odata.etag`; "
            "with it, records may also stand under `lead` or `leads`.",
            "schema": {"type": "string", "enum": list(CRMS)},
        },
        {
            "name": "as_of",
            "in": "query",
            "required": False,
            "description": "The day of the score, where the body has no place for it.",
            "schema": {"type": "string", "format": "date"},
        },
    ]


def _make_body(engine: Engine, crm: Crm, lead: Mapping[str, Any], is_batch: bool) -> Any:
    """A lead of the card as one CRM sends it, under the names that it has there."""
    homes = {column: field for field in engine.card.card.plain_fields for column in field.columns}
    record = {_name(homes[column], crm.name): value for column, value in lead.items() if column in homes}
    return crm.make_example(record, is_batch)


def _name(field: Field, system: str) -> str:
    """The name of a field in one CRM; its own where it has none there."""
    names = (*field.sources, *field.standard, *field.in_bodies)
    return next((name for of, name in names if fold(of) == system), field.name)
