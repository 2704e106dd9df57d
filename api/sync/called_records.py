"""Of which records a call of a CRM tells: their ids, and nothing else of it is believed.

What a call says of a record may be a part of it, or old by the time it comes; so the record is read by the API.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MOST_RECORDS = 1000  # of one call: HubSpot sends up to 100 notifications at once
LONGEST_ID = 100
# HubSpot's numbers of the objects that a sync may be of, and the first words of older subscriptions.
_HUBSPOT_TYPES = {"0-1": "contacts", "0-2": "companies", "0-136": "leads"}
_HUBSPOT_WORDS = {"contact": "contacts", "company": "companies", "lead": "leads"}


def list_called_records(system: str, body: Any, scope: str) -> list[str]:
    """The ids of the records that a call tells of, each once; `scope` is the kind of object that is synced."""
    find = {"hubspot": _find_in_hubspot, "bottlecrm": _find_in_bottlecrm}.get(system, _find_anywhere)
    ids = dict.fromkeys(record_id for record_id in map(_read_id, find(body, scope)) if record_id)
    return list(ids)[:MOST_RECORDS]


def _find_in_hubspot(body: Any, scope: str) -> Iterator[Any]:
    for notification in body if isinstance(body, list) else [body]:
        if not isinstance(notification, dict):
            continue
        word = str(notification.get("subscriptionType", "")).partition(".")[0]
        kind = _HUBSPOT_WORDS.get(word) or _HUBSPOT_TYPES.get(str(notification.get("objectTypeId")))
        if kind == scope:
            yield notification.get("objectId")
            yield notification.get("newObjectId")  # of a merge
            merged = notification.get("mergedObjectIds")
            yield from merged if isinstance(merged, list) else ()


def _find_in_bottlecrm(body: Any, scope: str) -> Iterator[Any]:
    if isinstance(body, dict) and str(body.get("event", "")).startswith("lead.") and isinstance(body.get("data"), dict):
        yield body["data"].get("id")


def _find_anywhere(body: Any, scope: str) -> Iterator[Any]:
    """`{"id": …}` or `{"ids": […]}`, by itself or under `data`."""
    if not isinstance(body, dict):
        return
    data = body["data"] if isinstance(body.get("data"), dict) else body
    yield data.get("id")
    ids = data.get("ids")
    yield from ids if isinstance(ids, list) else ()


def _read_id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    return text if len(text) <= LONGEST_ID and text.isascii() and text.isprintable() and " " not in text else ""
