"""The events of the simulated CRM as its systems sent them to the service: nobody's, until somebody is known."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

PARTS = ("kind", "time", "id", "source")
OTHERS = (*PARTS, "lead", "received", "cookie", "machine")  # what is no property


def list_messages(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The messages for `POST /v1/events`, in the order in which they were sent; `table` is that of events.py.

    Visits under a cookie have an `anonymous_id` instead of the lead. An `identify` joins them to the lead, when it was
    created.
    """
    messages: list[dict[str, Any]] = []
    known: set[Hashable] = set()
    for row in table.to_dict("records"):
        happened = row["time"] if len(row["time"]) > len("2026-06-30") else f"{row['time']}T12:00:00Z"
        received = happened if pd.isna(row["received"]) else row["received"]
        message = {part: row[part] for part in PARTS}
        if pd.isna(row["cookie"]):
            message |= {"lead": row["lead"], "received": received}
        else:
            message |= {"anonymous_id": row["cookie"], "received": happened}
            if row["lead"] not in known:
                join = {"kind": "identify", "lead": row["lead"], "anonymous_id": row["cookie"]}
                messages.append({**join, "time": received, "received": received})
                known.add(row["lead"])
        messages.append(message | {"properties": _list_properties(row)})
    yield from sorted(messages, key=lambda message: str(message["received"]))


def write_messages(table: pd.DataFrame, path: Path) -> None:
    """Write the messages as JSON lines."""
    path.write_text("".join(json.dumps(message) + "\n" for message in list_messages(table)), "utf-8")


def _list_properties(row: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
    """What a row tells beside when, what and who; all of its numbers are whole."""
    told = {name: value for name, value in row.items() if name not in OTHERS and not pd.isna(value)}
    return {name: int(value) if isinstance(value, float) else value for name, value in told.items()}
