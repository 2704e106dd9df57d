"""Describes the bodies of POST /v1/events for /openapi.json: our own, and those of CloudEvents under their media types.

What Segment and others send is accepted as `application/json` too, but described there it would turn the body that
clients are generated from into a choice.
"""

from __future__ import annotations

from typing import Any

from leadledger.api.http.openapi_options import refer_to
from leadledger.api.requests.event_bodies import MOST_STORED_EVENTS
from leadledger.scoring.lead_ids import LONGEST_ID

_TIME = {"type": "string", "format": "date-time"}
_NAME: dict[str, Any] = {"type": "string", "maxLength": 200}
_KIND = {**_NAME, "minLength": 1, "pattern": r"\S"}
_ID = {"type": ["string", "integer"], "minLength": 1, "maxLength": LONGEST_ID, "pattern": r"\S"}
_OTHER_ID = {"type": ["string", "integer", "null"], "maxLength": LONGEST_ID}
_PROPERTIES = {"type": "object", "additionalProperties": {}}
_EXAMPLE = {
    "kind": "visit",
    "lead": "L-1042",
    "id": "v-1",
    "time": "2026-01-31T10:00:00Z",
    "properties": {"path": "/pricing"},
}
_CLOUD_EXAMPLE = {
    "specversion": "1.0",
    "type": "visit",
    "source": "https://example.com/web",
    "id": "v-1",
    "subject": "L-1042",
    "time": "2026-01-31T10:00:00Z",
    "data": {"path": "/pricing"},
}

SENT_EVENT = {
    "type": "object",
    "description": "What a lead did.",
    "properties": {
        "kind": {
            **_KIND,
            "description": "One of the card, or any other, which is stored too. `identify` joins `anonymous_id` to the"
            " lead, `alias` joins `previous_id`.",
        },
        "lead": {
            **_ID,
            "description": "The id of the lead. The service also accepts an event with `anonymous_id` alone.",
        },
        "anonymous_id": {**_OTHER_ID, "description": "An id of somebody who was not yet known, such as a cookie's."},
        "previous_id": {**_OTHER_ID, "description": "Of an `alias`: another id of the lead."},
        "time": {**_TIME, "description": "When it happened; a day alone is accepted too."},
        "received": {**_TIME, "description": "When it became known; if left out, the service writes its own time."},
        "id": {
            **_NAME,
            "type": ["string", "integer", "null"],
            "description": "What tells it from others of its source.",
        },
        "source": {**_NAME, "type": ["string", "integer", "null"], "description": "Where it comes from."},
        "properties": {**_PROPERTIES, "type": ["object", "null"], "description": "What it tells, by name."},
    },
    "required": ["kind", "lead", "time"],
    "additionalProperties": False,
    "examples": [_EXAMPLE],
}
EVENTS_REQUEST = {
    "type": "object",
    "properties": {"events": {"type": "array", "maxItems": MOST_STORED_EVENTS, "items": refer_to("SentEvent")}},
    "required": ["events"],
    "additionalProperties": False,
    "examples": [{"events": [_EXAMPLE]}],
}
CLOUD_EVENT = {
    "type": "object",
    "description": "An event of CloudEvents 1.0; its subject is the id of the lead.",
    "properties": {
        "specversion": {"type": "string", "const": "1.0"},
        "type": _KIND,
        "source": {**_NAME, "type": ["string", "integer"], "minLength": 1},
        "id": {**_NAME, "type": ["string", "integer"], "minLength": 1},
        "subject": _ID,
        "time": _TIME,
        "data": {**_PROPERTIES, "type": ["object", "null"]},
    },
    "required": ["specversion", "type", "source", "id", "subject", "time"],
    "examples": [_CLOUD_EXAMPLE],
}
CLOUD_EVENTS = {"type": "array", "maxItems": MOST_STORED_EVENTS, "items": CLOUD_EVENT, "examples": [[_CLOUD_EXAMPLE]]}


def describe_event_bodies(document: dict[str, Any]) -> None:
    """Add the bodies of CloudEvents to a document."""
    content = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]
    content["application/cloudevents+json"] = {"schema": CLOUD_EVENT}
    content["application/cloudevents-batch+json"] = {"schema": CLOUD_EVENTS}
