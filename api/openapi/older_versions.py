"""The contract as OpenAPI 3.0 and as Swagger 2.0, for programs that read nothing newer.

Both are made from the document that the service gives of itself in OpenAPI 3.1, and say less where the older language
lacks words: a value of several types gets the first of them (that of the field's kind), and its description tells of
the others. What they allow is a part of what the service takes; what it answers they describe in full.

https://spec.openapis.org/oas/v3.0.3 and https://spec.openapis.org/oas/v2.0
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

JSON = "application/json"

# What a schema of the older languages may say, by the type that it is about; all else is left out.
_ALWAYS = ("title", "description", "default", "enum", "format", "minProperties", "maxProperties", "required")
_OF_TYPE = {
    "string": ("minLength", "maxLength", "pattern"),
    "number": ("minimum", "maximum", "multipleOf"),
    "integer": ("minimum", "maximum", "multipleOf"),
    "array": ("minItems", "maxItems", "uniqueItems"),
}
_NAMES = {"number": "a number", "string": "a text", "integer": "a whole number", "boolean": "true or false"}


def convert_to_3_0(said: Mapping[str, Any]) -> dict[str, Any]:
    """A document of OpenAPI 3.1 as one of 3.0."""
    schemas = _Schemas(said["components"]["schemas"], "#/components/schemas/", "nullable")
    return {
        "openapi": "3.0.3",
        "info": said["info"],
        "paths": _paths(said, lambda one: _operation_3_0(one, schemas)),
        "components": {"schemas": schemas.all(), "securitySchemes": said["components"]["securitySchemes"]},
    }


def convert_to_2_0(said: Mapping[str, Any]) -> dict[str, Any]:
    """A document of OpenAPI 3.1 as one of Swagger 2.0. A key is sent as a header: it has no word for bearer tokens."""
    schemas = _Schemas(said["components"]["schemas"], "#/definitions/", "x-nullable")
    schemes = said["components"]["securitySchemes"]
    kept = {name: one for name, one in schemes.items() if one["type"] == "apiKey"}
    return {
        "swagger": "2.0",
        "info": said["info"],
        "paths": _paths(said, lambda one: _operation_2_0(_operation_3_0(one, schemas), kept)),
        "definitions": schemas.all(),
        "securityDefinitions": kept,
    }


def _paths(said: Mapping[str, Any], convert: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    return {
        path: {method: convert(one) for method, one in operations.items()} for path, operations in said["paths"].items()
    }


# -- 3.0 ---------------------------------------------------------------------------------------------------------------


class _Schemas:
    """Schemas of 3.1 in the words of an older language.

    `named`: those of the document, by name; `home`: where the older language keeps them; `null`: how it says of a
    schema that it may be null.
    """

    def __init__(self, named: Mapping[str, Any], home: str, null: str) -> None:
        self.named = named
        self.home = home
        self.null = null

    def all(self) -> dict[str, Any]:
        """All schemas of the document."""
        return {name: self.older(one) for name, one in self.named.items()}

    def older(self, schema: Any) -> Any:
        """One schema."""
        if not isinstance(schema, dict):  # true and false are schemas too
            return schema
        if "$ref" in schema:
            return {"$ref": self.home + _name(schema["$ref"])}
        for one in ("anyOf", "oneOf"):
            if one in schema:
                return self._or_null(schema, one)
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        real = [one for one in types if one != "null"]
        kind = real[0] if real else None
        found = {key: schema[key] for key in (*_ALWAYS, *_OF_TYPE.get(kind or "", ())) if key in schema}
        if "const" in schema:
            found["enum"] = [schema["const"]]
        if "enum" in found:
            found["enum"] = [one for one in found["enum"] if one is not None]
        if kind:
            found["type"] = kind
        if "null" in types:
            found[self.null] = True
        if len(real) > 1:
            others = " or ".join(_NAMES[one] for one in real[1:])
            said = f"Here it is {_NAMES[kind or 'string']}; the service takes {others} too."
            found["description"] = f"{found.get('description', '')} {said}".strip()
        if schema.get("examples"):
            found["example"] = schema["examples"][0]
        if "properties" in schema:
            found["properties"] = {name: self.older(one) for name, one in schema["properties"].items()}
        if kind == "array":
            found["items"] = self.older(schema.get("items", {}))
        if "additionalProperties" in schema:
            found["additionalProperties"] = self._others(schema["additionalProperties"])
        return found

    def _or_null(self, schema: dict[str, Any], word: str) -> dict[str, Any]:
        """A schema or null. Nothing can stand beside a reference in these languages: what it names is written out."""
        real = [one for one in schema[word] if one != {"type": "null"}]
        if len(real) != 1:
            raise ValueError(f"a choice between {len(real)} schemas can't be said: {schema}")
        (one,) = real
        if "$ref" in one:
            one = {**self.named[_name(one["$ref"])]}
            one.pop("title", None)  # of two schemas of one name, makers of clients know only the first
        beside = {key: value for key, value in schema.items() if key != word}
        found: dict[str, Any] = self.older({**one, **beside})
        return {**found, self.null: True}

    def _others(self, schema: Any) -> Any:
        """What further properties may be: anything, where that is of several types."""
        found = self.older(schema)
        return True if isinstance(schema, dict) and isinstance(schema.get("type"), list) else found


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _operation_3_0(said: Mapping[str, Any], schemas: _Schemas) -> dict[str, Any]:
    found = dict(said)
    if "parameters" in said:
        found["parameters"] = [{**one, "schema": schemas.older(one["schema"])} for one in said["parameters"]]
    if "requestBody" in said:
        content = said["requestBody"]["content"]
        if JSON in content:  # a body of a CRM may be an object or a list, which can't be said
            content = {JSON: content[JSON]}
        found["requestBody"] = {**said["requestBody"], "content": _content(content, schemas)}
    found["responses"] = {
        status: {**one, "content": _content(one["content"], schemas)} if "content" in one else one
        for status, one in said["responses"].items()
    }
    # Scopes of a key are for OAuth alone here; the 403 of each operation names the scope.
    found["security"] = [{name: [] for name in one} for one in said.get("security", [])]
    return found


def _content(content: Mapping[str, Any], schemas: _Schemas) -> dict[str, Any]:
    return {
        media: {**one, "schema": schemas.older(one["schema"])} if "schema" in one else one
        for media, one in content.items()
    }


# -- 2.0 ---------------------------------------------------------------------------------------------------------------


def _operation_2_0(said: Mapping[str, Any], schemes: Mapping[str, Any]) -> dict[str, Any]:
    """An operation of 3.0 as one of 2.0."""
    found = {key: one for key, one in said.items() if key not in ("requestBody", "parameters", "responses")}
    found["parameters"] = [_parameter(one) for one in said.get("parameters", [])]
    if "requestBody" in said:
        body = said["requestBody"]
        found["consumes"] = list(body["content"])
        schema = next(iter(body["content"].values())).get("schema", {})
        found["parameters"].append(
            {"name": "body", "in": "body", "required": body.get("required", False), "schema": schema}
        )
    found["produces"] = _unique(media for one in said["responses"].values() for media in one.get("content", ()))
    found["responses"] = {status: _response(one) for status, one in said["responses"].items()}
    found["security"] = [one for one in said["security"] if set(one) <= set(schemes)]
    return found


def _parameter(said: Mapping[str, Any]) -> dict[str, Any]:
    schema = {key: one for key, one in said["schema"].items() if key not in ("title", "example")}
    return {**schema, **{key: said[key] for key in ("name", "in", "required", "description") if key in said}}


def _response(said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"description": said["description"]}
    for media, one in said.get("content", {}).items():
        found.setdefault("schema", one.get("schema", {}))
        if "example" in one:
            found.setdefault("examples", {})[media] = one["example"]
    return found


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
