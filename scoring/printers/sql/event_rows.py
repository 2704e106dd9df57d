"""From a row of a table of events, as an engine gives it, to a raw event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from leadledger.scoring.events.systems import PLAIN_MEMBERS
from leadledger.scoring.printers.sql.event_members import LEAD_KEY
from leadledger.scoring.printers.sql.event_table import LEAD, PROPERTIES


def make_event(row: Mapping[str, Any]) -> dict[str, Any]:
    """A raw event from a row: what isn't one of its members is a property, unless a column has the `properties`."""
    event = {name: value for name in PLAIN_MEMBERS if (value := row.get(name)) not in (None, "")}
    event |= {name: str(value) for name, value in event.items() if isinstance(value, UUID)}
    if PROPERTIES not in row:
        event[PROPERTIES] = {
            name: value
            for name, value in row.items()
            if name not in (*PLAIN_MEMBERS, LEAD, LEAD_KEY) and value is not None
        }
    elif isinstance(row[PROPERTIES], str):
        with suppress(ValueError):  # the reader says what is wrong with a text
            event[PROPERTIES] = json.loads(row[PROPERTIES])
    return event
