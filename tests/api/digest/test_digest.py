"""The mail of a day: what it says of known leads, in HTML and as plain text, and that the desk says the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.digest.rendering import check_url
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import DataError
from tests.api.pages.browsing import check_accessible, check_fits, run_browser
from tests.command_line import run

CARD = """
name: sales
title: New customers
base_rate: 0.1
fields:
  lead_id: {kind: id}
  company: {kind: text, learn: no}
  owner: {kind: text, learn: no}
  need: {kind: text, values: [none, clear, urgent], ask: What do they need?}
  budget: {kind: number, ask: What budget is set aside?}
  called: {kind: date}
criteria:
  has_need: {met: "need in ('clear', 'urgent')", label: a need}
rules:
  - {name: urgent, when: need = 'urgent', points: 15, reason: Needs it now}
  - {name: rich, when: budget >= 1000, points: 10, reason: Has a budget}
  - {name: poor, when: budget < 1000, points: -1, reason: Has no budget}
  - {name: called, when: days_since(called) <= 30, points: 8, half_life: 7 days of called, reason: Was called}
grades: {A: 65, B: 55}
stages:
  - {name: contact}
  - {name: lead, requires: [has_need], points: 68, capacity: 3 per week}
"""
MONDAY = date(2026, 3, 2)
HOSTILE = '<b onclick="x">Evil\u202e</b>\x1b[31m\nFirm'
WEEKS_AGO = {
    "L1": {"company": "Ärlig & Söner", "owner": "Ann", "need": "urgent", "budget": 2000},
    "L6": {"company": "Accepted Ltd", "owner": "Ann", "need": "urgent", "budget": 9000},
}
TODAY: dict[str, dict[str, Any]] = {
    **WEEKS_AGO,
    "L 2/?": {"company": HOSTILE, "owner": "Bo", "need": "urgent", "budget": 5000},
    "L3": {"owner": "Ann", "need": "urgent", "budget": 1},
    "L4": {"company": "Asks", "owner": "Bo", "budget": 5000},
    "L5": {"company": "Cold", "need": "none"},
}


def fill(client: TestClient, day: date) -> None:
    """Leads that were scored two weeks before a day, and on it; one of them was accepted."""
    for as_of, leads in ((day - timedelta(days=14), WEEKS_AGO), (day, TODAY)):
        for name, values in leads.items():
            called = {"called": (day - timedelta(days=1)).isoformat()} if name == "L3" else {}
            body = {"lead": {"lead_id": name, **values, **called}, "as_of": as_of.isoformat()}
            assert client.post("/v1/score", json=body).status_code == 200
    assert client.post("/v1/leads/L6/feedback", json={"verb": "accept"}).status_code < 300


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a card and no known lead."""
    (tmp_path / "card.yaml").write_text(CARD, encoding="utf-8")
    return tmp_path


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    """The service over the home."""
    with TestClient(create_app(Settings(card=home / "card.yaml", home=home))) as client:
        yield client


@pytest.fixture
def book(home: Path, client: TestClient) -> Path:
    """A home that knows six leads, as of a Monday."""
    fill(client, MONDAY)
    return home


def write(home: Path, *words: object) -> str:
    """What the command prints."""
    done = run("digest", "--home", home, "--card", home / "card.yaml", *words)
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    return done.stdout


DESK = "https://crm.example/scores"
EVIL = '<b onclick="x">Evil[U+202E]</b>[U+001B][31m Firm'


