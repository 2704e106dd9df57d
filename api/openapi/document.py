"""Builds the document of /openapi.json: the routes, with bodies and answers described for the card that is served."""

from __future__ import annotations

import importlib.metadata
import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from leadledger.api.http.access import ANY_KEY, OPEN, SIGNED
from leadledger.api.openapi.base_shape import ShapeJsonSchema
from leadledger.api.openapi.crm_bodies import describe_crm_bodies
from leadledger.api.openapi.draft_shapes import CARD_EDIT, DRAFT_BODIES, REQUIRED
from leadledger.api.openapi.effect_shapes import EFFECT_BODIES
from leadledger.api.openapi.event_bodies import EVENTS_REQUEST, SENT_EVENT, describe_event_bodies
from leadledger.api.openapi.examples import build_examples, example_ids, example_lead
from leadledger.api.openapi.hook_shapes import CRM_CALL, HOOK_BODIES, SAMPLE_MESSAGES
from leadledger.api.openapi.lead_schema import (
    describe_answers,
    describe_card_words,
    describe_field_parameters,
    describe_lead,
)
from leadledger.api.openapi.release_shapes import RELEASE_BODIES
from leadledger.api.openapi.shadow_shapes import SHADOW_BODIES
from leadledger.api.openapi.shapes import BODIES
from leadledger.api.requests.lead_events import MOST_EVENTS
from leadledger.api.service.loaded import LOST
from leadledger.scoring.engine.score import Engine

