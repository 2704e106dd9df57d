"""An account of HubSpot, a home with a small card, and a connector between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadledger.api.sync.account import list_property_kinds
from leadledger.api.sync.hubspot import HubSpotConnector
from tests.api.sync.servers.crm_server import running
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer
from tests.api.sync.syncing import QUICK, Site, opened_site


@pytest.fixture
def server() -> Iterator[HubSpotServer]:
    """An account without contacts."""
    with running(HubSpotServer()) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A home with a small card."""
    with opened_site(tmp_path / "home") as site:
        yield site


@pytest.fixture
def connector(server: HubSpotServer, site: Site) -> Iterator[HubSpotConnector]:
    """A connector whose properties are made."""
    connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
    connector.make_properties(list_property_kinds(site.loaded.reader.reply_for("hubspot")))
    yield connector
    connector.close()
