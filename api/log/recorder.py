"""Records scores before their answer leaves, or just after it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sqlalchemy import Engine

from leadledger.api.log.event_rows import EventBatch
from leadledger.api.log.group_commit import LogWriter, PendingEntry
from leadledger.api.log.record import KeptAnswer, Record
from leadledger.api.requests.mistakes import Refusal
from leadledger.scoring.errors import Unrecorded

Mode: TypeAlias = Literal["sync", "async", "off"]


@dataclass
class Recorder:
    """Records scores in one of two modes. While the disk fails, neither mode answers.

    With `sync` an answer leaves once its record is on the disk. With `async` it leaves before; scores that still wait
    are lost if the process is killed.
    """

    engine: Engine
    mode: Mode
    writer: LogWriter = field(init=False)

    def __post_init__(self) -> None:
        self.writer = LogWriter(self.engine)

    async def record(self, records: Sequence[Record], answer: KeptAnswer | None = None) -> KeptAnswer | None:
        """Record scores. Raises Refusal (503) where that fails.

        With `answer`, returns the answer that counts for its Idempotency-Key: this one, or the one recorded first.
        """
        waits = self.mode == "sync" or answer is not None or bool(self.writer.error)
        loop = asyncio.get_running_loop()
        done = loop.create_future() if waits else None
        try:
            self.writer.add(PendingEntry(records, answer, done), loop)
            return None if done is None else await done
        except Unrecorded as error:
            raise not_recorded(str(error)) from None

    async def record_events(self, batch: EventBatch) -> None:
        """Record events, whatever the mode, and wait for it. Raises Refusal (503) where that fails."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        try:
            self.writer.add(PendingEntry((), None, done, events=batch), loop)
            await done
        except Unrecorded as error:
            raise not_recorded(str(error), "stored") from None


def not_recorded(reason: str, done: str = "scored") -> Refusal:
    """The refusal (503) of a request whose scores or events can't be recorded; `done` is what wasn't done with them."""
    detail = f"The decision log can't be written: {reason}. Nothing was {done}; try again."
    return Refusal(503, detail, retry_after=1)
