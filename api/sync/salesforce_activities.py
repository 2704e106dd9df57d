"""Tasks and events of Salesforce's calendar, as events of ours.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_task.htm
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

TASK_FIELDS = "Id, WhoId, Subject, TaskSubtype, Type, Status, ActivityDate, CompletedDateTime, CreatedDate"
MEETING_FIELDS = "Id, WhoId, Subject, Type, StartDateTime, ActivityDate, CreatedDate"
_KINDS_OF_TASKS = {"call": "call", "email": "mail", "listemail": "mail", "meeting": "meeting"}


def read_task(row: Mapping[str, Any]) -> dict[str, Any]:
    """A task that is done, as an event: `call`, `mail`, `meeting` or `task`."""
    words = [str(row.get(name) or "").lower() for name in ("TaskSubtype", "Type")]
    kind = next((_KINDS_OF_TASKS[word] for word in words if word in _KINDS_OF_TASKS), "task")
    time = row.get("CompletedDateTime") or row.get("ActivityDate") or row.get("CreatedDate")
    return _make_event(kind, row, time, {"subject": row.get("Subject"), "status": row.get("Status")})


def read_meeting(row: Mapping[str, Any]) -> dict[str, Any]:
    """An event of the calendar, as one of ours: `meeting`, or `call`."""
    kind = "call" if str(row.get("Type") or "").lower() == "call" else "meeting"
    time = row.get("StartDateTime") or row.get("ActivityDate") or row.get("CreatedDate")
    return _make_event(kind, row, time, {"subject": row.get("Subject")})


def _make_event(kind: str, row: Mapping[str, Any], time: Any, properties: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(time, str) and "T" in time:
        time = datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "kind": kind,
        "id": row.get("Id"),
        "source": "salesforce",
        "time": time,
        "lead": row.get("WhoId"),
        "properties": {name: value for name, value in properties.items() if value is not None},
    }
