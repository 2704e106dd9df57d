"""How often each caller may send requests: a bucket that fills steadily and holds a few seconds' worth.

The state of a bucket is one number, the time at which it would be full again (the generic cell rate algorithm, ITU-T
I.371). Each process counts for itself: with several workers, a caller may get up to `workers` times the rate, depending
on how the system spreads its connections.
"""

from __future__ import annotations

BURST_SECONDS = 2.0  # worth of requests that may arrive at once after a pause


class RateLimiter:
    """The buckets of all callers. Each may send `per_second` requests in the long run; None: no limit."""

    def __init__(self, per_second: float | None) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        # A bucket holds at least one whole request, however low the rate.
        self._capacity = max(BURST_SECONDS, self._gap)
        self._full_at: dict[str, float] = {}

    def wait(self, caller: str, now: float) -> float:
        """Seconds until a caller may send a request. 0.0: now, and this request counts; a refused one doesn't."""
        if not self._gap:
            return 0.0
        before = self._full_at.get(caller, 0.0)
        full_at = (before if before > now else now) + self._gap
        if full_at - now > self._capacity + 1e-9:
            return full_at - now - self._capacity
        self._full_at[caller] = full_at
        return 0.0

    def charge(self, caller: str, count: int) -> None:
        """Count some more requests of a caller that has sent one: the next ones wait the longer."""
        self._full_at[caller] = self._full_at.get(caller, 0.0) + count * self._gap
