"""The web service, called in process: what it answers, and how it refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import leadledger
from leadledger.api.app import create_app
from leadledger.api.http.access import OPEN, needs
from leadledger.api.http.direct import DirectRoute
from leadledger.api.http.problem import MEDIA_TYPE
from leadledger.api.requests.mistakes import MOST_MISTAKES_LISTED
from leadledger.api.service import scoring
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import ReleaseError, ScorecardError
from leadledger.scoring.lookup import Branch, Combination, FlagBins, Leaf, NumberBins, Pair, Table
from leadledger.scoring.scorecard import Learned
from tests.effort import examples

ROOT = Path(__file__).parents[2]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
DAY = "2026-01-01"
JSON = {"Content-Type": "application/json"}
LEAD = {"stage": "lead", "need": "urgent", "budget": "25000", "NumberOfEmployees": 120, "last_activity": "2025-12-20"}
RULES = leadledger.load(CARD)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A client of a service with small limits, so that tests reach them."""
    with TestClient(create_app(Settings(log="off", card=CARD, max_batch=150, max_body=50_000))) as found:
        yield found


def expected(lead: dict[str, Any], day: str = DAY) -> dict[str, Any]:
    """What the core says of a lead, as JSON carries it."""
    result = leadledger.score(RULES, lead, date.fromisoformat(day)).to_dict()
    found: dict[str, Any] = json.loads(json.dumps({"id": "", **result}))
    return found


# -- answers -----------------------------------------------------------------------------------------------------------


def test_score_is_the_core_s(client: TestClient) -> None:
    """One lead gets the result that the core gives it, with the names of a CRM too."""
    answer = client.post("/v1/score", json={"lead": LEAD, "as_of": DAY})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == expected(LEAD)
    assert answer.json()["ignored"] == []


def test_ledger_adds_up(client: TestClient) -> None:
    """The entries of the ledger add up to the points, to the last tenth."""
    found = client.post("/v1/score", json={"lead": LEAD, "as_of": DAY}).json()
    assert sum(round(one["points"] * 10) for one in found["ledger"]) == round(found["points"] * 10)


def test_batch_keeps_the_order(client: TestClient) -> None:
    """A batch has one result a lead, in the order of the leads."""
    leads = [{"employees": at, "need": ("clear", "urgent", None)[at % 3]} for at in range(45)]
    answer = client.post("/v1/score/batch", json={"leads": leads, "as_of": DAY})
    assert answer.status_code == 200
    items = [{"status": 200, "errors": [], "result": expected(lead)} for lead in leads]
    assert answer.json() == {"scored": 45, "refused": 0, "results": items}


@pytest.mark.parametrize("body", [{"lead": {}}, {"lead": {}, "as_of": None}])
def test_no_day_is_today(client: TestClient, body: dict[str, Any]) -> None:
    """A request without a day is scored as of today, in UTC."""
    before = datetime.now(UTC).date()
    found = date.fromisoformat(client.post("/v1/score", json=body).json()["as_of"])
    assert before <= found <= datetime.now(UTC).date()


