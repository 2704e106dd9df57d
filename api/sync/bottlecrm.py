"""BottleCRM: the leads of an organization, by the REST API of its own server.

- Leads: https://github.com/Django-CRM/Django-CRM/blob/master/backend/leads/views/lead_views.py
  The list has no filter by change and no cursor, so each sync reads all of it, page by page, and compares. Two lists
  come with each page, the open leads and the closed ones. Converted leads are in neither; each can be read by its id.
- Tokens and scopes: https://github.com/Django-CRM/Django-CRM/blob/master/backend/common/scopes.py
- Custom fields: https://github.com/Django-CRM/Django-CRM/blob/master/backend/common/views/custom_field_views.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from leadledger.api.sync.api_client import ApiAnswer, ApiClient, Patience
from leadledger.api.sync.call_limits import CallLimit
from leadledger.api.sync.connector import Connector, RecordPage, RecordUpdate, RemoteRecord, UpdateOutcome, Window
from leadledger.api.sync.crm_times import read_stamp, write_time
from leadledger.api.sync.settings import ConnectorKind, SyncSetting
from leadledger.scoring.errors import SyncError

CUSTOM_FIELDS = "custom_fields"  # the member that holds them; in cards and updates, each has its name behind a dot
CUSTOM_PREFIX = f"{CUSTOM_FIELDS}."
PAGE = 500  # leads of each list
# Leads that a page repeats of the one before. Where it has none of them, leads were deleted meanwhile, and others moved
# up into pages that are read already.
REPEATED = 20
MOST_STEPS_BACK = 20
_LIMIT = (50, 1.0)  # its API has none; a server of one's own has other guests
_LISTS = ("open_leads", "close_leads")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TYPES = {"number": ("number",), "date": ("date",), "text": ("text", "textarea"), "long_text": ("textarea", "text")}


class BottleCrmConnector(Connector):
    """The leads that the owner of a token may see: all of them, if that is an administrator."""

    system = "bottlecrm"
    most_updates: ClassVar[int] = 50  # each a call
    overlap_seconds: ClassVar[int] = 0

    def __init__(self, url: str, token: str, patience: Patience | None = None) -> None:
        super().__init__(
            ApiClient(
                "BottleCRM",
                url,
                headers={"Authorization": f"Bearer {token}"},
                secrets=(token,),
                limits={"": CallLimit(*_LIMIT)},
                patience=patience or Patience(),
            )
        )
        self._definitions: Mapping[str, Mapping[str, Any]] | None = None

    def check(self) -> str:
        """The organization, by the time at which it was made: its name may change.

        An unknown token is answered as one without an organization, with 403. Of somebody who is no administrator, the
        API shows some leads only, and the others would count as deleted.
        """
        profile = self._call("the owner of the token", "GET", "/api/profile/").read("user_obj", dict)
        if profile.get("role") != "ADMIN":
            raise SyncError(
                "BottleCRM shows all leads to administrators alone, and the owner of the token is none; make the token"
                " as an administrator."
            )
        made: str = self._call("the organization", "GET", "/api/org/settings/").read("created_at", str)
        return f"of {made}"

    def now(self) -> str:
        """The time of the newest answer, to the second, of which this is the end."""
        return write_time(self.client.read_clock() + timedelta(seconds=1))

    def read_changes(self, window: Window, properties: Sequence[str]) -> Iterator[RecordPage]:
        """All leads, changed or not: there is no other way to find those that did."""
        seen: set[str] = set()
        offset = steps_back = 0
        while True:
            params = {"limit": str(PAGE), "offset": str(offset)}
            answer = self._call("the list of leads", "GET", "/api/leads/", params=params)
            pages = [_read_page(answer, name) for name in _LISTS]
            has_moved = offset and any(page and page[0]["id"] not in seen for page in pages)
            if has_moved and steps_back < MOST_STEPS_BACK:
                steps_back += 1
                offset = max(0, offset - PAGE)
                continue
            fresh = [lead for page in pages for lead in page if lead["id"] not in seen]
            seen.update(lead["id"] for lead in fresh)
            if fresh:
                yield RecordPage([self._read(lead, properties) for lead in fresh])
            if all(len(page) < PAGE for page in pages):
                return
            offset += PAGE - REPEATED

    def read_records(self, ids: Sequence[str], properties: Sequence[str]) -> Sequence[RemoteRecord]:
        """Each by a call, converted ones too."""
        records = []
        for record_id in ids:
            if not _ID.fullmatch(record_id):
                continue
            answer = self._call("reading a lead", "GET", f"/api/leads/{record_id}/", accepted=(200, 404))
            if answer.status == 200:
                records.append(self._read(_check_lead(answer.read("lead_obj", dict)), properties))
        return records

    def write(self, updates: Sequence[RecordUpdate]) -> Sequence[UpdateOutcome]:
        """Each by a call, which changes the custom fields that it names and no others."""
        outcomes: list[UpdateOutcome] = []
        for update in updates:
            body = self.crm.make_update(dict(update.properties))
            path = f"/api/leads/{update.id}/"
            try:
                answer = self._call("writing a lead", "PATCH", path, body=body, accepted=(200, 400, 404))
            except SyncError as error:
                if not outcomes:
                    raise
                # What was written is noted; the rest waits for the next run.
                done = len(outcomes)
                return [*outcomes, *(UpdateOutcome(rest.id, str(error), may_retry=True) for rest in updates[done:])]
            if answer.status == 200:
                outcomes.append(UpdateOutcome(update.id))
            else:
                outcomes.append(UpdateOutcome(update.id, _read_refusal(answer.body), is_gone=answer.status == 404))
        return outcomes

    def find_missing_properties(self, kinds: Mapping[str, str]) -> Sequence[str]:
        """Which custom fields the organization has not."""
        definitions = self._read_definitions()
        return [name for name in kinds if name.removeprefix(CUSTOM_PREFIX) not in definitions]

    def find_unfit_properties(self, kinds: Mapping[str, str]) -> Mapping[str, str]:
        """Custom fields that are switched off, or of another type."""
        definitions, unfit = self._read_definitions(), {}
        for name, kind in kinds.items():
            definition = definitions.get(name.removeprefix(CUSTOM_PREFIX))
            if definition is None:
                continue
            if not definition.get("is_active"):
                unfit[name] = "is switched off in the settings of BottleCRM"
            elif definition.get("field_type") not in _TYPES[kind]:
                unfit[name] = f"is of the type {definition.get('field_type')}, and should be of {_TYPES[kind][0]}"
        return unfit

    def make_properties(self, kinds: Mapping[str, str]) -> None:
        """Make custom fields of leads. The token must be an administrator's."""
        for name, kind in kinds.items():
            key = name.removeprefix(CUSTOM_PREFIX)
            label = key.replace("_", " ").capitalize()
            body = {"target_model": "Lead", "key": key, "label": label, "field_type": _TYPES[kind][0]}
            self._call("making a custom field", "POST", "/api/custom-fields/", body=body, accepted=(201,))
        self._definitions = None

    def _read(self, lead: dict[str, Any], properties: Sequence[str]) -> RemoteRecord:
        """A lead with all custom fields that were asked for and exist: it comes without those that hold nothing."""
        changed = read_stamp("BottleCRM", lead.get("updated_at"))
        custom = lead.get(CUSTOM_FIELDS)
        if isinstance(custom, dict):
            definitions = self._read_definitions()
            for name in properties:
                key = name.removeprefix(CUSTOM_PREFIX)
                if name.startswith(CUSTOM_PREFIX) and definitions.get(key, {}).get("is_active"):
                    custom.setdefault(key, None)
        return RemoteRecord(lead["id"], changed, lead)

    def _read_definitions(self) -> Mapping[str, Mapping[str, Any]]:
        if self._definitions is None:
            params = {"target_model": "Lead", "include_counts": "false"}
            answer = self._call("the custom fields", "GET", "/api/custom-fields/", params=params)
            listed = answer.read("definitions", list)
            self._definitions = {str(item.get("key")): item for item in listed if isinstance(item, dict)}
        return self._definitions

    def _call(self, what: str, method: str, path: str, **options: Any) -> ApiAnswer:
        return self.client.call(what, method, path, **options)


