"""How five CRMs write: their envelopes, the members of a record, what a value means.

Each CRM is a few small functions in one `Shape`. The page of the vendor stands behind each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from leadledger.api.requests import body
from leadledger.api.requests.mistakes import NOTHING, Mistakes, child
from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.field import SPACE

DEEPEST = 5  # levels of related records that are read: as many as Salesforce follows in a query
LABEL = "@OData.Community.Display.V1.FormattedValue"

_ENVELOPES = (("records", "salesforce"), ("results", "hubspot"), ("value", "dynamics"), ("data", "zoho"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = re.compile(r"-?[0-9]{1,15}")
_JSON_DATE = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")

# A member of a record: its name, value, path and label (what the CRM shows for the value; None: it doesn't say).
Member = tuple[str, Any, str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """How one CRM writes.

    `marked`: whether a record, or a body, has a mark that nothing else has. `inside`: what is inside of an envelope, a
    record or a list, and its path. `members`: those of a record. `value`: what a value means for a field of a kind,
    from its name, itself, the kind and the label; it raises UnreadableValue. `key`: the record's id, None
    where it has none.
    """

    marked: Callable[[dict[str, Any]], bool]
    inside: Callable[[Any, str, Mistakes], tuple[Any, str]]
    members: Callable[[dict[str, Any], str, Mistakes], Iterator[Member]]
    value: Callable[[str, Any, str, Any], Any]
    key: Callable[[dict[str, Any]], Any]


def record_id(source: str, record: Any) -> str | None:
    """The id of a record of a CRM, as a text; None where it has none."""
    found = SHAPES[source].key(record) if source and isinstance(record, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found) or None


def source_of(parsed: Any) -> str:
    """The CRM that a body surely comes from; empty where it has no mark of one."""
    first = parsed[0] if isinstance(parsed, list) and parsed else parsed
    if not isinstance(first, dict):
        return ""
    for system, shape in SHAPES.items():
        if shape.marked(first):
            return system
    if first is parsed:
        for key, system in _ENVELOPES:
            inside = parsed.get(key)
            one = inside[0] if isinstance(inside, list) and inside else None
            if isinstance(one, dict) and SHAPES[system].marked(one):
                return system
    return ""


def object_of(record: Any) -> str:
    """What a record of Salesforce says it is, such as Lead or Contact; empty where it doesn't."""
    attributes = record.get("attributes") if isinstance(record, dict) else None
    found = attributes.get("type") if isinstance(attributes, dict) else None
    return found if isinstance(found, str) else ""


def _enveloped(*keys: str) -> Callable[[Any, str, Mistakes], tuple[Any, str]]:
    """What stands under one of some keys, or the body itself."""

    def inside(parsed: Any, path: str, mistakes: Mistakes) -> tuple[Any, str]:
        if isinstance(parsed, dict):
            for key in keys:
                if isinstance(parsed.get(key), list):
                    _twice(parsed, path, mistakes)
                    return parsed[key], child(path, key)
        if not isinstance(parsed, dict | list):
            mistakes.add(path, "is neither a record nor a list of them")
            return NOTHING, path
        return parsed, path

    return inside


def _flat(record: dict[str, Any], path: str, mistakes: Mistakes, before: str = "", depth: int = 0) -> Iterator[Member]:
    """The members of a record; those of a record within it have the name of both, as in `Owner.Name`."""
    _twice(record, path, mistakes)
    for key, value in record.items():
        at = child(path, key)
        if isinstance(value, dict) and depth < DEEPEST:
            yield from _flat(value, at, mistakes, f"{before}{key}.", depth + 1)
        yield f"{before}{key}", value, at, None


def _twice(found: dict[str, Any], path: str, mistakes: Mistakes) -> None:
    """Note the names that stand in an object more than once."""
    if isinstance(found, body.Repeated):
        for name in found.names:
            mistakes.add(child(path, name), "stands here more than once; send it once")


def _same(name: str, value: Any, kind: str, label: Any) -> Any:
    return value


def _day(milliseconds: int) -> str | None:
    """The day of a moment, as a date is written; None beyond the years 1 to 9999."""
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).date().isoformat()
    except OverflowError:
        return None


# Salesforce: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_get_field_values.htm;
# with related records: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_query.htm


def _salesforce_marked(record: dict[str, Any]) -> bool:
    attributes = record.get("attributes")
    return isinstance(attributes, dict) and isinstance(attributes.get("type"), str)


