"""A run reads what changed and writes what moved, and harms nothing, whatever happens on either side."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from leadledger.api.sync import sync_run
from leadledger.api.sync.account import SyncAccount
from leadledger.api.sync.hubspot import HubSpotConnector
from leadledger.api.sync.report import SyncReport
from leadledger.api.sync.verify import verify_account
from leadledger.scoring.errors import SyncError
from tests.api.sync.servers.crm_server import break_off
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer, describe_property
from tests.api.sync.syncing import DAY, QUICK, Site, check_consistent

NAME = "hubspot/contacts"
SALES = {"leadledger_score": "7", "jobtitle": "CEO"}


def test_both_ways(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """Leads come into the book, results go back, a second run has nothing to do, a third only what moved."""
    server.create({"jobtitle": "CEO", "city": "Oslo"})
    other = server.create({"company": "B"})
    first = site.sync(connector, NAME)
    assert (first.read, first.scored, first.written, first.is_whole, first.account) == (2, 2, 2, True, "4711")
    check_consistent(server, site)
    second = site.sync(connector, NAME)
    assert (second.scored, second.written, second.is_whole, len(server.writes)) == (0, 0, False, 2)
    server.change(other, {"city": "Oslo"})
    third = site.sync(connector, NAME)
    assert (third.scored, third.written) == (1, 1)
    record_id, written = server.writes[2]
    assert record_id == other
    assert written.keys() == {"leadledger_score", "leadledger_points", "leadledger_probability", "leadledger_reasons"}
    check_consistent(server, site)
    assert site.count_scores() == 3


def test_deleted_and_merged(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """A deleted lead leaves the book, a merged one lives on in the other, and a restored one comes back."""
    ids = [server.create({"company": str(number)}) for number in range(4)]
    site.sync(connector, NAME)
    server.delete(ids[0])
    server.change(ids[2], {"jobtitle": "CEO"})
    server.merge(ids[1], ids[2])
    report = site.sync(connector, NAME)
    assert (report.deleted, report.merged, report.scored) == (1, 1, 1)
    check_consistent(server, site)
    again = site.sync(connector, NAME)
    assert (again.deleted, again.merged, again.scored, again.written) == (0, 0, 0, 0)
    record = server.stores["contacts"].records[ids[0]]
    record.archived = 0
    server.change(ids[0], {})
    assert site.sync(connector, NAME).scored == 1
    check_consistent(server, site)


def test_a_late_commit(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """A change that the search shows late, with an earlier stamp, comes with a later run."""
    ids = [server.create({"company": str(number)}) for number in range(3)]
    site.sync(connector, NAME)
    server.change(ids[0], {"city": "Oslo"})
    site.sync(connector, NAME)
    server.change(ids[1], {"city": "Oslo"}, at=server.now_ms() - 200_000)
    assert site.sync(connector, NAME).scored == 1
    check_consistent(server, site)


@pytest.mark.parametrize("minutes", [-55, 55])
def test_clocks_that_differ(server: HubSpotServer, site: Site, connector: HubSpotConnector, minutes: int) -> None:
    """Nothing is missed where the clock of HubSpot's answers is an hour before or behind that of its stamps."""
    server.skew = timedelta(minutes=minutes)
    ids = [server.create({"company": str(number)}) for number in range(3)]
    site.sync(connector, NAME)
    server.change(ids[0], {"city": "Oslo"})
    site.sync(connector, NAME)
    server.change(ids[1], {"city": "Oslo"})
    server.skew = timedelta()
    site.sync(connector, NAME)
    check_consistent(server, site)


