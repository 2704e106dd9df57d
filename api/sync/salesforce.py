"""Salesforce: leads or contacts, by its REST API.

- Access: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
- Queries: https://developer.salesforce.com/docs/platform/api-rest/guide/dome-queryall.html
- Deleted records: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getdeleted.md
- Updates:
  https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-update.html
- Fields:
  https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm
- Limits: https://developer.salesforce.com/docs/platform/api-rest/guide/headers-api-usage.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from leadledger.api.sync.access_token import AccessToken
from leadledger.api.sync.api_client import ApiAnswer, ApiClient, Patience
from leadledger.api.sync.connector import Connector, RecordPage, RecordUpdate, RemoteRecord, UpdateOutcome, Window
from leadledger.api.sync.crm_times import read_stamp, read_time, write_time
from leadledger.api.sync.property_kinds import describe_misfit
from leadledger.api.sync.salesforce_activities import MEETING_FIELDS, TASK_FIELDS, read_meeting, read_task
from leadledger.api.sync.settings import ConnectorKind, SyncSetting
from leadledger.scoring.errors import SyncError, quote

OBJECTS = ("Lead", "Contact")
IDS_PER_QUERY = 200  # an address may have about 16,000 signs
LONGEST_LOG_OF_DELETED = timedelta(days=15)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*){0,5}")
_ID = re.compile("[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_OWN = ("Id", "SystemModstamp", "IsDeleted", "MasterRecordId")
# The types of fields that take what we write, by kind.
_FITTING = {
    "number": {"double", "int", "currency", "percent"},
    "text": {"string", "textarea", "picklist", "combobox"},
    "long_text": {"textarea"},
    "date": {"date"},
}
_METADATA: Mapping[str, Mapping[str, Any]] = {
    "number": {"type": "Number", "precision": 18, "scale": 6},
    "text": {"type": "Text", "length": 255},
    "long_text": {"type": "LongTextArea", "length": 32768, "visibleLines": 6},
    "date": {"type": "Date"},
}
_GONE = frozenset(("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"))
_PASSING = frozenset(("UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG", "QUERY_TIMEOUT"))


class SalesforceConnector(Connector):
    """The leads, or the contacts, of one organisation."""

    system = "salesforce"
    most_updates = 200
    overlap_seconds = 600  # as long as a transaction may run, and its stamps are older than its end

    def __init__(self, client: ApiClient, token: AccessToken, kind: str, version: str) -> None:
        super().__init__(client)
        self._token, self._kind = token, kind
        self._base = f"/services/data/v{version}"
        self._fields: dict[str, dict[str, Any]] | None = None

    def close(self) -> None:
        """Let connections go."""
        super().close()
        self._token.close()

    # -- reading -------------------------------------------------------------------------------------------------------

    def check(self) -> str:
        """The address of the organisation and the object."""
        self._fields = None
        self._describe()
        return f"{self._kind} of {self.client.base_url.partition('://')[2]}"

    def now(self) -> str:
        """By the date of its answers, to the second."""
        answer = self._call("the time", "GET", "/")  # a list of resources, for which no right is needed
        return write_time(answer.read_date())

    def read_changes(self, window: Window, properties: Sequence[str]) -> Iterator[RecordPage]:
        """Deleted records are in the same pages, with those that they were merged into; those that were deleted for
        good come at the end.
        """
        fields = self._select(properties)
        until = f"SystemModstamp <= {_write_moment(window.until, round_up=True)}"
        since = f"SystemModstamp >= {_write_moment(window.since)} AND " if window.since else ""
        where = f"{since}{until}"
        seen: set[str] = set()
        for rows in self._query_all(self._kind, [*_OWN, *fields], where, "the changes"):
            records: list[RemoteRecord] = []
            deleted: list[str] = []
            merged: dict[str, str] = {}
            for row in rows:
                record = self._read_row(row, fields)
                if row.get("IsDeleted") is not True:
                    records.append(record)
                elif isinstance(row.get("MasterRecordId"), str):
                    merged[record.id] = row["MasterRecordId"]
                else:
                    deleted.append(record.id)
            if window.since:
                seen.update(record.id for record in records)
                seen.update(deleted, merged)
            yield RecordPage(records, deleted, merged)
        if window.since:
            yield RecordPage((), [record_id for record_id in self._list_purged(window) if record_id not in seen])

    def read_records(self, ids: Sequence[str], properties: Sequence[str]) -> Sequence[RemoteRecord]:
        """By queries; an id that can't be one is left out."""
        fields, records = self._select(properties), []
        known = [record_id for record_id in ids if _ID.fullmatch(record_id)]
        for start in range(0, len(known), IDS_PER_QUERY):
            listed = ", ".join(f"'{record_id}'" for record_id in known[start : start + IDS_PER_QUERY])
            soql = f"SELECT {', '.join(dict.fromkeys((*_OWN, *fields)))} FROM {self._kind} WHERE Id IN ({listed})"
            for rows in self._follow(self._call("some records", "GET", "/query", params={"q": soql})):
                records += [self._read_row(row, fields) for row in rows]
        return records

    def read_activities(self, window: Window) -> Iterator[Sequence[dict[str, Any]]]:
        """Tasks that are done, and events of the calendar; of persons that aren't known, they are left out later."""
        who = f"Who.Type = '{self._kind}' AND IsDeleted = FALSE"
        since = f"SystemModstamp >= {_write_moment(window.since)} AND " if window.since else ""
        where = f"{since}SystemModstamp <= {_write_moment(window.until, round_up=True)} AND {who}"
        for rows in self._query_all(
            "Task", ["SystemModstamp", *TASK_FIELDS.split(", ")], f"{where} AND IsClosed = TRUE", "tasks"
        ):
            yield [read_task(row) for row in rows]
        for rows in self._query_all("Event", ["SystemModstamp", *MEETING_FIELDS.split(", ")], where, "meetings"):
            yield [read_meeting(row) for row in rows]

    def _query_all(self, source: str, fields: Sequence[str], where: str, name: str) -> Iterator[list[dict[str, Any]]]:
        """The rows of a query in the order of their stamps, a page at a time.

        Salesforce keeps the rest of an answer for a while, and few of them at once. Where it doesn't know it any
        longer, the query begins again behind the last row, by its stamp and its id.
        """
        select = f"SELECT {', '.join(dict.fromkeys(fields))} FROM {source} WHERE {where}"
        order = " ORDER BY SystemModstamp, Id"
        last: tuple[str, str] | None = None
        while True:
            behind = ""
            if last is not None:
                stamp, record_id = last
                behind = f" AND (SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{record_id}'))"
            answer = self._call(name, "GET", "/queryAll", params={"q": select + behind + order})
            before, is_lost = last, False
            for rows in self._follow(answer):
                if rows is None:
                    is_lost = True
                    break
                yield rows
                if rows:
                    stamp = read_stamp("Salesforce", rows[-1].get("SystemModstamp"))
                    last = (_write_moment(stamp), str(rows[-1].get("Id")))
            if not is_lost:
                return
            if last == before:
                raise SyncError(f"{answer.call}: its pages don't go on; the next run tries again.")

    def _follow(self, answer: ApiAnswer) -> Iterator[Any]:
        """The rows of an answer and of those that follow it, each a list; None where Salesforce lost the rest."""
        while True:
            rows = answer.read("records", list)
            if not all(isinstance(row, dict) for row in rows):
                raise SyncError(f"{answer.call} answered with records that aren't objects. Nothing of them was used.")
            yield rows
            if answer.body.get("done") is not False:
                return
            path = str(answer.read("nextRecordsUrl", str))
            if not path.startswith(f"{self._base}/query"):
                raise SyncError(f"{answer.call} names a next page at another address, which isn't followed.")
            answer = self._call("a further page", "GET", path.removeprefix(self._base), accepted=(200, 400, 404))
            if answer.status != 200:
                if find_code(answer) not in ("INVALID_QUERY_LOCATOR", "INVALID_QUERY_CURSOR"):
                    raise SyncError(self._explain(answer))
                yield None
                return

    def _read_row(self, row: dict[str, Any], fields: Sequence[str]) -> RemoteRecord:
        """A record with all that was asked for: a related record that isn't there is one without values."""
        record_id, stamp = row.get("Id"), row.get("SystemModstamp")
        if not isinstance(record_id, str) or not isinstance(stamp, str):
            raise SyncError("Salesforce answered with a record without Id or SystemModstamp. Nothing of it was used.")
        content = {name: value for name, value in row.items() if name not in _OWN or name in fields}
        content["Id"] = record_id
        for name in fields:
            within, *path = content, *name.split(".")
            for part in path[:-1]:
                if not isinstance(within.get(part), dict):
                    within[part] = {}
                within = within[part]
            within.setdefault(path[-1], None)
        return RemoteRecord(record_id, read_stamp("Salesforce", stamp), content)

    def _list_purged(self, window: Window) -> list[str]:
        """The ids that the log of deleted records has, bins that were emptied included. It reaches back 15 days."""
        end = read_time(window.until)
        start = max(read_time(window.since), end - LONGEST_LOG_OF_DELETED + timedelta(minutes=5))
        if end - start < timedelta(minutes=2):  # it takes no shorter span than a minute
            start = end - timedelta(minutes=2)
        params = {"start": f"{start:%Y-%m-%dT%H:%M:%S}+00:00", "end": f"{end:%Y-%m-%dT%H:%M:%S}+00:00"}
        path = f"/sobjects/{self._kind}/deleted/"
        answer = self._call("deleted records", "GET", path, params=params, accepted=(200, 400))
        if answer.status != 200:
            if find_code(answer) == "INVALID_REPLICATION_DATE":  # its log is younger: the next whole pass finds them
                return []
            raise SyncError(self._explain(answer))
        rows = answer.read("deletedRecords", list)
        return [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]

    # -- fields --------------------------------------------------------------------------------------------------------

    def _describe(self) -> dict[str, dict[str, Any]]:
        """The fields that the user may see, by their folded names."""
        if self._fields is None:
            fields = self._call("the fields", "GET", f"/sobjects/{self._kind}/describe").read("fields", list)
            self._fields = {
                str(entry["name"]).lower(): entry for entry in fields if isinstance(entry, dict) and entry.get("name")
            }
        return self._fields

    def _select(self, properties: Sequence[str]) -> list[str]:
        """Those of some properties that exist, spelt as Salesforce does; of a related record, the relation must."""
        known = self._describe()
        relations = {
            str(entry["relationshipName"]).lower(): str(entry["relationshipName"])
            for entry in known.values()
            if entry.get("relationshipName")
        }
        names = []
        for name in properties:
            relation, dot, rest = name.partition(".")
            if not _NAME.fullmatch(name):
                continue
            if dot and relation.lower() in relations:
                names.append(f"{relations[relation.lower()]}.{rest}")
            elif not dot and name.lower() in known and known[name.lower()].get("type") not in ("address", "location"):
                names.append(str(known[name.lower()]["name"]))
        return list(dict.fromkeys(names))

    def find_missing_properties(self, kinds: Mapping[str, str]) -> Sequence[str]:
        """Fields that don't exist, or that the user doesn't see."""
        known = self._describe()
        return [name for name in kinds if name.lower() not in known]

    def find_unfit_properties(self, kinds: Mapping[str, str]) -> Mapping[str, str]:
        """Read-only fields, and those of another type."""
        unfit = {}
        for name, kind in kinds.items():
            entry = self._describe().get(name.lower())
            if entry is None:
                continue
            if entry.get("updateable") is not True:
                unfit[name] = (
                    "can't be written by this user: it is read-only, a formula, or not permitted to its profile"
                )
            elif entry.get("type") not in _FITTING[kind]:
                unfit[name] = describe_misfit(entry.get("type"), kind)
        return unfit

    def make_properties(self, kinds: Mapping[str, str]) -> None:
        """Custom fields, by the Tooling API; whoever shall see them is said by permissions, which are not touched."""
        for name, kind in kinds.items():
            if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*__c", name):
                raise SyncError(f"{quote(name)} can't be made in Salesforce: the name of a custom field ends with __c")
            label = name.removesuffix("__c").replace("_", " ")
            body = {"FullName": f"{self._kind}.{name}", "Metadata": {"label": label, **_METADATA[kind]}}
            path = "/tooling/sobjects/CustomField"
            answer = self._call("a new field", "POST", path, body=body, accepted=(200, 201, 400, 403, 404))
            if answer.status in (200, 201) or find_code(answer) in ("DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE"):
                continue
            types = f"{_METADATA[kind]['type']}"
            raise SyncError(
                f"{answer.call}: {quote(name)} can't be made ({answer.status}){self.client.quote(answer.body)}. The"
                " user needs “Customize Application”; or make the fields in Setup > Object Manager >"
                f" {self._kind} > Fields: {name} of type {types}, the others as docs/sync.md says."
            )
        self._fields = None
        hidden = self.find_missing_properties(kinds)
        if hidden:
            raise SyncError(
                f"the fields {', '.join(hidden)} are made, and the user of the sync doesn't see them yet: give it a"
                f" permission set with “Read” and “Edit” on them (Setup > Permission Sets > Object Settings >"
                f" {self._kind}), then run the sync again"
            )

    # -- writing -------------------------------------------------------------------------------------------------------

    def write(self, updates: Sequence[RecordUpdate]) -> Sequence[UpdateOutcome]:
        """One call; each record is written or refused by itself."""
        records = [{"attributes": {"type": self._kind}, "id": update.id, **update.properties} for update in updates]
        answer = self._call("the update", "PATCH", "/composite/sobjects", body={"allOrNone": False, "records": records})
        results = answer.body
        if not isinstance(results, list) or len(results) != len(updates):
            raise SyncError(
                f"{answer.call} answered without a result for each of {len(updates):,} records. Some may be written;"
                " the next run writes them again."
            )
        return [_read_result(update.id, result) for update, result in zip(updates, results, strict=True)]

    # -- calls ---------------------------------------------------------------------------------------------------------

    def _call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        accepted: Sequence[int] = (200, 201, 204),
    ) -> ApiAnswer:
        """One call. Raises SyncError."""
        statuses = (*accepted, 400, 401, 403, 404)
        answer = self._token.call(name, method, self._base + path, {}, params=params, body=body, accepted=statuses)
        if answer.status not in accepted:
            raise SyncError(self._explain(answer))
        return answer

    def _explain(self, answer: ApiAnswer) -> str:
        """What an error means, and what to do."""
        code, quoted = find_code(answer), self.client.quote(answer.body)
        if code == "REQUEST_LIMIT_EXCEEDED":
            usage = re.search("api-usage=([0-9]+)/([0-9]+)", answer.headers.get("sforce-limit-info", ""))
            count = f" ({int(usage[1]):,} of {int(usage[2]):,})" if usage else ""
            return (
                f"{answer.call}: the API calls that the organisation has in 24 hours are used up{count}. What is done"
                " is kept; run the sync again later, or less often."
            )
        if answer.status == 401:
            return f"{answer.call}: the access token is refused (401){quoted}; {self._token.mend}"
        if code in ("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"):
            return f"{answer.call}: this organisation or user has no API{quoted}. Its edition or profile must allow it."
        if code == "INVALID_TYPE":
            return f"{answer.call}: the user of the sync doesn't see this object{quoted}. Give it “Read” on it."
        if answer.status == 403:
            return f"{answer.call}: the user of the sync lacks a right (403){quoted}. docs/sync.md lists what it needs."
        if answer.status == 404:
            return (
                f"{answer.call}: there is nothing at this address (404){quoted}. Is --url that of “My Domain”, the API"
                " version one that it has, and may the user see the object?"
            )
        return f"{answer.call}: the call is refused ({answer.status}, {code or 'no code'}){quoted}."


