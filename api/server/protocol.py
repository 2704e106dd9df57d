"""One connection on the server's side: uvicorn's HTTP protocol, with limits that it lacks.

uvicorn waits forever for the rest of a request, and keeps headers of any size
(https://github.com/Kludex/uvicorn/issues/157). Here a connection that has begun a request, or has just been opened,
must send the whole request within `arrival` seconds, and its head within `LARGEST_HEAD` bytes. A caller that reads
nothing of an answer for as long is dropped. `Sweeper.sweep` checks all connections once a second, so that a request
costs no timer.

uvicorn also parses all requests that a caller sends without waiting for answers (pipelining), and takes trailer fields
for headers. Here at most `MOST_PIPELINED` requests wait, the next one begins when the answers before it have been read,
and trailer fields are dropped. What all connections hold in memory together is limited: `HeldBytes`.

A caller that is refused and tries again at once would keep the process busy with refusals, a tenth of a millisecond
each, while the accepted requests wait. So the server stops reading such a connection for a while after its answer. The
more connections there are, the longer it waits, so that refusals take at most a third of the time.
"""

from __future__ import annotations

import asyncio
import ctypes
import http
import os
import socket
import struct
import urllib.parse
from contextlib import suppress
from time import monotonic
from typing import Any, ClassVar
from weakref import WeakSet

import httptools
from pydantic_core import to_json
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from leadledger.api.http.problem import MEDIA_TYPE, describe
from leadledger.api.http.security_headers import SECURITY_HEADERS
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.server.answer_cycle import AnswerCycle
from leadledger.api.server.held_bytes import HeldBytes
from leadledger.api.service.program_log import ProgramLog

FIRST_REQUEST_PAUSE = 1.0  # seconds that a stop leaves to callers whose first request hasn't begun to arrive
LARGEST_HEAD = 65_536  # bytes of a request line and its headers, and of all that stands between the parts of a body
MOST_HEADERS = 256  # fields in a head
MOST_PIPELINED = 16  # requests that wait on one connection until an earlier one is answered; then nothing more is read
PIECE = 2_048  # bytes that are parsed at once: more may hold a hundred requests
MOST_ARRIVING = 32_000_000  # bytes of all requests that have arrived in part
MUCH_UNREAD = 32_000_000  # bytes of all answers that wait to be read, beyond which callers that read nothing
PATIENCE_IF_MUCH_IS_UNREAD = 2.0  # for so many seconds are dropped; and
MOST_UNREAD = 64_000_000  # bytes of these, beyond which the caller that has waited longest is dropped
# Seconds for which a connection is not read after a refusal with a `Retry-After`: so many for each open connection,
REST_PER_CONNECTION = 0.0003
LONGEST_REST = 1.0  # and at most this, which is what the refusal says


class _Flow(FlowControl):
    """uvicorn's flow control. While `is_held`, nothing makes it read: requests or answers of the connection wait."""

    is_held = False

    def resume_reading(self) -> None:
        """Read again, unless the connection is held."""
        if not self.is_held:
            super().resume_reading()


