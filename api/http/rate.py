"""How often one caller may ask: a bucket of requests that fills steadily and holds a few seconds' worth.

Kept as one number, the time at which the bucket would be full again (the generic cell rate algorithm, ITU-T I.371).
The state is that of one process: with several workers, a caller may get up to `workers` times the rate, depending on
how the system spreads its connections.
"""

from __future__ import annotations

BURST_SECONDS = 2.0  # seconds' worth of requests that may come at once after a pause


class RateLimiter:
    """The buckets of all callers. `per_second` is what each may ask in the long run; None sets no limit."""

    def __init__(self, per_second: float | None) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        # At least one whole request fits in, however low the rate.
        self._most = max(BURST_SECONDS, self._gap)
        self._full: dict[str, float] = {}

    def wait(self, caller: str, now: float) -> float:
        """Seconds until a caller may ask again; 0.0: now, and this request is counted. A refused one isn't."""
        if not self._gap:
            return 0.0
        then = self._full.get(caller, 0.0)
        full = (then if then > now else now) + self._gap
        if full - now > self._most + 1e-9:
            return full - now - self._most
        self._full[caller] = full
        return 0.0
