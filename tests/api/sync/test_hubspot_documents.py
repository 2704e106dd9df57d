"""What we send to HubSpot, and what the server of these tests answers, is what HubSpot's own OpenAPI documents say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from leadledger.api.sync.connector import RecordUpdate
from leadledger.api.sync.hubspot import HubSpotConnector
from tests.api.sync.servers.crm_server import CrmReply, CrmRequest
from tests.api.sync.servers.hubspot_server import HubSpotServer
from tests.api.sync.syncing import Site

DOCUMENTS = Path(__file__).parents[4] / "shared" / "specs" / "hubspot"
FILES = {"/crm/objects/": "contacts.json", "/crm/properties/": "properties.json"}
pytestmark = pytest.mark.skipif(not DOCUMENTS.exists(), reason="HubSpot's documents are not in ../shared/specs/hubspot")


@cache
def read_document(name: str) -> dict[str, Any]:
    """A document, whose schemas take no member that they don't name, and null where they say nullable."""
    document: dict[str, Any] = json.loads((DOCUMENTS / name).read_text("utf-8"))
    for schema in document["components"]["schemas"].values():
        _sharpen(schema)
    return document


def _sharpen(schema: Any) -> None:
    if isinstance(schema, list):
        for part in schema:
            _sharpen(part)
    elif isinstance(schema, dict):
        for part in schema.values():
            _sharpen(part)
        if schema.get("type") == "object" and schema.get("properties"):
            schema.setdefault("additionalProperties", False)
        if schema.pop("nullable", False):
            schema["type"] = [schema["type"], "null"]


def find_operation(request: CrmRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document and the operation of a request."""
    name = next(file for start, file in FILES.items() if request.path.startswith(start))
    document = read_document(name)
    for template, operations in document["paths"].items():
        pattern = re.sub(r"\{[a-zA-Z]+\}", "[^/]+", template)
        if re.fullmatch(pattern, request.path) and request.method.lower() in operations:
            return document, operations[request.method.lower()]
    raise AssertionError(f"HubSpot documents no {request.method} {request.path}")


def check(document: Mapping[str, Any], schema: Any, value: Any) -> None:
    """A value holds to a schema."""
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)


def check_exchange(request: CrmRequest, reply: CrmReply) -> tuple[str, str, int]:
    """A request and its answer hold to the document; returns the operation, its path and the status."""
    document, operation = find_operation(request)
    known = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
    assert request.query.keys() <= known
    body = operation.get("requestBody")
    if body is not None:
        assert request.headers["content-type"] == "application/json"
        check(document, body["content"]["application/json"]["schema"], request.body)
    else:
        assert not request.content
    if reply.status >= 400:
        error = {**reply.body}
        assert error.pop("status") == "error"  # which HubSpot sends and the document leaves out
        check(document, {"$ref": "#/components/schemas/Error"}, error)
    else:
        responses = operation["responses"]
        answer = responses.get(str(reply.status), responses.get("200") or responses.get("201"))
        check(document, next(iter(answer["content"].values()))["schema"], reply.body)
    return request.method, request.path.partition("/2026-09/")[2], reply.status


def test_both_sides(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """Each call of syncs with changes, deletions, merges and refusals is documented, and so is each answer."""
    name = "hubspot/contacts"
    ids = [server.create({"jobtitle": "CEO"}) for _ in range(205)]
    site.sync(connector, name)
    for record_id in ids[:201]:
        server.change(record_id, {"city": "Oslo"}, at=server.now_ms())
    server.delete(ids[202])
    server.merge(ids[0], ids[203])
    server.refused_writes[ids[5]] = "it is locked"
    site.sync(connector, name)
    connector.read_records([ids[1], ids[202]], ["jobtitle"])
    connector.write(
        [RecordUpdate(ids[1], {"leadledger_score": "1"}), RecordUpdate(ids[202], {"leadledger_score": "1"})]
    )
    exchanges = [(request, reply) for request, reply in server.answered if request.path.startswith("/crm/")]
    assert {check_exchange(request, reply) for request, reply in exchanges} == {
        ("GET", "contacts", 200),
        ("POST", "contacts", 201),
        ("POST", "contacts/search", 200),
        ("POST", "contacts/batch/read", 207),
        ("POST", "contacts/batch/update", 200),
        ("POST", "contacts/batch/update", 207),
        ("POST", "contacts/batch/update", 400),
    }
