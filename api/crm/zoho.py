"""Zoho CRM: https://www.zoho.com/crm/developer/docs/api/v8/get-records.html"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leadledger.api.crm.base import Crm, Member, flatten
from leadledger.api.requests.mistakes import Mistakes, Path


class Zoho(Crm):
    """Records under `data`; a name that starts with `$` is about the record."""

    name = "zoho"
    title = "Zoho"
    bodies = "records under `data`"
    envelope = "data"

    def has_marks(self, record: Mapping[str, Any]) -> bool:
        """A name that starts with `$`."""
        return any(key.startswith("$") for key in record)

    def read_members(self, record: dict[str, Any], path: Path, mistakes: Mistakes) -> Iterator[Member]:
        """All but what is about the record."""
        for member in flatten(record, path, mistakes):
            if not member.name.startswith("$"):
                yield member

    def read_value(self, member: Member, kind: str) -> Any:
        """A record that it points to has a name and an id; several choices are a list."""
        value = member.value
        if isinstance(value, dict) and "id" in value and "name" in value:
            return value["id"] if kind == "id" else value["name"]
        if kind == "choices" and isinstance(value, list):  # of texts, or of records such as tags
            return [item["name"] if isinstance(item, dict) and "name" in item else item for item in value]
        if isinstance(value, list) and all(isinstance(choice, str) for choice in value):
            return ";".join(value)  # as HubSpot and Salesforce write it
        return value

    def make_example(self, record: dict[str, Any], is_batch: bool) -> Any:
        """Records under `data`, be it one or several."""
        return {"data": [{"$approved": True, **record}]}
