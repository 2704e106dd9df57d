"""The contract in OpenAPI 3.1 and in the older languages made of it: each is valid and complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from leadledger.api.app import create_app
from leadledger.api.openapi.older_versions import convert_to_2_0, convert_to_3_0
from leadledger.api.service.settings import Settings

ROOT = Path(__file__).parents[3]
CARDS = ["b2b-software", "olist-funnel"]
SIZE = 1_000_000  # bytes: what Power Platform takes
VALIDATORS: dict[str, Any] = {
    "/openapi.json": OpenAPIV31SpecValidator,
    "/openapi-3.0.json": OpenAPIV30SpecValidator,
    "/swagger-2.0.json": OpenAPIV2SpecValidator,
}
LONGEST = 1333  # characters of a description, of which Salesforce External Services keeps no more
# Programs of others call these by name: a name that is given is kept.
OPERATIONS = {
    "accept_case": "POST /v1/drafts/{id}/accept",
    "begin_draft": "POST /v1/drafts",
    "change_draft": "POST /v1/drafts/{id}/change",
    "check_card": "POST /v1/check",
    "compare_draft": "GET /v1/drafts/{id}/compare",
    "discard_draft": "DELETE /v1/drafts/{id}",
    "get_draft": "GET /v1/drafts/{id}",
    "list_drafts": "GET /v1/drafts",
    "list_release_changes": "GET /v1/releases/history",
    "list_rule_findings": "GET /v1/rules/findings",
    "list_trials": "GET /v1/drafts/{id}/trials",
    "merge_release": "POST /v1/drafts/{id}/merge",
    "preview_draft": "POST /v1/drafts/{id}/preview",
    "publish_draft": "POST /v1/drafts/{id}/publish",
    "start_trial": "POST /v1/drafts/{id}/trials",
    "undo_edit": "POST /v1/drafts/{id}/undo",
    "add_events": "POST /v1/events",
    "add_feedback": "POST /v1/leads/{id}/feedback",
    "add_outcome": "POST /v1/outcomes",
    "compare_releases": "GET /v1/releases/{id}/compare",
    "end_shadow": "DELETE /v1/shadow",
    "get_release": "GET /v1/releases/{id}",
    "get_shadow": "GET /v1/shadow",
    "name_shadow": "POST /v1/shadow",
    "compare_leads": "GET /v1/leads/compare",
    "forecast_lead": "GET /v1/leads/{id}/forecast",
    "get_lead_events": "GET /v1/leads/{id}/events",
    "get_lead": "GET /v1/leads/{id}",
    "end_old_secrets": "POST /v1/hooks/{id}/end_old_secrets",
    "get_lead_scores": "GET /v1/leads/{id}/scores",
    "get_me": "GET /v1/me",
    "get_metrics": "GET /metrics",
    "get_score": "GET /v1/scores/{id}",
    "get_scorecard": "GET /v1/scorecard",
    "is_live": "GET /health/live",
    "is_ready": "GET /health/ready",
    "list_leads": "GET /v1/leads",
    "list_deliveries": "GET /v1/hooks/{id}/deliveries",
    "list_views": "GET /v1/views",
    "save_view": "POST /v1/views",
    "forget_view": "DELETE /v1/views/{id}",
    "list_hooks": "GET /v1/hooks",
    "get_summary": "GET /v1/summary",
    "get_today": "GET /v1/today",
    "list_questions": "GET /v1/questions",
    "list_releases": "GET /v1/releases",
    "replay_score": "GET /v1/scores/{id}/replay",
    "resend": "POST /v1/hooks/{id}/resend",
    "rotate_secret": "POST /v1/hooks/{id}/rotate",
    "sample_messages": "GET /v1/hooks/sample",
    "score": "POST /v1/score",
    "score_batch": "POST /v1/score/batch",
    "subscribe": "POST /v1/hooks",
    "test_hook": "POST /v1/hooks/{id}/test",
    "take_crm_call": "POST /v1/hooks/{id}",
    "unsubscribe": "DELETE /v1/hooks/{id}",
    "try_answers": "POST /v1/leads/{id}/what-if",
    "use_release": "POST /v1/releases/{id}/use",
}
Documents = dict[str, Any]


@pytest.fixture(scope="module", params=CARDS)
def documents(request: pytest.FixtureRequest) -> Documents:
    """The three documents of a service, by their paths."""
    card = ROOT / "examples" / request.param / "card.yaml"
    client = TestClient(create_app(Settings(log="off", card=card)))
    return {path: client.get(path).json() for path in VALIDATORS}


@pytest.fixture
def newest(documents: Documents) -> Any:
    """The document of OpenAPI 3.1."""
    return documents["/openapi.json"]


@pytest.mark.slow
@pytest.mark.parametrize("path", VALIDATORS)
def test_documents_are_valid(documents: Documents, path: str) -> None:
    """Each document is valid by an independent validator of its language."""
    VALIDATORS[path](documents[path]).validate()
    assert documents[path]["info"]["title"]


def test_swagger_is_small(documents: Documents) -> None:
    """The document is small enough for Power Platform."""
    assert len(json.dumps(documents["/swagger-2.0.json"], indent=2).encode()) < SIZE


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    """Method and path of each operation, with its description."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.parametrize("path", VALIDATORS)
def test_operations_keep_their_names(documents: Documents, path: str) -> None:
    """Each operation keeps its name, in every document."""
    assert {operation["operationId"]: at for at, operation in operations(documents[path])} == OPERATIONS


