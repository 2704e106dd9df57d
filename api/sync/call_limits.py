"""Limits that a vendor sets to calls: so many within so many seconds, kept on our side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, sleep

MARGIN = 1.1  # calls reach the vendor closer to each other than they left


@dataclass
class CallLimit:
    """At most `calls` within any `seconds`: `wait` returns once the next one may leave."""

    calls: int
    seconds: float
    clock: Callable[[], float] = monotonic
    pause: Callable[[float], None] = sleep
    _sent: deque[float] = field(default_factory=deque, init=False)

    def wait(self) -> None:
        """Wait until the next call may leave, and count it."""
        span = self.seconds * MARGIN
        if len(self._sent) >= self.calls:
            self.pause(max(0.0, self._sent.popleft() + span - self.clock()))
        self._sent.append(self.clock())
