"""The whole book at a glance: its figures, and the questions that settle most. Each answer is kept for some seconds."""

from __future__ import annotations

import asyncio
from typing import Any

from leadledger.api.service.history import read_log
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.scoring import today
from leadledger.api.service.service import Service


async def answer_summary(service: Service) -> dict[str, Any]:
    """The figures of the book, as flat JSON. Raises Refusal: there is no log (404), or it fails (503)."""
    loaded = service.loaded
    day = today(loaded.card.card.time_zone)

    async def work_out() -> dict[str, Any]:
        from leadledger.api.log.book_summary import summarize_book

        return await read_log(service, lambda log: summarize_book(log.store, loaded.card, day))

    answer: dict[str, Any] = await service.kept_answers.get(("summary", _name(loaded), day), work_out)
    return answer


async def answer_questions(service: Service, most: int) -> dict[str, Any]:
    """The questions of at most so many leads of the book, as flat JSON. Raises Refusal as `answer_summary` does."""
    loaded = service.loaded

    async def work_out() -> dict[str, Any]:
        from leadledger.api.log.book_figures import BookFigures
        from leadledger.api.log.book_questions import read_asked_leads

        questions, steps = await read_log(
            service, lambda log: read_asked_leads(BookFigures(log.store.engine), loaded.engine, most)
        )
        for rows in steps:  # each in a thread, and others have their turn between two
            await asyncio.to_thread(questions.add, rows)
        return questions.to_dict()

    answer: dict[str, Any] = await service.kept_answers.get(("questions", _name(loaded), most), work_out)
    return answer


def _name(loaded: LoadedCard) -> tuple[str, str]:
    """What tells the card or the release that is served from any other."""
    return loaded.release, loaded.digest
