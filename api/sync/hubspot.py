"""HubSpot: contacts, companies, leads or another object of an account, by the API of a private app's token.

- Limits: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
- Batches: https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/batch/post-crm-v3-objects-contacts-batch-update
- Merges: `hs_merged_object_ids` of the record that stays
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from leadledger.api.sync.api_client import ApiClient, Patience
from leadledger.api.sync.call_limits import CallLimit
from leadledger.api.sync.connector import Connector, RecordPage, RecordUpdate, RemoteRecord, UpdateOutcome, Window
from leadledger.api.sync.crm_times import write_time
from leadledger.api.sync.hubspot_activities import (
    ACTIVITY_KINDS,
    TIME,
    ActivityKind,
    make_activity,
    read_associations,
)
from leadledger.api.sync.hubspot_search import SEARCH_LIMIT, VERSION, HubSpotSearch, SearchDenied, read_id
from leadledger.api.sync.settings import ConnectorKind, SyncSetting
from leadledger.scoring.errors import SyncError

LIST_PAGE, BATCH = 100, 100
ACTIVITY_STAMP = "hs_lastmodifieddate"
MERGED_IDS = "hs_merged_object_ids"
_ALL = ""
# The account's own limits: any call of a private app, and searches, which count for both.
LIMITS = {_ALL: (100, 10.0), SEARCH_LIMIT: (5, 1.0)}
_TYPES = {"number": ("number", "number"), "date": ("date", "date"), "text": ("string", "text")}
_TYPES["long_text"] = ("string", "textarea")


class HubSpotConnector(Connector):
    """One kind of object of an account."""

    system = "hubspot"
    most_updates: ClassVar[int] = BATCH
    overlap_seconds: ClassVar[int] = 300  # the index of the search lags behind by seconds, and at times by minutes

    def __init__(self, url: str, token: str, object_type: str, patience: Patience | None = None) -> None:
        self.object_type = object_type
        self.stamp = "lastmodifieddate" if object_type == "contacts" else "hs_lastmodifieddate"
        client = ApiClient(
            "HubSpot",
            url,
            headers={"Authorization": f"Bearer {token}"},
            secrets=(token,),
            limits={name: CallLimit(calls, seconds) for name, (calls, seconds) in LIMITS.items()},
            patience=patience or Patience(),
        )
        super().__init__(client)
        self.search = HubSpotSearch(client, object_type, self.stamp)

    def check(self) -> str:
        """The number of the account. https://developers.hubspot.com/docs/api-reference/account-account-info-v3"""
        answer = self.client.call("the account", "GET", "/account-info/v3/details")
        return str(answer.read("portalId", int))

    def now(self) -> str:
        """The time of the newest answer: HubSpot says it in each, to the second, of which this is the end."""
        return write_time(self.client.read_clock() + timedelta(seconds=1))

    def read_changes(self, window: Window, properties: Sequence[str]) -> Iterator[RecordPage]:
        """By the search; every record by the list, which has no limit and no lag. Deleted records at the end."""
        names = self._names(properties)
        if window.since:
            pages = self.search.read_window(window, names)
        else:
            pages = ([self.search.read(raw) for raw in page] for page in self._list(names, archived=False))
        for records in pages:
            yield RecordPage(records, merged=_find_merged(records))
        for page in self._list((), archived=True):
            yield RecordPage((), deleted=[read_id(raw) for raw in page])

    def read_records(self, ids: Sequence[str], properties: Sequence[str]) -> Sequence[RemoteRecord]:
        """By batches. An id that was merged away leads to another record, which is left out."""
        records: dict[str, RemoteRecord] = {}
        for start in range(0, len(ids), BATCH):
            part = ids[start : start + BATCH]
            body = {
                "inputs": [{"id": record_id} for record_id in part],
                "properties": list(self._names(properties)),
                "propertiesWithHistory": [],
            }
            answer = self._call("reading records", "POST", "/batch/read", body, accepted=(200, 207))
            found = map(self.search.read, answer.read("results", list))
            records |= {record.id: record for record in found if record.id in part}
        return list(records.values())

    def read_activities(self, window: Window) -> Iterator[Sequence[dict[str, Any]]]:
        """Mails, calls, meetings and tasks of a window. A kind that the token may not read is left out, and noted."""
        for kind in ACTIVITY_KINDS:
            what = f"changed {kind.object_type}"
            search = HubSpotSearch(self.client, kind.object_type, ACTIVITY_STAMP, what, may_be_denied=True)
            names = (TIME, kind.subject, kind.status, ACTIVITY_STAMP)
            try:
                for page in search.read_window(window, names):
                    yield self._make_activities(kind, page)
            except SearchDenied:
                self.notes = (*self.notes, f"Activities left out: the token lacks the scope to read {kind.object_type}")

    def _make_activities(self, kind: ActivityKind, page: Sequence[RemoteRecord]) -> list[dict[str, Any]]:
        """The activities of a page, one for each record that each is of."""
        if not page:
            return []
        path = f"/crm/v4/associations/{kind.object_type}/{self.object_type}/batch/read"
        body = {"inputs": [{"id": record.id} for record in page]}
        answer = self.client.call("what activities are of", "POST", path, body=body, accepted=(200, 207))
        properties = {record.id: record.content["properties"] for record in page}
        activities = [
            make_activity(kind, record_id, activity_id, properties.get(activity_id, {}))
            for activity_id, record_id in read_associations(answer)
        ]
        return [activity for activity in activities if activity is not None]

    def write(self, updates: Sequence[RecordUpdate]) -> Sequence[UpdateOutcome]:
        """By a batch. One that is refused as a whole is halved, until the record is alone that spoils it."""
        inputs = [{"id": update.id, "properties": dict(update.properties)} for update in updates]
        accepted = (200, 207, 400, 404)
        answer = self._call("writing records", "POST", "/batch/update", {"inputs": inputs}, accepted=accepted)
        if answer.status in (400, 404):
            if len(updates) > 1:
                half = len(updates) // 2
                return [*self.write(updates[:half]), *self.write(updates[half:])]
            message = _read_message(answer.body)
            return [UpdateOutcome(updates[0].id, message, is_gone=answer.status == 404)]
        written = {read_id(raw) for raw in answer.read("results", list)}
        problems = _find_errors(answer.body)
        outcomes = []
        for update in updates:
            if update.id in problems:
                category, message = problems[update.id]
                outcomes.append(UpdateOutcome(update.id, message, is_gone=category == "OBJECT_NOT_FOUND"))
            elif update.id in written:
                outcomes.append(UpdateOutcome(update.id))
            else:
                outcomes.append(UpdateOutcome(update.id, "the answer doesn't tell of it", may_retry=True))
        return outcomes

    def find_missing_properties(self, kinds: Mapping[str, str]) -> Sequence[str]:
        """Which of some properties the object has not."""
        known = self._read_properties()
        return [name for name in kinds if name not in known]

    def find_unfit_properties(self, kinds: Mapping[str, str]) -> Mapping[str, str]:
        """HubSpot's own properties, those that it computes, and those of another type."""
        known, unfit = self._read_properties(), {}
        for name, kind in kinds.items():
            property_ = known.get(name)
            if property_ is None:
                continue
            metadata = property_.get("modificationMetadata")
            if property_.get("hubspotDefined"):
                unfit[name] = "is a property of HubSpot's own"
            elif property_.get("calculated") or (isinstance(metadata, dict) and metadata.get("readOnlyValue")):
                unfit[name] = "can't be written to"
            elif property_.get("type") != _TYPES[kind][0]:
                unfit[name] = f"is of the type {property_.get('type')}, and should be of {_TYPES[kind][0]}"
        return unfit

    def make_properties(self, kinds: Mapping[str, str]) -> None:
        """Make them in the group that the object's own properties have."""
        known = self._read_properties()
        default = {"contacts": "contactinformation", "companies": "companyinformation"}.get(self.object_type)
        groups = [str(property_.get("groupName")) for property_ in known.values() if property_.get("hubspotDefined")]
        for name, kind in kinds.items():
            type_, field_type = _TYPES[kind]
            body = {
                "name": name,
                "label": name.replace("_", " ").capitalize(),
                "description": "Written by leadledger",
                "groupName": default or next(iter(groups), "contactinformation"),
                "type": type_,
                "fieldType": field_type,
            }
            path = f"/crm/properties/{VERSION}/{self.object_type}"
            self.client.call("making a property", "POST", path, body=body, accepted=(200, 201, 409))

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _list(self, names: Sequence[str], *, archived: bool) -> Iterator[Sequence[Any]]:
        after = ""
        while True:
            params = {"limit": str(LIST_PAGE), "archived": "true" if archived else "false"}
            if names:
                params["properties"] = ",".join(names)
            if after:
                params["after"] = after
            what = "the list of deleted records" if archived else "the list of records"
            answer = self._call(what, "GET", "", None, params=params)
            page = answer.read("results", list)
            if page:
                yield page
            following = _read_after(answer.body)
            if not following:
                return
            if following == after:
                raise SyncError(f"HubSpot ({what}): its pages don't go on; the next run tries again.")
            after = following

    def _call(
        self,
        what: str,
        method: str,
        path: str,
        body: Any,
        *,
        params: Mapping[str, str] | None = None,
        limits: Sequence[str] = (_ALL,),
        accepted: Sequence[int] = (200,),
    ) -> Any:
        place = f"/crm/objects/{VERSION}/{self.object_type}{path}"
        return self.client.call(what, method, place, params=params, body=body, limits=limits, accepted=accepted)

    def _names(self, properties: Sequence[str]) -> Sequence[str]:
        return tuple(dict.fromkeys((*properties, self.stamp, "hs_object_id", MERGED_IDS)))

    def _read_properties(self) -> Mapping[str, Mapping[str, Any]]:
        answer = self.client.call("the properties", "GET", f"/crm/properties/{VERSION}/{self.object_type}")
        return {str(raw.get("name")): raw for raw in answer.read("results", list) if isinstance(raw, dict)}


