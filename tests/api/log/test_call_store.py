"""Calls of CRMs in the log, in SQLite and PostgreSQL: a signature counts once, and records wait until they are read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from leadledger.api.log import database, tables
from leadledger.api.log.call_store import CallStore


def test_calls(url: str, tmp_path: Path) -> None:
    """Of many workers that take one signature at once, one succeeds; a newer call of a record outlasts the read one."""
    engine = database.open_database(url, tmp_path)
    with engine.begin() as connection:
        for table in (tables.used_signatures, tables.called_records):
            connection.execute(table.delete())
    store = CallStore(engine)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: store.take("a" * 64, "hubspot/contacts", ["2", "1"]), range(8)))
    assert sorted(taken) == [False] * 7 + [True]
    assert store.list_accounts() == ["hubspot/contacts"]
    waiting = store.read_waiting("hubspot/contacts", 10)
    assert {record_id for record_id, _ in waiting} == {"1", "2"}
    with ThreadPoolExecutor(4) as pool:  # other signatures about the same records don't hold up each other
        assert all(pool.map(lambda sign: store.take(sign * 64, "hubspot/contacts", ["2"]), "bcde"))
    store.settle("hubspot/contacts", waiting)
    assert [record_id for record_id, _ in store.read_waiting("hubspot/contacts", 10)] == ["2"]
    store.settle("hubspot/contacts", store.read_waiting("hubspot/contacts", 10))
    assert (store.list_accounts(), store.read_waiting("bottlecrm", 10)) == ([], [])
    engine.dispose()
