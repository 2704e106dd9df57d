"""HubSpot is synced both ways with a server that answers as its documents say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadledger.api.sync.hubspot import HubSpotConnector
from tests.api.sync.servers.crm_server import running
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer
from tests.api.sync.syncing import QUICK, Site, opened_site

NAME = "hubspot/contacts"


@pytest.fixture
def server() -> Iterator[HubSpotServer]:
    """An account without contacts, whose properties for results are made."""
    with running(HubSpotServer()) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A home with a small card."""
    with opened_site(tmp_path / "home") as site:
        yield site


@pytest.fixture
def connector(server: HubSpotServer, site: Site) -> Iterator[HubSpotConnector]:
    """A connector with a token, whose properties are made."""
    connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
    from leadledger.api.sync.account import list_property_kinds

    connector.make_properties(list_property_kinds(site.loaded.reader.reply_for("hubspot")))
    yield connector
    connector.close()


def test_both_ways(server: HubSpotServer, site: Site, connector: HubSpotConnector) -> None:
    """Leads come into the book, results go back, and a second run has nothing to do."""
    chief = server.create({"jobtitle": "CEO", "city": "Oslo"})
    other = server.create({"company": "B"})
    first = site.sync(connector, NAME)
    assert (first.read, first.scored, first.written, first.is_whole) == (2, 2, 2, True)
    book = site.read_book()
    records = server.stores["contacts"].records
    for record_id in (chief, other):
        assert records[record_id].properties["leadledger_score"] == str(book[record_id].score)
        assert records[record_id].properties["leadledger_recommendation"] == book[record_id].recommendation
    second = site.sync(connector, NAME)
    assert (second.scored, second.written, second.is_whole) == (0, 0, False)
    assert len(server.writes) == 2
    server.change(other, {"city": "Oslo"})
    third = site.sync(connector, NAME)
    assert (third.scored, third.written) == (1, 1)
    assert {name for _, written in server.writes[2:] for name in written} >= {"leadledger_score"}
    assert "leadledger_release" not in server.writes[2][1]
