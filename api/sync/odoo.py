"""Odoo: the leads and opportunities of its CRM, `crm.lead`.

- Methods: https://www.odoo.com/documentation/19.0/developer/reference/backend/orm.html
- Why pages go by id: stamps are kept to the microsecond, shown to the second, and compared in either way, by version
  (https://github.com/odoo/odoo/pull/203626), so none can be named that a next page begins behind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadledger.api.sync.api_client import ApiAnswer, ApiClient, Patience
from leadledger.api.sync.connector import Connector, RecordPage, RecordUpdate, RemoteRecord, UpdateOutcome, Window
from leadledger.api.sync.crm_times import read_stamp, write_second, write_time
from leadledger.api.sync.odoo_calls import OdooCalls, OdooRefusal
from leadledger.api.sync.property_kinds import describe_misfit
from leadledger.api.sync.settings import ConnectorKind, SyncSetting
from leadledger.scoring.errors import SyncError, quote

MODEL = "crm.lead"
ROWS_PER_PAGE = 500
_SECOND = "%Y-%m-%d %H:%M:%S"
_ARCHIVED_TOO = {"active_test": False}  # a lead that was lost is archived, and is a lead still
_FITTING = {
    "number": {"float", "integer", "monetary"},
    "text": {"char", "text", "selection"},
    "long_text": {"text", "html"},
    "date": {"date"},
}
_MADE = {"number": "float", "text": "char", "long_text": "text", "date": "date"}
_MESSAGE = ("res_id", "date", "subject", "message_type", "mail_activity_type_id")
_KINDS_OF_ACTIVITIES = {"phonecall": "call", "meeting": "meeting"}


class OdooConnector(Connector):
    """The leads of one database."""

    system = "odoo"
    most_updates = 200
    overlap_seconds = 900  # a lead has the time at which its transaction began, and an import may run for minutes

    def __init__(self, calls: OdooCalls) -> None:
        super().__init__(calls.client)
        self._calls = calls
        self._fields: dict[str, dict[str, Any]] | None = None
        self._names: dict[str, dict[int, str]] = {}

    # -- reading -------------------------------------------------------------------------------------------------------

    def check(self) -> str:
        """The server and the database."""
        self._fields = None
        self._describe()
        host = self.client.base_url.partition("://")[2]
        return f"{MODEL} of {host}{f' ({self._calls.database})' if self._calls.database else ''}"

    def now(self) -> str:
        """By the date of its answers, to the second."""
        return write_time(self._execute("the time", "res.users", "context_get").read_date())

    def read_changes(self, window: Window, properties: Sequence[str]) -> Iterator[RecordPage]:
        """In the order of their ids. A lead that is deleted, or merged into another, leaves no trace here: a whole pass
        finds that it is gone.
        """
        fields = self._select(properties)
        for rows in self._search("the changes", MODEL, _write_window(window), ["write_date", *fields]):
            yield RecordPage(self._read_rows(rows, fields))

    def read_records(self, ids: Sequence[str], properties: Sequence[str]) -> Sequence[RemoteRecord]:
        """By a search; an id that can't be one is left out."""
        fields, numbers = self._select(properties), [int(number) for number in ids if number.isdecimal()]
        records: list[RemoteRecord] = []
        if numbers:
            for rows in self._search("some records", MODEL, [["id", "in", numbers]], ["write_date", *fields]):
                records += self._read_rows(rows, fields)
        return records

    def read_activities(self, window: Window) -> Iterator[Sequence[dict[str, Any]]]:
        """Mails and comments that a customer sees, activities that are done, and meetings."""
        kinds = self._read_activity_kinds()
        domain = [["model", "=", MODEL], ["message_type", "in", ["email", "email_outgoing", "comment"]]]
        domain = [*domain, "|", ["is_internal", "=", False], ["mail_activity_type_id", "!=", False]]
        for rows in self._search("messages", "mail.message", [*_write_window(window), *domain], _MESSAGE):
            yield [_read_message(row, kinds) for row in rows]
        domain = [*_write_window(window), ["opportunity_id", "!=", False]]
        for rows in self._search("meetings", "calendar.event", domain, ("name", "start", "opportunity_id")):
            yield [_read_meeting(row) for row in rows]

    def _search(
        self, name: str, model: str, domain: Sequence[Any], fields: Sequence[str]
    ) -> Iterator[list[dict[str, Any]]]:
        """The rows that a domain finds, archived ones too, in the order of their ids, a page at a time."""
        last = 0
        while True:
            answer = self._execute(
                name,
                model,
                "search_read",
                context=_ARCHIVED_TOO,
                domain=[["id", ">", last], *domain],
                fields=list(dict.fromkeys(("id", *fields))),
                limit=ROWS_PER_PAGE,
                order="id",
            )
            rows = _check_rows(answer)
            if rows:
                yield rows
                if rows[-1]["id"] <= last:
                    raise SyncError(f"{answer.call} answered twice with the same page. Nothing more was read.")
                last = rows[-1]["id"]
            if len(rows) < ROWS_PER_PAGE:
                return

    def _read_rows(self, rows: Sequence[dict[str, Any]], fields: Sequence[str]) -> list[RemoteRecord]:
        """Records, with the names of those that they point to in lists."""
        listed = [name for name in fields if self._describe()[name].get("type") in ("many2many", "one2many")]
        for name in listed:
            model = str(self._describe()[name].get("relation") or "")
            self._read_names(model, {number for row in rows for number in row.get(name) or () if type(number) is int})
        records = []
        for row in rows:
            if not isinstance(row.get("write_date"), str):
                raise SyncError("Odoo answered with a record without write_date. Nothing of it was used.")
            content = {name: row.get(name, False) for name in fields} | {"id": row["id"]}
            for name in listed:
                names = self._names[str(self._describe()[name].get("relation") or "")]
                content[name] = [[number, names[number]] for number in row.get(name) or () if number in names]
            records.append(RemoteRecord(str(row["id"]), read_stamp("Odoo", row["write_date"]), content))
        return records

    def _read_names(self, model: str, numbers: set[int]) -> None:
        """What records of a model are called, such as tags."""
        known = self._names.setdefault(model, {})
        unknown = sorted(numbers - known.keys())
        if unknown:
            answer = self._execute("names", model, "read", unknown, fields=["display_name"])
            known |= {row["id"]: str(row.get("display_name")) for row in _check_rows(answer)}

    def _read_activity_kinds(self) -> dict[int, str]:
        """What each type of activity is in our words; types are named by people, and told by their category."""
        answer = self._execute(
            "the kinds of activities", "mail.activity.type", "search_read", domain=[], fields=["category", "name"]
        )
        kinds = {}
        for row in _check_rows(answer):
            is_mail = str(row.get("name")).lower() in ("email", "e-mail", "mail")
            kinds[row["id"]] = _KINDS_OF_ACTIVITIES.get(str(row.get("category")), "mail" if is_mail else "task")
        return kinds

    # -- fields --------------------------------------------------------------------------------------------------------

    def _describe(self) -> dict[str, dict[str, Any]]:
        """The fields that the user may see, by their names."""
        if self._fields is None:
            attributes = ["type", "readonly", "relation", "selection"]
            answer = self._execute("the fields", MODEL, "fields_get", attributes=attributes)
            if not isinstance(answer.body, dict) or "id" not in answer.body:
                raise SyncError(f"{answer.call} answered without the fields of {MODEL}. Is its CRM installed?")
            self._fields = {name: entry for name, entry in answer.body.items() if isinstance(entry, dict)}
        return self._fields

    def _select(self, properties: Sequence[str]) -> list[str]:
        return [name for name in dict.fromkeys(properties) if name in self._describe() and name != "id"]

    def find_missing_properties(self, kinds: Mapping[str, str]) -> Sequence[str]:
        """Fields that the model doesn't have, or that the user doesn't see."""
        known = self._describe()
        return [name for name in kinds if name not in known]

    def find_unfit_properties(self, kinds: Mapping[str, str]) -> Mapping[str, str]:
        """Read-only fields, and those of another type."""
        unfit = {}
        for name, kind in kinds.items():
            entry = self._describe().get(name)
            if entry is None:
                continue
            if entry.get("readonly") is True:
                unfit[name] = "can't be written: it is read-only or computed"
            elif entry.get("type") not in _FITTING[kind]:
                unfit[name] = describe_misfit(entry.get("type"), kind)
        return unfit

    def make_properties(self, kinds: Mapping[str, str]) -> None:
        """Manual fields, where the user may administer Odoo."""
        wrong = [name for name in kinds if not re.fullmatch("x_[a-z0-9_]{1,60}", name)]
        if wrong:
            raise SyncError(
                f"{quote(wrong[0])} can't be made in Odoo: the name of a field that is made by hand begins with x_ and"
                " is in small letters"
            )
        types = ", ".join(f"{name} ({_MADE[kind]})" for name, kind in kinds.items())
        try:
            found = self._calls.execute("the model", "ir.model", "search", domain=[["model", "=", MODEL]], limit=1)
            values = [
                {
                    "name": name,
                    "field_description": name.removeprefix("x_").replace("_", " ").capitalize(),
                    "model_id": found.body[0],
                    "ttype": _MADE[kind],
                    "state": "manual",
                }
                for name, kind in kinds.items()
            ]
            self._calls.execute("the new fields", "ir.model.fields", "create", takes_failure=True, vals_list=values)
        except (OdooRefusal, LookupError, TypeError) as problem:
            text = problem.text if isinstance(problem, OdooRefusal) else ""
            raise SyncError(
                f"Odoo (the new fields): they can't be made{text}. The user needs “Administration: Settings” for that;"
                f" or make them in developer mode, Settings > Technical > Fields, on the model {MODEL}: {types}."
            ) from None
        self._fields = None

    # -- writing -------------------------------------------------------------------------------------------------------

    def write(self, updates: Sequence[RecordUpdate]) -> Sequence[UpdateOutcome]:
        """One call for all that get the same values: Odoo has none that gives several records different ones.

        A call is written whole or not at all; where one is refused, its records are tried each by itself.
        """
        outcomes = {update.id: UpdateOutcome(update.id, "is no id of Odoo") for update in updates}
        groups: dict[str, list[RecordUpdate]] = {}
        for update in updates:
            if update.id.isdecimal():
                groups.setdefault(json.dumps(update.properties, sort_keys=True), []).append(update)
        for group in groups.values():
            outcome = self._write_group(group)
            if len(group) > 1 and outcome.problem and not outcome.may_retry:
                for update in group:
                    outcomes[update.id] = self._write_group([update])
            else:
                outcomes |= {update.id: outcome._replace(id=update.id) for update in group}
        return list(outcomes.values())

    def _write_group(self, group: Sequence[RecordUpdate]) -> UpdateOutcome:
        """What became of records that get the same values, under the id of the first."""
        ids, values = [int(update.id) for update in group], dict(group[0].properties)
        try:
            self._calls.execute("the update", MODEL, "write", ids, takes_failure=True, vals=values)
        except OdooRefusal as refusal:
            if _is_of_account(refusal):
                raise self._explain(refusal) from None
            problem = f"{refusal.name.rpartition('.')[2] or refusal.status}{refusal.text}"
            is_gone = refusal.name.endswith("MissingError")
            return UpdateOutcome(group[0].id, problem, is_gone=is_gone, may_retry=refusal.may_retry)
        return UpdateOutcome(group[0].id)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def _execute(self, name: str, model: str, method: str, ids: Sequence[int] = (), **arguments: Any) -> ApiAnswer:
        """One call. Raises SyncError."""
        try:
            return self._calls.execute(name, model, method, ids, **arguments)
        except OdooRefusal as refusal:
            raise self._explain(refusal) from None

    def _explain(self, refusal: OdooRefusal) -> SyncError:
        """What a refusal means, and what to do."""
        call, text, status = refusal.call, refusal.text, refusal.status
        if status == 401 or refusal.name.endswith("AccessDenied"):
            return SyncError(
                f"{call}: the API key is refused{text}; look at LEADLEDGER_ODOO_KEY: a key lasts three months at most,"
                " and is that of one user and one database"
                + (" (LEADLEDGER_ODOO_DATABASE, LEADLEDGER_ODOO_LOGIN)" if self._calls.login else "")
            )
        if status == 403 or refusal.name.endswith("AccessError"):
            return SyncError(f"{call}: the user lacks a right{text}. docs/sync.md lists what it needs.")
        if status == 404 and not refusal.name:
            return SyncError(
                f"{call}: there is nothing at this address (404). Odoo 18 and older have no JSON-2: give --login and"
                " --database. Or is the address another one?"
            )
        return SyncError(f"{call}: the call is refused ({refusal.name or status}){text}.")


