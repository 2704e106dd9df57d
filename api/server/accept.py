"""The server's door: uvicorn's server, which lets in all who wait, before it goes on with those who are in.

libuv takes one new connection in each turn of the event loop (https://github.com/libuv/libuv/pull/3696). A turn answers
every request that is there, so under load it lasts as long as all of them: whoever is new (a monitor that asks for the
health, say) stands at the door for as many turns as others came before. Here a turn lets in up to `MOST`.

This is for a process that serves alone. Of several that share a door, the first to look would take in all who wait.
"""

from __future__ import annotations

import asyncio
import errno
import socket

import uvicorn

MOST = 64  # connections that one turn lets in, before others are answered
PAUSE = 0.5  # seconds until the next try, where the system has no room for one more
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class AcceptingServer(uvicorn.Server):
    """uvicorn's server, with a door of its own for sockets that listen already."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to let callers in."""
        await super().startup([])
        self._connecting: set[asyncio.Task[object]] = set()  # the loop itself holds no task
        for listener in sockets or ():
            listener.setblocking(False)
            asyncio.get_running_loop().add_reader(listener, self._let_in, listener)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in any more, and finish what was begun."""
        for listener in sockets or ():
            asyncio.get_running_loop().remove_reader(listener)
        await super().shutdown(sockets)

    def _let_in(self, listener: socket.socket) -> None:
        """Let in those who wait."""
        loop = asyncio.get_running_loop()
        for _ in range(MOST):
            try:
                caller, _ = listener.accept()
            except OSError as error:
                if error.errno in _NO_ROOM:  # it would be tried again and again, in vain
                    loop.remove_reader(listener)
                    loop.call_later(PAUSE, self._again, listener)
                return  # all are in, or the next has gone again
            caller.setblocking(False)
            task = loop.create_task(loop.connect_accepted_socket(self._protocol, caller))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    def _again(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0 and not self.should_exit:
            asyncio.get_running_loop().add_reader(listener, self._let_in, listener)

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn itself makes one for each connection."""
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made
