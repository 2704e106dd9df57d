"""Stored events that had happened by a score, but arrived after it: what they would have changed.

A score keeps what was counted then, so a replay never changes. The next score counts them; this tells them from what
happened since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from leadledger.api.log.event_rows import EventRow
from leadledger.api.log.raw_events import make_raw_events
from leadledger.api.log.record import decode_counts
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.event_counts import EventCounts
from leadledger.scoring.events.systems import PLAIN
from leadledger.scoring.tree import Typed


def find_late_events(
    engine: Engine, old: Mapping[str, Any], new: Mapping[str, Any], rows: Sequence[EventRow]
) -> list[EventRow]:
    """Which of a lead's stored events the newer of two scores could count, and the older could not, though they had
    happened; none of kinds that the card doesn't declare.
    """
    if not engine.card.card.events:
        return []
    names = engine.event_reader.names
    as_of, until = date.fromisoformat(old["as_of"]), date.fromisoformat(new["as_of"])
    return [
        row
        for row in rows
        if names.find("" if row.system == PLAIN else row.system, row.kind) is not None
        and _happened_before(row.time, old["at"])
        and _is_by(row.time, as_of, engine)
        and not _was_known(row, old["at"], as_of, engine)
        and _was_known(row, new["at"], until, engine)
    ]


def count_late(
    engine: Engine,
    old: Mapping[str, Any],
    rows: Sequence[EventRow],
    late: Sequence[EventRow],
    values: Mapping[str, Typed],
) -> EventCounts | None:
    """What the older score would have counted, had the late events been known; None where that can't be told.

    It can't where the stored events don't give what was counted: others were sent beside the lead, or some are gone.
    `values` are those of the older score.
    """
    counted = decode_counts(engine.card.card, old["input"], values)
    as_of = date.fromisoformat(old["as_of"])
    known = [row for row in rows if _was_known(row, old["at"], as_of, engine)]
    try:
        then = _count(engine, known, as_of, values)
        if counted is None or then is None or (then.values, then.rules) != (counted.values, counted.rules):
            return None
        return _count(engine, [*known, *(row._replace(received=row.time) for row in late)], as_of, values)
    except LeadError:  # the card can't read one of them
        return None


def _count(engine: Engine, rows: Sequence[EventRow], as_of: date, values: Mapping[str, Typed]) -> EventCounts | None:
    return engine.count_events(make_raw_events(engine.event_reader, rows), as_of, values)


def _happened_before(time: str, at: str) -> bool:
    """Whether something had happened when a score was answered; one of that day without a time of day hadn't."""
    return time < (at[:10] if len(time) == len("2026-01-31") else at)


def _was_known(row: EventRow, at: str, as_of: date, engine: Engine) -> bool:
    """Whether a score that was answered at a time, as of a day, could count an event."""
    return max(row.at, row.received) <= at and _is_by(row.received, as_of, engine)


def _is_by(time: str, day: date, engine: Engine) -> bool:
    """Whether a time lies on a day of the card, or before. Its own zone is asked only where it can matter."""
    apart = date.fromisoformat(time[:10]).toordinal() - day.toordinal()
    return apart <= 0 if abs(apart) > 1 else engine.event_reader.read_time(time).day <= day
