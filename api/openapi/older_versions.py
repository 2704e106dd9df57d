"""Converts the document of the service to OpenAPI 3.0 and Swagger 2.0, for programs that read nothing newer.

Both say less where the older language lacks words: a value of several types gets the first of them (that of the field's
kind), and its description names the others. So the requests that they allow are a part of those that the service
accepts; its answers they describe in full.

https://spec.openapis.org/oas/v3.0.3 and https://spec.openapis.org/oas/v2.0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

JSON = "application/json"

# The keywords that a schema of the older languages may have, and those by type. All others are left out.
_KEYWORDS = ("title", "description", "default", "enum", "format", "minProperties", "maxProperties", "required")
_KEYWORDS_OF_TYPE = {
    "string": ("minLength", "maxLength", "pattern"),
    "number": ("minimum", "maximum", "multipleOf"),
    "integer": ("minimum", "maximum", "multipleOf"),
    "array": ("minItems", "maxItems", "uniqueItems"),
}
_TYPES_IN_WORDS = {
    "number": "a number",
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def convert_to_3_0(document: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a document of OpenAPI 3.1 to 3.0."""
    schemas = _SchemaConverter(document["components"]["schemas"], "#/components/schemas/", "nullable")
    return {
        "openapi": "3.0.3",
        "info": document["info"],
        "paths": _convert_paths(document, lambda operation: _operation_3_0(operation, schemas)),
        "components": {
            "schemas": schemas.convert_all(),
            "securitySchemes": document["components"]["securitySchemes"],
        },
    }


