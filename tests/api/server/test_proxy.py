"""Behind a real nginx, or a real Caddy, with the files of examples/operations."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from leadledger.api.server.worker import Worker
from leadledger.api.service import keys
from leadledger.api.service.keys import SCOPES
from leadledger.api.service.settings import Settings
from tests.command_line import run
from tests.proxies import CALLER, PATIENCE, PROXIES, Proxy, send_plain
from tests.serving import CARD, Server, started

FORGED = "203.0.113.66"
LEAD = {"need": "urgent", "employees": 80}


@dataclass
class Site:
    """A service behind a proxy, and a key that may do all. `port` is that of the service."""

    name: str
    proxy: Proxy
    server: Server
    key: str

    def score(self, body: bytes | Iterator[bytes], **headers: str) -> tuple[Any, dict[str, Any]]:
        """Send leads by the proxy: the answer and its JSON."""
        answer, content = self.proxy.send(
            "POST",
            "/v1/score/batch",
            body,
            Authorization=f"Bearer {self.key}",
            Content_Type="application/json",
            **headers,
        )
        return answer, json.loads(content) if content else {}


@pytest.fixture(scope="module", params=PROXIES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service behind each of the proxies."""
    folder, home = tmp_path_factory.mktemp("proxy"), tmp_path_factory.mktemp("home")
    _, key = keys.add(home, "all", SCOPES, datetime(2026, 1, 1, tzinfo=UTC))
    with (
        started(home, trusted_proxies="127.0.0.1") as server,
        PROXIES[request.param](folder, [server.port]) as proxy,
    ):
        yield Site(request.param, proxy, server, key)


@pytest.mark.slow
def test_the_caller_s_address_arrives(site: Site) -> None:
    """The log has the address of who called the proxy, whatever callers claim; past the proxy, nobody is believed."""
    key = f"Bearer {site.key}"
    claims = {"X_Forwarded_For": FORGED, "X_Real_IP": FORGED, "Forwarded": f"for={FORGED}"}
    site.proxy.send("GET", "/v1/me", Authorization=key, X_Request_ID="by-proxy", **claims)
    send_plain(site.server.port, "/v1/me", Authorization=key, X_Request_ID="direct", **claims)
    send_plain(site.server.port, "/v1/me", "127.0.0.1", Authorization=key, X_Request_ID="odd", X_Forwarded_For='"a\\')
    clients: dict[str, str | None] = {}
    deadline = time.monotonic() + PATIENCE
    while len(clients) < 3 and time.monotonic() < deadline:  # lines are written a moment after the answers
        time.sleep(0.02)
        clients = {
            line["request_id"]: line["client"]
            for line in site.server.log
            if line.get("request_id") in ("by-proxy", "direct", "odd")
        }
    assert clients == {"by-proxy": CALLER, "direct": CALLER, "odd": None}


@pytest.mark.slow
def test_people_sign_in_by_tls(site: Site) -> None:
    """The cookie goes by TLS alone, the way leads to paths of the same address, and the form is taken."""
    answer, page = site.proxy.send("GET", "/sign-in")
    cookie = answer.headers["Set-Cookie"]
    assert "; Secure" in cookie
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    inputs = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', page.decode()))
    form = urlencode({**inputs, "next": "/desk", "key": site.key})
    headers = {"Cookie": cookie.partition(";")[0], "Content_Type": "application/x-www-form-urlencoded"}
    origin = f"https://localhost:{site.proxy.port}"
    answer, page = site.proxy.send("POST", "/sign-in", form, Origin=origin, **headers)
    assert (answer.status, answer.headers["Location"]) == (303, "/desk"), page.decode()
    assert "; Secure" in answer.headers["Set-Cookie"]
    session = answer.headers["Set-Cookie"].partition(";")[0]
    answer, page = site.proxy.send("GET", "/desk", Cookie=session, Accept="text/html")
    assert answer.status == 200
    assert b"http://" not in re.sub(rb"http://www\.w3\.org/[^\"]*", b"", page)
    answer, _ = site.proxy.send("GET", "/")
    assert (answer.status, answer.headers["Location"]) == (303, "/desk")
    if site.proxy.plain_port:
        answer = send_plain(site.proxy.plain_port, "/desk?x=1", Host="localhost")
        assert (answer.status, answer.headers["Location"]) == (301, "https://localhost/desk?x=1")


