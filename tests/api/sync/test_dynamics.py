"""What only Dynamics has: its tokens, labels, merges, batches of single updates, columns and words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadledger.api.sync.connector import Connector, RecordUpdate, Window
from leadledger.scoring.errors import SyncError
from tests.api.sync.servers.crm_server import answer_with
from tests.api.sync.servers.dynamics_server import DynamicsServer
from tests.api.sync.worlds import World, open_dynamics, refuse

MEND = (
    "look at LEADLEDGER_DYNAMICS_TENANT, LEADLEDGER_DYNAMICS_CLIENT_ID and LEADLEDGER_DYNAMICS_CLIENT_SECRET (the"
    " secret's value, not its id; it expires), and whether the environment has an application user for the app"
)
ALWAYS = Window("", "2026-12-31T00:00:00Z")


@pytest.fixture
def world() -> Iterator[World]:
    """An environment."""
    with open_dynamics() as world:
        yield world


@pytest.fixture
def server(world: World) -> DynamicsServer:
    """Its server."""
    server: DynamicsServer = world.server
    return server


@pytest.fixture
def connector(world: World) -> Iterator[Connector]:
    """A connector to it."""
    connector = world.connect()
    yield connector
    connector.close()


def test_access_that_is_refused(world: World) -> None:
    """In the words of the directory, with what to look at."""
    assert refuse(world.connect({"client_secret": "wrong"})) == (
        "Dynamics (the access token): no access token is given (401): “AADSTS7000215: Invalid client secret provided."
        f" Ensure the secret being sent is the secret's value.”; {MEND}"
    )
    assert refuse(world.connect({"client_id": "other"})) == (
        "Dynamics (the access token): no access token is given (400): “AADSTS700016: Application with identifier"
        f" 'other' was not found in the directory”; {MEND}"
    )
    with pytest.raises(SyncError) as refused:
        world.connect({"tenant": "a/b"})
    assert str(refused.value) == ("the tenant must be a directory's id or its domain, such as fjord.onmicrosoft.com")


def test_errors_in_plain_words(world: World, server: DynamicsServer, connector: Connector) -> None:
    """What refusals mean, and what to do."""
    connector.check()
    body = {"error": {"code": "0x80040220", "message": "Principal user is missing prvReadLead privilege"}}
    for status, text in (
        (
            403,
            "the application user lacks a right (403): “Principal user is missing prvReadLead privilege”. Add it to the"
            " environment, and give it the security role that docs/sync.md describes.",
        ),
        (
            404,
            "there is nothing at this address (404): “Principal user is missing prvReadLead privilege”. Is --url that"
            " of the environment?",
        ),
        (400, "the call is refused (400): “Principal user is missing prvReadLead privilege”."),
        (401, f"the access token is refused (401): “Principal user is missing prvReadLead privilege”; {MEND}"),
    ):
        world.meet(answer_with(status, body), matches=lambda call: "oauth2" not in call.path)
        with pytest.raises(SyncError) as refused:
            connector.now()
        assert str(refused.value) == f"Dynamics (the time): {text}"


def test_a_token_that_expires_is_fetched_anew(world: World, server: DynamicsServer, connector: Connector) -> None:
    """Tokens last an hour, and a sync may go on for days."""
    (record_id,) = world.add_many(1)
    connector.check()
    server.expire_token()
    assert [record.id for record in connector.read_records([record_id], ["companyname"])] == [record_id]
    server.expire_token()
    assert connector.write([RecordUpdate(record_id, {"companyname": "New"})])[0].problem == ""


def test_what_labels_show(world: World, server: DynamicsServer, connector: Connector) -> None:
    """Options and lookups come with what Dynamics shows for them."""
    owner = "614eb3bc-2a54-ed11-bba2-000d3aaf1f10"
    server.names[owner] = ("Ida Berg", "systemuser")
    world.leads.add(companyname="A", industrycode=7, _ownerid_value=owner)
    world.leads.add(companyname="B")
    world.leads.tick(2)
    names = ["companyname", "industrycode", "_ownerid_value", "ownerid"]
    (page,) = connector.read_changes(ALWAYS, names)
    label = "@OData.Community.Display.V1.FormattedValue"
    first, second = (record.content for record in page.records)
    assert (first["industrycode"], first[f"industrycode{label}"]) == (7, "Consulting")
    assert (first["_ownerid_value"], first[f"_ownerid_value{label}"]) == (owner, "Ida Berg")
    assert "ownerid" not in first
    assert (second["industrycode"], second["_ownerid_value"]) == (None, None)


def test_stamps_between_seconds(world: World, connector: Connector) -> None:
    """Dynamics shows whole seconds and compares exact ones: no change falls between two windows."""
    world.leads.tick(0.7)
    (early,) = world.add_many(1)
    world.leads.tick(0.2)
    pages = list(connector.read_changes(Window("", "2026-03-03T10:00:00.900000Z"), ["companyname"]))
    assert [record.id for page in pages for record in page.records] == [early]
    pages = list(connector.read_changes(Window("2026-03-03T10:00:00.700000Z", "2026-03-03T10:00:01Z"), []))
    assert [record.changed for page in pages for record in page.records] == ["2026-03-03T10:00:00.000000Z"]


def test_an_update_makes_no_record(world: World, server: DynamicsServer, connector: Connector) -> None:
    """PATCH makes a record that isn't there, unless it is told not to: a lead that was deleted stays so."""
    ids = world.add_many(2)
    world.leads.delete(ids[0], for_good=True)
    number = len(world.leads.records)
    outcomes = connector.write([RecordUpdate(record_id, {"companyname": "x"}) for record_id in ids])
    assert [(outcome.is_gone, outcome.problem) for outcome in outcomes] == [
        (True, f"0x80040217: Entity 'lead' With Id = {ids[0]} Does Not Exist"),
        (False, ""),
    ]
    assert len(world.leads.records) == number
    assert server.batch_sizes == [2]


