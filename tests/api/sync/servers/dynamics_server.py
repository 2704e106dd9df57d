"""Dataverse's Web API as its documents tell it, over leads in memory: as much as a sync and its rivals ask of it.

- Queries: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/query/overview
- Updates:
  https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/update-delete-entities-using-web-api
- Batches:
  https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
- Columns:
  https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/create-update-column-definitions-using-web-api
- Limits: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/api-limits
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.api.sync.servers.crm_server import CrmReply, CrmRequest, CrmServer, running
from tests.api.sync.servers.odata import ODataProblemError, parse_filter
from tests.api.sync.servers.odata_batch import split_parts, write_part
from tests.api.sync.servers.record_store import RecordStore, StoredRecord

TENANT = "8f3d2c1b-0000-4000-8000-000000000001"
CLIENT_ID = "4f7b3a10-0000-4000-8000-000000000002"
CLIENT_SECRET = "s3cret~of.dynamics"
BASE = "/api/data/v9.2"
MOST_OF_BATCH = 1000
NO_SUCH_RECORD = "0x80040217"
LABEL = "@OData.Community.Display.V1.FormattedValue"
LOOKUP = "@Microsoft.Dynamics.CRM.lookuplogicalname"
LEAD_COLUMNS = {
    "leadid": "Uniqueidentifier",
    "fullname": "String",
    "lastname": "String",
    "companyname": "String",
    "jobtitle": "String",
    "emailaddress1": "String",
    "address1_country": "String",
    "numberofemployees": "Integer",
    "revenue": "Money",
    "industrycode": "Picklist",
    "leadsourcecode": "Picklist",
    "ownerid": "Owner",
    "masterid": "Lookup",
    "merged": "Boolean",
    "createdon": "DateTime",
    "modifiedon": "DateTime",
    "donotbulkemail": "Boolean",
    "statecode": "State",
}
READ_ONLY = {"leadid", "fullname", "createdon", "modifiedon", "merged", "masterid"}
LOOKUPS = ("Owner", "Lookup", "Customer")
ACTIVITY_COLUMNS = {
    "activityid": "Uniqueidentifier",
    "activitytypecode": "EntityName",
    "subject": "String",
    "actualend": "DateTime",
    "scheduledend": "DateTime",
    "createdon": "DateTime",
    "modifiedon": "DateTime",
    "statecode": "State",
    "regardingobjectid": "Lookup",
}
OPTIONS: Mapping[str, Mapping[int, str]] = {
    "industrycode": {7: "Consulting", 12: "Retail"},
    "leadsourcecode": {7: "Trade Show", 8: "Web"},
}


def make_lead_id(number: int) -> str:
    """A GUID, in the order of their making."""
    return f"{number:08x}-53d3-ed11-a7c7-000d3a993550"


def make_activity_id(number: int) -> str:
    """A GUID of an activity."""
    return f"{number:08x}-0000-4000-8000-000d3a993551"


class DataverseProblem(Exception):
    """An error, as a status and the body that Dataverse has for it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.body = status, {"error": {"code": code, "message": message}}
        super().__init__(message)


