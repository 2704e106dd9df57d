"""One contract for every connector, over servers that answer as the vendors' documents say."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from leadledger.api.sync import api_client
from leadledger.api.sync.connector import Connector, RecordUpdate, RemoteRecord, Window
from leadledger.api.sync.crm_times import read_time, shift_time, write_time
from leadledger.scoring.errors import SyncError
from tests.api.sync.hubspot_world import open_hubspot
from tests.api.sync.servers.crm_server import Fault, answer_with, break_off, cut_off
from tests.api.sync.worlds import QUICK, WORLDS, World

MANY = 2_300  # more than any page holds, all with one stamp
ALL = {**WORLDS, "hubspot": open_hubspot}
PAGE = b"<!doctype html><title>Sign in to the network</title>"


@pytest.fixture(params=ALL)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A system with no leads yet."""
    with ALL[request.param]() as world:
        yield world


@pytest.fixture
def connector(world: World) -> Iterator[Connector]:
    """A connector to it."""
    connector = world.connect()
    connector.check()
    yield connector
    connector.close()


def read_window(world: World, connector: Connector, since: str = "") -> tuple[dict[str, RemoteRecord], set[str], dict]:
    """The newest state of each record of a window up to now, the ids that are gone, and those that were merged."""
    records: dict[str, RemoteRecord] = {}
    deleted: set[str] = set()
    merged: dict[str, str] = {}
    connector.check()  # as a run does, which asks for the time after that
    for page in connector.read_changes(Window(since, connector.now()), [world.company, world.employees, world.score]):
        records |= {record.id: record for record in page.records}
        deleted.update(page.deleted)
        merged |= page.merged
    return records, deleted, merged


def write_score(world: World, connector: Connector, ids: Sequence[str], score: int = 50) -> dict[str, object]:
    """What becomes of an update of some records."""
    if connector.find_missing_properties({world.score: "number"}):
        connector.make_properties({world.score: "number"})
    outcomes = connector.write([RecordUpdate(record_id, {world.score: world.write_number(score)}) for record_id in ids])
    return {outcome.id: outcome for outcome in outcomes}


# -- reading -----------------------------------------------------------------------------------------------------------


def test_nothing_is_missed_where_stamps_are_equal(world: World, connector: Connector) -> None:
    """Thousands of leads with one stamp all come, each once, with what was asked for."""
    ids = world.add_many(MANY)
    world.leads.tick(2)
    window = Window(write_time(read_time(connector.now())), connector.now())
    assert [record for page in connector.read_changes(window, [world.employees]) for record in page.records] == []
    for since in ("", shift_time(connector.now(), -60)):
        pages = list(connector.read_changes(Window(since, connector.now()), [world.company, world.employees]))
        records = [record for page in pages for record in page.records]
        assert sorted(record.id for record in records) == sorted(ids)
        assert {record.id: world.count_employees(record) for record in records} == dict(
            zip(ids, range(MANY), strict=True)
        )
        assert len(pages) > 1
        assert records[0].changed == "2026-03-03T10:00:00.000000Z"


def test_a_record_that_changes_while_pages_are_read_comes_again(world: World, connector: Connector) -> None:
    """What was read already and changes then, and what changes before it is read, are in this window or the next."""
    ids = world.add_many(MANY)
    world.leads.tick(2)
    pages = 0

    def disturb() -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            world.leads.tick(3)
            for record_id in (ids[0], ids[400], ids[-1]):
                world.leads.change(record_id, **{world.employees: 9_000_000})
            world.leads.delete(ids[1])
            world.leads.delete(ids[-2])

    world.watch(disturb)
    until = connector.now()
    first, *_ = read_window(world, connector)
    assert pages >= 2
    world.leads.tick(2)
    second, *_ = read_window(world, connector, shift_time(until, -1))
    records = first | second
    assert set(records) >= set(ids) - {ids[1], ids[-2]}
    assert {world.count_employees(records[record_id]) for record_id in (ids[0], ids[400], ids[-1])} == {9_000_000}


def test_late_commits_come_with_the_overlap(world: World, connector: Connector) -> None:
    """A record whose transaction ends after its stamp was read past is in the next window, which goes back."""
    early = world.leads.begin_late(**{world.company: "Late", world.employees: 1, **world.more})
    world.leads.tick(5)
    world.add(2)
    world.leads.tick(2)
    watermark = connector.now()
    first, *_ = read_window(world, connector, shift_time(watermark, -60))
    assert early not in first
    world.leads.commit_late()
    world.leads.tick(5)
    second, *_ = read_window(world, connector, shift_time(watermark, -connector.overlap_seconds))
    assert early in second