@pytest.mark.slow
def test_a_large_batch_passes_in_pieces(site: Site) -> None:
    """A thousand leads that are sent in pieces, of no length said before, are scored."""
    body = json.dumps({"leads": [{"lead_id": f"L-{i}", **LEAD} for i in range(1000)]}).encode()
    pieces = (body[start : start + 4096] for start in range(0, len(body), 4096))
    answer, content = site.score(pieces)
    assert (answer.status, len(content["results"])) == (200, 1000)


@pytest.mark.slow
def test_bodies_beyond_limits(site: Site) -> None:
    """A body that is too large is refused in one form, by whoever does it: the service, or the proxy before it."""
    by_service = "The body is larger than 2,000,000 bytes; send fewer at once."
    by_proxy = {
        "nginx": "The body is larger than the proxy takes; send fewer at once.",
        "caddy": "The proxy refuses this request, or no service answers it.",
    }[site.name]
    for size, detail in ((2_100_000, by_service if site.name == "nginx" else by_proxy), (4_300_000, by_proxy)):
        answer, content = site.score(b" " * size)
        assert (answer.status, content["status"], content["detail"]) == (413, 413, detail)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert set(content) == {"type", "title", "status", "detail", "errors", "request_id"}
    assert site.score(json.dumps({"leads": [LEAD]}).encode())[0].status == 200


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6Detrics", "/./metrics", "/metrics?x", "/metrics/"])
def test_metrics_are_not_public(site: Site, path: str) -> None:
    """Whoever has a key gets the metrics from the service, and from outside not at all."""
    key = f"Bearer {site.key}"
    assert site.proxy.send("GET", path, Authorization=key)[0].status == 404
    assert send_plain(site.server.port, "/metrics", Authorization=key).status == 200


@pytest.mark.slow
def test_rates_by_address(site: Site) -> None:
    """Who tries to sign in again and again is told to wait, and others' programs are not."""
    if site.name != "nginx":
        pytest.skip("Caddy's standard build limits no rates")
    statuses = [site.proxy.send("GET", "/sign-in")[0].status for _ in range(30)]
    assert set(statuses) == {200, 429}
    answer, _ = site.proxy.send("GET", "/v1/me", Authorization=f"Bearer {site.key}")
    assert answer.status == 200


@pytest.mark.slow
@pytest.mark.parametrize("name", PROXIES)
def test_no_service_answers(name: str, tmp_path: Path) -> None:
    """While no service runs, the proxy says so in the form of the service's refusals."""
    with PROXIES[name](tmp_path, [1]) as proxy:
        answer, content = proxy.send("POST", "/v1/score", b"{}", Content_Type="application/json")
    problem = json.loads(content)
    assert answer.status == problem["status"] >= 502
    assert {*problem} - {"retry_after"} == {"type", "title", "status", "detail", "errors", "request_id"}
    assert answer.headers.get("Retry-After") == ("1" if name == "nginx" else None)


def test_nobody_is_believed_without_the_setting() -> None:
    """Who calls is who connects, unless a proxy is named."""
    assert not Worker(Settings(card=CARD)).config().proxy_headers
    named = Worker(Settings(card=CARD, trusted_proxies="127.0.0.1, 10.0.0.0/8")).config()
    assert (named.proxy_headers, named.forwarded_allow_ips) == (True, "127.0.0.1, 10.0.0.0/8")


@pytest.mark.parametrize("text", ["*", "", "10.0.0.1/8", "proxy.example.org", "127.0.0.1,"])
def test_proxies_are_named_by_addresses(text: str) -> None:
    """Everybody, a name, and a network with bits of a host are refused: none of them says who is believed."""
    done = run("serve", "--trusted-proxies", text)
    part = text.split(",")[-1]
    assert done.exit_code == 2
    expected = f"trusted_proxies: {part!r} is no address and no network; write 127.0.0.1 or 10.0.0.0/8"
    assert expected in " ".join(done.stderr.split())
