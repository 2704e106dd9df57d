"""Delivers messages: by a task of the service, or once, until nothing is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from leadledger.api.hooks.delivery_queue import Claim, DeliveryQueue
from leadledger.api.hooks.places import Places
from leadledger.api.hooks.retries import Answer
from leadledger.api.hooks.sender import Sender
from leadledger.api.log.outbox import DEAD

AttemptOutcome: TypeAlias = Literal["delivered", "failed", "dead"]
GATHER_SECONDS = 0.005  # in which attempts end that are written together: each transaction waits for the disk
LOOK_INTERVAL = 1.0  # seconds between two looks for what is due


class Attempt(NamedTuple):
    """An attempt that is over. `state`: what the delivery is now: delivered, waiting or dead."""

    claim: Claim
    answer: Answer
    state: str

    @property
    def outcome(self) -> AttemptOutcome:
        """What came of it; `failed`: it is tried again."""
        if self.answer.is_delivered:
            return "delivered"
        return "dead" if self.state == DEAD else "failed"

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON for logs; nothing of the URL or of what the message says."""
        return {
            "message": self.outcome,
            "hook": self.claim.subscription,
            "message_id": self.claim.message_id,
            "kind": self.claim.kind,
            "attempt": self.claim.attempts + 1,
            "status": self.answer.status,
            "problem": self.answer.problem,
            "ms": round(self.answer.seconds * 1000, 1),
        }


def read_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@dataclass
class Deliverer:
    """Delivers what a queue has. `report` takes each attempt that is over; `clock` is what is due measured by."""

    queue: DeliveryQueue
    sender: Sender
    report: Callable[[Attempt], None]
    clock: Callable[[], datetime] = read_clock
    places: Places = field(default_factory=Places)
    _news: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)
    _is_stopped: bool = field(default=False, init=False)
    _attempts: dict[asyncio.Task[Answer], Claim] = field(default_factory=dict, init=False)
    _unsettled: list[tuple[Claim, Answer]] = field(default_factory=list, init=False)

    async def run(self) -> None:
        """Deliver until `stop` is called. While the database fails, it is tried again each second."""
        self._loop = asyncio.get_running_loop()
        try:
            while not self._is_stopped:
                try:
                    await self._claim()
                    await self._await_attempts()
                except SQLAlchemyError:  # scores that can't be recorded report it
                    await asyncio.sleep(LOOK_INTERVAL)
        finally:
            await self._break_off()

    def stop(self) -> None:
        """End `run`, once the database has done what it is asked to; attempts are broken off and due again."""
        self._is_stopped = True
        self._news.set()

    def wake(self) -> None:
        """Look at once for what is due: something was decided. May be called from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._news.set)

    async def drain(self) -> None:
        """Deliver until nothing is due, and nothing is being tried. Raises SQLAlchemyError."""
        try:
            while await self._claim() or self._attempts:
                await self._await_attempts()
        finally:
            await self._break_off()

    async def _claim(self) -> bool:
        """Begin attempts at what is due. Returns whether there are any."""
        claims = await asyncio.to_thread(self.queue.claim, self.clock(), self.places)
        for claim in claims:
            self.places.take(claim.subscription)
            sending = self.sender.send(claim.url, claim.message_id, claim.body, claim.secrets)
            self._attempts[asyncio.create_task(sending)] = claim
        return bool(claims)

    async def _await_attempts(self) -> None:
        """Wait until an attempt ends or messages come in, and record the results of attempts that have ended."""
        if not self._unsettled:
            news = asyncio.create_task(self._news.wait())
            await asyncio.wait({*self._attempts, news}, timeout=LOOK_INTERVAL, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            self._news.clear()
            if self._attempts:
                await asyncio.sleep(GATHER_SECONDS)
        for task in [task for task in self._attempts if task.done()]:
            claim, answer = self._attempts.pop(task), task.result()
            self.places.give_back(claim.subscription, answer.is_delivered)
            self._unsettled.append((claim, answer))
        await self._settle()

    async def _settle(self) -> None:
        if not self._unsettled:
            return
        states = await asyncio.to_thread(self.queue.settle, self._unsettled, self.clock())
        ended, self._unsettled = self._unsettled, []
        for (claim, answer), state in zip(ended, states, strict=True):
            self.report(Attempt(claim, answer, state))

    async def _break_off(self) -> None:
        """End the attempts that are being made, so that they are due again, and write what came of the others."""
        for task in self._attempts:
            task.cancel()
        if self._attempts:
            await asyncio.wait(self._attempts)
        claims = list(self._attempts.values())
        self._attempts.clear()
        with suppress(SQLAlchemyError):  # the leases end by themselves
            await self._settle()
            if claims:
                await asyncio.to_thread(self.queue.release, claims, self.clock())
