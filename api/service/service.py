"""What the routes serve: a card or a release, which may give way to another, and the log of what was answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from leadledger.api.service import program_log
from leadledger.api.service.loaded import Served, load, load_release
from leadledger.api.service.metrics import Metrics
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import DataError, ScoringError

if TYPE_CHECKING:
    from leadledger.api.log.recorder import Recorder
    from leadledger.api.log.replay import Replayer
    from leadledger.api.log.store import LogStore

HOUR = 3600  # seconds between two looks for answers that need be kept no longer
LOOK = 0.5  # seconds between two looks which release is the current one
AGAIN = 60  # seconds until a release that was refused is tried again


@dataclass(frozen=True)
class Logged:
    """The parts of the decision log: what writes it, what reads it, what works its scores out again."""

    recorder: Recorder
    log: LogStore
    replay: Replayer


@dataclass
class Service:
    """What the routes serve. `logged` is None where nothing is logged; `log` is the program's own.

    Whoever answers a request takes `served` once, and goes by that to the end: it may be another at any moment.
    """

    settings: Settings
    served: Served
    logged: Logged | None
    log: program_log.Log
    metrics: Metrics = field(default_factory=Metrics)
    problem: str = ""  # why the current release is not the one that is served; empty: it is
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @property
    def follows(self) -> bool:
        """Whether the service serves whatever release is the current one."""
        return self.settings.card is None and self.settings.release is None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the service runs, it follows the current release and records what it answers; at the end, the rest."""
        tasks = [asyncio.create_task(self._look())]
        if self.logged is not None:
            tasks.append(asyncio.create_task(self._expire(self.logged.log)))
        try:
            yield
        finally:
            for one in tasks:
                one.cancel()
            if self.logged is not None:
                await asyncio.to_thread(self.logged.recorder.writer.stop)
            self.close()

    def close(self) -> None:
        """Let the log's database go."""
        if self.logged is not None:
            self.logged.log.engine.dispose()

    async def follow(self) -> None:
        """Serve the current release. Raises ReleaseError: it is refused, and nothing changes.

        It is read and compiled in a thread, and takes the place of the one before in one step. Which one is current is
        asked within the lock, so that nobody brings back what was current a moment ago.
        """
        async with self._changing:
            was = self.served.release
            name = await asyncio.to_thread(Releases(self.settings.home).current)
            if name == was:
                return
            self.served = await asyncio.to_thread(load_release, self.settings, name)
        self.log.line("info", "release", message="another is served", release=self.served.release, was=was)

    async def _look(self) -> None:
        """Twice a second, tell how things stand, and serve the current release if that is another now.

        Of one that is refused, say so once, and again each time that it is tried.
        """
        refused: object = None  # the file that names the current release, as it was then
        tried = 0.0
        while True:
            self.metrics.tick(self.served, self.logged.recorder.writer if self.logged else None, self.problem)
            await asyncio.sleep(LOOK)
            if not self.follows or (refused is not None and refused == self._named() and monotonic() < tried + AGAIN):
                continue
            named = self._named()
            try:
                await self.follow()
                refused, self.problem = None, ""
            except Exception as error:  # whatever it is, the one before is served on, and others are looked for
                refused, tried = named, monotonic()
                self.problem = str(error) if isinstance(error, ScoringError) else type(error).__name__
                self.log.line("error", "release", message=self.problem, served=self.served.release)

    def _named(self) -> object:
        """What changes where another release is made current: the file that names it is another then."""
        try:
            found = (self.settings.home / "current").stat()
        except OSError as error:
            return error.errno
        return found.st_ino, found.st_mtime_ns

    async def _expire(self, log: LogStore) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        while True:
            with suppress(SQLAlchemyError):  # scores that can't be recorded will say so
                await asyncio.to_thread(log.expire)
            await asyncio.sleep(HOUR)


def opened(settings: Settings, log: program_log.Log) -> Service:
    """The service that some settings ask for. Raises ScoringError where that can't be: then nothing is served."""
    served = load(settings)
    return Service(settings, served, _logged(settings, served), log)


def _logged(settings: Settings, served: Served) -> Logged | None:
    """The decision log, open. Its library is loaded only where there is a log."""
    if settings.log == "off":
        return None
    from sqlalchemy.exc import SQLAlchemyError

    from leadledger.api.log import database
    from leadledger.api.log.recorder import Recorder
    from leadledger.api.log.replay import Replayer
    from leadledger.api.log.store import LogStore

    engine = database.open_database(settings.log_url, settings.home)
    log = LogStore(engine)
    if served.digest:
        try:
            log.keep_card(served.digest, served.text)
        except SQLAlchemyError as error:
            raise DataError(f"the log can't be written: {database.describe_error(error)}") from None
    return Logged(Recorder(engine, settings.log), log, Replayer(log, settings.home))