@dataclass(eq=False, repr=False)
class DynamicsServer(CrmServer):
    """An environment with leads and activities, and the place where its tokens are given.

    `names`: what lookups show, and their tables, by id. `most_page_size`: rows of a page at most.
    """

    leads: RecordStore = field(default_factory=lambda: RecordStore(make_lead_id, keeps_merged=True))
    activities: RecordStore = field(default_factory=lambda: RecordStore(make_activity_id))
    columns: dict[str, str] = field(default_factory=lambda: dict(LEAD_COLUMNS))
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    most_page_size: int = 5000
    may_customize: bool = True
    token_number: int = 1
    batch_sizes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.activities.lock = self.leads.lock

    @contextmanager
    def serve(self) -> Iterator[DynamicsServer]:
        """Serve until the end."""
        with running(self):
            yield self

    def clock(self) -> datetime:
        """That of the leads, which tests move."""
        return self.leads.now

    @property
    def token(self) -> str:
        """The access token that counts now."""
        return f"eyJ0access{self.token_number}"

    def expire_token(self) -> None:
        """Let the access token that was given expire."""
        self.token_number += 1

    # -- calls ---------------------------------------------------------------------------------------------------------

    def answer(self, call: CrmRequest) -> CrmReply:
        """The answer to a call."""
        with self.leads.lock:
            try:
                if call.path == f"/{TENANT}/oauth2/v2.0/token":
                    return self._give_token(call)
                if call.headers.get("authorization") != f"Bearer {self.token}":
                    return CrmReply(401, None, {"WWW-Authenticate": "Bearer authorization_uri=https://login.example"})
                if not call.path.startswith(f"{BASE}/"):
                    raise DataverseProblem(404, "0x8006088a", f"Resource not found for the segment '{call.path}'.")
                return self._answer_api(call)
            except DataverseProblem as problem:
                return CrmReply(problem.status, problem.body)

    def _give_token(self, call: CrmRequest) -> CrmReply:
        form = call.form
        if form.get("grant_type") != "client_credentials" or form.get("client_id") != CLIENT_ID:
            text = f"AADSTS700016: Application with identifier '{form.get('client_id')}' was not found in the directory"
            return CrmReply(400, {"error": "unauthorized_client", "error_description": text})
        if form.get("client_secret") != CLIENT_SECRET:
            text = "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the secret's value."
            return CrmReply(401, {"error": "invalid_client", "error_description": text})
        if form.get("scope") != f"{self.url}/.default":
            text = "AADSTS500011: The resource principal was not found in the tenant."
            return CrmReply(400, {"error": "invalid_resource", "error_description": text})
        return CrmReply(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": self.token})

    def _answer_api(self, call: CrmRequest) -> CrmReply:
        rest = call.path.removeprefix(f"{BASE}/")
        if (call.method, rest) == ("GET", "WhoAmI"):
            ids = {"BusinessUnitId": "b1", "UserId": "u1", "OrganizationId": "0a1b2c3d-0000-4000-8000-00000000000f"}
            return CrmReply(200, {"@odata.context": f"{self.url}{BASE}/$metadata#WhoAmIResponse", **ids})
        if (call.method, rest) == ("GET", "leads"):
            return self._list(call, "leads", self.leads, self.columns)
        if (call.method, rest) == ("GET", "activitypointers"):
            return self._list(call, "activitypointers", self.activities, ACTIVITY_COLUMNS)
        if (call.method, rest) == ("POST", "$batch"):
            return self._run_batch(call)
        if (call.method, rest) == ("POST", "leads/Microsoft.Dynamics.CRM.UpdateMultiple"):
            for target in call.body["Targets"]:
                self._update(target["leadid"], {name: value for name, value in target.items() if "@" not in name}, True)
            return CrmReply(204, None)
        if rest.startswith("EntityDefinitions"):
            return self._answer_metadata(call, rest)
        match = re.fullmatch(r"leads\(([0-9a-fA-F-]{36})\)", rest)
        if match and call.method == "GET":
            return self._read_single(call, match[1].lower())
        if match and call.method == "PATCH":
            self._update(match[1].lower(), call.body, call.headers.get("if-match") == "*")
            return CrmReply(204, None, {"OData-EntityId": f"{self.url}{call.path}"})
        raise DataverseProblem(404, "0x8006088a", f"Resource not found for the segment '{rest}'.")

    # -- queries -------------------------------------------------------------------------------------------------------

    def _list(self, call: CrmRequest, name: str, store: RecordStore, columns: Mapping[str, str]) -> CrmReply:
        query, prefer = {name: call.param(name) for name in call.query}, call.headers.get("prefer", "")
        readable = {_readable_name(column, kind): (column, kind) for column, kind in columns.items()}
        for option in query:
            if option not in ("$select", "$filter", "$orderby", "$top", "$skiptoken", "$count"):
                raise DataverseProblem(400, "0x80060888", f"The query parameter {option} is not supported")
        selected = [column for column in query.get("$select", "").split(",") if column] or list(readable)
        order = [part.strip().split(" ") for part in query.get("$orderby", "").split(",") if part]
        for column in (*selected, *(part[0] for part in order)):
            if column not in readable:
                message = f"Could not find a property named '{column}' on type 'Microsoft.Dynamics.CRM.{name[:-1]}'."
                raise DataverseProblem(400, "0x80060888", message)
        try:
            test = parse_filter(query["$filter"], set(readable)) if "$filter" in query else lambda row: True
        except ODataProblemError as problem:
            raise DataverseProblem(400, "0x80060888", str(problem)) from None
        rows = [(self._row(record, readable), record) for record in store.seen()]
        rows = [pair for pair in rows if test(pair[0])]
        for column, *direction in reversed(order):
            rows.sort(key=lambda pair: (pair[0][column] is not None, pair[0][column]), reverse=direction == ["desc"])
        # The cookie holds the last row, as Dataverse's does: rows that left meanwhile move none of the others.
        last = _read_cookie(query["$skiptoken"]) if "$skiptoken" in query else None
        if last is not None:
            keys = [part[0] for part in order]
            rows = [pair for pair in rows if [_write_exact(pair[0][key]) for key in keys] > last]
        match = re.search("odata.maxpagesize=([0-9]+)", prefer)
        size = min(int(match[1]) if match else self.most_page_size, self.most_page_size)
        if "$top" in query:
            rows, size = rows[: int(query["$top"])], len(rows) + 1
        page = [self._write_row(row, selected, readable, prefer) for row, _ in rows[:size]]
        body: dict[str, Any] = {"@odata.context": f"{self.url}{BASE}/$metadata#{name}({','.join(selected)})"}
        body["value"] = page
        if len(rows) > size:
            key = [_write_exact(rows[size - 1][0][part[0]]) for part in order]
            following = {option: value for option, value in query.items() if option != "$skiptoken"}
            following["$skiptoken"] = base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
            body["@odata.nextLink"] = f"{self.url}{BASE}/{name}?{urlencode(following)}"
        return CrmReply(200, body, {"OData-Version": "4.0", "Preference-Applied": prefer})

    def _row(self, record: StoredRecord, readable: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
        """What filters see: moments as such."""
        own: dict[str, Any] = {
            "leadid": record.id,
            "activityid": record.id,
            "createdon": record.created,
            "modifiedon": record.stamp,
            "merged": bool(record.master),
            "_masterid_value": record.master or None,
        }
        row = {}
        for name, (_, kind) in readable.items():
            value = own.get(name, record.values.get(name))
            if kind == "DateTime" and isinstance(value, str) and "T" in value:
                value = datetime.fromisoformat(value)
            row[name] = value
        if "statecode" in row and row["statecode"] is None:
            row["statecode"] = 0
        return row

    def _write_row(
        self, row: Mapping[str, Any], selected: list[str], readable: Mapping[str, tuple[str, str]], prefer: str
    ) -> dict[str, Any]:
        written: dict[str, Any] = {"@odata.etag": 'W/"1"'}
        key = "leadid" if "leadid" in readable else "activityid"
        for name in dict.fromkeys((*selected, key)):
            value = row[name]
            if value is not None and "include-annotations" in prefer:
                written |= self._annotate(name, readable[name][1], value, prefer)
            written[name] = _write_value(value)
        return written

    def _annotate(self, name: str, kind: str, value: Any, prefer: str) -> dict[str, Any]:
        if kind in LOOKUPS:
            label, table = self.names.get(value, ("", "lead"))
            return {f"{name}{LABEL}": label} | ({f"{name}{LOOKUP}": table} if '"*"' in prefer else {})
        if name in OPTIONS:
            return {f"{name}{LABEL}": OPTIONS[name].get(value, "")}
        return {f"{name}{LABEL}": f"{value:,}"} if kind in ("Integer", "Money") else {}

    def _read_single(self, call: CrmRequest, record_id: str) -> CrmReply:
        record = self.leads.find(record_id)
        if record is None:
            raise _missing(record_id)
        readable = {_readable_name(column, kind): (column, kind) for column, kind in self.columns.items()}
        selected = [name for name in call.param("$select", "").split(",") if name] or list(readable)
        prefer = call.headers.get("prefer", "")
        return CrmReply(200, self._write_row(self._row(record, readable), selected, readable, prefer))

    # -- updates -------------------------------------------------------------------------------------------------------

    def _update(self, record_id: str, values: Mapping[str, Any], must_exist: bool) -> None:
        if self.leads.find(record_id.lower()) is None:
            if must_exist:
                raise _missing(record_id)
            # PATCH without If-Match makes a record that isn't there.
            self.leads.records[record_id] = StoredRecord(record_id, dict(values), self.leads.now, self.leads.now)
            return
        if record_id in self.leads.refusals:
            code, _, message = self.leads.refusals[record_id].partition(": ")
            raise DataverseProblem(429 if code == "0x80072322" else 400, code, message)
        for name, value in values.items():
            if name == "leadid":
                continue
            if name not in self.columns:
                message = (
                    f"Error identified in Payload provided by the user for Entity :'leads', For more information on"
                    f" this error please follow this help link - Could not find a property named '{name}' on type"
                    f" 'Microsoft.Dynamics.CRM.lead'."
                )
                raise DataverseProblem(400, "0x80048d19", message)
            self._check_type(name, value)
        changed = {name: None if value == "" else value for name, value in values.items() if name not in READ_ONLY}
        self.leads.change(record_id, **changed)  # an empty text is none

    def _check_type(self, name: str, value: Any) -> None:
        kind = self.columns[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = (
            value is None
            or (kind in ("Decimal", "Money", "Double") and is_number)
            or (kind in ("Integer", "Picklist") and isinstance(value, int) and not isinstance(value, bool))
            or (kind in ("String", "Memo", "DateTime") and isinstance(value, str))
            or (kind == "Boolean" and isinstance(value, bool))
        )
        if fits and kind == "DateTime" and value is not None:
            try:
                date.fromisoformat(value)
            except ValueError:
                fits = False
        if not fits:
            message = f"Cannot convert the literal '{value}' to the expected type 'Edm.{kind}'."
            raise DataverseProblem(400, "0x80048d19", message)

    def _run_batch(self, call: CrmRequest) -> CrmReply:
        boundary = re.search('boundary="?([^";]+)', call.headers.get("content-type", ""))
        if boundary is None or not call.headers["content-type"].startswith("multipart/mixed"):
            raise DataverseProblem(400, "0x0", "The batch has no boundary")
        go_on = "odata.continue-on-error" in call.headers.get("prefer", "")
        parts = split_parts(call.content.decode(), boundary[1])
        if not parts:
            raise DataverseProblem(400, "0x0", "Stream was not readable: the batch has no end")
        self.batch_sizes.append(len(parts))
        if len(parts) > MOST_OF_BATCH:
            raise DataverseProblem(400, "0x80060892", f"The batch has more than {MOST_OF_BATCH} operations")
        written, worst = [], 200
        for headers, content in parts:
            reply = self._run_part(headers, content, call)
            written.append(reply)
            if reply.status >= 400 and not go_on:
                worst = reply.status
                break
        name = "batchresponse_0d9a1f4e"
        text = "".join(f"--{name}\r\n{write_part(reply)}\r\n" for reply in written) + f"--{name}--\r\n"
        return CrmReply(worst, text.encode(), {"Content-Type": f"multipart/mixed; boundary={name}"})

    def _run_part(self, headers: str, content: str, call: CrmRequest) -> CrmReply:
        if "application/http" not in headers or "binary" not in headers.lower():
            return CrmReply(400, {"error": {"code": "0x0", "message": "bad part"}})
        head, _, body = content.partition("\r\n\r\n")
        method, address, _ = head.split("\r\n")[0].split(" ")
        lines = (line.partition(":") for line in head.split("\r\n")[1:])
        own = {name.strip().lower(): value.strip() for name, _, value in lines}
        if body and "application/json" not in own.get("content-type", ""):
            return CrmReply(415, {"error": {"code": "0x0", "message": "a part without its media type"}})
        parts = urlsplit(address)
        authorization = {"authorization": call.headers["authorization"]}
        inner = CrmRequest(method, parts.path, parse_qs(parts.query), own | authorization, body.strip().encode())
        return self.answer(inner)

    # -- columns -------------------------------------------------------------------------------------------------------

    def _answer_metadata(self, call: CrmRequest, rest: str) -> CrmReply:
        entity = {
            "MetadataId": "c0000000-0000-4000-8000-000000000001",
            "LogicalName": "lead",
            "SchemaName": "Lead",
            "EntitySetName": "leads",
            "PrimaryIdAttribute": "leadid",
            "PrimaryNameAttribute": "fullname",
        }
        if rest == "EntityDefinitions":
            return CrmReply(200, {"value": [entity] if "'lead'" in call.param("$filter", "'lead'") else []})
        prefixes = ("EntityDefinitions(LogicalName='lead')/", f"EntityDefinitions({entity['MetadataId']})/")
        part = next((rest.removeprefix(prefix) for prefix in prefixes if rest.startswith(prefix)), "")
        if (call.method, part) == ("GET", "Attributes"):
            return CrmReply(200, {"value": [self._describe(name, kind) for name, kind in self.columns.items()]})
        if part == "Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata":
            return CrmReply(200, {"value": [_describe_options(name, options) for name, options in OPTIONS.items()]})
        if (call.method, part) == ("POST", "Attributes"):
            return self._make_column(call.body)
        raise DataverseProblem(404, "0x8006088a", f"Resource not found for the segment '{rest}'.")

    def _describe(self, name: str, kind: str) -> dict[str, Any]:
        return {
            "LogicalName": name,
            "SchemaName": name,
            "AttributeType": kind,
            "AttributeTypeName": {"Value": f"{kind}Type"},
            "AttributeOf": None,
            "IsValidForRead": True,
            "IsValidForUpdate": name not in READ_ONLY,
        }

    def _make_column(self, body: Mapping[str, Any]) -> CrmReply:
        if not self.may_customize:
            message = "Principal user is missing prvCreateAttribute privilege on OTC=9807 for entity 'Attribute'."
            raise DataverseProblem(403, "0x80040220", message)
        kind = str(body.get("@odata.type", "")).rpartition(".")[2].removesuffix("AttributeMetadata")
        needed = {"Decimal": "Precision", "String": "MaxLength", "Memo": "MaxLength", "DateTime": "Format"}
        name = str(body.get("SchemaName", "")).lower()
        if kind not in needed or needed[kind] not in body or not re.fullmatch("[a-z][a-z0-9]{1,7}_[a-z0-9_]+", name):
            raise DataverseProblem(400, "0x80048403", f"The column {name!r} of the type {kind!r} is not whole.")
        if not body.get("DisplayName", {}).get("LocalizedLabels"):
            raise DataverseProblem(400, "0x80048403", "DisplayName is required")
        if name in self.columns:
            raise DataverseProblem(400, "0x80044153", f"An attribute with the specified name {name} already exists")
        self.columns[name] = kind
        location = f"{self.url}{BASE}/EntityDefinitions(c0)/Attributes({len(self.columns)})"
        return CrmReply(204, None, {"OData-EntityId": location})


def _readable_name(column: str, kind: str) -> str:
    return f"_{column}_value" if kind in LOOKUPS else column


def _missing(record_id: str) -> DataverseProblem:
    return DataverseProblem(404, NO_SUCH_RECORD, f"Entity 'lead' With Id = {record_id} Does Not Exist")


def _describe_options(name: str, options: Mapping[int, str]) -> dict[str, Any]:
    listed = [
        {"Value": value, "Label": {"LocalizedLabels": [{"Label": label, "LanguageCode": 1033}]}}
        for value, label in options.items()
    ]
    return {"LogicalName": name, "OptionSet": {"Options": listed}}


def _write_value(value: Any) -> Any:
    """Moments to the second, as Dataverse shows them."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value


def _write_exact(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _read_cookie(text: str) -> list[Any]:
    try:
        return list(json.loads(base64.urlsafe_b64decode(text)))
    except ValueError:
        raise DataverseProblem(400, "0x80060888", "The paging cookie is malformed") from None
