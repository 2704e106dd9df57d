"""From a draft to a release and back: what it does, what stands against it, what is said of it, and who did it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.log.store import LogStore
from leadledger.api.service.loaded import load_release
from leadledger.api.service.rescore import rescore_book
from leadledger.api.service.scoring import today
from leadledger.api.service.settings import Settings
from leadledger.api.studio import lead_sample
from leadledger.api.studio.studio import Studio
from leadledger.models.releases.store import Releases
from leadledger.scoring.gate import Threshold
from leadledger.scoring.scorecard import Learned
from tests.api.studio.conftest import CARD, LEARNED, publish
from tests.api.studio.test_drafts import People, ask

EDITED = CARD.replace("points: 8", "points: 30").replace("size > 100", "size > 200")
MEASURED = (
    "The rules were edited after training: trust, thresholds, places and promises were measured with the rules of"
    " release 2026-01-01-001. Train again to measure them with these rules."
)


def begin(client: TestClient, people: People, text: str = EDITED) -> None:
    """A draft of Lena's with one edit."""
    ask(client, people, "Lena", "POST", "/v1/drafts", {"name": "x"})
    ask(client, people, "Lena", "POST", "/v1/drafts/x/change", {"revision": 1, "text": text})


def test_a_preview_foretells_the_rescore(client: TestClient, people: People, home: Path) -> None:
    """What a preview says of all known leads is what a rescore by the published release finds, move by move."""
    begin(client, people)
    preview = ask(client, people, "Rita", "POST", "/v1/drafts/x/preview", {})
    assert (preview["leads"], preview["known"], preview["problem"]) == (300, 300, "")
    assert preview["edits"] == [
        {"kind": "rule", "name": "decider", "words": "+8.0 → +30.0", "alone": preview["edits"][0]["alone"]},
        {
            **{"kind": "rule", "name": "large", "words": "when: size > 100 → size > 200"},
            "alone": preview["edits"][1]["alone"],
        },
    ]
    assert preview["edits"][0]["alone"] > 100  # `ceo` too: the card spells it CEO
    assert preview["moves"][0]["mostly_by"] == "rule decider"
    ask(client, people, "Lena", "POST", "/v1/drafts/x/publish", {"revision": 2, "note": "CEOs count more"})
    log: LogStore = client.app.state.service.decision_log.store  # type: ignore[attr-defined]
    loaded = load_release(Settings(home=home), None)
    rescore = rescore_book(log, loaded, home, today("UTC"), is_dry=True).to_dict()
    assert rescore["moved"] == preview["moved"] > 200
    for what, key in (("recommendation", "recommendations"), ("grade", "grades")):
        moves = {(move["before"], move["after"]): move["leads"] for move in preview["moves"] if move["what"] == what}
        assert moves == {(move["before"], move["after"]): move["leads"] for move in rescore[key]}
    assert preview["changed"] == rescore["decisions"]
    moved = [(move["after"] == "promote") - (move["before"] == "promote") for move in rescore["recommendations"]]
    gained = sum(move["leads"] * sign for move, sign in zip(rescore["recommendations"], moved, strict=True))
    assert preview["promoted_after"] - preview["promoted_before"] == gained > 0


