"""Hooks over HTTP: subscribe, unsubscribe, test, rotate, list and resend, and what a service sends by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from leadledger.api.app import create_app
from leadledger.api.log import tables
from leadledger.api.log.database import WRITES
from leadledger.api.log.message_kinds import MESSAGE_KINDS
from leadledger.api.service.settings import Settings
from leadledger.models.releases.store import Releases
from tests.api.answers import CARD, DAY, read_problem, validator
from tests.api.hooks.receiver import Handler, Receiver, answer_with, receiving

URL = "https://hooks.example.com/in?token=abc"
PROMOTED = {"need": "urgent", "budget": 50000, "employees": 500, "decision_maker": True, "stage": "lead"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service that may send hooks to this machine."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path, hooks_to_loopback=True))) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes all that it gets."""
    with receiving() as server:
        yield server


def subscribe(client: TestClient, url: str = URL, **members: Any) -> dict[str, Any]:
    """Subscribe, as a client does."""
    answer = client.post("/v1/hooks", json={"url": url, **members})
    assert answer.status_code == 200, answer.text
    subscribed: dict[str, Any] = answer.json()
    return subscribed


def await_truth(is_so: Callable[[], Any]) -> None:
    """Wait until something is so, which takes a second or two."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_subscribe_and_unsubscribe(client: TestClient) -> None:
    """A subscription is listed until it ends; its secret is shown once."""
    assert client.get("/v1/hooks").json() == {"hooks": []}
    kinds = ["lead.demoted", "lead.promoted", "lead.promoted"]
    hook = subscribe(client, kinds=kinds)
    secret = hook.pop("secret")
    assert secret.startswith("whsec_")
    assert hook == {
        **{"id": hook["id"], "url": URL, "kinds": ["lead.promoted", "lead.demoted"], "state": "active"},
        **{"problem": "", "created": hook["created"], "key": "", "old_secret_until": None},
    }
    assert subscribe(client)["kinds"] == list(MESSAGE_KINDS)
    listed = client.get("/v1/hooks")
    assert listed.json()["hooks"][0] == hook
    assert secret not in listed.text
    assert client.delete(f"/v1/hooks/{hook['id']}").json() == {"id": hook["id"]}
    assert len(client.get("/v1/hooks").json()["hooks"]) == 1
    problem = read_problem(client.delete(f"/v1/hooks/{hook['id']}"), 404)
    assert problem["detail"] == "There is no subscription of this id."


MISTAKES: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "no object": (
        [],
        [("$", 'is a list; send an object like {"url": "https://hooks.example.com/in", "kinds": ["lead.promoted"]}')],
    ),
    "no url": ({}, [("$.url", "is missing")]),
    "an empty url": ({"url": ""}, [("$.url", "is empty; send one like https://hooks.example.com/in")]),
    "a number": ({"url": 5}, [("$.url", "is a number; send a text like https://hooks.example.com/in")]),
    "inward": (
        {"url": "https://10.0.0.1/"},
        [("$.url", "can't be sent to: the URL leads to an address that is not public")],
    ),
    "a port": (
        {"url": "https://hooks.example.com:22/"},
        [("$.url", "can't be sent to: port 22 is not allowed; use 443, or one from 1024 to 65535")],
    ),
    "a user": (
        {"url": "https://a:b@hooks.example.com/"},
        [("$.url", "can't be sent to: the URL holds a user or a password; each message is signed instead")],
    ),
    "a long url": (
        {"url": "https://hooks.example.com/" + "x" * 20_000},
        [("$.url", "can't be sent to: the URL has 20,026 characters; at most 2,000 are allowed")],
    ),
    "kinds as a text": (
        {"url": URL, "kinds": "lead.promoted"},
        [("$.kinds", "is a text; send a list of kinds, or leave it out for all of them")],
    ),
    "no kinds": ({"url": URL, "kinds": []}, [("$.kinds", "is empty; name a kind, or leave it out for all of them")]),
    "unknown kinds": (
        {"url": URL, "kinds": ["lead.promotd", 5, "hook.test", None]},
        [
            ("$.kinds[0]", "is no kind of message. Did you mean 'lead.promoted'?"),
            ("$.kinds[1]", "is no kind of message."),
            ("$.kinds[2]", f"is no kind of message. Use one of: {', '.join(MESSAGE_KINDS)}."),
            ("$.kinds[3]", "is no kind of message."),
        ],
    ),
    "unknown keys": ({"url": URL, "secret": "x"}, [("$.secret", "unknown key. Use one of: url, kinds.")]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(client: TestClient, name: str) -> None:
    """Every mistake in a subscription is named with its path, and nobody is subscribed."""
    body, mistakes = MISTAKES[name]
    problem = read_problem(client.post("/v1/hooks", json=body), 422)
    assert [(mistake["path"], mistake["reason"]) for mistake in problem["errors"]] == mistakes
    assert problem["detail"].endswith("nothing was subscribed.")
    assert client.get("/v1/hooks").json() == {"hooks": []}


def test_this_machine_needs_the_option(tmp_path: Path) -> None:
    """Without the option, a subscription can't lead to the machine of the service."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path))) as client:
        problem = read_problem(client.post("/v1/hooks", json={"url": "http://127.0.0.1:9000/"}), 422)
        assert problem["errors"][0]["reason"] == "can't be sent to: the URL must begin with https://"


