"""What only Salesforce has: its flow of access, its queries, its log of deleted records, its limits and its words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadledger.api.sync.connector import Connector, RecordUpdate, Window
from leadledger.api.sync.crm_times import shift_time
from leadledger.scoring.errors import SyncError
from tests.api.sync.servers.crm_server import CrmHandler, CrmReply, CrmRequest, answer_with
from tests.api.sync.servers.salesforce_server import CLIENT_ID, SalesforceServer
from tests.api.sync.worlds import World, open_salesforce, refuse


@pytest.fixture
def world() -> Iterator[World]:
    """An organisation."""
    with open_salesforce() as world:
        yield world


@pytest.fixture
def server(world: World) -> SalesforceServer:
    """Its server."""
    server: SalesforceServer = world.server
    return server


@pytest.fixture
def connector(world: World) -> Iterator[Connector]:
    """A connector to it."""
    connector = world.connect()
    yield connector
    connector.close()


MEND = (
    "look at LEADLEDGER_SALESFORCE_CLIENT_ID and LEADLEDGER_SALESFORCE_CLIENT_SECRET: the app must have the client"
    " credentials flow switched on, with a user to run as, and the address must be that of “My Domain”"
)


def test_access_that_is_refused(world: World) -> None:
    """Each wrong setting is told apart, with what to look at."""
    assert refuse(world.connect({"client_secret": "wrong"})) == (
        f"Salesforce (the access token): no access token is given (400): “invalid client credentials”; {MEND}"
    )
    assert refuse(world.connect({"client_id": "other"})) == (
        f"Salesforce (the access token): no access token is given (400): “client identifier invalid”; {MEND}"
    )
    assert refuse(world.connect({"client_id": "", "client_secret": "", "token": "00D!old"})) == (
        "Salesforce (the fields): the access token is refused (401): “Session expired or invalid”;"
        " LEADLEDGER_SALESFORCE_TOKEN is that of a session, which ends: fetch a new one, or use an app's secret"
    )
    with pytest.raises(SyncError) as refused:
        world.connect({"client_secret": ""})
    assert str(refused.value) == (
        "Salesforce needs the consumer key and the consumer secret of an app: set LEADLEDGER_SALESFORCE_CLIENT_ID and"
        " LEADLEDGER_SALESFORCE_CLIENT_SECRET in the environment, or write them as lines NAME=… to a file that only you"
        " can read (chmod 600) and name it with --secret-file"
    )
    with pytest.raises(SyncError, match=r"^the API version must be one like 62\.0$"):
        world.connect({"api_version": "newest"})
    assert refuse(world.connect({"api_version": "99.0"})) == (
        "Salesforce (the fields): there is nothing at this address (404): “The requested resource does not exist”. Is"
        " --url that of “My Domain”, the API version one that it has, and may the user see the object?"
    )


def test_a_session_of_somebody(world: World, server: SalesforceServer) -> None:
    """The access token of a session does in place of an app."""
    connector = world.connect({"client_id": "", "client_secret": "", "token": server.token})
    assert connector.check().startswith("Lead of 127.0.0.1")
    connector.close()


def test_a_token_that_expires_is_fetched_anew(world: World, server: SalesforceServer, connector: Connector) -> None:
    """In the middle of a run, without a word; where the new one is refused as well, the run ends."""
    (record_id,) = world.add_many(1)
    connector.check()
    server.expire_token()
    outcomes = connector.write([RecordUpdate(record_id, {"Company": "New"})])
    assert outcomes[0].problem == ""
    world.meet(answer_with(401, [{"message": "gone", "errorCode": "INVALID_SESSION_ID"}]), matches=world.reads)
    with pytest.raises(SyncError) as refused:
        connector.read_records([record_id], ["Company"])
    assert str(refused.value) == f"Salesforce (some records): the access token is refused (401): “gone”; {MEND}"


def test_the_calls_of_a_day_are_used_up(server: SalesforceServer, connector: Connector) -> None:
    """It is no matter of rights, and says how many there were."""
    server.most_calls = 2
    connector.check()
    connector.now()
    with pytest.raises(SyncError) as refused:
        connector.now()
    assert str(refused.value) == (
        "Salesforce (the time): the API calls that the organisation has in 24 hours are used up (3 of 2). What is done"
        " is kept; run the sync again later, or less often."
    )


def test_errors_in_plain_words(world: World, connector: Connector) -> None:
    """What other refusals mean."""
    connector.check()
    for status, code, text in (
        (
            403,
            "API_DISABLED_FOR_ORG",
            "this organisation or user has no API: “x”. Its edition or profile must allow it.",
        ),
        (403, "FORBIDDEN", "the user of the sync lacks a right (403): “x”. docs/sync.md lists what it needs."),
        (400, "INVALID_TYPE", "the user of the sync doesn't see this object: “x”. Give it “Read” on it."),
        (400, "MALFORMED_QUERY", "the call is refused (400, MALFORMED_QUERY): “x”."),
    ):
        world.meet(answer_with(status, [{"message": "x", "errorCode": code}]))
        with pytest.raises(SyncError) as refused:
            connector.now()
        assert str(refused.value) == f"Salesforce (the time): {text}"


def test_a_query_whose_rest_is_lost_goes_on(world: World, server: SalesforceServer, connector: Connector) -> None:
    """Salesforce forgets the rest of an answer; the query begins again behind the last row, among equal stamps too."""
    server.page_size = 40
    ids = world.add_many(150)
    world.leads.tick(2)
    forgotten = 0

    def forget(handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
        nonlocal forgotten
        if "/query/01g" in request.path and forgotten < 2:
            forgotten += 1
            server.cursors.clear()
        return None

    server.always = forget
    pages = list(connector.read_changes(Window("", connector.now()), ["Company"]))
    assert [record.id for page in pages for record in page.records] == ids
    assert forgotten == 2


def test_the_next_page_of_another_place_is_not_read(world: World, connector: Connector) -> None:
    """An answer can't lead elsewhere, with the token."""
    page = {"totalSize": 9, "done": False, "nextRecordsUrl": "https://evil.example/x", "records": []}
    connector.check()
    world.meet(answer_with(200, page), matches=world.reads)
    with pytest.raises(SyncError) as refused:
        list(connector.read_changes(Window("", "2026-03-03T10:00:00Z"), []))
    assert str(refused.value) == (
        "Salesforce (the changes) names a next page at another address, which isn't followed."
    )


