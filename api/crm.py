"""Bodies as CRMs send them: a value tree in, plain flat leads out, and mistakes with paths into the body as it came.

Which CRM a body comes from, `?from=` says; without it, marks that no plain body can have (a plain one has `lead` or
`leads`, and nothing else but `as_of`). Each CRM is a few small functions: what is inside of its envelope, the members
of a record, what a value means for a field of a kind. Everything else is `api.body`, as for a plain lead. The page of
the vendor stands behind each shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from api import body
from api.problem import NOTHING, Mistakes, child, cut
from api.reply import Reply, reply
from scoring.crm_names import SYSTEMS
from scoring.engine import Engine
from scoring.errors import did_you_mean
from scoring.field import SPACE, Field, Lead, fold
from scoring.write_back import DEFAULTS

DEEPEST = 5  # levels of related records that are read: as many as Salesforce follows in a query
PARAMETERS = ("from", "reply", "as_of")
LABEL = "@OData.Community.Display.V1.FormattedValue"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = re.compile(r"-?[0-9]{1,15}")
_JSON_DATE = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")

# A member of a record: its name, value, path and label (what the CRM shows for the value; None: it doesn't say).
Member = tuple[str, Any, str, Any]


# -- what a request asks for -------------------------------------------------------------------------------------------


class Sent(NamedTuple):  # made for each request, and a frozen dataclass takes twice as long
    """What a body holds.

    `found` is a record, or for a batch a list of them; NOTHING where there is none. `path` leads to it, `source` is the
    CRM in whose shape the records are (empty: plain leads). `alone`: the records of a batch are one that came without a
    list.
    """

    found: Any
    as_of: date | None
    path: str
    source: str = ""
    alone: bool = False

    def at(self, number: int) -> str:
        """The path of one record of a batch."""
        return self.path if self.alone else f"{self.path}[{number}]"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the query string asks for: the CRM that the body is of, the one that the answer is for, and the day."""

    source: str = ""
    reply: str = ""
    as_of: date | None = None


PLAIN = Asked()


def asked(query: bytes, mistakes: Mistakes) -> Asked:
    """The parameters of a query string; mistakes are noted."""
    if not query:  # most have none
        return PLAIN
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in PARAMETERS:
            mistakes.add(f"?{cut(name)}", f"unknown parameter.{did_you_mean(cut(name), PARAMETERS)}")
        elif name in found:
            mistakes.add(f"?{name}", "stands here more than once; send it once")
        else:
            found[name] = value
            known = {"from": SYSTEMS, "reply": tuple(DEFAULTS)}.get(name)
            if known and value not in known:
                mistakes.add(f"?{name}", f"is not a CRM that we know.{did_you_mean(cut(value), known)}", value)
    as_of = body.day(found["as_of"], "?as_of", mistakes) if "as_of" in found else None
    return PLAIN if mistakes else Asked(found.get("from", ""), found.get("reply", ""), as_of)


def sent(asked: Asked, parsed: Any, wanted: str, mistakes: Mistakes) -> Sent:
    """What a body holds; mistakes are noted. `wanted` is the key of a plain body, lead or leads."""
    if not asked.source and isinstance(parsed, dict) and wanted in parsed:  # most bodies are plain
        return _plain(asked, parsed, wanted, "", mistakes)
    keys = [key for key in ("lead", "leads") if key in parsed] if isinstance(parsed, dict) else []
    if asked.source:  # then a record may happen to have such a member
        keys = [key for key in keys if isinstance(parsed[key], dict | list)]
    source = asked.source or ("" if keys else _source(parsed))
    if keys or not source:
        return _plain(asked, parsed, wanted, source, mistakes)
    found, path = _SHAPES[source].inside(parsed, "$", mistakes)
    if wanted == "lead":
        if isinstance(found, list):
            found, path = _single(found, path, mistakes)
        return Sent(found, asked.as_of, path, source)
    alone = isinstance(found, dict)
    return Sent([found] if alone else found, asked.as_of, path, source, alone)


