"""Mails, calls, meetings and tasks of HubSpot, as events of ours.

https://developers.hubspot.com/docs/api-reference/crm-emails-v3/guide, and beside it those of the others
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from leadledger.api.sync.api_client import ApiAnswer
from leadledger.scoring.errors import SyncError


class ActivityKind(NamedTuple):
    """A kind of activity: its object, our word for it, and the properties that hold what it was about and its state."""

    object_type: str
    kind: str
    subject: str
    status: str


ACTIVITY_KINDS = (
    ActivityKind("emails", "mail", "hs_email_subject", "hs_email_status"),
    ActivityKind("calls", "call", "hs_call_title", "hs_call_status"),
    ActivityKind("meetings", "meeting", "hs_meeting_title", "hs_meeting_outcome"),
    ActivityKind("tasks", "task", "hs_task_subject", "hs_task_status"),
)
TIME = "hs_timestamp"  # when it happened, or is due
_NOT_DONE = {"tasks": ("NOT_STARTED", "IN_PROGRESS", "WAITING", "DEFERRED"), "meetings": ("SCHEDULED", "CANCELED")}


def make_activity(kind: ActivityKind, record_id: str, activity_id: str, properties: Mapping[str, Any]) -> Any:
    """An activity that is done as an event of a record; None: it isn't done, or doesn't say when."""
    status, time = properties.get(kind.status), properties.get(TIME)
    if not time or status in _NOT_DONE.get(kind.object_type, ()):
        return None
    known = {"subject": properties.get(kind.subject), "status": status}
    return {
        "kind": kind.kind,
        "id": f"{kind.object_type}/{activity_id}/{record_id}",
        "source": "hubspot",
        "time": time,
        "lead": record_id,
        "properties": {name: value for name, value in known.items() if value},
    }


def read_associations(answer: ApiAnswer) -> Iterator[tuple[str, str]]:
    """The ids of activities, each beside that of a record that it is of. Raises SyncError."""
    for item in answer.read("results", list):
        try:
            activity_id, record_ids = str(item["from"]["id"]), [str(other["toObjectId"]) for other in item["to"]]
        except (KeyError, TypeError):
            raise SyncError(
                f"{answer.call} answered without the ids of what it joins; the next run tries again."
            ) from None
        for record_id in record_ids:
            yield activity_id, record_id
