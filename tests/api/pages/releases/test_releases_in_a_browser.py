"""The pages about releases in a browser: nobody is shut out, keys suffice, and figures are those of the release."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from leadledger.api.pages.releases.quality import write_percent
from leadledger.models.releases.rules_alone import release_rules
from leadledger.models.releases.store import Releases
from leadledger.scoring.result import format_signed
from tests.api.pages.browsing import PHONE, Visitor, check_accessible, check_looks
from tests.api.pages.releases.measured_releases import EDITED, FIRST, NOW, RULES, make_releases
from tests.api.pages.sites import Site
from tests.serving import commanded

pytestmark = pytest.mark.slow
PAGES = [
    "/releases",
    f"/releases/release?name={FIRST}",
    f"/releases/release?name={RULES}",
    f"/releases/compare?old={FIRST}&new={EDITED}",
]


@pytest.fixture(scope="module")
def measured_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service with two trained releases, and one of rules alone."""
    home = tmp_path_factory.mktemp("measured")
    make_releases(home)
    with commanded(home, "--log", "off") as (_, address):
        yield Site(address, home, {})


@pytest.fixture
def reader(browser: Browser, measured_site: Site) -> Visitor:
    """Somebody who looks at the releases."""
    return Visitor(browser, measured_site.address)


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_read_them(reader: Visitor, path: str) -> None:
    """No page shuts anybody out, folded parts unfolded, and each fits."""
    with reader.open(path) as page:
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        check_looks(page)


def test_the_report_looks_as_it_does_alone(reader: Visitor, measured_site: Site) -> None:
    """Its policy lets its styles through: drawings have the colours and sizes of the file."""
    path = measured_site.home / "releases" / FIRST / "report.html"
    read_styles = """[...document.querySelectorAll('svg, svg *')].map(part => {
        const style = getComputedStyle(part)
        return [style.fill, style.stroke, style.fontSize, style.strokeWidth, style.maxWidth].join()
    })"""
    with reader.open(f"/releases/report?name={FIRST}", javascript=True) as page:
        served = page.evaluate(read_styles)
        assert page.title().endswith("how good the scores are")
        page.goto(path.as_uri())
        assert page.evaluate(read_styles) == served
        assert len(set(served)) > 10


def test_everybody_can_read_the_report(reader: Visitor, measured_site: Site) -> None:
    """As a file, since no script of a test runs in the page; folded parts unfolded, it shuts nobody out."""
    path = measured_site.home / "releases" / FIRST / "report.html"
    with reader.open("/releases") as page:
        page.goto(path.as_uri())
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        check_accessible(page)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": PHONE, "height": 900})
        check_accessible(page)


def press_until(page: Page, name: str) -> None:
    """Press the tabulator until the link or button of a name has the focus, and then Enter."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and name in " ".join((focused.text_content() or "").split()):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"no {name} within reach")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_release_is_made_current_and_rolled_back_by_keyboard(
    reader: Visitor, measured_site: Site, javascript: bool
) -> None:
    """From the list to the comparison, which says what changes, to the list again, and back."""
    releases = Releases(measured_site.home)
    with reader.open("/releases", javascript=javascript) as page:
        press_until(page, f"Make current … {EDITED}")
        expect(page.get_by_role("heading", level=1)).to_have_text(f"{EDITED} against {FIRST}")
        press_until(page, f"Make {EDITED} current")
        expect(page.get_by_role("status")).to_contain_text(f"Release {EDITED} is the current one now.")
        assert releases.current() == EDITED
        press_until(page, f"Go back to {FIRST}")
        press_until(page, f"Roll back to {FIRST}")
        expect(page.get_by_role("status")).to_contain_text(f"Release {FIRST} is the current one now.")
        assert releases.current() == FIRST


def test_figures_are_those_of_the_release(reader: Visitor, measured_site: Site) -> None:
    """Grades and their rates as in metrics.json, moves as in `releases diff`."""
    releases = Releases(measured_site.home)
    shown = releases.show(EDITED)["metrics"]
    with reader.open(f"/releases/release?name={EDITED}") as page:
        rows = page.get_by_role("region", name="By grade").locator("tbody tr").all()
        texts = [row.locator("th, td").all_inner_texts() for row in rows]
    assert [text[0] for text in texts] == [grade["grade"] for grade in shown["grades"]]
    for text, grade in zip(texts, shown["grades"], strict=True):
        assert text[1] == f"{grade['leads']:,}"
        assert text[3] == write_percent(grade["foreseen"])
        assert text[4].startswith(write_percent(grade["came"]))
    moved = {rule.name: rule for rule in releases.diff(FIRST, EDITED).rules if not rule.by_trust}
    with reader.open(f"/releases/compare?old={FIRST}&new={EDITED}") as page:
        rows = page.get_by_role("region", name="Rules that the card changed").locator("tbody tr").all()
        for row in rows:
            cells = row.locator("td").all_inner_texts()
            change = moved.pop(row.locator("th").inner_text().split()[0])
            assert cells[2] == format_signed(change.effective.moved)
    assert not moved


def test_known_leads_that_a_release_would_move(visitor: Visitor, site: Site) -> None:
    """Beside the release that is served, the page says how many, by what the known leads would score."""
    releases = Releases(site.home)
    text = (site.home / "releases" / releases.names()[0] / "card.yaml").read_text("utf-8")
    card = site.home / "other.yaml"
    card.write_text(text.replace("points: 15", "points: -40"), "utf-8")
    other = release_rules(card, releases, NOW, draft=True).name
    with visitor.open(f"/releases/compare?old={releases.current()}&new={other}") as page:
        region = page.get_by_role("region", name="Known leads that change what to do")
        expect(region).to_contain_text("all 60 known leads")
        changed = int(region.locator("dd strong").first.inner_text())
        assert changed > 0
        check_accessible(page)
    draft = site.ask("POST", "/v1/drafts", {"text": card.read_text("utf-8")})["name"]
    preview = site.ask("POST", f"/v1/drafts/{draft}/preview", {})
    assert preview["changed"] == changed
