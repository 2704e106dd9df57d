"""Whatever an API answers, a call ends in time, with an answer or in plain words, and without a secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from leadledger.api.sync.api_client import ApiClient, read_base_url
from leadledger.api.sync.call_limits import MARGIN, CallLimit
from leadledger.scoring.errors import SyncError
from tests.api.sync.servers.crm_server import (
    CrmHandler,
    CrmReply,
    CrmRequest,
    CrmServer,
    Fault,
    answer_with,
    cut_off,
    hang,
    running,
)
from tests.api.sync.syncing import QUICK

SECRET = "pat-very-secret"
HEALS = "after 3 attempts. What is done is kept; the next run goes on from there."


class Echo(CrmServer):
    """It answers each request with what it got."""

    def answer(self, request: CrmRequest) -> CrmReply:
        """The method and the body."""
        return CrmReply(200, {"method": request.method, "body": request.body, "long": "x" * 1000})


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    """A server."""
    with running(Echo()) as server:
        yield server


@pytest.fixture
def client(echo: Echo) -> Iterator[ApiClient]:
    """A client with a secret; the server is without faults before and after."""
    client = ApiClient("HubSpot", echo.url, {"Authorization": f"Bearer {SECRET}"}, (SECRET,), patience=QUICK)
    yield client
    client.close()
    echo.always = None
    echo.faults.clear()
    echo.requests.clear()


def send_garbage(handler: CrmHandler, request: CrmRequest) -> CrmReply | None:
    """No HTTP at all."""
    handler.wfile.write(b"\x00garbage\r\n\r\n")
    handler.close_connection = True
    return None


FAULTS: dict[str, tuple[Fault, str]] = {
    "down": (answer_with(503, {"message": f"maintenance {SECRET}"}), f"the answer was 503: “maintenance ***”, {HEALS}"),
    "a page of a proxy": (answer_with(200, b"<html>Sign in"), f"the answer (200) is not JSON, or is cut off, {HEALS}"),
    "half": (cut_off, f"the answer was not HTTP, or was cut off, {HEALS}"),
    "deep": (answer_with(200, b"[" * 100_000), f"the answer (200) is not JSON, or is cut off, {HEALS}"),
    "garbage": (send_garbage, f"the answer was not HTTP, or was cut off, {HEALS}"),
    "not compressed": (answer_with(200, b"xx", Content_Encoding="gzip"), f"the answer can't be decompressed, {HEALS}"),
    "busy": (answer_with(429, {"message": "wait"}, Retry_After="0"), f"the answer was 429: “wait”, {HEALS}"),
    "a limit of the day": (
        answer_with(429, {"message": "daily limit"}, Retry_After="86400"),
        "the limit of calls is reached, and it asks to wait 86,400 seconds: “daily limit”. What is done is kept; run"
        " the sync again after that.",
    ),
    "a token": (
        answer_with(401, {"message": f"bad \x1b[31m {SECRET}"}),
        "the access is refused (401): “bad [31m ***”. Is the token right, and not expired or revoked?",
    ),
    "a scope": (
        answer_with(403, {"message": "no scope"}),
        "the access lacks a right (403): “no scope”. Give it the scopes that docs/sync.md lists.",
    ),
    "an address": (answer_with(404), "there is nothing at this address (404). Are the address and the object right?"),
    "a redirect": (
        answer_with(302, Location=f"https://elsewhere.example/{SECRET}"),
        "it redirects to elsewhere.example, which isn't followed; give the final address of the API with --url.",
    ),
    "a refusal": (answer_with(400, [{"message": "y" * 500}]), f"the call is refused (400): “{'y' * 200}…”."),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_in_words(echo: Echo, client: ApiClient, name: str) -> None:
    """Each fault has words of its own, which say what to do."""
    echo.always, words = FAULTS[name]
    with pytest.raises(SyncError) as failed:
        client.call("the search", "GET", "/things")
    assert str(failed.value) == f"HubSpot (the search): {words}"


@pytest.mark.parametrize("fault", [answer_with(500), answer_with(429, None, Retry_After="0"), cut_off, send_garbage])
def test_a_fault_for_a_moment(echo: Echo, client: ApiClient, fault: Fault) -> None:
    """A call that fails for a moment works when it is tried again, with the same body."""
    echo.faults.extend([fault, fault])
    answer = client.call("the search", "POST", "/things", body={"a": 1})
    assert (answer.body["method"], answer.body["body"]) == ("POST", {"a": 1})
    assert client.calls == len(echo.requests) == 3


def test_no_answer_in_time(echo: Echo) -> None:
    """A server that never answers is given up."""
    echo.always = hang
    client = ApiClient("HubSpot", echo.url, patience=replace(QUICK, attempts=1, read=0.2))
    with pytest.raises(SyncError) as failed:
        client.call("the search", "GET", "/things")
    assert str(failed.value) == "HubSpot (the search): there was no answer in time."
    client.close()
    echo.always = None


def test_no_connection() -> None:
    """A server that isn't there is given up."""
    with running(Echo()) as server:
        url = server.url
    client = ApiClient("HubSpot", url, patience=QUICK)
    with pytest.raises(SyncError) as failed:
        client.call("the search", "GET", "/things")
    assert str(failed.value) == f"HubSpot (the search): no connection could be made, {HEALS}"
    client.close()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "the address of the API is not one like https://api.example.com"),
        ("https://x.com:99999", "the address of the API is not one like https://api.example.com"),
        ("https://x.com?key=1", "the address of the API is not one like https://api.example.com"),
        (
            "http://api.example.com",
            "the address of the API begins with http://, which would show secrets to others; use https://",
        ),
        (
            "https://user:word@x.com",
            "the address of the API holds a user or a password; secrets come from the environment",
        ),
    ],
)
def test_addresses(url: str, problem: str) -> None:
    """An address that would show a secret, or isn't one, is refused."""
    with pytest.raises(SyncError) as refused:
        read_base_url(url)
    assert str(refused.value) == problem


def test_good_addresses() -> None:
    """Plain HTTP is allowed to this machine."""
    assert read_base_url(" https://x.com/odoo/ ") == "https://x.com/odoo"
    assert read_base_url("http://127.0.0.1:8069") == "http://127.0.0.1:8069"
    assert read_base_url("http://[::1]:8069") == "http://[::1]:8069"


def test_a_limit() -> None:
    """No span of time holds more calls than are allowed, whatever the calls themselves take."""
    present = 0.0

    def pause(seconds: float) -> None:
        nonlocal present
        present += seconds

    limit = CallLimit(5, 1.0, lambda: present, pause)
    times = []
    for number in range(40):
        limit.wait()
        times.append(present)
        present += 0.03 * (number % 3)
    assert all(later - earlier >= 1.0 for earlier, later in zip(times, times[5:], strict=False))
    assert times[-1] <= 8 * 1.0 * MARGIN + 1
