"""What /openapi.json says of the bodies that CRMs send, and of the parameters that are about them.

A body of a CRM stands under a media type of its own, `application/vnd.crm+json`: the service takes it as
`application/json` too, but there it would make the one body that is described, and from which clients are generated, a
choice between six. The examples are the example lead of the card in the shape of each CRM; a test sends them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.scoring.card.crm_names import SYSTEMS
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.field import Field, fold

MEDIA_TYPE = "application/vnd.crm+json"
TITLES = {"salesforce": "Salesforce", "hubspot": "HubSpot", "dynamics": "Dynamics", "odoo": "Odoo", "zoho": "Zoho"}

_SHAPES = {
    "salesforce": "a lead with its `attributes`, a query's `records`, or a list",
    "hubspot": "an object with `properties`, `results`, or what a workflow's webhook sends",
    "dynamics": "a record with or without OData annotations, a list under `value`, or what a webhook sends",
    "odoo": "what `read()` answers, plain or as JSON-RPC, or what an automation sends",
    "zoho": "records under `data`",
}
_REPLIES = {
    "hubspot": '`{"properties": {…}}`, several as `{"inputs": [{"id": …, "properties": {…}}]}`',
    "salesforce": 'the fields of the record, several as `{"allOrNone": false, "records": […]}`',
    "dynamics": 'the columns of the record, several as `{"Targets": […]}`',
}


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
                + "; ".join(f"{TITLES[system]}, {shape}" for system, shape in _SHAPES.items())
                + ". Names map through the card's `from:`, and about 35 standard names of each CRM are known.",
            },
            "examples": {
                system: {"summary": TITLES[system], "value": body(engine, system, example, is_batch)}
                for system in SYSTEMS
            },
        }


def _reply() -> str:
    """What is told of `reply`. It is no parameter of the contract: what it brings is another system's shape, so the
    answer would be a choice between this service's and three others, for which generated clients have no type.
    """
    shapes = "; ".join(f"`reply={system}` ({TITLES[system]}): {shape}" for system, shape in _REPLIES.items())
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
            "schema": {"type": "string", "enum": list(SYSTEMS)},
        },
        {
            "name": "as_of",
            "in": "query",
            "required": False,
            "description": "The day of the score, where the body has no place for it.",
            "schema": {"type": "string", "format": "date"},
        },
    ]


def body(engine: Engine, system: str, lead: Mapping[str, Any], is_batch: bool) -> Any:
    """A lead of the card in the shape of one CRM, under the names that it has there."""
    homes = {column: one for one in engine.card.card.plain for column in one.columns}
    record = {_name(homes[column], system): value for column, value in lead.items() if column in homes}
    if system == "salesforce":
        record = {"attributes": {"type": "Lead", "url": "/services/data/v62.0/sobjects/Lead/00Q"}, **record}
        return {"totalSize": 1, "done": True, "records": [record]} if is_batch else record
    if system == "hubspot":
        record = {"id": "151", "properties": record}
        return {"results": [record]} if is_batch else record
    if system == "dynamics":
        record = {"@odata.etag": 'W/"1"', **record}
        return {"@odata.context": "…/$metadata#leads", "value": [record]} if is_batch else record
    if system == "odoo":
        record = {"_model": "crm.lead", "_id": 42} | {key: False if one is None else one for key, one in record.items()}
        return [record] if is_batch else record
    return {"data": [{"$approved": True, **record}]}


def _name(field: Field, system: str) -> str:
    """The name of a field in one CRM; its own where it has none there."""
    names = (*field.sources, *field.standard, *field.in_bodies)
    return next((name for of, name in names if fold(of) == system), field.name)
