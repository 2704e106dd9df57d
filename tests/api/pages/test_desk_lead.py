"""The page of a lead over HTTP: what it shows is what the API says, and hostile or odd leads have decent pages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.pages.desk_lead_routes import write_lead_url
from leadledger.api.service import keys
from leadledger.api.service.settings import Settings
from leadledger.api.wording.figures import word_chance
from leadledger.models.releases.rules_alone import release_rules
from leadledger.models.releases.store import Releases
from tests.api.pages.desk.leads import CARD, EVENTS, LEAD

DAY, RECEIVED = "2026-11-29", "2026-11-29T08:00:00Z"
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\"'&<img src=x onerror=alert(1)>" + "x" * 10_000
ODD_IDS = ["a/b c", "d'e\"f", "g&h=i?j#k", "ü\u202e<b>", "..", "%2e"]
BARE = (
    "name: bare\nfields: {lead_id: {kind: id}, a: {kind: flag}}\nrules: [{name: r, when: a, points: 5, reason: Is so}]"
)


@contextmanager
def serve(home: Path, card: str, **settings: Any) -> Iterator[TestClient]:
    """A service of a card."""
    file = home / "card.yaml"
    file.write_text(card, encoding="utf-8")
    with TestClient(create_app(Settings(card=file, home=home, **settings)), follow_redirects=False) as client:
        yield client


def score(client: TestClient, lead: dict[str, Any], day: str = DAY) -> None:
    """Score a lead, so that it is known."""
    answer = client.post("/v1/score", json={"lead": lead, "as_of": day})
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service that knows some leads, the first with events, received before it was scored, and two scores."""
    with serve(tmp_path_factory.mktemp("desk"), CARD) as client:
        stored = client.post(
            "/v1/events", json={"events": [{**event, "lead": "L1", "received": RECEIVED} for event in EVENTS]}
        )
        assert stored.status_code == 200, stored.text
        score(client, {**LEAD, "budget": None}, "2026-11-20")
        score(client, LEAD)
        score(client, {"lead_id": "L2", "need": "clear", "employees": 20, "company": "Zoë"})
        score(client, {"lead_id": "L3", "company": HOSTILE, "country": HOSTILE, "decision_role": HOSTILE})
        score(client, {"lead_id": "L4", "need": "urgent"})
        for lead in ODD_IDS:
            score(client, {"lead_id": lead, "need": "none"})
        yield client


def open_lead(client: TestClient, lead: str, status: int = 200, **query: Any) -> str:
    """The page of a lead."""
    answer = client.get(write_lead_url(lead, **query))
    assert answer.status_code == status, answer.text
    return answer.text


def find_figure(page: str, name: str) -> str:
    """A figure of the head of a page, without its tags."""
    (found,) = re.findall(rf'data-figure="{name}">([^<]*)', page)
    return unescape(found).strip()


def test_the_page_says_what_the_api_says(client: TestClient) -> None:
    """Chance and grade are those of the API, and the rows of the waterfall add up to its points."""
    page, known = open_lead(client, "L1"), client.get("/v1/leads/L1").json()
    assert find_figure(page, "chance") == word_chance(known["probability"])
    assert find_figure(page, "grade") == known["grade"]
    tenths = [int(number) for number in re.findall(r'data-tenths="(-?[0-9]+)"', page)]
    assert sum(tenths) == round(known["points"] * 10)
    assert len(tenths) > 5
    assert page.count("not counted") == 1


def test_what_time_changes_is_what_the_api_foresees(client: TestClient) -> None:
    """The day that the page names is that of the forecast; the days of events are those of the API."""
    (change,) = client.get(f"/v1/leads/L1/forecast?as_of={DAY}").json()["recommendation_changes"] or [None]
    page = open_lead(client, "L1")
    if change is None:
        assert "this advice stays as it is" in page
    else:
        assert f"{date.fromisoformat(change['on']).day} December" in page
    events = client.get(f"/v1/leads/L1/events?as_of={DAY}").json()
    assert events["source"] == "stored"
    shown = [unescape(text) for text in re.findall(r'data-label="Now" data-now>([^<]*)', page)]
    now = [sum(earned["now"] for earned in day["earned"]) for day in events["days"]]
    machine = [day["machine"] for day in events["days"]]
    for text, points, is_machine in zip(shown, now, machine, strict=True):
        assert text == ("not counted" if is_machine else f"+{points:.1f}" if points else "")


