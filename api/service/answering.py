"""Score, record, answer: what becomes of a request to score, whatever brings it. No web framework here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from leadledger.api.log.record import ScoredRequest, digest_request
from leadledger.api.service.batch import score_batch
from leadledger.api.service.scoring import ScoreCall, score_one
from leadledger.api.service.service import DecisionLog, Service

Work: TypeAlias = Callable[[Service, ScoreCall], Awaitable[ScoredRequest]]


async def answer_score(service: Service, call: ScoreCall) -> bytes:
    """The result of one lead as JSON, once it is recorded. Raises Refusal."""
    return await _answer(service, call, score_one)


async def answer_batch(service: Service, call: ScoreCall) -> bytes:
    """A result or a refusal for each of several leads as JSON, in their order, once all are recorded.

    With `reply`, the refusals stand in `errors` of the update call. Raises Refusal.
    """
    return await _answer(service, call, score_batch)


async def _answer(service: Service, call: ScoreCall, score: Work) -> bytes:
    """Do the work of a request, and answer once its scores are recorded."""
    log = service.decision_log
    if log is not None and call.idempotency_key is not None:
        return await _answer_once(service, log, call, call.idempotency_key, score)
    scored = await score(service, call)
    if log is not None:
        await log.recorder.record(scored.records)
    service.metrics.count_scores(scored.results)
    return scored.body


async def _answer_once(
    service: Service, log: DecisionLog, call: ScoreCall, idempotency_key: bytes, score: Work
) -> bytes:
    """Do the work of a request with an Idempotency-Key, unless an earlier one of that name has its answer."""
    scored: ScoredRequest | None = None

    async def work() -> ScoredRequest:
        nonlocal scored
        scored = await score(service, call)
        return scored

    name = log.repeated_requests.read_name(idempotency_key)
    digest = digest_request(call.path, call.query, call.content)
    answer = await log.repeated_requests.answer_once(call.key, name, digest, work)
    if scored is not None:
        if call.count_leads is not None:
            call.count_leads(len(scored.results))
        service.metrics.count_scores(scored.results)
    return answer