def _is_of_account(refusal: OdooRefusal) -> bool:
    """Whether a refusal is about the account as a whole, and not about the records of the call."""
    return refusal.status == 401 or refusal.name.endswith(("AccessDenied", "Unauthorized", "NotFound"))


def _check_rows(answer: ApiAnswer) -> list[dict[str, Any]]:
    """The rows of an answer, each with its id. Raises SyncError."""
    rows = answer.body
    if not isinstance(rows, list) or not all(isinstance(row, dict) and type(row.get("id")) is int for row in rows):
        raise SyncError(
            f"{answer.call} answered with something else than records. Is the address right, and does nothing stand"
            " between, such as a proxy's page? Nothing of this answer was used."
        )
    return rows


def _write_window(window: Window) -> list[list[Any]]:
    """The conditions of a window, in whole seconds."""
    conditions: list[list[Any]] = [["write_date", "<=", write_second(window.until, _SECOND, rounds_up=True)]]
    if window.since:
        conditions.insert(0, ["write_date", ">=", write_second(window.since, _SECOND)])
    return conditions


def _read_message(row: Mapping[str, Any], kinds: Mapping[int, str]) -> dict[str, Any]:
    """A message of a lead, as an event: an activity that is done by its kind, else `mail`."""
    activity = row.get("mail_activity_type_id")
    number = activity[0] if isinstance(activity, list) and activity else activity
    kind = kinds.get(number, "task") if type(number) is int else "mail"
    return _make_event(kind, f"message/{row['id']}", row.get("date"), row.get("res_id"), row.get("subject"))