def test_pages_that_never_go_on(world: World, connector: Connector) -> None:
    """A query that is lost behind an empty page isn't begun again for ever."""
    connector.check()
    base = "/services/data/v62.0"
    page = {"done": False, "nextRecordsUrl": f"{base}/query/01g-1", "records": []}
    lost = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]

    def answer(handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
        return CrmReply(400, lost) if "/query/01g" in request.path else CrmReply(200, page)

    world.server.always = answer
    with pytest.raises(SyncError) as refused:
        list(connector.read_changes(Window("", "2026-03-03T10:00:00Z"), []))
    assert str(refused.value) == "Salesforce (the changes): its pages don't go on; the next run tries again."


def test_records_that_lack_what_each_has(world: World, connector: Connector) -> None:
    """A row without its id is nothing to score."""
    connector.check()
    world.meet(answer_with(200, {"done": True, "records": [{"Company": "x"}]}), matches=world.reads)
    with pytest.raises(SyncError) as refused:
        list(connector.read_changes(Window("", "2026-03-03T10:00:00Z"), ["Company"]))
    assert str(refused.value) == (
        "Salesforce answered with a record without Id or SystemModstamp. Nothing of it was used."
    )


def test_deleted_long_ago(world: World, connector: Connector) -> None:
    """The log of deleted records reaches back 15 days; a longer window asks for as much, and misses nothing else."""
    ids = world.add_many(3)
    since = connector.now()
    world.leads.tick(5)
    world.leads.delete(ids[0])
    world.leads.tick(40 * 86400)
    world.leads.delete(ids[1], for_good=True)
    world.leads.tick(60)
    pages = list(connector.read_changes(Window(since, connector.now()), ["Company"]))
    assert {record_id for page in pages for record_id in page.deleted} == {ids[0], ids[1]}
    world.meet(
        answer_with(400, [{"message": "x", "errorCode": "INVALID_REPLICATION_DATE"}]),
        1,
        lambda call: "deleted" in call.path,
    )
    pages = list(connector.read_changes(Window(shift_time(since, -5), connector.now()), ["Company"]))
    assert {record_id for page in pages for record_id in page.deleted} == {ids[0]}


def test_related_records(world: World, connector: Connector) -> None:
    """The name of an owner comes along; where there is none, it is one without a name, not a record that lacks it."""
    world.leads.add(Company="A", LastName="x", **{"Owner.Name": "Ida Berg"})
    world.leads.add(Company="B", LastName="x")
    world.leads.tick(2)
    (page, *_) = connector.read_changes(Window("", connector.now()), ["Owner.Name", "Nobody.Name", "company"])
    assert [record.content["Owner"]["Name"] for record in page.records] == ["Ida Berg", None]
    assert [record.content["Company"] for record in page.records] == ["A", "B"]


def test_activities(world: World, server: SalesforceServer, connector: Connector) -> None:
    """Tasks that are done and meetings, by what they were; open tasks and those of others are none."""
    (lead,) = world.add_many(1)
    done = {"WhoId": lead, "IsClosed": True, "ActivityDate": "2026-03-01"}
    server.tasks.add(**done, TaskSubtype="Email", Subject="Re: offer", Status="Completed")
    server.tasks.add(**done, TaskSubtype="Task", Type="Call", CompletedDateTime="2026-03-02T09:30:00+01:00")
    server.tasks.add(**done, TaskSubtype="Task")
    server.tasks.add(WhoId=lead, TaskSubtype="Call", ActivityDate="2026-03-09")
    server.tasks.add(WhoId="003000000000001AAA", IsClosed=True, TaskSubtype="Call", ActivityDate="2026-03-01")
    server.events.add(WhoId=lead, Subject="Demo", StartDateTime="2026-03-01T10:00:00+00:00")
    events = [event for page in connector.read_activities(Window("", "2026-03-04T00:00:00Z")) for event in page]
    assert [(event["kind"], event["time"], event["properties"]) for event in events] == [
        ("mail", "2026-03-01", {"subject": "Re: offer", "status": "Completed"}),
        ("call", "2026-03-02T08:30:00Z", {}),
        ("task", "2026-03-01", {}),
        ("meeting", "2026-03-01T10:00:00Z", {"subject": "Demo"}),
    ]
    assert {event["lead"] for event in events} == {lead}
    assert len({(event["source"], event["id"]) for event in events}) == 4


def test_fields_that_can_not_be_made(world: World, server: SalesforceServer, connector: Connector) -> None:
    """It is said who may make them, or see them, and what to make."""
    with pytest.raises(SyncError) as refused:
        connector.make_properties({"leadledger_score": "number"})
    assert str(refused.value) == (
        "'leadledger_score' can't be made in Salesforce: the name of a custom field ends with __c"
    )
    server.may_customize = False
    with pytest.raises(SyncError) as refused:
        connector.make_properties({"Leadledger_Score__c": "number"})
    assert str(refused.value) == (
        "Salesforce (a new field): 'Leadledger_Score__c' can't be made (403): “insufficient access rights on"
        " cross-reference id”. The user needs “Customize Application”; or make the fields in Setup > Object Manager >"
        " Lead > Fields: Leadledger_Score__c of type Number, the others as docs/sync.md says."
    )
    server.may_customize, server.shows_new_fields = True, False
    with pytest.raises(SyncError) as refused:
        connector.make_properties({"Leadledger_Score__c": "number"})
    assert str(refused.value) == (
        "the fields Leadledger_Score__c are made, and the user of the sync doesn't see them yet: give it a permission"
        " set with “Read” and “Edit” on them (Setup > Permission Sets > Object Settings > Lead), then run the sync"
        " again"
    )


def test_fields_that_must_not_be_written(connector: Connector) -> None:
    """Those that Salesforce works out, and those of another type."""
    assert connector.find_unfit_properties({"Name": "text", "industry": "number", "NumberOfEmployees": "number"}) == {
        "Name": "can't be written by this user: it is read-only, a formula, or not permitted to its profile",
        "industry": "is of the type 'picklist', which takes no number",
    }


def test_an_update_without_its_results(world: World, connector: Connector) -> None:
    """Where an answer doesn't say what became of each record, none counts as written."""
    ids = world.add_many(2)
    connector.check()
    world.meet(answer_with(200, [{"id": ids[0], "success": True, "errors": []}]), matches=world.writes)
    with pytest.raises(SyncError) as refused:
        connector.write([RecordUpdate(record_id, {"Company": "x"}) for record_id in ids])
    assert str(refused.value) == (
        "Salesforce (the update) answered without a result for each of 2 records. Some may be written; the next run"
        " writes them again."
    )
    locked = {"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "try later"}]}
    world.meet(answer_with(200, [locked, "nonsense"]), matches=world.writes)
    outcomes = connector.write([RecordUpdate(record_id, {"Company": "x"}) for record_id in ids])
    assert [outcome.may_retry for outcome in outcomes] == [True, True]


def test_the_client_id_is_sent_in_the_body_alone(server: SalesforceServer, connector: Connector) -> None:
    """No address holds what is secret: proxies and logs keep addresses."""
    connector.check()
    assert all(CLIENT_ID not in request.path and not request.query.get("client_id") for request in server.requests)