@pytest.mark.slow
def test_too_many(client: TestClient) -> None:
    """There are at most a hundred subscriptions."""
    for _ in range(100):
        subscribe(client)
    answer = client.post("/v1/hooks", json={"url": URL})
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "There are 100 subscriptions, the most that are allowed; remove one.",
    )


def test_without_a_log(tmp_path: Path) -> None:
    """Without a log there are no hooks, but samples."""
    with TestClient(create_app(Settings(card=CARD, home=tmp_path, log="off"))) as client:
        calls = [("POST", ""), ("GET", ""), ("DELETE", "/x"), ("POST", "/x/test"), ("POST", "/x/rotate")]
        calls += [("POST", "/x/end_old_secrets"), ("GET", "/x/deliveries"), ("POST", "/x/resend")]
        for method, path in calls:
            answer = client.request(
                method, f"/v1/hooks{path}", json={"url": URL} if not path and method == "POST" else None
            )
            assert answer.json()["detail"] == "Nothing is recorded: the service runs with its log off.", path
        assert client.get("/v1/hooks/sample").status_code == 200


def test_unknown_subscriptions(client: TestClient) -> None:
    """A subscription that isn't there is not found, whatever is asked of it."""
    for method, path in (
        *(("POST", "test"), ("POST", "rotate"), ("POST", "end_old_secrets"), ("GET", "deliveries")),
        ("POST", "resend"),
    ):
        for name in ("sub_x", "%00", "%F0%9F%A7%B2", "x" * 1000):
            answer = client.request(method, f"/v1/hooks/{name}/{path}")
            assert (answer.status_code, answer.json()["detail"]) == (404, "There is no subscription of this id."), path


def test_a_test_message(client: TestClient, receiver: Receiver) -> None:
    """A test message is sent at once; what came of it is answered, without what the receiver said."""
    hook = subscribe(client, receiver.url())
    receiver.secret = hook["secret"]
    answer = client.post(f"/v1/hooks/{hook['id']}/test").json()
    assert (answer["delivered"], answer["status"], answer["problem"]) == (True, 200, "")
    (message,) = receiver.received
    assert (message.body["type"], message.body["data"]) == ("hook.test", {"hook": hook["id"]})
    receiver.behave = answer_with(302, Location=receiver.url("/elsewhere"))
    answer = client.post(f"/v1/hooks/{hook['id']}/test").json()
    assert (answer["delivered"], answer["status"], answer["problem"]) == (False, 302, "the answer was 302")
    assert [message.path for message in receiver.received] == ["/in", "/in"]
    assert client.get(f"/v1/hooks/{hook['id']}/deliveries").json() == {"deliveries": [], "more": False}


def test_rotation(client: TestClient) -> None:
    """A new secret is shown once, and the old one signs along for as long as the caller says."""
    hook = subscribe(client)
    path = f"/v1/hooks/{hook['id']}"
    rotated = client.post(f"{path}/rotate").json()
    assert rotated["secret"] not in (hook["secret"], "")
    until = datetime.fromisoformat(rotated["old_secret_until"]) - datetime.now(UTC)
    assert 23.9 < until.total_seconds() / 3600 <= 24
    assert client.post(f"{path}/end_old_secrets").json()["old_secret_until"] is None
    assert client.post(f"{path}/rotate?keep_hours=0").json()["old_secret_until"] is None
    for hours in ("-1", "721", "x", "1.5", "٣"):
        problem = read_problem(client.post(f"{path}/rotate?keep_hours={hours}"), 422)
        assert problem["errors"][0]["path"] == "?keep_hours"
        assert problem["errors"][0]["reason"] == "is not a number from 0 to 720"
    assert client.post(f"{path}/rotate?keep_hours=1&keep_hours=2").status_code == 422


