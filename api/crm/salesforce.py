"""Salesforce.

- Records: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_get_field_values.htm
- Related records: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_query.htm
- Updates: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_update_fields.htm
  https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_update.htm
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leadledger.api.crm.base import Crm, Member, flatten
from leadledger.api.requests.mistakes import Mistakes, Path

ATTRIBUTES = "attributes"  # says of each record, also of related ones, what it is


class Salesforce(Crm):
    """Flat records with `attributes`; related records stand inside of them."""

    name = "salesforce"
    title = "Salesforce"
    bodies = "a lead with its `attributes`, a query's `records`, or a list"
    envelope = "records"

    updates = 'the fields of the record, several as `{"allOrNone": false, "records": […]}`'
    most_updates = 200
    around_updates = (b'{"allOrNone":false,"records":[', b"]}")

    def has_marks(self, record: Mapping[str, Any]) -> bool:
        """`attributes` with a type."""
        return _object_type(record) is not None

    def read_members(self, record: dict[str, Any], path: Path, mistakes: Mistakes) -> Iterator[Member]:
        """All but the attributes."""
        return flatten(record, path, mistakes, skipped=ATTRIBUTES)

    def find_record_id(self, record: Mapping[str, Any]) -> Any:
        """Flows write it small."""
        return record.get("Id", record.get("id"))

    def make_example(self, record: dict[str, Any], is_batch: bool) -> Any:
        """A record, or the answer to a query."""
        record = {ATTRIBUTES: {"type": "Lead", "url": "/services/data/v62.0/sobjects/Lead/00Q"}, **record}
        return {"totalSize": 1, "done": True, "records": [record]} if is_batch else record

    def make_update_of(self, record_id: str, properties: dict[str, Any], record: Any) -> dict[str, Any]:
        """A record with the type that it came with; a lead if it has none."""
        return {ATTRIBUTES: {"type": _object_type(record) or "Lead"}, "id": record_id, **properties}


def _object_type(record: Any) -> str | None:
    """What a record says it is, such as Lead or Contact; None where it doesn't."""
    attributes = record.get(ATTRIBUTES) if isinstance(record, dict) else None
    object_type = attributes.get("type") if isinstance(attributes, dict) else None
    return object_type if isinstance(object_type, str) else None
