"""Between the routes and the writer: what is recorded before its answer leaves, after it, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from leadledger.api.log.database import describe_error
from leadledger.api.log.record import KeptAnswer, Record, ScoredRequest, now
from leadledger.api.log.writer import LogWriter, PendingEntry, find_answer
from leadledger.api.requests.mistakes import ROOT, Mistake, Refusal
from leadledger.scoring.errors import Unrecorded

Mode: TypeAlias = Literal["sync", "async", "off"]
LONGEST_NAME = 255  # characters of an Idempotency-Key
OTHER = (
    422,
    "This Idempotency-Key came with another request; give each request a key of its own.",
    (Mistake(ROOT, "is not the request that this Idempotency-Key first came with"),),
)


@dataclass
class Recorder:
    """Records scores, in one of two modes: an answer leaves once its record is on the disk (`sync`), or before it
    (`async`; the scores that wait are lost if the process is killed). While the disk fails, neither mode answers.
    """

    engine: Engine
    mode: Mode
    writer: LogWriter = field(init=False)
    _open: dict[tuple[str, str], asyncio.Future[None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.writer = LogWriter(self.engine)

    async def record(self, records: Sequence[Record], answer: KeptAnswer | None = None) -> KeptAnswer | None:
        """Record scores; the answer that counts for an Idempotency-Key. Raises Refusal (503) where that fails."""
        waits = self.mode == "sync" or answer is not None or bool(self.writer.error)
        done = asyncio.get_running_loop().create_future() if waits else None
        try:
            self.writer.add(PendingEntry(records, answer, done))
            return None if done is None else await done
        except Unrecorded as error:
            raise unrecorded(str(error)) from None

    @staticmethod
    def read_idempotency_key(raw: bytes | None) -> str:
        """The Idempotency-Key of a request; empty: none. Raises Refusal (400) for one that can't be."""
        if raw is None:
            return ""
        found = raw.decode("latin-1").strip()
        if not found or len(found) > LONGEST_NAME or not found.isascii() or not found.isprintable():
            raise Refusal(
                400, f"The Idempotency-Key must be 1 to {LONGEST_NAME} printable ASCII characters, such as a UUID."
            )
        return found

    async def answer_once(
        self,
        key: str,
        name: str,
        scope: Mapping[str, Any],
        content: bytes,
        work: Callable[[], Awaitable[ScoredRequest]],
    ) -> bytes:
        """The first answer to a request with an Idempotency-Key, which is recorded once. Raises Refusal."""
        mine = digest(scope["path"], scope["query_string"], content)
        if (found := await self.answered(key, name)) is None:
            try:
                done = await work()
                found = await self.record(done.records, answer(key, name, mine, done.body, done.records))
            finally:
                self.finished(key, name)
        assert found is not None
        if found.digest != mine:
            raise Refusal(*OTHER)
        return found.body.encode()

    async def answered(self, key: str, name: str) -> KeptAnswer | None:
        """The first answer to a request with an Idempotency-Key; None: there is none yet, and `finished` must be told.

        Where another request of that name is being answered, this waits for it. Raises Refusal (503).
        """
        while (other := self._open.get((key, name))) is not None:
            await other
        self._open[key, name] = asyncio.get_running_loop().create_future()
        try:
            found = await asyncio.to_thread(self._find, key, name)
        except BaseException as error:
            self.finished(key, name)
            if isinstance(error, SQLAlchemyError):
                raise unrecorded(describe_error(error)) from None
            raise
        if found is not None:
            self.finished(key, name)
        return found

    def finished(self, key: str, name: str) -> None:
        """Let others of that name go on."""
        self._open.pop((key, name)).set_result(None)

    def _find(self, key: str, name: str) -> KeptAnswer | None:
        with self.engine.connect() as connection:
            return find_answer(connection, key, name)


def unrecorded(reason: str) -> Refusal:
    """The refusal of an answer that could not be recorded."""
    said = f"The decision log can't be written: {reason}. Nothing was scored; try again."
    return Refusal(503, said, retry_after=1)


def answer(key: str, name: str, digest: str, body: bytes, records: Sequence[Record]) -> KeptAnswer:
    """What is kept of an answer to a request with an Idempotency-Key."""
    return KeptAnswer(key, name, digest, now(), body.decode(), " ".join(one.id for one in records))


def digest(path: str, query: bytes, body: bytes) -> str:
    """What tells a request from another with the same Idempotency-Key."""
    return hashlib.sha256(b"\0".join([path.encode(), query, body])).hexdigest()