def find_code(answer: ApiAnswer) -> str:
    """The code of an error, such as INVALID_FIELD; empty where it has none."""
    body = answer.body[0] if isinstance(answer.body, list) and answer.body else answer.body
    code = body.get("errorCode") if isinstance(body, dict) else None
    return code if isinstance(code, str) else ""


def _write_moment(time: str, *, round_up: bool = False) -> str:
    """A time as SOQL has it, in milliseconds."""
    moment = read_time(time)
    rest = moment.microsecond % 1000
    if rest:
        moment += timedelta(microseconds=1000 - rest if round_up else -rest)
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _read_result(record_id: str, result: Any) -> UpdateOutcome:
    """What became of one record of a collection."""
    if not isinstance(result, dict):
        return UpdateOutcome(record_id, "Salesforce didn't say what became of it", may_retry=True)
    if result.get("success") is True:
        return UpdateOutcome(record_id)
    errors = result.get("errors")
    error = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = str(error.get("statusCode") or error.get("errorCode") or "")
    problem = f"{code}: {error.get('message') or 'no reason given'}"
    return UpdateOutcome(record_id, problem, is_gone=code in _GONE, may_retry=code in _PASSING)


def open_salesforce(values: Mapping[str, str], patience: Patience | None = None) -> SalesforceConnector:
    """A connector for the settings of `SALESFORCE`. Raises SyncError."""
    if not re.fullmatch(r"[0-9]{2,3}\.0", values["api_version"]):
        raise SyncError("the API version must be one like 62.0")
    patience = patience or Patience()
    client = ApiClient("Salesforce", values["url"], patience=patience)
    mend = (
        "look at LEADLEDGER_SALESFORCE_CLIENT_ID and LEADLEDGER_SALESFORCE_CLIENT_SECRET: the app must have the client"
        " credentials flow switched on, with a user to run as, and the address must be that of “My Domain”"
    )
    if values["token"]:
        client.secrets = (values["token"],)
        mend = "LEADLEDGER_SALESFORCE_TOKEN is that of a session, which ends: fetch a new one, or use an app's secret"
        token = AccessToken(client, mend, value=values["token"])
    elif values["client_id"] and values["client_secret"]:
        secrets = (values["client_secret"],)
        source = ApiClient("Salesforce", values["url"], secrets=secrets, patience=patience)
        client.secrets = secrets
        form = {
            "grant_type": "client_credentials",
            "client_id": values["client_id"],
            "client_secret": values["client_secret"],
        }
        token = AccessToken(client, mend, source, "/services/oauth2/token", form)
    else:
        raise SyncError(
            "Salesforce needs the consumer key and the consumer secret of an app: set LEADLEDGER_SALESFORCE_CLIENT_ID"
            " and LEADLEDGER_SALESFORCE_CLIENT_SECRET in the environment, or write them as lines NAME=… to a file that"
            " only you can read (chmod 600) and name it with --secret-file"
        )
    return SalesforceConnector(client, token, values["object"], values["api_version"])


SALESFORCE = ConnectorKind(
    "salesforce",
    "Salesforce",
    (
        SyncSetting("url", "the address of “My Domain”, such as https://fjord.my.salesforce.com"),
        SyncSetting("object", "what is scored", "Lead", choices=OBJECTS),
        SyncSetting("client_id", "the consumer key of the app", is_secret=True, is_needed=False),
        SyncSetting("client_secret", "the consumer secret of the app", is_secret=True, is_needed=False),
        SyncSetting("token", "a session's access token, in place of both", is_secret=True, is_needed=False),
        SyncSetting("api_version", "the version of the API", "62.0"),
    ),
    open_salesforce,
    scope="object",
)