def test_the_text(book: Path) -> None:
    """The whole mail, word for word: whom to call and why, who is new, who is about to leave, who waits."""
    assert write(book, "--as-of", MONDAY, "--text", "--url", f"{DESK}/").splitlines() == [
        "Who to call, Monday 2 March",
        "",
        "2 new above the threshold since Friday, 1 about to leave it, 3 waiting for an answer.",
        "2 of 3 calls this week. Room for 1 more.",
        f"The desk: {DESK}/desk",
        "",
        "THE LIKELIEST FIRST",
        "",
        "- Accepted Ltd: 39\u00a0%, A (Ann)",
        "  L6",
        "  Call now. Nothing left to ask",
        "  For it: Needs it now (+15.0); Has a budget (+10.0).",
        f"  {DESK}/desk/lead?id=L6",
        "- Ärlig & Söner: 39\u00a0%, A (Ann)",
        "  L1",
        "  Call now. Nothing left to ask",
        "  For it: Needs it now (+15.0); Has a budget (+10.0).",
        f"  {DESK}/desk/lead?id=L1",
        f"- {EVIL}: 39\u00a0%, A (Bo)",
        "  L 2/?",
        "  Call now. Nothing left to ask",
        "  For it: Needs it now (+15.0); Has a budget (+10.0).",
        f"  {DESK}/desk/lead?id=L%202%2F%3F",
        "- L3: 33\u00a0%, A (Ann)",
        "  Call now. Nothing left to ask",
        "  For it: Needs it now (+15.0); Was called (+7.2). Against it: Has no budget (−1.0).",
        f"  {DESK}/desk/lead?id=L3",
        "- Asks: 18\u00a0%, B (Bo)",
        "  L4",
        "  Ask: what do they need? Not known yet: a need",
        "  For it: Has a budget (+10.0).",
        f"  {DESK}/desk/lead?id=L4",
        "",
        "NEW ABOVE THE THRESHOLD SINCE FRIDAY",
        "",
        f"- {EVIL}: 39\u00a0%, A (Bo)",
        "  Call now",
        f"  {DESK}/desk/lead?id=L%202%2F%3F",
        "- L3: 33\u00a0%, A (Ann)",
        "  Call now",
        f"  {DESK}/desk/lead?id=L3",
        "",
        "ABOUT TO LEAVE IT",
        "",
        "- L3: 33\u00a0%, A (Ann)",
        "  From 9 March, unless something happens: leave for now",
        f"  {DESK}/desk/lead?id=L3",
        "",
        "WAITING FOR AN ANSWER",
        "",
        "- Ärlig & Söner: 39\u00a0%, A (Ann)",
        "  Waiting since 16 February",
        f"  {DESK}/desk/lead?id=L1",
        f"- {EVIL}: 39\u00a0%, A (Bo)",
        "  Waiting since 2 March",
        f"  {DESK}/desk/lead?id=L%202%2F%3F",
        "- L3: 33\u00a0%, A (Ann)",
        "  Waiting since 2 March",
        f"  {DESK}/desk/lead?id=L3",
        "",
        "Chances and points are those of the book, by the rules of New customers. Points decide; a chance is what they"
        " come to.",
    ]


@pytest.mark.parametrize(
    ("owner", "title", "names"),
    [
        ("Ann", "Ann: who to call, Monday 2 March", {"L1", "L3", "L6"}),
        ("Bo", "Bo: who to call, Monday 2 March", {"L%202%2F%3F", "L4"}),
        ("", "Leads without an owner: who to call, Monday 2 March", set()),
        ("Nobody\u202e", "Nobody[U+202E]: who to call, Monday 2 March", set()),
    ],
)
def test_an_owner_gets_their_own_leads(book: Path, owner: str, title: str, names: set[str]) -> None:
    """And no sentence about what all owners together can take care of."""
    text = write(book, "--as-of", MONDAY, "--text", "--owner", owner, "--url", DESK)
    assert text.splitlines()[0] == title
    assert set(re.findall(r"desk/lead\?id=(\S+)", text)) == names
    assert "calls this week" not in text
    assert ("Nobody is to be called or asked today." in text) == (not names)


def test_the_numbers_are_those_of_the_desk(home: Path, client: TestClient) -> None:
    """`GET /v1/today` counts the same leads, and names the same first ones."""
    fill(client, datetime.now(UTC).date())
    answer = client.get("/v1/today").json()
    text = write(home, "--text", "--leads", 20)
    summary = text.splitlines()[2]
    counts = [
        0 if word == "none" else int(word) for word in re.findall(r"(\d+|[Nn]one) (?:new|about|wait)", summary.lower())
    ]
    assert counts == [answer["new"]["leads"], len(answer["leaving"]["leads"]), answer["waiting"]["leads"]]
    for lead in answer["new"]["best"]:
        assert lead["lead"] in text or lead["title"] in text or EVIL in text


