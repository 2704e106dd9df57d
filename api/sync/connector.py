"""The contract of a connector: what a sync asks of a CRM's own API. One file per system beside this one.

A connector knows addresses, pages, limits and error bodies of its system, and nothing of scores, watermarks or the
book. How records read and how values are written is said by `api/crm`, for requests and syncs alike. Whatever goes
wrong is a `SyncError` with what to do; a connector never gives up a part of a page without a word.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from leadledger.api.crm.base import Crm
    from leadledger.api.sync.api_client import ApiClient


class Window(NamedTuple):
    """Which changes are read: stamps from `since` to `until`, both included; times of the CRM's own clock, in UTC.

    `since` empty: every record, changed or not (a whole pass, since computed fields move no stamp). Times are texts
    like `2026-03-03T10:20:30.123456Z`. `until` is frozen before the first page, so that pages don't shift.
    """

    since: str
    until: str


class RemoteRecord(NamedTuple):  # made for each record
    """A record as the API gave it. `content` is what `api/crm` reads; `changed` is its stamp, in UTC."""

    id: str
    changed: str
    content: dict[str, Any]


@dataclass(frozen=True)
class RecordPage:
    """Some changed records, in the order of their stamps; ids that are gone; ids that were merged into others."""

    records: Sequence[RemoteRecord]
    deleted: Sequence[str] = ()
    merged: Mapping[str, str] = field(default_factory=dict)  # from the id that is gone to the one that stays


class RecordUpdate(NamedTuple):
    """The properties of one record that are written, in the CRM's own form."""

    id: str
    properties: Mapping[str, Any]


class UpdateOutcome(NamedTuple):
    """What became of an update. `problem` empty: it is written.

    `is_gone`: the record was deleted, and is left alone from now on. `may_retry`: the next run tries it again.
    """

    id: str
    problem: str = ""
    is_gone: bool = False
    may_retry: bool = False


class Connector(ABC):
    """One account of a CRM, opened with its secrets. Calls keep within the limits that the vendor publishes."""

    system: ClassVar[str]  # by its name in cards
    notes: Sequence[str] = ()  # what was left out so far, and why, as sentences for the report
    most_updates: ClassVar[int]  # in one call
    overlap_seconds: ClassVar[int]  # that a window goes back: changes which were committed late, indexes that lag

    def __init__(self, client: ApiClient) -> None:
        self.client = client

    @property
    def calls(self) -> int:
        """How many calls were sent to the API so far."""
        return self.client.calls

    def close(self) -> None:
        """Let connections go."""
        self.client.close()

    @property
    def crm(self) -> Crm:
        """How its records read, and how values are written."""
        from leadledger.api.crm.systems import CRMS  # the command line knows all connectors, and starts without it

        return CRMS[self.system]

    @abstractmethod
    def check(self) -> str:
        """Whether the secrets open the account, and which one that is, for people. Raises SyncError."""

    @abstractmethod
    def now(self) -> str:
        """The time by the CRM's clock: ours may differ."""

    @abstractmethod
    def read_changes(self, window: Window, properties: Sequence[str]) -> Iterator[RecordPage]:
        """The records that changed within a window, each with all of some properties that it has.

        Nothing is missed where many have one stamp. A record that changes while it is read may come again, or come in
        the next window. Raises SyncError.
        """

    @abstractmethod
    def read_records(self, ids: Sequence[str], properties: Sequence[str]) -> Sequence[RemoteRecord]:
        """Some records by their ids; those that are gone are left out. Raises SyncError."""

    def read_activities(self, window: Window) -> Iterator[Sequence[dict[str, Any]]]:
        """Mails, calls, tasks and meetings of a window as raw events, in our words (see docs/events.md)."""
        return iter(())

    @abstractmethod
    def write(self, updates: Sequence[RecordUpdate]) -> Sequence[UpdateOutcome]:
        """Write up to `most_updates` records, and say what became of each. Raises SyncError where nothing was tried."""

    def find_missing_properties(self, kinds: Mapping[str, str]) -> Sequence[str]:
        """Which properties the CRM doesn't have, of some by their kinds (`number`, `text`, `long_text`, `date`)."""
        return ()

    def find_unfit_properties(self, kinds: Mapping[str, str]) -> Mapping[str, str]:
        """Which properties must not be written to, of some by their kinds, each with the reason as the end of a
        sentence: the CRM's own, computed or read-only ones, those of another kind.
        """
        return {}

    def make_properties(self, kinds: Mapping[str, str]) -> None:
        """Make properties that it doesn't have. Raises SyncError, also where the API doesn't allow it."""
        raise NotImplementedError