def _salesforce_members(record: dict[str, Any], path: str, mistakes: Mistakes) -> Iterator[Member]:
    for found in _flat(record, path, mistakes):
        if "attributes" not in found[0].split("."):
            yield found


def _salesforce_key(record: dict[str, Any]) -> Any:
    return record.get("Id", record.get("id"))


# HubSpot: https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/basic/get-crm-v3-objects-contacts-contactId;
# {"value": …, "versions": […]} in older answers and in webhooks of workflows:
# https://legacydocs.hubspot.com/docs/methods/contacts/get_contact


def _hubspot_marked(record: dict[str, Any]) -> bool:
    return isinstance(record.get("properties"), dict) or _is_notification(record)


def _is_notification(record: dict[str, Any]) -> bool:
    return "subscriptionType" in record and "objectId" in record


def _hubspot_members(record: dict[str, Any], path: str, mistakes: Mistakes) -> Iterator[Member]:
    if _is_notification(record):
        # https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide
        mistakes.add(path, "is a notification of HubSpot, which holds no lead; read the contact and send that")
        return
    if "properties" not in record:
        yield from _flat(record, path, mistakes)
        return
    properties, at = record["properties"], child(path, "properties")
    _twice(record, path, mistakes)
    if not isinstance(properties, dict):
        mistakes.add(at, 'is no object; HubSpot has one there, like {"email": "a@b.no"}')
        return
    _twice(properties, at, mistakes)
    for key, value in properties.items():
        there = child(at, key)
        if isinstance(value, dict) and "value" in value:
            _twice(value, there, mistakes)
            value, there = value["value"], child(there, "value")
        yield key, value, there, None
    # What stands beside the properties says the same as two of them, under other names.
    for key, names in (("id", ("hs_object_id",)), ("vid", ("hs_object_id",)), ("createdAt", ("createdate",))):
        for name in names:
            if key in record and name not in properties:
                yield name, record[key], child(path, key), None
    for key in record:
        if key not in ("properties", "id", "vid", "createdAt"):
            yield key, None, child(path, key), None


def _hubspot_value(name: str, value: Any, kind: str, label: Any) -> Any:
    """A date may come in milliseconds since 1970, as a number or a text."""
    if kind == "date" and not isinstance(value, bool):
        written = value.strip(SPACE) if isinstance(value, str) else str(value) if isinstance(value, int) else ""
        if _MILLISECONDS.fullmatch(written):
            return _day(int(written)) or value
    return value


def _hubspot_key(record: dict[str, Any]) -> Any:
    properties = record.get("properties")
    found = properties.get("hs_object_id") if isinstance(properties, dict) else None
    return record.get("id") or record.get("vid") or (found.get("value") if isinstance(found, dict) else found)


# Dynamics: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/retrieve-entity-using-web-api;
# of a webhook: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/use-webhooks


def _dynamics_marked(record: dict[str, Any]) -> bool:
    return any(key.startswith("@odata.") for key in record) or isinstance(record.get("InputParameters"), list)


def _dynamics_members(record: dict[str, Any], path: str, mistakes: Mistakes) -> Iterator[Member]:
    if isinstance(record.get("InputParameters"), list):
        yield from _dynamics_event(record, path, mistakes)
        return
    labels = {key[: -len(LABEL)]: value for key, value in record.items() if key.endswith(LABEL)}
    for key, value, at, _ in _flat(record, path, mistakes):
        if "@" not in key:
            yield key, value, at, labels.get(key)


def _dynamics_event(event: dict[str, Any], path: str, mistakes: Mistakes) -> Iterator[Member]:
    """The record of a webhook: as it was before the change, with what was changed on top."""
    _twice(event, path, mistakes)
    found: dict[str, Member] = {}
    for part, named in (("PreEntityImages", None), ("PostEntityImages", None), ("InputParameters", "Target")):
        for number, pair in enumerate(event[part] if isinstance(event.get(part), list) else []):
            is_asked = isinstance(pair, dict) and (named is None or pair.get("key") == named)
            entity = pair.get("value") if is_asked else None
            if not isinstance(entity, dict) or not isinstance(entity.get("Attributes"), list):
                continue
            at = f"{child(path, part)}[{number}].value.Attributes"
            shown = entity["FormattedValues"] if isinstance(entity.get("FormattedValues"), list) else []
            labels = {str(one.get("key")): one.get("value") for one in shown if isinstance(one, dict)}
            for place, one in enumerate(entity["Attributes"]):
                if not isinstance(one, dict) or not isinstance(one.get("key"), str):
                    mistakes.add(f"{at}[{place}]", 'is no attribute; Dynamics has {"key": …, "value": …} there')
                    continue
                key, value = one["key"], one.get("value")
                # A webhook has `ownerid` for what everybody else calls `_ownerid_value`.
                name = f"_{key}_value" if isinstance(value, dict) and "LogicalName" in value else key
                found[name] = name, value, f"{at}[{place}].value", labels.get(key)
    if not found:
        mistakes.add(child(path, "InputParameters"), "holds no `Target` with attributes, so there is no lead in it")
    yield from found.values()


def _dynamics_value(name: str, value: Any, kind: str, label: Any) -> Any:
    """A text is what Dynamics shows for it: the label of an option, the name of a record that it points to."""
    if isinstance(value, dict):  # of a webhook: {"Value": 3} is an option or an amount, {"Id": …, "Name": …} a record
        if "Value" in value:
            value = value["Value"]
        elif "LogicalName" in value:
            value = value.get("Name") if kind == "text" and label is None else value.get("Id")
    if kind == "text" and isinstance(label, str):
        return label
    moment = _JSON_DATE.fullmatch(value) if kind == "date" and isinstance(value, str) else None
    return value if moment is None else _day(int(moment[1])) or value


def _dynamics_key(record: dict[str, Any]) -> Any:
    return record.get("leadid") or record.get("PrimaryEntityId")


# Odoo: https://www.odoo.com/documentation/18.0/developer/reference/external_api.html;
# of an automation: https://github.com/odoo/odoo/blob/17.0/odoo/addons/base/models/ir_actions.py


def _odoo_marked(record: dict[str, Any]) -> bool:
    return "_model" in record and "_id" in record


def _odoo_inside(parsed: Any, path: str, mistakes: Mistakes) -> tuple[Any, str]:
    if isinstance(parsed, dict) and "jsonrpc" in parsed and isinstance(parsed.get("result"), dict | list):
        parsed, path = parsed["result"], child(path, "result")
    return _enveloped("records")(parsed, path, mistakes)


def _odoo_value(name: str, value: Any, kind: str, label: Any) -> Any:
    """`false` stands for nothing unless it is a flag; a record that it points to is a pair of id and name.

    Automations leave the name away, and send the id alone.
    """
    if value is False and kind != "flag":
        return None
    if kind == "text" and name.endswith("_id") and type(value) is int:
        raise UnreadableValue(
            "is the id of a record, without its name; send the name, or the pair that `read()` answers"
        )
    if isinstance(value, list):
        if len(value) == 2 and type(value[0]) is int and isinstance(value[1], str):
            return value[0] if kind == "id" else value[1]
        return value or None
    if isinstance(value, dict) and "display_name" in value:
        return value.get("id") if kind == "id" else value["display_name"]
    return value


# Zoho: https://www.zoho.com/crm/developer/docs/api/v8/get-records.html


def _zoho_marked(record: dict[str, Any]) -> bool:
    return any(key.startswith("$") for key in record)


def _zoho_members(record: dict[str, Any], path: str, mistakes: Mistakes) -> Iterator[Member]:
    for found in _flat(record, path, mistakes):
        if not found[0].startswith("$"):
            yield found


def _zoho_value(name: str, value: Any, kind: str, label: Any) -> Any:
    """A record that it points to has a name and an id; several choices are a list."""
    if isinstance(value, dict) and "id" in value and "name" in value:
        return value["id"] if kind == "id" else value["name"]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ";".join(value)  # as HubSpot and Salesforce write it
    return value


SHAPES: dict[str, Shape] = {
    "salesforce": Shape(_salesforce_marked, _enveloped("records"), _salesforce_members, _same, _salesforce_key),
    "hubspot": Shape(_hubspot_marked, _enveloped("results"), _hubspot_members, _hubspot_value, _hubspot_key),
    "dynamics": Shape(_dynamics_marked, _enveloped("value"), _dynamics_members, _dynamics_value, _dynamics_key),
    "odoo": Shape(_odoo_marked, _odoo_inside, _flat, _odoo_value, lambda record: record.get("id")),
    "zoho": Shape(_zoho_marked, _enveloped("data"), _zoho_members, _zoho_value, lambda record: record.get("id")),
}
