"""A process that serves: the only one, or one of several that share a socket and have a supervisor."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvicorn

from leadledger.api.app import create_app
from leadledger.api.server.protocol import LimitedProtocol, Sweeper
from leadledger.api.service.program_log import take_over
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import ScoringError

if TYPE_CHECKING:
    from fastapi import FastAPI

PATIENCE = 10  # seconds that a stop waits for requests that are being answered
# Seconds that an idle connection is kept. Proxies keep theirs for 60 and must be the first to give up: else they send a
# request into a connection that is being closed.
IDLE = 75
HUNG = 30  # seconds after which a worker that gives no sign of life is made anew, or one that begins is given up


@dataclass
class Worker:
    """What uvicorn is given to serve: it asks for the app once, in the process that serves, and notifies each second.

    `ready` is the app where it is made already. `parent` is the id of the supervisor's process; None: there is none.
    It goes to that process as it is now, so what it makes there is no part of it.
    """

    settings: Settings
    ready: FastAPI | None = None
    parent: int | None = None
    sweeper: Sweeper | None = field(default=None, init=False)

    def config(self, workers: int = 1) -> uvicorn.Config:
        """How uvicorn runs it."""
        return uvicorn.Config(
            self.app,
            factory=True,
            workers=workers,
            http=LimitedProtocol,
            loop="auto",  # uvloop, wherever it can be installed
            ws="none",
            log_config=None,  # its lines go where ours do
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nothing here rests on where a caller says that it comes from
            callback_notify=self.notify,
            timeout_notify=0,
            timeout_keep_alive=IDLE,
            timeout_graceful_shutdown=PATIENCE,
            timeout_worker_healthcheck=HUNG,
        )

    def app(self) -> FastAPI:
        """The app, in a process that is ready to serve it. Ends the process (status 1) where it can't be made."""
        app = self.ready
        if app is None:
            try:
                app = create_app(self.settings)
            except ScoringError as error:  # it could be made when the service began, and is tried again
                print(error, file=sys.stderr)
                sys.exit(1)
            take_over(app.state.log)
        self.sweeper = Sweeper(self.settings.max_arrival, app.state.log)
        _lift_limit_of_files()
        # What is loaded by now lives as long as the process: the collector need not walk it again.
        gc.collect()
        gc.freeze()
        return app

    async def notify(self) -> None:
        """Look after connections. A worker whose supervisor was killed ends too: another may be about to start."""
        if self.parent is not None and os.getppid() != self.parent:
            signal.raise_signal(signal.SIGTERM)
        if self.sweeper is not None:
            await self.sweeper.sweep()


def _lift_limit_of_files() -> None:
    """Let the process have as many connections as the system allows it: the usual first limit is 1,024 open files."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
