"""Training from a page in a browser: it shows its steps by itself, with scripts and without, and keys suffice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from leadledger.models.releases.rules_alone import release_rules
from leadledger.models.releases.store import Releases
from tests.api.pages.browsing import WIDE, Visitor, check_accessible, check_fits
from tests.api.pages.releases.measured_releases import NOW
from tests.api.pages.sites import Site
from tests.serving import commanded
from tests.training.crm_history import CARD, make_history

pytestmark = pytest.mark.slow
PATIENCE = 500_000  # milliseconds


@pytest.fixture(scope="module")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service of rules alone, whose log is empty."""
    home = tmp_path_factory.mktemp("training")
    card = home / "card.yaml"
    card.write_text(CARD.replace("outcome:", "  deal: {kind: number}\noutcome:"), "utf-8")
    release_rules(card, Releases(home), NOW)
    with commanded(home) as (_, address):
        yield Site(address, home, {})


@pytest.fixture
def trainer(browser: Browser, empty_site: Site) -> Visitor:
    """Somebody who trains."""
    return Visitor(browser, empty_site.address)


def press(page: Page, name: str) -> None:
    """Press a button by keyboard."""
    page.get_by_role("button", name=name).first.focus()
    page.keyboard.press("Enter")


def test_a_refusal_shows_its_button_by_itself(trainer: Visitor, tmp_path: Path) -> None:
    """The page of the steps turns into the refusal with its proof; the button begins again, and it is stopped."""
    history = make_history()
    history["deal"] = history["won_on"].notna().map({True: 1000.0, False: None})
    path = tmp_path / "history.csv"
    history.to_csv(path, index=False)
    with trainer.open("/studio/train") as page:
        page.get_by_label("File").set_input_files(path)
        press(page, "Learn from the list")
        expect(page.get_by_role("heading", level=1)).to_have_text("Training")
        check_accessible(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Training stopped", timeout=PATIENCE)
        check_accessible(page)
        press(page, "Leave out deal, and train again")
        expect(page.get_by_role("heading", level=1)).to_have_text("Training")
        press(page, "Stop it")
        expect(page.get_by_text("You have stopped it.")).to_be_visible(timeout=PATIENCE)


def test_it_is_watched_without_scripts(trainer: Visitor) -> None:
    """The page loads itself again; an empty log has nothing to learn from."""
    with trainer.open("/studio/train", javascript=False) as page:
        press(page, "Learn from the log")
        expect(page.get_by_role("heading", level=1)).to_have_text("Training stopped", timeout=PATIENCE)


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (320, "dark")])
def test_nobody_is_shut_out(trainer: Visitor, width: int, scheme: str) -> None:
    """The form, with a mistake and without."""
    with trainer.open("/studio/train", width=width, scheme=scheme) as page:
        check_accessible(page)
        check_fits(page)
        press(page, "Learn from the list")
        expect(page.get_by_role("alert")).to_have_text("Choose a file first.")
        check_accessible(page)
        check_fits(page)
