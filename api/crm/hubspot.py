"""HubSpot.

- Contacts:
  https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/basic/get-crm-v3-objects-contacts-contactId
- {"value": …, "versions": […]} in older answers and in webhooks of workflows:
  https://legacydocs.hubspot.com/docs/methods/contacts/get_contact
- Notifications: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide
- Updates:
  https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts/batch/update-contacts
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from leadledger.api.crm.base import Crm, Member, flatten, moment_of
from leadledger.api.requests.json_text import note_repeated_names
from leadledger.api.requests.mistakes import Mistakes, Path
from leadledger.scoring.text_forms import WHITE_SPACE

# What can be milliseconds since 1970, and nothing else: no seconds, no 20260630 with or without a time, no Excel day.
_MILLISECONDS = re.compile("[0-9]{13}|(?!19|20|21)[1-9][0-9]{11}|-[0-9]{1,15}")

# What stands beside the properties says the same as two of them, under other names.
_BESIDE = {"id": "hs_object_id", "vid": "hs_object_id", "createdAt": "createdate"}


class HubSpot(Crm):
    """Texts under `properties`."""

    name = "hubspot"
    title = "HubSpot"
    bodies = "an object with `properties`, `results`, or what a workflow's webhook sends"
    envelope = "results"

    updates = '`{"properties": {…}}`, several as `{"inputs": [{"id": …, "properties": {…}}]}`'
    most_updates = 100
    around_updates = (b'{"inputs":[', b"]}")

    def has_marks(self, record: Mapping[str, Any]) -> bool:
        """`properties`, or what only notifications have."""
        return isinstance(record.get("properties"), dict) or _is_notification(record)

    def read_members(self, record: dict[str, Any], path: Path, mistakes: Mistakes) -> Iterator[Member]:
        """The properties, and what stands beside them."""
        if _is_notification(record):
            mistakes.add(path, "is a notification of HubSpot, which holds no lead; read the contact and send that")
            return
        if "properties" not in record:
            yield from flatten(record, path, mistakes)
            return
        properties, inside = record["properties"], (*path, "properties")
        note_repeated_names(record, path, mistakes)
        if not isinstance(properties, dict):
            mistakes.add(inside, 'is not an object; HubSpot has one there, like {"email": "a@b.no"}')
            return
        note_repeated_names(properties, inside, mistakes)
        for key, value in properties.items():
            here = (*inside, key)
            if isinstance(value, dict) and "value" in value:
                note_repeated_names(value, here, mistakes)
                value, here = value["value"], (*here, "value")
            yield Member(key, value, here)
        for key, name in _BESIDE.items():
            if key in record and name not in properties:
                yield Member(name, record[key], (*path, key))
        for key in record:
            if key != "properties" and key not in _BESIDE:
                yield Member(key, None, (*path, key))

    def read_value(self, member: Member, kind: str) -> Any:
        """A date may come in milliseconds since 1970, as a number or a text."""
        value = member.value
        if kind == "date" and not isinstance(value, bool):
            text = value.strip(WHITE_SPACE) if isinstance(value, str) else str(value) if isinstance(value, int) else ""
            if _MILLISECONDS.fullmatch(text):
                return moment_of(int(text)) or value
        return value

    def find_record_id(self, record: Mapping[str, Any]) -> Any:
        """It may be called `vid`, or be a property."""
        properties = record.get("properties")
        own = properties.get("hs_object_id") if isinstance(properties, dict) else None
        return record.get("id") or record.get("vid") or (own.get("value") if isinstance(own, dict) else own)

    def make_example(self, record: dict[str, Any], is_batch: bool) -> Any:
        """A contact, or a list of them."""
        record = {"id": "151", "properties": record}
        return {"results": [record]} if is_batch else record

    # All values are texts, numbers as people write them, and an empty one clears the property.

    def write_value(self, value: str | int | None) -> str:
        """A text."""
        return "" if value is None else str(value)

    def write_points(self, tenths: int | None) -> str:
        """`-0.5`, and `68` for 68.0."""
        if tenths is None:
            return ""
        points, rest = divmod(abs(tenths), 10)
        return f"{'-' if tenths < 0 else ''}{points}{f'.{rest}' if rest else ''}"

    def write_probability(self, probability: float | None) -> str:
        """`0.646363`, without zeros at the end."""
        return "" if probability is None else f"{probability:.6f}".rstrip("0").rstrip(".")

    def write_amount(self, amount: float | None) -> str:
        """`1234.5`, without zeros at the end."""
        return "" if amount is None else f"{amount:.2f}".rstrip("0").rstrip(".")

    def make_update(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties under their name."""
        return {"properties": properties}

    def make_update_of(self, record_id: str, properties: dict[str, Any], record: Any) -> dict[str, Any]:
        """The same, with the id."""
        return {"id": record_id, "properties": properties}


def _is_notification(record: Mapping[str, Any]) -> bool:
    return "subscriptionType" in record and "objectId" in record