class LimitedProtocol(HttpToolsProtocol):
    """A connection.

    `since`: when the request that is arriving began, on the monotonic clock; None between requests. `idle_since`: when
    the last answer was complete; None once more bytes have arrived. `in_head`: the head of a request is arriving, or no
    request has begun. `head_size`: bytes of that head, or bytes since the last of the body (sizes of chunks, trailer
    fields). `body_size`: bytes of the body so far. `backlog`: bytes that wait until earlier requests are answered.
    `refusal`: what is sent once they are. `stalled`: since when nobody has read the answer, and how much of it was left
    then; None if nothing waits to be read.
    """

    open: ClassVar[WeakSet[LimitedProtocol]] = WeakSet()  # all connections of the process
    arriving: ClassVar[HeldBytes[LimitedProtocol]] = HeldBytes(MOST_ARRIVING)
    unread: ClassVar[HeldBytes[LimitedProtocol]] = HeldBytes(MOST_UNREAD)
    dropped: ClassVar[int] = 0  # connections that were ended since nobody read their answers, ever
    flow: _Flow
    since: float | None = None
    idle_since: float | None = None
    in_head = True
    head_size = 0
    body_size = 0
    refusal: Refusal | None = None
    running: Any = None  # the cycle of uvicorn's that is being answered, or was last
    stalled: tuple[float, int] | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the clock: a caller that connects must send a request."""
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self.backlog = bytearray()
        self.since = monotonic()
        self.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and the requests that wait."""
        self.open.discard(self)
        self.arriving.drop(self)
        self.unread.drop(self)
        self.backlog.clear()
        for cycle, _ in self.pipeline:
            cycle.disconnected = True
        self.pipeline.clear()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Let the connection go, since the server stops: once its request is answered.

        A caller that has only just connected may have sent a request that isn't read yet. Without this pause it would
        be dropped, though other workers could have taken it.
        """
        if self.cycle is None and not self.transport.is_closing():
            self.loop.call_later(FIRST_REQUEST_PAUSE, self._end)
        else:
            super().shutdown()

    def _end(self) -> None:
        if not self.transport.is_closing():
            super().shutdown()

    # -- reading -------------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Read what has arrived; in pieces, if it may hold many requests."""
        if len(data) <= PIECE and not self.backlog and not self.flow.write_paused:
            self._read(data)
        else:
            self.backlog += data
            self._read_backlog()
        if self.since is None:
            if self.cycle is None or self.cycle.response_complete:
                # Bytes that begin no request (empty lines) restart the clock of an idle connection.
                self.since = monotonic()
        elif not self.transport.is_closing():
            self.arriving.hold(self, self.head_size + self.body_size + len(self.backlog))
            for connection in self.arriving.pop_excess():
                connection.refuse(
                    Refusal(
                        503,
                        "The service is receiving as much as it accepts, and this request took longest to arrive.",
                        retry_after=1,
                    )
                )

    def _read_backlog(self) -> None:
        """Read what waits, as long as not too many requests wait to be answered, or answers to be read."""
        while self.backlog and not self._is_full() and not self.transport.is_closing():
            piece = bytes(self.backlog[:PIECE])
            del self.backlog[:PIECE]
            self._read(piece)
        self._hold(bool(self.backlog))

    def _is_full(self) -> bool:
        return len(self.pipeline) >= MOST_PIPELINED or self.flow.write_paused

    def _hold(self, is_held: bool) -> None:
        """Stop or continue reading."""
        self.flow.is_held = is_held
        if is_held:
            self.flow.pause_reading()
        elif not self.pipeline and not self.transport.is_closing():
            self.flow.resume_reading()

    def _read(self, data: bytes) -> None:
        """Parse some bytes, and refuse a head, or what stands between the parts of a body, that is too large."""
        if self.refusal is not None:
            return
        self.idle_since = None
        self.head_size += len(data)
        super().data_received(data)
        if self.head_size > LARGEST_HEAD and not self.transport.is_closing():
            what = "head" if self.in_head else "framing of the body"
            self.refuse(Refusal(431, f"The {what} of the request is larger than {LARGEST_HEAD:,} bytes."))

    def on_message_begin(self) -> None:
        """Start the clock of a request."""
        super().on_message_begin()
        self.since = monotonic()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. A trailer field (RFC 9110, 6.5) is dropped: it can't change what the head said."""
        if not self.in_head:
            return
        if len(self.headers) >= MOST_HEADERS:
            if self.refusal is None:
                self.refusal = Refusal(431, f"The head of the request has more than {MOST_HEADERS:,} fields.")
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Note that the head is complete."""
        if self.refusal is not None:
            self.refuse(self.refusal)
            return
        self.in_head = False
        self.head_size = self.body_size = 0
        self._begin_cycle()

    def _begin_cycle(self) -> None:
        """Begin to answer the request whose head is complete, or let it wait for those before it. It upgrades nothing.

        uvicorn's own `on_headers_complete` does this with a cycle of its own.
        """
        parser, scope = self.parser, self.scope
        http_version = scope["http_version"] = parser.get_http_version()
        scope["method"] = parser.get_method().decode("ascii")
        url = httptools.parse_url(self.url)
        scope["raw_path"] = url.path
        path = url.path.decode("ascii")
        scope["path"] = urllib.parse.unquote(path) if "%" in path else path
        scope["query_string"] = url.query or b""
        waits = self.cycle is not None and not self.cycle.response_complete
        self.cycle = AnswerCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=http_version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if waits:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
        else:
            self._start_asgi_task(self.cycle, self.app)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if self.refusal is not None:
            return
        self.head_size = 0
        self.body_size = 0 if self.cycle.response_complete else self.body_size + len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the clock: the whole request is here."""
        if self.refusal is not None:
            return
        self.since = None
        self.in_head, self.head_size, self.body_size = True, 0, 0
        self.arriving.drop(self)
        super().on_message_complete()

    # -- answering -----------------------------------------------------------------------------------------------------

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Begin to answer a request."""
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Begin the next request, and pause a caller that was refused and told when to try again."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self._begin_next()
        is_refused = self.cycle is not None and "ask_later" in self.cycle.scope  # the guard sets it
        if is_refused and self.cycle.response_complete and not self.transport.is_closing():
            self.flow.pause_reading()
            self.loop.call_later(min(REST_PER_CONNECTION * len(self.connections), LONGEST_REST), self.resume)

    def _begin_next(self) -> None:
        """Begin the next request, once the caller has read most of the answers before it."""
        if self.flow.write_paused:
            return  # `resume_writing` continues
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self.refusal is not None:
            self.refuse(self.refusal)
            return
        else:
            self.idle_since = monotonic()
        if self.backlog:
            if self.since is not None:
                self.since = monotonic()  # what is here already can't be late
            self._read_backlog()
        elif not self.pipeline:
            self._hold(False)

    def pause_writing(self) -> None:
        """Stop reading further requests while much of an answer waits to be read; the system calls this."""
        super().pause_writing()
        self.unread.hold(self, self.transport.get_write_buffer_size())
        for connection in self.unread.pop_excess():
            connection.drop_unread()

    def stalls_others(self, now: float) -> bool:
        """Whether much waits to be read by all, and this caller has read nothing for a while."""
        is_much = self.unread.total > MUCH_UNREAD
        return is_much and self.stalled is not None and now - self.stalled[0] > PATIENCE_IF_MUCH_IS_UNREAD

    def resume_writing(self) -> None:
        """Go on, since most of an answer has been read."""
        super().resume_writing()
        self.unread.drop(self)
        self.stalled = None
        if not self.transport.is_closing() and (self.running is None or self.running.response_complete):
            self._begin_next()

    def resume(self) -> None:
        """Read the connection again after a pause."""
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def is_idle(self, now: float) -> bool:
        """Whether no request has begun for so long after the last answer that the connection is to be closed."""
        return self.idle_since is not None and now - self.idle_since > self.timeout_keep_alive

    def close_idle(self) -> None:
        """Close an idle connection. Drops an answer that nobody has read by now, which would hold memory."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        elif not self.transport.is_closing():
            self.transport.close()

    def is_stalled(self, now: float, limit: float) -> bool:
        """Whether the caller has read nothing of an answer for some seconds. To be called once a second."""
        left = self.transport.get_write_buffer_size()
        if not left:
            self.stalled = None
        elif self.stalled is None or left < self.stalled[1]:
            self.stalled = (now, left)
        return self.stalled is not None and now - self.stalled[0] > limit

    def drop_unread(self) -> None:
        """End a connection whose answers nobody reads, and free what they hold."""
        LimitedProtocol.dropped += 1
        self.unread.drop(self)
        with (
            suppress(OSError, AttributeError),
            socket.socket(fileno=os.dup(self.transport.get_extra_info("socket").fileno())) as same_socket,
        ):
            # The system would go on offering what it has taken over, for minutes: it is to forget that too.
            same_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    # -- refusing ------------------------------------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self.refuse(Refusal(400, "This is not a request in HTTP/1.1."))

    def end_late(self) -> None:
        """End a connection whose request took too long to arrive."""
        if self.backlog or self._is_answering():
            return  # the previous request is still to be answered, and its answer must come first
        if self.in_head and not self.head_size:  # the caller connected and sent nothing, as some browsers do
            self.transport.close()
        else:
            self.refuse(Refusal(408, "The request did not arrive in time."))

    def _is_answering(self) -> bool:
        """Whether earlier requests than the one that is arriving are still to be answered."""
        is_busy = self.running is not None and not self.running.response_complete
        return bool(self.pipeline) or (is_busy and (self.in_head or self.running is not self.cycle))

    def refuse(self, refusal: Refusal) -> None:
        """Answer the request that is arriving without the app, and close the connection; earlier answers come first."""
        self.arriving.drop(self)
        if self.transport.is_closing():
            return
        if self._is_answering():
            if not self.in_head and self.pipeline:
                self.pipeline.popleft()  # its body will never be whole
            self.refusal = refusal
            self.backlog.clear()
            self._hold(True)
            return
        request_id = os.urandom(8).hex()
        if self.cycle is not None and not self.in_head:
            if self.cycle.response_started:
                self.transport.close()  # the caller has its answer; the rest of the request is of no use
                return
            self.cycle.scope["refused"] = refusal  # type: ignore[typeddict-unknown-key]  # read by http/body_limit.py
            request_id = str(self.cycle.scope.get("request_id", request_id))
        content = to_json(describe(refusal, request_id))
        status = http.HTTPStatus(refusal.status)
        headers = (*self.server_state.default_headers, *SECURITY_HEADERS)
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
    """Ends connections on which a request doesn't arrive, or an answer isn't read, within `arrival` seconds."""

    def __init__(self, arrival: float, log: ProgramLog) -> None:
        self._arrival = arrival
        self._log = log
        self._dropped = LimitedProtocol.dropped

    def sweep(self) -> None:
        """Check all connections. To be called about once a second."""
        now = monotonic()
        before = now - self._arrival
        late = 0
        for connection in tuple(LimitedProtocol.open):
            if connection.is_stalled(now, self._arrival) or connection.stalls_others(now):
                connection.drop_unread()
            elif connection.is_idle(now):
                connection.close_idle()
            elif connection.since is not None and connection.since < before and not connection.transport.is_closing():
                connection.end_late()
                late += 1
        if late:
            self._log.write("warning", "late", message="requests did not arrive in time", connections=late)
        dropped, self._dropped = LimitedProtocol.dropped - self._dropped, LimitedProtocol.dropped
        if dropped:
            self._log.write("warning", "unread", message="answers were not read in time", connections=dropped)
        if late or dropped:
            with suppress(OSError, AttributeError):  # another C library than GNU's
                ctypes.CDLL(None).malloc_trim(0)  # what they held goes back to the system
