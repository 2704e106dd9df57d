"""Score, record, answer: what becomes of a request to score, whatever brings it. No web framework here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from leadledger.api.log.record import (
    ScoredRequest,
    digest_request,
)
from leadledger.api.service.batch import score_batch
from leadledger.api.service.scoring import ScoreCall, score_one
from leadledger.api.service.service import Service


async def answer_score(service: Service, call: ScoreCall) -> bytes:
    """The result of one lead as JSON, once it is recorded. Raises Refusal."""
    return await _answer(service, call, score_one)


async def answer_batch(service: Service, call: ScoreCall) -> bytes:
    """A result or a refusal for each of several leads as JSON, in their order, once all are recorded.

    With `reply`, the refusals stand in `errors` of the update call. Raises Refusal.
    """
    return await _answer(service, call, score_batch)


async def _answer(
    service: Service, call: ScoreCall, score: Callable[[Service, ScoreCall], Awaitable[ScoredRequest]]
) -> bytes:
    """Do the work of a request, and answer once its scores are recorded."""
    scored: ScoredRequest | None = None

    async def work() -> ScoredRequest:
        nonlocal scored
        scored = await score(service, call)
        return scored

    if service.decision_log is None:
        answer = (await work()).body
    else:
        repeated = service.decision_log.repeated_requests
        name = repeated.read_name(call.idempotency_key)
        if name:
            digest = digest_request(call.path, call.query, call.content)
            answer = await repeated.answer_once(call.key, name, digest, work)
            if scored is not None and call.count_leads is not None:
                call.count_leads(len(scored.results))
        else:
            done = await work()
            await service.decision_log.recorder.record(done.records)
            answer = done.body
    if scored is not None:  # else an earlier request of that name was
        service.metrics.count_scores(scored.results)
    return answer