@pytest.mark.parametrize("path", VALIDATORS)
def test_operations_are_described(documents: Documents, path: str) -> None:
    """Each operation says what it is for, what its parameters are, and what each answer means."""
    for at, operation in operations(documents[path]):
        assert operation["summary"], at
        assert 0 < len(operation["description"]) <= LONGEST, at
        assert operation["tags"], at
        assert all(response["description"] for response in operation["responses"].values()), at
        described = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"}
        assert described == set(re.findall(r"\{(\w+)\}", at)), at
        others = [parameter for parameter in operation.get("parameters", []) if parameter["in"] != "body"]
        assert all(parameter["description"] for parameter in others), at


def contents(operation: Any) -> Iterator[tuple[str, Any]]:
    """The bodies of an operation of 3.1: where each is, and its media type object."""
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {media}", content
    for status, answer in operation["responses"].items():
        for media, content in answer.get("content", {}).items():
            yield f"{status} {media}", content


def resolved(document: Any, schema: Any) -> Any:
    """A schema, or the one that it refers to."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def test_examples_are_there_and_right(newest: Any) -> None:
    """Every request and answer has an example, and every example fits its schema."""
    for at, operation in operations(newest):
        for where, content in contents(operation):
            schema = resolved(newest, content["schema"])
            named = content.get("examples", {})
            examples = [*schema.get("examples", []), *(example["value"] for example in named.values())]
            examples += [content["example"]] if "example" in content else []
            assert examples, (at, where)
            checker = Draft202012Validator({**schema, "components": newest["components"]})
            for example in examples:
                checker.validate(example)


def test_examples_of_older_documents_are_right(documents: Documents) -> None:
    """Where a value of several types is converted to one type, its example has that type too."""
    older = documents["/openapi-3.0.json"]
    for name, schema in older["components"]["schemas"].items():
        if "example" in schema:
            whole = {**schema, "components": older["components"]}
            assert [error.message for error in OAS30Validator(whole).iter_errors(schema["example"])] == [], name


def walk(document: Any, schema: Any, at: str = "$", above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """A schema and all schemas inside it, each with its path."""
    if "$ref" in schema:
        assert schema["$ref"] not in above, f"{at} holds itself"
        yield from walk(document, resolved(document, schema), at, (*above, schema["$ref"]))
        return
    yield at, schema
    inner = dict(schema.get("properties", {}))
    inner |= {
        f"{word}": schema[word] for word in ("items", "additionalProperties") if isinstance(schema.get(word), dict)
    }
    for word in ("anyOf", "oneOf", "allOf"):
        inner |= {f"{word}[{number}]": part for number, part in enumerate(schema.get(word, []))}
    for name, part in inner.items():
        yield from walk(document, part, f"{at}.{name}", above)


def test_answers_have_no_unions(newest: Any) -> None:
    """Every value of an answer has one type, or one and null; no schema contains itself."""
    for operation_at, operation in operations(newest):
        for where, content in contents(operation):
            if where.startswith("request"):
                continue
            for at, schema in walk(newest, content["schema"]):
                place = (operation_at, where, at)
                assert not {"oneOf", "allOf", "not", "if"} & set(schema), place
                choices = schema.get("anyOf", [{}])
                assert len([choice for choice in choices if choice != {"type": "null"}]) == 1, place
                types = schema.get("type", [])
                assert isinstance(types, str) or len([name for name in types if name != "null"]) <= 1, place
                assert types or "anyOf" in schema or "const" in schema or "enum" in schema, place


def test_older_documents_have_no_unions(documents: Documents) -> None:
    """In the older documents no value has two types, in requests neither."""
    for path in ("/openapi-3.0.json", "/swagger-2.0.json"):
        text = json.dumps(documents[path])
        assert not re.findall(r'"(?:anyOf|oneOf|allOf|const|propertyNames)": ', text)
        assert not re.findall(r'"type": \[', text)
        assert "vnd.crm" not in text


def test_security_is_said(documents: Documents) -> None:
    """Each document says how to send a key: both ways, or in Swagger 2.0 only as `X-API-Key`."""
    for path, names in (
        ("/openapi.json", ["bearer", "header"]),
        ("/openapi-3.0.json", ["bearer", "header"]),
        ("/swagger-2.0.json", ["header"]),
    ):
        for at, operation in operations(documents[path]):
            needed = [name for scheme in operation["security"] for name in scheme]
            is_open = "/health/" in at or at == "POST /v1/hooks/{id}"  # which a CRM signs
            assert needed == ([] if is_open else names), (path, at)
    (key,) = documents["/swagger-2.0.json"]["securityDefinitions"].values()
    assert (key["type"], key["in"], key["name"]) == ("apiKey", "header", "X-API-Key")


# -- the converter -----------------------------------------------------------------------------------------------------

SCHEMAS: dict[str, tuple[Any, Any]] = {
    "may be null": ({"type": ["string", "null"], "maxLength": 3}, {"type": "string", "maxLength": 3, "nullable": True}),
    "a constant": ({"const": "live", "type": "string"}, {"enum": ["live"], "type": "string"}),
    "null among values": (
        {"type": ["string", "null"], "enum": ["a", None]},
        {"type": "string", "enum": ["a"], "nullable": True},
    ),
    "the first of several types": (
        {"type": ["number", "string", "null"], "pattern": "^[0-9]$", "minimum": 1, "description": "How many?"},
        {
            **{"type": "number", "minimum": 1, "nullable": True},
            "description": "How many? Described here as a number; the service also accepts a text.",
        },
    ),
    "the first of three": (
        {"type": ["boolean", "string", "integer"]},
        {
            "type": "boolean",
            "description": "Described here as true or false; the service also accepts a text or a whole number.",
        },
    ),
    "an example": ({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"}),
    "a reference or null": (
        {"anyOf": [{"$ref": "#/components/schemas/P"}, {"type": "null"}]},
        {"type": "object", "properties": {"x": {"type": "number"}}, "nullable": True},
    ),
    "a reference": ({"$ref": "#/components/schemas/P"}, {"$ref": "#/components/schemas/P"}),
    "a property of any name": (
        {"type": "object", "properties": {"const": {"type": "string"}, "examples": {"type": ["integer", "null"]}}},
        {
            "type": "object",
            "properties": {"const": {"type": "string"}, "examples": {"type": "integer", "nullable": True}},
        },
    ),
    "others of any type": (
        {"type": "object", "additionalProperties": {"type": ["string", "null"]}, "propertyNames": {"maxLength": 9}},
        {"type": "object", "additionalProperties": True},
    ),
    "a list": (
        {"type": "array", "minItems": 1, "items": {"type": ["string", "null"]}},
        {"type": "array", "minItems": 1, "items": {"type": "string", "nullable": True}},
    ),
}


def document(schema: Any) -> dict[str, Any]:
    """A document of 3.1 with one schema, one operation, and a schema to refer to."""
    named = {"title": "P", "type": "object", "properties": {"x": {"type": "number"}}}
    answer = {"description": "Done.", "content": {"text/plain": {"schema": {"type": "string"}, "example": "x 1"}}}
    parameter = {"name": "n", "in": "query", "schema": {"type": ["string", "null"], "maxLength": 9}}
    return {
        "info": {"title": "t", "version": "1"},
        "paths": {"/x": {"get": {"responses": {"200": answer}, "parameters": [parameter]}}},
        "components": {"schemas": {"S": schema, "P": named}, "securitySchemes": {}},
    }


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_of_older_documents(name: str) -> None:
    """Schemas of 3.1 are converted to 3.0 and to 2.0."""
    newer, older = SCHEMAS[name]
    assert convert_to_3_0(document(newer))["components"]["schemas"]["S"] == older
    text = json.dumps(older).replace('"nullable"', '"x-nullable"').replace("#/components/schemas/", "#/definitions/")
    assert convert_to_2_0(document(newer))["definitions"]["S"] == json.loads(text)


def test_a_choice_is_refused() -> None:
    """The older languages lack a choice between two schemas, and the conversion refuses it."""
    with pytest.raises(ValueError, match="a choice between 2 schemas can't be said"):
        convert_to_3_0(document({"anyOf": [{"type": "string"}, {"type": "number"}]}))


def test_operations_of_swagger() -> None:
    """In 2.0 a parameter has its type beside its name, and media types belong to the whole operation."""
    assert convert_to_2_0(document({}))["paths"]["/x"]["get"] == {
        "parameters": [{"name": "n", "in": "query", "type": "string", "maxLength": 9, "x-nullable": True}],
        "produces": ["text/plain"],
        "responses": {"200": {"description": "Done.", "schema": {"type": "string"}, "examples": {"text/plain": "x 1"}}},
        "security": [],
    }
