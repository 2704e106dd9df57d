"""HubSpot is read whole, whatever its stamps, limits and faults, by a server that answers as its documents say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leadledger.api.sync.api_client import Patience
from leadledger.api.sync.connector import RecordUpdate, Window
from leadledger.api.sync.crm_times import read_time, shift_time
from leadledger.api.sync.hubspot import HubSpotConnector
from leadledger.scoring.errors import SyncError
from tests.api.sync.servers.crm_server import answer_with
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer, describe_property, to_text
from tests.api.sync.syncing import QUICK

NOON = 1_773_144_000_000  # 2026-03-10T12:00:00Z in milliseconds


def window(since: int, until: int) -> Window:
    """A window between two stamps."""
    return Window(to_text(since)[:-1] + "000Z", to_text(until)[:-1] + "000Z")


def read_ids(connector: HubSpotConnector, of: Window) -> list[str]:
    """The ids that a window gives, in order."""
    return [record.id for page in connector.read_changes(of, ["company"]) for record in page.records]


@pytest.mark.parametrize(
    ("stamps", "shape"),
    [
        ([NOON] * 450, "all at once"),
        ([NOON] * 200, "a page of one stamp"),
        ([NOON + number for number in range(410)], "each its own"),
        ([NOON + number // 150 for number in range(600)], "some at once"),
        ([NOON] * 199 + [NOON + 1] * 402 + [NOON + 2], "a page that ends within a stamp"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_equal_stamps(server: HubSpotServer, stamps: list[int], shape: str) -> None:
    """Each record of a window comes, and comes once, however many have one stamp."""
    ids = [server.create({}, at=stamp) for stamp in stamps]
    server.create({}, at=NOON - 1)
    server.create({}, at=NOON + 1000)
    connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
    found = read_ids(connector, window(NOON, NOON + 999))
    connector.close()
    assert sorted(found, key=int) == ids


def test_records_that_move_while_they_are_read(server: HubSpotServer) -> None:
    """A record that changes between two pages hides no other one."""
    ids = [server.create({}, at=NOON + number) for number in range(600)]
    connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
    found: set[str] = set()
    for page in connector.read_changes(window(NOON, NOON + 10_000), ["company"]):
        found |= {record.id for record in page.records}
        for record in page.records[:50]:  # they leave the front, by which a cursor would skip as many
            server.change(record.id, {"company": "A"}, at=NOON + 20_000)
    connector.close()
    assert found == set(ids)


def test_a_whole_pass(server: HubSpotServer) -> None:
    """Without a start, every record comes, of any age, and what was deleted is named."""
    ids = [server.create({"company": "A"}) for _ in range(230)]
    server.delete(ids[7])
    connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
    pages = list(connector.read_changes(Window("", to_text(NOON)), ["company"]))
    connector.close()
    found = [record for page in pages for record in page.records]
    assert [record.id for record in found] == [record_id for record_id in ids if record_id != ids[7]]
    assert [gone for page in pages for gone in page.deleted] == [ids[7]]
    assert found[0].content["properties"]["company"] == "A"


def test_the_limits_are_met(server: HubSpotServer) -> None:
    """Where HubSpot refuses what is over its limit, the page is asked for again, and nothing is missed."""
    server.limits = {"search": (2, 1.0)}
    for number in range(1000):
        server.create({}, at=NOON + number)
    connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
    assert len(read_ids(connector, window(NOON, NOON + 5000))) == 1000
    connector.close()
    assert server.refused > 0


def test_updates_one_by_one(server: HubSpotServer) -> None:
    """Of a batch, one that is gone is told apart, one that is refused is named, and all others are written."""
    server.stores["contacts"].properties["mine"] = describe_property("mine", hubspotDefined=False)
    ids = [server.create({}) for _ in range(9)]
    server.delete(ids[3])
    server.refused_writes[ids[5]] = "the record is locked"
    connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
    outcomes = {outcome.id: outcome for outcome in connector.write([RecordUpdate(each, {"mine": "1"}) for each in ids])}
    connector.close()
    assert outcomes[ids[3]].is_gone
    assert outcomes[ids[5]].problem == "the record is locked"
    assert not outcomes[ids[5]].is_gone
    written = set(ids) - {ids[3], ids[5]}
    assert {record_id for record_id, outcome in outcomes.items() if not outcome.problem} == written
    records = server.stores["contacts"].records
    assert {record_id for record_id, record in records.items() if record.properties.get("mine")} == written


def test_records_by_their_ids(server: HubSpotServer) -> None:
    """Records that are gone, and those that were merged away, are left out."""
    ids = [server.create({"company": str(number)}) for number in range(150)]
    server.delete(ids[0])
    server.merge(ids[1], ids[2])
    connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
    records = connector.read_records([*ids, "999999"], ["company"])
    connector.close()
    assert [record.id for record in records] == [ids[1], *ids[3:]]


def test_properties_that_are_not_ours(server: HubSpotServer) -> None:
    """HubSpot's own properties, computed ones and those of another type are named with the reason."""
    properties = server.stores["contacts"].properties
    described: dict[str, dict[str, Any]] = {
        "computed": {"hubspotDefined": False, "calculated": True},
        "locked": {"hubspotDefined": False, "modificationMetadata": {"readOnlyValue": True}},
        "text": {"hubspotDefined": False},
        "fine": {"hubspotDefined": False, "type_": "number"},
    }
    for name, more in described.items():
        properties[name] = describe_property(name, **more)
    kinds = dict.fromkeys(("jobtitle", "computed", "locked", "text", "fine", "absent"), "number")
    connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
    assert connector.find_unfit_properties(kinds) == {
        "jobtitle": "is a property of HubSpot's own",
        "computed": "can't be written to",
        "locked": "can't be written to",
        "text": "is of the type string, and should be of number",
    }
    assert connector.find_missing_properties(kinds) == ["absent"]
    connector.make_properties({"absent": "long_text"})
    assert (properties["absent"]["type"], properties["absent"]["fieldType"]) == ("string", "textarea")
    connector.close()


def test_the_clock(server: HubSpotServer) -> None:
    """The time is that of HubSpot, whatever ours is."""
    server.skew = timedelta(hours=-5)
    connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
    assert connector.check() == "4711"
    shifted = read_time(connector.now()) + timedelta(hours=5)
    connector.close()
    assert abs((shifted - server.clock()).total_seconds()) < 30
    assert shift_time("2026-03-10T12:00:00.000000Z", -90) == "2026-03-10T11:58:30.000000Z"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"results": [{"id": "1", "properties": {}}]}, "without 'lastmodifieddate' that can be read"),
        ({"results": [{"id": None}]}, "a record without its id"),
        ({"results": "none"}, "without 'results', or with something else there"),
        ([], "without 'results', or with something else there"),
    ],
    ids=["no stamp", "no id", "no list", "another shape"],
)
def test_answers_of_another_shape(server: HubSpotServer, body: object, problem: str) -> None:
    """A page that isn't as documented ends the reading with words, and nothing of it is used."""
    connector = HubSpotConnector(server.url, TOKEN, "contacts", Patience(attempts=1))
    server.always = answer_with(200, body)
    with pytest.raises(SyncError, match=problem):
        read_ids(connector, window(NOON, NOON + 1))
    connector.close()
