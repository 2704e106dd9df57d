"""Salesforce's REST API as its documents tell it, over records in memory: as much as a sync and its rivals ask of it.

- OAuth: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
- Queries: https://developer.salesforce.com/docs/platform/api-rest/guide/dome-queryall.html
- Collections: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-update.html
- Deleted records: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getdeleted.md
- Custom fields: https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm
- Errors: https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.api.sync.servers.crm_server import CrmReply, CrmRequest, CrmServer, running
from tests.api.sync.servers.record_store import RecordStore, StoredRecord
from tests.api.sync.servers.soql import MalformedQueryError, SoqlQuery, parse_soql

CLIENT_ID = "3MVG9client"
CLIENT_SECRET = "s3cret-of-salesforce"
NEWEST_VERSION = 67
MOST_OF_COLLECTION = 200
STANDARD_TYPES = {
    "Id": "id",
    "IsDeleted": "boolean",
    "MasterRecordId": "reference",
    "LastName": "string",
    "FirstName": "string",
    "Name": "string",
    "Company": "string",
    "Title": "string",
    "Email": "email",
    "Country": "string",
    "Industry": "picklist",
    "LeadSource": "picklist",
    "NumberOfEmployees": "int",
    "AnnualRevenue": "currency",
    "OwnerId": "reference",
    "CreatedDate": "datetime",
    "LastModifiedDate": "datetime",
    "SystemModstamp": "datetime",
    "LastActivityDate": "date",
    "HasOptedOutOfEmail": "boolean",
    "IsConverted": "boolean",
}
READ_ONLY = {"Id", "IsDeleted", "MasterRecordId", "Name", "CreatedDate", "LastModifiedDate", "SystemModstamp"}
TASK_TYPES = {
    "Id": "id",
    "WhoId": "reference",
    "Subject": "string",
    "TaskSubtype": "picklist",
    "Type": "picklist",
    "Status": "picklist",
    "IsClosed": "boolean",
    "ActivityDate": "date",
    "CompletedDateTime": "datetime",
    "CreatedDate": "datetime",
    "SystemModstamp": "datetime",
    "IsDeleted": "boolean",
}
EVENT_TYPES = TASK_TYPES | {"StartDateTime": "datetime", "EventSubtype": "picklist"}


def make_lead_id(number: int) -> str:
    """An id of 18 signs, in the order of their making."""
    return f"00Q{number:012d}AAA"


class SalesforceProblem(Exception):
    """An error, as a status and the body that Salesforce has for it."""

    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        self.status = status
        self.body = [{"message": message, "errorCode": code} | ({"fields": fields} if fields else {})]
        super().__init__(message)


@dataclass(eq=False, repr=False)
class SalesforceServer(CrmServer):
    """An organisation with leads, tasks and events.

    `page_size`: rows of a query's page. `most_calls`: of a day; None: not limited. `may_customize`: whether the user
    may make fields.
    """

    leads: RecordStore = field(default_factory=lambda: RecordStore(make_lead_id))
    tasks: RecordStore = field(default_factory=lambda: RecordStore(lambda number: f"00T{number:012d}AAA"))
    events: RecordStore = field(default_factory=lambda: RecordStore(lambda number: f"00U{number:012d}AAA"))
    types: dict[str, str] = field(default_factory=lambda: dict(STANDARD_TYPES))
    page_size: int = 2000
    most_calls: int | None = None
    may_customize: bool = True
    shows_new_fields: bool = True
    token_number: int = 1
    cursors: dict[str, tuple[SoqlQuery, list[StoredRecord]]] = field(default_factory=dict)
    counted: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self.tasks.lock = self.events.lock = self.leads.lock

    @contextmanager
    def serve(self) -> Iterator[SalesforceServer]:
        """Serve until the end."""
        with running(self):
            yield self

    def clock(self) -> datetime:
        """That of the leads, which tests move."""
        return self.leads.now

    @property
    def token(self) -> str:
        """The access token that counts now."""
        return f"00D!access{self.token_number}"

    def expire_token(self) -> None:
        """Let the access token that was given expire."""
        self.token_number += 1

    # -- calls ---------------------------------------------------------------------------------------------------------

    def answer(self, call: CrmRequest) -> CrmReply:
        """The answer to a call."""
        with self.leads.lock:
            try:
                if call.path == "/services/oauth2/token":
                    return self._give_token(call)
                return self._answer_api(call)
            except SalesforceProblem as problem:
                return CrmReply(problem.status, problem.body, self._limit_headers())

    def _give_token(self, call: CrmRequest) -> CrmReply:
        form = call.form
        client, secret = form.get("client_id"), form.get("client_secret")
        if call.headers.get("authorization", "").startswith("Basic "):
            client, _, secret = base64.b64decode(call.headers["authorization"][6:]).decode().partition(":")
        if call.method != "POST" or form.get("grant_type") != "client_credentials":
            return CrmReply(400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"})
        if client != CLIENT_ID:
            return CrmReply(400, {"error": "invalid_client_id", "error_description": "client identifier invalid"})
        if secret != CLIENT_SECRET:
            return CrmReply(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        return CrmReply(
            200,
            {
                "access_token": self.token,
                "signature": "c2ln",
                "scope": "api",
                "instance_url": self.url,
                "id": f"{self.url}/id/00D000000000001/005000000000001",
                "token_type": "Bearer",
                "issued_at": str(int(self.leads.now.timestamp() * 1000)),
            },
        )

    def _limit_headers(self) -> dict[str, str]:
        return {"Sforce-Limit-Info": f"api-usage={self.counted}/{self.most_calls or 15000}"}

    def _answer_api(self, call: CrmRequest) -> CrmReply:
        if call.headers.get("authorization") != f"Bearer {self.token}":
            raise SalesforceProblem(401, "INVALID_SESSION_ID", "Session expired or invalid")
        self.counted += 1
        if self.most_calls is not None and self.counted > self.most_calls:
            raise SalesforceProblem(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        match = re.fullmatch(r"/services/data/v([0-9]+)\.0(/.*)", call.path)
        if match is None or not 31 <= int(match[1]) <= NEWEST_VERSION:
            raise SalesforceProblem(404, "NOT_FOUND", "The requested resource does not exist")
        base, rest = f"/services/data/v{match[1]}.0", match[2]
        content, status = self._answer_resource(call, base, rest)
        return CrmReply(status, content, self._limit_headers())

    def _answer_resource(self, call: CrmRequest, base: str, rest: str) -> tuple[Any, int]:
        resource = (call.method, rest.rstrip("/"))
        if resource in (("GET", "/query"), ("GET", "/queryAll")):
            return self._query(call.param("q", ""), base, with_deleted=rest.startswith("/queryAll")), 200
        if call.method == "GET" and rest.startswith("/query/"):
            return self._go_on(rest.removeprefix("/query/"), base), 200
        if resource == ("PATCH", "/composite/sobjects"):
            return self._update_collection(call.body), 200
        if resource == ("GET", "/sobjects/Lead/describe"):
            return self._describe(), 200
        if resource == ("GET", "/sobjects/Lead/deleted"):
            return self._list_deleted(call), 200
        if resource == ("POST", "/tooling/sobjects/CustomField"):
            return self._make_field(call.body), 201
        if resource == ("GET", ""):
            return {"query": f"{base}/query", "queryAll": f"{base}/queryAll", "sobjects": f"{base}/sobjects"}, 200
        if resource == ("GET", "/limits"):
            most = self.most_calls or 15000
            return {"DailyApiRequests": {"Max": most, "Remaining": max(0, most - self.counted)}}, 200
        match = re.fullmatch("/sobjects/Lead/([A-Za-z0-9]{15,18})", rest)
        if match and call.method == "GET":
            return self._read_single(match[1], call, base), 200
        if match and call.method == "PATCH":
            self._update(match[1], call.body)
            return None, 204
        raise SalesforceProblem(404, "NOT_FOUND", "The requested resource does not exist")

    # -- queries -------------------------------------------------------------------------------------------------------

    def _store_of(self, source: str) -> tuple[RecordStore, dict[str, str]]:
        stores = {
            "lead": (self.leads, self.types),
            "task": (self.tasks, TASK_TYPES),
            "event": (self.events, EVENT_TYPES),
        }
        if source.lower() not in stores:
            raise SalesforceProblem(400, "INVALID_TYPE", f"sObject type '{source}' is not supported.")
        return stores[source.lower()]

    def _query(self, text: str, base: str, *, with_deleted: bool) -> dict[str, Any]:
        try:
            query = parse_soql(text)
        except (MalformedQueryError, IndexError, ValueError) as error:
            raise SalesforceProblem(400, "MALFORMED_QUERY", str(error)) from None
        store, types = self._store_of(query.source)
        known = {name.lower() for name in types} | {"owner.name", "who.type"}
        for name in (*query.fields, *sorted(query.tested)):
            if name.lower() not in known:
                message = f"No such column '{name}' on entity '{query.source}'."
                raise SalesforceProblem(400, "INVALID_FIELD", message)
        wanted = {name.lower() for name in (*query.tested, "IsDeleted")}
        rows = [(self._row(query.source, record, wanted), record) for record in store.seen(with_deleted=with_deleted)]
        rows = [(row, record) for row, record in rows if query.test(row)]
        for name, descends in reversed(query.order):
            rows.sort(key=lambda pair: (pair[0][name] is not None, pair[0][name]), reverse=descends)
        records = [record for _, record in rows][: query.limit]
        number = f"01g{len(self.cursors):012d}"
        self.cursors[number] = (query, records)
        return self._page(number, 0, base)

    def _go_on(self, locator: str, base: str) -> dict[str, Any]:
        number, _, place = locator.partition("-")
        if number not in self.cursors or not place.isdecimal():
            raise SalesforceProblem(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(number, int(place), base)

    def _page(self, number: str, place: int, base: str) -> dict[str, Any]:
        query, records = self.cursors[number]
        part, end = records[place : place + self.page_size], place + self.page_size
        page: dict[str, Any] = {"totalSize": len(records), "done": end >= len(records)}
        if not page["done"]:
            page["nextRecordsUrl"] = f"{base}/query/{number}-{end}"
        page["records"] = [self._write_record(record, query, base) for record in part]
        return page

    def _row(self, source: str, record: StoredRecord, wanted: set[str]) -> dict[str, Any]:
        """What conditions see of some fields: moments and days as such."""
        types = self._store_of(source)[1]
        row: dict[str, Any] = {
            name: self._read_value(record, name, kind) for name, kind in types.items() if name.lower() in wanted
        }
        row["Owner.Name"] = record.values.get("Owner.Name")
        row["Who.Type"] = "Lead" if str(record.values.get("WhoId", "")).startswith("00Q") else None
        return row

    def _read_value(self, record: StoredRecord, name: str, kind: str) -> Any:
        own = {
            "Id": record.id,
            "IsDeleted": record.is_deleted,
            "MasterRecordId": record.master or None,
            "CreatedDate": _to_second(record.created),
            "LastModifiedDate": _to_second(record.stamp),
            "SystemModstamp": _to_second(record.stamp),
            "Name": " ".join(filter(None, (record.values.get("FirstName"), record.values.get("LastName")))),
        }
        value = own[name] if name in own and name in self.types | TASK_TYPES else record.values.get(name)
        if kind == "datetime" and isinstance(value, str):
            return datetime.fromisoformat(value)
        if kind == "date" and isinstance(value, str):
            return date.fromisoformat(value)
        return False if kind == "boolean" and value is None else value

    def _write_record(self, record: StoredRecord, query: SoqlQuery, base: str) -> dict[str, Any]:
        wanted = {name.lower() for name in query.fields}
        row = {name.lower(): (name, value) for name, value in self._row(query.source, record, wanted).items()}
        kind = {"lead": "Lead", "task": "Task", "event": "Event"}[query.source.lower()]
        written: dict[str, Any] = {"attributes": {"type": kind, "url": f"{base}/sobjects/{kind}/{record.id}"}}
        for field_name in query.fields:
            name, value = row[field_name.lower()]
            if "." in name:
                related, inner = name.split(".")
                attributes = {"type": "Name", "url": f"{base}/sobjects/User/005"}
                written[related] = None if value is None else {"attributes": attributes, inner: value}
            else:
                written[name] = _write_value(value)
        return written

    def _read_single(self, record_id: str, call: CrmRequest, base: str) -> dict[str, Any]:
        record = self._find(record_id)
        if record is None:
            raise SalesforceProblem(404, "NOT_FOUND", "The requested resource does not exist")
        fields = tuple(filter(None, call.param("fields", "").split(","))) or tuple(self.types)
        query = SoqlQuery(fields, "Lead", lambda row: True, (), None, frozenset())
        return self._write_record(record, query, base)

    def _find(self, record_id: str) -> StoredRecord | None:
        """Ids have 15 signs, or 18 of which the last three say the case of the others."""
        return next((record for record in self.leads.seen() if record.id[:15] == record_id[:15]), None)

    def _list_deleted(self, call: CrmRequest) -> dict[str, Any]:
        try:
            start, end = (datetime.fromisoformat(call.query[name][0]) for name in ("start", "end"))
        except (KeyError, ValueError):
            raise SalesforceProblem(400, "INVALID_REPLICATION_DATE", "bad start or end") from None
        if end <= start:
            raise SalesforceProblem(
                400, "INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate"
            )
        if start < self.leads.now - timedelta(days=15):
            raise SalesforceProblem(400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
        gone = [
            {"id": record.id, "deletedDate": _write_value(_to_second(record.stamp))}
            for record in self.leads.records.values()
            if record.is_deleted and not record.is_uncommitted and start <= record.stamp <= end
        ]
        earliest = _write_value(self.leads.now - timedelta(days=15))
        return {"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": _write_value(end)}

    # -- updates -------------------------------------------------------------------------------------------------------

    def _update_collection(self, body: Any) -> list[dict[str, Any]]:
        records = body.get("records") if isinstance(body, dict) else None
        if not isinstance(records, list) or not records:
            raise SalesforceProblem(400, "JSON_PARSER_ERROR", "The records are missing")
        if len(records) > MOST_OF_COLLECTION:
            message = f"record limit reached. cannot submit more than {MOST_OF_COLLECTION} records into this call"
            raise SalesforceProblem(400, "EXCEEDED_MAX_SIZE_REQUEST", message)
        results: list[dict[str, Any]] = []
        for record in records:
            try:
                if record.get("attributes", {}).get("type") != "Lead":
                    raise SalesforceProblem(400, "INVALID_TYPE", "type missing")
                key = next((name for name in record if name.lower() == "id"), "")
                values = {name: value for name, value in record.items() if name not in ("attributes", key)}
                self._update(str(record.get(key)), values)
                results.append({"id": record[key], "success": True, "errors": []})
            except SalesforceProblem as problem:
                error = problem.body[0]
                parts = {"message": error["message"], "fields": error.get("fields", [])}
                results.append({"success": False, "errors": [{"statusCode": error["errorCode"], **parts}]})
        if body.get("allOrNone") and not all(result["success"] for result in results):
            raise SalesforceProblem(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", "rolled back")
        return results

    def _update(self, record_id: str, values: Any) -> None:
        record = self._find(record_id)
        if record is None:
            known = any(other.id[:15] == record_id[:15] for other in self.leads.records.values())
            if known:
                raise SalesforceProblem(404, "ENTITY_IS_DELETED", "entity is deleted")
            raise SalesforceProblem(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if record.id in self.leads.refusals:
            code, _, message = self.leads.refusals[record.id].partition(": ")
            raise SalesforceProblem(400, code, message)
        names = {name.lower(): name for name in self.types}
        changed = {}
        for name, value in values.items():
            if name.lower() not in names:
                raise SalesforceProblem(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type Lead")
            own = names[name.lower()]
            if own in READ_ONLY:
                message = f"Unable to create/update fields: {own}. Please check the security settings of this field"
                raise SalesforceProblem(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, [own])
            self._check_type(own, value)
            changed[own] = None if value == "" else value  # an empty text is none
        self.leads.change(record.id, **changed)

    def _check_type(self, name: str, value: Any) -> None:
        kind = self.types[name]
        fits = (
            value is None
            or (
                kind in ("double", "int", "currency") and isinstance(value, int | float) and not isinstance(value, bool)
            )
            or (kind in ("string", "textarea", "email", "picklist") and isinstance(value, str))
            or (kind == "boolean" and isinstance(value, bool))
            or (kind == "date" and _is_day(value))
        )
        if not fits:
            raise SalesforceProblem(400, "JSON_PARSER_ERROR", f"Cannot deserialize instance of {kind} from {value!r}")
        if kind == "string" and value is not None and len(value) > 255:
            raise SalesforceProblem(400, "STRING_TOO_LONG", f"{name}: data value too large: (max length=255)", [name])

    # -- fields --------------------------------------------------------------------------------------------------------

    def _describe(self) -> dict[str, Any]:
        fields = []
        for name, kind in self.types.items():
            entry = {"name": name, "type": kind, "label": name, "custom": name.endswith("__c")}
            related = {"relationshipName": "Owner", "referenceTo": ["Group", "User"]} if name == "OwnerId" else {}
            plain: dict[str, Any] = {"relationshipName": None, "referenceTo": []}
            fields.append(entry | (related or plain) | {"updateable": name not in READ_ONLY})
        return {"name": "Lead", "label": "Lead", "keyPrefix": "00Q", "fields": fields}

    def _make_field(self, body: Any) -> dict[str, Any]:
        if not self.may_customize:
            message = "insufficient access rights on cross-reference id"
            raise SalesforceProblem(403, "INSUFFICIENT_ACCESS", message)
        kinds = {"Number": "double", "Text": "string", "LongTextArea": "textarea", "Date": "date"}
        name, metadata = body["FullName"], body["Metadata"]
        source, _, field_name = name.partition(".")
        if source != "Lead" or not field_name.endswith("__c") or metadata.get("type") not in kinds:
            raise SalesforceProblem(400, "FIELD_INTEGRITY_EXCEPTION", f"bad field {name}")
        needed = {"Number": ("precision", "scale"), "Text": ("length",), "LongTextArea": ("length", "visibleLines")}
        for part in ("label", *needed.get(metadata["type"], ())):
            if part not in metadata:
                raise SalesforceProblem(400, "FIELD_INTEGRITY_EXCEPTION", f"Must specify '{part}' for a CustomField")
        if field_name in self.types:
            message = f"There is already a field named {field_name} on Lead."
            raise SalesforceProblem(400, "DUPLICATE_DEVELOPER_NAME", message)
        if self.shows_new_fields:
            self.types[field_name] = kinds[metadata["type"]]
        return {"id": f"00N{len(self.types):012d}", "success": True, "errors": [], "warnings": [], "infos": []}


def _is_day(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _to_second(moment: datetime) -> datetime:
    """Salesforce keeps whole seconds."""
    return moment.replace(microsecond=0)


def _write_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"
    return value.isoformat() if isinstance(value, date) else value