def test_limits_within_a_batch(world: World, connector: Connector) -> None:
    """A record that meets a limit is tried again by the next run; an id that can't be one is told."""
    ids = world.add_many(2)
    world.leads.refusals[ids[0]] = "0x80072322: Number of requests exceeded the limit of 6000"
    outcomes = connector.write([RecordUpdate(name, {"companyname": "x"}) for name in (*ids, "no id")])
    assert [(outcome.problem, outcome.may_retry) for outcome in outcomes] == [
        ("0x80072322: Number of requests exceeded the limit of 6000", True),
        ("", False),
        ("is no id of Dynamics", False),
    ]


def test_an_answer_with_too_few_parts(world: World, connector: Connector) -> None:
    """Where an answer doesn't say what became of each record, none counts as written."""
    ids = world.add_many(2)
    connector.check()
    part = b"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n--b--\r\n"
    world.meet(answer_with(200, part, Content_Type="multipart/mixed; boundary=b"), matches=world.writes)
    with pytest.raises(SyncError) as refused:
        connector.write([RecordUpdate(record_id, {"companyname": "x"}) for record_id in ids])
    assert str(refused.value) == (
        "Dynamics (the update) answered without a result for each of 2 records. Some may be written; the next run"
        " writes them again."
    )
    world.meet(answer_with(200, b"<html>", Content_Type="text/html"), matches=world.writes)
    with pytest.raises(SyncError) as refused:
        connector.write([RecordUpdate(record_id, {"companyname": "x"}) for record_id in ids])
    assert str(refused.value) == (
        "Dynamics (the update) answered with something else than parts. Is the address right, and does nothing stand"
        " between, such as a proxy's page? Some records may be written; the next run writes them again."
    )