def test_answers_are_tried_as_the_api_tries_them(client: TestClient) -> None:
    """What an answer would do is what the API's what-if says, for what was tried and for each row of the table."""
    page = open_lead(client, "L2", **dict[str, Any]({"answer.budget": "80000"}))
    answered = client.post("/v1/leads/L2/what-if", json={"answers": {"budget": 80000}, "as_of": DAY}).json()
    assert f"<strong data-then>{word_chance(answered['then']['probability'])}</strong>" in page
    assert f"<span data-now>{word_chance(answered['now']['probability'])}</span>" in page
    assert "Nothing of this is stored" in page
    rows = re.findall(r'data-values="([^"]*)">([^<]*)<', page)
    assert len(rows) == 2
    for values, chance in rows:
        ends = [
            client.post("/v1/leads/L2/what-if", json={"answers": {"budget": value}, "as_of": DAY}).json()
            for value in unescape(values).split(" | ")
        ]
        chances = list(dict.fromkeys(word_chance(end["then"]["probability"]) for end in ends))
        assert unescape(chance) == "–".join([*(text[:-2] for text in chances[:-1]), chances[-1]])
    scores = client.get("/v1/leads/L2/scores").json()["scores"]
    assert len(scores) == 1


def test_a_wrong_answer_says_what_is_wrong(client: TestClient) -> None:
    """An answer that can't be read stands in its input again, beside what is wrong with it."""
    page = open_lead(client, "L2", 422, **{"answer.budget": "a lot"})
    assert 'value="a lot"' in page
    assert re.search(r'class="mistake"[^>]*>[^<]*a lot', page)


def test_two_leads_are_compared_as_the_api_compares_them(client: TestClient) -> None:
    """The difference on the page and on the page of two leads is that of the API."""
    compared = client.get(f"/v1/leads/compare?a=L1&b=L2&as_of={DAY}").json()
    pages = [open_lead(client, "L1", **dict[str, Any]({"with": "L2"})), client.get("/desk/compare?a=L1&b=L2").text]
    for page in pages:
        (shown,) = re.findall(r"data-difference>([^<]*)", page)
        assert float(unescape(shown).replace("−", "-")) == -compared["difference"]
    unknown = open_lead(client, "L1", 404, **{"with": "L7"})
    assert "The book has no lead of this id" in unknown
    assert client.get("/desk/compare?a=L1").status_code == 404


@pytest.mark.parametrize("lead", ODD_IDS)
def test_any_id_has_a_page(client: TestClient, lead: str) -> None:
    """Ids with slashes, blanks, quotes and marks have pages, whose links and forms lead to the same lead."""
    page = open_lead(client, lead)
    sent = {unescape(value) for value in re.findall(r'name="id" value="([^"]*)"', page)}
    assert sent == {lead}
    links = [unescape(link) for link in re.findall(r'href="(/desk/lead\?[^"]*)"', page) if "entry=" in link]
    assert links
    assert {tuple(parse_qs(urlsplit(link).query)["id"]) for link in links} == {(lead,)}


def test_a_hostile_lead_shows_and_does_nothing(client: TestClient) -> None:
    """Scripts, colours of terminals and marks of direction are text; long texts are cut."""
    page = open_lead(client, "L3")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page
    assert "x" * 200 not in page


