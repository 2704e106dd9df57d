"""Stored events as they would stand beside a lead in a request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from leadledger.api.log.event_rows import EventRow
from leadledger.scoring.events.event_reader import EventReader
from leadledger.scoring.events.systems import PLAIN

_read_json = json.JSONDecoder().raw_decode  # loads() looks for blanks around it besides, which the log doesn't write
JOINING = ("identify", "alias")  # kinds that join ids: where the card doesn't count them, they aren't unknown to it


def make_raw_events(reader: EventReader, rows: Sequence[EventRow]) -> list[dict[str, Any]]:
    """Stored events in our words, those of other systems under the names that the card has for their kinds."""
    events = []
    kinds: dict[tuple[str, str], str | None] = {}  # by system and name there
    for row in rows:
        name = ("" if row.system == PLAIN else row.system, row.kind)
        if name not in kinds:
            kinds[name] = reader.names.find(*name)
        kind = kinds[name]
        if kind is None and row.kind in JOINING:
            continue
        event: dict[str, Any] = {"kind": kind or row.kind, "time": row.time, "received": row.received}
        if row.id:
            event["id"] = row.id
        if row.source:
            event["source"] = row.source
        event["properties"], _ = _read_json(row.properties)
        events.append(event)
    return events
