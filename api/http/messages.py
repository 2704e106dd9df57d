"""JSON in and out of a route, and who sent it."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from pydantic_core import to_json

from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.keys import Key


async def read_json(request: Request) -> bytes:
    """The body of a request that says it is JSON; the guard saw to its size. Raises Refusal: another type (415)."""
    headers: dict[bytes, bytes] = request.scope["named_headers"]
    media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media != b"application/json" and not (media.startswith(b"application/") and media.endswith(b"+json")):
        raise Refusal(415, "The body must be JSON; send it with the header `Content-Type: application/json`.")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Refusal(415, "The body is compressed; send it as it is, without a Content-Encoding.")
    return await request.body()


def read_key_id(request: Request) -> str:
    """The id of the API key that a request came with; empty: none."""
    key: Key = request.scope["key"]
    return key.id


def read_key_name(request: Request) -> str:
    """The name of the API key that a request came with; empty: none."""
    key: Key = request.scope["key"]
    return key.name


def send_json(content: bytes) -> Response:
    """The response that carries some JSON."""
    return Response(content, media_type="application/json")


def write_json(value: Any) -> Response:
    """The response that carries a value as JSON."""
    return send_json(to_json(value))