def test_a_sample_is_spread_evenly(client: TestClient, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more leads than a preview takes, it takes as many as it may, spread over their ids, each time the same."""
    monkeypatch.setattr(lead_sample, "SAMPLE", 70)
    begin(client, people)
    studio: Studio = client.app.state.studio  # type: ignore[attr-defined]
    samples = []
    for _ in range(2):
        keeper = lead_sample.SampleKeeper(studio.service)
        sample = asyncio.run(keeper.get(studio.service.loaded, today("UTC")))
        samples.append([weighed.lead.row.lead for weighed in sample.leads])
        assert (sample.known, sample.is_whole) == (300, False)
    assert samples[0] == samples[1]
    numbers = [int(lead[1:]) for lead in samples[0]]
    assert len(numbers) == 70
    assert {after - before for before, after in pairwise(numbers)} == {4, 5}
    preview = ask(client, people, "Rita", "POST", "/v1/drafts/x/preview", {})
    assert (preview["leads"], preview["known"]) == (70, 300)


def test_a_preview_of_a_text_that_is_not_saved(client: TestClient, people: People) -> None:
    """A preview takes the text that somebody types; a new field has no value yet, and the answer says so."""
    begin(client, people)
    text = EDITED.replace("  visits:", "  owner_rank: {kind: number}\n  visits:").replace(
        "size > 200", "owner_rank > 1"
    )
    preview = ask(client, people, "Rita", "POST", "/v1/drafts/x/preview", {"text": text})
    assert preview["notes"] == [
        "No known lead has a value for 'owner_rank' yet: what the draft does with it can't be tried."
    ]
    lead = preview["changed_leads"][0]
    assert round(lead["after"]["points"] - lead["before"]["points"], 1) == lead["difference"]
    assert round(sum(entry["difference"] for entry in lead["moved"]), 1) == lead["difference"]
    gone = EDITED.replace("  visits: {kind: number}\n", "")
    preview = ask(client, people, "Rita", "POST", "/v1/drafts/x/preview", {"text": gone})
    assert preview["leads"] == 0
    assert preview["problem"] == (
        "the term 'visits' asks the field 'visits', which the card doesn't have. Use one of: lead_id, job, size.\n"
        "Release 2026-01-01-001 scores by it. Put it back into the card, or train again with this card"
    )
    other = ask(
        client, people, "Rita", "POST", "/v1/drafts/x/preview", {"text": EDITED.replace("name: small", "name: b")}
    )
    assert other["problem"].startswith("the draft is of the card 'b', and the leads are of 'small'")


def test_a_draft_is_published(client: TestClient, people: People, home: Path) -> None:
    """A published draft is the current release, served at once; it has what was learned, and says so."""
    begin(client, people)
    compared = ask(client, people, "Rita", "GET", "/v1/drafts/x/compare")
    assert (compared["added"], compared["removed"], compared["obstacles"]) == (2, 2, [])
    assert compared["notes"] == [MEASURED]
    changed = [line for line in compared["lines"] if line["sign"] in "+-"]
    assert changed[0] == {"sign": "-", "old": 11, "new": 0, "text": "    points: 8"}
    assert changed[1] == {"sign": "+", "old": 0, "new": 11, "text": "    points: 30"}
    body = {"revision": 2, "note": "CEOs  count\n\u202e\x1b more"}
    published = ask(client, people, "Lena", "POST", "/v1/drafts/x/publish", body)
    name = published["release"]
    assert published == {"release": name, "was": "2026-01-01-001", "note": "CEOs count more", "notes": [MEASURED]}
    assert ask(client, people, "Rita", "GET", "/v1/releases")["serves"] == name
    assert ask(client, people, "Rita", "GET", "/v1/drafts") == {"drafts": []}
    opened, shown = Releases(home).open(), Releases(home).show()
    promise = "at least 70% become one, measured with the rules of release 2026-01-01-001"
    learned = replace(LEARNED, thresholds={"opportunity": Threshold(600, promise=promise)})
    assert (opened.learned, opened.card.rules[0].points) == (learned, 300)
    assert (shown["note"], shown["metrics"]) == (
        "CEOs count more",
        {
            **{"edited_from": "2026-01-01-001", "measured_with": "2026-01-01-001", "measure": "2026-01-01-001"},
            "said": MEASURED,
        },
    )
    source = shown["provenance"]
    assert (source["data"], source["edited_by"], source["measured_with"]) == ("history.csv", "Lena", "2026-01-01-001")
    assert [(edit["by"], edit["what"]) for edit in source["edits"]] == [
        ("Lena", "began"),
        ("Lena", "rule decider changed, rule large changed"),
    ]
    findings = ask(client, people, "Rita", "GET", "/v1/rules/findings")
    assert (findings["release"], findings["leads"]) == ("2026-01-01-001", 15)


def test_who_did_what_when(client: TestClient, people: People) -> None:
    """The history says who published, and who rolled back; rolling back is choosing an earlier release."""
    begin(client, people)
    name = ask(client, people, "Lena", "POST", "/v1/drafts/x/publish", {"revision": 2, "note": "n"})["release"]
    ask(client, people, "Mads", "POST", "/v1/releases/2026-01-01-001/use")
    history = ask(client, people, "Rita", "GET", "/v1/releases/history")
    assert history["current"] == "2026-01-01-001"
    rows = [(row["by"], row["change"], row["was"], row["release"], row["note"]) for row in history["changes"]]
    assert rows == [
        ("Mads", "chosen", name, "2026-01-01-001", ""),
        ("Lena", "published", "2026-01-01-001", name, "n"),
        ("", "published", "", "2026-01-01-001", "trained"),
    ]
    assert all(row["happened"] and row["at"].endswith("+00:00") for row in history["changes"])


def test_a_failing_case_blocks_until_it_is_accepted(client: TestClient, people: People, home: Path) -> None:
    """A case that fails stands against publishing; accepted, it expects what it is, and its other lines stay."""
    begin(client, people, CARD.replace("points: 10", "points: 15").replace("size > 100", "size > 400"))
    draft = ask(client, people, "Rita", "GET", "/v1/drafts/x")
    (case,) = draft["check"]["cases"]
    assert [(output["key"], output["expected"], output["is"]) for output in case["outputs"]] == [
        ("points", "60.0", "65.0"),
        ("grade", "B", "B"),
        ("fires", "large", "large"),
    ]
    refused = client.post("/v1/drafts/x/publish", json={"revision": 2, "note": "n"}, headers=people["Lena"])
    assert refused.json()["errors"][0]["reason"] == (
        "Line 22: the case 'a large firm' fails: expected points 60.0, got 65.0 (65.0 points)."
    )
    text = draft["text"].replace("size > 400", "size > 800")
    ask(client, people, "Lena", "POST", "/v1/drafts/x/change", {"revision": 2, "text": text})
    body = {"revision": 3, "case": "a large firm"}
    accepted = ask(client, people, "Lena", "POST", "/v1/drafts/x/accept", body)
    assert "    expect: {points: 50, grade: C}\n" in accepted["text"]
    assert (accepted["check"]["failed"], accepted["changed"]) == (0, "accepted the case 'a large firm'")
    for case_name, reason in (("a large firm", "passes already"), ("b", "or can't be read")):
        body = {"revision": 4, "case": case_name}
        refused = client.post("/v1/drafts/x/accept", json=body, headers=people["Lena"])
        assert refused.status_code == 409
        assert reason in refused.json()["detail"]
    ask(client, people, "Lena", "POST", "/v1/drafts/x/publish", {"revision": 4, "note": "n"})


def test_what_stands_against_publishing(client: TestClient, people: People, home: Path) -> None:
    """The same text, another card, a field that tables read, and a service that serves one card: each is said."""
    ask(client, people, "Lena", "POST", "/v1/drafts", {"name": "x"})
    texts = {
        CARD: "The draft is the same as the current release.",
        CARD.replace("name: small", "name: other"): "The draft is of the card 'other'",
        CARD.replace("  visits: {kind: number}\n", ""): "the term 'visits' asks the field 'visits'",
    }
    for revision, (text, reason) in enumerate(texts.items(), 1):
        ask(client, people, "Lena", "POST", "/v1/drafts/x/change", {"revision": revision, "text": text})
        body = {"revision": revision + 1, "note": "n"}
        refused = client.post("/v1/drafts/x/publish", json=body, headers=people["Lena"])
        assert refused.status_code == 409
        assert refused.json()["errors"][0]["reason"].startswith(reason)
    assert Releases(home).names() == ("2026-01-01-001",)


def test_rules_alone_stay_rules_alone(client: TestClient, people: People, home: Path) -> None:
    """Where nothing was learned, the edited card counts as declared, base rate and threshold included."""
    publish(home, learned=Learned())
    ask(client, people, "Lena", "POST", "/v1/releases/2026-01-01-002/use")
    text = f"{CARD.replace('points: 60}', 'points: 55}')}base_rate: 0.1\n"
    begin(client, people, text)
    published = ask(client, people, "Lena", "POST", "/v1/drafts/x/publish", {"revision": 2, "note": "n"})
    opened = Releases(home).open()
    assert published["notes"] == []
    assert (opened.learned.base_rate, opened.learned.trust, opened.learned.thresholds) == (0.1, 1.0, {})
    assert "said" not in Releases(home).show()["metrics"]


def test_an_edit_of_an_edit(client: TestClient, people: People, home: Path) -> None:
    """However often rules are edited, the release that was measured stays named; its leads stay known, unjudged."""
    known = {
        **{"format": 1, "leads": 2, "until": None, "bits": 11, "digests": "AAEAAg==", "totals": "9AH0AQ=="},
    }
    publish(home, files={"known_leads.json": json.dumps(known).encode()})
    ask(client, people, "Lena", "POST", "/v1/releases/2026-01-01-002/use")
    for points in (30, 31):
        begin(client, people, CARD.replace("points: 8", f"points: {points}"))
        ask(client, people, "Lena", "POST", "/v1/drafts/x/publish", {"revision": 2, "note": "n"})
    shown: dict[str, Any] = Releases(home).show()
    assert shown["metrics"]["measured_with"] == shown["provenance"]["measured_with"] == "2026-01-01-002"
    promise = Releases(home).open().learned.thresholds["opportunity"].promise
    assert promise == "at least 70% become one, measured with the rules of release 2026-01-01-002"
    record = json.loads(Releases(home).read(shown["name"], "known_leads.json"))
    assert (record["digests"], record["totals"]) == (known["digests"], "AIAAgA==")
    assert date.fromisoformat(shown["created"][:10]) > date(2026, 1, 1)
