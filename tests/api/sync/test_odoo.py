"""What only Odoo has: two APIs, names in lists, archived leads, groups of equal values, manual fields and its words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadledger.api.sync.connector import Connector, RecordUpdate, Window
from leadledger.scoring.errors import SyncError
from tests.api.sync.servers.crm_server import answer_with
from tests.api.sync.servers.odoo_server import OdooServer
from tests.api.sync.worlds import World, open_odoo, refuse

ALWAYS = Window("", "2026-12-31T00:00:00Z")


@pytest.fixture(params=[19, 17], ids=["JSON-2", "JSON-RPC"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A database, by each of its APIs."""
    with open_odoo(request.param) as world:
        yield world


@pytest.fixture
def server(world: World) -> OdooServer:
    """Its server."""
    server: OdooServer = world.server
    return server


@pytest.fixture
def connector(world: World) -> Iterator[Connector]:
    """A connector to it."""
    connector = world.connect()
    yield connector
    connector.close()


def test_access_that_is_refused(world: World) -> None:
    """With what to look at; a traceback of the server is never shown."""
    if world.name == "odoo":
        assert refuse(world.connect({"key": "wrong"})) == (
            "Odoo (the fields): the API key is refused: “Invalid apikey”; look at LEADLEDGER_ODOO_KEY: a key lasts"
            " three months at most, and is that of one user and one database"
        )
        assert refuse(world.connect({"database": "other"})) == (
            "Odoo (the fields): the call is refused (werkzeug.exceptions.NotFound): “no such database”."
        )
        return
    assert refuse(world.connect({"login": "nobody@fjord.example"})) == (
        "Odoo (the login): the API key is refused; look at LEADLEDGER_ODOO_KEY: a key lasts three months at most, and"
        " is that of one user and one database (LEADLEDGER_ODOO_DATABASE, LEADLEDGER_ODOO_LOGIN)"
    )
    assert refuse(world.connect({"database": "other"})) == (
        'Odoo (the login): the call is refused (psycopg2.OperationalError): “database "other" does not exist”.'
    )
    assert refuse(world.connect({"login": ""})) == (
        "Odoo (the fields): there is nothing at this address (404). Odoo 18 and older have no JSON-2: give --login and"
        " --database. Or is the address another one?"
    )
    with pytest.raises(SyncError) as refused:
        world.connect({"database": ""})
    assert str(refused.value) == "Odoo needs the name of the database beside the login: give --database"


def test_rights_that_lack(world: World, connector: Connector) -> None:
    """The text of the exception says which, in one line."""
    connector.check()
    problem = {
        "name": "odoo.exceptions.AccessError",
        "message": "You are not allowed to access 'Lead'\n(crm.lead) records.",
        "arguments": [],
        "debug": "Traceback (most recent call last): secret things",
    }
    body = problem if world.name == "odoo" else {"jsonrpc": "2.0", "error": {"code": 200, "data": problem}}
    world.meet(answer_with(403 if world.name == "odoo" else 200, body))
    with pytest.raises(SyncError) as refused:
        connector.now()
    assert str(refused.value) == (
        "Odoo (the time): the user lacks a right: “You are not allowed to access 'Lead' (crm.lead) records.”."
        " docs/sync.md lists what it needs."
    )


def test_archived_leads_and_names_in_lists(world: World, connector: Connector) -> None:
    """A lead that was lost is archived, and is read still; tags come with their names."""
    world.leads.add(name="A", active=False, tag_ids=[3, 9], user_id=[7, "Ida Berg"])
    world.leads.add(name="B", tag_ids=[9])
    world.leads.add(name="C")
    world.leads.tick(2)
    (page,) = connector.read_changes(ALWAYS, ["name", "active", "tag_ids", "user_id"])
    assert [record.content for record in page.records] == [
        {"id": 1, "name": "A", "active": False, "tag_ids": [[3, "Fair"], [9, "Partner"]], "user_id": [7, "Ida Berg"]},
        {"id": 2, "name": "B", "active": True, "tag_ids": [[9, "Partner"]], "user_id": False},
        {"id": 3, "name": "C", "active": True, "tag_ids": [], "user_id": False},
    ]


def test_stamps_between_seconds(world: World, connector: Connector) -> None:
    """Odoo keeps microseconds, shows seconds, and compares either, by version: no change falls between two windows."""
    seen: list[str] = []
    since = ""
    for number in range(1, 8):
        world.leads.tick(0.4)
        world.leads.add(name=str(number))
        until = connector.now()
        pages = connector.read_changes(Window(since, until), ["name"])
        seen += [record.content["name"] for page in pages for record in page.records]
        since = until
    world.leads.tick(5)
    pages = connector.read_changes(Window(since, connector.now()), ["name"])
    seen += [record.content["name"] for page in pages for record in page.records]
    assert set(seen) == {str(number) for number in range(1, 8)}


