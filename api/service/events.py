"""Events that are sent to be stored: what becomes of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from leadledger.api.log.event_rows import EventBatch
from leadledger.api.log.record import now
from leadledger.api.requests.event_bodies import read_events_body
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.service.history import refuse_without_log
from leadledger.api.service.sent_events import SentEvents
from leadledger.api.service.service import Service

EVENTS_PER_TURN = 100  # that are read before other requests get their turn: a millisecond or two
_DIFFERING = (
    "{} of the ids came with different contents; where events of one lead share an id, the one that was received first"
    " counts."
)


async def add_events(service: Service, content: bytes, headers: Mapping[bytes, bytes], key: str) -> dict[str, Any]:
    """Store the events of a body, each once, and say what became of them. `key` is the id of the API key.

    Events with mistakes are left out and listed. Raises Refusal: the body is no list of events, or all of them have
    mistakes (400, 422), there is no log (404), the log fails (503).
    """
    if service.decision_log is None:
        raise refuse_without_log()
    mistakes = Mistakes()
    events, paths = read_events_body(content, headers, mistakes)
    reader, at, sent, refused = service.loaded.event_reader, now(), SentEvents(), 0
    for start in range(0, len(events), EVENTS_PER_TURN):
        if start:
            await asyncio.sleep(0)
        turn = slice(start, start + EVENTS_PER_TURN)
        refused += reader.read_all(events[turn], paths[turn], at, key, sent, mistakes)
    service.metrics.count_events("refused", refused)
    if mistakes and not sent.events:
        raise mistakes.to_refusal("stored")
    batch = EventBatch(sent.events, sent.joins)
    if sent.events:
        await service.decision_log.recorder.record_events(batch)
    repeated = len(sent.events) - batch.stored
    service.metrics.count_events("stored", batch.stored)
    service.metrics.count_events("repeated", repeated)
    return {
        "stored": batch.stored,
        "repeated": repeated,
        "refused": refused,
        "joins": len(sent.joins),
        "unknown_kinds": [{"kind": kind, "events": count} for kind, count in sorted(sent.unknown_kinds.items())],
        "notes": [_DIFFERING.format(f"{batch.differing:,}")] if batch.differing else [],
        "errors": mistakes.to_list(),
    }
