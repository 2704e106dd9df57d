"""Clients that aren't ours, driven over the same servers, get the same records and make the same updates.

So a server that stands in for a CRM isn't only what our connector takes it for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from leadledger.api.sync.connector import Connector, RecordUpdate, RemoteRecord, Window
from leadledger.api.sync.crm_times import read_time
from tests.api.sync.servers import dynamics_server, odoo_server, salesforce_server
from tests.api.sync.worlds import World, open_dynamics, open_odoo, open_salesforce

NUMBER = 25
EMPTY = Window("", "2027-01-01T00:00:00.000000Z")


def read_all(world: World, connector: Connector) -> dict[str, RemoteRecord]:
    """All records as our connector sees them."""
    pages = connector.read_changes(EMPTY, [world.company, world.employees, world.score])
    return {record.id: record for page in pages for record in page.records}


def lead_to(world: World, session: Any) -> Any:
    """A session of requests whose calls by TLS, which these clients insist on, reach the server of a test."""
    from requests.adapters import HTTPAdapter

    class ServerAdapter(HTTPAdapter):
        """Sends what goes to any host to the server."""

        def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
            parts = urlsplit(request.url)
            request.url = urlunsplit(("http", urlsplit(world.server.url).netloc, *parts[2:]))
            return super().send(request, *arguments, **options)

    session.mount("https://", ServerAdapter())
    return session


def test_simple_salesforce() -> None:
    """simple-salesforce signs in by the same flow, pages through the same query, and reads what we write."""
    simple_salesforce = pytest.importorskip("simple_salesforce", reason="simple-salesforce isn't installed")
    requests = pytest.importorskip("requests", reason="requests isn't installed")

    with open_salesforce() as world, requests.Session() as session:
        lead_to(world, session)
        world.server.page_size = 10
        ids = world.add_many(NUMBER)
        since = world.leads.tick(60)
        world.leads.merge(ids[0], ids[1])
        world.leads.delete(ids[2], for_good=True)
        until = world.leads.tick(60)
        connector = world.connect()
        connector.make_properties({world.score: "number"})

        theirs = simple_salesforce.Salesforce(
            consumer_key=salesforce_server.CLIENT_ID,
            consumer_secret=salesforce_server.CLIENT_SECRET,
            domain="fjord.my",
            session=session,
            version="62.0",
        )
        soql = (
            f"SELECT Id, Company, NumberOfEmployees, {world.score}, SystemModstamp, IsDeleted, MasterRecordId FROM Lead"
        )
        rows = list(theirs.query_all_iter(f"{soql} ORDER BY SystemModstamp, Id", include_deleted=True))
        ours = read_all(world, connector)
        live = [row for row in rows if not row["IsDeleted"]]
        assert [row["Id"] for row in live] == list(ours)
        for row in live:
            record = ours[row["Id"]]
            assert read_time(row["SystemModstamp"]) == read_time(record.changed)
            assert {name: row[name] for name in ("Company", "NumberOfEmployees", world.score)} == {
                name: record.content[name] for name in ("Company", "NumberOfEmployees", world.score)
            }
        assert {row["Id"]: row["MasterRecordId"] for row in rows if row["IsDeleted"]} == {ids[0]: ids[1]}
        log = theirs.Lead.deleted(since - timedelta(seconds=1), until)["deletedRecords"]
        window = Window(connector.now().replace("10:02", "10:00"), connector.now())
        pages = list(connector.read_changes(window, []))
        assert {entry["id"] for entry in log} == {
            record_id for page in pages for record_id in (*page.deleted, *page.merged)
        }

        connector.write([RecordUpdate(ids[5], {world.score: 61})])
        assert theirs.Lead.get(ids[5])[world.score] == 61
        assert theirs.Lead.update(ids[6], {world.score: 62}) == 204
        body = {"allOrNone": False, "records": [_update(ids[7], 63, world), _update(ids[2], 64, world)]}
        results = theirs.restful("composite/sobjects", method="PATCH", json=body)
        assert [result["success"] for result in results] == [True, False]
        ours = read_all(world, connector)
        assert [ours[record_id].content[world.score] for record_id in ids[5:8]] == [61, 62, 63]
        assert theirs.limits()["DailyApiRequests"]["Max"] == 15000
        assert theirs.api_usage["api-usage"].total == 15000
        fields = {entry["name"] for entry in theirs.Lead.describe()["fields"]}
        assert world.score in fields
        connector.close()


def _update(record_id: str, score: int, world: World) -> dict[str, Any]:
    return {"attributes": {"type": "Lead"}, "id": record_id, world.score: score}


@pytest.mark.slow  # it imports pandas and more
def test_dataverse_client() -> None:
    """Microsoft's client for Dataverse pages through the same rows, and its batch is answered as ours is."""
    dataverse = pytest.importorskip(
        "PowerPlatform.Dataverse.client", reason="PowerPlatform-Dataverse-Client isn't installed"
    )
    credentials = pytest.importorskip("azure.core.credentials", reason="azure-core isn't installed")

    with open_dynamics() as world:

        class Credential:
            """Gives the token that counts."""

            def get_token(self, *scopes: str, **options: Any) -> Any:
                assert scopes == ("https://fjord.crm4.dynamics.com/.default",)
                return credentials.AccessToken(world.server.token, 2_000_000_000)

        world.server.most_page_size = 10
        ids = world.add_many(NUMBER)
        world.leads.tick(2)
        connector = world.connect()
        connector.make_properties({world.score: "number"})
        with dataverse.DataverseClient("https://fjord.crm4.dynamics.com", Credential()) as theirs:
            lead_to(world, theirs._session)
            columns = ["leadid", world.company, world.employees, world.score, "modifiedon"]
            pages = list(
                theirs.records.list_pages(
                    "lead",
                    select=columns,
                    filter="modifiedon ge 2026-03-03T00:00:00Z",
                    orderby=["modifiedon", "leadid"],
                    page_size=10,
                )
            )
            rows = [row for page in pages for row in page]
            ours = read_all(world, connector)
            assert len(pages) > 1
            assert [row["leadid"] for row in rows] == list(ours) == ids
            for row in rows:
                record = ours[row["leadid"]]
                assert read_time(row["modifiedon"]) == read_time(record.changed)
                assert {name: row[name] for name in columns[1:4]} == {
                    name: record.content[name] for name in columns[1:4]
                }

            connector.write([RecordUpdate(ids[5], {world.score: 61})])
            assert theirs.records.retrieve("lead", ids[5], select=[world.score])[world.score] == 61
            theirs.records.update("lead", ids[6], {world.score: 62})
            world.leads.delete(ids[2])
            batch = theirs.batch.new()
            for record_id, score in ((ids[2], 63), (ids[7], 64)):
                batch.records.update("lead", record_id, {world.score: score})
            results = batch.execute(continue_on_error=True).responses
            outcomes = connector.write(
                [RecordUpdate(ids[2], {world.score: 63}), RecordUpdate(ids[8], {world.score: 65})]
            )
            assert [result.status_code for result in results] == [404, 204]
            assert results[0].error_code == dynamics_server.NO_SUCH_RECORD
            assert outcomes[0].problem == f"{results[0].error_code}: {results[0].error_message}"
            assert [outcome.is_gone for outcome in outcomes] == [True, False]
            ours = read_all(world, connector)
            assert [ours[record_id].content[world.score] for record_id in ids[5:9]] == [61, 62, 64, 65]
            theirs.tables.add_columns("lead", {"new_Comment": "string"})
            connector.check()
            assert connector.find_missing_properties({"new_comment": "text"}) == []
        connector.close()


