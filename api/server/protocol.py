"""One connection on the server's side: uvicorn's HTTP protocol, with limits that it lacks.

uvicorn waits forever for the rest of a request, and keeps headers of any size
(https://github.com/Kludex/uvicorn/issues/157). Here a connection that has begun a request, or has just been opened,
must send the whole request within `arrival` seconds, and its head within `LARGEST_HEAD` bytes. `Sweeper.sweep` checks
all connections once a second, so that a request costs no timer.

A caller that is refused and tries again at once would keep the process busy with refusals, a tenth of a millisecond
each, while the accepted requests wait. So the server stops reading such a connection for a while after its answer. The
more connections there are, the longer it waits, so that refusals take at most a third of the time.
"""

from __future__ import annotations

import http
import os
from time import monotonic
from typing import Any, ClassVar
from weakref import WeakSet

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from leadledger.api.http.problem import MEDIA_TYPE, describe
from leadledger.api.http.security_headers import CONTENT_POLICY, SECURITY_HEADERS
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.program_log import ProgramLog

LARGEST_HEAD = 65_536  # bytes of a request line and its headers
# Seconds for which a connection is not read after a refusal with a `Retry-After`: so many for each open connection,
REST_PER_CONNECTION = 0.0003
LONGEST_REST = 1.0  # and at most this, which is what the refusal says


class LimitedProtocol(HttpToolsProtocol):
    """A connection.

    `since`: when the request that is arriving began, on the monotonic clock; None between requests. `in_head`: its head
    is arriving, or no request has begun; `head_size`: bytes of that head.
    """

    open: ClassVar[WeakSet[LimitedProtocol]] = WeakSet()  # all connections of the process
    since: float | None = None
    in_head = True
    head_size = 0

    def connection_made(self, transport: Any) -> None:
        """Start the clock: a caller that connects must send a request."""
        super().connection_made(transport)
        self.since = monotonic()
        self.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.open.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a head, and refuse one that is too large."""
        if self.in_head:
            self.head_size += len(data)
        super().data_received(data)
        if self.since is None and (self.cycle is None or self.cycle.response_complete):
            self.since = (
                monotonic()
            )  # bytes that begin no request (empty lines) restart the clock of an idle connection
        if self.in_head and self.head_size > LARGEST_HEAD and not self.transport.is_closing():
            self.refuse(Refusal(431, f"The head of the request is larger than {LARGEST_HEAD:,} bytes."))

    def on_message_begin(self) -> None:
        """Start the clock of a request."""
        super().on_message_begin()
        self.since = monotonic()

    def on_headers_complete(self) -> None:
        """Note that the head is complete."""
        self.in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the clock: the whole request is here."""
        self.since = None
        self.in_head, self.head_size = True, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Pause a caller that was refused and told when to try again."""
        super().on_response_complete()
        is_refused = self.cycle is not None and "ask_later" in self.cycle.scope  # the guard sets it
        if is_refused and self.cycle.response_complete and not self.transport.is_closing():
            self.flow.pause_reading()
            self.loop.call_later(min(REST_PER_CONNECTION * len(self.connections), LONGEST_REST), self.resume)

    def resume(self) -> None:
        """Read the connection again after a pause."""
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection. Drops an answer that nobody has read by now, which would hold memory."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self.refuse(Refusal(400, "This is not a request in HTTP/1.1."))

    def end_late(self) -> None:
        """End a connection whose request took too long to arrive."""
        if self.pipeline or (self.in_head and self.cycle is not None and not self.cycle.response_complete):
            return  # the previous request is still to be answered, and its answer must come first
        if self.in_head and not self.head_size:  # the caller connected and sent nothing, as some browsers do
            self.transport.close()
        elif self.cycle is not None and not self.in_head and self.cycle.response_started:
            self.transport.close()  # the caller has its answer; the rest of the request is of no use
        else:
            if not self.in_head and self.cycle is not None:
                self.cycle.scope["late"] = True  # type: ignore[typeddict-unknown-key]  # read by http/body_limit.py
            self.refuse(Refusal(408, "The request did not arrive in time."))

    def refuse(self, refusal: Refusal) -> None:
        """Answer without the app, and close the connection."""
        request_id = os.urandom(8).hex()
        if self.cycle is not None and not self.in_head:
            request_id = str(self.cycle.scope.get("request_id", request_id))
        content = to_json(describe(refusal, request_id))
        status = http.HTTPStatus(refusal.status)
        headers = (*self.server_state.default_headers, *SECURITY_HEADERS, CONTENT_POLICY)
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}".encode(),
            *(name + b": " + value for name, value in headers),
            f"x-request-id: {request_id}".encode(),
            f"content-type: {MEDIA_TYPE}".encode(),
            f"content-length: {len(content)}".encode(),
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + content)
        self.transport.close()


class Sweeper:
    """Ends connections on which a request doesn't arrive within `arrival` seconds."""

    def __init__(self, arrival: float, log: ProgramLog) -> None:
        self._arrival = arrival
        self._log = log

    async def sweep(self) -> None:
        """Check all connections. uvicorn calls this about once a second."""
        before = monotonic() - self._arrival
        late = [
            connection
            for connection in tuple(LimitedProtocol.open)
            if connection.since is not None and connection.since < before
        ]
        for connection in late:
            connection.end_late()
        if late:
            self._log.write("warning", "late", message="requests did not arrive in time", connections=len(late))
