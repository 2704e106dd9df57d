"""`leadledger hooks`: subscriptions by command, test messages, dead ones, and delivery without a service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from leadledger.api.hooks.retries import MOST_ATTEMPTS
from leadledger.api.log.database import open_database
from tests.api.hooks.deliveries import Clock, decide, deliver
from tests.api.hooks.receiver import Receiver, answer_with, receiving
from tests.command_line import run

URL = "https://hooks.example.com/in"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes all that it gets."""
    with receiving() as server:
        yield server


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """The log of a home."""
    engine = open_database(None, tmp_path)
    yield engine
    engine.dispose()


def hooks(home: Path, *words: str) -> Any:
    """Run a command that succeeds. Returns its JSON."""
    done = run("hooks", *words, "--home", str(home), "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(home: Path, *words: str) -> str:
    """Run a command that is refused. Returns why."""
    done = run("hooks", *words, "--home", str(home))
    assert done.exit_code == 1, done.output
    return done.stderr.strip()


def test_subscriptions(tmp_path: Path) -> None:
    """A subscription is added, listed and removed; its secret is printed once, alone on standard output."""
    assert run("hooks", "--home", str(tmp_path)).stdout == (
        "There are no subscriptions yet; add one with `leadledger hooks add URL`.\n"
    )
    added = run("hooks", "add", URL, "--kind", "lead.ask", "--kind", "lead.promoted", "--home", str(tmp_path))
    assert added.stdout.startswith("whsec_")
    assert len(added.stdout.split()) == 1
    assert added.stderr.endswith("gets: lead.promoted, lead.ask. Its secret is not shown again.\n")
    (hook,) = hooks(tmp_path)["hooks"]
    assert run("hooks", "--home", str(tmp_path)).stdout == (
        f"{hook['id']}  active    {URL}\n    lead.promoted, lead.ask\n"
    )
    assert run("hooks", "remove", hook["id"], "--home", str(tmp_path)).stdout == (
        f"Subscription {hook['id']} is removed.\n"
    )
    assert hooks(tmp_path) == {"hooks": []}


REFUSALS = {
    ("add", "http://hooks.example.com/"): "the URL must begin with https://",
    ("add", URL, "--kind", "lead.asked"): "'lead.asked' is no kind of message. Did you mean 'lead.ask'?",
    ("add", "https://[::1]:8000/"): "the URL leads to an address that is not public",
    ("remove", "sub_x"): "there is no subscription with the id 'sub_x'",
    ("test", "sub_x"): "there is no subscription with the id 'sub_x'",
    ("rotate", "sub_x"): "there is no subscription with the id 'sub_x'",
    ("rotate", "sub_x", "--end-old"): "there is no subscription with the id 'sub_x'",
    ("dead", "sub_x"): "there is no subscription with the id 'sub_x'",
    ("resend", "sub_x"): "there is no subscription with the id 'sub_x'",
}


@pytest.mark.parametrize("words", REFUSALS, ids=" ".join)
def test_refusals(tmp_path: Path, words: tuple[str, ...]) -> None:
    """What can't be done is refused in a sentence."""
    assert refused(tmp_path, *words) == REFUSALS[words]


def test_a_test_message(tmp_path: Path, receiver: Receiver) -> None:
    """A test message says whether it arrived; the exit status does, too."""
    hook = hooks(tmp_path, "add", receiver.url(), "--to-loopback")
    receiver.secret = hook["secret"]
    done = run("hooks", "test", hook["id"], "--to-loopback", "--home", str(tmp_path))
    assert (done.exit_code, done.stdout.startswith("Delivered: the answer was 200, after ")) == (0, True)
    assert receiver.received[0].body["type"] == "hook.test"
    done = run("hooks", "test", hook["id"], "--home", str(tmp_path))
    assert (done.exit_code, done.stdout) == (1, "Not delivered: the URL must begin with https://.\n")


def test_rotation(tmp_path: Path, receiver: Receiver) -> None:
    """A new secret is printed; the old one signs along until it is told not to."""
    hook = hooks(tmp_path, "add", receiver.url(), "--to-loopback")
    done = run("hooks", "rotate", hook["id"], "--home", str(tmp_path))
    receiver.secret = hook["secret"]
    assert hooks(tmp_path, "test", hook["id"], "--to-loopback")["delivered"]
    assert f"The old secret of {hook['id']} signs along until 2" in done.stderr
    receiver.secret = done.stdout.strip()
    ended = run("hooks", "rotate", hook["id"], "--end-old", "--home", str(tmp_path))
    assert ended.stdout == f"Only the newest secret of {hook['id']} signs from now on.\n"
    assert hooks(tmp_path, "test", hook["id"], "--to-loopback")["delivered"]
    assert len(receiver.received[-1].headers["webhook-signature"].split()) == 1
    done = run("hooks", "rotate", hook["id"], "--keep-hours", "0", "--home", str(tmp_path))
    assert f"The old secret of {hook['id']} signs along no longer." in done.stderr


def test_delivery(tmp_path: Path, receiver: Receiver, engine: Engine) -> None:
    """`deliver` delivers what is due, and says what it could not deliver and when it will be tried again."""
    hooks(tmp_path, "add", receiver.url(), "--to-loopback")
    decide(engine, "L1", "L2", "L2")
    receiver.behave = lambda request: request.answer(500 if b'"lead":"L2"' in request.message.content else 200)
    done = run("hooks", "deliver", "--to-loopback", "--home", str(tmp_path))
    assert done.stdout.startswith("Delivered: 1. Failed, to be tried again: 1. Dead: 0. Waiting: 2, the next from 2")
    assert len(receiver.received) == 2
    again = hooks(tmp_path, "deliver", "--to-loopback")
    assert (again["delivered"], again["failed"], again["dead"], again["waiting"]) == (0, 0, 0, 2)


def test_a_disabled_subscription(tmp_path: Path, receiver: Receiver, engine: Engine) -> None:
    """A receiver that is gone gets what waits once a test has reached it."""
    hook = hooks(tmp_path, "add", receiver.url(), "--to-loopback")["id"]
    decide(engine, "L1", "L2")
    receiver.behave = answer_with(410)
    deliver(engine, Clock())
    assert refused(tmp_path, "resend", hook) == (
        f"{hook} is disabled: the answer was 410: it wants no more messages. A test that its receiver takes makes it"
        f" active again: `leadledger hooks test {hook}`"
    )
    assert "; the answer was 410: it wants no more messages" in run("hooks", "--home", str(tmp_path)).stdout
    receiver.behave = answer_with(200)
    assert hooks(tmp_path, "test", hook, "--to-loopback")["delivered"]
    assert hooks(tmp_path)["hooks"][0]["state"] == "active"


def test_dead_messages(tmp_path: Path, receiver: Receiver, engine: Engine) -> None:
    """Dead messages are listed, and sent again."""
    hook = hooks(tmp_path, "add", receiver.url(), "--to-loopback")["id"]
    done = run("hooks", "dead", hook, "--home", str(tmp_path))
    assert done.stdout == "Every message was delivered, or waits to be.\n"
    decide(engine, "L1", "L2")
    receiver.behave = answer_with(500)
    clock = Clock()
    for _ in range(MOST_ATTEMPTS):
        deliver(engine, clock)
        clock.move(hours=27)
    (first, *_) = run("hooks", "dead", hook, "--home", str(tmp_path)).stdout.splitlines()
    message = hooks(tmp_path, "dead", hook)["deliveries"][0]["message_id"]
    assert first.startswith(f"{message}  2")
    assert first.endswith("Z  lead.promoted       the answer was 500")
    assert refused(tmp_path, "resend", hook, "--message", "msg_x") == (
        f"no dead message of {hook} has the id 'msg_x'; `leadledger hooks dead {hook}` lists them"
    )
    receiver.behave = answer_with(200)
    assert hooks(tmp_path, "resend", hook, "--message", message) == {"resent": 1}
    done = run("hooks", "resend", hook, "--home", str(tmp_path))
    assert done.stdout == "1 message will be sent again.\n"
    assert hooks(tmp_path, "deliver", "--to-loopback")["delivered"] == 2
