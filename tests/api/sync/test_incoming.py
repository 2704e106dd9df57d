"""Calls of CRMs: only a right, fresh and new signature counts; their records are read, scored and written back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from standardwebhooks import Webhook

from leadledger.api.app import create_app
from leadledger.api.log.call_store import CallStore
from leadledger.api.service.settings import Settings
from leadledger.api.sync import incoming
from leadledger.api.sync.account import list_property_kinds
from leadledger.api.sync.connector import RecordPage
from leadledger.api.sync.hubspot import HubSpotConnector
from leadledger.api.sync.incoming import REFUSED
from leadledger.api.sync.pull import Pull
from tests.api.http.routes.test_hooks import await_truth
from tests.api.sync.servers.crm_server import running
from tests.api.sync.servers.hubspot_server import TOKEN, HubSpotServer
from tests.api.sync.syncing import CARD, QUICK, opened_site

HUBSPOT_SECRET, BOTTLECRM_SECRET = "a secret of an app", "whsec_a-secret_of_bottlecrm"  # no real ones
STANDARD_SECRET = "whsec_" + base64.b64encode(b"a secret of Odoo, 24 bytes").decode()


def sign_hubspot(
    body: bytes, at: float, path: str = "/v1/hooks/hubspot", secret: str = HUBSPOT_SECRET
) -> dict[str, str]:
    """As HubSpot's page says: method, address, body and milliseconds."""
    stamp = str(int(at * 1000))
    content = b"POST" + f"http://testserver{path}".encode() + body + stamp.encode()
    signature = base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()
    return {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}


