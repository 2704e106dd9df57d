"""The server's side of a connection: uvicorn's protocol for HTTP, with limits that it lacks.

uvicorn waits without end for the rest of a request, and keeps whatever headers come
(https://github.com/Kludex/uvicorn/issues/157). Here a connection that has begun a request, or has just been
made, must bring the whole request within `arrival` seconds, and its head in `LARGEST_HEAD` bytes. `Sweeper.sweep` looks
at all connections once a second, so that a request costs no timer.

Whoever is told to ask later and asks again at once would keep the process busy with telling it to all, a tenth of a
millisecond each, and those who were let in would wait for that. So such a connection is not read for a while after its
answer: the more connections there are the longer, so that refusals take at most a third of the time.
"""

from __future__ import annotations

import http
import os
from time import monotonic
from typing import Any, ClassVar
from weakref import WeakSet

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from leadledger.api.http.guard import CONTENT_POLICY, SECURITY_HEADERS
from leadledger.api.http.problem import MEDIA_TYPE, body
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.program_log import Log

LARGEST_HEAD = 65_536  # bytes of a request line and its headers
# Seconds for which a connection is not read after a refusal that says when to try again: so many for each open one,
REST_PER_CONNECTION = 0.0003
LONGEST_REST = 1.0  # and at most as many as the refusal says


class LimitedProtocol(HttpToolsProtocol):
    """A connection. `since`: when the request that arrives began, on the monotonic clock; None between requests."""

    open: ClassVar[WeakSet[LimitedProtocol]] = WeakSet()  # all connections of the process
    since: float | None = None
    heading = True  # the head of a request is arriving, or none has begun
    head = 0  # bytes of it

    def connection_made(self, transport: Any) -> None:
        """A caller connects: it must ask for something."""
        super().connection_made(transport)
        self.since = monotonic()
        self.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self.open.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes come. What belongs to a head is counted."""
        if self.heading:
            self.head += len(data)
        super().data_received(data)
        if self.since is None and (self.cycle is None or self.cycle.response_complete):
            self.since = monotonic()  # bytes that begin nothing (empty lines) stop the clock of an idle connection
        if self.heading and self.head > LARGEST_HEAD and not self.transport.is_closing():
            self.refuse(Refusal(431, f"The head of the request is larger than {LARGEST_HEAD:,} bytes."))

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.since = monotonic()

    def on_headers_complete(self) -> None:
        """Its head is here."""
        self.heading = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is here."""
        self.since = None
        self.heading, self.head = True, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is out. Who was told to ask later is not heard for a while."""
        super().on_response_complete()
        told = self.cycle is not None and "ask_later" in self.cycle.scope  # the guard's own word
        if told and self.cycle.response_complete and not self.transport.is_closing():
            self.flow.pause_reading()
            self.loop.call_later(min(REST_PER_CONNECTION * len(self.connections), LONGEST_REST), self.hear_again)

    def hear_again(self) -> None:
        """The time of rest is over."""
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came for long. An answer that nobody has read by now is dropped, or its memory would be held."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP."""
        self.refuse(Refusal(400, "This is not a request in HTTP/1.1."))

    def late(self) -> None:
        """The request took too long to arrive."""
        if self.pipeline or (self.heading and self.cycle is not None and not self.cycle.response_complete):
            return  # the answer to the request before is still to come, and must come first
        if self.heading and not self.head:  # a caller that connected and never asked, as some browsers do
            self.transport.close()
        elif self.cycle is not None and not self.heading and self.cycle.response_started:
            self.transport.close()  # it has its answer; what still comes is of no use
        else:
            if not self.heading and self.cycle is not None:
                self.cycle.scope["late"] = True  # type: ignore[typeddict-unknown-key]  # the guard's own word
            self.refuse(Refusal(408, "The request did not arrive in time."))

    def refuse(self, refusal: Refusal) -> None:
        """Answer without the app, and end the connection."""
        request_id = os.urandom(8).hex()
        if self.cycle is not None and not self.heading:
            request_id = str(self.cycle.scope.get("request_id", request_id))
        content = to_json(body(refusal, request_id))
        said = http.HTTPStatus(refusal.status)
        fixed = (*self.server_state.default_headers, *SECURITY_HEADERS, CONTENT_POLICY)
        lines = [
            f"HTTP/1.1 {said.value} {said.phrase}".encode(),
            *(name + b": " + value for name, value in fixed),
            f"x-request-id: {request_id}".encode(),
            f"content-type: {MEDIA_TYPE}".encode(),
            f"content-length: {len(content)}".encode(),
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + content)
        self.transport.close()


class Sweeper:
    """Ends connections on which a request doesn't arrive within `arrival` seconds."""

    def __init__(self, arrival: float, log: Log) -> None:
        self._arrival = arrival
        self._log = log

    async def sweep(self) -> None:
        """Look at all connections. uvicorn calls it about once a second."""
        before = monotonic() - self._arrival
        late = [one for one in tuple(LimitedProtocol.open) if one.since is not None and one.since < before]
        for one in late:
            one.late()
        if late:
            self._log.line("warning", "late", message="requests did not arrive in time", connections=len(late))