def _plain(asked: Asked, parsed: Any, wanted: str, source: str, mistakes: Mistakes) -> Sent:
    found, said = body.members(parsed, wanted, mistakes)
    if said is not None and asked.as_of is not None and said != asked.as_of:
        mistakes.add("?as_of", f"is {asked.as_of}, and the body says {said}; send one of the two")
    return Sent(found, said or asked.as_of, f"$.{wanted}", source)


def _single(found: list[Any], path: str, mistakes: Mistakes) -> tuple[Any, str]:
    if len(found) == 1:
        return found[0], f"{path}[0]"
    said = f"holds {len(found):,} leads; send them to /v1/score/batch" if found else "is empty; send one lead"
    mistakes.add(path, said)
    return NOTHING, path


def _source(parsed: Any) -> str:
    """The CRM that a body surely comes from; empty where it has no mark of one."""
    first = parsed[0] if isinstance(parsed, list) and parsed else parsed
    if not isinstance(first, dict):
        return ""
    for system, shape in _SHAPES.items():
        if shape.marked(first):
            return system
    if first is parsed:
        for key, system in (("records", "salesforce"), ("results", "hubspot"), ("data", "zoho")):
            inside = parsed.get(key)
            if (
                isinstance(inside, list)
                and inside
                and isinstance(inside[0], dict)
                and _SHAPES[system].marked(inside[0])
            ):
                return system
    return ""


# -- one record --------------------------------------------------------------------------------------------------------


class Reader:
    """Reads records of CRMs for one card."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._names: dict[str, _Names] = {}
        self._replies: dict[str, Reply] = {}

    def reply(self, system: str) -> Reply:
        """How results go back into one CRM."""
        if system not in self._replies:
            self._replies[system] = reply(self.engine.card.card, system)
        return self._replies[system]

    def key(self, source: str, reply: str, record: Any, lead: Lead, path: str, mistakes: Mistakes) -> str:
        """The id under which a record is written back; empty where it has none, which is noted."""
        found = record_id(reply, record) if source == reply else None
        if found is None:
            ids = [lead.values[one.name] for one in self.engine.card.card.plain if one.kind == "id"]
            found = next((str(one) for one in ids if one is not None), "")
        if not found:
            mistakes.add(path, f"has no id, so {reply} could not tell which record to write to")
        return found

    def clean(self, source: str, record: Any, path: str, mistakes: Mistakes) -> Lead | None:
        """The typed values of a record; None where it has mistakes, which are noted. `source` empty: a plain lead."""
        if not source or not isinstance(record, dict):
            return body.clean(self.engine, record, path, mistakes)
        if source not in self._names:
            self._names[source] = _Names.of(source, self.engine.card.card.plain)
        names, shape = self._names[source], _SHAPES[source]
        lead: dict[str, Any] = {}
        places: dict[str, str] = {}
        ignored: dict[str, None] = {}
        before = mistakes.count
        for key, value, at, label in shape.members(record, path, mistakes):
            kind = names.kinds.get(key)
            if kind is None:
                body.check_name(key, at, mistakes)
                if (
                    not isinstance(value, dict) or key.count(".") >= DEEPEST
                ):  # else its members are told, each by itself
                    ignored[key] = None
                continue
            lead[key] = shape.value(value, kind, label)
            places[key] = at
        if len(lead) + len(ignored) > body.MOST_NAMES:
            many = f"has {len(lead) + len(ignored):,} names; send at most {body.MOST_NAMES:,}, those that the card uses"
            mistakes.add(path, many)
        if ignored and not lead:  # a record of another shape, or one that was asked for without its fields
            mistakes.add(path, f"has no name that the card uses; is it a record of {source}, with its fields?")
        if mistakes.count > before:
            return None
        for own, others in names.rivals:
            # In Salesforce's body, Salesforce's names tell; a field of the same name as ours there may be anything.
            if any(not _is_missing(lead.get(one)) for one in own):
                ignored |= dict.fromkeys(one for one in others if lead.pop(one, NOTHING) is not NOTHING)
        for key, name in names.renamed.items():
            if key in lead:
                value = lead.pop(key)
                if name not in lead:
                    lead[name] = value
                    places[name] = places[key]
        within = Mistakes()
        cleaned = body.clean(self.engine, lead, "$", within)
        # `Owner.id` is told by `Owner`.
        unused = [one for one in ignored if "." not in one or one.partition(".")[0] not in places]
        paths = {child("$", key): at for key, at in places.items()}
        for one in within.kept:
            mistakes.add(paths.get(one.path, path), one.reason, one.value)
        mistakes.count += within.count - len(within.kept)
        return None if cleaned is None else Lead(cleaned.values, (*cleaned.ignored, *unused))


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that count in the records of one CRM.

    `kinds`: the kind of the field that each name is of. `renamed`: names that count in this CRM only, with the field's
    own. `rivals`: for each field, its names in this CRM, and all others.
    """

    kinds: dict[str, str]
    renamed: dict[str, str]
    rivals: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    @classmethod
    def of(cls, source: str, fields: tuple[Field, ...]) -> _Names:
        kinds: dict[str, str] = {column: one.kind for one in fields for column in one.columns}
        renamed: dict[str, str] = {}
        rivals = []
        for one in fields:
            here = {name: one.name for system, name in one.in_bodies if system == source}
            own = (*here, *(name for system, name in one.sources + one.standard if fold(system) == source))
            others = tuple(name for name in one.columns if name not in own)
            kinds |= dict.fromkeys(here, one.kind)
            renamed |= here
            if own and others:
                rivals.append((own, others))
        return cls(kinds, renamed, tuple(rivals))


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip(SPACE))


