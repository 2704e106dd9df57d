"""Microsoft Dynamics 365: leads, by the Web API of Dataverse.

- Access: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/authenticate-oauth
- Queries: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/query/page-results
- Updates:
  https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/update-delete-entities-using-web-api
- Batches:
  https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
- Columns:
  https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/create-update-column-definitions-using-web-api
- Limits: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/api-limits
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from leadledger.api.sync.access_token import AccessToken
from leadledger.api.sync.api_client import ApiAnswer, ApiClient, Patience
from leadledger.api.sync.call_limits import CallLimit
from leadledger.api.sync.connector import Connector, RecordPage, RecordUpdate, RemoteRecord, UpdateOutcome, Window
from leadledger.api.sync.crm_times import read_stamp, write_second, write_time
from leadledger.api.sync.dynamics_batch import find_code, read_batch, read_result, write_batch
from leadledger.api.sync.property_kinds import describe_misfit
from leadledger.api.sync.settings import ConnectorKind, SyncSetting
from leadledger.scoring.errors import SyncError, quote

ROWS_PER_PAGE = 1000  # Dataverse gives 5,000 at most
IDS_PER_QUERY = 50  # each is a condition of its own
_BASE = "/api/data/v9.2"
_SECOND = "%Y-%m-%dT%H:%M:%SZ"
_LOOKUPS = frozenset(("Lookup", "Customer", "Owner"))
_NAME = re.compile("[a-z_][a-z0-9_]*")
_GUID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LABELS = "OData.Community.Display.V1.FormattedValue"
_TABLE = "_regardingobjectid_value@Microsoft.Dynamics.CRM.lookuplogicalname"
_OWN = ("leadid", "modifiedon", "merged", "_masterid_value")
_ACTIVITY = "activityid,activitytypecode,subject,actualend,scheduledend,createdon,modifiedon,_regardingobjectid_value"
_KINDS_OF_ACTIVITIES = {"email": "mail", "phonecall": "call", "appointment": "meeting"}
_FITTING = {
    "number": {"Decimal", "Double", "Integer", "Money"},
    "text": {"String", "Memo"},
    "long_text": {"Memo"},
    "date": {"DateTime"},
}
_METADATA: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "number": ("Decimal", {"MinValue": -100000000000, "MaxValue": 100000000000, "Precision": 6}),
    "text": ("String", {"MaxLength": 400, "FormatName": {"Value": "Text"}}),
    "long_text": ("Memo", {"MaxLength": 10000, "Format": "TextArea"}),
    "date": ("DateTime", {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}}),
}


class DynamicsConnector(Connector):
    """The leads of one environment."""

    system = "dynamics"
    most_updates = 250  # a batch may hold 1,000, and its answer comes when the last is done
    overlap_seconds = 300  # a plug-in may keep a transaction open for two minutes

    def __init__(self, client: ApiClient, token: AccessToken) -> None:
        super().__init__(client)
        self._token = token
        self._columns: dict[str, dict[str, Any]] | None = None

    def close(self) -> None:
        """Let connections go."""
        super().close()
        self._token.close()

    # -- reading -------------------------------------------------------------------------------------------------------

    def check(self) -> str:
        """The environment, by the id of its organisation."""
        self._columns = None
        organisation = self._call("the account", "GET", "/WhoAmI").read("OrganizationId", str)
        self._describe()
        return f"leads of {self.client.base_url.partition('://')[2]} ({organisation})"

    def now(self) -> str:
        """By the date of its answers, to the second."""
        return write_time(self._call("the time", "GET", "/WhoAmI").read_date())

    def read_changes(self, window: Window, properties: Sequence[str]) -> Iterator[RecordPage]:
        """A lead that was merged into another stays as an inactive one, which says so. Deleted leads leave no trace
        here: a whole pass finds that they are gone.
        """
        columns = self._select(properties)
        where = _write_window(window)
        params = {
            "$select": ",".join(dict.fromkeys((*_OWN, *columns))),
            "$filter": " and ".join(where),
            "$orderby": "modifiedon,leadid",
        }
        for rows in self._follow("the changes", "/leads", params, _LABELS):
            records = []
            merged = {}
            for row in rows:
                record = _read_row(row, columns)
                master = row.get("_masterid_value")
                if row.get("merged") is True and isinstance(master, str):
                    merged[record.id] = master
                else:
                    records.append(record)
            yield RecordPage(records, merged=merged)

    def read_records(self, ids: Sequence[str], properties: Sequence[str]) -> Sequence[RemoteRecord]:
        """By queries; an id that can't be one is left out, and so are leads that were merged into others."""
        columns, records = self._select(properties), []
        known = [record_id for record_id in ids if _GUID.fullmatch(record_id)]
        for start in range(0, len(known), IDS_PER_QUERY):
            where = " or ".join(f"leadid eq {record_id}" for record_id in known[start : start + IDS_PER_QUERY])
            params = {"$select": ",".join(dict.fromkeys((*_OWN, *columns))), "$filter": where}
            for rows in self._follow("some records", "/leads", params, _LABELS):
                records += [_read_row(row, columns) for row in rows if row.get("merged") is not True]
        return records

    def read_activities(self, window: Window) -> Iterator[Sequence[dict[str, Any]]]:
        """Mails, calls, meetings and tasks that are done and regard a lead."""
        where = [*_write_window(window), "statecode eq 1"]
        params = {"$select": _ACTIVITY, "$filter": " and ".join(where), "$orderby": "modifiedon,activityid"}
        for rows in self._follow("activities", "/activitypointers", params, "*"):
            yield [_read_activity(row) for row in rows if row.get(_TABLE) == "lead"]

    def _follow(
        self, name: str, path: str, params: Mapping[str, str], annotations: str
    ) -> Iterator[list[dict[str, Any]]]:
        """The rows of a query, a page at a time; the link to the next page holds the last row, not a number."""
        headers = {"Prefer": f'odata.maxpagesize={ROWS_PER_PAGE},odata.include-annotations="{annotations}"'}
        answer = self._call(name, "GET", path, params=params, headers=headers)
        links: set[str] = set()
        while True:
            rows = answer.read("value", list)
            if not all(isinstance(row, dict) for row in rows):
                raise SyncError(f"{answer.call} answered with rows that aren't objects. Nothing of them was used.")
            yield rows
            if not answer.body.get("@odata.nextLink"):
                return
            link = str(answer.read("@odata.nextLink", str))
            start = f"{self.client.base_url}{_BASE}"
            if not link.startswith(f"{start}{path}?"):
                raise SyncError(f"{answer.call} names a next page at another address, which isn't followed.")
            if link in links:
                raise SyncError(f"{answer.call} leads back to a page that was read. Nothing more was read.")
            links.add(link)
            answer = self._call(name, "GET", link.removeprefix(start), headers=headers)

    # -- columns -------------------------------------------------------------------------------------------------------

    def _describe(self) -> dict[str, dict[str, Any]]:
        """The columns of the table, by the names that queries have for them."""
        if self._columns is None:
            names = "LogicalName,AttributeType,AttributeTypeName,AttributeOf,IsValidForRead,IsValidForUpdate"
            path = "/EntityDefinitions(LogicalName='lead')/Attributes"
            rows = self._call("the columns", "GET", path, params={"$select": names}).read("value", list)
            columns = {}
            for row in rows:
                name = row.get("LogicalName") if isinstance(row, dict) else None
                if isinstance(name, str):
                    columns[f"_{name}_value" if row.get("AttributeType") in _LOOKUPS else name] = row
            self._columns = columns
        return self._columns

    def _select(self, properties: Sequence[str]) -> list[str]:
        """Those of some properties that are columns which queries can read."""
        columns = []
        for name in properties:
            row = self._describe().get(name)
            if row is None or not _NAME.fullmatch(name) or row.get("IsValidForRead") is False or row.get("AttributeOf"):
                continue
            kind = row.get("AttributeTypeName")
            is_multiple = isinstance(kind, dict) and kind.get("Value") == "MultiSelectPicklistType"
            if row.get("AttributeType") != "Virtual" or is_multiple:
                columns.append(name)
        return list(dict.fromkeys(columns))

    def find_missing_properties(self, kinds: Mapping[str, str]) -> Sequence[str]:
        """Columns that the table doesn't have."""
        known = self._describe()
        return [name for name in kinds if name not in known]

    def find_unfit_properties(self, kinds: Mapping[str, str]) -> Mapping[str, str]:
        """Read-only columns, and those of another type."""
        unfit = {}
        for name, kind in kinds.items():
            row = self._describe().get(name)
            if row is None:
                continue
            if row.get("IsValidForUpdate") is False:
                unfit[name] = "can't be written: Dynamics fills it in by itself"
            elif row.get("AttributeType") not in _FITTING[kind]:
                unfit[name] = describe_misfit(row.get("AttributeType"), kind)
        return unfit

    def make_properties(self, kinds: Mapping[str, str]) -> None:
        """Columns of the table, in the default solution."""
        for name, kind in kinds.items():
            if not re.fullmatch("[a-z][a-z0-9]{1,7}_[a-z0-9_]+", name):
                raise SyncError(
                    f"{quote(name)} can't be made in Dynamics: the name of a column is in small letters and begins with"
                    " the prefix of its publisher, as in new_leadledger_score"
                )
            attribute, details = _METADATA[kind]
            body = {
                "@odata.type": f"Microsoft.Dynamics.CRM.{attribute}AttributeMetadata",
                "SchemaName": name,
                "DisplayName": _make_label(name.partition("_")[2].replace("_", " ").capitalize()),
                "RequiredLevel": {"Value": "None"},
                **details,
            }
            path = "/EntityDefinitions(LogicalName='lead')/Attributes"
            answer = self._call("a new column", "POST", path, body=body, accepted=(200, 201, 204, 400, 403))
            if answer.status < 300 or find_code(answer.body) in ("0x80044153", "0x80047013"):  # it is there
                continue
            raise SyncError(
                f"{answer.call}: {quote(name)} can't be made ({answer.status}){self.client.quote(answer.body)}. The"
                " application user needs the role “System Customizer”; or make the columns in make.powerapps.com >"
                f" Tables > Lead > Columns: {name} of the type {attribute}, the others as docs/sync.md says."
            )
        self._columns = None

    # -- writing -------------------------------------------------------------------------------------------------------

    def write(self, updates: Sequence[RecordUpdate]) -> Sequence[UpdateOutcome]:
        """One batch, which goes on where a record is refused."""
        refused = {update.id: UpdateOutcome(update.id, "is no id of Dynamics") for update in updates}
        sent = [update for update in updates if _GUID.fullmatch(update.id)]
        if sent:
            boundary = f"batch_{uuid4()}"
            headers = {
                "Content-Type": f'multipart/mixed; boundary="{boundary}"',
                "Prefer": "odata.continue-on-error",
                "Accept": "multipart/mixed",
            }
            answer = self._call(
                "the update", "POST", "/$batch", batch=write_batch(_BASE, sent, boundary), headers=headers
            )
            parts = read_batch(answer)
            if len(parts) != len(sent):
                raise SyncError(
                    f"{answer.call} answered without a result for each of {len(sent):,} records. Some may be written;"
                    " the next run writes them again."
                )
            for update, (status, body) in zip(sent, parts, strict=True):
                refused[update.id] = read_result(update.id, status, body)
        return list(refused.values())

    # -- calls ---------------------------------------------------------------------------------------------------------

    def _call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        batch: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accepted: Sequence[int] = (200, 201, 204),
    ) -> ApiAnswer:
        """One call. Raises SyncError."""
        answer = self._token.call(
            name,
            method,
            _BASE + path,
            {"OData-MaxVersion": "4.0", "OData-Version": "4.0", **(headers or {})},
            params=params,
            body=body,
            batch=batch,
            accepted=(*accepted, 400, 401, 403, 404),
        )
        if answer.status not in accepted:
            raise SyncError(self._explain(answer))
        return answer

    def _explain(self, answer: ApiAnswer) -> str:
        """What an error means, and what to do."""
        quoted = self.client.quote(answer.body)
        if answer.status == 401:
            return f"{answer.call}: the access token is refused (401){quoted}; {self._token.mend}"
        if answer.status == 403:
            return (
                f"{answer.call}: the application user lacks a right (403){quoted}. Add it to the environment, and give"
                " it the security role that docs/sync.md describes."
            )
        if answer.status == 404:
            return f"{answer.call}: there is nothing at this address (404){quoted}. Is --url that of the environment?"
        return f"{answer.call}: the call is refused ({answer.status}){quoted}."