def test_deleted_and_merged_records(world: World, connector: Connector) -> None:
    """They are named where the system tells; whoever asks for them by id finds them gone."""
    ids = world.add_many(5)
    world.leads.tick(120)
    since = connector.now()
    world.leads.tick(5)
    world.leads.delete(ids[0])
    world.leads.delete(ids[1], for_good=True)
    world.leads.merge(ids[2], ids[3])
    world.leads.tick(120)
    records, deleted, merged = read_window(world, connector, since)
    assert list(records) == [ids[3]]
    assert deleted == ({ids[0], ids[1]} if world.shows_deleted else set())
    assert merged == ({ids[2]: ids[3]} if world.shows_merged else {})
    there = connector.read_records([*ids, "no-such-id"], [world.company])
    assert {record.id for record in there} == {ids[3], ids[4]}
    whole, *_ = read_window(world, connector)
    assert set(whole) == {ids[3], ids[4]}


def test_the_clock_is_that_of_the_system(world: World, connector: Connector) -> None:
    """Its clock counts, however far ours is from it."""
    world.leads.tick(90)
    connector.check()
    until = read_time(connector.now()) - read_time("2026-03-03T10:01:30.000000Z")
    assert 0 <= until.total_seconds() <= 1  # some say whole seconds alone, and are read to the end of one


def test_properties_that_do_not_exist_are_left_out(world: World, connector: Connector) -> None:
    """A card may read names of other systems; a name can't carry a query along."""
    world.add(3)
    world.leads.tick(2)
    names = ["no_such_name", "x' OR Id != '", "Owner.Name FROM User", "", world.employees]
    (page, *_) = connector.read_changes(Window("", connector.now()), names)
    assert world.employees in world.read(page.records[0])
    assert "no_such_name" not in world.read(page.records[0])


# -- writing -----------------------------------------------------------------------------------------------------------


def test_properties_are_made_and_written(world: World, connector: Connector) -> None:
    """What is missing is named, made, and written then; what must not be written is named with the reason."""
    kinds = {world.score: "number", f"{world.score.removesuffix('__c')}_note".replace("__", "_"): "text"}
    if world.name == "salesforce":
        kinds = {world.score: "number", "Leadledger_Reasons__c": "long_text", "Leadledger_As_Of__c": "date"}
    assert list(connector.find_missing_properties(kinds)) == list(kinds)
    connector.make_properties(kinds)
    connector.make_properties({}) if world.name != "odoo" else None
    assert list(connector.find_missing_properties(kinds)) == []
    assert connector.find_unfit_properties(kinds) == {}
    assert list(connector.find_unfit_properties({world.company: "number"})) == [world.company]
    (record_id,) = [world.add(1)]
    assert write_score(world, connector, [record_id], 77)[record_id].problem == ""  # type: ignore[attr-defined]
    assert world.leads.records[record_id].values[world.score] == 77


def test_a_refused_record_spoils_no_other(world: World, connector: Connector) -> None:
    """Of an update, each record is written or refused by itself, with the reason."""
    ids = world.add_many(4)
    world.leads.refusals[ids[1]] = world.refusal
    world.leads.delete(ids[2])
    outcomes = write_score(world, connector, ids)
    assert list(outcomes) == ids
    assert [outcome.problem == "" for outcome in outcomes.values()] == [True, False, False, True]  # type: ignore[attr-defined]
    assert "not on a Monday" in outcomes[ids[1]].problem  # type: ignore[attr-defined]
    assert [(outcome.is_gone, outcome.may_retry) for outcome in outcomes.values()] == [  # type: ignore[attr-defined]
        (False, False),
        (False, False),
        (True, False),
        (False, False),
    ]
    assert [world.leads.records[record_id].values.get(world.score) for record_id in ids] == [50, None, None, 50]


def test_as_many_as_a_call_takes(world: World, connector: Connector) -> None:
    """An update of the most records that are allowed is one that the vendor takes."""
    ids = world.add_many(connector.most_updates)
    outcomes = write_score(world, connector, ids)
    assert [outcome.problem for outcome in outcomes.values()] == [""] * len(ids)  # type: ignore[attr-defined]


# -- limits and failures -----------------------------------------------------------------------------------------------


