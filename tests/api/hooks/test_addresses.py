"""Hooks reach public addresses only, whatever a URL or a name server says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpcore2
import pytest
import standardwebhooks

from leadledger.api.hooks.addresses import LONGEST_HOOK_URL, check_addresses, is_public, read_address, read_literal
from leadledger.api.hooks.retries import Answer
from leadledger.api.hooks.sender import Resolve, Sender
from leadledger.api.hooks.signing import make_secret
from leadledger.scoring.errors import HookError
from tests.api.hooks.receiver import Receiver, receiving
from tests.case_files import read_cases

CASES_FOLDER = Path(__file__).parents[2] / "cases" / "hooks"
CASES = read_cases("hooks/addresses.yaml")
CERTIFICATE = str(CASES_FOLDER / "hooks.example.com.pem")
NOT_PUBLIC = "the URL leads to an address that is not public"
PUBLIC = "93.184.215.14"
ERRORS = {
    "begin": "the URL must begin with https://",
    "user": "the URL holds a user or a password; each message is signed instead",
    "sign": "the URL holds a sign that can't be sent; write it percent-encoded, and a name as xn--…",
    "server": "the URL names no server after https://, or its port is not a number",
    "names": "the URL names no server: write a name like hooks.example.com",
    "public": NOT_PUBLIC,
    "loopback": "http:// is allowed to this machine only; use https://",
}


def resolving(*answers: Sequence[str]) -> tuple[Resolve, list[str]]:
    """A name server that gives one answer after another, and the names that it was asked for."""
    names: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        names.append(host)
        return answers[min(len(names), len(answers)) - 1]

    return resolve, names


def send(url: str, resolve: Resolve, **options: Any) -> Answer:
    """Try to send a message."""
    sender = Sender(resolve=resolve, total_seconds=5, **options)
    return asyncio.run(sender.send(url, "msg_1", "{}", [make_secret()]))


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The addresses to which connections are made; none of them is."""
    made: list[tuple[str, int]] = []

    class Network(httpcore2.AnyIOBackend):
        async def connect_tcp(self, host: str, port: int, *rest: Any, **others: Any) -> Any:
            made.append((host, port))
            raise httpcore2.ConnectError

    monkeypatch.setattr(httpcore2, "AnyIOBackend", Network)
    return made


@pytest.mark.parametrize("case", CASES["sent"], ids=lambda case: f"{case['url']} {case['why']}")
def test_sent(case: dict[str, Any], connected: list[tuple[str, int]]) -> None:
    """A URL that leads outside is connected to where its name resolved to."""
    resolve, names = resolving(case["resolves"])
    answer = send(case["url"], resolve, to_loopback=case.get("local", False))
    assert answer.problem == "no connection could be made"
    assert connected[0][0] == case["goes_to"]
    assert len(names) == (1 if case["resolves"] else 0)


@pytest.mark.parametrize("case", CASES["refused_by_form"], ids=lambda case: f"{case['url']!a} {case['why']}")
def test_refused_by_form(case: dict[str, Any], connected: list[tuple[str, int]]) -> None:
    """A URL that can lead inside is refused by a subscription, and never sent to."""
    port = f"port {case.get('port')} is not allowed; use 443, or one from 1024 to 65535"
    error = {**ERRORS, "port": port}[case["error"]]
    local = case.get("local", False)
    with pytest.raises(HookError) as refused:
        read_address(case["url"], local)
    assert str(refused.value) == error
    resolve, names = resolving([PUBLIC])
    assert send(case["url"], resolve, to_loopback=local).problem == error
    assert (connected, names) == ([], [])


@pytest.mark.parametrize("case", CASES["refused_by_address"], ids=lambda case: f"{case['address']} {case['why']}")
def test_refused_by_address(case: dict[str, Any], connected: list[tuple[str, int]]) -> None:
    """A name that resolves inward is not connected to, not even if it resolves outward as well."""
    for resolved in ([case["address"]], [PUBLIC, case["address"]], [case["address"], PUBLIC]):
        answer = send("https://hooks.example.com/in", resolving(resolved)[0])
        assert (answer.status, answer.problem) == (None, NOT_PUBLIC)
    assert connected == []


def test_a_long_url() -> None:
    """A URL is at most 2,000 characters long."""
    with pytest.raises(HookError, match="the URL has 2,001 characters; at most 2,000 are allowed"):
        read_address("https://hooks.example.com/".ljust(LONGEST_HOOK_URL + 1, "x"))
    assert read_address("https://hooks.example.com/".ljust(LONGEST_HOOK_URL, "x")).port == 443


