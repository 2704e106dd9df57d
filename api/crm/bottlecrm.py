"""BottleCRM, the open CRM on Django.

- Leads, updates and custom fields: https://github.com/Django-CRM/Django-CRM/blob/master/backend/leads/views/lead_views.py
- Webhooks: https://github.com/Django-CRM/Django-CRM/blob/master/backend/webhooks/events.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leadledger.api.crm.base import Crm, Member, flatten
from leadledger.api.requests.mistakes import NOTHING, Mistakes, Path

CUSTOM_FIELDS = "custom_fields"
CUSTOM_PREFIX = f"{CUSTOM_FIELDS}."  # of the name of a custom field, in cards and updates


class BottleCrm(Crm):
    """Flat records, with custom fields in an object of their own: `custom_fields.need`."""

    name = "bottlecrm"
    title = "BottleCRM"
    bodies = "a lead, what `GET /api/leads/ID/` answers (`lead_obj`), or a list of leads"
    envelope = "leads"
    marks_envelope = False

    updates = '`{"custom_fields": {…}}`, several as `{"updates": [{"id": …, "custom_fields": {…}}]}`'
    most_updates = 1000
    around_updates = (b'{"updates":[', b"]}")

    def has_marks(self, record: Mapping[str, Any]) -> bool:
        """A lead has a place on a board beside its custom fields; a page of leads and a notification have names too."""
        return (
            ("kanban_order" in record and CUSTOM_FIELDS in record)
            or isinstance(record.get("lead_obj"), dict)
            or isinstance(record.get("open_leads"), dict)
            or is_notification(record)
        )

    def open_envelope(self, body: Any, path: Path, mistakes: Mistakes) -> tuple[Any, Path]:
        """The lead of an answer about one. A page holds two lists, of which neither may be forgotten."""
        if isinstance(body, dict) and isinstance(body.get("lead_obj"), dict):
            return body["lead_obj"], (*path, "lead_obj")
        if isinstance(body, dict) and isinstance(body.get("open_leads"), dict):
            mistakes.add(path, "is a page of open and closed leads; send the leads of both as one list")
            return NOTHING, path
        return super().open_envelope(body, path, mistakes)

    def read_members(self, record: dict[str, Any], path: Path, mistakes: Mistakes) -> Iterator[Member]:
        """The members, and the custom fields with `custom_fields.` before their names."""
        if is_notification(record):
            mistakes.add(
                path,
                "is a notification of BottleCRM, without custom fields; read the lead and send that",
            )
            return
        yield from flatten(record, path, mistakes)

    def make_example(self, record: dict[str, Any], is_batch: bool) -> Any:
        """A lead as the API has it."""
        record = {
            "id": "feca1e43-c3b1-4087-b4bb-0daf63066b01",
            "kanban_order": "0.000000",
            CUSTOM_FIELDS: {},
            **self.make_update(record),
        }
        return [record] if is_batch else record

    def make_update(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The body of `PATCH /api/leads/ID/`: other custom fields stay as they are, and null clears one."""
        custom = {
            name.removeprefix(CUSTOM_PREFIX): value
            for name, value in properties.items()
            if name.startswith(CUSTOM_PREFIX)
        }
        plain = {name: value for name, value in properties.items() if not name.startswith(CUSTOM_PREFIX)}
        return {**plain, CUSTOM_FIELDS: custom} if custom else plain

    def make_update_of(self, record_id: str, properties: dict[str, Any], record: Any) -> dict[str, Any]:
        """The same, with the id."""
        return {"id": record_id, **self.make_update(properties)}


def is_notification(record: Mapping[str, Any]) -> bool:
    """Whether this is what a webhook of BottleCRM sends."""
    return "org_id" in record and "event" in record and isinstance(record.get("data"), dict)