def test_equal_values_are_one_call(world: World, server: OdooServer, connector: Connector) -> None:
    """Where one of a group is refused, its others are written each by itself."""
    ids = world.add_many(6)
    connector.make_properties({world.score: "number"})
    updates = [RecordUpdate(record_id, {world.score: 50 if number < 4 else 60}) for number, record_id in enumerate(ids)]
    assert [outcome.problem for outcome in connector.write(updates)] == [""] * 6
    assert server.writes == [[1, 2, 3, 4], [5, 6]]
    world.leads.refusals[ids[1]] = "odoo.exceptions.ValidationError: not on a Monday"
    world.leads.delete(ids[2])
    server.writes.clear()
    outcomes = connector.write([*updates[:4], RecordUpdate("x1", {})])
    assert [(outcome.id, outcome.problem, outcome.is_gone) for outcome in outcomes] == [
        ("1", "", False),
        ("2", "ValidationError: “not on a Monday”", False),
        ("3", "MissingError: “Record does not exist or has been deleted. (Record: crm.lead(3,), User: 7)”", True),
        ("4", "", False),
        ("x1", "is no id of Odoo", False),
    ]
    assert server.writes == [[1], [4]]


def test_two_transactions_at_once(world: World, connector: Connector) -> None:
    """A record that somebody else writes at this moment is tried by the next run."""
    (record_id,) = world.add_many(1)
    world.leads.refusals[record_id] = "psycopg2.errors.SerializationFailure: could not serialize access"
    (outcome,) = connector.write([RecordUpdate(record_id, {world.company: "x"})])
    assert (outcome.problem, outcome.may_retry) == ("SerializationFailure: “could not serialize access”", True)


def test_a_key_that_ends_in_the_middle(world: World, server: OdooServer, connector: Connector) -> None:
    """It is no refusal of the records, which would wait for their next score: the sync stops."""
    (record_id,) = world.add_many(1)
    connector.check()
    server.api_key = "another"
    with pytest.raises(SyncError, match="the API key is refused"):
        connector.write([RecordUpdate(record_id, {world.company: "x"})])


def test_activities(world: World, server: OdooServer, connector: Connector) -> None:
    """Mails, activities that are done by their category, and meetings; notes among colleagues are none."""
    (lead,) = world.add_many(1)
    message = {"model": "crm.lead", "res_id": int(lead), "date": "2026-03-01 10:00:00"}
    server.messages.add(**message, message_type="email", subject="Re: offer")
    server.messages.add(**message, message_type="comment", is_internal=True)
    server.messages.add(**message, message_type="notification")
    for number in (1, 2, 3):
        server.messages.add(**message, message_type="comment", is_internal=True, mail_activity_type_id=[number, "?"])
    server.messages.add(**(message | {"model": "res.partner"}), message_type="email")
    server.meetings.add(name="Demo", start="2026-03-02 09:00:00", opportunity_id=[int(lead), "Planning"])
    server.meetings.add(name="Lunch", start="2026-03-02 12:00:00")
    events = [event for page in connector.read_activities(ALWAYS) for event in page]
    assert [(event["kind"], event["time"], event["properties"]) for event in events] == [
        ("mail", "2026-03-01T10:00:00Z", {"subject": "Re: offer"}),
        ("mail", "2026-03-01T10:00:00Z", {}),
        ("call", "2026-03-01T10:00:00Z", {}),
        ("meeting", "2026-03-01T10:00:00Z", {}),
        ("meeting", "2026-03-02T09:00:00Z", {"subject": "Demo"}),
    ]
    assert {(event["lead"], event["source"]) for event in events} == {(lead, "odoo")}
    assert len({event["id"] for event in events}) == 5


def test_fields_that_can_not_be_made(server: OdooServer, connector: Connector) -> None:
    """It is said who may make them, and what to make."""
    with pytest.raises(SyncError) as refused:
        connector.make_properties({"score": "number"})
    assert str(refused.value) == (
        "'score' can't be made in Odoo: the name of a field that is made by hand begins with x_ and is in small letters"
    )
    server.may_customize = False
    with pytest.raises(SyncError) as refused:
        connector.make_properties({"x_leadledger_score": "number", "x_leadledger_reasons": "long_text"})
    assert str(refused.value) == (
        "Odoo (the new fields): they can't be made: “You are not allowed to create 'Fields' (ir.model.fields) records."
        " This operation is allowed for the following groups: - Administration/Access Rights”. The user needs"
        " “Administration: Settings” for that; or make them in developer mode, Settings > Technical > Fields, on the"
        " model crm.lead: x_leadledger_score (float), x_leadledger_reasons (text)."
    )


def test_fields_that_must_not_be_written(connector: Connector) -> None:
    """Those that are read-only, and those of another type."""
    assert connector.find_unfit_properties({"create_date": "date", "x_need": "number", "function": "text"}) == {
        "create_date": "can't be written: it is read-only or computed",
        "x_need": "is of the type 'selection', which takes no number",
    }


def test_pages_that_do_not_end(world: World, connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that answers with the same page again and again is left."""
    monkeypatch.setattr("leadledger.api.sync.odoo.ROWS_PER_PAGE", 2)
    rows = [{"id": number, "write_date": "2026-03-03 10:00:00"} for number in (1, 2)]
    connector.check()
    world.meet(answer_with(200, rows if world.name == "odoo" else {"result": rows}), matches=world.reads)
    with pytest.raises(SyncError) as refused:
        list(connector.read_changes(ALWAYS, []))
    assert str(refused.value) == ("Odoo (the changes) answered twice with the same page. Nothing more was read.")