def _write_window(window: Window) -> list[str]:
    """The conditions of a window: Dataverse shows whole seconds."""
    conditions = [f"modifiedon le {write_second(window.until, _SECOND, rounds_up=True)}"]
    if window.since:
        conditions.insert(0, f"modifiedon ge {write_second(window.since, _SECOND)}")
    return conditions


def _read_row(row: dict[str, Any], columns: Sequence[str]) -> RemoteRecord:
    """A record with the columns that were asked for and what they show."""
    record_id, stamp = row.get("leadid"), row.get("modifiedon")
    if not isinstance(record_id, str) or not isinstance(stamp, str):
        raise SyncError("Dynamics answered with a record without leadid or modifiedon. Nothing of it was used.")
    content = {name: value for name, value in row.items() if name not in _OWN or name in columns}
    for name in columns:
        content.setdefault(name, None)
    return RemoteRecord(record_id, read_stamp("Dynamics", stamp), {**content, "leadid": record_id})


def _read_activity(row: Mapping[str, Any]) -> dict[str, Any]:
    """An activity that is done, as an event: `mail`, `call`, `meeting`, or what Dynamics calls it, such as `task`."""
    kind = str(row.get("activitytypecode") or "activity")
    subject = row.get("subject")
    return {
        "kind": _KINDS_OF_ACTIVITIES.get(kind, kind),
        "id": row.get("activityid"),
        "source": "dynamics",
        "time": row.get("actualend") or row.get("scheduledend") or row.get("createdon"),
        "lead": row.get("_regardingobjectid_value"),
        "properties": {} if subject is None else {"subject": subject},
    }


