"""Answers a request that comes again with its Idempotency-Key once: the first answer, recorded once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from leadledger.api.log.database import describe_for_callers
from leadledger.api.log.group_commit import find_answer
from leadledger.api.log.record import KeptAnswer, ScoredRequest, now
from leadledger.api.log.recorder import Recorder, not_recorded
from leadledger.api.requests.mistakes import ROOT, Mistake, Refusal

LONGEST_IDEMPOTENCY_KEY = 255  # characters


@dataclass
class RepeatedRequests:
    """The requests with an Idempotency-Key: which are in progress, and what was answered to those before."""

    recorder: Recorder
    _open: dict[tuple[str, str], asyncio.Future[None]] = field(init=False, default_factory=dict)

    @staticmethod
    def read_name(raw: bytes) -> str:
        """Read the Idempotency-Key of a request. Raises Refusal (400) for an invalid one."""
        name = raw.decode("latin-1").strip()
        if not name or len(name) > LONGEST_IDEMPOTENCY_KEY or not name.isascii() or not name.isprintable():
            raise Refusal(
                400,
                f"The Idempotency-Key must be 1 to {LONGEST_IDEMPOTENCY_KEY} printable ASCII characters, such as a"
                " UUID.",
            )
        return name

    async def answer_once(
        self, key: str, name: str, digest: str, work: Callable[[], Awaitable[ScoredRequest]]
    ) -> bytes:
        """Answer a request with an Idempotency-Key: do its work and record it once, and repeat that answer afterwards.

        `key` is the id of the API key, `name` the Idempotency-Key, `digest` that of the request. Raises Refusal: the
        name belongs to another request (422), or the log fails (503).
        """
        answer = await self._open_answer(key, name)
        if answer is None:
            try:
                scored = await work()
                answer = await self.recorder.record(scored.records, _keep_answer(key, name, digest, scored))
            finally:
                self._close_answer(key, name)
        assert answer is not None
        if answer.digest != digest:
            raise Refusal(
                422,
                "This Idempotency-Key belongs to another request; give each request a key of its own.",
                (Mistake(ROOT, "differs from the request that this Idempotency-Key first came with"),),
            )
        return answer.body.encode()

    async def _open_answer(self, key: str, name: str) -> KeptAnswer | None:
        """The first answer under a name. None: there is none yet, and the caller must call `_close_answer`.

        Waits for another request of that name that is in progress. Raises Refusal (503).
        """
        while (in_progress := self._open.get((key, name))) is not None:
            await in_progress
        self._open[key, name] = asyncio.get_running_loop().create_future()
        try:
            answer = await asyncio.to_thread(self._find, key, name)
        except BaseException as error:
            self._close_answer(key, name)
            if isinstance(error, SQLAlchemyError):
                raise not_recorded(describe_for_callers(error)) from None
            raise
        if answer is not None:
            self._close_answer(key, name)
        return answer

    def _close_answer(self, key: str, name: str) -> None:
        """Let other requests of that name continue."""
        self._open.pop((key, name)).set_result(None)

    def _find(self, key: str, name: str) -> KeptAnswer | None:
        with self.recorder.engine.connect() as connection:
            return find_answer(connection, key, name)


def _keep_answer(key: str, name: str, digest: str, scored: ScoredRequest) -> KeptAnswer:
    score_ids = " ".join(record.id for record in scored.records)
    return KeptAnswer(key, name, digest, now(), scored.body.decode(), score_ids)
