"""Reads the body of a request, up to a limit, before any work on it starts."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope

from leadledger.api.requests.mistakes import Refusal


async def read_body(scope: Scope, receive: Receive, content_length: bytes | None, limit: int) -> bytes:
    """Read the whole body, which `scope` then holds as `body`. Raises Refusal: the caller left (400), it came too late
    (408) or in a wrong form (431), it is too large (413), the service is receiving too much (503).
    """
    known: bytes | None = scope.get("body")
    if known is None:
        known = scope["body"] = await _receive_body(scope, receive, content_length, limit)
    elif len(known) > limit:
        raise _too_large(limit)
    return known


async def _receive_body(scope: Scope, receive: Receive, content_length: bytes | None, limit: int) -> bytes:
    size = int(content_length) if content_length and content_length.isdigit() else 0
    chunks: list[bytes] = []
    if size <= limit:
        size, has_more = 0, True
        while has_more and size <= limit:
            message = await receive()
            if message["type"] != "http.request":
                refusal: Refusal | None = scope.get("refused")  # by the server's protocol, which has answered so
                if refusal is not None:
                    raise refusal
                raise Refusal(400, "The request ended before its body was complete.")
            chunk = message.get("body", b"")
            size += len(chunk)
            chunks.append(chunk)
            has_more = message.get("more_body", False)
    if size > limit:
        raise _too_large(limit)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> Refusal:
    return Refusal(413, f"The body is larger than {limit:,} bytes; send fewer at once.")


def receive_again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was already read, and after it what `receive` gives."""
    is_given = False

    async def receive_body_first() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_body_first
