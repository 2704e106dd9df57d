"""The pages about releases over HTTP: what each answers, whom it refuses, and what a POST changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.http.visitor_cookie import COOKIE, make_form_token
from leadledger.api.service import keys
from leadledger.api.service.settings import Settings
from leadledger.models.releases.manifest import METRICS
from leadledger.models.releases.store import Releases
from tests.api.http.keyed_service import NOW
from tests.models.releases.release_examples import CARD_TEXT, DAY, overwrite, publish

HOSTILE = '<script>alert("1")</script>\u202e\x1b[31m'
EDITED = CARD_TEXT.replace("points: 8,", "points: 12,").replace("Is large", "<script>alert(1)</script>")
FIRST, SECOND, DAMAGED = "2026-11-24-001", "2026-11-25-001", "2026-11-26-001"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A current release, a draft with edited rules and hostile texts, and a damaged one."""
    publish(tmp_path, note="first")
    rule = {"name": "large", "reason": HOSTILE, "finding": "overrated", "said": HOSTILE, "declared": 8.0, "fired": 3}
    metrics = {"verdict": {"said": HOSTILE}, "trust": 0.75, "audit": {"rules": [rule]}}
    metrics |= {"comparison": {"release": FIRST, "leads": 200, "said": "worse than it", "worse": True}}
    report = {"report.html": f"<style>p {{}}</style><p>{HOSTILE}</p>".encode()}
    edited = {"card_text": EDITED, "note": HOSTILE, "metrics": metrics, "files": report}
    publish(tmp_path, **edited, created=DAY + timedelta(1), current=False)
    publish(tmp_path, created=DAY + timedelta(2), current=False)
    overwrite(tmp_path / "releases" / DAMAGED / METRICS, b"{}")
    return tmp_path


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    """A browser at a service that follows the current release."""
    app = create_app(Settings(home=home, log="off"))
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        yield client


def send(client: TestClient, path: str, **inputs: str) -> Any:
    """Send a form from a page of ours."""
    client.get("/releases")
    return client.post(path, data={"csrf": make_form_token(client.cookies[COOKIE.decode()]), **inputs})


def read(client: TestClient, path: str, status: int = 200) -> str:
    """A page as text, its tags and signs as they are."""
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    assert "<script" not in answer.text
    assert "\u202e" not in answer.text
    return answer.text


def words(page: str) -> str:
    """The words of a page."""
    return " ".join(re.sub("<[^>]+>", " ", page).split())


def test_the_list_shows_the_newest_first(client: TestClient) -> None:
    """The current one is marked, a damaged one says what is wrong with it and can't be chosen."""
    text = words(read(client, "/releases"))
    places = [text.index(f"{name} ") for name in (DAMAGED, SECOND, FIRST)]
    assert places == sorted(places)
    assert "It is damaged and can’t be used." in text
    assert "metrics.json is not what was published" in text
    assert f"Make current … {SECOND}" in text
    assert f"Make current … {DAMAGED}" not in text
    assert "current" in text[places[2] :]


def test_long_lists_have_pages(client: TestClient, home: Path) -> None:
    """Twenty-five on each; a number beyond them is the last, and what is no number the first."""
    for _ in range(24):
        publish(home, current=False)
    text = read(client, "/releases?page=2")
    assert "Page 2 of 2" in text
    assert read(client, "/releases?page=9") == text
    for number in ("0", "-1", "a", "²", "9" * 30):
        assert "Page 1 of 2" in read(client, f"/releases?page={number}")


def test_a_release_says_what_it_is(client: TestClient) -> None:
    """Trust as an example, the rules that deserve a look in sentences; hostile texts are texts."""
    text = words(read(client, f"/releases/release?name={SECOND}"))
    assert "The history supports 75 % of the points" in text
    assert "a rule of +10.0 counts +7.5" in text
    assert "One rule deserves a look" in text
    assert "Counts for more than the data support" in text
    assert "[U+202E][U+001B]" in text


@pytest.mark.parametrize("name", ["", "..", "nowhere", "%00", "2026-11-24-002"])
def test_other_names_are_refused(client: TestClient, name: str) -> None:
    """Each page says that there is no such release."""
    for path in (f"release?name={name}", f"report?name={name}", f"compare?old={name}&new={FIRST}"):
        assert "There is no release of this name." in read(client, f"/releases/{path}", 404)
    assert "There is no release of this name." in send(client, "/releases/use", name=name, was=FIRST).text


def test_a_damaged_release_is_refused_in_words(client: TestClient) -> None:
    """It can neither be shown, compared nor used, and the page says why."""
    assert "is not what was published" in read(client, f"/releases/release?name={DAMAGED}", 409)
    assert "is not what was published" in read(client, f"/releases/compare?old={FIRST}&new={DAMAGED}", 409)
    answer = send(client, "/releases/use", name=DAMAGED, was=FIRST)
    assert (answer.status_code, "is not what was published" in answer.text) == (409, True)
    assert client.get("/v1/releases").json()["serves"] == FIRST