SCHEMA_REFERENCE = "#/components/schemas/{model}"
ABOUT = """
Scores leads, and shows the work: each point of a score has a named reason, and the reasons add up to the score.

50.0 points are the average lead of the history, and 10 more points double the odds. A rule neither adds nor subtracts
points for unknown values; the answer says how far the score could still move, and what to ask first.
"""
_PATH_IDS = {  # what stands in a path, by the word before it
    "scores": "The id of a score: `id` in its answer.",
    "leads": "The id of a lead: the value of its first field of kind `id`.",
    "releases": "The name of a release.",
    "hooks": "The id of a subscription.",
    "drafts": "The name of a draft.",
    "views": "The name of a saved view.",
}
_DAY_SCHEMA = {
    "type": ["string", "null"],
    "format": "date",
    "description": "The day of the score; default: today in the card's time zone. With a fixed day, the same lead "
    "always gets the same score.",
}
EVENT_SCHEMA = {
    "type": "object",
    "description": "An event: its `kind`, `time` and `properties`, and where it has them `id`, `source` and `received`;"
    " or as Segment, CloudEvents, HubSpot, SendGrid, Mailgun, Postmark, Mautic or Salesforce write it.",
    "examples": [{"kind": "visit", "time": "2026-01-31T10:00:00Z", "properties": {"path": "/pricing"}}],
    "additionalProperties": {},
}
_SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer ll_…`."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The key alone: `ll_…`."},
}


def build_document(app: FastAPI, engine: Engine) -> dict[str, Any]:
    """Describe the routes of the app in OpenAPI 3.1, with the fields and an example of the card that is served."""
    card = engine.card.card
    document = get_openapi(
        title=f"{card.title or card.name} – leadledger", version=_version(), description=ABOUT, routes=app.routes
    )
    describe_event_bodies(document)
    describe_crm_bodies(document, engine, example_lead(engine)[0])
    components = document.setdefault("components", {})
    components["schemas"] = _schemas(engine, app.state.service.settings.max_batch)
    components["securitySchemes"] = _SECURITY_SCHEMES
    for route in app.routes:
        for method in getattr(route, "methods", ()):
            if operation := document["paths"].get(getattr(route, "path_format", ""), {}).get(method.lower()):
                _describe_guard(operation, getattr(route, "endpoint").needs)  # noqa: B009  # routes are of several kinds
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["parameters"] = [*_path_parameters(path, engine), *operation.get("parameters", [])]
            if operation["operationId"] == "list_leads":
                card = engine.card.card
                listed = [describe_card_words(parameter, card) for parameter in operation["parameters"]]
                operation["parameters"] = listed + describe_field_parameters(card)
    simplified: dict[str, Any] = _simplify_nulls(document)
    return simplified


def _schemas(engine: Engine, max_batch: int) -> dict[str, Any]:
    """All schemas by name: those of the shapes, and those that depend on the card and on the limits."""
    bodies = (*BODIES, *HOOK_BODIES, *DRAFT_BODIES, *EFFECT_BODIES, *RELEASE_BODIES, *SHADOW_BODIES)
    # In the mode of answers: a value that has a default is present all the same.
    _, generated = models_json_schema(
        [(shape, "serialization") for shape in bodies],
        by_alias=True,
        ref_template=SCHEMA_REFERENCE,
        schema_generator=ShapeJsonSchema,
    )
    schemas: dict[str, Any] = generated["$defs"]
    schemas["Mistake"]["required"] = ["path", "reason"]
    schemas["Problem"]["required"] = [name for name in schemas["Problem"]["properties"] if name != "retry_after"]
    schemas["Item"]["required"] = ["status", "errors"]
    outcome = schemas["OutcomeRequest"]["properties"]
    outcome["lead"]["type"] = ["string", "integer"]  # some CRMs number their leads
    outcome["became"]["enum"] = [*engine.card.gates, LOST]
    schemas["HookRequest"]["required"] = ["url"]
    schemas["TermDifference"]["required"] = ["name", "change", "size", "moved", "most"]
    schemas["SampleMessages"], schemas["CrmCall"] = dict(SAMPLE_MESSAGES), dict(CRM_CALL)
    schemas["FeedbackRequest"]["required"] = ["verb"]
    schemas["DraftChange"]["properties"]["edits"]["items"] = CARD_EDIT
    for request, required in REQUIRED.items():
        schemas[request] = {**schemas[request], "required": required}
        if not required:  # OpenAPI 3.0 knows no empty list
            del schemas[request]["required"]
    schemas["ShadowNaming"] |= {"minProperties": 1, "maxProperties": 1}
    schemas["SentEvent"], schemas["EventsRequest"] = SENT_EVENT, EVENTS_REQUEST
    schemas["Lead"] = describe_lead(engine)
    lead = {"$ref": SCHEMA_REFERENCE.format(model="Lead")}
    schemas["ScoreRequest"] = _request_schema("lead", lead)
    schemas["Answers"] = describe_answers(engine)
    schemas["WhatIfRequest"] = _request_schema("answers", {"$ref": SCHEMA_REFERENCE.format(model="Answers")})
    if engine.card.card.events:
        schemas["Event"] = EVENT_SCHEMA
        schemas["ScoreRequest"]["properties"]["events"] = {
            "type": "array",
            "maxItems": MOST_EVENTS,
            "items": {"$ref": SCHEMA_REFERENCE.format(model="Event")},
            "description": "The events of the lead, in any order; without this member, it isn't known which there are.",
        }
    leads = {"type": "array", "minItems": 1, "maxItems": max_batch, "items": lead}
    schemas["BatchRequest"] = _request_schema("leads", leads)
    if engine.card.card.events:
        schemas["BatchRequest"]["properties"]["events"] = {
            "type": "array",
            "maxItems": max_batch,
            "items": {**schemas["ScoreRequest"]["properties"]["events"], "type": ["array", "null"]},
            "description": "For each lead a list of its events, in the same order; null where it isn't known which"
            " there are.",
        }
    for name, example in build_examples(engine).items():
        schemas[name]["examples"] = [example]
    return dict(sorted(schemas.items()))


def _request_schema(member: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {member: schema, "as_of": _DAY_SCHEMA},
        "required": [member],
        "additionalProperties": False,
    }


def _path_parameters(path: str, engine: Engine) -> list[dict[str, Any]]:
    """The parameters in a path. FastAPI sees none, because lean routes (`api.http.direct`) take only the request."""
    examples = example_ids(engine)
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_IDS.get(word_before, "What it is about."),
            "schema": {"type": "string", "minLength": 1},
            "example": examples.get(word_before, "1"),
        }
        for word_before, name in re.findall(r"/(\w+)/\{(\w+)\}", path)
    ]


def _describe_guard(operation: dict[str, Any], needs: str) -> None:
    """Add what the guard does before a route: the key that it needs, and the refusals that may come first."""
    if needs == OPEN:
        operation["security"] = []
        return
    scopes = [] if needs in (ANY_KEY, SIGNED) else [needs]
    operation["security"] = [] if needs == SIGNED else [{"bearer": scopes}, {"header": scopes}]
    reasons = {401: "The key is missing, unknown or revoked."}
    if needs == SIGNED:
        reasons = {401: "The signature is missing, wrong, too old, or was used before."}
    if scopes:
        reasons[403] = f"The key lacks the scope `{needs}`."
    if "requestBody" in operation:
        reasons |= {408: "The request did not arrive in time.", 413: "The body is too large."}
    reasons |= {
        429: "The key sends too many requests; `retry_after` says when to try again.",
        500: "The service failed.",
        503: "The service is handling too many requests; `retry_after` says when to try again.",
    }
    problem = {"application/problem+json": {"schema": {"$ref": SCHEMA_REFERENCE.format(model="Problem")}}}
    for status, reason in reasons.items():
        operation["responses"].setdefault(str(status), {"description": reason, "content": problem})
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _simplify_nulls(node: Any) -> Any:
    """The same document, where a plain type that may be null is a list of types, not a choice between two schemas."""
    if isinstance(node, list):
        return [_simplify_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    match node.get("anyOf"):
        case [{"type": str(kind), **rest}, {"type": "null"}]:
            others = {key: value for key, value in node.items() if key != "anyOf"}
            node = {"type": [kind, "null"], **rest, **others}
    return {key: _simplify_nulls(value) for key, value in node.items()}


def _version() -> str:
    try:
        return importlib.metadata.version("leadledger")
    except importlib.metadata.PackageNotFoundError:  # run from a folder that was never installed
        return "0"