def convert_to_2_0(document: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a document of OpenAPI 3.1 to Swagger 2.0, which has no bearer tokens: a key is sent as `X-API-Key`."""
    schemas = _SchemaConverter(document["components"]["schemas"], "#/definitions/", "x-nullable")
    schemes = {
        name: scheme for name, scheme in document["components"]["securitySchemes"].items() if scheme["type"] == "apiKey"
    }
    return {
        "swagger": "2.0",
        "info": document["info"],
        "paths": _convert_paths(
            document, lambda operation: _operation_2_0(_operation_3_0(operation, schemas), schemes)
        ),
        "definitions": schemas.convert_all(),
        "securityDefinitions": schemes,
    }


def _convert_paths(
    document: Mapping[str, Any], convert: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    return {
        path: {method: convert(operation) for method, operation in operations.items()}
        for path, operations in document["paths"].items()
    }


# -- 3.0 ---------------------------------------------------------------------------------------------------------------


class _SchemaConverter:
    """Converts schemas of OpenAPI 3.1 to an older language.

    `schemas`: those of the document by name; `home`: the path under which the older language keeps them;
    `null_keyword`: its keyword for a schema that allows null.
    """

    def __init__(self, schemas: Mapping[str, Any], home: str, null_keyword: str) -> None:
        self.schemas = schemas
        self.home = home
        self.null_keyword = null_keyword

    def convert_all(self) -> dict[str, Any]:
        """All schemas of the document by name."""
        return {name: self.convert(schema) for name, schema in self.schemas.items()}

    def convert(self, schema: Any) -> Any:
        """One schema. Raises ValueError for a choice between schemas, which the older languages lack."""
        if not isinstance(schema, dict):  # true and false are schemas too
            return schema
        if "$ref" in schema:
            return {"$ref": self.home + _last_part(schema["$ref"])}
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._convert_nullable(schema, keyword)
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        real_types = [name for name in types if name != "null"]
        first_type = real_types[0] if real_types else None
        keywords = (*_KEYWORDS, *_KEYWORDS_OF_TYPE.get(first_type or "", ()))
        converted = {keyword: schema[keyword] for keyword in keywords if keyword in schema}
        if "const" in schema:
            converted["enum"] = [schema["const"]]
        if "enum" in converted:
            converted["enum"] = [value for value in converted["enum"] if value is not None]
        if first_type:
            converted["type"] = first_type
        if "null" in types:
            converted[self.null_keyword] = True
        if len(real_types) > 1:
            others = " or ".join(_TYPES_IN_WORDS[name] for name in real_types[1:])
            note = f"Described here as {_TYPES_IN_WORDS[real_types[0]]}; the service also accepts {others}."
            converted["description"] = f"{converted.get('description', '')} {note}".strip()
        if schema.get("examples"):
            converted["example"] = schema["examples"][0]
        if "properties" in schema:
            converted["properties"] = {name: self.convert(value) for name, value in schema["properties"].items()}
        if first_type == "array":
            converted["items"] = self.convert(schema.get("items", {}))
        if "additionalProperties" in schema:
            converted["additionalProperties"] = self._convert_additional(schema["additionalProperties"])
        return converted

    def _convert_nullable(self, schema: dict[str, Any], keyword: str) -> dict[str, Any]:
        """A schema or null. These languages allow nothing beside a reference, so the reference is written out."""
        choices = [choice for choice in schema[keyword] if choice != {"type": "null"}]
        if len(choices) != 1:
            raise ValueError(f"a choice between {len(choices)} schemas can't be said: {schema}")
        (choice,) = choices
        if "$ref" in choice:
            choice = {**self.schemas[_last_part(choice["$ref"])]}
            choice.pop("title", None)  # of two schemas with the same title, generators of clients keep only the first
        beside = {key: value for key, value in schema.items() if key != keyword}
        converted: dict[str, Any] = self.convert({**choice, **beside})
        return {**converted, self.null_keyword: True}

    def _convert_additional(self, schema: Any) -> Any:
        """The schema of additional properties: anything, where they may have several types."""
        converted = self.convert(schema)
        return True if isinstance(schema, dict) and isinstance(schema.get("type"), list) else converted


def _last_part(reference: str) -> str:
    return reference.rpartition("/")[2]


def _operation_3_0(operation: Mapping[str, Any], schemas: _SchemaConverter) -> dict[str, Any]:
    converted = dict(operation)
    if "parameters" in operation:
        converted["parameters"] = [
            {**parameter, "schema": schemas.convert(parameter["schema"])} for parameter in operation["parameters"]
        ]
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        if JSON in content:  # a body of a CRM may be an object or a list, which these languages can't say
            content = {JSON: content[JSON]}
        converted["requestBody"] = {**operation["requestBody"], "content": _content(content, schemas)}
    converted["responses"] = {
        status: {**response, "content": _content(response["content"], schemas)} if "content" in response else response
        for status, response in operation["responses"].items()
    }
    # Only OAuth has scopes in these languages; the 403 of each operation names the scope.
    converted["security"] = [{name: [] for name in choice} for choice in operation.get("security", [])]
    return converted


def _content(content: Mapping[str, Any], schemas: _SchemaConverter) -> dict[str, Any]:
    return {
        media_type: {**body, "schema": schemas.convert(body["schema"])} if "schema" in body else body
        for media_type, body in content.items()
    }


# -- 2.0 ---------------------------------------------------------------------------------------------------------------


def _operation_2_0(operation: Mapping[str, Any], schemes: Mapping[str, Any]) -> dict[str, Any]:
    """Convert an operation of 3.0 to 2.0. `schemes`: the security schemes that 2.0 has."""
    moved = ("requestBody", "parameters", "responses")
    converted = {key: value for key, value in operation.items() if key not in moved}
    converted["parameters"] = [_parameter(parameter) for parameter in operation.get("parameters", [])]
    if "requestBody" in operation:
        body = operation["requestBody"]
        converted["consumes"] = list(body["content"])
        schema = next(iter(body["content"].values())).get("schema", {})
        converted["parameters"].append(
            {"name": "body", "in": "body", "required": body.get("required", False), "schema": schema}
        )
    responses = operation["responses"]
    media_types = [media_type for response in responses.values() for media_type in response.get("content", ())]
    converted["produces"] = list(dict.fromkeys(media_types))
    converted["responses"] = {status: _response(response) for status, response in responses.items()}
    converted["security"] = [choice for choice in operation["security"] if set(choice) <= set(schemes)]
    return converted


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    schema = {key: value for key, value in parameter["schema"].items() if key not in ("title", "example")}
    kept = ("name", "in", "required", "description")
    return {**schema, **{key: parameter[key] for key in kept if key in parameter}}


def _response(response: Mapping[str, Any]) -> dict[str, Any]:
    converted: dict[str, Any] = {"description": response["description"]}
    for media_type, body in response.get("content", {}).items():
        converted.setdefault("schema", body.get("schema", {}))
        if "example" in body:
            converted.setdefault("examples", {})[media_type] = body["example"]
    return converted
