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

    async def get(
        self, question: Hashable, work_out: Callable[[], Awaitable[Any]], renewed_for: float | None = None
    ) -> Any:
        """The answer to a question: one that is kept, or a new one. What `work_out` raises is raised, and not kept.

        `renewed_for`: a new one in any case, which is kept for so many seconds; meanwhile, others get the one before.
        """
        if renewed_for is None and (kept := self._find(question)) is not None:
            return kept[1]  # without the lock, which may be held for long
        async with self._lock:
            if renewed_for is None and (kept := self._find(question)) is not None:
                return kept[1]
            answer = await work_out()
            self._answers.pop(question, None)
            while len(self._answers) >= MOST_KEPT:
                del self._answers[next(iter(self._answers))]
            self._answers[question] = monotonic() + (self.seconds if renewed_for is None else renewed_for), answer
            return answer

    def _find(self, question: Hashable) -> tuple[float, Any] | None:
        """An answer that is kept, behind the time until which it is; None: there is none."""
        kept = self._answers.get(question)
        return kept if kept is not None and kept[0] > monotonic() else None
