"""Every page, asked oddly: any query and any form is answered by a page with words, never by a failure."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from leadledger.api import pages
from leadledger.api.app import create_app
from leadledger.api.http.access import GuardedRoute, build_route_table
from leadledger.api.http.visitor_cookie import COOKIE, make_form_token
from leadledger.api.service.settings import Settings
from leadledger.models.releases.rules_alone import release_rules
from leadledger.models.releases.store import Releases
from tests.api.pages.sites import EVENTS_CARD

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
DRAFT = "spring"
FIRST = "2026-01-31-001"
AS_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ATTRIBUTES = re.compile(r'(?:value|href|action)="[^"]*"|<textarea.*?</textarea>', re.DOTALL)
KNOWN = ["L1", "L2", DRAFT, FIRST, "2026-01-31-002", "urgent_need", "1", "2", "rules", "fields", "need"]
WORDS = [
    "keep",
    "try",
    "check",
    "add",
    "add-group",
    "as-text",
    "as-rows",
    "drop.0",
    "mine",
    "merge",
    "leads",
    "history",
]
ODD = [
    "",
    " ",
    "-1",
    "0",
    "1e999",
    "99999999999999999999",
    "²",
    "nan",
    "null",
    "\x00",
    "\ud800",
    "a\r\nb: c",
    "..",
    "/",
    "%2e",
]
ODD += [
    "<script>",
    "'\"&",
    "\u202e",
    "\u2028",
    "x" * 10_000,
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "count x",
    "[",
    "{{ 1 }}",
]
PLACES = [
    "field.0",
    "operator.0",
    "value.0",
    "days.0",
    "field.1.0",
    "field.999.999",
    "match.1",
    "answer.need",
    "format-created",
]


def list_pages(app: FastAPI) -> list[GuardedRoute]:
    """All pages of a service, the ways to sign in and out aside."""
    entries = [entry for by_method in build_route_table(app.routes).by_path() for entry in by_method.values()]
    return [entry for entry in entries if entry.is_page and entry.method != "HEAD"]


def find_inputs() -> list[str]:
    """The names of all inputs that templates have, and of what scripts and links send."""
    folder = Path(pages.__path__[0])
    texts = [path.read_text("utf-8") for path in (folder / "templates").rglob("*.html")]
    texts += [path.read_text("utf-8") for path in folder.rglob("*.py")]
    found = {name for text in texts for name in re.findall(r'(?:name="|get\(")([a-z_-]+)"', text)}
    return sorted({*found, *PLACES} - {"csrf"})


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A browser at a service with two releases, known leads and a draft."""
    home = tmp_path_factory.mktemp("odd")
    for number in range(2):
        release_rules(EVENTS_CARD, Releases(home), NOW, draft=number > 0)
    app = create_app(Settings(home=home, max_body=2_000_000))
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        for lead in ("L1", "L2"):
            client.post(
                "/v1/score", json={"lead": {"lead_id": lead, "need": "urgent", "stage": "lead"}}
            ).raise_for_status()
        client.post("/v1/drafts", json={"name": DRAFT}).raise_for_status()
        client.get("/desk")
        yield client


def choose_pairs(chance: random.Random, names: list[str]) -> list[tuple[str, str]]:
    """Some inputs: often what the service knows, under any name; now and then what it can't."""
    values = chance.choice([KNOWN, KNOWN + WORDS, ODD, KNOWN + WORDS + ODD])
    wanted = [name for name in names if chance.random() < 0.4]
    pairs = [(name, chance.choice(values)) for name in wanted]
    likely = [("id", "L1"), ("a", "L1"), ("b", "L2"), ("revision", "1"), ("rule", "urgent_need"), ("old", FIRST)]
    return pairs + [pair for pair in likely if chance.random() < 0.6]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_each_odd_request_is_answered_by_a_page(client: TestClient, seed: int) -> None:
    """Unknown names, wrong types, signs that aren't characters, missing and further inputs: a page with words."""
    chance = random.Random(seed)
    names = find_inputs()
    draft = f"{DRAFT}-{seed}"
    client.post("/v1/drafts", json={"name": draft}).raise_for_status()
    for entry in list_pages(client.app):  # type: ignore[arg-type]  # a FastAPI
        pairs = choose_pairs(chance, names)
        name = chance.choice([draft] * 4 + ["nowhere", "%00", "%3Cb%3E", "%E2%80%AE", "x" * 10_000])
        path = re.sub(r"\{[^}]*\}", name, entry.template)
        if entry.method == "GET":
            query = urlencode([pair for pair in pairs if len(pair[1]) < 1_000], errors="surrogatepass")
            answer = client.get(f"{path}?{query}")
        else:
            token = make_form_token(client.cookies[COOKIE.decode()])
            sent = pairs if chance.random() < 0.2 else [pair for pair in pairs if pair[1] != "\ud800"]
            body = urlencode([*sent, ("csrf", token)], errors="surrogatepass")
            answer = client.post(path, content=body, headers=AS_FORM)
        where = (entry.method, path, pairs, answer.text)
        assert answer.status_code < 500, where
        if answer.status_code != 303 and (answer.status_code, path) != (200, "/studio/new/file"):
            assert answer.headers["content-type"] == "text/html; charset=utf-8", where
            assert answer.headers["content-security-policy"].startswith("default-src 'none'"), where
            assert answer.headers["x-content-type-options"] == "nosniff", where
            seen = ATTRIBUTES.sub("", answer.text)  # what is sent back is what came, whatever it is
            assert not {"\u202e", "\x00"} & set(seen), where
            assert "<script>" not in answer.text, where