def test_too_many_calls(world: World, connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 is waited out as long as it asks; where that is too long, the sync ends with the time."""
    connector.check()
    waits: list[float] = []
    monkeypatch.setattr(api_client, "sleep", waits.append)
    ids = world.add_many(2)
    world.leads.tick(2)
    world.meet(answer_with(429, {"message": "Too many requests"}, Retry_After="3"), 2, world.reads)
    records, *_ = read_window(world, connector)
    assert set(records) == set(ids)
    assert len(waits) == 2
    assert min(waits) >= 3
    world.meet(answer_with(429, {"message": "Too many"}, Retry_After="3600"))
    with pytest.raises(SyncError) as refused:
        read_window(world, connector)
    assert str(refused.value).endswith(
        "the limit of calls is reached, and it asks to wait 3,600 seconds: “Too many”. What is done is kept; run the"
        " sync again after that."
    )


@pytest.mark.parametrize("fault", [cut_off, break_off, answer_with(503)], ids=["cut off", "broken off", "503"])
def test_what_passes_is_tried_again(world: World, connector: Connector, fault: Fault) -> None:
    """An answer that breaks off, none at all, and a server's error are only errors when they last."""
    ids = world.add_many(3)
    world.leads.tick(2)
    world.meet(fault, 1, world.reads)
    records, *_ = read_window(world, connector)
    assert set(records) == set(ids)
    connector.check()
    world.meet(fault, 1, world.writes)
    outcomes = write_score(world, connector, ids)
    assert [outcome.problem for outcome in outcomes.values()] == ["", "", ""]  # type: ignore[attr-defined]


NONSENSE = {
    "page": PAGE,
    "list": [],
    "object": {},
    "text": "yes",
    "numbers": {"value": 7, "records": 7, "result": 7},
    "half": b"{",
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_refused_in_plain_words(world: World, connector: Connector, body: Any) -> None:
    """Whatever comes in place of an answer, the sync stops with words for people, and nothing is taken from it."""
    ids = world.add_many(2)
    world.leads.tick(2)
    write_score(world, connector, ids)
    world.meet(answer_with(200, body), matches=world.reads)
    if body == [] and world.name == "odoo":  # which is an answer: there is nothing
        assert read_window(world, connector)[0] == {}
    else:
        with pytest.raises(SyncError, match=rf"^{world.kind.title} \("):
            read_window(world, connector)
    world.meet(answer_with(200, body), matches=world.writes)
    if world.name == "odoo" and not isinstance(body, bytes):  # what write() answers is of no use
        return
    if world.name == "odoo-rpc" and isinstance(body, dict) and "result" in body:
        return
    with pytest.raises(SyncError, match=rf"^{world.kind.title} \("):
        write_score(world, connector, ids)


def test_a_redirect_is_not_followed(world: World, connector: Connector) -> None:
    """Whoever answers elsewhere would get the secrets."""
    world.meet(answer_with(302, Location="https://evil.example/x"))
    with pytest.raises(SyncError) as refused:
        connector.check()
    assert "it redirects to evil.example, which isn't followed" in str(refused.value)


def test_secrets_are_never_repeated(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither errors nor logs have them, also where the system sends them back."""
    caplog.set_level(logging.DEBUG)
    errors = []
    echoed = {"message": f"bad {' '.join(world.secrets)}1", "error": {"message": f"bad {' '.join(world.secrets)}1"}}
    for status, body in ((400, echoed), (401, [echoed]), (403, [echoed]), (404, echoed), (429, echoed), (500, echoed)):
        connector = world.connect()
        connector.check()
        world.meet(answer_with(status, body, Retry_After="900"))
        with pytest.raises(SyncError) as refused:
            connector.check()
        errors.append(str(refused.value))
        world.meet(None)
        connector.close()
    wrong = {name: "wr0ng-secret" for name in ("client_secret", "key", "token") if name in world.settings}
    connector = world.connect(wrong)
    with pytest.raises(SyncError) as refused:
        connector.check()
    errors.append(str(refused.value))
    connector.close()
    told = "\n".join(errors) + caplog.text + repr(connector)
    assert not any(secret in told for secret in (*world.secrets, "wr0ng-secret"))
    assert "Traceback" not in told


def test_secrets_go_nowhere_in_the_open(world: World) -> None:
    """An address without TLS is only one of this machine; one with a password in it is refused."""
    for url, why in (
        ("http://crm.example", "begins with http://, which would show secrets to others; use https://"),
        ("https://me:secret@crm.example", "holds a user or a password; secrets come from the environment"),
        ("crm.example", "is not one like https://api.example.com"),
    ):
        with pytest.raises(SyncError) as refused:
            world.open({**world.kind.gather({"url": url}, _environment(world), None)}, QUICK)
        assert str(refused.value) == f"the address of the API {why}"


def _environment(world: World) -> dict[str, str]:
    return {
        world.kind.name_variable(setting): world.settings[setting.name]
        for setting in world.kind.settings
        if setting.name in world.settings
    }


def test_secrets_are_no_options(world: World) -> None:
    """What is secret can't be given where other users of a machine see it."""
    secret = {setting.name for setting in world.kind.settings if setting.is_secret}
    assert secret & {"client_secret", "key", "token"}
    values = world.kind.gather({"url": world.server.url, **dict.fromkeys(secret, "seen")}, _environment(world), None)
    assert "seen" not in values.values()


def test_calls_are_counted(world: World, connector: Connector) -> None:
    """How many calls were sent is known."""
    world.add(1)
    world.leads.tick(1)
    read_window(world, connector)
    assert 0 < connector.calls <= len(world.server.requests)


def test_texts_of_all_kinds_go_there_and_back(world: World, connector: Connector) -> None:
    """Line ends, quotes, other alphabets and signs that protocols use arrive as they are."""
    text = 'Says "yes", it\'s 5 > 3\r\n--batch_1\nÅse\u2028✓ \\ {}%00'
    record_id = world.add(1)
    outcomes = connector.write([RecordUpdate(record_id, {world.company: text})])
    assert outcomes[0].problem == ""
    world.leads.tick(2)
    records, *_ = read_window(world, connector)
    assert world.read(records[record_id])[world.company] == text
    assert json.dumps(records[record_id].content)
