"""The installation that is examined: a home, its log, and the service at an address."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from leadledger.api.log.database import UnchangedDatabase, open_unchanged
from leadledger.api.log.tables import HEAD
from leadledger.api.service.loaded import LoadedCard, load
from leadledger.api.service.settings import HOME, Settings
from leadledger.scoring.day_forms import find_zone
from leadledger.scoring.errors import ScoringError

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True)
class Installation:
    """What is examined, at a moment. Nothing is created, migrated or written.

    `release` and `card` are as in the settings of the service, `log_url` too; `service_url` is the address of a running
    service; empty: not known.
    """

    home: Path
    now: datetime
    release: str | None = None
    card: Path | None = None
    log_url: str | None = None
    service_url: str = ""

    @property
    def has_home(self) -> bool:
        """Whether there is a folder; without one, the check of the home says all."""
        try:
            return self.home.is_dir()
        except OSError:
            return False

    def load(self) -> LoadedCard:
        """What the service would serve. Raises ScoringError."""
        return load(Settings(home=self.home, release=self.release, card=self.card))

    @cached_property
    def loaded(self) -> LoadedCard | None:
        """What the service would serve; None: nothing, and the check of the release says why."""
        try:
            return self.load()
        except ScoringError:
            return None

    @cached_property
    def database(self) -> UnchangedDatabase | None:
        """The log as it is; None: there is none yet. Raises DataError."""
        return open_unchanged(self.log_url, self.home) if self.log_url or self.has_home else None

    @property
    def log_engine(self) -> Engine | None:
        """The log, if its tables are those of this program; None: there is nothing to read, as its check says."""
        try:
            database = self.database
        except ScoringError:
            return None
        return database.engine if database is not None and database.version == HEAD else None

    @property
    def today(self) -> date:
        """The day in the time zone of the card; in UTC where there is none."""
        return self.now.astimezone(find_zone(self.loaded.card.card.time_zone if self.loaded else "UTC")).date()

    def word_command(self, words: str) -> str:
        """A command for this home, ready to be run."""
        return f"leadledger {words}" + ("" if self.home == HOME else f" --home {shlex.quote(str(self.home))}")

    def close(self) -> None:
        """Close the log."""
        database = self.__dict__.get("database")
        if database is not None:
            database.engine.dispose()
