"""A card from a list over HTTP: the list is read, questions are answered, and hostile files are refused in words."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.http.visitor_cookie import COOKIE, make_form_token
from leadledger.api.pages.new_card_routes import LARGEST_BODY
from leadledger.api.service.settings import Settings
from leadledger.api.uploads import proposing
from leadledger.api.uploads.kept_lists import UPLOADS
from leadledger.scoring.card.reader import parse_card
from leadledger.training.card_proposal.proposal import propose_card
from tests.api.answers import CARD
from tests.api.pages.new_card.sent_lists import make_list

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A browser at a service without keys."""
    app = create_app(Settings(home=tmp_path, card=CARD, log="off"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        client.get("/studio/new")
        yield client


def token(client: TestClient) -> str:
    """What forms of the visitor hold."""
    return make_form_token(client.cookies[COOKIE.decode()])


def send_list(client: TestClient, content: bytes, name: str = "leads.csv") -> Any:
    """Send a list as a form does, and follow to its page."""
    return client.post("/studio/new", data={"csrf": token(client)}, files={"file": (name, content, "text/csv")})


def read_hidden(page: str, name: str) -> str:
    """The value of a hidden input."""
    match = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', page)
    assert match is not None
    return html.unescape(match[1])


@pytest.mark.slow
def test_a_list_becomes_a_card(client: TestClient, tmp_path: Path) -> None:
    """The page has the proposal of `leadledger init`, and the answers make the card that is saved."""
    answer = send_list(client, make_list())
    assert answer.status_code == 200
    path = tmp_path / "leads.csv"
    path.write_bytes(make_list())
    text = read_hidden(answer.text, "text")
    assert text == propose_card(path).text
    assert "40 columns are read; 3 things are yours to decide." in answer.text
    assert "“10.000” in Budget: what is it?" in answer.text
    assert 'form="answers" aria-label="Kind of ' in answer.text
    form = {
        "csrf": token(client),
        "text": text,
        "name": "leads",
        "list": read_hidden(answer.text, "list"),
        "format-budget": "1,234.56",
        "lead": "need",
        "opportunity": ["need", "decider"],
    }
    page = client.post("/studio/new/card", data=form)
    assert "No mistakes: 39 fields." in page.text
    written = html.unescape(re.search(r"<textarea[^>]*>\n(.*)</textarea>", page.text, re.DOTALL)[1])  # type: ignore[index]
    card = parse_card(written)
    assert card.fields["budget"].number_format is not None
    assert [stage.requires for stage in card.stages if stage.name == "opportunity"] == [("need", "decider")]
    draft = client.post("/studio/new/draft", data={"csrf": token(client), "text": written})
    assert draft.url.path == "/studio/drafts/draft-1"
    assert client.get("/v1/drafts/draft-1").json()["text"] == written
    saved = client.post("/studio/new/file", data={"csrf": token(client), "name": "leads", "text": written})
    assert (saved.text, saved.headers["content-disposition"]) == (written, 'attachment; filename="leads.yaml"')


CHOSEN = """\
name: leads
fields:
  # 'Size': all numbers
  size: {kind: number, unit: EUR}
  # 'Job'
  job: {kind: text, learn: no} # asked by sales
  code: {kind: number, learn: no}
"""


def test_kind_and_learning_are_chosen(client: TestClient) -> None:
    """What is chosen of a column goes into the text, and nothing else of it changes; what can't be is refused."""
    form = {"csrf": token(client), "text": CHOSEN, "name": "leads"}
    chosen = {"learn-size": "no", "learn-job": "yes", "kind-code": "id", "kind-job": "", "learn-code": ""}
    page = client.post("/studio/new/card", data=form | chosen)
    written = html.unescape(re.search(r"<textarea[^>]*>\n(.*)</textarea>", page.text, re.DOTALL)[1])  # type: ignore[index]
    assert written == CHOSEN.replace("unit: EUR}", "unit: EUR, learn: no}").replace(
        "job: {kind: text, learn: no}", "job: {kind: text, learn: yes}"
    ).replace("code: {kind: number, learn: no}", "code: {kind: id}")
    assert parse_card(written).fields["code"].kind == "id"
    odd = client.post("/studio/new/card", data=form | {"kind-size": "<b>"})
    assert odd.status_code == 422
    assert "<b>" not in odd.text
    assert client.post("/studio/new/card", data=form | {"learn-none": "no"}).status_code == 422
    broken = client.post("/studio/new/card", data=form | {"text": "fields: [", "kind-size": "text"})
    assert broken.status_code == 422
    assert "Line 2: this is not YAML: the card ends here, and a bracket is still open" in broken.text


@pytest.mark.slow
def test_a_list_is_private_and_forgotten(client: TestClient, tmp_path: Path) -> None:
    """It lies in a folder of its own until it is forgotten; after that its page asks for it again."""
    page = send_list(client, make_list(30))
    kept = read_hidden(page.text, "list")
    assert [path.name for path in (tmp_path / UPLOADS / kept).iterdir()] == ["leads.csv"]
    assert str(tmp_path) not in page.text
    client.post("/studio/new/forget", data={"csrf": token(client), "list": kept})
    assert not (tmp_path / UPLOADS / kept).exists()
    again = client.get(f"/studio/new/list?list={kept}")
    assert again.status_code == 422
    assert "This list isn&#39;t kept any more" in again.text


@pytest.mark.slow
def test_a_column_is_chosen_as_the_outcome(client: TestClient) -> None:
    """Where two columns differ, none is chosen until somebody does; a column that is none is refused."""
    rows = [f"L{n},{'2025-02-01' if n % 5 == 0 else ''},{('Closed Won', 'Closed Lost')[n % 3 > 0]}" for n in range(300)]
    page = send_list(client, ("id,won_on,status\n" + "\n".join(rows)).encode())
    assert "Which column says what became of a lead?" in page.text
    kept = read_hidden(page.text, "list")
    chosen = client.get(f"/studio/new/list?list={kept}&outcome=status")
    assert "became: {field: status" in read_hidden(chosen.text, "text")
    form = {"csrf": token(client), "text": read_hidden(chosen.text, "text"), "outcome": "none"}
    assert "#outcome:" in client.post("/studio/new/card", data=form).text
    refused = client.get(f"/studio/new/list?list={kept}&outcome=id")
    assert refused.status_code == 422
    assert "it could be &#39;won_on&#39;, &#39;status&#39;." in refused.text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"a;b\n", "has a header and no rows"),
        ("a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 20, "PDF"),
        ("a.html", b"<html><body><table><tr><td>a</td></tr></table></body></html>", "HTML"),
        ("a.zip", b"PK\x03\x04" + bytes(200), ""),
        ("a.csv.gz", gzip.compress(b"a,b\n1,2\n")[:-9], ""),
        ("a.parquet", b"PAR1" + bytes(100) + b"PAR1", ""),
        ("a.csv", bytes(range(256)) * 50, ""),
        ("../../etc/<script>.csv", b"", "the file is empty"),
    ],
)
def test_what_is_no_list_is_refused_in_words(client: TestClient, name: str, content: bytes, message: str) -> None:
    """What, and that nothing came of it; no folder of the service is named."""
    answer = send_list(client, content, name)
    assert answer.status_code == 422
    assert message.lower() in answer.text.lower()
    assert 'id="file-mistake"' in answer.text
    assert "Traceback" not in answer.text
    assert "<script" not in answer.text
    assert UPLOADS not in answer.text


