"""Odoo's external APIs as its documents tell them, over leads in memory: as much as a sync and its rivals ask of them.

- JSON-2, from Odoo 19: https://www.odoo.com/documentation/19.0/developer/reference/external_api.html
- JSON-RPC, before it: https://www.odoo.com/documentation/18.0/developer/howtos/web_services.html
- Methods of models: https://www.odoo.com/documentation/19.0/developer/reference/backend/orm.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tests.api.sync.servers.crm_server import CrmReply, CrmRequest, CrmServer, running
from tests.api.sync.servers.odoo_domain import DomainError, parse_domain
from tests.api.sync.servers.record_store import RecordStore, StoredRecord

DATABASE = "fjord"
LOGIN = "sync@fjord.example"
API_KEY = "6578616d706c65206a736f6e20617069206b6579"
USER_ID = 7
LEAD_FIELDS = {
    "id": "integer",
    "name": "char",
    "partner_name": "char",
    "contact_name": "char",
    "email_from": "char",
    "function": "char",
    "active": "boolean",
    "expected_revenue": "monetary",
    "country_id": "many2one",
    "user_id": "many2one",
    "tag_ids": "many2many",
    "x_employees": "integer",
    "x_need": "selection",
    "x_decision": "date",
    "create_date": "datetime",
    "write_date": "datetime",
}
MESSAGE_FIELDS = {
    "id": "integer",
    "model": "char",
    "res_id": "integer",
    "date": "datetime",
    "subject": "char",
    "message_type": "selection",
    "is_internal": "boolean",
    "mail_activity_type_id": "many2one",
    "create_date": "datetime",
    "write_date": "datetime",
}
MEETING_FIELDS = {
    "id": "integer",
    "name": "char",
    "start": "datetime",
    "opportunity_id": "many2one",
    "create_date": "datetime",
    "write_date": "datetime",
}
READ_ONLY = {"id", "create_date", "write_date"}
NAMES: Mapping[str, Mapping[int, Any]] = {
    "crm.tag": {3: "Fair", 9: "Partner"},
    "mail.activity.type": {1: ("Email", "default"), 2: ("Call", "phonecall"), 3: ("Meeting", "meeting")},
}
METHODS = {
    "search": ("domain", "offset", "limit", "order"),
    "search_count": ("domain", "limit"),
    "search_read": ("domain", "fields", "offset", "limit", "order"),
    "read": ("fields", "load"),
    "write": ("vals",),
    "create": ("vals_list",),
    "unlink": (),
    "fields_get": ("allfields", "attributes"),
    "context_get": (),
}
MODELS = ("crm.lead", "mail.message", "calendar.event", "ir.model", "ir.model.fields", "res.users", *NAMES)
OF_RECORDS = ("read", "write", "unlink")


class OdooProblem(Exception):
    """An exception of Odoo: its name, its text, and the status that JSON-2 has for it."""

    def __init__(self, name: str, message: str, status: int) -> None:
        self.name, self.message, self.status = name, message, status
        super().__init__(message)

    def describe(self) -> dict[str, Any]:
        """The exception as both APIs write it; the traceback holds what nobody else should read."""
        debug = f"Traceback (most recent call last):\n  File /opt/odoo/http.py, key {API_KEY}\n{self.name}"
        return {
            "name": self.name,
            "message": self.message,
            "arguments": [self.message],
            "context": {},
            "debug": debug,
        }


@dataclass(eq=False, repr=False)
class OdooServer(CrmServer):
    """A database with leads, messages and meetings.

    `version`: 19 and later have JSON-2 beside JSON-RPC. `may_customize`: whether the user is an administrator.
    """

    leads: RecordStore = field(default_factory=lambda: RecordStore(str))
    messages: RecordStore = field(default_factory=lambda: RecordStore(str))
    meetings: RecordStore = field(default_factory=lambda: RecordStore(str))
    fields: dict[str, str] = field(default_factory=lambda: dict(LEAD_FIELDS))
    version: int = 19
    may_customize: bool = True
    api_key: str = API_KEY
    writes: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.messages.lock = self.meetings.lock = self.leads.lock

    @contextmanager
    def serve(self) -> Iterator[OdooServer]:
        """Serve until the end."""
        with running(self):
            yield self

    def clock(self) -> datetime:
        """That of the leads, which tests move."""
        return self.leads.now

    # -- calls ---------------------------------------------------------------------------------------------------------

    def answer(self, call: CrmRequest) -> CrmReply:
        """The answer to a call."""
        with self.leads.lock:
            if call.method == "POST" and call.path.startswith("/json/2/") and self.version >= 19:
                return self._answer_json2(call)
            if call.method == "POST" and call.path == "/jsonrpc":
                return self._answer_jsonrpc(call)
            if call.path == "/web/webclient/version_info":
                return self._wrap(call, self._version())
            return CrmReply(404, b"<!doctype html><title>404 Not Found</title>", {"Content-Type": "text/html"})

    def _version(self) -> dict[str, Any]:
        info = [self.version, 0, 0, "final", 0, ""]
        return {"server_version": f"{self.version}.0", "server_version_info": info, "protocol_version": 1}

    def _answer_json2(self, call: CrmRequest) -> CrmReply:
        try:
            if call.headers.get("authorization", "") != f"bearer {self.api_key}":
                raise OdooProblem("werkzeug.exceptions.Unauthorized", "Invalid apikey", 401)
            if call.headers.get("x-odoo-database", DATABASE) != DATABASE:
                raise OdooProblem("werkzeug.exceptions.NotFound", "no such database", 404)
            match = re.fullmatch("/json/2/([a-z._]+)/([a-z_]+)", call.path)
            body = _read_json(call)
            if match is None:
                raise OdooProblem("werkzeug.exceptions.NotFound", "Did you mean POST /json/2/<model>/<method>?", 404)
            if not isinstance(body, dict):
                raise OdooProblem("werkzeug.exceptions.BadRequest", "could not parse the body as json", 400)
            ids, context = body.pop("ids", []), body.pop("context", {})
            return CrmReply(200, self._execute(match[1], match[2], ids, body, context))
        except OdooProblem as problem:
            return CrmReply(problem.status, problem.describe())

    def _answer_jsonrpc(self, call: CrmRequest) -> CrmReply:
        params = call.body["params"]
        try:
            return self._wrap(call, self._run_service(params["service"], params["method"], params["args"]))
        except OdooProblem as problem:
            error = {"code": 200, "message": "Odoo Server Error", "data": problem.describe()}
            return CrmReply(200, {"jsonrpc": "2.0", "id": call.body.get("id"), "error": error})

    def _wrap(self, call: CrmRequest, result: Any) -> CrmReply:
        return CrmReply(200, {"jsonrpc": "2.0", "id": (call.body or {}).get("id"), "result": result})

    def _run_service(self, service: str, method: str, args: list[Any]) -> Any:
        if (service, method) == ("common", "version"):
            return self._version()
        if service == "common" and method in ("login", "authenticate"):
            if args[0] != DATABASE:
                raise OdooProblem("psycopg2.OperationalError", f'database "{args[0]}" does not exist', 500)
            return USER_ID if args[1:3] == [LOGIN, self.api_key] else False
        if service != "object" or args[:3] != [DATABASE, USER_ID, self.api_key]:
            raise OdooProblem("odoo.exceptions.AccessDenied", "Access Denied", 403)
        model, name = args[3:5]
        positional, named = (args[5], args[6] if len(args) > 6 else {}) if method == "execute_kw" else (args[5:], {})
        named, positional = dict(named), list(positional)
        context = named.pop("context", {})
        ids: Any = []
        if name in OF_RECORDS:
            ids = positional.pop(0)
        elif "args" in named:
            raise OdooProblem("builtins.TypeError", "unexpected keyword argument 'args'", 500)
        named |= dict(zip(METHODS.get(name, ()), positional, strict=False))
        return self._execute(model, name, [ids] if isinstance(ids, int) else ids, named, context)

    # -- methods -------------------------------------------------------------------------------------------------------

    def _execute(self, model: str, method: str, ids: list[int], named: dict[str, Any], context: Any) -> Any:
        if model not in MODELS:
            raise OdooProblem("werkzeug.exceptions.NotFound", f"the model {model!r} does not exist", 404)
        if method not in METHODS:
            message = f"The method '{model}.{method}' does not exist"
            raise OdooProblem("werkzeug.exceptions.NotFound", message, 404)
        unknown = next((name for name in named if name not in METHODS[method]), "")
        if unknown:
            message = f"got an unexpected keyword argument '{unknown}'"
            raise OdooProblem("werkzeug.exceptions.UnprocessableEntity", message, 422)
        if ids and method not in OF_RECORDS:
            message = f"cannot call {model}.{method} with ids"
            raise OdooProblem("werkzeug.exceptions.UnprocessableEntity", message, 422)
        if (model, method) == ("res.users", "context_get"):
            return {"lang": "en_US", "tz": "Europe/Oslo", "uid": USER_ID}
        if model in ("ir.model", "ir.model.fields"):
            return self._customize(model, method, named)
        if model in NAMES:
            numbers = list(NAMES[model]) if method == "search_read" else ids
            return [self._read_name(model, number) for number in numbers if number in NAMES[model]]
        return self._run(model, method, ids, named, context)

    def _run(self, model: str, method: str, ids: list[int], named: dict[str, Any], context: Any) -> Any:
        store, types = self._store_of(model)
        if method == "fields_get":
            return {name: self._describe(name, kind, named.get("attributes")) for name, kind in types.items()}
        if method == "read":
            records = [self._get(store, model, number) for number in ids]
            return [self._write_row(record, types, named.get("fields"), model) for record in records]
        if method == "write":
            return self._write(ids, named["vals"])
        if method == "unlink":
            for number in ids:
                store.delete(str(number), for_good=True)
            return True
        if method == "create":
            return [int(store.add(**values)) for values in _listed(named["vals_list"])]
        records = self._search(model, store, types, named, context)
        if method == "search_count":
            return len(records)
        if method == "search":
            return [int(record.id) for record in records]
        return [self._write_row(record, types, named.get("fields"), model) for record in records]

    def _store_of(self, model: str) -> tuple[RecordStore, dict[str, str]]:
        return {
            "crm.lead": (self.leads, self.fields),
            "mail.message": (self.messages, MESSAGE_FIELDS),
            "calendar.event": (self.meetings, MEETING_FIELDS),
        }[model]

    def _get(self, store: RecordStore, model: str, number: Any) -> StoredRecord:
        record = store.find(str(number))
        if record is None:
            message = f"Record does not exist or has been deleted.\n(Record: {model}({number},), User: {USER_ID})"
            raise OdooProblem("odoo.exceptions.MissingError", message, 404)
        return record

    def _search(
        self, model: str, store: RecordStore, types: Mapping[str, str], named: Mapping[str, Any], context: Any
    ) -> list[StoredRecord]:
        domain = named.get("domain") or []
        try:
            test = parse_domain(domain, set(types), model, whole_seconds=self.version >= 19)
        except DomainError as error:
            raise OdooProblem("builtins.ValueError", str(error), 500) from None
        rows = [(self._row(record, types), record) for record in store.seen()]
        names_active = any(isinstance(leaf, list) and leaf[0] == "active" for leaf in domain)
        if "active" in types and not names_active and context.get("active_test", True):
            rows = [pair for pair in rows if pair[0]["active"]]
        rows = [pair for pair in rows if test(pair[0])]
        for part in reversed((named.get("order") or "id").split(",")):
            name, *direction = part.split()
            if name not in types:
                raise OdooProblem("builtins.ValueError", f"Invalid field {name!r} on model {model!r}", 500)
            rows.sort(key=lambda pair: pair[0][name], reverse=direction == ["desc"])
        start = named.get("offset") or 0
        end = start + named["limit"] if named.get("limit") else None
        return [record for _, record in rows[start:end]]

    def _row(self, record: StoredRecord, types: Mapping[str, str]) -> dict[str, Any]:
        own = {"id": int(record.id), "create_date": record.created, "write_date": record.stamp}
        row = {}
        for name, kind in types.items():
            value = own.get(name, record.values.get(name, name == "active"))
            if kind in ("integer", "monetary", "float") and value is False:
                value = 0
            row[name] = [] if kind == "many2many" and value is False else value
        return row

    def _write_row(self, record: StoredRecord, types: Mapping[str, str], fields: Any, model: str) -> dict[str, Any]:
        row = self._row(record, types)
        names = list(fields) if fields else list(types)
        for name in names:
            if name not in types:
                raise OdooProblem("builtins.ValueError", f"Invalid field {name!r} on model {model!r}", 500)
        return {name: _write_value(row[name]) for name in dict.fromkeys(("id", *names))}

    def _write(self, ids: list[int], values: Mapping[str, Any]) -> bool:
        records = [self._get(self.leads, "crm.lead", number) for number in ids]
        for name, value in values.items():
            if name not in self.fields:
                raise OdooProblem("builtins.ValueError", f"Invalid field {name!r} on model 'crm.lead'", 500)
            self._check_type(name, value)
        for record in records:
            if record.id in self.leads.refusals:
                name, _, message = self.leads.refusals[record.id].partition(": ")
                raise OdooProblem(name, message, 422 if "Validation" in name else 500)
        self.writes.append(list(ids))
        for record in records:
            self.leads.change(record.id, **values)
        return True

    def _check_type(self, name: str, value: Any) -> None:
        kind = self.fields[name]
        if value is False:
            return
        if kind in ("float", "integer", "monetary") and not isinstance(value, int | float):
            raise OdooProblem("builtins.ValueError", f"could not convert string to float: {value!r}", 500)
        if kind == "date":
            try:
                date.fromisoformat(value)
            except (TypeError, ValueError):
                raise OdooProblem("builtins.ValueError", f"Invalid isoformat string: {value!r}", 500) from None

    def _read_name(self, model: str, number: int) -> dict[str, Any]:
        name = NAMES[model][number]
        if isinstance(name, tuple):
            return {"id": number, "display_name": name[0], "name": name[0], "category": name[1]}
        return {"id": number, "display_name": name}

    def _describe(self, name: str, kind: str, attributes: Any) -> dict[str, Any]:
        relations = {"country_id": "res.country", "user_id": "res.users", "tag_ids": "crm.tag"}
        whole: dict[str, Any] = {
            "type": kind,
            "string": name,
            "readonly": name in READ_ONLY,
            "store": True,
            "required": name == "name",
        }
        if name in relations:
            whole["relation"] = relations[name]
        if kind == "selection":
            whole["selection"] = [["vague", "Vague"], ["urgent", "Urgent"]]
        return {key: value for key, value in whole.items() if not attributes or key in attributes}

    def _customize(self, model: str, method: str, named: Mapping[str, Any]) -> Any:
        if (model, method) == ("ir.model", "search"):
            wanted = next((leaf[2] for leaf in named["domain"] if leaf[0] == "model"), "")
            return [{"crm.lead": 412, "res.users": 99}.get(wanted, 1)]
        if (model, method) != ("ir.model.fields", "create"):
            raise OdooProblem("odoo.exceptions.AccessError", "not allowed here", 403)
        if not self.may_customize:
            message = (
                "You are not allowed to create 'Fields' (ir.model.fields) records.\n\nThis operation is allowed for the"
                " following groups:\n\t- Administration/Access Rights"
            )
            raise OdooProblem("odoo.exceptions.AccessError", message, 403)
        made = []
        for values in _listed(named["vals_list"]):
            if values.get("state") != "manual" or values.get("model_id") != 412 or not values["name"].startswith("x_"):
                message = "Custom fields must have a name that starts with 'x_'!"
                raise OdooProblem("odoo.exceptions.ValidationError", message, 422)
            if values["name"] in self.fields:
                message = f"Field names must be unique per model: {values['name']}"
                raise OdooProblem("odoo.exceptions.ValidationError", message, 422)
            self.fields[values["name"]] = values["ttype"]
            made.append(1000 + len(self.fields))
        return made


def _read_json(call: CrmRequest) -> Any:
    try:
        return call.body
    except ValueError:
        return None


def _listed(values: Any) -> list[dict[str, Any]]:
    return values if isinstance(values, list) else [values]


def _write_value(value: Any) -> Any:
    """Moments to the second, as Odoo's JSON has them."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else value
