"""The server accepts all waiting callers at once, and tries again if the system has no room for a moment."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from leadledger.api.server.accept import AcceptingServer

CALLERS = 200


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that is never called."""


async def turns(listener: socket.socket, most: int) -> int:
    """The turns of the event loop until all waiting callers are accepted."""
    config = uvicorn.Config(silent, lifespan="off", log_config=None)
    config.load()
    server = AcceptingServer(config)
    server.lifespan = config.lifespan_class(config)
    callers = [socket.create_connection(listener.getsockname()) for _ in range(CALLERS)]
    await server.startup([listener])
    turn = 0
    while len(server.server_state.connections) < CALLERS and turn < most:
        await asyncio.sleep(0)
        turn += 1
    for caller in callers:
        caller.close()
    await server.shutdown([listener])
    return turn


def test_all_waiting_callers_are_accepted() -> None:
    """It takes a few turns of the event loop, not one per caller."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2 * CALLERS)
    assert uvloop.run(turns(listener, CALLERS)) < CALLERS / 10


class Full(socket.socket):
    """A listener for whose first caller the system has no file descriptor left."""

    tries = 0

    def accept(self) -> Any:
        """The second try works."""
        self.tries += 1
        if self.tries == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_no_room_for_a_connection() -> None:
    """The server tries again a moment later, not in every turn."""
    listener = Full(fileno=socket.create_server(("127.0.0.1", 0), backlog=2 * CALLERS).detach())
    assert CALLERS < uvloop.run(turns(listener, 10_000_000)) < 10_000_000
    assert listener.tries == 1 + CALLERS + 1  # the last one finds nobody waiting
