"""Watches the file of a home that names the current release, and follows it when it changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from leadledger.scoring.errors import ScoringError

RETRY_INTERVAL = 60  # seconds until a refused release is tried again


@dataclass
class ReleaseWatcher:
    """Follows the current release. `report` takes why it was refused, each time that it was tried; empty: it is served.

    `follow` serves whatever release is current now, and raises where that is refused.
    """

    home: Path
    follow: Callable[[], Awaitable[None]]
    report: Callable[[str], None]
    _refused: object = field(default=None, init=False)  # the state of the file when its release was refused
    _tried: float = field(default=0.0, init=False)

    async def look(self) -> None:
        """Follow the current release, unless it is one that was refused less than `RETRY_INTERVAL` ago."""
        state = self._read_state()
        if self._refused is not None and self._refused == state and monotonic() < self._tried + RETRY_INTERVAL:
            return
        try:
            await self.follow()
        except Exception as error:  # whatever it is, the release before is served on, and the next one looked for
            self._refused, self._tried = state, monotonic()
            self.report(str(error) if isinstance(error, ScoringError) else type(error).__name__)
        else:
            self._refused = None
            self.report("")

    def _read_state(self) -> object:
        """The state of the file that names the current release: another one where it was written again."""
        try:
            state = (self.home / "current").stat()
        except OSError as error:
            return error.errno
        return state.st_ino, state.st_mtime_ns
