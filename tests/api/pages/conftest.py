"""A browser, and services with known leads. They start once for each file that asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.api.pages.browsing import Visitor, run_browser
from tests.api.pages.sites import Site, fill, run_site


# Of a file, not of the session: while Playwright runs, no other test of the process may run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with run_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service without keys, with 60 known leads that have events and a history."""
    with run_site(tmp_path_factory.mktemp("site")) as site:
        fill(site)
        yield site


@pytest.fixture(scope="module")
def keyed_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service with keys, with 12 known leads."""
    with run_site(tmp_path_factory.mktemp("keyed-site"), with_keys=True) as site:
        fill(site, 12)
        yield site


@pytest.fixture
def visitor(browser: Browser, site: Site) -> Visitor:
    """Somebody at the service without keys."""
    return Visitor(browser, site.address)


@pytest.fixture
def keyed_visitor(browser: Browser, keyed_site: Site) -> Visitor:
    """Somebody at the service with keys, who hasn't signed in."""
    return Visitor(browser, keyed_site.address)
