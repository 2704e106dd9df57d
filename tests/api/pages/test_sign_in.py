"""Signing in and out by keyboard, with and without scripts, and what a sign-in page looks like to everybody."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.api.pages.browsing import Visitor, check_looks
from tests.api.pages.sites import Site

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("javascript", [True, False])
def test_people_sign_in_and_out_by_keyboard(keyed_visitor: Visitor, keyed_site: Site, javascript: bool) -> None:
    """A page leads to the sign-in, a wrong key is refused with its reason, the right one leads to the page."""
    with keyed_visitor.open("/sign-out?a=b", javascript=javascript) as page:
        expect(page).to_have_url(f"{keyed_site.address}/sign-in?next=%2Fsign-out%3Fa%3Db")
        page.keyboard.type("ll_wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_text("This key is unknown or revoked.")).to_be_visible()
        page.keyboard.type(keyed_site.keys["read"])
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{keyed_site.address}/sign-out?a=b")
        expect(page.get_by_role("banner")).to_contain_text("read")
        page.get_by_role("button", name="Sign out here").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{keyed_site.address}/sign-in")
        page.goto("/sign-out")
        expect(page.get_by_role("heading")).to_have_text("Sign in")


def test_everybody_can_sign_in(keyed_visitor: Visitor) -> None:
    """The page shuts nobody out, and fits."""
    with keyed_visitor.open("/sign-in") as page:
        check_looks(page)
