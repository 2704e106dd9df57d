"""A card from a list of 40 columns in a browser: by keyboard, without scripts, and nobody is shut out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.api.pages.browsing import PATIENCE, WIDE, Visitor, check_accessible, check_fits
from tests.api.pages.new_card.sent_lists import make_list

pytestmark = pytest.mark.slow


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """A list on somebody's disk."""
    path = tmp_path / "leads-2026.csv"
    path.write_bytes(make_list())
    return path


def press(page: Page, name: str) -> None:
    """Press a button by keyboard."""
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_card_is_made_by_keyboard(visitor: Visitor, leads: Path, javascript: bool) -> None:
    """Choose the file, decide how an amount is meant, confirm what a lead must have, take the card."""
    with visitor.open("/studio/new", javascript=javascript) as page:
        page.get_by_label("File").set_input_files(leads)
        press(page, "Read the list")
        expect(page.get_by_role("status")).to_contain_text(
            "40 columns are read; 3 things are yours to decide.", timeout=PATIENCE
        )
        page.get_by_role("radio", name="10,000").focus()
        page.keyboard.press("ArrowDown")
        opportunity = page.get_by_role("group", name="And an opportunity?")
        decider = opportunity.get_by_role("checkbox", name="A say in the decision")
        expect(decider).not_to_be_checked()  # in this list it is no must
        decider.focus()
        page.keyboard.press("Space")
        learned = page.get_by_role("combobox", name=re.compile("^Whether training learns from")).first
        learned.focus()
        page.keyboard.press("ArrowDown")
        field = str(learned.get_attribute("name")).removeprefix("learn-")
        press(page, "Make the card")
        expect(page.get_by_role("status")).to_contain_text("No mistakes: 39 fields.")
        text = page.get_by_label("Text").input_value()
        line, *_ = [line for line in text.splitlines() if line.startswith(f"  {field}: ")]
        assert "learn: no" in line
        assert 'budget: {kind: number, format: "1,234.56"' in text
        assert "{name: opportunity, points: 60, requires: [need, decider]}" in text


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "dark"), (320, "light")])
def test_nobody_is_shut_out(visitor: Visitor, leads: Path, width: int, scheme: str) -> None:
    """Every page of the way, with a mistake and without."""
    with visitor.open("/studio/new", width=width, scheme=scheme) as page:
        check_accessible(page)
        check_fits(page)
        page.get_by_label("File").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"x"})
        press(page, "Read the list")
        expect(page.get_by_label("File")).to_have_attribute("aria-invalid", "true", timeout=PATIENCE)
        check_accessible(page)
        page.get_by_label("File").set_input_files(leads)
        press(page, "Read the list")
        expect(page.get_by_role("heading", level=1)).to_have_text("A card from leads-2026.csv", timeout=PATIENCE)
        check_accessible(page)
        check_fits(page)
        press(page, "Make the card")
        page.get_by_label("Text").fill("name: 1")
        press(page, "Check it again")
        expect(page.get_by_role("alert")).to_contain_text("mistake")
        check_accessible(page)
        check_fits(page)
