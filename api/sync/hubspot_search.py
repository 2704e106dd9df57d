"""The search of HubSpot over one kind of object: all records of a window, whatever their stamps.

5 calls a second, 200 records a page, 10,000 records a query. A page goes on from the stamp of the last record instead
of a cursor: a cursor counts places, and whatever changes meanwhile would shift them. Where a whole page has one stamp,
it goes on by id within that stamp. https://developers.hubspot.com/docs/api-reference/search/guide
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leadledger.api.sync.api_client import ApiClient
from leadledger.api.sync.connector import RemoteRecord, Window
from leadledger.api.sync.crm_times import read_time, write_time
from leadledger.scoring.errors import SyncError

VERSION = "2026-09"
SEARCH_PAGE = 200
SEARCH_LIMIT = "search"


class SearchDenied(Exception):
    """The token may not read this kind of object."""


@dataclass(frozen=True)
class HubSpotSearch:
    """Searches one kind of object. `stamp` is the property that a change moves.

    `what` says for people what is searched for. `may_be_denied`: raise SearchDenied where the token lacks the scope.
    """

    api: ApiClient
    object_type: str
    stamp: str
    what: str = "changes"
    may_be_denied: bool = False

    def read_window(self, window: Window, names: Sequence[str]) -> Iterator[Sequence[RemoteRecord]]:
        """Records by their stamps, from one stamp to the next; within one that fills a page, by their ids."""
        cursor, until, seen = _to_milliseconds(window.since), _to_milliseconds(window.until), frozenset[str]()
        while cursor <= until:
            filters = [(self.stamp, "GTE", str(cursor)), (self.stamp, "LTE", str(until))]
            page = self._find(filters, self.stamp, names)
            yield [record for record in page if record.id not in seen]
            if len(page) < SEARCH_PAGE:
                return
            last = max(record.changed for record in page)
            seen = frozenset(record.id for record in page if record.changed == last)
            if _to_milliseconds(last) > cursor:
                cursor = _to_milliseconds(last)
                continue
            for rest in self._search_stamp(cursor, names):
                yield [record for record in rest if record.id not in seen]
            cursor, seen = cursor + 1, frozenset()

    def _search_stamp(self, stamp: int, names: Sequence[str]) -> Iterator[Sequence[RemoteRecord]]:
        """All records of one stamp, by their ids."""
        last = 0
        while True:
            filters = [(self.stamp, "EQ", str(stamp)), ("hs_object_id", "GT", str(last))]
            page = self._find(filters, "hs_object_id", names)
            yield page
            if len(page) < SEARCH_PAGE:
                return
            highest = max(int(record.id) for record in page)
            if highest <= last:
                raise SyncError(
                    f"HubSpot (the search for {self.what}): its pages don't go on; the next run tries again."
                )
            last = highest

    def _find(
        self, filters: Sequence[tuple[str, str, str]], order: str, names: Sequence[str]
    ) -> Sequence[RemoteRecord]:
        body = {
            "filterGroups": [
                {
                    "filters": [
                        {"propertyName": name, "operator": operator, "value": value}
                        for name, operator, value in filters
                    ]
                }
            ],
            "sorts": [order],
            "properties": list(names),
            "limit": SEARCH_PAGE,
            "after": "0",
        }
        path = f"/crm/objects/{VERSION}/{self.object_type}/search"
        accepted = (200, 403) if self.may_be_denied else (200,)
        answer = self.api.call(
            f"the search for {self.what}", "POST", path, body=body, limits=("", SEARCH_LIMIT), accepted=accepted
        )
        if answer.status == 403:
            raise SearchDenied
        return [self.read(raw) for raw in answer.read("results", list)]

    def read(self, raw: Any) -> RemoteRecord:
        """A record of an answer. Raises SyncError."""
        return RemoteRecord(read_id(raw), write_time(_to_moment(self._read_stamp(raw))), raw)

    def _read_stamp(self, raw: Any) -> int:
        """The stamp of a record in milliseconds. Raises SyncError."""
        properties = raw.get("properties") if isinstance(raw, dict) else None
        text = properties.get(self.stamp) if isinstance(properties, dict) else None
        try:
            return _to_milliseconds(text or raw.get("updatedAt"))
        except (TypeError, ValueError, AttributeError, OverflowError):
            raise SyncError(
                f"HubSpot answered with a record without '{self.stamp}' that can be read; the next run tries again."
            ) from None


def read_id(raw: Any) -> str:
    """The id of a record of an answer. Raises SyncError."""
    record_id = raw.get("id") if isinstance(raw, dict) else None
    if not isinstance(record_id, str) or not record_id.isdigit():
        raise SyncError("HubSpot answered with a record without its id; the next run tries again.")
    return record_id


def _to_milliseconds(time: str) -> int:
    moment = read_time(time)
    return round(moment.timestamp() * 1000)


def _to_moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
