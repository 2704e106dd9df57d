"""The desk in a browser while the log of the service is away: each page says so, and goes on once it is back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from leadledger.api.log.database import LOG_FILE
from tests.api.pages.browsing import PHONE, Visitor, check_accessible, check_fits
from tests.api.pages.keyboard import press
from tests.api.pages.sites import EVENTS_CARD, Site, run_site
from tests.postgres import Postgres, installed
from tests.serving import commanded

pytestmark = pytest.mark.slow

LEAD = "/desk/lead?id=L1"
PAGES = ("/desk", "/desk?view=all&owner=Ann", LEAD, "/desk/compare?a=L1&b=L2")
HEADING = "The leads can’t be reached now"


@dataclass(frozen=True)
class Outage:
    """A service whose log goes away and comes back."""

    site: Site
    go_away: Callable[[], object]
    come_back: Callable[[], object]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def outage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    """Its log is a file that somebody moves, or a PostgreSQL that stops."""
    home = tmp_path_factory.mktemp("home")
    if request.param == "sqlite":
        with commanded(home, "--card", str(EVENTS_CARD)) as (_, address):
            file, away = home / LOG_FILE, home / "away"
            yield _know(Outage(Site(address, home, {}), lambda: file.rename(away), lambda: away.rename(file)))
        return
    with (
        installed() as server,
        _running(server),
        commanded(home, "--card", str(EVENTS_CARD), "--log-url", server.url) as (_, address),
    ):
        yield _know(Outage(Site(address, home, {}), lambda: server.stop("fast"), server.start))


@contextmanager
def _running(server: Postgres) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop("fast")


def _know(outage: Outage) -> Outage:
    for lead in ("L1", "L2"):
        outage.site.ask("POST", "/v1/score", {"lead": {"lead_id": lead, "need": "urgent"}})
    return outage


@pytest.fixture
def reader(browser: Browser, outage: Outage) -> Visitor:
    """Somebody who looks at it."""
    return Visitor(browser, outage.site.address)


def test_each_page_says_that_the_leads_cannot_be_reached(reader: Visitor, outage: Outage) -> None:
    """In words, with a way to try again that works by keyboard and shows the page once the log is back."""
    outage.go_away()
    try:
        for path in PAGES:
            with reader.open(path, width=PHONE, javascript=False) as page:
                expect(page.get_by_role("heading")).to_have_text(HEADING)
                text = page.locator("main").inner_text()
                assert str(outage.site.home) not in text
                assert "Try again in a moment. If that doesn’t help, tell your administrator." in text
                assert "For the administrator: The decision log can't be reached: " in text
        with reader.open(LEAD, scheme="dark") as page:
            check_accessible(page)
            check_fits(page)
            press(page, "Try again", "link")
            expect(page.get_by_role("heading", name=HEADING)).to_be_visible()
    finally:
        outage.come_back()
    with reader.open(LEAD) as page:
        expect(page.get_by_role("heading", name="L1", exact=True)).to_be_visible()


def test_an_answer_that_cannot_be_kept_is_refused(reader: Visitor, outage: Outage) -> None:
    """Whoever accepts a lead meanwhile learns that nothing was kept, and nothing was."""
    with reader.open(LEAD, javascript=False) as page:
        outage.go_away()
        page.get_by_role("button", name="Accept").click()
        expect(page.get_by_role("heading")).to_have_text(HEADING)
        expect(page.get_by_role("link", name="Try again")).to_have_count(0)
        outage.come_back()
    assert outage.site.ask("GET", "/v1/leads/L1")["feedback"] == []


def test_a_home_that_was_removed_is_named_in_no_page(browser: Browser, tmp_path: Path) -> None:
    """Whatever the rooms of the service say then begins with a capital, and names no folder."""
    with run_site(tmp_path / "home") as site:
        shutil.rmtree(site.home)
        for path in ("/desk", LEAD, "/studio", "/releases"):
            with Visitor(browser, site.address).open(path, javascript=False) as page:
                sentences = [text for text in page.locator("main p").all_inner_texts() if text.strip()]
                assert sentences
                assert not [text for text in sentences if text[0].islower() or str(site.home) in text]
