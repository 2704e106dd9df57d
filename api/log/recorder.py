"""Records scores before their answer leaves or after it, and answers repeated requests once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from leadledger.api.log.database import describe_error
from leadledger.api.log.record import KeptAnswer, Record, ScoredRequest, now
from leadledger.api.log.writer import LogWriter, PendingEntry, find_answer
from leadledger.api.requests.mistakes import ROOT, Mistake, Refusal
from leadledger.scoring.errors import Unrecorded

Mode: TypeAlias = Literal["sync", "async", "off"]
LONGEST_IDEMPOTENCY_KEY = 255  # characters


@dataclass
class Recorder:
    """Records scores in one of two modes. While the disk fails, neither mode answers.

    With `sync` an answer leaves once its record is on the disk. With `async` it leaves before; scores that still wait
    are lost if the process is killed.
    """

    engine: Engine
    mode: Mode
    writer: LogWriter = field(init=False)
    _open: dict[tuple[str, str], asyncio.Future[None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.writer = LogWriter(self.engine)

    async def record(self, records: Sequence[Record], answer: KeptAnswer | None = None) -> KeptAnswer | None:
        """Record scores. Raises Refusal (503) where that fails.

        With `answer`, returns the answer that counts for its Idempotency-Key: this one, or the one recorded first.
        """
        waits = self.mode == "sync" or answer is not None or bool(self.writer.error)
        done = asyncio.get_running_loop().create_future() if waits else None
        try:
            self.writer.add(PendingEntry(records, answer, done))
            return None if done is None else await done
        except Unrecorded as error:
            raise _not_recorded(str(error)) from None

    @staticmethod
    def read_idempotency_key(raw: bytes | None) -> str:
        """Read the Idempotency-Key of a request; empty: it has none. Raises Refusal (400) for an invalid one."""
        if raw is None:
            return ""
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
                answer = await self.record(scored.records, _keep_answer(key, name, digest, scored))
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
                raise _not_recorded(describe_error(error)) from None
            raise
        if answer is not None:
            self._close_answer(key, name)
        return answer

    def _close_answer(self, key: str, name: str) -> None:
        """Let other requests of that name continue."""
        self._open.pop((key, name)).set_result(None)

    def _find(self, key: str, name: str) -> KeptAnswer | None:
        with self.engine.connect() as connection:
            return find_answer(connection, key, name)


def _keep_answer(key: str, name: str, digest: str, scored: ScoredRequest) -> KeptAnswer:
    score_ids = " ".join(record.id for record in scored.records)
    return KeptAnswer(key, name, digest, now(), scored.body.decode(), score_ids)


def _not_recorded(reason: str) -> Refusal:
    detail = f"The decision log can't be written: {reason}. Nothing was scored; try again."
    return Refusal(503, detail, retry_after=1)