def test_an_unknown_lead_names_those_like_it(client: TestClient) -> None:
    """A page (404) says that there is no such lead, and leads to ids like it."""
    page = open_lead(client, "A/B-C", 404)
    assert "No such lead" in page
    assert 'href="/desk/lead?id=a%2Fb+c"' in page
    assert "<script>" not in open_lead(client, "<script>", 404)
    assert client.get("/desk/lead").status_code == 404


def test_the_list_stays_the_list(client: TestClient) -> None:
    """The neighbours are those of the list that the visitor came from, which every link keeps."""
    lists = urlencode({"recommendation": "nurture", "order": "id"})
    page = open_lead(client, "L2", lists=lists)
    assert f'href="/desk?{lists.replace("&", "&amp;")}"' in page
    before, after = re.findall(r'<a href="([^"]*)" data-key="[kj]"', page)
    rows = [row["lead"] for row in client.get(f"/v1/leads?{lists}").json()["leads"]]
    ids = [parse_qs(urlsplit(unescape(link)).query)["id"][0] for link in (before, after)]
    assert ids == [max(lead for lead in rows if lead < "L2"), min(lead for lead in rows if lead > "L2")]
    assert all(quote(lists, safe="") in unescape(link) for link in (before, after))
    assert "To the list" in open_lead(client, "L2", lists="view=leaving")
    odd = open_lead(client, "L2", lists="order=nonsense&limit=-1&after=x&%ff=1&recommendation=promote")
    assert "To the list" in odd


def get_token(client: TestClient, page: str) -> str:
    """The token of a page's forms."""
    return re.findall(r'name="csrf" value="([^"]*)"', page)[0]


def test_feedback_is_recorded_and_said(client: TestClient) -> None:
    """A rejection with its reason and the wrong entry is recorded once, as the API has it, and the page says so."""
    page = open_lead(client, "L4", entry="rule:urgent")
    entries = re.findall(r'<option value="(rule:[^"]*)"', page)
    form = {"csrf": get_token(client, page), "id": "L4", "list": "order=id", "verb": "reject"}
    missing = client.post("/desk/feedback", data={**form, "reason": ""})
    assert (missing.status_code, "Choose why you reject it." in missing.text) == (422, True)
    sent = client.post("/desk/feedback", data={**form, "reason": "no_budget", "entry": entries[0]})
    assert (sent.status_code, sent.headers["location"]) == (303, "/desk/lead?id=L4&list=order%3Did&said=reject#said")
    (said,) = client.get("/v1/leads/L4").json()["feedback"]
    assert (said["verb"], said["reason"], said["entry"]) == ("reject", "no_budget", entries[0])
    after = client.get(sent.headers["location"]).text
    assert "Rejected. The reason is counted" in after
    assert "Rejected: no budget. Wrong:" in after
    snoozed = client.post("/desk/feedback", data={**form, "verb": "snooze", "until": "2026-01-01"})
    assert (snoozed.status_code, "Choose a day after today" in snoozed.text) == (422, True)
    wrong = client.post("/desk/feedback", data={**form, "reason": "other", "entry": "rule:nothing"})
    assert (wrong.status_code, "is no entry of the lead" in wrong.text) == (422, True)
    assert client.post("/desk/feedback", data={**form, "verb": "accept", "csrf": "x"}).status_code == 403
    assert client.post("/desk/feedback", data={**form, "id": "nobody", "verb": "accept"}).status_code == 404
    accepted = client.post("/desk/feedback", data={**form, "verb": "accept", "reason": "", "until": ""})
    assert accepted.status_code == 303


