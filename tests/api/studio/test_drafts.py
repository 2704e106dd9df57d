"""Drafts over HTTP: two people edit, nothing is overwritten, and each knows what the other did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.models.releases.store import Releases
from tests.api.studio.conftest import CARD, publish

People = dict[str, dict[str, str]]


def ask(client: TestClient, people: People, who: str, method: str, path: str, body: Any = None) -> Any:
    """An answer that is no refusal."""
    answer = client.request(method, path, json=body, headers=people[who])
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_draft_begins_with_the_release(client: TestClient, people: People) -> None:
    """A new draft has the card of the current release, checked, and says who began it."""
    draft = ask(client, people, "Lena", "POST", "/v1/drafts", {})
    assert (draft["name"], draft["revision"], draft["text"]) == ("draft-1", 1, CARD)
    assert (draft["began_by"], draft["changes"], draft["can_undo"], draft["is_behind"]) == ("Lena", [], False, False)
    assert draft["check"]["readable"]
    assert (draft["check"]["passed"], draft["check"]["failed"]) == (1, 0)
    assert ask(client, people, "Mads", "POST", "/v1/drafts", {})["name"] == "draft-2"
    listed = ask(client, people, "Rita", "GET", "/v1/drafts")["drafts"]
    assert [(entry["name"], entry["began_by"]) for entry in listed] == [("draft-1", "Lena"), ("draft-2", "Mads")]


def test_edits_are_kept_and_undone(client: TestClient, people: People) -> None:
    """Each edit has its revision, its author and its words; undo goes back one edit after another, and is an edit."""
    ask(client, people, "Lena", "POST", "/v1/drafts", {"name": "x"})
    nine = CARD.replace("points: 8", "points: 9")
    draft = ask(client, people, "Lena", "POST", "/v1/drafts/x/change", {"revision": 1, "text": nine})
    assert draft["changes"] == [{"section": "rules", "name": "decider", "what": "changed"}]
    put = {"kind": "put_rule", "name": "visits", "keys": {"when": "visits > 2", "points": 5, "reason": "Comes back"}}
    draft = ask(client, people, "Mads", "POST", "/v1/drafts/x/change", {"revision": 2, "edits": [put], "what": "more"})
    assert "# who decides\n" in draft["text"]
    assert "name: visits" in draft["text"]
    assert [(edit["by"], edit["what"]) for edit in draft["edits"]] == [
        ("Lena", "began"),
        ("Lena", "rule decider changed"),
        ("Mads", "more"),
    ]
    draft = ask(client, people, "Lena", "POST", "/v1/drafts/x/undo", {"revision": 3})
    assert (draft["text"], draft["changed"], draft["revision"]) == (nine, "undid: more", 4)
    draft = ask(client, people, "Lena", "POST", "/v1/drafts/x/undo", {"revision": 4})
    assert (draft["text"], draft["can_undo"]) == (CARD, False)
    refused = client.post("/v1/drafts/x/undo", json={"revision": 5}, headers=people["Lena"])
    assert refused.status_code == 409
    assert refused.json()["detail"] == "The draft x has no edit that could be undone."
    assert len(ask(client, people, "Rita", "GET", "/v1/drafts/x")["edits"]) == 5


def test_two_people_at_one_draft(client: TestClient, people: People) -> None:
    """Who is slower is refused with what the other did and what both touched; merged where they touched other parts."""
    ask(client, people, "Lena", "POST", "/v1/drafts", {"name": "x"})
    hers = CARD.replace("points: 8", "points: 9")
    ask(client, people, "Lena", "POST", "/v1/drafts/x/change", {"revision": 1, "text": hers})
    his = {"revision": 1, "text": CARD.replace("points: 8", "points: 7").replace("points: 10", "points: 11")}
    refused = client.post("/v1/drafts/x/change", json=his, headers=people["Mads"])
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["detail"] == (
        "Lena changed the draft after revision 1: it is at revision 2; nothing was overwritten."
        " Both touched: rule decider."
    )
    first, second = problem["errors"]
    assert (second["path"], second["reason"]) == ("$.text", "both changed rule decider")
    assert first["reason"].startswith("revision 2 is of Lena, 20")
    assert first["reason"].endswith("rule decider changed")
    assert ask(client, people, "Rita", "GET", "/v1/drafts/x")["text"] == hers
    assert (
        client.post("/v1/drafts/x/change", json={**his, "on_conflict": "merge"}, headers=people["Mads"]).status_code
        == 409
    )
    merged = ask(client, people, "Mads", "POST", "/v1/drafts/x/change", {**his, "on_conflict": "theirs"})
    assert merged["text"] == hers.replace("points: 10", "points: 11")
    late = {"revision": 1, "text": f"{CARD}# late\n", "on_conflict": "merge"}
    assert ask(client, people, "Mads", "POST", "/v1/drafts/x/change", late)["text"] == f"{merged['text']}# late\n"
    other = {"revision": 2, "text": hers.replace("size > 100", "size > 99"), "on_conflict": "mine"}
    assert "size > 99" in ask(client, people, "Lena", "POST", "/v1/drafts/x/change", other)["text"]
    for path, body in (("undo", {"revision": 1}), ("publish", {"revision": 1, "note": "n"})):
        refused = client.post(f"/v1/drafts/x/{path}", json=body, headers=people["Mads"])
        assert refused.status_code == 409
        assert "nothing was overwritten" in refused.json()["detail"]
    assert client.delete("/v1/drafts/x?revision=1", headers=people["Mads"]).status_code == 409
    assert ask(client, people, "Mads", "DELETE", "/v1/drafts/x?revision=5") == {"name": "x"}
    gone = client.get("/v1/drafts/x", headers=people["Lena"])
    assert (gone.status_code, gone.json()["detail"]) == (404, "There is no draft 'x'.")


def test_a_release_that_was_published_meanwhile(client: TestClient, people: People, home: Path) -> None:
    """A draft says that it is behind, takes the release over where they touched other parts, and chooses elsewhere."""
    ask(client, people, "Lena", "POST", "/v1/drafts", {"name": "x"})
    text = CARD.replace("points: 10", "points: 11")
    ask(client, people, "Lena", "POST", "/v1/drafts/x/change", {"revision": 1, "text": text})
    refused = client.post("/v1/drafts/x/merge", json={"revision": 2}, headers=people["Lena"])
    assert "there is nothing to take over" in refused.json()["detail"]
    was, now = "2026-01-01-001", publish(home, CARD.replace("points: 8", "points: 6"), by="Mads")
    draft = ask(client, people, "Lena", "GET", "/v1/drafts/x")
    assert (draft["is_behind"], draft["release"], draft["current_release"]) == (True, was, now)
    obstacles = ask(client, people, "Lena", "GET", "/v1/drafts/x/compare")["obstacles"]
    assert obstacles[0]["text"] == f"Release {now} was published since the draft began; take it over first."
    draft = ask(client, people, "Lena", "POST", "/v1/drafts/x/merge", {"revision": 2})
    assert draft["text"] == text.replace("points: 8", "points: 6")
    assert (draft["release"], draft["is_behind"], draft["changed"]) == (now, False, f"took over release {now}")
    newest = publish(home, CARD.replace("points: 10", "points: 20"), by="Mads")
    refused = client.post("/v1/drafts/x/merge", json={"revision": 3}, headers=people["Lena"])
    assert refused.json()["detail"] == (
        f"Mads published release {newest} since the draft began; nothing was overwritten. Both touched: rule large."
    )
    revision = 3
    for side, points in (("theirs", 20), ("mine", 11)):
        body = {"revision": revision, "on_both": side}
        merged = ask(client, people, "Lena", "POST", "/v1/drafts/x/merge", body)
        assert (f"points: {points}" in merged["text"], merged["release"]) == (True, newest)
        undone = ask(client, people, "Lena", "POST", "/v1/drafts/x/undo", {"revision": merged["revision"]})
        revision = undone["revision"]
    assert ask(client, people, "Lena", "GET", "/v1/drafts/x")["release"] == now  # undo takes the release back, too


def test_mistakes_are_saved_and_shown_at_their_line(client: TestClient, people: People) -> None:
    """A text with mistakes is kept, with each mistake at its line, and can't be published."""
    ask(client, people, "Lena", "POST", "/v1/drafts", {"name": "x"})
    wrong = CARD.replace("points: 8", "points: 50k").replace("size > 100", "sise > 100")
    draft = ask(client, people, "Lena", "POST", "/v1/drafts/x/change", {"revision": 1, "text": wrong})
    assert [(mistake["line"], mistake["column"]) for mistake in draft["check"]["mistakes"]] == [(11, 13), (14, 11)]
    assert draft["check"]["mistakes"][1]["text"].endswith("Did you mean 'size'?")
    assert draft["check"] == ask(client, people, "Rita", "POST", "/v1/check", {"text": wrong})
    refused = client.post("/v1/drafts/x/publish", json={"revision": 2, "note": "n"}, headers=people["Lena"])
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["reason"] == (
        "Line 11: `points` of rule 'decider' is '50k', which is not written as a number; write 50000."
    )


