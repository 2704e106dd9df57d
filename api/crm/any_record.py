"""Any record: what a system that we don't know sends, as `?from=record` says.

    {"success": true, "data": {"id": 7, "source": "partner", "label_ids": [], "custom_fields": {"need": "urgent"}}}

Members that no field of the card uses are ignored, whatever they hold. Those of records within it have the names of
both (`custom_fields.need`), which `from:` in the card may name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.api.crm.base import Crm
from leadledger.api.requests.json_text import note_repeated_names
from leadledger.api.requests.mistakes import NOTHING, Mistakes, Path
from leadledger.api.requests.parameters import ANY_RECORD

DEEPEST_WRAPPING = 4  # records around the one that is meant
# Members that hold a record, or a list of records, in the answers and notifications of many systems.
_WRAPPERS = (
    "lead",
    "leads",
    "record",
    "records",
    "data",
    "results",
    "result",
    "items",
    "value",
    "payload",
    "object",
    "attributes",
)


class AnyRecord(Crm):
    """A record of no system in particular."""

    name = ANY_RECORD
    title = "Any system"
    bodies = "a record, or a list of records, also below `data`, `record`, `results` and the like"
    envelope = "data"
    marks_envelope = False

    def has_marks(self, record: Mapping[str, Any]) -> bool:
        """None: it must be said."""
        return False

    def open_envelope(self, body: Any, path: Path, mistakes: Mistakes) -> tuple[Any, Path]:
        """What is below the members that wrap it."""
        for _ in range(DEEPEST_WRAPPING):
            if not isinstance(body, dict):
                break
            wrapper = next((name for name in _WRAPPERS if _holds_records(body.get(name))), None)
            if wrapper is None:
                break
            note_repeated_names(body, path, mistakes)
            body, path = _keep_id(body, body[wrapper]), (*path, wrapper)
        if not isinstance(body, dict | list):
            mistakes.add(path, "is neither a record nor a list of them")
            return NOTHING, path
        return body, path

    def make_example(self, record: dict[str, Any], is_batch: bool) -> Any:
        """Below `data`."""
        return {"data": [record] if is_batch else record}


def _holds_records(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _keep_id(wrapper: dict[str, Any], wrapped: Any) -> Any:
    """The attributes of a JSON:API resource, with the id that stands beside them. https://jsonapi.org/format/"""
    if wrapped is wrapper.get("attributes") and isinstance(wrapped, dict) and "id" in wrapper:
        return {"id": wrapper["id"], **wrapped}
    return wrapped