def test_the_comparison_says_what_differs(client: TestClient, home: Path) -> None:
    """The rule with trust applied and as declared, the texts, why training held it back; as `releases diff` has it."""
    text = words(read(client, f"/releases/compare?old={FIRST}&new={SECOND}"))
    (rule,) = Releases(home).diff(FIRST, SECOND).rules
    assert (rule.effective.old, rule.effective.new) == (60, 90)
    assert "large As declared from +8.0 to +12.0" in text
    assert "+6.0 +9.0 +3.0" in text
    assert "Training held it back. Worse than it." in text
    assert f"Make {SECOND} current" in text
    assert "1 rule differs." in text
    other_way = words(read(client, f"/releases/compare?old={SECOND}&new={FIRST}"))
    assert "+9.0 +6.0 −3.0" in other_way
    assert f"{FIRST} is the current release." in other_way
    assert "The two cards are the same, to the letter." in read(client, f"/releases/compare?old={FIRST}&new={FIRST}")


def test_a_release_is_made_current_and_rolled_back(client: TestClient, home: Path) -> None:
    """The page leads to the list, which says so and offers the way back; somebody slower is refused."""
    answer = send(client, "/releases/use", name=SECOND, was=FIRST)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/releases?was={FIRST}")
    assert Releases(home).current() == SECOND
    text = read(client, f"/releases?was={FIRST}")
    assert f"Release {SECOND} is the current one now." in text
    assert f"/releases/compare?old={SECOND}&amp;new={FIRST}" in text
    assert f"Somebody chose {SECOND}, in place of {FIRST}" in words(text)
    late = send(client, "/releases/use", name=SECOND, was=FIRST)
    assert late.status_code == 409
    assert f"Release {SECOND} has become the current one meanwhile." in late.text
    assert f"Roll back to {FIRST}" in read(client, f"/releases/compare?old={SECOND}&new={FIRST}")
    assert send(client, "/releases/use", name=FIRST, was=SECOND).status_code == 303
    assert client.get("/v1/releases").json()["serves"] == FIRST


def test_a_service_of_one_release_changes_nothing(home: Path) -> None:
    """It says so, and offers no button."""
    with TestClient(create_app(Settings(home=home, log="off", release=SECOND)), base_url="http://127.0.0.1") as client:
        assert f"This service was started to serve release {SECOND}" in words(read(client, "/releases"))
        assert '<form method="post"' not in read(client, f"/releases/compare?old={FIRST}&new={SECOND}")
        assert send(client, "/releases/use", name=SECOND, was=FIRST).status_code == 409


def test_a_home_whose_current_release_is_damaged_can_be_mended(home: Path) -> None:
    """The service goes on with what it serves; the page of another release has the button."""
    with TestClient(create_app(Settings(home=home, log="off")), base_url="http://127.0.0.1") as client:
        overwrite(home / "releases" / FIRST / METRICS, b"{}")
        page = read(client, f"/releases/release?name={SECOND}")
        assert "Make it current" in page
        assert send(client, "/releases/use", name=SECOND, was=FIRST).status_code == 200
        assert Releases(home).current() == SECOND


def test_the_report_is_sent_as_it_is_without_rights(client: TestClient) -> None:
    """Its own policy takes the place of that of pages; a release without a report says so."""
    answer = client.get(f"/releases/report?name={SECOND}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert f"Release {FIRST} has no file report.html." in read(client, f"/releases/report?name={FIRST}", 404)


def test_a_key_that_may_only_read_gets_no_button(home: Path) -> None:
    """It sees what differs, and which scope it lacks; a form that it sends all the same is refused."""
    text = keys.add(home, "reader", ("read",), NOW)[1]
    with TestClient(create_app(Settings(home=home, log="off")), base_url="http://127.0.0.1") as client:
        client.get("/sign-in")
        form = {"csrf": make_form_token(client.cookies[COOKIE.decode()]), "key": text, "next": "/releases"}
        assert client.post("/sign-in", data=form).url.path == "/releases"
        page = read(client, f"/releases/compare?old={FIRST}&new={SECOND}")
        assert "sign in with a key that has the scope" in page
        assert '<form method="post" action="/releases/use"' not in page
        answer = send(client, "/releases/use", name=SECOND, was=FIRST)
        assert (answer.status_code, Releases(home).current()) == (403, FIRST)
        assert client.get("/studio/new").status_code == 403


def test_ways_out_lead_to_the_room(client: TestClient, home: Path) -> None:
    """Who lands at nothing is led back to where they were, and a home that is gone is told in a whole sentence."""
    assert '<a href="/releases">Go to the releases</a>' in read(client, "/releases/release?name=none", 404)
    gone = read(client, "/studio/drafts/spring", 404)
    assert '<a href="/studio">Go to the studio</a>' in gone
    assert "There is no draft &#39;spring&#39;." in gone
    (home / "drafts").write_text("", "utf-8")
    assert "The drafts can&#39;t be listed: &#39;drafts&#39; in the home of the service can&#39;t be read" in read(
        client, "/studio/drafts/spring", 503
    )
