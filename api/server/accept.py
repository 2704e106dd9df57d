"""uvicorn's server, changed to accept all waiting callers before it continues with those it has accepted.

libuv accepts one new connection per turn of the event loop (https://github.com/libuv/libuv/pull/3696). A turn answers
every request that has arrived, so under load it takes as long as all of them, and a new caller (say, a health check)
waits for as many turns as others connected before it. Here one turn accepts up to `MOST_ACCEPTED_PER_TURN`.

This is for a process that serves alone. Of several that share a socket, the first to look would accept all who wait.
"""

from __future__ import annotations

import asyncio
import errno
import socket

import uvicorn

MOST_ACCEPTED_PER_TURN = 64  # connections; then others are answered first
RETRY_PAUSE = 0.5  # seconds until the next attempt where the system has no room for another connection
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class AcceptingServer(uvicorn.Server):
    """uvicorn's server, which accepts connections itself on sockets that already listen."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections."""
        await super().startup([])
        self._connecting: set[asyncio.Task[object]] = set()  # the event loop itself keeps no reference to a task
        for listener in sockets or ():
            listener.setblocking(False)
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting connections, and finish the requests in progress."""
        for listener in sockets or ():
            asyncio.get_running_loop().remove_reader(listener)
        if self._connecting:  # these callers are accepted: they are told of the stop as the others are
            await asyncio.wait(self._connecting, timeout=1)
        await super().shutdown(sockets)

    def _accept(self, listener: socket.socket) -> None:
        """Accept the callers that wait."""
        loop = asyncio.get_running_loop()
        for _ in range(MOST_ACCEPTED_PER_TURN):
            try:
                connection, _ = listener.accept()
            except OSError as error:
                if error.errno in _NO_ROOM:  # each turn would try again, in vain
                    loop.remove_reader(listener)
                    loop.call_later(RETRY_PAUSE, self._resume, listener)
                return  # all are accepted, or the next caller has left
            connection.setblocking(False)
            task = loop.create_task(loop.connect_accepted_socket(self._make_protocol, connection))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    def _resume(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0 and not self.should_exit:
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _make_protocol(self) -> asyncio.Protocol:
        """The protocol of one connection, made as uvicorn makes it."""
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol
