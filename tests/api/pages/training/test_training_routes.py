"""Training over HTTP: started, watched, mended where it refuses, and kept as a draft."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.http.visitor_cookie import COOKIE, make_form_token
from leadledger.api.service.settings import Settings
from leadledger.api.trainings.training_folder import TRAININGS, TrainingFolders
from leadledger.models.releases.rules_alone import release_rules
from leadledger.models.releases.store import Releases
from tests.api.pages.releases.measured_releases import NOW
from tests.training.crm_history import CARD, make_history

PATIENCE = 500  # seconds
LEAK = "  deal: {kind: number}\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a release of rules alone."""
    card = tmp_path / "card.yaml"
    card.write_text(CARD, "utf-8")
    release_rules(card, Releases(tmp_path), NOW)
    return tmp_path


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    """A browser at a service that follows the current release."""
    with TestClient(create_app(Settings(home=home, log="sync")), base_url="http://127.0.0.1") as client:
        client.get("/studio/train")
        yield client


def token(client: TestClient) -> str:
    """What forms of the visitor hold."""
    return make_form_token(client.cookies[COOKIE.decode()])


def start(client: TestClient, text: str, source: str, content: bytes | None = None) -> Any:
    """Start a training as the form does."""
    files = {"file": ("history.csv", content, "text/csv") if content is not None else ("", b"")}
    return client.post("/studio/train", data={"csrf": token(client), "text": text, "source": source}, files=files)


def wait(client: TestClient, page: Any) -> tuple[str, str]:
    """The id of a training, and its page when it is over."""
    training = str(page.url.params["id"])
    until = time.monotonic() + PATIENCE
    while 'data-state="running"' in page.text:
        assert time.monotonic() < until
        assert '<meta http-equiv="refresh" content="3">' in page.text
        time.sleep(0.5)
        page = client.get(f"/studio/training?id={training}")
    return training, page.text


def as_csv(**columns: Any) -> bytes:
    """A history of 900 leads, with further columns."""
    return make_history().assign(**columns).to_csv(index=False).encode()


@pytest.mark.slow
def test_a_leak_is_mended_by_a_button_and_a_draft_comes_of_it(client: TestClient, home: Path) -> None:
    """The proof stands beside the button; the card learns nothing from the field any more, and the list goes."""
    leaking = as_csv(deal=make_history()["won_on"].notna().map({True: 1000.0, False: None}))
    page = start(client, CARD.replace("outcome:", f"{LEAK}outcome:"), "file", leaking)
    training, text = wait(client, page)
    assert "A field seems to know the outcome" in text
    assert "Leave out deal, and train again" in text
    assert TRAININGS not in text
    assert TrainingFolders(home).find_running() is None
    again = {"csrf": token(client), "id": training, "leave_out": "deal"}
    training, text = wait(client, client.post("/studio/training/again", data=again))
    match = re.search(r"Release (\S+) is a draft", text)
    assert match is not None
    releases = Releases(home)
    assert releases.current() == releases.names()[0]
    assert releases.names()[1:] == (match[1],)
    assert "learn: no" in releases.read(match[1], "card.yaml").decode()
    assert releases.show(match[1])["provenance"]["data"] == "history.csv"
    folder = TrainingFolders(home).find(training)
    assert folder is not None
    assert folder.history is None
    assert client.get(f"/releases/report?name={match[1]}").status_code == 200
    assert "Compare with the current release, and make it current" in text


@pytest.mark.slow
def test_what_training_refuses_is_said_with_its_button(client: TestClient) -> None:
    """A column that is gone can be gone without; an empty log has nothing to learn from."""
    text = CARD.replace("outcome:", "  budget: {kind: number}\noutcome:")
    training, page = wait(client, start(client, text, "file", as_csv()))
    assert "A column is missing" in page
    assert "Go on without it" in page
    again = {"csrf": token(client), "id": training, "without": "budget"}
    _, page = wait(client, client.post("/studio/training/again", data=again))
    assert "is a draft: nobody is scored by it yet." in page
    _, page = wait(client, start(client, CARD, "log"))
    assert "Training stopped" in page
    assert "Start it again" in page


@pytest.mark.slow
def test_one_training_at_a_time_and_it_can_be_stopped(client: TestClient, home: Path) -> None:
    """A second one is refused, also if another worker has started the first."""
    page = start(client, CARD, "file", as_csv())
    second = start(client, CARD, "file", as_csv())
    assert second.status_code == 422
    assert "Another training is at work; wait until it is done, or stop it." in second.text
    training = str(page.url.params["id"])
    again = client.post("/studio/training/again", data={"csrf": token(client), "id": training})
    assert again.status_code == 409
    client.post("/studio/training/stop", data={"csrf": token(client), "id": training})
    _, text = wait(client, client.get(f"/studio/training?id={training}"))
    assert "You have stopped it." in text or "is a draft" in text  # it may have been faster


def test_a_card_with_mistakes_starts_nothing(client: TestClient, home: Path) -> None:
    """Mistakes are named with their lines, and the text stays; so it is without an outcome, or a file."""
    hostile = "name: <script>alert(1)</script>\nfields: {a: {kind: nonsense}}\n"
    page = start(client, hostile, "file", b"a\n1\n")
    assert page.status_code == 422
    assert "Line 2: " in page.text
    assert "<script>alert" not in page.text
    assert html.escape("<script>alert(1)</script>") in page.text
    assert "nothing to learn from" in start(client, "name: a\nfields: {a: {kind: flag}}\n", "log").text
    assert "Choose a file first." in start(client, CARD, "file").text
    assert "This list isn&#39;t kept any more" in start(client, CARD, "list").text
    assert TrainingFolders(home).find_running() is None
    assert not (home / TRAININGS).exists()


def test_what_is_no_training_is_refused(client: TestClient) -> None:
    """By its id; the page of a training needs one that is there."""
    for path in ("/studio/training", "/studio/training?id=..", f"/studio/training?id={'0' * 32}"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "There is no such training any more" in answer.text


def test_the_form_has_the_card_that_is_served(client: TestClient) -> None:
    """Or the one that was made of a list."""
    assert CARD in html.unescape(client.get("/studio/train").text)
    page = client.post("/studio/train/list", data={"csrf": token(client), "text": "name: other\n"})
    assert "name: other" in page.text