def test_decisions_are_told(client: TestClient, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    """What a score decides is told within a second or two; the score stands in the log under the id that is told."""
    hook = subscribe(client, receiver.url("/in?token=abc"))
    receiver.secret = hook["secret"]
    scored = client.post("/v1/score", json={"lead": {**PROMOTED, "lead_id": "L1"}, "as_of": DAY}).json()
    assert scored["recommendation"] in ("promote", "ask")
    await_truth(lambda: receiver.received)
    (message,) = receiver.received
    data = message.body["data"]
    assert message.body["type"] == {"promote": "lead.promoted", "ask": "lead.ask"}[scored["recommendation"]]
    assert (data["lead"], data["score_id"], data["before"]) == ("L1", scored["id"], None)
    assert sum(move["moved"] for move in data["moved"]) + data["left_out_points"] == pytest.approx(scored["points"])
    path = f"/v1/hooks/{hook['id']}/deliveries"
    await_truth(lambda: client.get(f"{path}?state=delivered").json()["deliveries"])
    (delivery,) = client.get(path).json()["deliveries"]
    assert (delivery["message_id"], delivery["state"], delivery["attempts"]) == (message.id, "delivered", 1)
    assert client.get(f"/v1/scores/{data['score_id']}/replay").json()["identical"]
    client.post("/v1/score", json={"lead": {**PROMOTED, "lead_id": "L1", "budget": 50001}, "as_of": DAY})
    client.post("/v1/score", json={"lead": {"lead_id": "L1", "competitor": True}, "as_of": DAY})
    await_truth(lambda: len(receiver.received) == 2)  # none for the score that moved
    await_truth(lambda: 'leadledger_hook_attempts_total{outcome="delivered"} 2.0' in client.get("/metrics").text)
    assert "leadledger_hooks_waiting" in client.get("/metrics").text
    assert "token=abc" not in capsys.readouterr().err


@pytest.mark.slow
def test_gone_and_back(client: TestClient, receiver: Receiver) -> None:
    """A receiver that is gone gets nothing, until a test has reached it; then it gets what waits."""
    receiver.behave = answer_with(410)
    hook = subscribe(client, receiver.url())
    path = f"/v1/hooks/{hook['id']}"
    leads = [{**PROMOTED, "lead_id": f"L{number}"} for number in range(3)]
    assert client.post("/v1/score/batch", json={"leads": leads, "as_of": DAY}).json()["scored"] == 3
    await_truth(lambda: client.get("/v1/hooks").json()["hooks"][0]["state"] == "disabled")
    assert client.get("/v1/hooks").json()["hooks"][0]["problem"] == "the answer was 410: it wants no more messages"
    first = client.get(f"{path}/deliveries?limit=2").json()
    assert first["more"]
    last = client.get(f"{path}/deliveries?limit=2&before={first['deliveries'][-1]['message_id']}").json()
    assert (len(last["deliveries"]), last["more"]) == (1, False)
    assert client.get(f"{path}/deliveries?before=msg_x").json()["detail"].startswith("The message that `before` names")
    refused = client.post(f"{path}/resend")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "The subscription is disabled: the answer was 410: it wants no more messages. A test that its receiver takes"
        " makes it active again.",
    )
    receiver.behave = answer_with(200)
    assert client.post(f"{path}/test").json()["delivered"]
    await_truth(lambda: not client.get(f"{path}/deliveries?state=waiting").json()["deliveries"])
    assert len(client.get(f"{path}/deliveries?state=delivered").json()["deliveries"]) == 3


def test_dead_messages(client: TestClient, receiver: Receiver) -> None:
    """What could not be delivered is listed, and sent again, all or one."""
    receiver.behave = answer_with(500)
    hook = subscribe(client, receiver.url())
    path = f"/v1/hooks/{hook['id']}"
    leads = [{**PROMOTED, "lead_id": f"L{number}"} for number in range(3)]
    assert client.post("/v1/score/batch", json={"leads": leads, "as_of": DAY}).json()["scored"] == 3
    await_truth(lambda: all(delivery["attempts"] for delivery in client.get(f"{path}/deliveries").json()["deliveries"]))
    service = client.app.state.service  # type: ignore[attr-defined]  # a FastAPI
    with service.decision_log.store.engine.execution_options(**WRITES).begin() as connection:
        connection.execute(update(tables.deliveries).values(state="dead"))
    receiver.behave = answer_with(200)
    dead = client.get(f"{path}/deliveries?state=dead").json()["deliveries"]
    assert [(delivery["status"], delivery["problem"]) for delivery in dead] == [(500, "the answer was 500")] * 3
    problem = read_problem(client.post(f"{path}/resend?message=msg_x"), 404)
    assert problem["detail"] == "No dead message of this subscription has this id."
    assert client.post(f"{path}/resend?message={dead[0]['message_id']}").json() == {"resent": 1}
    assert client.post(f"{path}/resend").json() == {"resent": 2}
    await_truth(lambda: len(client.get(f"{path}/deliveries?state=delivered").json()["deliveries"]) == 3)


