"""Every page in a browser, at a service whose texts all mean no good: nobody is shut out, and nothing is taken over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from leadledger.api.app import create_app
from leadledger.api.http.access import build_route_table
from leadledger.api.service.settings import Settings
from tests.api.pages.browsing import Visitor, check_accessible, check_fits, check_narrow
from tests.api.pages.hostile_site import HostileSite, list_addresses, run_hostile_site
from tests.serving import CARD

pytestmark = pytest.mark.slow

REPORT = "/releases/report"  # sandboxed: not even a test runs scripts in it
ROUTES = sorted(list_addresses(""))
SEEN_TEXT = """() => {
    const parts = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        if (!walker.currentNode.parentElement.closest("textarea, script, style")) parts.push(walker.currentNode.data);
    }
    return parts.join("\\n");
}"""
# What can have the focus, has it, and doesn't show it, or comes in another order than it stands in.
UNSEEN_FOCUS = """() => {
    const unseen = [];
    for (const part of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")) {
        if (part.tabIndex > 0) unseen.push("tabindex " + part.outerHTML.slice(0, 200));
        part.focus();
        if (document.activeElement !== part || part.tabIndex < 0) continue;
        const styles = [part, part.closest("label")].filter(Boolean).map((shown) => getComputedStyle(shown));
        const box = part.getBoundingClientRect();
        const shows = styles.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 1);
        if (!shows || !box.width || !box.height) unseen.push(part.outerHTML.slice(0, 200));
    }
    return unseen;
}"""
MOVING = """() => document.getAnimations().length + [...document.querySelectorAll("*")].filter((part) => {
    const style = getComputedStyle(part);
    return [style.transitionDuration, style.animationDuration].join().split(",").some((time) => parseFloat(time) > 0);
}).length"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileSite]:
    """The service."""
    with run_hostile_site(tmp_path_factory.mktemp("hostile")) as hostile:
        yield hostile


@pytest.fixture
def reader(browser: Browser, hostile: HostileSite) -> Visitor:
    """Somebody who looks at everything."""
    return Visitor(browser, hostile.site.address)


def test_every_page_is_looked_at() -> None:
    """A page that is added to the service is added here."""
    by_path = build_route_table(create_app(Settings(card=CARD, log="off")).routes).by_path()
    pages = {routes["GET"].template for routes in by_path if "GET" in routes and routes["GET"].is_page}
    assert pages == {*ROUTES, REPORT}


def check_harmless(page: Page) -> None:
    """Fail where a text became an element or a script, or shows a sign that nobody sees or that turns texts around."""
    assert "taken" not in page.title().replace("title='taken'", "")
    assert page.locator("img[src=x], b b, h1 b, td b, script:not([src])").count() == 0
    text = page.evaluate(SEEN_TEXT)
    assert not set("\x00\x07\x1b\u2028\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(text)
    assert "Traceback" not in text


@pytest.mark.parametrize("route", ROUTES)
def test_everybody_can_use_every_page(reader: Visitor, hostile: HostileSite, route: str) -> None:
    """Folded parts unfolded: no text does anything, each fits, the focus is seen, wide and light, narrow and dark."""
    for address in hostile.addresses[route]:
        with reader.open(address) as page:
            page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
            check_harmless(page)
            check_fits(page)
            check_accessible(page)
            page.keyboard.press("Tab")
            assert page.evaluate(UNSEEN_FOCUS) == []
            page.emulate_media(reduced_motion="reduce", color_scheme="dark")
            assert page.evaluate(MOVING) == 0
            check_narrow(page)
            check_accessible(page)
            page.emulate_media(media="print", color_scheme="light")
            check_fits(page)


@pytest.mark.parametrize("route", ["/desk", "/desk/lead", "/releases/release"])
def test_what_means_no_good_is_shown(reader: Visitor, hostile: HostileSite, route: str) -> None:
    """The texts are there, as texts, and their unseen signs by name: else the test above would prove nothing."""
    with reader.open(hostile.addresses[route][0]) as page:
        text = page.evaluate(SEEN_TEXT)
        assert "<img src=x onerror=" in text or "<b>'" in text
        assert "[U+202E]" in text