def test_a_name_without_an_address(connected: list[tuple[str, int]]) -> None:
    """A name that can't be resolved is a failure, whether the name server says so or gives no address."""

    async def fail(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    for resolve in (resolving([])[0], fail):
        assert send("https://hooks.example.com/", resolve).problem == "the name of the server can't be resolved"
    assert connected == []


def test_the_system_resolves() -> None:
    """Without a resolver of one's own, names are those of the system: this machine's is not public."""
    answer = asyncio.run(Sender().send("https://localhost/", "msg_1", "{}", [make_secret()]))
    assert answer.problem == NOT_PUBLIC


def test_a_name_changes_between_check_and_use() -> None:
    """The address that was checked is connected to, whatever the name resolves to by then."""
    with receiving("127.0.0.1") as checked, receiving("127.0.0.2", checked.port) as other:
        resolve, names = resolving(["127.0.0.1"], ["127.0.0.2"])
        answer = send(f"http://hooks.local:{checked.port}/in", resolve, to_loopback=True)
        assert answer.status == 200
        assert names == ["hooks.local"]
        (message,) = checked.received
        assert message.headers["host"] == f"hooks.local:{checked.port}"
        assert other.received == []


def test_the_next_address_of_a_name() -> None:
    """Where the first address of a name doesn't answer, the second is tried."""
    with receiving("127.0.0.2") as receiver:
        resolve, _ = resolving(["127.0.0.1", "127.0.0.2"])
        assert send(f"http://hooks.local:{receiver.port}/in", resolve, to_loopback=True).status == 200


def trust() -> ssl.SSLContext:
    """What trusts the certificate of the test alone."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)  # of Python 3.13: it wants more of an authority
    return context


def test_tls() -> None:
    """The certificate is checked for the name, though the connection goes to the address."""
    with receiving(certificate=CERTIFICATE) as receiver:
        names: list[str | None] = []
        context: ssl.SSLContext = receiver.socket.context  # type: ignore[attr-defined]
        context.sni_callback = lambda connection, name, context: names.append(name)
        receiver.secret = make_secret()
        resolve, _ = resolving(["127.0.0.1"])
        sender = Sender(to_loopback=True, resolve=resolve, trust=trust(), total_seconds=5)

        def post(name: str) -> Answer:
            url = f"https://{name}:{receiver.port}/in"
            return asyncio.run(sender.send(url, "msg_1", '{"type": "lead.ask"}', [receiver.secret]))

        assert post("hooks.example.com").status == 200
        other = post("other.example.com")
        assert other.status is None
        assert other.problem.startswith("the certificate is not trusted: Hostname mismatch")
        assert names == ["hooks.example.com", "other.example.com"]
        assert [message.body for message in receiver.received] == [{"type": "lead.ask"}]
        strangers = Sender(to_loopback=True, resolve=resolve, total_seconds=5)
        url = f"https://hooks.example.com:{receiver.port}/in"
        answer = asyncio.run(strangers.send(url, "msg_1", "{}", [receiver.secret]))
        assert answer.problem == "the certificate is not trusted: self-signed certificate"


def test_no_tls(receiver: Receiver) -> None:
    """A receiver that doesn't talk TLS gets nothing."""
    answer = send(f"https://hooks.local:{receiver.port}/", resolving(["127.0.0.1"])[0], to_loopback=True)
    assert answer.problem == "the TLS handshake failed"
    assert receiver.received == []


def test_no_proxy(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    """A proxy that the environment names is not asked."""
    with receiving() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert send(receiver.url(), resolving()[0], to_loopback=True).status == 200
        assert proxy.received == []


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:81b::200e"])
def test_public_addresses(text: str) -> None:
    """Addresses that everybody can reach are public."""
    address = read_literal(text)
    assert address is not None
    assert is_public(address)


def test_addresses_are_given_once() -> None:
    """An address that a name server gives twice is one."""
    address = read_address("https://hooks.example.com/")
    assert [*map(str, check_addresses(address, [PUBLIC, PUBLIC, "8.8.8.8"]))] == [PUBLIC, "8.8.8.8"]


def test_signatures_are_those_of_the_standard() -> None:
    """The example of the standard's own libraries gets their signature."""
    from leadledger.api.hooks.signing import sign_message

    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    headers = sign_message("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, [secret])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert standardwebhooks.Webhook(secret)
    assert make_secret() != make_secret()
    assert len(make_secret().removeprefix("whsec_")) == 44