def test_day_of_a_batch(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """All leads of a batch are scored as of the same day, whenever midnight comes."""
    days = iter([date(2026, 1, 1), date(2026, 1, 2)])
    monkeypatch.setattr(scoring, "today", lambda: next(days))
    found = client.post("/v1/score/batch", json={"leads": [{}, {}]}).json()["results"]
    assert [one["result"]["as_of"] for one in found] == ["2026-01-01", "2026-01-01"]


def test_unused_names_are_told(client: TestClient) -> None:
    """Names that no field uses are ignored and listed, whatever alphabet they are in."""
    found = client.post("/v1/score", json={"lead": {"favourite_color": "red", "größe": 3, "Name 2": None}}).json()
    assert found["ignored"] == ["favourite_color", "größe", "Name 2"]


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.crm+json"])
def test_json_by_any_name(client: TestClient, media: str) -> None:
    """Whatever media type says JSON is taken, with a byte order mark too."""
    content = b"\xef\xbb\xbf" + json.dumps({"lead": LEAD, "as_of": DAY}).encode()
    assert client.post("/v1/score", content=content, headers={"Content-Type": media}).json() == expected(LEAD)


def test_chunked_body(client: TestClient) -> None:
    """A body that comes in pieces, without its length, is read; and refused as soon as it is too large."""
    whole = json.dumps({"lead": LEAD, "as_of": DAY}).encode()
    assert client.post("/v1/score", content=iter([whole[:50], whole[50:]]), headers=JSON).json() == expected(LEAD)
    endless = iter(b" " * 1000 for _ in range(1000))
    assert client.post("/v1/score", content=endless, headers=JSON).status_code == 413


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health(client: TestClient, path: str) -> None:
    """Both health checks answer GET and HEAD, once the card is loaded."""
    assert client.get(path).json()["status"] == path.removeprefix("/health/")
    assert client.head(path).status_code == 200


def test_scorecard(client: TestClient) -> None:
    """The scorecard can be read: names, questions, columns, rules with both points, and the lines of stages."""
    found = client.get("/v1/scorecard").json()
    fields = {one["name"]: one for one in found["fields"]}
    rules = {one["name"]: one for one in found["rules"]}
    stages = {one["name"]: one for one in found["stages"]}
    assert (found["name"], found["release"], found["base_rate"], found["trust"]) == ("b2b-software", "", 0.09, 1.0)
    assert fields["employees"]["columns"] == ["employees", "NumberOfEmployees", "numberofemployees", "No_of_Employees"]
    assert fields["budget"]["question"] == "What budget is set aside for it?"
    assert fields["need"]["values"] == ["none", "vague", "clear", "urgent"]
    assert fields["days_silent"]["is"] == "days_since(last_activity)"
    assert rules["urgent_need"]["points"] == {"declared": 15.0, "effective": 15.0}
    assert rules["recent_activity"]["half_life"] == {"days": 14, "of": "last_activity"}
    assert stages["opportunity"]["line"] == 90.0
    assert stages["opportunity"]["requires"] == ["need", "budget", "timing"]
    assert {one["name"] for one in found["criteria"]} == {"need", "budget", "timing", "authority"}
    assert [(one["grade"], one["from"]) for one in found["grades"]] == [("A", 70), ("B", 55), ("C", 40), ("D", None)]


# -- a release ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two releases; the first trusts the rules by half, and has a term of each kind."""
    releases = Releases(tmp_path)
    bins = NumberBins((10.0, 50.0))
    terms = (
        Table("employees", bins, (0, -30, 5, 20), (5, 10, 20, 30)),
        Pair(("employees", "newsletter"), (bins, FlagBins()), ((0, 1, 2),) * 4, ((1, 2, 3),) * 4, ((4, 5, 6),) * 4),
        Combination(
            ("employees", "newsletter", "competitor"),
            (bins, FlagBins(), FlagBins()),
            (
                Branch(
                    "employees",
                    (0, 1, 2),
                    Branch("newsletter", (2,), Branch("competitor", (2,), Leaf(-9, 4), Leaf(3, 5)), Leaf(1, 6)),
                    Leaf(0, 7),
                ),
            ),
            error=11,
        ),
    )
    for learned in (Learned(base_rate=0.2, trust=0.5, terms=terms), Learned(base_rate=0.3)):
        releases.publish(CARD.read_text(), learned, metrics={}, provenance={}, created=datetime(2026, 1, 1, tzinfo=UTC))
    return tmp_path


def test_current_release_is_served(home: Path) -> None:
    """Without a card, the current release is served, and says its name."""
    found = TestClient(create_app(Settings(log="off", home=home)))
    assert found.get("/health/ready").json()["release"] == Releases(home).current()
    assert found.post("/v1/score", json={"lead": {}}).json()["release"] == Releases(home).current()


def node(number: int, **said: Any) -> dict[str, Any]:
    """A node of the first tree of a combination, with every key."""
    return {
        **{"tree": 0, "node": number, "field": "", "bins": [], "then": None, "else": None},
        **{"points": None, "leads": None},
        **said,
    }


def test_release_is_pinned(home: Path) -> None:
    """A named release is served, current or not, with its tables and its trust."""
    first = Releases(home).names()[0]
    found = TestClient(create_app(Settings(log="off", home=home, release=first))).get("/v1/scorecard").json()
    assert (found["release"], found["trust"], found["base_rate"]) == (first, 0.5, 0.2)
    assert found["rules"][0]["points"] == {"declared": 15.0, "effective": 7.5}
    assert found["groups"][0]["max"] == {"declared": 20.0, "effective": 10.0}
    table, pair = found["tables"]
    assert table["bins"][1] == {"labels": ["below 10"], "points": -3.0, "plus_minus": None, "leads": 10}
    assert (pair["fields"], pair["bins"][2]["labels"]) == (["employees", "newsletter"], ["missing", "yes"])
    assert [one["plus_minus"] for one in pair["bins"][:3]] == [0.4, 0.5, 0.6]
    (combination,) = found["combinations"]
    assert combination == {
        "name": "employees & newsletter & competitor",
        "fields": ["employees", "newsletter", "competitor"],
        "plus_minus": 1.1,
        "nodes": [
            node(0, field="employees", bins=["missing", "below 50"], **{"then": 1, "else": 6}),
            node(1, field="newsletter", bins=["yes"], **{"then": 2, "else": 5}),
            node(2, field="competitor", bins=["yes"], **{"then": 3, "else": 4}),
            node(3, points=-0.9, leads=4),
            node(4, points=0.3, leads=5),
            node(5, points=0.1, leads=6),
            node(6, points=0.0, leads=7),
        ],
    }


def test_answers_of_a_release_are_as_described(home: Path) -> None:
    """With learned terms of each kind, the score and the scorecard still have the shapes that are promised."""
    found = TestClient(create_app(Settings(log="off", home=home, release=Releases(home).names()[0])))
    api = found.get("/openapi.json").json()
    answer = found.post("/v1/score", json={"lead": {"employees": 5, "newsletter": "yes"}}).json()
    assert {one["kind"] for one in answer["ledger"]} >= {"start", "table", "pair", "combination"}
    assert answer["plus_minus"] == 1.3  # the root of 6² + 11², in tenths
    for name, one in (("Result", answer), ("Scorecard", found.get("/v1/scorecard").json())):
        schema(api, name).validate(one)


def test_nothing_to_serve(tmp_path: Path) -> None:
    """Without a release, or with a card that has mistakes, there is no service."""
    with pytest.raises(ReleaseError):
        create_app(Settings(home=tmp_path))
    bad = tmp_path / "card.yaml"
    bad.write_text("name: x\n")
    with pytest.raises(ScorecardError, match=r"card\.yaml:1:1: "):
        create_app(Settings(card=bad))


# -- refusals ----------------------------------------------------------------------------------------------------------

SCORE, BATCH = "/v1/score", "/v1/score/batch"
FLAT = "a lead is flat: each value is a text, a number, true, false or null"
HUGE = "is a number beyond the range of a double (1.8e308)"
NO_SCORE = "nothing was scored."
SHAPES = ["type", "title", "status", "detail", "errors", "request_id"]

# What is sent (a text as it is, anything else as JSON), and the mistakes that come back: path, reason.
MISTAKES: dict[str, tuple[str, Any, list[tuple[str, str]]]] = {
    "no object": (SCORE, [1], [("$", 'is a list; send an object like {"lead": …}')]),
    "no object, a text": (BATCH, '"x"', [("$", 'is a text; send an object like {"leads": …}')]),
    "no object, null": (SCORE, "null", [("$", 'is null; send an object like {"lead": …}')]),
    "no object, NaN": (SCORE, "NaN", [("$", 'is NaN, which JSON does not have; send an object like {"lead": …}')]),
    "nothing": (SCORE, {}, [("$.lead", "is missing")]),
    "no leads": (BATCH, {}, [("$.leads", "is missing")]),
    "unknown keys": (
        SCORE,
        {"lead": {}, "as_off": DAY, "x y": 1},
        [("$.as_off", "unknown key. Did you mean 'as_of'?"), ('$["x y"]', "unknown key. Use one of: lead, as_of.")],
    ),
    "a lead by itself": (
        SCORE,
        {"employees": 3},
        [("$.employees", "unknown key. Use one of: lead, as_of."), ("$.lead", "is missing")],
    ),
    "no such day": (
        SCORE,
        {"lead": {}, "as_of": "2026-02-30"},
        [("$.as_of", "is not a date; write it like 2026-01-31")],
    ),
    "a day of another form": (
        SCORE,
        {"lead": {}, "as_of": "2026-W01-1"},
        [("$.as_of", "is not a date; write it like 2026-01-31")],
    ),
    "a day as a number": (
        SCORE,
        {"lead": {}, "as_of": 20260101},
        [("$.as_of", "is a number, not a date; write it like 2026-01-31")],
    ),
    "a day beyond all numbers": (
        SCORE,
        '{"lead": {}, "as_of": 1e999}',
        [("$.as_of", "is a number, not a date; write it like 2026-01-31")],
    ),
    "a day of many digits": (
        SCORE,
        f'{{"lead": {{}}, "as_of": {"9" * 4000}}}',
        [("$.as_of", "is a number, not a date; write it like 2026-01-31")],
    ),
    "a day that is NaN": (
        SCORE,
        '{"lead": {}, "as_of": NaN}',
        [("$.as_of", "is NaN, which JSON does not have, not a date; write it like 2026-01-31")],
    ),
    "a lead that is a list": (
        SCORE,
        {"lead": [1]},
        [("$.lead", 'is a list; a lead is an object like {"employees": 120}')],
    ),
    "a lead that is null": (
        SCORE,
        {"lead": None},
        [("$.lead", 'is null; a lead is an object like {"employees": 120}')],
    ),
    "leads that are no list": (BATCH, {"leads": {}}, [("$.leads", "is an object; send a list of leads")]),
    "leads that are none": (BATCH, {"leads": []}, [("$.leads", "is empty; send at least one lead")]),
    "too many leads": (BATCH, {"leads": [{}] * 151}, [("$.leads", "holds 151 leads; send at most 150 at once")]),
    "nested values": (
        SCORE,
        {"lead": {"budget": {"amount": 1}, "other": [], "employees": "x"}},
        [
            ("$.lead.budget", f"is an object; {FLAT}"),
            ("$.lead.other", f"is a list; {FLAT}"),
            ("$.lead.employees", "'x' is not a number; write it like 25000, 2.5 or 1e6"),
        ],
    ),
    "as deep as may be": (
        SCORE,
        f'{{"lead": {{"a": {"[" * 30}{"]" * 30}, "b": "{"[" * 40}"}}}}',
        [("$.lead.a", f"is a list; {FLAT}")],
    ),
    "the same field twice": (
        SCORE,
        {"lead": {"employees": 3, "NumberOfEmployees": 4}},
        [("$.lead.NumberOfEmployees", "'employees' has another value under 'employees'; send one of the two")],
    ),
    "the same key twice": (
        SCORE,
        '{"lead": {"employees": 3, "employees": 3, "x": 1, "x": 2}, "as_of": null, "as_of": null}',
        [
            ("$.as_of", "is given more than once; send it once"),
            ("$.lead.employees", "is given more than once; send it once"),
            ("$.lead.x", "is given more than once; send it once"),
        ],
    ),
    "numbers that JSON lacks": (
        SCORE,
        '{"lead": {"budget": NaN, "employees": -Infinity, "x": Infinity}}',
        [
            ("$.lead.budget", "is NaN, which JSON does not have; send null for what is not known"),
            ("$.lead.employees", "is -Infinity, which JSON does not have; send null for what is not known"),
            ("$.lead.x", "is Infinity, which JSON does not have; send null for what is not known"),
        ],
    ),
    "numbers that no double holds": (
        SCORE,
        f'{{"lead": {{"budget": 1e999, "employees": {"9" * 400}, "x": -{"9" * 5000}}}}}',
        [("$.lead.budget", HUGE), ("$.lead.employees", HUGE), ("$.lead.x", HUGE)],
    ),
    "half a character": (
        SCORE,
        '{"lead": {"industry": "\\ud800", "x\\udfff": 1}}',
        [
            ('$.lead["x?"]', "the name holds half a character (a lone surrogate)"),
            ("$.lead.industry", "'\\ud800' is not a text: it holds half a character"),
        ],
    ),
    "names without end": (
        SCORE,
        {"lead": {str(at): 1 for at in range(2001)}},
        [("$.lead", "has 2,001 names; send at most 2,000, those that the card uses")],
    ),
    "a name without end": (
        SCORE,
        {"lead": {"x" * 201: 1}},
        [(f'$.lead["{"x" * 79}…"]', "the name is longer than 200 characters")],
    ),
}

# Refusals of other kinds: the request, its status, the sentence.
OTHERS: dict[str, tuple[str, str, dict[str, str], bytes, int, str]] = {
    "empty": ("POST", SCORE, JSON, b"", 400, "The body is not JSON: it is empty."),
    "blank": ("POST", SCORE, JSON, b" \n ", 400, "The body is not JSON: it is empty."),
    "cut off": (
        "POST",
        SCORE,
        JSON,
        b'{"lead": {"employees": 3}\n',
        400,
        "The body is not JSON: expecting ',' delimiter, at line 2, column 1.",
    ),
    "more after it": ("POST", SCORE, JSON, b"{} {}", 400, "The body is not JSON: extra data, at line 1, column 4."),
    "not UTF-8": ("POST", SCORE, JSON, b'{"lead": "\xff"}', 400, "The body is not JSON: byte 11 is not UTF-8 text."),
    "UTF-16": ("POST", SCORE, JSON, "{}".encode("utf-16"), 400, "The body is not JSON: byte 1 is not UTF-8 text."),
    "depths": ("POST", SCORE, JSON, b"[" * 49_000, 400, "The body is nested more than 32 levels deep."),
    "depths of objects": (
        "POST",
        BATCH,
        JSON,
        b'{"leads":' * 5_000,
        400,
        "The body is nested more than 32 levels deep.",
    ),
    "a level too many": (
        "POST",
        SCORE,
        JSON,
        b'{"lead": {"a": ' + b"[" * 31 + b"]" * 31 + b"}}",
        400,
        "The body is nested more than 32 levels deep.",
    ),
    "too large": (
        "POST",
        SCORE,
        JSON,
        b" " * 50_001,
        413,
        "The body is larger than 50,000 bytes; send fewer leads at once.",
    ),
    "a form": (
        "POST",
        SCORE,
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"{}",
        415,
        "The body must be JSON; send it with the header `Content-Type: application/json`.",
    ),
    "no type": (
        "POST",
        BATCH,
        {},
        b"{}",
        415,
        "The body must be JSON; send it with the header `Content-Type: application/json`.",
    ),
    "compressed": (
        "POST",
        SCORE,
        {**JSON, "Content-Encoding": "gzip"},
        b"\x1f\x8b",
        415,
        "The body is compressed; send it as it is, without a Content-Encoding.",
    ),
    "no such path": ("GET", "/nope", {}, b"", 404, "Nothing is at this path. GET /docs lists the paths."),
    "a slash too many": ("POST", "/v1/score/", JSON, b"{}", 404, "Nothing is at this path. GET /docs lists the paths."),
    "GET for POST": ("GET", SCORE, {}, b"", 405, "This path accepts only POST."),
    "POST for GET": ("POST", "/v1/scorecard", JSON, b"{}", 405, "This path accepts only GET."),
}


def is_problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """The one shape of every refusal (RFC 9457):

    {"type": "about:blank", "title": the status in words, "status": the status, "detail": a sentence,
     "errors": [{"path": "$.lead.employees", "reason": what is wrong and how to mend it, "value"?: a text, cut}],
     "request_id": that of the answer's header}
    """
    assert answer.headers["content-type"] == MEDIA_TYPE
    found: dict[str, Any] = json.loads(answer.text, parse_constant=pytest.fail)
    assert list(found) == SHAPES
    assert (answer.status_code, found["status"], found["type"]) == (status, status, "about:blank")
    assert found["request_id"] == answer.headers["x-request-id"]
    assert found["title"] in (
        "Bad Request",
        "Not Found",
        "Method Not Allowed",
        "Content Too Large",
        "Unsupported Media Type",
        "Unprocessable Content",
        "Internal Server Error",
    )
    assert "Traceback" not in answer.text
    for one in found["errors"]:
        assert list(one)[:2] == ["path", "reason"]
        assert set(one) <= {"path", "reason", "value"}
        assert isinstance(one.get("value", ""), str)
        assert len(one["path"]) < 150
        assert len(one["reason"]) < 300
        assert len(one.get("value", "")) <= 40
    return found


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(client: TestClient, name: str) -> None:
    """Every mistake of a request comes back at once, with its path."""
    path, sent, mistakes = MISTAKES[name]
    content = sent if isinstance(sent, str) else json.dumps(sent)
    found = is_problem(client.post(path, content=content, headers=JSON), 422)
    assert [(one["path"], one["reason"]) for one in found["errors"]] == mistakes
    number = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
    assert found["detail"] == f"{number} in the request; {NO_SCORE}"


@pytest.mark.parametrize("name", OTHERS)
def test_other_refusals(client: TestClient, name: str) -> None:
    """A request that isn't JSON, is too large, or goes astray is refused in the same shape."""
    method, path, headers, content, status, detail = OTHERS[name]
    answer = client.request(method, path, content=content, headers=headers)
    found = is_problem(answer, status)
    assert found["detail"] == detail
    assert [one["path"] for one in found["errors"]] == (["$"] if status == 400 else [])


def test_allowed_methods_are_told(client: TestClient) -> None:
    """A method that a path doesn't take is answered with those that it does."""
    assert client.delete(SCORE).headers["allow"] == "POST"


def test_values_are_said_back(client: TestClient) -> None:
    """A value that can't be read comes back as a text with the mistake, cut where it is long; a nested one doesn't."""
    lead = {"budget": "x" * 10_000, "employees": True, "unsubscribed": 7, "industry": 1.5, "created": {"a": 1}}
    found = is_problem(client.post(SCORE, json={"lead": lead}), 422)
    assert {one["path"]: one.get("value", "none") for one in found["errors"]} == {
        "$.lead.created": "none",
        "$.lead.budget": "x" * 39 + "…",
        "$.lead.employees": "true",
        "$.lead.unsubscribed": "7",
        "$.lead.industry": "1.5",
    }


def test_mistakes_beyond_count(client: TestClient) -> None:
    """Of very many mistakes, all are counted and the first hundred are listed."""
    found = is_problem(client.post(SCORE, json={"lead": {f"name {at}": [] for at in range(240)}}), 422)
    assert found["detail"] == f"240 mistakes in the request, the first {MOST_MISTAKES_LISTED} are listed; {NO_SCORE}"
    assert len(found["errors"]) == MOST_MISTAKES_LISTED


@pytest.mark.parametrize(
    "body",
    [
        {str(at) * 5: at for at in range(2000)},
        {"lead": {str(at) * 5: [] for at in range(2000)}},
        {"lead": {"x" * at: 1 for at in range(200, 300)}},
        {"lead": {"industry": ["x" * 40_000], "budget": "x" * 5_000}, "x" * 1_000: 1, "as_of": "x" * 1_000},
    ],
)
def test_answers_stay_small(client: TestClient, body: dict[str, Any]) -> None:
    """A refusal doesn't say back whatever was sent, however much it was."""
    answer = client.post(SCORE, json=body)
    is_problem(answer, 422)
    assert len(answer.content) < 20_000


def test_a_bad_lead_spoils_no_other(client: TestClient) -> None:
    """In a batch each lead has its result or its mistakes, in order."""
    bad: dict[int, tuple[Any, list[tuple[str, str]]]] = {
        1: (7, [("$.leads[1]", 'is a number; a lead is an object like {"employees": 120}')]),
        2: (True, [("$.leads[2]", 'is true; a lead is an object like {"employees": 120}')]),
        40: (
            {"employees": "many", "need": "dire"},
            [
                ("$.leads[40].employees", "'many' is not a number; write it like 25000, 2.5 or 1e6"),
                ("$.leads[40].need", "'dire' is not one of: none, vague, clear, urgent"),
            ],
        ),
        70: ({"created": "soon"}, [("$.leads[70].created", "'soon' is not a date; write it like 2026-01-31")]),
        71: (
            {f"name {at}": [] for at in range(50)},
            [(f'$.leads[71]["name {at}"]', f"is a list; {FLAT}") for at in range(10)],
        ),
    }
    leads = [bad[at][0] if at in bad else {"need": "clear"} for at in range(100)]
    found = client.post(BATCH, json={"leads": leads, "as_of": DAY}).json()
    assert (found["scored"], found["refused"]) == (95, 5)
    for at, item in enumerate(found["results"]):
        if at in bad:
            assert item["status"] == 422
            assert "result" not in item
            assert [(one["path"], one["reason"]) for one in item["errors"]] == bad[at][1]
        else:
            assert item == {"status": 200, "errors": [], "result": expected({"need": "clear"})}


@pytest.mark.parametrize("path", [SCORE, BATCH])
@pytest.mark.parametrize("explain", ["none", "top", "full"])
def test_how_much_is_explained(client: TestClient, path: str, explain: str) -> None:
    """`explain` trims the ledger, the reasons and the questions, and nothing else."""
    body = {"lead": LEAD} if path == SCORE else {"leads": [LEAD]}
    answer = client.post(f"{path}?explain={explain}&as_of={DAY}", json=body).json()
    found = answer if path == SCORE else answer["results"][0]["result"]
    whole = expected(LEAD)
    if explain == "none":
        whole |= {"reasons": [], "questions": [], "ledger": []}
    if explain == "top":
        entries = sorted((one for one in whole["ledger"] if one["kind"] != "start"), key=lambda one: one["points"])
        best = [*[one for one in entries if one["points"] < 0][:3], *[one for one in entries if one["points"] > 0][-3:]]
        assert len(entries) > len(best) >= 3
        whole["ledger"] = [one for one in whole["ledger"] if one in best]
    assert found == whole


@pytest.mark.parametrize(
    ("query", "wrong", "reason"),
    [
        ("explain=all", "?explain", "is not a way to explain. Use one of: none, top, full."),
        ("as_of=soon", "?as_of", "is not a date; write it like 2026-01-31"),
        ("as_of=2026-02-01", "?as_of", "is 2026-02-01, and the body says 2026-01-01; send one of the two"),
        ("explian=top", "?explian", "unknown parameter. Did you mean 'explain'?"),
    ],
)
def test_parameters_with_mistakes(client: TestClient, query: str, wrong: str, reason: str) -> None:
    """A parameter that can't be read, or isn't known, is told."""
    found = is_problem(client.post(f"{SCORE}?{query}", json={"lead": {}, "as_of": DAY}), 422)
    assert [(one["path"], one["reason"]) for one in found["errors"]] == [(wrong, reason)]


def test_failure_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of our own is a problem too, and says nothing of what happened inside."""

    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    app = create_app(Settings(log="off", card=CARD))
    monkeypatch.setattr(Engine, "result", fail)
    with TestClient(app, raise_server_exceptions=False) as found:
        answer = found.post(SCORE, json={"lead": {}})
    assert is_problem(answer, 500)["errors"] == []
    assert "secret" not in answer.text


def test_fastapi_s_own_checks() -> None:
    """A parameter that FastAPI checks is refused in the same shape."""
    app = create_app(Settings(log="off", card=CARD))
    app.router.route_class = APIRoute

    @app.get("/pages")
    @needs(OPEN)
    async def pages(page: int) -> int:
        return page

    found = is_problem(TestClient(app).get("/pages?page=x"), 422)
    assert [(one["path"], one["value"]) for one in found["errors"]] == [("$.page", "x")]


def test_caller_hangs_up(client: TestClient) -> None:
    """A caller that hangs up in the middle of a body is no failure of ours."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": SCORE,
        "raw_path": SCORE.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"100")],
    }
    messages = iter([{"type": "http.request", "body": b'{"le', "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(client.app(scope, receive, send))  # type: ignore[arg-type]  # the client's app has this signature
    assert sent[0]["status"] == 400


def test_turns_are_taken(client: TestClient) -> None:
    """A large batch lets other requests pass while it is scored."""
    done: list[str] = []

    async def ask(http: httpx2.AsyncClient, name: str, path: str, body: Any) -> None:
        await http.post(path, json=body)
        done.append(name)

    async def race() -> None:
        transport = httpx2.ASGITransport(client.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            await asyncio.gather(
                ask(http, "batch", BATCH, {"leads": [{}] * 150}), ask(http, "score", SCORE, {"lead": {}})
            )

    asyncio.run(race())
    assert done == ["score", "batch"]


def test_direct_routes_take_the_request_alone() -> None:
    """A lean route refuses a function that needs what FastAPI's own routes do."""
    app = FastAPI()
    app.router.route_class = DirectRoute
    with pytest.raises(TypeError, match="page must take only `request`"):

        @app.get("/page")
        async def page(number: int) -> int:
            return number

    with pytest.raises(TypeError, match="guarded must take only `request`"):

        @app.get("/guarded", dependencies=[Depends(lambda: None)])
        async def guarded(request: Any) -> None:
            return None


# -- whatever comes ----------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["lead", "leads", "as_of", "employees", "need", "created", "unsubscribed", "Id", "x"]
) | st.text(max_size=5)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2026-01-01", "0001-01-01", "9999-12-31T23:59:59-23:59", "1e308", "urgent", "\ud800", "\0"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
LEADS = st.dictionaries(NAMES, SCALARS, max_size=8)
DAYS = st.dates().map(str) | SCALARS
BODIES = (
    st.fixed_dictionaries({}, optional={"lead": LEADS | VALUES, "as_of": DAYS})
    | st.fixed_dictionaries({}, optional={"leads": st.lists(LEADS | VALUES, max_size=3), "as_of": DAYS})
    | VALUES
)


@settings(max_examples=examples(150))
@given(path=st.sampled_from([SCORE, BATCH]), body=BODIES)
def test_any_json(client: TestClient, path: str, body: Any) -> None:
    """Whatever JSON comes, it is scored or refused in the one shape."""
    answer = client.post(path, content=json.dumps(body), headers=JSON)
    if answer.status_code != 200:
        is_problem(answer, 422)


@settings(max_examples=examples(100))
@given(path=st.sampled_from([SCORE, BATCH]), body=st.binary(max_size=30) | st.text('{}[]":,\\u09aeN-+.', max_size=20))
def test_any_bytes(client: TestClient, path: str, body: bytes | str) -> None:
    """Whatever bytes come, they are refused in the one shape."""
    answer = client.post(path, content=body, headers=JSON)
    assert answer.status_code in (400, 422)
    is_problem(answer, answer.status_code)


# -- what it says of itself --------------------------------------------------------------------------------------------


def references(node: Any) -> Iterator[str]:
    """All `$ref` of a JSON document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


@pytest.fixture(scope="module")
def api(client: TestClient) -> dict[str, Any]:
    """What the service says of itself."""
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def schema(api: dict[str, Any], name: str) -> Draft202012Validator:
    """A validator for a schema of the service."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": api["components"]})


def test_references_resolve(api: dict[str, Any]) -> None:
    """Every schema that a route names is there, and none is idle."""
    names = {one.removeprefix("#/components/schemas/") for one in references(api)}
    assert names == set(api["components"]["schemas"])


def test_answers_are_as_promised(client: TestClient, api: dict[str, Any], home: Path) -> None:
    """What comes back has the shape that /openapi.json promises, nothing more and nothing less."""
    released = TestClient(create_app(Settings(log="off", home=home, release=Releases(home).names()[0])))
    answers = {
        "Result": client.post(SCORE, json={"lead": LEAD}),
        "BatchResult": released.post(BATCH, json={"leads": [LEAD, {}, {"employees": "x"}]}),
        "Scorecard": released.get("/v1/scorecard"),
        "Me": client.get("/v1/me"),
        "Live": client.get("/health/live"),
        "Ready": client.get("/health/ready"),
        "Problem": client.post(SCORE, json={"lead": {"employees": "x"}}),
    }
    for name, answer in answers.items():
        schema(api, name).validate(answer.json())
    schema(api, "Scorecard").validate(client.get("/v1/scorecard").json())


@pytest.mark.parametrize(("path", "name"), [(SCORE, "ScoreRequest"), (BATCH, "BatchRequest")])
def test_examples_work(client: TestClient, api: dict[str, Any], path: str, name: str) -> None:
    """The example of a body can be sent as it is, and brings the example of the answer."""
    for example in api["components"]["schemas"][name]["examples"]:
        schema(api, name).validate(example)
        answer = client.post(path, json=example)
        assert answer.status_code == 200
        result = "Result" if path == SCORE else "BatchResult"
        (told,) = api["components"]["schemas"][result]["examples"]
        (told if path == SCORE else told["results"][0]["result"])["id"] = ""  # nothing is recorded here
        assert answer.json() == told


def test_lead_is_described(api: dict[str, Any]) -> None:
    """The lead is described field by field, from the card that is served."""
    lead = api["components"]["schemas"]["Lead"]["properties"]
    assert list(lead) == [one.name for one in RULES.card.plain_fields]
    assert lead["employees"].pop("pattern").endswith("|n/a|Select)?[ \\t\\n\\r\\f\\v]*$")
    assert lead["employees"] == {
        "type": ["number", "string", "null"],
        "title": "employees",
        "description": "How many people work for you? "
        "Also as `NumberOfEmployees` (salesforce), `numberofemployees` (hubspot), `No_of_Employees` (zoho).",
    }


def test_paths_are_described(api: dict[str, Any]) -> None:
    """Every path has its summary, its body and all its answers."""
    said = {(path, method): one for path, methods in api["paths"].items() for method, one in methods.items()}
    assert set(said) == {
        (SCORE, "post"),
        (BATCH, "post"),
        ("/v1/outcomes", "post"),
        ("/v1/scores/{id}", "get"),
        ("/v1/scores/{id}/replay", "get"),
        ("/v1/leads/{id}/scores", "get"),
        ("/v1/scorecard", "get"),
        ("/v1/releases", "get"),
        ("/v1/releases/{id}/use", "post"),
        ("/v1/me", "get"),
        ("/metrics", "get"),
        ("/health/live", "get"),
        ("/health/ready", "get"),
    }
    assert all(one["summary"] and one["description"] and one["tags"] for one in said.values())
    assert list(said[SCORE, "post"]["responses"]) == [
        *("200", "400", "401", "403", "408", "413", "415", "422", "429", "500", "503")
    ]
    assert "requestBody" in said[BATCH, "post"]


def test_documentation_is_a_page(client: TestClient) -> None:
    """/docs shows the service in a browser."""
    assert "swagger" in client.get("/docs").text