def _read_page(answer: ApiAnswer, name: str) -> list[dict[str, Any]]:
    """The leads of one of the lists of a page. Raises SyncError."""
    part = answer.read(name, dict).get(name)
    if not isinstance(part, list):
        raise SyncError(
            f"BottleCRM (the list of leads) answered without the leads of '{name}'; nothing of it was used."
        )
    return [_check_lead(lead) for lead in part]


def _check_lead(lead: Any) -> dict[str, Any]:
    """A lead that has an id. Raises SyncError."""
    if isinstance(lead, dict) and isinstance(lead.get("id"), str) and _ID.fullmatch(lead["id"]):
        return lead
    raise SyncError("BottleCRM answered with a lead without its id. Nothing of it was used.")


def _read_refusal(body: Any) -> str:
    """What BottleCRM says against an update, by field."""
    errors = body.get("errors") if isinstance(body, dict) else None
    return json.dumps(errors, ensure_ascii=False) if errors else "it was refused without a reason"


def open_bottlecrm(settings: Mapping[str, str]) -> Connector:
    """An organization by its settings. Raises SyncError."""
    return BottleCrmConnector(settings["url"], settings["token"])


BOTTLECRM = ConnectorKind(
    "bottlecrm",
    "BottleCRM",
    (
        SyncSetting("token", "a personal access token of an administrator", is_secret=True),
        SyncSetting("url", "the address of its API, such as https://crm.example.com"),
    ),
    open_bottlecrm,
)
