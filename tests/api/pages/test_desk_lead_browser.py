"""The page of a lead in a browser: by keyboard, without scripts, for everybody, in the dark and on a phone."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from leadledger.api.pages.desk.list_query import LEADS_SHOWN
from leadledger.api.pages.desk.standing import word_ordinal
from leadledger.api.wording.figures import word_chance
from tests.api.pages.browsing import Visitor, check_looks
from tests.api.pages.keyboard import press, reach
from tests.api.pages.sites import Site

pytestmark = pytest.mark.slow

LEAD = "/desk/lead?id=L0008"


def tab_to(page: Page, name: str) -> None:
    """Press the tabulator until something of this name has the focus."""
    for _ in range(150):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(e => (e.getAttribute('aria-label') || (e.labels && e.labels[0] && e.labels[0].textContent)"
            " || e.textContent || '').trim())(document.activeElement)"
        )
        if focused.startswith(name):
            return
    raise AssertionError(f"the tabulator never comes to {name!r}")


def test_everybody_can_read_a_lead(visitor: Visitor) -> None:
    """With all that a page may show, it shuts nobody out, fits, and needs nothing that its policy forbids."""
    for path in (LEAD, f"{LEAD}&answer.budget=9000&with=L0004", f"{LEAD}&answer.budget=x", "/desk/lead?id=nobody"):
        with visitor.open(path) as page:
            for summary in page.locator("summary").all():
                summary.click()
            check_looks(page)


@pytest.mark.parametrize("javascript", [True, False])
def test_why_a_lead_stands_at_its_place_and_what_to_ask(visitor: Visitor, site: Site, javascript: bool) -> None:
    """By keyboard from the desk to a lead far down the list: its place, what adds up to its points, what sets it apart
    from the lead behind it, and the questions that are open.
    """
    known = site.ask("GET", "/v1/leads?limit=50&details=true")["leads"]
    chosen = [item for item in known if item["details"][0]["questions"]][-1]
    lead, place = chosen["lead"], chosen["details"][0]["place"]
    with visitor.open("/desk", javascript=javascript) as page:
        reach(page, page.locator("a[href='/desk?view=all']"))
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk?view=all")
        if known.index(chosen) >= LEADS_SHOWN:
            press(page, "Next page", "link")
            page.wait_for_url("**after=**")
        line = page.locator(".leads tbody tr", has=page.locator(f".lead-name[href*='id={lead}&']"))
        expect(line.locator(".in-place")).to_have_text(str(place))
        reach(page, line.locator(".lead-name"))
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk/lead?**")
        assert place == 1 + sum(item["points"] > chosen["points"] for item in known) > 5
        expect(page.locator("[data-figure=place]")).to_have_text(word_ordinal(place))
        tenths = page.eval_on_selector_all("[data-tenths]", "rows => rows.map(row => Number(row.dataset.tenths))")
        assert sum(tenths) == round(chosen["points"] * 10)
        for question in chosen["details"][0]["questions"][:2]:
            expect(page.locator("#answers ~ form")).to_contain_text(question["question"])
        press(page, "Compare")
        page.wait_for_url("**with=**")
        other = parse_qs(urlsplit(page.url).query)["with"][0]
        beside = site.ask("GET", f"/v1/leads/compare?a={lead}&b={other}")
        expect(page.locator("main")).to_contain_text(f"by {abs(beside['difference']):g} point")


@pytest.mark.parametrize("javascript", [True, False])
def test_two_questions_are_answered_hypothetically(visitor: Visitor, site: Site, javascript: bool) -> None:
    """By keyboard, two answers are tried; what they would do is what the API says, and nothing is stored."""
    before = site.result("L0008")
    with visitor.open(LEAD, javascript=javascript) as page:
        questions = page.locator("#answers ~ form .field").filter(visible=True)
        names = [questions.nth(number).locator("input, select").get_attribute("name") or "" for number in range(2)]
        answers: dict[str, str] = {}
        for name in names:
            control = reach(page, page.locator(f'[name="{name}"]'))
            page.keyboard.press("ArrowDown") if control.evaluate("e => e.tagName") == "SELECT" else page.keyboard.type(
                "7000"
            )
            answers[name.removeprefix("answer.")] = control.input_value()
        press(page, "Try it")
        expect(page).to_have_url(re.compile(r"#tried$"))
        tried = {name: value for name, value in answers.items() if value}
        then = site.result("L0008", "what-if", {"answers": tried, "as_of": before["as_of"]})["then"]
        expect(page.locator("[data-then]")).to_have_text(word_chance(then["probability"]))
    assert site.result("L0008") == before


@pytest.mark.parametrize(("lead", "javascript"), [("L0002", True), ("L0003", False)])
def test_a_lead_is_rejected_with_the_wrong_entry_named(
    visitor: Visitor, site: Site, lead: str, javascript: bool
) -> None:
    """By keyboard: from the entry that is wrong to the form, a reason, and what was recorded."""
    with visitor.open(f"/desk/lead?id={lead}", javascript=javascript) as page:
        tab_to(page, "This entry is wrong: ")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"entry=.*#reject$"))
        entry = page.get_by_label("This entry is wrong").locator("option:checked").get_attribute("value")
        assert entry
        tab_to(page, "Reason")
        page.keyboard.press("ArrowDown")
        tab_to(page, "Reject")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("Rejected.")
    (said,) = site.result(lead)["feedback"]
    assert (said["verb"], said["reason"], said["entry"]) == ("reject", "no_need", entry)


def test_keys_do_what_they_say(visitor: Visitor, site: Site) -> None:
    """J and K go along the list, R and S lead to their forms, A accepts; within an input they are letters."""
    with visitor.open("/desk/lead?id=L0010&list=view%3Dall%26order%3Did") as page:
        page.keyboard.press("j")
        expect(page).to_have_url(re.compile("id=L0011"))
        page.keyboard.press("k")
        expect(page).to_have_url(re.compile("id=L0010"))
        page.keyboard.press("r")
        expect(page.locator("#reason")).to_be_focused()
        page.locator("#with").focus()
        page.keyboard.type("jk")
        expect(page.locator("#with")).to_have_value(re.compile("jk"))
        page.locator("#with").blur()
        page.keyboard.press("s")
        expect(page.locator("#until")).to_be_focused()
        page.locator("#until").blur()
        page.keyboard.press("a")
        expect(page.locator("#said")).to_contain_text("Accepted")
    assert site.result("L0010")["feedback"][0]["verb"] == "accept"


def test_the_way_from_the_list_and_back(visitor: Visitor) -> None:
    """By keyboard from the list to its first lead, on to the second, and back to the same view."""
    with visitor.open("/desk?view=call&grade=A", javascript=False) as page:
        names = page.locator("a.lead-name").all_text_contents()
        actions = page.locator(".in-advice").all_text_contents()
        page.locator("a.lead-name").first.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(names[0])
        assert (page.locator("#todo").text_content() or "").strip() in actions[0]
        page.get_by_role("link", name="Next").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(names[1])
        page.get_by_role("link", name="To the list").press("Enter")
        expect(page).to_have_url(re.compile(r"/desk\?view=call&grade=A$"))


def test_keys_can_be_turned_off(visitor: Visitor) -> None:
    """Whoever types by voice turns the keys off, for all leads to come, and on again."""
    with visitor.open("/desk/lead?id=L0012&list=view%3Dall%26order%3Did") as page:
        toggle = page.get_by_role("button", name="Keys")
        toggle.press("Enter")
        expect(toggle).to_have_attribute("aria-pressed", "false")
        page.keyboard.press("j")
        page.goto("/desk/lead?id=L0013&list=view%3Dall%26order%3Did")
        expect(toggle).to_have_attribute("aria-pressed", "false")
        page.keyboard.press("j")
        expect(page).to_have_url(re.compile("id=L0013"))
        toggle.press("Enter")
        page.keyboard.press("j")
        expect(page).to_have_url(re.compile("id=L0014"))


def test_a_key_that_may_only_read_sees_no_forms(keyed_visitor: Visitor, keyed_site: Site) -> None:
    """Whoever may not say what sales thinks reads the lead, without forms that would be refused."""
    with keyed_visitor.open("/desk/lead?id=L0001") as page:
        page.keyboard.type(keyed_site.keys["read"])
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Your answer")).to_be_visible()
        expect(page.get_by_role("button", name="Accept")).to_have_count(0)
        expect(page.get_by_text("wrong?")).to_have_count(0)