def test_the_next_page_of_another_place_is_not_read(world: World, connector: Connector) -> None:
    """An answer can't lead elsewhere, with the token."""
    connector.check()
    world.meet(
        answer_with(200, {"value": [], "@odata.nextLink": "https://evil.example/api/data/v9.2/leads?x"}),
        matches=world.reads,
    )
    with pytest.raises(SyncError) as refused:
        list(connector.read_changes(ALWAYS, []))
    assert str(refused.value) == ("Dynamics (the changes) names a next page at another address, which isn't followed.")


def test_pages_that_lead_in_a_circle(world: World, connector: Connector) -> None:
    """A page that was read isn't read for ever."""
    connector.check()
    link = f"{connector.client.base_url}/api/data/v9.2/leads?$skiptoken=1"
    world.meet(answer_with(200, {"value": [], "@odata.nextLink": link}), matches=world.reads)
    with pytest.raises(SyncError) as refused:
        list(connector.read_changes(ALWAYS, []))
    assert str(refused.value) == ("Dynamics (the changes) leads back to a page that was read. Nothing more was read.")


def test_activities(world: World, server: DynamicsServer, connector: Connector) -> None:
    """Those that are done and regard a lead, by what they were."""
    (lead,) = world.add_many(1)
    account = "11111111-2a54-ed11-bba2-000d3aaf1f10"
    server.names |= {lead: ("Kari Nordmann", "lead"), account: ("Fjord", "account")}
    done = {"_regardingobjectid_value": lead, "statecode": 1}
    server.activities.add(**done, activitytypecode="email", subject="Re: offer", actualend="2026-03-01T10:00:00+00:00")
    server.activities.add(**done, activitytypecode="appointment", scheduledend="2026-03-02T10:00:00+00:00")
    server.activities.add(**done, activitytypecode="task")
    server.activities.add(**(done | {"statecode": 0}), activitytypecode="phonecall")
    server.activities.add(**(done | {"_regardingobjectid_value": account}), activitytypecode="phonecall")
    events = [event for page in connector.read_activities(ALWAYS) for event in page]
    assert [(event["kind"], event["time"], event["properties"]) for event in events] == [
        ("mail", "2026-03-01T10:00:00Z", {"subject": "Re: offer"}),
        ("meeting", "2026-03-02T10:00:00Z", {}),
        ("task", "2026-03-03T10:00:00Z", {}),
    ]
    assert {(event["lead"], event["source"]) for event in events} == {(lead, "dynamics")}


def test_columns_that_can_not_be_made(server: DynamicsServer, connector: Connector) -> None:
    """It is said who may make them, and what to make; one that is there already is no problem."""
    with pytest.raises(SyncError) as refused:
        connector.make_properties({"score": "number"})
    assert str(refused.value) == (
        "'score' can't be made in Dynamics: the name of a column is in small letters and begins with the prefix of its"
        " publisher, as in new_leadledger_score"
    )
    connector.make_properties({"new_day": "date"})
    connector.make_properties({"new_day": "date"})
    server.may_customize = False
    with pytest.raises(SyncError) as refused:
        connector.make_properties({"new_leadledger_score": "number"})
    assert str(refused.value) == (
        "Dynamics (a new column): 'new_leadledger_score' can't be made (403): “Principal user is missing"
        " prvCreateAttribute privilege on OTC=9807 for entity 'Attribute'.”. The application user needs the role"
        " “System Customizer”; or make the columns in make.powerapps.com > Tables > Lead > Columns:"
        " new_leadledger_score of the type Decimal, the others as docs/sync.md says."
    )


def test_columns_that_must_not_be_written(connector: Connector) -> None:
    """Those that Dynamics fills in, and those of another type."""
    assert connector.find_unfit_properties({"fullname": "text", "industrycode": "number", "lastname": "text"}) == {
        "fullname": "can't be written: Dynamics fills it in by itself",
        "industrycode": "is of the type 'Picklist', which takes no number",
    }
