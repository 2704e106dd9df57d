"""Answers that are kept for a moment."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from leadledger.api.service.kept_answers import MOST_KEPT, KeptAnswers


def test_many_who_ask_at_once_get_one_answer() -> None:
    """While an answer is worked out, others wait for it; each question has its own."""
    numbers = count()

    async def work_out() -> int:
        number = next(numbers)
        await asyncio.sleep(0.01)
        return number

    async def ask() -> list[Any]:
        kept = KeptAnswers(60)
        return await asyncio.gather(*(kept.get(question, work_out) for question in "aabab"))

    assert asyncio.run(ask()) == [0, 0, 1, 0, 1]


def test_answers_expire_and_few_are_kept() -> None:
    """An answer is worked out again after its time, and of many questions the latest are kept."""
    numbers = count()

    async def work_out() -> int:
        return next(numbers)

    async def ask() -> list[Any]:
        expired, full = KeptAnswers(0), KeptAnswers(60)
        answers = [await expired.get("a", work_out) for _ in range(2)]
        for question in range(MOST_KEPT + 1):
            await full.get(question, work_out)
        return [*answers, await full.get(MOST_KEPT, work_out), await full.get(0, work_out)]

    assert asyncio.run(ask()) == [0, 1, MOST_KEPT + 2, MOST_KEPT + 3]


def test_while_an_answer_is_renewed_others_get_the_one_before() -> None:
    """Nobody waits for a renewal, and its answer is kept for as long as it says."""
    numbers, go_on = count(), asyncio.Event()

    async def work_out() -> int:
        number = next(numbers)
        if number:
            await go_on.wait()
        return number

    async def ask() -> list[Any]:
        kept = KeptAnswers(60)
        answers = [await kept.get("a", work_out)]
        renewal = asyncio.create_task(kept.get("a", work_out, 0))
        await asyncio.sleep(0)
        answers.append(await kept.get("a", work_out))
        go_on.set()
        return [*answers, await renewal, await kept.get("a", work_out)]

    assert asyncio.run(ask()) == [0, 0, 1, 2]


def test_a_failure_is_not_kept() -> None:
    """What fails is raised, and tried again by whoever asks next."""

    async def fail() -> int:
        raise ValueError("down")

    async def work_out() -> int:
        return 7

    async def ask() -> Any:
        kept = KeptAnswers(60)
        with pytest.raises(ValueError, match="down"):
            await kept.get("a", fail)
        return await kept.get("a", work_out)

    assert asyncio.run(ask()) == 7
