"""The list of the desk in a browser: by keyboard, without scripts, for everybody, and with the numbers of the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from leadledger.api.cli.demo import write_card
from leadledger.api.wording.figures import word_chance, word_count
from leadledger.scoring.result import format_signed
from tests.api.pages.browsing import Visitor, check_accessible, check_looks
from tests.api.pages.sites import EVENTS_CARD, Site, fill, run_site

pytestmark = pytest.mark.slow

OWNER = "Ines"
HEAVIEST = 150_000  # bytes of a page with all that it loads
HOSTILE = {
    "lead_id": '"><script>document.title="taken"</script>/?\u202e&#',
    "company": "<script>document.title='taken'</script>\u202eSA",
    "owner": "\"'><img src=x onerror=document.title='taken'>",
    "country": "<b>NO</b>",
    "stage": "lead",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service with leads that have owners, and one whose texts mean no good."""
    folder = tmp_path_factory.mktemp("desk")
    write_card(EVENTS_CARD, folder / "card.yaml")
    with run_site(folder / "home", card=folder / "card.yaml") as site:
        fill(site)
        site.ask("POST", "/v1/score", {"lead": HOSTILE})
        yield site


@pytest.fixture(scope="module")
def empty_visitor(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """Somebody at a service that knows no lead."""
    with run_site(tmp_path_factory.mktemp("empty")) as site:
        yield Visitor(browser, site.address)


def list_names(page: Page) -> list[str]:
    """The leads that a page lists, by the address of each, which has the id."""
    texts: list[str] = page.eval_on_selector_all(
        ".lead-name", "links => links.map(link => new URL(link.href).searchParams.get('id'))"
    )
    return texts


def press_until(page: Page, selector: str, key: str = "Tab") -> None:
    """Press a key until an element has the focus."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"the keyboard doesn't reach {selector}")


@pytest.mark.parametrize("javascript", [True, False])
def test_the_best_leads_of_an_owner_are_found_by_keyboard(visitor: Visitor, site: Site, javascript: bool) -> None:
    """From the desk as it opens to the page of the owner's leads, with nothing but keys."""
    with visitor.open("/desk", javascript=javascript) as page:
        press_until(page, "a[href='/desk?view=all']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk?view=all")
        press_until(page, "select[name=owner]")
        page.keyboard.type(OWNER)
        press_until(page, ".filter-do button")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**owner={OWNER}**")
        expect(page.get_by_label("Owner", exact=True)).to_have_value(OWNER)
        listed = site.ask("GET", f"/v1/leads?owner={OWNER}&limit=25")["leads"]
        assert list_names(page)[:10] == [lead["lead"] for lead in listed][:10]
        if javascript:
            press_until(page, ".lead-name")
            page.keyboard.press("j")
            assert page.evaluate("document.activeElement === document.querySelectorAll('.lead-name')[1]")
            page.keyboard.press("k")
            assert page.evaluate("document.activeElement === document.querySelectorAll('.lead-name')[0]")


def read_lines(page: Page) -> list[dict[str, str]]:
    """The figures of the list's lines, by the classes of their cells."""
    cells = ("place", "chance", "grade", "trend", "owner")
    return [
        {name: row.locator(f".in-{name}").inner_text().strip() for name in cells}
        for row in page.locator(".leads tbody tr").all()
    ]


def word_row(lead: dict[str, Any]) -> dict[str, str]:
    """The same of a lead of the API, in the words of the page."""
    return {
        "place": word_count(lead["details"][0]["place"]),
        "chance": word_chance(lead["probability"]),
        "grade": f"{lead['grade']} {lead['axis_grades']}".strip(),
        "change": format_signed(round(lead["change"] * 10)) if lead["change_since"] else "",
        "owner": lead["owner"],
    }


def test_the_numbers_are_those_of_the_api(visitor: Visitor, site: Site) -> None:
    """Place, chance, grades, change and owner of each line, page after page; the views' counts and today's figures."""
    answers, after = [], ""
    while True:
        answer = site.ask("GET", f"/v1/leads?limit=25&details=true&after={after}")
        answers += answer["leads"]
        after = answer["next"]
        if not after:
            break
    today = site.ask("GET", "/v1/today")
    with visitor.open("/desk?view=all") as page:
        figures = page.locator(".strip-figure b").all_inner_texts()
        assert figures == [str(today[name]["leads"]) for name in ("new",)] + [
            str(len(today["leaving"]["leads"])),
            str(today["waiting"]["leads"]),
        ]
        counts = page.locator(".view-count").all_inner_texts()
        assert counts == [word_count(view["leads"]) for view in today["views"]]
        lines = read_lines(page)
        while page.get_by_role("link", name="Next page").count():
            page.get_by_role("link", name="Next page").click()
            lines += read_lines(page)
    assert len(lines) == len(answers) == today["leads"]
    for line, lead in zip(lines, answers, strict=True):
        words = word_row(lead)
        assert words.pop("change") in line.pop("trend")
        if lead["lead"] != HOSTILE["lead_id"]:
            assert {name: " ".join(text.split("\n")[0].split()) for name, text in line.items()} == {
                name: " ".join(text.split()) for name, text in words.items()
            }


@pytest.mark.parametrize("view", ["new", "leaving", "waiting", "call", "ask", "back"])
def test_a_view_shows_what_it_counts(visitor: Visitor, site: Site, view: str) -> None:
    """The link of each figure leads to as many leads."""
    today = site.ask("GET", "/v1/today")
    counts = {item["view"]: item["leads"] for item in today["views"]}
    counts |= {"new": today["new"]["leads"], "waiting": today["waiting"]["leads"]}
    counts["leaving"] = len(today["leaving"]["leads"])
    with visitor.open(f"/desk?view={view}") as page:
        assert len(list_names(page)) == min(counts[view], 25)
        expect(page.locator(".views [aria-current=page]")).to_have_count(1)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_view_is_kept_under_a_name_by_keyboard(visitor: Visitor, site: Site, javascript: bool) -> None:
    """It is named, found again from any other view, and forgotten, with nothing but keys."""
    name = "<b>Mine</b> & more"
    with visitor.open(f"/desk?view=all&owner={OWNER}&grade=A", javascript=javascript) as page:
        press_until(page, ".keep-view summary")
        page.keyboard.press("Enter")
        press_until(page, "#view-name")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        own = page.get_by_role("navigation", name="Your views")
        expect(own.locator("[aria-current=page]")).to_have_text(name)
        check_accessible(page) if javascript else None
        page.goto("/desk?view=ask")
        expect(own.locator("[aria-current=page]")).to_have_count(0)
        press_until(page, ".own-views a")
        page.keyboard.press("Enter")
        page.wait_for_url("**grade=A**")
        listed = site.ask("GET", f"/v1/leads?owner={OWNER}&grade=A&limit=25")["leads"]
        assert list_names(page) == [lead["lead"] for lead in listed]
        press_until(page, ".keep-view summary")
        page.keyboard.press("Enter")
        press_until(page, ".keep-view button[name=forget]")
        page.keyboard.press("Enter")
        expect(own).to_have_count(0)
        expect(page.get_by_label("Owner", exact=True)).to_have_value(OWNER)
    assert site.ask("GET", "/v1/views") == {"views": []}


def test_texts_of_leads_are_texts(visitor: Visitor) -> None:
    """Whatever a lead is called, nothing of it runs, and signs that turn the writing are named."""
    with visitor.open("/desk?view=all&search=%22%3E") as page:
        expect(page.locator(".lead-name")).to_have_text("<script>document.title='taken'</script>[U+202E]SA")
        assert list_names(page) == [HOSTILE["lead_id"]]
        expect(page.locator(".in-owner")).to_contain_text("onerror")
        expect(page).to_have_title("Desk – leadledger")
        expect(page.get_by_label("Find a lead")).to_have_value('">')


def test_what_finds_nothing_says_which_filter_to_drop(visitor: Visitor) -> None:
    """Only the filter that is in the way is offered; without it, there are leads."""
    with visitor.open(f"/desk?view=all&owner={OWNER}&search=nobody") as page:
        expect(page.get_by_role("heading", name="No lead fits all of this.")).to_be_visible()
        check_accessible(page)
        drops = page.get_by_role("link", name="Drop “")
        expect(drops).to_have_text("Drop “nobody”")
        drops.click()
        assert list_names(page)
        expect(page.get_by_label("Owner", exact=True)).to_have_value(OWNER)


def test_an_empty_book_says_where_leads_come_from(empty_visitor: Visitor) -> None:
    """A desk without leads explains itself."""
    with empty_visitor.open("/desk") as page:
        expect(page.get_by_role("heading", name="No lead is known yet.")).to_be_visible()
        check_accessible(page)


def test_a_wrong_filter_is_refused_in_words(visitor: Visitor) -> None:
    """An address that somebody has changed by hand, or a view that is older than the card, says what it can't show."""
    with visitor.open("/desk?view=all&grade=Z&new_since=once") as page:
        expect(page.get_by_role("heading")).to_have_text("Something isn't right yet")
        assert page.get_by_role("listitem").all_inner_texts()[-2:] == [
            "Grade “Z” isn't one of its values. Use one of: A, B, C, D.",
            "New since “once” is not a day like 2026-01-31",
        ]
        page.get_by_role("link", name="Show the desk without filters").click()
        expect(page.locator(".leads")).to_be_visible()


def test_everybody_can_read_the_list(visitor: Visitor) -> None:
    """The page shuts nobody out, and fits."""
    with visitor.open("/desk?view=all") as page:
        check_looks(page)


def test_the_page_is_light(visitor: Visitor, tmp_path: Path) -> None:
    """A page of the list weighs less than a picture, with all that it loads; and it prints."""
    with visitor.open("/desk") as page:
        bodies: list[int] = []
        page.on("response", lambda response: bodies.append(len(response.body())))
        page.goto("/desk?view=all", wait_until="networkidle")
        assert 0 < sum(bodies) < HEAVIEST
        page.pdf(path=tmp_path / "desk.pdf")
        page.emulate_media(media="print")
        expect(page.locator(".filters")).to_be_hidden()
        expect(page.locator(".leads")).to_be_visible()