@pytest.mark.slow
def test_texts_of_a_list_stay_texts(client: TestClient) -> None:
    """Names of columns and values that are tags, or turn the direction of writing."""
    rows = "\n".join(f"{n},{HOSTILE}{n % 3},{n % 40 + 10}.000" for n in range(200))
    page = send_list(client, f"id,\u202e{HOSTILE},{HOSTILE} budget\n{rows}\n".encode())
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    shown = re.sub(r'value="[^"]*"', "", page.text)
    assert "\u202e" not in shown


def test_mistakes_of_a_text_are_named(client: TestClient) -> None:
    """With their lines; the text stays as it was sent."""
    text = f"name: a\nfields:\n  x: {{kind: nonsense}}\n# {HOSTILE}\n"
    page = client.post("/studio/new/card", data={"csrf": token(client), "text": text})
    assert page.status_code == 422
    assert "Line 3: " in page.text
    assert html.escape(HOSTILE) in page.text
    assert "<script" not in page.text


def test_a_form_needs_a_file_and_comes_from_a_page(client: TestClient) -> None:
    """Without a file it asks for one; without the token nothing is kept; a list that is too large isn't read."""
    answer = client.post("/studio/new", data={"csrf": token(client)}, files={"file": ("", b"")})
    assert "Choose a file first." in answer.text
    assert client.post("/studio/new", files={"file": ("a.csv", b"a\n1\n")}).status_code == 403
    assert client.post("/studio/new", data={"csrf": token(client)}).status_code == 415
    assert client.post("/studio/new", content=b"", headers={"Content-Length": str(LARGEST_BODY + 1)}).status_code == 413


def test_a_program_that_takes_too_long_is_ended(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says what to do instead."""
    monkeypatch.setattr(proposing, "PATIENCE", 0.01)
    answer = send_list(client, make_list(30))
    assert answer.status_code == 422
    assert "use `leadledger init` on the command line" in answer.text