def _make_label(text: str) -> dict[str, Any]:
    kind = "Microsoft.Dynamics.CRM."
    label = {"@odata.type": f"{kind}LocalizedLabel", "Label": text, "LanguageCode": 1033}
    return {"@odata.type": f"{kind}Label", "LocalizedLabels": [label]}


def open_dynamics(values: Mapping[str, str], patience: Patience | None = None) -> DynamicsConnector:
    """A connector for the settings of `DYNAMICS`. Raises SyncError."""
    patience = patience or Patience()
    if not re.fullmatch("[A-Za-z0-9.-]+", values["tenant"]):
        raise SyncError("the tenant must be a directory's id or its domain, such as fjord.onmicrosoft.com")
    secrets = (values["client_secret"],)
    # A user has 6,000 calls in five minutes.
    limits = {"": CallLimit(5000, 300)}
    client = ApiClient("Dynamics", values["url"], secrets=secrets, limits=limits, patience=patience)
    source = ApiClient("Dynamics", values["login_url"], secrets=secrets, patience=patience)
    mend = (
        "look at LEADLEDGER_DYNAMICS_TENANT, LEADLEDGER_DYNAMICS_CLIENT_ID and LEADLEDGER_DYNAMICS_CLIENT_SECRET (the"
        " secret's value, not its id; it expires), and whether the environment has an application user for the app"
    )
    form = {
        "grant_type": "client_credentials",
        "client_id": values["client_id"],
        "client_secret": values["client_secret"],
        "scope": f"{client.base_url}/.default",
    }
    token = AccessToken(client, mend, source, f"/{values['tenant']}/oauth2/v2.0/token", form)
    return DynamicsConnector(client, token)


DYNAMICS = ConnectorKind(
    "dynamics",
    "Dynamics",
    (
        SyncSetting("url", "the address of the environment, such as https://fjord.crm4.dynamics.com"),
        SyncSetting("tenant", "the id or the domain of the directory (Entra ID)"),
        SyncSetting("client_id", "the application id of the app"),
        SyncSetting("client_secret", "a secret of the app", is_secret=True),
        SyncSetting("login_url", "where tokens are given", "https://login.microsoftonline.com"),
    ),
    open_dynamics,
)