def test_who_may_only_read_can_say_nothing(tmp_path: Path) -> None:
    """A key without the scope for it sees no forms, and is refused what it sends nevertheless."""
    with serve(tmp_path, BARE) as client:
        score(client, {"lead_id": "L1", "a": True})
    _, key = keys.add(tmp_path, "reader", ("read",), datetime(2026, 1, 1, tzinfo=UTC))
    with serve(tmp_path, BARE) as client:
        assert client.get("/desk/lead?id=L1").headers["location"] == "/sign-in?next=%2Fdesk%2Flead%3Fid%3DL1"
        sign_in = client.get("/sign-in")
        sent = {"csrf": get_token(client, sign_in.text), "key": key, "next": "/desk/lead?id=L1"}
        assert client.post("/sign-in", data=sent).headers["location"] == "/desk/lead?id=L1"
        page = open_lead(client, "L1")
        assert "/desk/feedback" not in page
        assert "wrong?" not in page
        refused = client.post("/desk/feedback", data={"csrf": sent["csrf"], "id": "L1", "verb": "accept"})
        assert refused.status_code == 403
        assert client.get("/v1/leads/L1", headers={"Authorization": f"Bearer {key}"}).json()["feedback"] == []


def test_a_bare_card_has_a_page(tmp_path: Path) -> None:
    """Without stages, axes, base rate, questions and events, the page shows points and no chance."""
    with serve(tmp_path, BARE) as client:
        score(client, {"lead_id": "L1", "a": True})
        page = open_lead(client, "L1")
        assert find_figure(page, "points") == "55.0"
        assert 'data-figure="chance"' not in page
        assert "It is the only known lead." in page
        for title in ("What an answer would do", "What it did", "Needed for"):
            assert title not in page


def test_without_a_log_there_is_no_desk(tmp_path: Path) -> None:
    """Where nothing is recorded, the page says so."""
    with serve(tmp_path, BARE, log="off") as client:
        page = open_lead(client, "L1", 404)
        assert "Nothing is recorded" in page


def test_a_lead_without_events_says_so(client: TestClient) -> None:
    """It isn't taken for one that did nothing, unless the store knows all events."""
    assert "Nothing yet." in open_lead(client, "L2")


def test_a_release_that_is_gone_leaves_a_page(tmp_path: Path) -> None:
    """Where the release of the last score is gone, the one that is served stands in, and the page says so."""
    card = tmp_path / "card.yaml"
    card.write_text(CARD, encoding="utf-8")
    releases = Releases(tmp_path)
    release_rules(card, releases, datetime(2026, 1, 1, tzinfo=UTC))
    first = releases.current()
    settings = Settings(home=tmp_path)
    with TestClient(create_app(settings)) as client:
        score(client, LEAD)
    card.write_text(CARD.replace("points: 15", "points: 20"), encoding="utf-8")
    release_rules(card, releases, datetime(2026, 1, 2, tzinfo=UTC))
    shutil.rmtree(releases.path(first or "", ""))
    with TestClient(create_app(settings)) as client:
        assert client.get("/v1/leads/L1").status_code == 409
        page = open_lead(client, "L1")
        assert "The release that gave its last score is gone" in page
        points = client.post("/v1/leads/L1/what-if", json={"answers": {}, "as_of": DAY}).json()["now"]["points"]
        assert sum(map(int, re.findall(r'data-tenths="(-?[0-9]+)"', page))) == round(points * 10)


def test_another_card_leaves_a_page(tmp_path: Path) -> None:
    """Where quite another card is served, the last score stays as it was, and the rest is what that card can read."""
    with serve(tmp_path, CARD) as client:
        score(client, LEAD)
        was = client.get("/v1/leads/L1").json()
    with serve(tmp_path, BARE) as client:
        page = open_lead(client, "L1")
        assert find_figure(page, "chance") == word_chance(was["probability"])
        assert "Has an urgent need" in page


def test_an_old_score_says_its_day(tmp_path: Path) -> None:
    """A page of an old score says how old it is; one of another release, what the served one makes of it."""
    with serve(tmp_path, CARD) as client:
        score(client, LEAD, "2026-01-10")
        page = open_lead(client, "L1")
        assert re.search(r"Scored [0-9,]+ days ago, on 10 January", page)
    with serve(tmp_path, CARD.replace("points: 15", "points: 20")) as client:
        page = open_lead(client, "L1")
        assert "By the release that is served, and by what has arrived since" in page
