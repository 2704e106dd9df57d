"""A process that serves: the only one, or one of several that share a socket under a supervisor."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvicorn

from leadledger.api.app import create_app
from leadledger.api.server.loop_watch import LoopWatch
from leadledger.api.server.protocol import MOST_ARRIVING, LimitedProtocol, Sweeper
from leadledger.api.service.program_log import take_over
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import ScoringError

if TYPE_CHECKING:
    from fastapi import FastAPI

# Seconds that a stop waits for requests in progress. It waits only as long as something moves: who sends or reads
# nothing is ended within `max_arrival`. Kubernetes kills after 30.
STOP_TIMEOUT = 25
# Seconds that an idle connection stays open. Proxies keep theirs for 60 and must close first: otherwise they send a
# request into a connection that is being closed.
IDLE_TIMEOUT = 75
CHECK_INTERVAL = 1.0  # seconds
SETTLING_TIME = 2.0  # seconds after which a service that has started has loaded what its first requests need
HUNG_TIMEOUT = 30  # seconds without a sign of life after which the supervisor replaces a worker


@dataclass
class Worker:
    """What uvicorn runs: it calls `app` once, in the process that serves, and `notify` once that serves.

    `ready`: the app, if it exists already. `parent`: the process id of the supervisor, or None. `needs_keys`: keys
    existed when the service started. uvicorn copies the worker to each process, so whatever `app` creates there is not
    part of the copy.
    """

    settings: Settings
    ready: FastAPI | None = None
    parent: int | None = None
    needs_keys: bool = False
    sweeper: Sweeper | None = field(default=None, init=False)
    watch: LoopWatch | None = field(default=None, init=False)
    _pulse: asyncio.TimerHandle | None = field(default=None, init=False)

    def config(self, workers: int = 1) -> uvicorn.Config:
        """The settings with which uvicorn runs this worker."""
        return uvicorn.Config(
            self.app,
            factory=True,
            workers=workers,
            http=LimitedProtocol,
            loop="auto",  # uvloop, wherever it can be installed
            ws="none",
            log_config=None,  # its lines go to our log
            log_level="warning",
            access_log=False,
            server_header=False,
            # Only a proxy that is named is believed where a caller comes from; anybody else could make it up.
            proxy_headers=self.settings.trusted_proxies is not None,
            forwarded_allow_ips=self.settings.trusted_proxies or "",
            callback_notify=self.notify,
            timeout_notify=0,
            timeout_keep_alive=IDLE_TIMEOUT,
            timeout_graceful_shutdown=STOP_TIMEOUT,
            timeout_worker_healthcheck=HUNG_TIMEOUT,
        )

    def app(self) -> FastAPI:
        """The app, in a process prepared to serve it. Ends the process (status 1) where the app can't be created."""
        app = self.ready
        if app is None:
            try:
                app = create_app(self.settings, needs_keys=self.needs_keys, late=True)
            except ScoringError as error:  # it worked when the service started; the supervisor tries again
                print(error, file=sys.stderr)
                sys.exit(1)
            take_over(app.state.log)
        self.sweeper = Sweeper(self.settings.max_arrival, app.state.log)
        self.watch = LoopWatch(app.state.log)
        LimitedProtocol.arriving.most = max(MOST_ARRIVING, 4 * self.settings.max_body)
        _raise_file_limit()
        return app

    async def notify(self) -> None:
        """Begin to check once a second. uvicorn calls this too, but no longer when it stops."""
        if self._pulse is None:
            if self.parent is not None and self.watch is not None:  # else nobody would replace this process
                self.watch.start()
            loop = asyncio.get_running_loop()
            self._check(loop)
            loop.call_later(SETTLING_TIME, _settle)

    def _check(self, loop: asyncio.AbstractEventLoop) -> None:
        """Check the connections. End a worker whose supervisor was killed: another service may be about to start."""
        self._pulse = loop.call_later(CHECK_INTERVAL, self._check, loop)
        if self.parent is not None and os.getppid() != self.parent:
            signal.raise_signal(signal.SIGTERM)
        if self.sweeper is not None:
            self.sweeper.sweep()


def _settle() -> None:
    """Begin to collect garbage, which takes a tenth of a second the first time.

    What is loaded by now lives as long as the process: the collector need not walk it again.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


def _raise_file_limit() -> None:
    """Allow as many connections as the system permits: the usual soft limit is 1,024 open files."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