def _read_meeting(row: Mapping[str, Any]) -> dict[str, Any]:
    """A meeting, as an event."""
    lead = row.get("opportunity_id")
    number = lead[0] if isinstance(lead, list) and lead else lead
    return _make_event("meeting", f"meeting/{row['id']}", row.get("start"), number, row.get("name"))


def _make_event(kind: str, event_id: str, time: Any, lead: Any, subject: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "id": event_id,
        "source": "odoo",
        "time": f"{time.replace(' ', 'T')}Z" if isinstance(time, str) else None,
        "lead": str(lead),
        "properties": {"subject": subject} if isinstance(subject, str) else {},
    }


def open_odoo(values: Mapping[str, str], patience: Patience | None = None) -> OdooConnector:
    """A connector for the settings of `ODOO`. Raises SyncError."""
    if values["login"] and not values["database"]:
        raise SyncError("Odoo needs the name of the database beside the login: give --database")
    client = ApiClient("Odoo", values["url"], secrets=(values["key"],), patience=patience or Patience())
    return OdooConnector(OdooCalls(client, values["key"], values["database"], values["login"]))


ODOO = ConnectorKind(
    "odoo",
    "Odoo",
    (
        SyncSetting("url", "the address of the server, such as https://fjord.odoo.com"),
        SyncSetting("key", "an API key of the user", is_secret=True),
        SyncSetting("database", "the name of the database, where a server has several", is_needed=False),
        SyncSetting("login", "the user's login; for Odoo 18 and older, which are called by JSON-RPC", is_needed=False),
    ),
    open_odoo,
)
