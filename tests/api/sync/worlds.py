"""The systems that one contract is run over: each a server with leads, its connector, and its own names of things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from leadledger.api.sync import dynamics, odoo, salesforce
from leadledger.api.sync.api_client import Patience
from leadledger.api.sync.connector import Connector, RemoteRecord
from leadledger.api.sync.settings import ConnectorKind
from leadledger.scoring.errors import SyncError
from tests.api.sync.servers import dynamics_server, odoo_server, salesforce_server
from tests.api.sync.servers.crm_server import CrmHandler, CrmReply, CrmRequest, Fault
from tests.api.sync.servers.dynamics_server import DynamicsServer
from tests.api.sync.servers.odoo_server import OdooServer
from tests.api.sync.servers.record_store import RecordStore
from tests.api.sync.servers.salesforce_server import SalesforceServer

QUICK = Patience(attempts=3, first_wait=0.01, longest_wait=5, connect=5, read=5, total=20)


@dataclass(frozen=True)
class World:
    """A system. `employees`, `company` and `score` are names of properties, of which the last is yet to be made.

    `secrets` must never be seen. `shows_deleted` and `shows_merged`: in windows, not in whole passes alone. `reads`
    tells calls that read changes from others, `writes` those that write.
    """

    name: str
    server: Any
    kind: ConnectorKind
    open: Callable[[Mapping[str, str], Patience | None], Connector]
    settings: Mapping[str, str]
    secrets: tuple[str, ...]
    company: str
    employees: str
    score: str
    shows_deleted: bool
    shows_merged: bool
    refusal: str  # of an update, as the server has it
    reads: Callable[[CrmRequest], bool]
    writes: Callable[[CrmRequest], bool]
    call: Callable[[Any, str], None]  # adds one that was made with a lead
    more: Mapping[str, Any] = field(default_factory=dict)  # other values that a lead needs
    holds: str = ""  # the member of a record that holds its properties
    write_number: Callable[[int], Any] = int  # as updates have it

    @property
    def leads(self) -> RecordStore:
        """The leads of the server."""
        leads: RecordStore = self.server.leads
        return leads

    def meet(self, fault: Fault | None, times: int = 1000, matches: Callable[[CrmRequest], object] = bool) -> None:
        """Let a fault befall the next calls, of those that match."""
        left = [times if fault is not None else 0]

        def befall(handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
            if fault is None or left[0] <= 0 or not matches(request):
                return None
            left[0] -= 1
            return fault(handler, request)

        self.server.always = befall

    def add(self, employees: int) -> str:
        """A new lead."""
        return self.leads.add(**{self.company: f"Firm {employees}", self.employees: employees, **self.more})

    def add_many(self, number: int) -> list[str]:
        """New leads, all with one stamp."""
        return [self.add(employees) for employees in range(number)]

    def connect(self, changed: Mapping[str, str] | None = None, patience: Patience = QUICK) -> Connector:
        """A connector to the server, with other settings where some are given."""
        environment = {
            self.kind.name_variable(setting): {**self.settings, **(changed or {})}.get(setting.name, "")
            for setting in self.kind.settings
        }
        return self.open(self.kind.gather({"url": self.server.url}, environment, None), patience)

    def add_call(self, lead: str) -> None:
        """A call that was made with a lead, now."""
        self.call(self.server, lead)

    def watch(self, look: Callable[[], None]) -> None:
        """Let something happen before each call that reads changes."""

        def befall(handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
            if self.reads(request):
                look()
            return None

        self.server.always = befall

    def read(self, record: RemoteRecord) -> Mapping[str, Any]:
        """The properties of a record."""
        return record.content[self.holds] if self.holds else record.content

    def count_employees(self, record: RemoteRecord) -> int:
        """What a record says of its employees."""
        return int(self.read(record)[self.employees])


@contextmanager
def open_salesforce() -> Iterator[World]:
    """An organisation of Salesforce."""
    with SalesforceServer().serve() as server:
        yield World(
            "salesforce",
            server,
            salesforce.SALESFORCE,
            salesforce.open_salesforce,
            {"client_id": salesforce_server.CLIENT_ID, "client_secret": salesforce_server.CLIENT_SECRET},
            (salesforce_server.CLIENT_SECRET, "00D!access"),
            "Company",
            "NumberOfEmployees",
            "Leadledger_Score__c",
            shows_deleted=True,
            shows_merged=True,
            refusal="FIELD_CUSTOM_VALIDATION_EXCEPTION: not on a Monday",
            reads=lambda call: "/query" in call.path,
            writes=lambda call: call.path.endswith("/composite/sobjects"),
            call=_add_task,
            more={"LastName": "Nordmann"},
        )


@contextmanager
def open_dynamics() -> Iterator[World]:
    """An environment of Dynamics."""
    with DynamicsServer().serve() as server:
        yield World(
            "dynamics",
            server,
            dynamics.DYNAMICS,
            dynamics.open_dynamics,
            {
                "tenant": dynamics_server.TENANT,
                "client_id": dynamics_server.CLIENT_ID,
                "client_secret": dynamics_server.CLIENT_SECRET,
                "login_url": server.url,
            },
            (dynamics_server.CLIENT_SECRET, "eyJ0access"),
            "companyname",
            "numberofemployees",
            "new_leadledger_score",
            shows_deleted=False,
            shows_merged=True,
            refusal="0x80040265: not on a Monday",
            reads=lambda call: call.path.endswith("/leads"),
            writes=lambda call: call.path.endswith("/$batch"),
            call=_add_activity,
        )


@contextmanager
def open_odoo(version: int = 19) -> Iterator[World]:
    """A database of Odoo; before 19 it is called by JSON-RPC."""
    login = {} if version >= 19 else {"login": odoo_server.LOGIN}
    with OdooServer(version=version).serve() as server:
        yield World(
            "odoo" if version >= 19 else "odoo-rpc",
            server,
            odoo.ODOO,
            odoo.open_odoo,
            {"key": odoo_server.API_KEY, "database": odoo_server.DATABASE, **login},
            (odoo_server.API_KEY,),
            "partner_name",
            "x_employees",
            "x_leadledger_score",
            shows_deleted=False,
            shows_merged=False,
            refusal="odoo.exceptions.ValidationError: not on a Monday",
            reads=lambda call: b'"search_read"' in call.content or call.path.endswith("/search_read"),
            writes=lambda call: b'"write"' in call.content or call.path.endswith("/write"),
            call=_add_message,
            more={"name": "Planning"},
        )


def _add_task(server: SalesforceServer, lead: str) -> None:
    server.tasks.now = server.leads.now
    time = server.leads.now.isoformat()
    server.tasks.add(WhoId=lead, Subject="Call", TaskSubtype="Call", IsClosed=True, CompletedDateTime=time)


def _add_activity(server: DynamicsServer, lead: str) -> None:
    server.activities.now = server.leads.now
    server.names[lead] = ("Kari Nordmann", "lead")
    time = server.leads.now.isoformat()
    values = {"_regardingobjectid_value": lead, "activitytypecode": "phonecall", "statecode": 1, "actualend": time}
    server.activities.add(**values)


def _add_message(server: OdooServer, lead: str) -> None:
    server.messages.now = server.leads.now
    values = {"model": "crm.lead", "res_id": int(lead), "message_type": "comment", "is_internal": True}
    time = f"{server.leads.now:%Y-%m-%d %H:%M:%S}"
    server.messages.add(**values, date=time, mail_activity_type_id=[2, "Call"])


WORLDS: Mapping[str, Callable[[], Any]] = {
    "salesforce": open_salesforce,
    "dynamics": open_dynamics,
    "odoo": open_odoo,
    "odoo-rpc": lambda: open_odoo(17),
}


def refuse(connector: Connector) -> str:
    """What the check of a connector is refused with."""
    with pytest.raises(SyncError) as refused:
        connector.check()
    connector.close()
    return str(refused.value)
