"""Routes that the service adds once it answers: those of pages, known leads, hooks, drafts, releases and agents.

To load them takes as long as a bare web framework. A program that scores never calls them, so they don't hold up its
first answer; a second later they are there, loaded by a thread. Whoever comes before that waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field

from fastapi import FastAPI

from leadledger.api.service.service import START_DELAY, Service
from leadledger.api.service.sessions import Sessions


@dataclass
class LateRoutes:
    """The late routes of an app, and what runs beside them."""

    app: FastAPI
    service: Service
    sessions: Sessions
    _run_beside: Callable[[], AbstractAsyncContextManager[None]] | None = field(default=None, init=False)
    _adding: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def add(self) -> None:
        """Add the routes, unless they are there."""
        if self._run_beside is None:
            from leadledger.api import late_parts

            self._run_beside = late_parts.add(self.app, self.service, self.sessions)

    async def ensure(self) -> None:
        """Wait until the routes are there; a thread loads them where nobody has begun to."""
        async with self._adding:
            await asyncio.to_thread(self.add)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the service runs: the routes come after a moment, and what belongs to them runs from then on."""
        stopping = asyncio.Event()
        task = asyncio.create_task(self._run(stopping))
        try:
            yield
        finally:
            stopping.set()
            await task

    async def _run(self, stopping: asyncio.Event) -> None:
        if self._run_beside is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), START_DELAY)
        if not stopping.is_set():
            await self.ensure()
        if self._run_beside is not None:
            async with self._run_beside():
                await stopping.wait()