def test_a_thin_record(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """Records that lack a property which they had are left alone, until somebody accepts that."""
    record_id = server.create({"jobtitle": "CEO"})
    site.sync(connector, NAME)
    server.hidden = {"jobtitle"}
    server.change(record_id, {"city": "Oslo"})
    report = site.sync(connector, NAME)
    assert (report.thin, report.scored, report.given_up) == (1, 0, {"jobtitle"})
    assert site.read_book()[record_id].tenths == 620
    server.hidden = set()
    assert site.sync(connector, NAME).scored == 1
    assert site.read_book()[record_id].tenths == 680
    server.hidden = {"jobtitle"}
    assert site.sync(connector, NAME, is_whole=True).thin == 1
    assert site.sync(connector, NAME, accepts_missing=True, is_whole=True).scored == 1
    assert site.read_book()[record_id].tenths == 560


def test_a_record_that_cannot_be_read(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """A value that the card can't read leaves the good score, is named in each run, and heals."""
    record_id = server.create({"jobtitle": "CEO", "seats": "20"})
    site.sync(connector, NAME)
    server.change(record_id, {"jobtitle": "CTO", "seats": "about 20"})
    for _ in range(2):
        report = site.sync(connector, NAME)
        assert (report.unreadable, report.scored) == (1, 0)
        assert report.problems == [
            (
                record_id,
                "$.properties.seats 'about 20' has 'about' beside the number; write it like 25000, or declare"
                ' `format: "about 1,234.56"` for the field',
            )
        ]
        assert site.read_book()[record_id].tenths == 620
    server.change(record_id, {"seats": "20"})
    report = site.sync(connector, NAME)
    assert (report.scored, report.problems) == (1, [])
    check_consistent(server, site)


def test_what_sales_own(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """Only the properties under write_back are written, and none that others fill in."""
    record_id = server.create({**SALES, "company": "A", "city": "Bergen"})
    with pytest.raises(SyncError) as refused:
        site.sync(connector, NAME)
    assert str(refused.value) == (
        "the property 'leadledger_score' already holds values that this log hasn't written, as of record"
        f" {record_id}. If people or another program keep something there, name another property under write_back: in"
        " the card. If leadledger wrote them, run the sync once with --take-over. Nothing was written."
    )
    assert server.writes == []
    assert site.sync(connector, NAME, takes_over=True).written == 1
    kept = server.stores["contacts"].records[record_id].properties
    assert (kept["jobtitle"], kept["company"], kept["city"]) == ("CEO", "A", "Bergen")
    assert all(name.startswith("leadledger_") for _, written in server.writes for name in written)


def test_properties_that_do_not_fit(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """Where a property is HubSpot's own, or absent, nothing is read or written."""
    properties = server.stores["contacts"].properties
    properties["leadledger_score"] = describe_property("leadledger_score", "number")
    with pytest.raises(SyncError) as refused:
        site.sync(connector, NAME)
    assert str(refused.value) == (
        "results can't be written to HubSpot as the card says: 'leadledger_score' is a property of HubSpot's own. Name"
        " others under write_back: in the card. Nothing was read or written."
    )
    del properties["leadledger_score"], properties["leadledger_grade"]
    with pytest.raises(SyncError) as refused:
        site.sync(connector, NAME)
    assert str(refused.value) == (
        "HubSpot has no property 'leadledger_score', 'leadledger_grade', to which results are written. Make what is"
        " missing there, or let `leadledger sync hubspot --fields` do it; or name others under write_back: in the card."
        " Nothing was read or written."
    )


def test_another_account(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """The token of another account is refused, since its records have the same ids."""
    server.create({})
    site.sync(connector, NAME)
    server.portal = 12
    with pytest.raises(SyncError) as refused:
        site.sync(connector, NAME)
    assert str(refused.value) == (
        "the secrets open the account '12', and this log was synced with '4711'. Records of two accounts must not mix:"
        " use another home or log for this one. Nothing was read or written."
    )


def test_an_answer_that_is_lost(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """Where the connection breaks behind a write, it is made again, with the same values."""
    server.create({"jobtitle": "CEO"})
    server.always = lambda handler, request: (
        break_off(handler, request)
        if request.path.endswith("/batch/update")
        and sum(r.path.endswith("/batch/update") for r in server.requests) == 1
        else None
    )
    assert site.sync(connector, NAME).written == 1
    assert len(server.writes) == 2
    assert server.writes[0] == server.writes[1]
    check_consistent(server, site)


def test_what_rescore_moved(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """A score that moved in the book without a change in HubSpot is written as well; the day alone is no news."""
    from leadledger.api.service.rescore import rescore_book

    server.create({"jobtitle": "CEO"})
    site.sync(connector, NAME)
    rescore_book(site.log, site.loaded, site.home, DAY + timedelta(days=1))
    report = site.sync(connector, NAME, day=DAY + timedelta(days=1))
    assert (report.written, len(server.writes)) == (0, 1)


def test_two_at_once(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """The second of two syncs at once does nothing; without a lock, both do no harm."""
    for number in range(120):
        server.create({"jobtitle": "CEO" if number % 2 else "CTO"})
    busy: list[SyncReport] = []

    def sync_meanwhile(step: str) -> None:
        if not busy:
            busy.append(site.sync(connector, NAME))

    options = sync_run.SyncOptions(DAY)
    sync_run.run_sync(site.log, site.loaded, site.home, connector, NAME, options, sync_meanwhile)
    assert [report.is_busy for report in busy] == [True]
    check_consistent(server, site)


def test_two_at_once_without_a_lock(
    server: HubSpotServer, site: Site, connector: HubSpotConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be locked, two syncs at once do each other's work again, and no harm."""
    from contextlib import nullcontext

    monkeypatch.setattr(sync_run, "try_sync_lock", lambda *_: nullcontext(True))
    ids = [server.create({"jobtitle": "CEO" if number % 2 else "CTO"}) for number in range(250)]
    others = [HubSpotConnector(server.url, TOKEN, "contacts", QUICK) for _ in range(2)]
    threads = [threading.Thread(target=site.sync, args=(other, NAME)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    server.change(ids[0], {"city": "Oslo"})
    site.sync(connector, NAME)
    check_consistent(server, site)
    assert site.sync(connector, NAME).written == 0


def test_verify(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """It names what somebody changed by hand, what waits and what is gone, and writes nothing."""
    ids = [server.create({"jobtitle": "CEO"}) for _ in range(4)]
    site.sync(connector, NAME)
    server.change(ids[0], {"leadledger_score": "99"})
    server.delete(ids[1])
    writes = len(server.writes)
    account = SyncAccount(NAME, connector, site.log, site.loaded, site.home, DAY, SyncReport(NAME))
    done = verify_account(account)
    assert (done.records, done.differing, done.absent, done.waiting) == (3, 1, 1, 0)
    assert [(item.id, item.property, item.now) for item in done.differences] == [(ids[0], "leadledger_score", "99")]
    assert len(server.writes) == writes
    assert site.sync(connector, NAME, rewrites=True).written == 3
    check_consistent(server, site)


def test_a_dry_run(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """It says what would be scored and written, and leaves both sides as they were."""
    record_id = server.create({"jobtitle": "CEO"})
    before = (site.home / "log.sqlite3").read_bytes()
    report = site.sync(connector, NAME, is_dry=True)
    assert (report.scored, report.written) == (1, 1)
    shown = {change.property: (change.now, change.then) for change in report.changes}
    assert shown["leadledger_score"] == (None, "62")
    assert (site.home / "log.sqlite3").read_bytes() == before
    assert server.writes == []
    site.sync(connector, NAME)
    server.change(record_id, {"city": "Oslo"})
    report = site.sync(connector, NAME, is_dry=True)
    shown = {change.property: (change.now, change.then) for change in report.changes}
    assert shown["leadledger_score"] == ("62", "68")
    assert site.sync(connector, NAME).written == 1