# -- the CRMs ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shape:
    """How one CRM writes.

    `marked`: whether a record, or a body, has a mark that nothing else has. `inside`: what is inside of an envelope, a
    record or a list, and its path. `members`: those of a record. `value`: what a value means for a field of a kind.
    `key`: the record's id, None where it has none.
    """

    marked: Callable[[dict[str, Any]], bool]
    inside: Callable[[Any, str, Mistakes], tuple[Any, str]]
    members: Callable[[dict[str, Any], str, Mistakes], Iterator[Member]]
    value: Callable[[Any, str, Any], Any]
    key: Callable[[dict[str, Any]], Any]


def record_id(source: str, record: Any) -> str | None:
    """The id of a record of a CRM, as a text; None where it has none."""
    found = _SHAPES[source].key(record) if source and isinstance(record, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found) or None


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


def _same(value: Any, kind: str, label: Any) -> Any:
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


def _hubspot_value(value: Any, kind: str, label: Any) -> Any:
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


def _dynamics_value(value: Any, kind: str, label: Any) -> Any:
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


def _odoo_value(value: Any, kind: str, label: Any) -> Any:
    """`false` stands for nothing unless it is a flag; a record that it points to is a pair of id and name."""
    if value is False and kind != "flag":
        return None
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


def _zoho_value(value: Any, kind: str, label: Any) -> Any:
    """A record that it points to has a name and an id; several choices are a list."""
    if isinstance(value, dict) and "id" in value and "name" in value:
        return value["id"] if kind == "id" else value["name"]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ";".join(value)  # as HubSpot and Salesforce write it
    return value


_SHAPES: dict[str, _Shape] = {
    "salesforce": _Shape(_salesforce_marked, _enveloped("records"), _salesforce_members, _same, _salesforce_key),
    "hubspot": _Shape(_hubspot_marked, _enveloped("results"), _hubspot_members, _hubspot_value, _hubspot_key),
    "dynamics": _Shape(_dynamics_marked, _enveloped("value"), _dynamics_members, _dynamics_value, _dynamics_key),
    "odoo": _Shape(_odoo_marked, _odoo_inside, _flat, _odoo_value, lambda record: record.get("id")),
    "zoho": _Shape(_zoho_marked, _enveloped("data"), _zoho_members, _zoho_value, lambda record: record.get("id")),
}