def sign_bottlecrm(body: bytes, at: float) -> dict[str, str]:
    """As BottleCRM's source says: seconds, a point, the body."""
    digest = hmac.new(BOTTLECRM_SECRET.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-BottleCRM-Signature": f"t={int(at)},v1={digest}"}


def sign_odoo(body: bytes, at: float) -> dict[str, str]:
    """As the library of Standard Webhooks does."""
    from datetime import UTC, datetime

    signature = Webhook(STANDARD_SECRET).sign("msg_1", datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": "msg_1", "webhook-timestamp": str(int(at)), "webhook-signature": signature}


SIGNERS = {"hubspot": sign_hubspot, "bottlecrm": sign_bottlecrm, "odoo": sign_odoo}


@pytest.fixture(scope="module")
def server() -> Iterator[HubSpotServer]:
    """An account of HubSpot."""
    with running(HubSpotServer()) as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: HubSpotServer) -> Path:
    """A home with a card and the secrets of three systems, of which HubSpot has its properties."""
    home = tmp_path_factory.mktemp("home")
    secrets = home / "crm-secrets"
    secrets.touch(0o600)
    secrets.write_text(
        f"LEADLEDGER_HUBSPOT_TOKEN={TOKEN}\nLEADLEDGER_HUBSPOT_URL={server.url}\n"
        f"LEADLEDGER_HUBSPOT_HOOK_SECRET={HUBSPOT_SECRET}\n"
        f"LEADLEDGER_BOTTLECRM_TOKEN=bcrm_pat_x\nLEADLEDGER_BOTTLECRM_URL=http://127.0.0.1:9\n"
        f"LEADLEDGER_BOTTLECRM_HOOK_SECRET={BOTTLECRM_SECRET}\n"
        f"LEADLEDGER_ODOO_HOOK_SECRET={STANDARD_SECRET}\n"
    )
    with opened_site(home, CARD) as site:
        connector = HubSpotConnector(server.url, TOKEN, "contacts", QUICK)
        connector.make_properties(list_property_kinds(site.loaded.reader.reply_for("hubspot")))
        connector.close()
    return home


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[TestClient]:
    """A service of that home."""
    with TestClient(create_app(Settings(home=home, card=home / "card.yaml"))) as client:
        yield client


def call(
    client: TestClient, system: str, body: bytes, headers: dict[str, str], path: str | None = None
) -> httpx2.Response:
    """The answer to a call."""
    path = path or f"/v1/hooks/{system}"
    return client.post(path, content=body, headers={"Content-Type": "application/json", **headers})


def notify(record_id: str, word: str = "contact.propertyChange") -> bytes:
    """What HubSpot sends of a record."""
    return json.dumps([{"subscriptionType": word, "objectId": int(record_id), "eventId": 1}]).encode()


def test_a_record_is_read_scored_and_written(client: TestClient, server: HubSpotServer, home: Path) -> None:
    """A thin notification is enough: the contact is read, and its score stands in HubSpot soon."""
    contact = server.create({"jobtitle": "CEO", "city": "Oslo"})
    body = notify(contact)
    answer = call(client, "hubspot", body, sign_hubspot(body, time.time()))
    assert (answer.status_code, answer.json()) == (200, {"records": 1})
    properties = server.stores["contacts"].records[contact].properties
    await_truth(lambda: properties.get("leadledger_recommendation") == "promote")
    assert client.get(f"/v1/leads/{contact}").json()["recommendation"] == "promote"
    store = CallStore(client.app.state.service.decision_log.store.engine)  # type: ignore[attr-defined]  # a FastAPI
    await_truth(lambda: store.list_accounts() == [])
    server.delete(contact)
    body = notify(contact, "contact.deletion")
    assert call(client, "hubspot", body, sign_hubspot(body, time.time())).status_code == 200
    await_truth(lambda: client.get(f"/v1/leads/{contact}").status_code == 404)


def test_a_crm_that_is_down_loses_nothing(client: TestClient) -> None:
    """What can't be read waits in the log, under the account of its sync."""
    body = (
        b'{"id": "e", "event": "lead.updated", "org_id": "o", "data": {"id": "feca1e43-c3b1-4087-b4bb-0daf63066b01"}}'
    )
    assert call(client, "bottlecrm", body, sign_bottlecrm(body, time.time())).json() == {"records": 1}
    store = CallStore(client.app.state.service.decision_log.store.engine)  # type: ignore[attr-defined]  # a FastAPI
    ((record_id, _),) = store.read_waiting("bottlecrm", 10)
    assert record_id == "feca1e43-c3b1-4087-b4bb-0daf63066b01"


def test_what_nobody_thought_of_ends_nothing(
    client: TestClient, server: HubSpotServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure of ours leaves the records where they wait, and the next look reads them."""
    take, failures = Pull.take, 0

    def fail_once(pull: Pull, page: RecordPage) -> None:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise RuntimeError
        take(pull, page)

    monkeypatch.setattr(Pull, "take", fail_once)
    monkeypatch.setattr(incoming, "LOOK_INTERVAL", 0.2)
    contact = server.create({"jobtitle": "CEO", "city": "Oslo"})
    body = notify(contact)
    assert call(client, "hubspot", body, sign_hubspot(body, time.time())).status_code == 200
    properties = server.stores["contacts"].records[contact].properties
    await_truth(lambda: properties.get("leadledger_recommendation") == "promote")
    assert failures > 1


def test_a_system_without_access(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    """A call that is signed right, of a CRM that the service can't read, is refused with what is missing in the log."""
    body = b'{"data": {"id": 7}}'
    answer = call(client, "odoo", body, sign_odoo(body, time.time()))
    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "The service has no access to Odoo yet; its log says why.",
    )
    assert "Odoo needs" in capsys.readouterr().err


@pytest.mark.parametrize("system", SIGNERS)
@pytest.mark.parametrize("wrong", ["none", "other body", "old", "early", "cut", "text", "many", "é"])
def test_what_is_refused(client: TestClient, system: str, wrong: str) -> None:
    """Whatever is wrong with a signature, the answer is the same."""
    body = b'{"data": {"id": "1"}, "event": "lead.updated"}'
    at = time.time() + {"old": -301, "early": 330}.get(wrong, 0)
    headers = SIGNERS[system](body, at)
    if wrong == "none":
        headers = {}
    elif wrong == "other body":
        body = body.replace(b"1", b"2")
    elif wrong not in ("old", "early"):
        bad = {"cut": -1, "text": 0}.get(wrong)
        headers = {
            name: value[:bad] if wrong == "cut" else "x" if wrong == "text" else value * 900 if wrong == "many" else "é"
            for name, value in headers.items()
        }
    raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    check_refused(call(client, system, body, raw))  # type: ignore[arg-type]  # bytes, as they come from a wire


@pytest.mark.parametrize("system", ["salesforce", "no-such", "..", "HubSpot", "a" * 3000])
def test_a_system_without_a_secret(client: TestClient, system: str) -> None:
    """A system that isn't set up, and one that doesn't exist, are refused as a wrong signature is."""
    body = b"{}"
    check_refused(call(client, system, body, sign_odoo(body, time.time()), f"/v1/hooks/{system.replace('.', '%2e')}"))


def check_refused(answer: httpx2.Response) -> None:
    """The one answer to all that doesn't count."""
    assert (answer.status_code, answer.json()["detail"]) == (401, REFUSED)
    assert answer.headers["www-authenticate"] == "Signature"


@pytest.mark.parametrize("system", ["hubspot", "bottlecrm"])
def test_a_replay_is_refused_by_every_worker(client: TestClient, home: Path, system: str) -> None:
    """A signature counts once, in whichever process; one that was made anew is another call."""
    body, at = b"[]", time.time() - 5
    headers = SIGNERS[system](body, at)
    assert call(client, system, body, headers).status_code == 200
    check_refused(call(client, system, body, headers))
    with TestClient(create_app(Settings(home=home, card=home / "card.yaml"))) as other:
        check_refused(call(other, system, body, headers))
        assert call(other, system, body, SIGNERS[system](body, at + 2)).status_code == 200
    metrics = client.get("/metrics").text
    assert f'leadledger_crm_calls_total{{outcome="refused",system="{system}"}}' in metrics


def test_a_signature_is_of_its_address(client: TestClient) -> None:
    """What HubSpot signed for another path counts for none."""
    body = b"[]"
    check_refused(call(client, "hubspot", body, sign_hubspot(body, time.time(), "/v1/hooks/hubspot?x=1")))
    signed = sign_hubspot(body, time.time(), "/v1/hooks/hubspot?x=1")
    assert call(client, "hubspot", body, signed, "/v1/hooks/hubspot?x=1").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"null", 200),
        (b'"contact"', 200),
        (b'[1, null, {"objectId": {}}, {"subscriptionType": 7, "objectId": true}]', 200),
        (b'[{"subscriptionType": "contact.creation", "objectId": "a b"}]', 200),
        (b'[{"subscriptionType": "company.creation", "objectId": 5}]', 200),
        (b'[{"subscriptionType": "contact.creation", "objectId": NaN}]', 200),
        (b'{"a": ' * 100 + b"1" + b"}" * 100, 400),
        (b"[" * 100_000, 400),
        (b"{", 400),
        (b"", 400),
        (b"\xff", 400),
    ],
)
def test_hostile_bodies(client: TestClient, body: bytes, status: int) -> None:
    """A body that says nothing is taken for nothing, and one that is no JSON is refused; nothing fails."""
    answer = call(client, "hubspot", body, sign_hubspot(body, time.time()))
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json() == {"records": 0}


def test_a_body_is_bounded(client: TestClient) -> None:
    """A body beyond the limit of the service is refused before anybody looks at it."""
    body = b"[" + b" " * 2_000_001 + b"]"
    assert call(client, "hubspot", body, sign_hubspot(body, time.time())).status_code == 413


@pytest.mark.slow
def test_a_file_that_others_read(client: TestClient, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Secrets that others can read count for nothing; the log says what to do."""
    (home / "crm-secrets").chmod(0o644)
    try:
        check_refused(call(client, "hubspot", b"[]", sign_hubspot(b"[]", time.time() + 1)))
        assert "make it yours alone: chmod 600" in capsys.readouterr().err
    finally:
        (home / "crm-secrets").chmod(0o600)
