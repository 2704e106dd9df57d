"""HubSpot as its OpenAPI documents and its guide to the search describe it, with records in memory.

https://developers.hubspot.com/docs/api-reference/search/guide
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.api.sync.servers.crm_server import CrmReply, CrmRequest, CrmServer

TOKEN = "pat-na1-0123-secret-of-the-test"
MOST_RESULTS = 10_000
LOCKED = {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": True}
_PROPERTY_NAMES = ("email", "firstname", "lastname", "company", "jobtitle", "country", "industry", "city", "seats")
_ACTIVITY_PROPERTIES = {
    "emails": ("hs_timestamp", "hs_email_subject", "hs_email_status"),
    "calls": ("hs_timestamp", "hs_call_title", "hs_call_status"),
    "meetings": ("hs_timestamp", "hs_meeting_title", "hs_meeting_outcome"),
    "tasks": ("hs_timestamp", "hs_task_subject", "hs_task_status"),
}
_ASSOCIATIONS = re.compile(r"/crm/v4/associations/([a-z]+)/contacts/batch/read")
_OBJECTS = re.compile(r"/crm/objects/2026-09/([a-z0-9_-]+)(/search|/batch/read|/batch/update|/batch/create)?")
_PROPERTIES = re.compile(r"/crm/properties/2026-09/([a-z0-9_-]+)")


@dataclass
class HubSpotObject:
    """A record: its properties as texts, its stamps in milliseconds."""

    id: str
    properties: dict[str, str]
    changed: int
    created: int
    indexed: int = 0  # when the search sees the change, by the clock of stamps
    archived: int = 0  # when it was deleted; 0: it isn't


@dataclass
class ObjectStore:
    """The records of one kind of object, and its properties."""

    stamp: str
    records: dict[str, HubSpotObject] = field(default_factory=dict)
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    order: list[tuple[int, int]] = field(default_factory=list)  # (stamp, id), kept sorted


def describe_property(name: str, type_: str = "string", field_type: str = "text", **more: Any) -> dict[str, Any]:
    """A property as the API describes it."""
    return {
        "name": name,
        "label": name,
        "description": "",
        "groupName": "contactinformation",
        "type": type_,
        "fieldType": field_type,
        "options": [],
        "hubspotDefined": True,
        "calculated": False,
        **more,
    }


class HubSpotServer(CrmServer):
    """An account. `milliseconds` is its clock; a test may set it, to give many records one stamp."""

    def __init__(self) -> None:
        super().__init__()
        self.stores = {"contacts": ObjectStore("lastmodifieddate"), "companies": ObjectStore("hs_lastmodifieddate")}
        for kind in ("emails", "calls", "meetings", "tasks"):
            self.stores[kind] = ObjectStore("hs_lastmodifieddate")
        self.associations: dict[tuple[str, str], list[str]] = {}  # the contacts of an activity, by its object and id
        self.denied: set[str] = set()  # objects that the token may not read
        self.milliseconds: int | None = None  # a clock that stands; None: it goes
        self.portal = 4711
        self.lag = 0  # milliseconds by which the search lags behind
        self.writes: list[tuple[str, dict[str, str]]] = []
        self.refused_writes: dict[str, str] = {}  # by id, why
        self.hidden: set[str] = set()  # properties that the token can't read
        self.next_id = 101
        for kind, store in self.stores.items():
            for name in _ACTIVITY_PROPERTIES.get(kind, _PROPERTY_NAMES):
                store.properties[name] = describe_property(name)
            for name in ("hs_object_id", "hs_merged_object_ids", "createdate", store.stamp):
                store.properties[name] = describe_property(name, modificationMetadata=LOCKED)

    # -- what people do there ------------------------------------------------------------------------------------------

    def now_ms(self) -> int:
        """The clock of stamps."""
        return self.milliseconds if self.milliseconds is not None else round(self.clock().timestamp() * 1000)

    def create(self, properties: Mapping[str, str], kind: str = "contacts", at: int | None = None) -> str:
        """Make a record, and return its id."""
        with self.lock:
            record_id, self.next_id = str(self.next_id), self.next_id + 1
            stamp = self.now_ms() if at is None else at
            self.stores[kind].records[record_id] = HubSpotObject(record_id, {}, stamp, stamp)
            self._enter(kind, record_id, dict(properties), stamp)
            return record_id

    def change(self, record_id: str, properties: Mapping[str, str], kind: str = "contacts", at: int = 0) -> None:
        """Change a record; `at` is its stamp, in milliseconds (0: now)."""
        with self.lock:
            self._enter(kind, record_id, dict(properties), at or self.now_ms())

    def delete(self, record_id: str, kind: str = "contacts") -> None:
        """Delete a record."""
        with self.lock:
            store = self.stores[kind]
            record = store.records[record_id]
            record.archived = self.now_ms()
            store.order.remove((record.changed, int(record_id)))

    def merge(self, stays: str, goes: str, kind: str = "contacts") -> None:
        """Merge a record into another: values that it lacks come along."""
        with self.lock:
            store = self.stores[kind]
            former = store.records.pop(goes)
            store.order.remove((former.changed, int(goes)))
            store.merged[goes] = stays
            kept = store.records[stays]
            ids = [*filter(None, kept.properties.get("hs_merged_object_ids", "").split(";")), goes]
            filled = {name: value for name, value in former.properties.items() if not kept.properties.get(name)}
            self._enter(kind, stays, {**filled, "hs_merged_object_ids": ";".join(ids)}, self.now_ms())

    def _enter(self, kind: str, record_id: str, properties: dict[str, str], stamp: int) -> None:
        store = self.stores[kind]
        record = store.records[record_id]
        place = (record.changed, int(record_id))
        at = bisect.bisect_left(store.order, place)
        if at < len(store.order) and store.order[at] == place:
            store.order.pop(at)
        record.properties |= properties
        record.changed = stamp
        record.indexed = self.now_ms() + self.lag
        bisect.insort(store.order, (stamp, int(record_id)))

    # -- the API -------------------------------------------------------------------------------------------------------

    def limits_of(self, request: CrmRequest) -> tuple[str, ...]:
        """Searches have a limit of their own."""
        return ("", "search") if request.path.endswith("/search") else ("",)

    def refuse_over_limit(self) -> CrmReply:
        """As HubSpot words it."""
        body = {
            "status": "error",
            "message": "You have reached your secondly limit.",
            "errorType": "RATE_LIMIT",
            "correlationId": "c033cdaa-2c40-4a64-ae48-b4cec88dad24",
            "policyName": "SECONDLY",
        }
        return CrmReply(429, body, {"Retry-After": "1"})

    def answer(self, request: CrmRequest) -> CrmReply:
        """The answer of the API."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refuse(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")
        if request.path == "/account-info/v3/details":
            return CrmReply(200, {"portalId": self.portal, "timeZone": "Europe/Oslo"})
        if match := _PROPERTIES.fullmatch(request.path):
            return self._answer_properties(match[1], request)
        if match := _ASSOCIATIONS.fullmatch(request.path):
            return self._list_associations(match[1], request.body)
        match = _OBJECTS.fullmatch(request.path)
        if match is None or match[1] not in self.stores:
            return refuse(404, "Unable to infer object type", "OBJECT_NOT_FOUND")
        if match[1] in self.denied:
            return refuse(403, "This app hasn't been granted all required scopes to make this call.", "MISSING_SCOPES")
        store = self.stores[match[1]]
        match (request.method, match[2]):
            case "GET", None:
                return self._list(store, request)
            case "POST", "/search":
                return self._search(store, request.body)
            case "POST", "/batch/read":
                return self._read_batch(store, request.body)
            case "POST", "/batch/update":
                return self._update_batch(match[1], request.body)
        return refuse(405, "Method not allowed", "VALIDATION_ERROR")

    def _answer_properties(self, kind: str, request: CrmRequest) -> CrmReply:
        properties = self.stores[kind].properties
        if request.method == "GET":
            return CrmReply(200, {"results": [item for name, item in properties.items() if name not in self.hidden]})
        body = request.body
        if body["name"] in properties:
            return refuse(409, f"A property named '{body['name']}' already exists.", "CONFLICT")
        made = describe_property(body["name"], body["type"], body["fieldType"], hubspotDefined=False)
        properties[body["name"]] = {**made, "label": body["label"]}
        return CrmReply(201, properties[body["name"]])

    def _list_associations(self, kind: str, body: Any) -> CrmReply:
        results = [
            {"from": {"id": item["id"]}, "to": [{"toObjectId": int(each), "associationTypes": []} for each in of]}
            for item in body["inputs"]
            if (of := self.associations.get((kind, item["id"])))
        ]
        return CrmReply(200, {"status": "COMPLETE", "results": results})

    def _list(self, store: ObjectStore, request: CrmRequest) -> CrmReply:
        is_archived, limit = request.param("archived") == "true", int(request.param("limit", "10"))
        if limit > 100:
            return refuse(400, "The limit must be at most 100", "VALIDATION_ERROR")
        names = [name for part in request.query.get("properties", []) for name in part.split(",")]
        after = int(request.param("after", "0"))
        ids = sorted(int(r.id) for r in store.records.values() if bool(r.archived) == is_archived and int(r.id) > after)
        page = [self._show(store, store.records[str(number)], names) for number in ids[:limit]]
        body: dict[str, Any] = {"results": page}
        if len(ids) > limit:
            body["paging"] = {"next": {"after": str(ids[limit - 1]), "link": "?"}}
        return CrmReply(200, body)

    def _search(self, store: ObjectStore, body: Any) -> CrmReply:
        limit, after = body["limit"], int(body["after"] or 0)
        if limit > 200:
            return refuse(400, "The limit must be at most 200", "VALIDATION_ERROR")
        if after + limit > MOST_RESULTS:
            return refuse(400, "Paging through results is limited to 10,000", "VALIDATION_ERROR")
        filters = [item for group in body["filterGroups"] for item in group["filters"]]
        low, high = 0, 2**62
        above = 0
        for item in filters:
            value, name = int(item["value"]), item["propertyName"]
            match (name == store.stamp, item["operator"]):
                case True, "GTE":
                    low = max(low, value)
                case True, "GT":
                    low = max(low, value + 1)
                case True, "LTE":
                    high = min(high, value)
                case True, "EQ":
                    low, high = max(low, value), min(high, value)
                case False, "GT" if name == "hs_object_id":
                    above = value
                case _:
                    return refuse(400, f"There was a problem with the filter on {name}", "VALIDATION_ERROR")
        start = bisect.bisect_left(store.order, (low, 0))
        end = bisect.bisect_left(store.order, (high + 1, 0))
        present = self.now_ms()
        matching = [
            number
            for _, number in store.order[start:end]
            if number > above and (not self.lag or store.records[str(number)].indexed <= present)
        ]
        if body["sorts"] == ["hs_object_id"]:
            matching.sort()
        elif body["sorts"] != [store.stamp]:
            return refuse(400, "sorts must name a property", "VALIDATION_ERROR")
        names = body["properties"]
        page = [self._show(store, store.records[str(number)], names) for number in matching[after : after + limit]]
        reply: dict[str, Any] = {"total": len(matching), "results": page}
        if after + limit < len(matching):
            reply["paging"] = {"next": {"after": str(after + limit)}}
        return CrmReply(200, reply)

    def _read_batch(self, store: ObjectStore, body: Any) -> CrmReply:
        if len(body["inputs"]) > 100:
            return refuse(400, "The maximum number of inputs is 100", "VALIDATION_ERROR")
        results, absent = [], []
        for item in body["inputs"]:
            record = store.records.get(store.merged.get(item["id"], item["id"]))
            if record is None or record.archived:
                absent.append(item["id"])
            else:
                results.append(self._show(store, record, body["properties"]))
        return answer_batch(results, absent, "Could not get some objects")

    def _update_batch(self, kind: str, body: Any) -> CrmReply:
        store, inputs = self.stores[kind], body["inputs"]
        if len(inputs) > 100:
            return refuse(400, "The maximum number of inputs is 100", "VALIDATION_ERROR")
        if len({item["id"] for item in inputs}) < len(inputs):
            return refuse(400, "Duplicate IDs found in batch input", "VALIDATION_ERROR")
        for item in inputs:
            for name, value in item["properties"].items():
                described = store.properties.get(name)
                if described is None:
                    return refuse(400, f'Property "{name}" does not exist', "VALIDATION_ERROR")
                if described.get("modificationMetadata", {}).get("readOnlyValue"):
                    return refuse(400, f'"{name}" is a read only property', "VALIDATION_ERROR")
                if described["type"] == "number" and value and not re.fullmatch(r"-?\d+(\.\d+)?", value):
                    return refuse(400, f'"{value}" was not a valid number', "VALIDATION_ERROR")
            if item["id"] in self.refused_writes:
                return refuse(400, self.refused_writes[item["id"]], "VALIDATION_ERROR")
        results, absent = [], []
        for item in inputs:
            record = store.records.get(item["id"])
            if record is None or record.archived:
                absent.append(item["id"])
                continue
            self.writes.append((item["id"], dict(item["properties"])))
            self._enter(kind, item["id"], dict(item["properties"]), self.now_ms())
            results.append(self._show(store, record, list(item["properties"])))
        return answer_batch(results, absent, "Could not update some objects")

    def _show(self, store: ObjectStore, record: HubSpotObject, names: Sequence[str]) -> dict[str, Any]:
        always = {
            "hs_object_id": record.id,
            "createdate": to_text(record.created),
            store.stamp: to_text(record.changed),
        }
        known = {**record.properties, **always}
        shown = dict.fromkeys([*always, *names])
        properties = {name: known.get(name) for name in shown if name in store.properties and name not in self.hidden}
        stamps = {"createdAt": to_text(record.created), "updatedAt": to_text(record.changed)}
        body = {"id": record.id, "properties": properties, **stamps, "archived": bool(record.archived)}
        return {**body, "archivedAt": to_text(record.archived)} if record.archived else body


def to_text(milliseconds: int) -> str:
    """A stamp as HubSpot writes it."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def refuse(status: int, message: str, category: str) -> CrmReply:
    """An error as HubSpot writes it."""
    body = {
        "status": "error",
        "message": message,
        "correlationId": "aeb5f871-7f07-4993-9211-075dc63e7cbf",
        "category": category,
    }
    return CrmReply(status, body)


def answer_batch(results: list[dict[str, Any]], absent: Sequence[str], message: str) -> CrmReply:
    """The answer to a batch; 207 where some of its records aren't there."""
    times = {"startedAt": "2026-03-03T10:00:00.000Z", "completedAt": "2026-03-03T10:00:00.010Z"}
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, **times}
    if not absent:
        return CrmReply(200, body)
    error = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"{message}. They may have been deleted or may not exist.",
        "context": {"ids": list(absent)},
        "errors": [],
        "links": {},
    }
    return CrmReply(207, {**body, "numErrors": 1, "errors": [error]})
