"""HubSpot as one of the systems that the contract of connectors is run over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from leadledger.api.sync.api_client import Patience
from leadledger.api.sync.connector import Connector
from leadledger.api.sync.hubspot import HUBSPOT, HubSpotConnector
from tests.api.sync.servers.crm_server import running
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer, describe_property
from tests.api.sync.servers.record_store import START
from tests.api.sync.worlds import World

NEVER = 2**62  # milliseconds


class HeldRecord(NamedTuple):
    """What a test looks at of a record."""

    values: Mapping[str, Any]


class HubSpotLeads:
    """The contacts of a server, as a `RecordStore` has records."""

    def __init__(self, server: HubSpotServer) -> None:
        self.server = server
        self.refusals = server.refused_writes

    @property
    def records(self) -> dict[str, HeldRecord]:
        """The records by their ids; texts that are numbers as such."""
        return {
            record.id: HeldRecord({name: _to_number(value) for name, value in record.properties.items()})
            for record in self.server.stores["contacts"].records.values()
        }

    def tick(self, seconds: float = 1.0) -> datetime:
        """Let time pass."""
        self.server.milliseconds = self.server.now_ms() + round(seconds * 1000)
        return self.server.clock()

    def add(self, **values: Any) -> str:
        """A new record, stamped now."""
        return self.server.create({name: str(value) for name, value in values.items()})

    def change(self, record_id: str, **values: Any) -> None:
        """Other values of a record, stamped now."""
        self.server.change(record_id, {name: str(value) for name, value in values.items()})

    def delete(self, record_id: str, *, for_good: bool = False) -> None:
        """Delete a record."""
        self.server.delete(record_id)

    def merge(self, record_id: str, master: str) -> None:
        """Merge a record into another."""
        self.server.merge(master, record_id)

    def begin_late(self, **values: Any) -> str:
        """A new record, stamped now, that the search doesn't see until `commit_late`: its index lags behind."""
        self.server.lag = 1
        record_id = self.add(**values)
        self.server.stores["contacts"].records[record_id].indexed = NEVER
        return record_id

    def commit_late(self) -> None:
        """Let the index catch up."""
        self.server.lag = 0


class StoppedHubSpot(HubSpotServer):
    """An account whose clock only tests move."""

    def __init__(self) -> None:
        super().__init__()
        self.milliseconds = round(START.timestamp() * 1000)
        self.leads = HubSpotLeads(self)
        self.stores["contacts"].properties["numberofemployees"] = describe_property("numberofemployees", "number")

    def clock(self) -> datetime:
        """The time of its stamps."""
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=self.now_ms())


def _to_number(text: str) -> Any:
    return int(text) if text.isdecimal() else text


def _connect(values: Mapping[str, str], patience: Patience | None) -> Connector:
    connector = HubSpotConnector(values["url"], values["token"], values["object"], patience)
    connector.client.limits = {}  # its own tests show that it keeps them, and wait for it
    return connector


@contextmanager
def open_hubspot() -> Iterator[World]:
    """An account of HubSpot."""
    with running(StoppedHubSpot()) as server:
        yield World(
            "hubspot",
            server,
            HUBSPOT,
            _connect,
            {"token": TOKEN},
            (TOKEN,),
            "company",
            "numberofemployees",
            "leadledger_score",
            shows_deleted=True,
            shows_merged=True,
            refusal="not on a Monday",
            reads=lambda call: call.path.endswith(("/search", "/contacts")) and call.param("archived") != "true",
            writes=lambda call: call.path.endswith("/batch/update"),
            call=lambda server, lead: None,
            holds="properties",
            write_number=str,
        )