def _read_after(body: Mapping[str, Any]) -> str:
    """The cursor of the next page; empty: there is none."""
    paging = body.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    after = following.get("after") if isinstance(following, dict) else None
    return str(after) if after else ""


def _find_merged(records: Sequence[RemoteRecord]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for record in records:
        former = record.content["properties"].get(MERGED_IDS)
        if isinstance(former, str):
            merged |= {part.strip(): record.id for part in former.split(";") if part.strip().isdigit()}
    return merged


def _find_errors(body: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The category and the message of each record that was refused, by its id."""
    problems: dict[str, tuple[str, str]] = {}
    for error in body.get("errors") or ():
        if not isinstance(error, dict):
            continue
        context = error.get("context")
        ids = context.get("ids") if isinstance(context, dict) else None
        for record_id in ids if isinstance(ids, list) else ():
            problems[str(record_id)] = (str(error.get("category")), _read_message(error))
    return problems


def _read_message(body: Any) -> str:
    message = body.get("message") if isinstance(body, dict) else None
    return str(message) if message else "it was refused without a reason"


def open_hubspot(settings: Mapping[str, str]) -> Connector:
    """An account by its settings. Raises SyncError."""
    return HubSpotConnector(settings["url"], settings["token"], settings["object"])


HUBSPOT = ConnectorKind(
    "hubspot",
    "HubSpot",
    (
        SyncSetting("token", "the token of a private app", is_secret=True),
        SyncSetting("object", "the object that is synced, such as contacts, companies or leads", "contacts"),
        SyncSetting("url", "the address of the API", "https://api.hubapi.com"),
    ),
    open_hubspot,
    scope="object",
)
