"""Who gets into the pages: sessions, forms from elsewhere, scopes, and pages that another site leads to."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from leadledger.api.http.access import ANY_KEY, OPEN, build_route_table
from leadledger.api.http.visitor_cookie import COOKIE, make_form_token
from leadledger.api.pages.forms import FORM_REFUSED
from leadledger.api.service import keys
from leadledger.api.service.keys import SCOPES
from leadledger.api.service.sessions import MOST_SESSIONS_PER_KEY, SESSION_FILE, SESSION_LENGTH, Sessions
from tests.api.http.keyed_service import NOW, app_of

NAME = COOKIE.decode()


@pytest.fixture
def client(keyed_client: TestClient) -> TestClient:
    """A browser at a service with keys; it follows no redirect by itself."""
    keyed_client.follow_redirects = False
    return keyed_client


def token_of(client: TestClient, path: str = "/sign-in") -> str:
    """The token in the form of a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]{32})"', client.get(path).text)
    assert found is not None
    return found[1]


def sign_in(client: TestClient, key: str, path: str = "/sign-out") -> Any:
    """Sign in with a key."""
    form = {"csrf": token_of(client), "key": key, "next": path}
    return client.post("/sign-in", data=form)


def test_a_session_is_new_strict_and_hidden_from_scripts(client: TestClient, made: dict[str, str]) -> None:
    """Signing in gives a new cookie, so that nobody can plant a known one, and no page is kept by a cache."""
    client.get("/sign-in")
    before = client.cookies[NAME]
    answer = sign_in(client, made["read"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-out")
    assert answer.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert client.cookies[NAME] != before
    page = client.get("/sign-out")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    client.cookies.set(NAME, before)
    assert client.get("/sign-out").status_code == 303  # the cookie from before is nobody's


def test_the_cookie_of_a_visitor_by_tls_is_sent_by_tls_only(client: TestClient) -> None:
    """A proxy says how the visitor came."""
    answer = client.get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["set-cookie"].endswith("; Secure")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 303),
        ({"csrf": ""}, 403),
        ({"csrf": "0" * 32}, 403),
        ({"cookie": "A" * 43}, 403),  # a session that another site has planted
        ({"cookie": ""}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://testserver"}, 303),
        ({"Origin": "http://testserver:81"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_form_comes_from_a_page_of_ours(
    client: TestClient, made: dict[str, str], change: dict[str, str], status: int
) -> None:
    """Another site can't send a form in a visitor's name, nor sign a visitor in with a key of its own."""
    sign_in(client, made["read"])
    form = {"csrf": change.pop("csrf", token_of(client, "/sign-out")), "where": "here"}
    if "cookie" in change:
        client.cookies.clear()
        client.cookies.set(NAME, change.pop("cookie"))
        path = "/sign-in"  # it needs no session
    else:
        path = "/sign-out"
    answer = client.post(path, data=form, headers=change)
    assert answer.status_code == status
    assert (FORM_REFUSED in answer.text.replace("&#39;", "'")) == (status == 403)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-in", "desk", "/a\nb"]
)
def test_a_sign_in_leads_nowhere_else(client: TestClient, made: dict[str, str], path: str) -> None:
    """An address in `next` that isn't a path of the service is left out."""
    assert sign_in(client, made["read"], path).headers["location"] == "/desk"


def test_signing_out_everywhere_ends_all_sessions_of_the_key(client: TestClient, made: dict[str, str]) -> None:
    """Other browsers with the same key are out; those with another key stay."""
    sign_in(client, made["admin"])
    other_key = client.cookies[NAME]
    client.cookies.clear()
    sign_in(client, made["read"])
    elsewhere = client.cookies[NAME]
    client.cookies.clear()
    sign_in(client, made["read"])
    token = token_of(client, "/sign-out")
    assert client.post("/sign-out", data={"csrf": token, "where": "everywhere"}).headers["location"] == "/sign-in"
    for cookie, status in ((elsewhere, 303), (other_key, 200)):
        client.cookies.clear()
        client.cookies.set(NAME, cookie)
        assert client.get("/sign-out").status_code == status


def test_a_revoked_key_ends_its_sessions(client: TestClient, made: dict[str, str], tmp_path: Path) -> None:
    """Within a second, as it does for requests with the key."""
    sign_in(client, made["read"])
    keys.revoke(tmp_path, made["read"][3:11], NOW)
    client.app.state.keys.next_look = 0.0  # type: ignore[attr-defined]  # the second is over
    assert client.get("/sign-out").status_code == 303


def test_sessions_end_by_themselves(tmp_path: Path) -> None:
    """After twelve hours, and the oldest of a key when there are too many."""
    sessions, other_worker = Sessions(tmp_path), Sessions(tmp_path)
    first = sessions.start("k", NOW)
    assert other_worker.find_key(first, NOW + SESSION_LENGTH - timedelta(seconds=1)) == "k"
    assert other_worker.find_key(first, NOW + SESSION_LENGTH) is None
    later = [sessions.start("k", NOW + timedelta(seconds=number)) for number in range(1, MOST_SESSIONS_PER_KEY + 1)]
    assert other_worker.find_key(first, NOW) is None
    assert all(other_worker.find_key(text, NOW) == "k" for text in later)
    assert (tmp_path / SESSION_FILE).stat().st_mode & 0o777 == 0o600
    assert not any(text in (tmp_path / SESSION_FILE).read_text("utf-8") for text in later)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": 1, "sessions": [1]}', '{"format": 1, "sessions": 7}', "\x00"]
)
def test_a_damaged_file_holds_no_session(tmp_path: Path, content: str) -> None:
    """Everybody signs in again, and can."""
    (tmp_path / SESSION_FILE).write_text(content, "utf-8")
    sessions = Sessions(tmp_path)
    assert sessions.find_key("A" * 43, NOW) is None
    assert sessions.find_key(sessions.start("k", NOW), NOW) == "k"


def list_pages(app: FastAPI) -> list[tuple[str, str, str]]:
    """Method, path and need of every page."""
    entries = [entry for by_method in build_route_table(app.routes).by_path() for entry in by_method.values()]
    return [
        (entry.method, re.sub(r"\{[^}]*\}", "1", entry.template), entry.needs) for entry in entries if entry.is_page
    ]


@pytest.mark.slow
def test_every_page_is_guarded(client: TestClient, made: dict[str, str]) -> None:
    """Without a session, or with a key in a header, a page leads to the sign-in; a key without the scope is refused."""
    pages = [page for page in list_pages(client.app) if page[2] != OPEN]  # type: ignore[arg-type]  # a FastAPI
    assert len(pages) > 1
    for method, path, _ in pages:
        for headers in ({}, {"Authorization": f"Bearer {made['admin']}"}, {"Cookie": f"{NAME}={'A' * 43}"}):
            answer = client.request(method, path, headers=headers)
            assert answer.status_code == (303 if method in ("GET", "HEAD") else 401), (method, path)
    for scope in SCOPES:
        client.cookies.clear()
        sign_in(client, made[scope])
        for method, path, need in pages:
            answer = client.request(method, path)
            if need in (scope, ANY_KEY):
                assert answer.status_code != 401, (method, path, scope)
                assert "lacks the scope" not in answer.text, (method, path, scope)
            else:
                assert answer.status_code == 403, (method, path, scope)
                assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.slow
def test_no_form_from_elsewhere_is_taken(client: TestClient, made: dict[str, str], tmp_path: Path) -> None:
    """Without a token, with that of another session, or from another site, no form does anything; nor does a GET."""
    everything = keys.add(tmp_path, "everything", SCOPES, NOW)[1]
    client.app.state.keys.next_look = 0.0  # type: ignore[attr-defined]  # read the keys again
    sign_in(client, made["read"])
    other_token = token_of(client, "/sign-out")
    client.cookies.clear()
    sign_in(client, everything)
    token = token_of(client, "/sign-out")
    assert token != other_token
    pages = list_pages(client.app)  # type: ignore[arg-type]  # a FastAPI
    readable = {path for method, path, _ in pages if method == "GET"}
    for path in [path for method, path, _ in pages if method == "POST"]:
        for form, headers in (
            ({"csrf": ""}, {}),
            ({"csrf": other_token}, {}),
            ({"csrf": token}, {"Sec-Fetch-Site": "cross-site"}),
            ({"csrf": token}, {"Origin": "null"}),
        ):
            answer = client.post(path, data=form, headers=headers)
            if answer.status_code == 415:  # a form with a file
                answer = client.post(path, data=form, headers=headers, files={"file": ("a.csv", b"a,b\n1,2\n")})
            assert (answer.status_code, FORM_REFUSED.split("'")[0] in answer.text) == (403, True), (path, form, headers)
            assert answer.headers["content-security-policy"].endswith("frame-ancestors 'none'")
        if path not in readable:
            answer = client.get(path, params={"csrf": token})
            assert answer.status_code in (404, 405), path
            assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_session_opens_pages_only(client: TestClient, made: dict[str, str]) -> None:
    """No request of a program is let in by a cookie: another site could make a browser send it."""
    sign_in(client, made["admin"])
    assert client.get("/v1/me").status_code == 401


def test_a_link_on_another_site_leads_to_a_page(client: TestClient, made: dict[str, str]) -> None:
    """The browser keeps the cookie back at first; a page of ours lets it go on, and then it sends it."""
    by_link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answer = client.get("/sign-out?a=%3Cb%3E&c", headers=by_link)
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/sign-out?a=%3Cb%3E&amp;c">' in answer.text
    assert client.get("/sign-out", headers={**by_link, "Sec-Fetch-Dest": "iframe"}).status_code == 303


def test_without_keys_pages_open_at_once(tmp_path: Path) -> None:
    """On this machine only, and a form of another program here is refused all the same."""
    with TestClient(app_of(tmp_path), base_url="http://127.0.0.1", follow_redirects=False) as client:
        assert client.get("/").headers["location"] == "/desk"
        assert client.get("/sign-in?next=/sign-out").headers["location"] == "/sign-out"
        assert "No keys are needed here" in client.get("/sign-out").text
        form = {"csrf": make_form_token(client.cookies[NAME])}
        assert client.post("/sign-out", data=form).status_code == 303
        form = {"csrf": make_form_token(client.cookies[NAME])}
        answer = client.post("/sign-out", data=form, headers={"Origin": "http://127.0.0.1:3000"})
        assert answer.status_code == 403


def test_what_is_nowhere_is_a_page_for_browsers(client: TestClient, made: dict[str, str]) -> None:
    """A program gets a problem, a browser a page, which says no more than the problem does."""
    sign_in(client, made["read"])
    answer = client.get("/nowhere", headers={"Accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Nothing is at this address." in answer.text
    assert client.get("/nowhere").headers["content-type"] == "application/problem+json"


def test_assets_are_kept_until_they_change(client: TestClient) -> None:
    """The address in a page has the version, and a file by it may be kept; by another address it is asked for again."""
    text = client.get("/sign-in").text
    (address,) = re.findall(r'href="(/assets/leadledger\.css\?v=[0-9a-f]{16})"', text)
    answer = client.get(address)
    assert (answer.headers["cache-control"], answer.headers["content-type"]) == (
        "public, max-age=31536000, immutable",
        "text/css; charset=utf-8",
    )
    assert client.get("/assets/leadledger.css").headers["cache-control"] == "no-cache"
    assert client.get("/assets/base.css").status_code == 404  # a part of the stylesheet
    assert client.get("/assets/..%2Fbase.html").status_code == 401  # no address of ours
