"""What sales operations do in the studio, by keyboard alone, with scripts and without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.pages.browsing import Visitor
from tests.api.pages.keyboard import choose, press, reach, write
from tests.api.pages.sites import Site, fill, run_site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def studio_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service without keys, in which tests publish."""
    with run_site(tmp_path_factory.mktemp("studio")) as site:
        fill(site)
        yield site


@pytest.fixture
def editor(browser: Browser, studio_site: Site) -> Visitor:
    """Somebody who edits."""
    return Visitor(browser, studio_site.address)


def begin(site: Site, name: str) -> dict[str, Any]:
    """A draft of the card that is served."""
    return site.ask("POST", "/v1/drafts", {"name": name})


def show_inputs(page: Page, javascript: bool) -> None:
    """The inputs that fit what was chosen: a script shows them by itself, else a button does."""
    if javascript:
        expect(page.locator("#rule-form:not([aria-busy])")).to_be_visible()
    else:
        with page.expect_navigation():
            press(page, "Show the inputs that fit")


def add_rule(
    page: Page, javascript: bool, field: str, operator: str, values: list[str], points: str, reason: str
) -> None:
    """Write a rule of one row; the page of the rules is shown."""
    press(page, "Add a rule here under The need", "link")
    choose(page, "Field", field)
    show_inputs(page, javascript)
    choose(page, "is", operator)
    show_inputs(page, javascript)
    if len(values) > 1:
        reach(page, page.get_by_label("Values, one on each line", exact=True))
        for value in values:
            page.keyboard.type(value)
            page.keyboard.press("Enter")
    elif page.get_by_label("times", exact=True).count():
        write(page, "times", values[0])
        write(page, "in the last days", "14")
    elif page.get_by_label("Values, one on each line", exact=True).count():
        write(page, "Values, one on each line", values[0])
    else:
        write(page, "Value", values[0])
    write(page, "Points", points)
    write(page, "Reason, as sales reads it", reason)
    press(page, "Keep")
    expect(page.get_by_role("list").get_by_text(reason, exact=True)).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_rules_are_written_tried_published_and_rolled_back(
    editor: Visitor, studio_site: Site, javascript: bool
) -> None:
    """Four rules from the words of sales operations to the release that is served, and back."""
    before = studio_site.ask("GET", "/v1/releases")["serves"]
    name = "scripts" if javascript else "no-scripts"
    with editor.open("/studio", javascript=javascript) as page:
        write(page, "Name (if you like)", name)
        press(page, "Start a draft")
        press(page, "Everything else 71", "link")
        write(page, "What it is called (mail address)", "mail address")
        press(page, "Add the field")
        press(page, "Rules 29", "link")
        add_rule(page, javascript, "job title", "starts with", ["CEO"], "20", "Runs the firm")
        private = ["@gmail.com", "@outlook.com", "@icloud.com"]
        add_rule(page, javascript, "mail address", "ends with", private, "-10", "Writes from a private address")
        add_rule(page, javascript, "times of price visit", "are at least", ["2"], "15", "Read the prices, and again")
        add_rule(page, javascript, "days since the last activity", "are more than", ["30"], "-15", "Silent for a month")
        draft = studio_site.ask("GET", f"/v1/drafts/{name}")
        for sentence in (
            "starts_with(job_title, 'CEO')",
            "ends_with(mail_address, '@gmail.com')",
            "price_visits_14 >= 2",
            "days_silent > 30",
        ):
            assert sentence in draft["text"]
        preview = studio_site.ask("POST", f"/v1/drafts/{name}/preview", {})
        assert preview["changed"] > 0
        panel = page.get_by_role("region", name="What the draft would do")
        expect(panel).to_contain_text(f"{preview['changed']} change what to do, or their grade")
        press(page, "Compare and publish", "link")
        expect(page.get_by_text("Mend this first:")).to_be_visible()  # a case of the card is moved by the last rule
        press(page, "Go to the cases", "link")
        press(page, "Expect all that is new from now on")
        press(page, "Compare and publish", "link")
        write(page, "What is new, in a sentence (for the history)", "What sales asked for")
        press(page, "Publish")
        expect(page).to_have_url(f"{studio_site.address}/releases")
        after = studio_site.ask("GET", "/v1/releases")["serves"]
        assert after != before
        scored = studio_site.ask("POST", "/v1/score", {"lead": {"job_title": "CEO", "mail_address": "a@gmail.com"}})
        assert {"runs_the_firm", "writes_from_a_private_address"} <= {entry["name"] for entry in scored["ledger"]}
    studio_site.ask("POST", f"/v1/releases/{before}/use")
    assert studio_site.ask("GET", "/v1/releases")["serves"] == before


