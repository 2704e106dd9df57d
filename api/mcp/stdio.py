"""The tools over standard input and output, for an agent on this machine that starts the process itself."""

from __future__ import annotations

import asyncio
import signal

from mcp.server.stdio import stdio_server

from leadledger.api.mcp.protocol import build_server
from leadledger.api.mcp.tool import Caller
from leadledger.api.service.program_log import ProgramLog, take_over
from leadledger.api.service.service import Service, open_service
from leadledger.api.service.settings import Settings


def serve_stdio(settings: Settings, scopes: tuple[str, ...]) -> None:
    """Serve until standard input ends. Nothing but the protocol goes to standard output; logs go to standard error.

    The caller started the process, so it needs no key and may do what `scopes` say. Raises ScoringError where the
    service can't be opened.
    """
    log = ProgramLog(settings.log_level)
    service = open_service(settings, log)
    undo = take_over(log)
    # Ctrl-C ends the process at once: a thread waits for standard input, and nothing else would wake it. What was
    # acknowledged is in the log by then.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        asyncio.run(_serve(service, Caller("", scopes)))
    finally:
        undo()


async def _serve(service: Service, caller: Caller) -> None:
    server = build_server(service, lambda request: caller)
    # An agent that may only read must not send hooks, say: the service does that.
    async with service.running(has_duties=False), stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