def test_parameters(client: TestClient) -> None:
    """Wrong parameters are named."""
    path = f"/v1/hooks/{subscribe(client)['id']}"
    for query, name, reason in (
        ("deliveries?state=ded", "?state", "is no state of a delivery. Did you mean 'dead'?"),
        ("deliveries?limit=0", "?limit", "is not a number from 1 to 200"),
        ("deliveries?page=1", "?page", "unknown parameter. Use one of: limit, before, state."),
    ):
        (mistake,) = read_problem(client.get(f"{path}/{query}"), 422)["errors"]
        assert (mistake["path"], mistake["reason"]) == (name, reason)
    (mistake,) = read_problem(client.get("/v1/hooks/sample?kind=lead.promotd"), 422)["errors"]
    assert mistake["reason"] == "is no kind of message. Did you mean 'lead.promoted'?"


def test_samples(client: TestClient) -> None:
    """There is a sample of each kind, which is as the contract says."""
    samples = client.get("/v1/hooks/sample").json()
    assert [sample["type"] for sample in samples] == list(MESSAGE_KINDS)
    document = client.get("/openapi.json").json()
    for sample in samples:
        validator(document, "HookMessage").validate(sample)
        assert client.get(f"/v1/hooks/sample?kind={sample['type']}").json() == [sample]


def test_a_release_is_told(two_releases: Path, receiver: Receiver) -> None:
    """When the service follows another release, that is told, once."""
    with TestClient(create_app(Settings(home=two_releases, hooks_to_loopback=True))) as client:
        subscribe(client, receiver.url(), kinds=["release.published", "drift.warning"])
        releases = Releases(two_releases)
        first, second = releases.names()
        for release in (first, second):
            assert client.post(f"/v1/releases/{release}/use").status_code == 200
        await_truth(lambda: len(receiver.received) == 2)
        bodies = [json.loads(message.content) for message in receiver.received]
        assert sorted((message["data"]["release"], message["data"]["was"]) for message in bodies) == sorted(
            [(first, second), (second, first)]
        )


def test_nothing_of_a_hook_is_logged(
    tmp_path: Path, receiver: Receiver, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever becomes of a message, the log holds nothing of its URL, its secrets, its lead and the answer."""
    mark = "quux-secret"

    def answer_marked(request: Handler) -> None:
        status = [200, 500, 302, 410][request.message.path.count("b") + len(request.server.received)]
        request.answer(status, mark.encode(), Location=f"https://{mark}.example/", Retry_After=mark)

    def send_marked_garbage(request: Handler) -> None:
        request.wfile.write(f"{mark} {mark}\r\n\r\n".encode())
        request.close_connection = True

    settings = Settings(card=CARD, home=tmp_path, hooks_to_loopback=True, log_level="debug")
    with TestClient(create_app(settings)) as client:
        secrets = []
        for path in ("a", "b"):
            hook = subscribe(client, receiver.url(f"/{mark}/{path}?{mark}={mark}"))
            secrets += [hook["secret"], client.post(f"/v1/hooks/{hook['id']}/rotate").json()["secret"]]
        subscribe(client, f"https://{mark}.invalid/{mark}")
        for number, behave in enumerate((answer_marked, send_marked_garbage, answer_marked)):
            receiver.behave = behave
            receiver.received.clear()
            client.post("/v1/score", json={"lead": {**PROMOTED, "lead_id": f"{mark} {number}"}, "as_of": DAY})
            await_truth(lambda: receiver.received)
        client.post("/v1/hooks", json={"url": f"https://{mark}@{mark}/", mark: mark})
        client.post(f"/v1/hooks/{mark}/resend?message={mark}&{mark}={mark}")
        await_truth(lambda: "leadledger_hook_attempts_total" in client.get("/metrics").text)
    output = capfd.readouterr()
    everything = output.out + output.err + caplog.text
    assert '"event": "hook"' in everything
    assert mark not in everything
    assert not any(secret.removeprefix("whsec_") in everything for secret in secrets)