NAMES = ["../../etc", "..%2f..%2fx", "%2e%2e", "x" * 61, "X", "a b", "-x", "a.b", "\u202ex", "x%00", "CON", "<b>"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_hostile_names(client: TestClient, people: People, home: Path, name: str) -> None:
    """A name that could lead out of the folder, or misleads, is refused, and no file is made of it."""
    before = sorted(path for path in home.rglob("*") if path.is_dir())
    refused = client.post("/v1/drafts", json={"name": name}, headers=people["Lena"])
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["reason"].startswith("can't name a draft: use a to z, 0 to 9 and -")
    assert client.get(f"/v1/drafts/{name}", headers=people["Lena"]).status_code == 404
    change = {"revision": 1, "text": "x"}
    assert client.post(f"/v1/drafts/{name}/change", json=change, headers=people["Lena"]).status_code == 404
    assert sorted(path for path in home.rglob("*") if path.is_dir()) == before


TEXTS = [
    "",
    "\0",
    "<script>alert(1)</script>",
    "\u202e\x1b[31m",
    "a: [" * 300,
    "name: x\r\nfields:\r\n",
    "\u2028",
    "# {\n",
]


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_hostile_texts_stay_as_they_are(client: TestClient, people: People, text: str) -> None:
    """Any text is kept sign for sign, refused by nobody but the reader, and never published."""
    draft = ask(client, people, "Lena", "POST", "/v1/drafts", {"name": "x", "text": text})
    assert draft["text"] == ask(client, people, "Lena", "GET", "/v1/drafts/x")["text"] == text
    assert draft["check"]["mistakes"]
    assert not draft["check"]["readable"]
    assert ask(client, people, "Lena", "POST", "/v1/drafts/x/preview", {})["problem"]
    refused = client.post("/v1/drafts/x/publish", json={"revision": 1, "note": "n"}, headers=people["Lena"])
    assert refused.status_code == 409


BODIES: list[tuple[str, Any, str]] = [
    ("change", {"revision": 0, "text": ""}, "is not a whole number from 1 to 999999"),
    ("change", {"revision": True, "text": ""}, "is not a whole number from 1 to 999999"),
    ("change", {"revision": 1}, "and `edits` exclude each other; send one of the two"),
    ("change", {"revision": 1, "text": 5}, "is a number; send a text"),
    (
        "change",
        {"revision": 1, "text": "", "on_conflict": "mime"},
        "is none of the words that it may be. Did you mean 'mine'?",
    ),
    (
        "change",
        {"revision": 1, "edits": [{"kind": "put_rul"}]},
        "`kind` of an edit is 'put_rul'. Did you mean 'put_rule'?",
    ),
    ("change", {"revision": 1, "edits": [{}] * 101}, "holds 101 edits; send at most 100 at once"),
    ("publish", {"revision": 1, "note": " "}, "is empty; say in a sentence what is new"),
    (
        "merge",
        {"revision": 1, "on_both": None},
        "is none of the words that it may be. Use one of: refuse, mine, theirs.",
    ),
    ("trials", {}, "is missing"),
    ("preview", [], 'is a list; send an object like {"text": "name: …"}'),
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "body", "reason"), BODIES)
def test_mistakes_in_requests(client: TestClient, people: People, path: str, body: Any, reason: str) -> None:
    """What a body has wrong is said with its path."""
    refused = client.post(f"/v1/drafts/x/{path}", json=body, headers=people["Lena"])
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["reason"] == reason


def test_lone_surrogates_are_refused(client: TestClient, people: People) -> None:
    """A text that no file can hold is refused before anything is kept."""
    body = b'{"name": "x", "text": "a\\ud800"}'
    headers = {**people["Lena"], "Content-Type": "application/json"}
    refused = client.post("/v1/drafts", content=body, headers=headers)
    assert refused.status_code == 422
    assert ask(client, people, "Lena", "GET", "/v1/drafts") == {"drafts": []}


def test_a_damaged_draft_is_named(client: TestClient, people: People, home: Path) -> None:
    """A revision that is not as it was written is a refusal, not a failure."""
    ask(client, people, "Lena", "POST", "/v1/drafts", {"name": "x"})
    (home / "drafts" / "x" / "000001.yaml").write_bytes(b"# [1\n\xff")
    refused = client.get("/v1/drafts/x", headers=people["Lena"])
    assert (refused.status_code, refused.json()["detail"]) == (
        503,
        "Revision 1 of the draft x is damaged; discard the draft.",
    )
    assert Releases(home).current() == "2026-01-01-001"
