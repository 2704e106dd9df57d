"""When a message is sent again, and what an answer means.

The delays are those of Standard Webhooks, ten attempts within three days, moved at random so that what failed together
isn't sent again together:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRY_DELAYS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)  # seconds after each failed attempt
MOST_ATTEMPTS = len(RETRY_DELAYS) + 1
JITTER = 0.1  # part of a delay by which it may be shorter or longer
LONGEST_RETRY_AFTER = 86_400  # seconds; a receiver that asks for more is asked again after a day
GONE = 410
BUSY = (429, 503)  # whose Retry-After counts


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: the status (None: there was no answer), and what went wrong (empty: nothing).

    `retry_after`: seconds for which a busy receiver wants no message; None: it doesn't say. `seconds`: how long the
    attempt took. Nothing else of an answer is kept.
    """

    status: int | None
    problem: str = ""
    retry_after: float | None = None
    seconds: float = 0.0

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has taken the message."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no more messages."""
        return self.status == GONE


def choose_delay(attempts: int, retry_after: float | None, drawn: random.Random) -> float | None:
    """Seconds to the next attempt after `attempts` that failed; None: there is no other."""
    if attempts >= MOST_ATTEMPTS:
        return None
    delay = RETRY_DELAYS[attempts - 1] * drawn.uniform(1 - JITTER, 1 + JITTER)
    return max(delay, retry_after or 0.0)


def read_retry_after(text: str, now: datetime) -> float | None:
    """The seconds that a header Retry-After asks for, at most `LONGEST_RETRY_AFTER`; None where it can't be read."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, 0.0), float(LONGEST_RETRY_AFTER))
