"""What OpenAPI is told of a route, by the names of `api.openapi.shapes`, which is loaded only where somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.api.http.problem import MEDIA_TYPE


def schema(name: str) -> dict[str, str]:
    """A reference to a schema of `leadledger.api.openapi.shapes`."""
    return {"$ref": f"#/components/schemas/{name}"}


def answers(tag: str, answer: str, reasons: Mapping[int, str] | None = None, said: str = "Done.") -> dict[str, Any]:
    """The tag of a route, its answer, and the statuses with which it refuses, each with the reason.

    What comes before every route (`leadledger.api.http.guard`) is added to it by `leadledger.api.openapi.document`.
    """
    problem = {MEDIA_TYPE: {"schema": schema("Problem")}}
    return {
        "tags": [tag],
        "responses": {200: {"description": said, "content": {"application/json": {"schema": schema(answer)}}}}
        | {status: {"description": reason, "content": problem} for status, reason in (reasons or {}).items()},
    }


def takes(
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
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema(request)}}}
    }
    if parameters:
        extra["parameters"] = list(parameters)
    return {**answers(tag, answer, {**body, **reasons}), "openapi_extra": extra}