class Mail(HTMLParser):
    """The elements of a mail, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.words += data


def test_the_html_fetches_nothing_and_runs_nothing(book: Path) -> None:
    """No script, picture, stylesheet or form; what a lead is called stays words; all links lead to the desk."""
    text = write(book, "--as-of", MONDAY, "--url", DESK)
    mail = Mail(text)
    assert {tag for tag, _ in mail.elements} <= {
        *("html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "h1", "h2", "p", "a", "span"),
        *("br", "strong", "bdi"),
    }
    assert not any(
        name.startswith("on") or name in ("src", "background") for _, names in mail.elements for name in names
    )
    assert "url(" not in text
    assert "@import" not in text
    assert EVIL in " ".join(mail.words.split())
    links = [names["href"] or "" for tag, names in mail.elements if tag == "a"]
    assert len(links) > 10
    assert all(link.startswith(f"{DESK}/desk") for link in links)
    assert f"{DESK}/desk/lead?id=L%202%2F%3F" in links


def test_html_and_text_say_the_same(book: Path) -> None:
    """Each sentence of the text stands in the HTML, but for the addresses, which are links there."""
    words = " ".join(Mail(write(book, "--as-of", MONDAY)).words.split()).casefold()
    for line in write(book, "--as-of", MONDAY, "--text").splitlines():
        for part in re.split(r"^- |: \d\d\u00a0%|, [AB]$|, [AB] |\(|\)|\. (?=Nothing)|\? (?=Not)", line.strip()):
            assert " ".join(part.split()).casefold() in words, part


def test_without_an_address_there_are_no_links(book: Path) -> None:
    """Names are words then."""
    assert "href" not in write(book, "--as-of", MONDAY)
    assert "http" not in write(book, "--as-of", MONDAY, "--text")


def test_an_empty_book(home: Path) -> None:
    """Each part says that there is nobody."""
    text = write(home, "--as-of", MONDAY, "--text")
    assert text.splitlines()[2:4] == [
        "None new above the threshold since Friday, none about to leave it, none waiting for an answer.",
        "0 of 3 calls this week. Room for 3 more.",
    ]
    for nobody in ("Nobody is to be called or asked today.", "Nobody since Friday.", "Nobody within 14 days,"):
        assert nobody in text


def test_a_mail_as_long_as_mails_may_be(home: Path, client: TestClient) -> None:
    """It names so many leads of each part, and says how many more there are; programs for mail cut 100 kB."""
    leads = [
        {"lead_id": f"N{i:03}", "company": "C" * 80, "owner": "O" * 60, "need": "urgent", "budget": 2000}
        for i in range(40)
    ]
    body = {"leads": leads, "as_of": MONDAY.isoformat()}
    assert client.post("/v1/score/batch", json=body).json()["scored"] == 40
    text = write(home, "--as-of", MONDAY, "--leads", 20, "--url", DESK)
    assert Mail(text).words.count("and 20 more") == 2
    assert len(text.encode()) < 100_000


def test_a_file(book: Path, tmp_path: Path) -> None:
    """It is written as UTF-8, and the command says so; a place where none can be written is named."""
    out = tmp_path / "mail.html"
    assert write(book, "--as-of", MONDAY, "-o", out) == f"Who to call, Monday 2 March: written to {out}\n"
    assert out.read_text("utf-8") == write(book, "--as-of", MONDAY)
    done = run("digest", "--home", book, "--card", book / "card.yaml", "-o", tmp_path / "nowhere" / "mail.html")
    assert done.exit_code == 1
    assert done.stderr == f"{tmp_path / 'nowhere' / 'mail.html'}: can't be written: No such file or directory\n"


@pytest.mark.parametrize(
    "url",
    [
        "crm.example",
        "javascript:alert(1)",
        "ftp://crm.example",
        "https://",
        "https://a b",
        'https://a"b',
        "https://a?b=c",
        "http://[",
        "https://a/\u202e",
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    """It is refused, since a mail full of broken links helps nobody."""
    with pytest.raises(DataError) as refused:
        check_url(url)
    assert str(refused.value).endswith("is no address of a service; write it like https://leads.example.com")


@pytest.mark.slow
def test_in_a_browser(book: Path) -> None:
    """On a screen and a phone, light and dark: nothing is scrolled sideways, and nobody is shut out."""
    html = write(book, "--as-of", MONDAY, "--url", DESK)
    with run_browser() as browser:
        for width in (390, 640):
            for scheme in ("light", "dark"):
                context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
                page = context.new_page()
                page.set_content(html)
                check_fits(page)
                check_accessible(page)
                context.close()
