"""Compares a shadow with the log in the background: a thread in each worker, of which one at a time is at work.

It takes a tenth of a core at most, so that scoring goes on as before; after a rush it catches up, since the log keeps
the scores. Which shadow there is stands in a file of the home, so all workers follow, and a restart changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter

from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.service import Service
from leadledger.api.studio.shadow_files import LOCK_FILE, SHADOW_FILE, Shadow, read_counts, read_shadow, write_counts
from leadledger.api.studio.shadow_scores import ROWS_PER_PAGE, ShadowComparison, open_shadow
from leadledger.models.locked_file import try_lock_file
from leadledger.scoring.errors import ScoringError
from leadledger.scoring.scorecard import Scorecard

LOOK_INTERVAL = 1.0  # seconds between two looks at the log
SETTLED = timedelta(seconds=5)  # after which a score of any worker is in the log
SHARE_OF_TIME = 0.1  # of a core
RETRY_PAUSE = 60.0  # seconds after a failure


@dataclass
class ShadowWatch:
    """The thread of a worker. It does nothing where there is no shadow, or no log."""

    service: Service
    _stopped: threading.Event = field(default_factory=threading.Event, init=False)
    _opened: tuple[str, LoadedCard, Scorecard] | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While this lasts, it looks; what it has counted is kept."""
        if self.service.decision_log is None:
            yield
            return
        thread = threading.Thread(target=self._run, name="shadow", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()

    def _run(self) -> None:
        pause = LOOK_INTERVAL
        while not self._stopped.wait(pause):
            try:
                self.catch_up(f"{datetime.now(UTC) - SETTLED:%Y-%m-%dT%H:%M:%S.%fZ}")
                pause = LOOK_INTERVAL
            except Exception:  # the log or the home fails, which scoring reports; a shadow must harm nobody
                pause = RETRY_PAUSE

    def catch_up(self, until: str) -> None:
        """Compare all scores before a time of the log, unless another worker is at it.

        Raises OSError, SQLAlchemyError.
        """
        home, log = self.service.settings.home, self.service.decision_log
        if log is None or not (home / SHADOW_FILE).exists():
            self._opened = None
            return
        with try_lock_file(home / LOCK_FILE) as is_held:
            shadow = read_shadow(home) if is_held else None
            if shadow is None:
                return
            counts, loaded = read_counts(home, shadow), self.service.loaded
            try:
                scorecard = self._open(shadow, loaded)
            except ScoringError:  # whoever asks for the shadow is shown why
                return
            comparison = ShadowComparison(log.store, log.events, loaded, home, scorecard, counts)
            self._began = perf_counter()
            while not self._stopped.is_set():
                compared = comparison.compare_page(until, self._rest)
                if compared:
                    write_counts(home, counts)
                is_same = self.service.loaded is loaded and read_shadow(home) == shadow
                if compared < ROWS_PER_PAGE or not is_same:
                    return

    def _open(self, shadow: Shadow, loaded: LoadedCard) -> Scorecard:
        if self._opened is None or self._opened[0] != shadow.id or self._opened[1] is not loaded:
            self._opened = shadow.id, loaded, open_shadow(shadow, loaded, self.service.settings.home)
        return self._opened[2]

    def _rest(self) -> None:
        """Leave the core to others, for so long that a share of the time is taken in all."""
        worked = perf_counter() - self._began
        self._stopped.wait(worked * (1 / SHARE_OF_TIME - 1))
        self._began = perf_counter()