@pytest.mark.parametrize("version", [19, 17])
def test_odoorpc(version: int) -> None:
    """odoorpc finds the same leads by the same domain and writes what we read, with JSON-2 on our side and without."""
    odoorpc = pytest.importorskip("odoorpc", reason="odoorpc isn't installed")

    with open_odoo(version) as world:
        ids = world.add_many(NUMBER)
        world.leads.change(ids[3], active=False)
        world.leads.tick(2.5)
        connector = world.connect()
        connector.make_properties({world.score: "number"})
        address = urlsplit(world.server.url)
        theirs = odoorpc.ODOO(address.hostname, port=address.port)
        assert theirs.version == f"{version}.0"
        theirs.login(odoo_server.DATABASE, odoo_server.LOGIN, odoo_server.API_KEY)
        leads = theirs.env["crm.lead"]
        everybody = {"context": {"active_test": False}}
        fields = ["id", world.company, world.employees, world.score, "write_date"]
        domain = [["write_date", ">=", "2026-03-03 10:00:00"]]
        rows: list[Mapping[str, Any]] = leads.search_read(domain, fields, order="write_date, id", **everybody)
        ours = read_all(world, connector)
        assert [str(row["id"]) for row in rows] == list(ours) == ids
        for row in rows:
            record = ours[str(row["id"])]
            assert read_time(row["write_date"]) == read_time(record.changed)
            assert {name: row[name] for name in fields[1:4]} == {name: record.content[name] for name in fields[1:4]}
        assert len(leads.search(domain)) == NUMBER - 1  # without the archived one

        connector.write([RecordUpdate(record_id, {world.score: 61}) for record_id in ids[5:7]])
        assert [row[world.score] for row in leads.read([6, 7], [world.score])] == [61, 61]
        assert leads.write([8, 9], {world.score: 62})
        assert leads.unlink([1])
        with pytest.raises(odoorpc.error.RPCError) as refused:
            leads.write([1], {world.score: 63})
        (outcome,) = connector.write([RecordUpdate("1", {world.score: 63})])
        assert outcome.is_gone
        assert " ".join(str(refused.value).split()) in outcome.problem
        ours = read_all(world, connector)
        assert [ours[record_id].content[world.score] for record_id in ids[5:9]] == [61, 61, 62, 62]
        assert ids[0] not in ours
        connector.close()
