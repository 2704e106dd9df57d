"""Answers that take long to work out, kept for a moment, so that many who ask cost as much as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Any

MOST_KEPT = 16


class KeptAnswers:
    """The latest answers by what was asked, each for `seconds`; one is worked out at a time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._answers: dict[Hashable, tuple[float, Any]] = {}
        self._lock = asyncio.Lock()

    async def get(self, question: Hashable, work_out: Callable[[], Awaitable[Any]]) -> Any:
        """The answer to a question: one that is kept, or a new one. What `work_out` raises is raised, and not kept."""
        async with self._lock:
            until, answer = self._answers.get(question, (0.0, None))
            if until > monotonic():
                return answer
            answer = await work_out()
            self._answers.pop(question, None)
            while len(self._answers) >= MOST_KEPT:
                del self._answers[next(iter(self._answers))]
            self._answers[question] = monotonic() + self.seconds, answer
            return answer