def test_an_edit_is_tried_while_it_is_typed(editor: Visitor, studio_site: Site) -> None:
    """Points that are typed show what they mean and whom they move, before anything is kept."""
    begin(studio_site, "typed")
    with editor.open("/studio/drafts/typed/rule?name=urgent_need") as page:
        write(page, "Points", "40")
        expect(page.locator("#odds-words")).to_contain_text("16 times the odds")
        text = studio_site.ask("GET", "/v1/drafts/typed")["text"].replace("points: 15\n", "points: 40\n", 1)
        changed = studio_site.ask("POST", "/v1/drafts/typed/preview", {"text": text})["changed"]
        assert changed
        expect(page.locator("#effect")).to_contain_text(f"{changed} change")
        expect(page.locator("#summary")).to_have_text(f"{changed} leads change")
        write(page, "Points", "many")
        expect(page.locator("#checked")).to_have_text("The points are 'many'; write a number such as 15 or -2.5.")
    assert studio_site.ask("GET", "/v1/drafts/typed")["revision"] == 1


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_two_editors_at_once(editor: Visitor, studio_site: Site, javascript: bool) -> None:
    """The second is shown what the first did, and what both touched; nothing of either is overwritten."""
    name = f"two-{javascript}".lower()
    begin(studio_site, name)
    with editor.open(f"/studio/drafts/{name}/rule?name=decider", javascript=javascript) as page:
        text = studio_site.ask("GET", f"/v1/drafts/{name}")["text"]
        theirs = text.replace("reason: Talks to the person who signs", "reason: Signs").replace(
            "points: 6\n", "points: 7\n", 1
        )
        studio_site.ask("POST", f"/v1/drafts/{name}/change", {"revision": 1, "text": theirs})
        write(page, "Points", "11")
        press(page, "Keep")
        expect(page.get_by_role("heading", name="Two people at once")).to_be_visible()
        expect(page.get_by_text("reason: Signs")).to_be_visible()
        assert studio_site.ask("GET", f"/v1/drafts/{name}")["text"] == theirs
        press(page, "Keep mine")
        expect(page).to_have_url(f"{studio_site.address}/studio/drafts/{name}")
    merged = studio_site.ask("GET", f"/v1/drafts/{name}")["text"]
    assert "points: 11\n" in merged
    assert "points: 7\n" in merged  # what the other did elsewhere stays
    assert "reason: Signs" not in merged


def test_a_mistake_stands_at_its_line(editor: Visitor, studio_site: Site) -> None:
    """A text that can't be read is kept, its mistake is shown at its line, and it can't be published."""
    draft = begin(studio_site, "mistake")
    text = draft["text"].replace("when: budget >= 10000", "when: budget >= 10k", 1)
    line = text.split("\n").index("    when: budget >= 10k") + 1
    studio_site.ask("POST", "/v1/drafts/mistake/change", {"revision": 1, "text": text})
    mistake = studio_site.ask("GET", "/v1/drafts/mistake")["check"]["mistakes"][0]
    with editor.open("/studio/drafts/mistake") as page:
        wrong = page.locator(".card-lines .is-wrong")
        expect(wrong).to_contain_text(str(line))
        expect(wrong).to_contain_text(mistake["text"])
        press(page, "Compare and publish", "link")
        expect(page.get_by_role("button", name="Publish")).to_have_count(0)
        expect(page.get_by_text(f"Line {line}:")).to_be_visible()


def test_a_draft_can_be_printed(editor: Visitor, studio_site: Site) -> None:
    """The page of a draft can be printed: its rules are on the paper."""
    begin(studio_site, "paper")
    with editor.open("/studio/drafts/paper") as page:
        page.emulate_media(media="print")
        expect(page.get_by_text("Has an urgent need", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="Compare and publish")).to_be_hidden()
