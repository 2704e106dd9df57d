"""What syncs know is kept alike in SQLite and in PostgreSQL, and one sync at a time holds the lock of an account."""

from __future__ import annotations

from pathlib import Path

from leadledger.api.log import tables
from leadledger.api.log.book_store import BookStore
from leadledger.api.log.database import open_database
from leadledger.api.log.sync_lock import try_sync_lock
from leadledger.api.log.sync_store import LEFT, SyncStore
from leadledger.api.sync.account import list_property_kinds
from leadledger.api.sync.hubspot import HubSpotConnector
from tests.api.sync.servers.crm_server import running
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer
from tests.api.sync.syncing import QUICK, check_consistent, opened_site

NAME = "hubspot/contacts"


def test_a_sync_on_each_database(url: str, tmp_path: Path) -> None:
    """Both ways, with a deletion, a merge and a record that can't be read; what is forgotten is gone everywhere."""
    with running(HubSpotServer()) as server, opened_site(tmp_path / "home", log_url=url) as site:
        with site.log.engine.begin() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(table.delete())
        connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
        connector.make_properties(list_property_kinds(site.loaded.reader.reply_for("hubspot")))
        ids = [server.create({"jobtitle": "CEO", "seats": "1"}) for _ in range(5)]
        assert site.sync(connector, NAME).written == 5
        server.delete(ids[0])
        server.merge(ids[1], ids[2])
        bad = server.create({"seats": "many"})
        report = site.sync(connector, NAME)
        assert (report.deleted, report.merged, report.unreadable) == (1, 1, 1)
        store = SyncStore(site.log.engine)
        assert store.count_states(NAME) == {"live": 3, "gone": 1, "merged": 1, LEFT: 1}
        assert [record_id for record_id, _ in store.read_problems(NAME, 5)] == [bad]
        server.change(bad, {"seats": "9"})
        assert site.sync(connector, NAME, rewrites=True).written == 4
        check_consistent(server, site)
        assert site.log.forget(ids[3]).book == 1
        assert ids[3] not in store.read_records(NAME, ids)
        assert BookStore(site.log.engine).read_lead(ids[3]) is None
        connector.close()


def test_the_lock(url: str, tmp_path: Path) -> None:
    """The second of two syncs of an account doesn't get it, another account does, and it is free again at the end."""
    engines = [open_database(url, tmp_path) for _ in range(2)]
    with (
        try_sync_lock(engines[0], NAME) as first,
        try_sync_lock(engines[1], NAME) as second,
        try_sync_lock(engines[1], "odoo") as other,
    ):
        assert (first, second, other) == (True, False, True)
    with try_sync_lock(engines[1], NAME) as again:
        assert again
    for engine in engines:
        engine.dispose()
