"""One request and its answer on a connection: uvicorn's cycle, which writes an answer at once.

uvicorn writes the head of an answer, and then its body. Each write is a call of the system that wakes up the caller,
and costs about a tenth of what scoring one lead does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent, HTTPResponseBodyEvent, HTTPResponseStartEvent

_FORBIDDEN = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # in the lines of a head: they could end it


class AnswerCycle(RequestResponseCycle):
    """A request and its answer.

    `start` is the head of an answer whose length it gives, until the first part of the body is there. Any other answer
    is left to uvicorn: one in chunks, or one that ends the connection.
    """

    start: HTTPResponseStartEvent | None = None

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the answer. Raises RuntimeError where it doesn't fit those before."""
        if message["type"] == "http.response.start" and not self.response_started:
            self.start = message if _is_measured(message) else None  # a failure may come after a head that was kept
            if self.start is None:
                await super().send(message)
        elif message["type"] == "http.response.body" and self.start is not None:
            start, self.start = self.start, None
            if self.flow.write_paused and not self.disconnected:
                await self.flow.drain()
            if not self.disconnected:
                self._write(start, message)
        else:
            await super().send(message)

    def _write(self, start: HTTPResponseStartEvent, part: HTTPResponseBodyEvent) -> None:
        """Write the head, and the first part of the body."""
        length = 0
        lines = []
        for name, value in (*self.default_headers, *start["headers"]):
            lines.append(name + b": " + value)
            if name == b"content-length":
                length = int(value)
        if not self.keep_alive:
            lines.append(b"connection: close")
        if _FORBIDDEN.search(b"\t".join(lines)):
            raise RuntimeError("a header of the answer holds a control character")
        body, has_more = part.get("body", b""), part.get("more_body", False)
        if self.scope["method"] == "HEAD":
            length, body = 0, b""
        if length < len(body) or (length > len(body) and not has_more):
            raise RuntimeError("the body of the answer isn't as long as its Content-Length")
        self.response_started, self.chunked_encoding, self.waiting_for_100_continue = True, False, False
        self.expected_content_length = length - len(body)
        self.transport.write(b"".join((STATUS_LINE[start["status"]], b"\r\n".join(lines), b"\r\n\r\n", body)))
        if not has_more:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()


def _is_measured(start: HTTPResponseStartEvent) -> bool:
    """Whether the head of an answer says how long the body is, and nothing else that changes how it is sent."""
    names = {name for name, _ in start["headers"]}
    return b"content-length" in names and names.isdisjoint((b"transfer-encoding", b"connection"))
