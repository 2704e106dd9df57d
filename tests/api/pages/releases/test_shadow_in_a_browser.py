"""A draft scored along unseen, by keyboard alone and without scripts: chosen, looked at, ended."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.api.pages.browsing import Visitor, check_looks
from tests.api.pages.sites import Site
from tests.serving import PATIENCE

pytestmark = pytest.mark.slow


def press_until(page: Page, name: str) -> None:
    """Press the tabulator until what has a name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and name in " ".join((focused.text_content() or "").split()):
            return
    pytest.fail(f"no {name} within reach")


def test_a_draft_is_scored_along(visitor: Visitor, site: Site) -> None:
    """The page says what the API says, leads to the leads and to publishing, and a key ends it."""
    text = site.ask("POST", "/v1/drafts", {"name": "bold"})["text"]
    edited = text.replace("points: -6\n    reason: Has only a vague", "points: 20\n    reason: Has only a vague")
    assert edited != text
    site.ask("POST", "/v1/drafts/bold/change", {"revision": 1, "text": edited})
    with visitor.open("/releases", javascript=False) as page:
        press_until(page, "Choose one")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=2).first).to_have_text("Nothing is scored along.")
        press_until(page, "Draft bold")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=2).first).to_contain_text(
            "Draft bold (revision 2) has been scored along since"
        )
        expect(page.get_by_text("No score has been compared yet")).to_be_visible()
        site.ask("POST", "/v1/score", {"lead": {"lead_id": "L0004", "need": "vague"}})
        until = time.monotonic() + PATIENCE
        while not site.ask("GET", "/v1/shadow")["compared"]:
            assert time.monotonic() < until
            time.sleep(0.2)
        shown = site.ask("GET", "/v1/shadow")
        page.reload()
        assert shown["differ"] == 1
        expect(
            page.get_by_text("Of 1 score, 1 (100\u00a0%) would have another recommendation or grade")
        ).to_be_visible()
        expect(page.get_by_role("link", name="L0004")).to_be_visible()
        expect(page.get_by_role("link", name="Compare the draft, and publish it")).to_be_visible()
        page.goto("/releases")
        press_until(page, "Look at it")
        page.keyboard.press("Enter")
        press_until(page, "Score nothing along any more")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=2).first).to_have_text("Nothing is scored along.")
    assert site.ask("GET", "/v1/shadow")["kind"] == "none"


def test_everybody_can_read_it(visitor: Visitor) -> None:
    """The page without a shadow is for everybody, and fits a phone."""
    with visitor.open("/releases/shadow") as page:
        check_looks(page)
