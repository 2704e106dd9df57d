"""What the routes serve: a card or a release, and the log of what was answered."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from api.settings import Settings
from models.releases import Releases
from scoring.engine import Engine
from scoring.engine import engine as engine_of
from scoring.errors import DataError
from scoring.reader import card_text, parse_card
from scoring.scorecard import untrained

if TYPE_CHECKING:
    from api.log.recorder import Recorder
    from api.log.replay import Replay
    from api.log.store import Log

HOUR = 3600  # seconds between two looks for answers that need be kept no longer


@dataclass(frozen=True)
class Logged:
    """The parts of the decision log: what writes it, what reads it, what works its scores out again."""

    recorder: Recorder
    log: Log
    replay: Replay


@dataclass(frozen=True)
class Service:
    """What the routes serve. `digest` is that of a card without a release; `logged` is None where nothing is logged."""

    settings: Settings
    engine: Engine
    digest: str
    logged: Logged | None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the service runs, what it answers is recorded; at the end, what still waits."""
        if self.logged is None:
            yield
            return
        writer = self.logged.recorder.writer
        expiring = asyncio.create_task(self._expire(self.logged.log))
        try:
            yield
        finally:
            expiring.cancel()
            await asyncio.to_thread(writer.stop)
            self.logged.log.engine.dispose()

    async def _expire(self, log: Log) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        while True:
            with suppress(SQLAlchemyError):  # scores that can't be recorded will say so
                await asyncio.to_thread(log.expire)
            await asyncio.sleep(HOUR)


def opened(settings: Settings) -> Service:
    """The service that some settings ask for. Raises ScoringError where that can't be: then nothing is served."""
    text = ""
    if settings.card is None:
        card = Releases(settings.home).open(settings.release)
    else:
        text = card_text(settings.card)  # read once: the log keeps what is served
        card = untrained(parse_card(text, settings.card.name))
    engine = engine_of(card)
    engine.score({}, date.min)  # the first score compiles what later ones use
    digest = hashlib.sha256(text.encode()).hexdigest() if text else ""
    return Service(settings, engine, digest, _logged(settings, digest, text))


def _logged(settings: Settings, digest: str, text: str) -> Logged | None:
    """The decision log, open. Its library is loaded only where there is a log."""
    if settings.log == "off":
        return None
    from sqlalchemy.exc import SQLAlchemyError

    from api.log import database
    from api.log.recorder import Recorder
    from api.log.replay import Replay
    from api.log.store import Log

    engine = database.opened(settings.log_url, settings.home)
    log = Log(engine)
    if digest:
        try:
            log.keep_card(digest, text)
        except SQLAlchemyError as error:
            raise DataError(f"the log can't be written: {database.why(error)}") from None
    return Logged(Recorder(engine, settings.log), log, Replay(log, settings.home))
