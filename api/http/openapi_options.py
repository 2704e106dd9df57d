"""What OpenAPI says of a route: options for its decorator.

Schemas are named here and defined in `api.openapi.shapes`, which is loaded only when the description is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.api.http.problem import MEDIA_TYPE


def refer_to(name: str) -> dict[str, str]:
    """A reference to a schema of `leadledger.api.openapi.shapes`."""
    return {"$ref": f"#/components/schemas/{name}"}


def describe_answer(
    tag: str, answer: str, reasons: Mapping[int, str] | None = None, description: str = "Done."
) -> dict[str, Any]:
    """The tag of a route, the schema of its answer, and the statuses with which it refuses, each with the reason.

    `leadledger.api.openapi.document` adds those of `leadledger.api.http.guard`, which stands before every route.
    """
    problem = {MEDIA_TYPE: {"schema": refer_to("Problem")}}
    return {
        "tags": [tag],
        "responses": {200: {"description": description, "content": {"application/json": {"schema": refer_to(answer)}}}}
        | {status: {"description": reason, "content": problem} for status, reason in (reasons or {}).items()},
    }


def describe_exchange(
    tag: str,
    request: str,
    answer: str,
    reasons: Mapping[int, str],
    parameters: tuple[Mapping[str, Any], ...] = (),
) -> dict[str, Any]:
    """The same of a route that takes a body."""
    body = {
        400: "The body is not JSON.",
        415: "The body is of another type.",
        422: "The body has mistakes: each is listed with its path.",
    }
    extra: dict[str, Any] = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": refer_to(request)}}}
    }
    if parameters:
        extra["parameters"] = list(parameters)
    return {**describe_answer(tag, answer, {**body, **reasons}), "openapi_extra": extra}
