"""Microsoft Dynamics 365.

- Records: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/retrieve-entity-using-web-api
- Webhooks: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/use-webhooks
- Updates:
  https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/update-delete-entities-using-web-api
  https://learn.microsoft.com/en-us/power-apps/developer/data-platform/bulk-operations
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from leadledger.api.crm.base import Crm, Member, flatten, moment_of
from leadledger.api.requests.json_text import note_repeated_names
from leadledger.api.requests.mistakes import Mistakes, Path
from leadledger.scoring.text_forms import WHITE_SPACE

LABEL = "@OData.Community.Display.V1.FormattedValue"  # at the end of the name of a value's label

_JSON_DATE = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")

_OPTIONS = re.compile(r"[0-9]+(?: *, *[0-9]+)*")  # the numbers of some options

# The parts of a webhook that hold the record, the later on top of the earlier, and the key under which they do.
_PARTS = (("PreEntityImages", None), ("PostEntityImages", None), ("InputParameters", "Target"))


class Dynamics(Crm):
    """Flat records with OData annotations, or the event of a webhook."""

    name = "dynamics"
    title = "Dynamics"
    bodies = "a record with or without OData annotations, a list under `value`, or what a webhook sends"
    envelope = "value"

    updates = 'the columns of the record, several as `{"Targets": […]}`'
    most_updates = 1000
    around_updates = (b'{"Targets":[', b"]}")

    def has_marks(self, record: Mapping[str, Any]) -> bool:
        """An annotation of the record itself, or the parameters of an event."""
        return any(key.startswith("@odata.") for key in record) or isinstance(record.get("InputParameters"), list)

    def read_members(self, record: dict[str, Any], path: Path, mistakes: Mistakes) -> Iterator[Member]:
        """All but the annotations, each with the label that one of them gives it."""
        if isinstance(record.get("InputParameters"), list):
            yield from _read_event(record, path, mistakes)
            return
        labels = {key[: -len(LABEL)]: value for key, value in record.items() if key.endswith(LABEL)}
        for member in flatten(record, path, mistakes):
            if "@" not in member.name:
                label = labels.get(member.name)
                yield member if label is None else member._replace(label=label)

    def read_value(self, member: Member, kind: str) -> Any:
        """A text is what Dynamics shows for it: the label of an option, the name of a record that it points to.

        Several options are a text with the labels, `a; b`, beside one with their numbers, `1,2`; a webhook has a list.
        """
        value, label = member.value, member.label
        if kind == "choices":
            if isinstance(label, str):
                return [choice.strip(WHITE_SPACE) for choice in label.split(";")]
            if isinstance(value, list):
                return [item["Value"] if isinstance(item, dict) and "Value" in item else item for item in value]
            return value.split(",") if isinstance(value, str) and _OPTIONS.fullmatch(value) else value
        if isinstance(value, dict):  # of a webhook: {"Value": 3} is an option or an amount, {"Id": …} a record
            if "Value" in value:
                value = value["Value"]
            elif "LogicalName" in value:
                value = value.get("Name") if kind == "text" and label is None else value.get("Id")
        if kind == "text" and isinstance(label, str):
            return label
        moment = _JSON_DATE.fullmatch(value) if kind == "date" and isinstance(value, str) else None
        return value if moment is None else moment_of(int(moment[1])) or value

    def find_record_id(self, record: Mapping[str, Any]) -> Any:
        """The webhook has a name of its own for it."""
        return record.get("leadid") or record.get("PrimaryEntityId")

    def make_example(self, record: dict[str, Any], is_batch: bool) -> Any:
        """A record, or the answer to a query."""
        record = {"@odata.etag": 'W/"1"', **record}
        return {"@odata.context": "…/$metadata#leads", "value": [record]} if is_batch else record

    def make_update_of(self, record_id: str, properties: dict[str, Any], record: Any) -> dict[str, Any]:
        """A record with its type and its id."""
        return {"@odata.type": "Microsoft.Dynamics.CRM.lead", "leadid": record_id, **properties}


def _read_event(event: dict[str, Any], path: Path, mistakes: Mistakes) -> Iterator[Member]:
    """The record of a webhook: as it was before the change, with what was changed on top."""
    note_repeated_names(event, path, mistakes)
    members: dict[str, Member] = {}
    for part, wanted_key in _PARTS:
        for number, pair in enumerate(event[part] if isinstance(event.get(part), list) else []):
            is_wanted = isinstance(pair, dict) and (wanted_key is None or pair.get("key") == wanted_key)
            entity = pair.get("value") if is_wanted else None
            if isinstance(entity, dict) and isinstance(entity.get("Attributes"), list):
                members |= _read_entity(entity, (*path, part, number, "value"), mistakes)
    if not members:
        reason = "holds no `Target` with attributes, so there is no lead in it"
        mistakes.add((*path, "InputParameters"), reason)
    yield from members.values()


def _read_entity(entity: dict[str, Any], path: Path, mistakes: Mistakes) -> dict[str, Member]:
    """The attributes of one entity, by name."""
    formatted = entity["FormattedValues"] if isinstance(entity.get("FormattedValues"), list) else []
    labels = {str(pair.get("key")): pair.get("value") for pair in formatted if isinstance(pair, dict)}
    members = {}
    for number, pair in enumerate(entity["Attributes"]):
        here = (*path, "Attributes", number)
        if not isinstance(pair, dict) or not isinstance(pair.get("key"), str):
            mistakes.add(here, 'is not an attribute; Dynamics has {"key": …, "value": …} there')
            continue
        key, value = pair["key"], pair.get("value")
        # A webhook has `ownerid` for what everybody else calls `_ownerid_value`.
        name = f"_{key}_value" if isinstance(value, dict) and "LogicalName" in value else key
        members[name] = Member(name, value, (*here, "value"), labels.get(key))
    return members
