"""Messages reach their receivers at least once, in the order of each lead, whatever others do."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from sqlalchemy import Engine

from leadledger.api.hooks.delivery import Deliverer
from leadledger.api.hooks.delivery_queue import LEASE_SECONDS, DeliveryQueue
from leadledger.api.hooks.places import MOST_PLACES, MOST_PLACES_PER_HOOK, Places
from leadledger.api.hooks.retries import MOST_ATTEMPTS, RETRY_DELAYS
from leadledger.api.hooks.sender import Sender
from leadledger.api.hooks.subscriptions import Subscriptions
from tests.api.hooks.deliveries import Clock, add_hook, decide, deliver, list_states
from tests.api.hooks.receiver import (
    Behaviour,
    Receiver,
    answer_with,
    close,
    hang,
    receiving,
    send_endless_body,
    send_endless_head,
    send_garbage,
)


@pytest.mark.slow
def test_delivered_once(engine: Engine, receiver: Receiver) -> None:
    """A message is delivered with a signature that standardwebhooks verifies, and then never again."""
    _, receiver.secret = add_hook(engine, receiver.url("/in?token=a%20b"))
    (score,) = decide(engine, "L1")
    (attempt,) = deliver(engine)
    assert (attempt.state, attempt.answer.status, attempt.claim.kind) == ("delivered", 200, "lead.promoted")
    (message,) = receiver.received
    assert message.path == "/in?token=a%20b"
    assert message.body["data"]["score_id"] == score
    assert message.headers["content-type"] == "application/json"
    assert message.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert message.headers["user-agent"].startswith("leadledger/")
    assert list_states(engine) == [("delivered", 1, 200, "")]
    assert deliver(engine) == []


NO_ANSWER = "there was no answer in time"
# What a receiver does, and the status and the problem that are kept of it.
FAILURES: dict[str, tuple[Behaviour, int | None, str]] = {
    "500": (answer_with(500), 500, "the answer was 500"),
    "404": (answer_with(404), 404, "the answer was 404"),
    "a redirect": (answer_with(302, Location="/elsewhere"), 302, "the answer was 302"),
    "a lasting redirect": (answer_with(308, Location="/elsewhere"), 308, "the answer was 308"),
    "garbage": (send_garbage, None, "the answer was not HTTP, or was cut off"),
    "closed": (close, None, "the answer was not HTTP, or was cut off"),
    "hanging": (hang, None, NO_ANSWER),
    "an endless head": (send_endless_head, None, "the answer was not HTTP, or was cut off"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures(engine: Engine, receiver: Receiver, name: str) -> None:
    """Whatever is no answer 2xx is a failure, which is tried again under the same id; nothing else of it is kept."""
    behave, status, problem = FAILURES[name]
    add_hook(engine, receiver.url())
    decide(engine, "L1")
    clock, receiver.behave = Clock(), behave
    (attempt,) = deliver(engine, clock)
    assert (attempt.state, attempt.answer.status) == ("waiting", status)
    assert list_states(engine) == [("waiting", 1, status, problem)]
    assert deliver(engine, clock) == []  # not before it is due again
    clock.move(seconds=6)
    receiver.behave = answer_with(204)
    (attempt,) = deliver(engine, clock)
    assert attempt.state == "delivered"
    assert [message.path for message in receiver.received] == ["/in", "/in"]  # no redirect was followed
    assert len({message.id for message in receiver.received}) == 1
    assert list_states(engine) == [("delivered", 2, 204, "")]


def test_a_refused_connection(engine: Engine) -> None:
    """A receiver that is down is a failure like another."""
    with receiving() as receiver:
        url = receiver.url()
    add_hook(engine, url)
    decide(engine, "L1")
    deliver(engine)
    assert list_states(engine) == [("waiting", 1, None, "no connection could be made")]


def test_an_endless_body_is_dropped(engine: Engine, receiver: Receiver) -> None:
    """The status counts; what follows it is read to a limit."""
    receiver.behave = send_endless_body
    add_hook(engine, receiver.url())
    decide(engine, "L1")
    (attempt,) = deliver(engine)
    assert attempt.state == "delivered"


def test_retries_come_at_their_times(engine: Engine, receiver: Receiver) -> None:
    """Ten attempts are made, at growing distances, and then the message is dead and listed."""
    hook, _ = add_hook(engine, receiver.url())
    decide(engine, "L1")
    receiver.behave = answer_with(500)
    clock = Clock()
    for delay in (0, *RETRY_DELAYS):
        clock.move(seconds=delay * 0.89)  # it is never earlier than that
        assert len(deliver(engine, clock)) == (0 if delay else 1)
        clock.move(seconds=delay * 0.22)  # nor later than that
        assert len(deliver(engine, clock)) == (1 if delay else 0)
    assert len(receiver.received) == MOST_ATTEMPTS == 10
    assert len({message.id for message in receiver.received}) == 1
    assert list_states(engine) == [("dead", 10, 500, "the answer was 500")]
    clock.move(days=30)
    assert deliver(engine, clock) == []
    (dead,) = DeliveryQueue(engine).list_deliveries(hook.id, "dead", 10) or []
    assert (dead.message_id, dead.attempts, dead.status) == (receiver.received[0].id, 10, 500)


def test_dead_messages_are_sent_again(engine: Engine, receiver: Receiver) -> None:
    """Dead messages can be sent again, all or one, under their ids."""
    hook, _ = add_hook(engine, receiver.url())
    decide(engine, "L1", "L2")
    receiver.behave = answer_with(500)
    clock, queue = Clock(), DeliveryQueue(engine)
    for _ in range(MOST_ATTEMPTS):
        deliver(engine, clock)
        clock.move(hours=27)
    first, second = sorted({message.id for message in receiver.received})
    assert queue.send_again(hook.id, clock(), "msg_none") == 0
    assert queue.send_again(hook.id, clock(), first) == 1
    assert queue.send_again(hook.id, clock()) == 1
    assert queue.send_again(hook.id, clock()) == 0
    receiver.behave = answer_with(200)
    receiver.received.clear()
    deliver(engine, clock)
    assert sorted(message.id for message in receiver.received) == [first, second]


def test_the_order_of_a_lead(engine: Engine, receiver: Receiver) -> None:
    """A later message of a lead waits for the earlier one; another lead's doesn't, nor another subscription's."""
    with receiving() as other:
        add_hook(engine, receiver.url())
        add_hook(engine, other.url())
        ids = decide(engine, "L1", "L2", "L1", "L1")
        clock = Clock()
        receiver.behave = lambda request: request.answer(500 if ids[0].encode() in request.message.content else 200)
        deliver(engine, clock)
        assert [message.content for message in other.received if b'"L1"' in message.content] == [
            message.content
            for message in sorted(other.received, key=lambda it: ids.index(_score_of(it.content)))
            if b'"L1"' in message.content
        ]
        assert len(other.received) == 4
        assert sorted(_score_of(message.content) for message in receiver.received) == sorted(ids[:2])
        receiver.behave = answer_with(200)
        clock.move(seconds=6)
        deliver(engine, clock)
    assert [_score_of(message.content) for message in receiver.received][2:] == [ids[0], ids[2], ids[3]]


def test_a_dead_message_blocks_nothing(engine: Engine, receiver: Receiver) -> None:
    """Once a message is dead, the later ones of its lead are delivered."""
    add_hook(engine, receiver.url())
    ids = decide(engine, "L1", "L1")
    receiver.behave = lambda request: request.answer(500 if ids[0].encode() in request.message.content else 200)
    clock = Clock()
    for _ in range(MOST_ATTEMPTS):
        deliver(engine, clock)
        clock.move(hours=27)
    assert [state for state, *_ in list_states(engine)] == ["dead", "delivered"]


def _score_of(content: bytes) -> str:
    score: str = json.loads(content)["data"]["score_id"]
    return score


def test_gone(engine: Engine, receiver: Receiver) -> None:
    """A receiver that answers 410 gets nothing more; what waits for it goes on waiting until it is active again."""
    hook, _ = add_hook(engine, receiver.url())
    decide(engine, "L1", "L1")
    receiver.behave = answer_with(410)
    clock = Clock()
    deliver(engine, clock)
    assert len(receiver.received) == 1
    disabled = Subscriptions(engine).read(hook.id, clock())
    assert (disabled.state, disabled.problem) == ("disabled", "the answer was 410: it wants no more messages")
    assert list_states(engine) == [("waiting", 1, 410, "the answer was 410"), ("waiting", 0, None, "")]
    decide(engine, "L2")
    assert len(list_states(engine)) == 2
    clock.move(days=1)
    assert deliver(engine, clock) == []
    assert (DeliveryQueue(engine).count_waiting(), DeliveryQueue(engine).find_next()) == (0, None)
    receiver.behave = answer_with(200)
    Subscriptions(engine).enable(hook.id)
    deliver(engine, clock)
    assert len(receiver.received) == 3
    assert receiver.received[0].id == receiver.received[1].id != receiver.received[2].id


# A header Retry-After, and the seconds until the next attempt.
RETRY_AFTER = {
    "120": 120,
    "1": 5,
    "999999999999": 86_400,
    "-5": 5,
    "soon": 5,
    "": 5,
    "Thu, 01 Jan 1970 00:00:00 GMT": 5,
    "Fri, 31 Dec 9999 23:59:59 GMT": 86_400,
    "Fri, 31 Dec 99999 23:59:59 GMT": 5,
    "١٢٠": 5,
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("header", [header for header in RETRY_AFTER if header.isascii()])
def test_busy(engine: Engine, receiver: Receiver, status: int, header: str) -> None:
    """A busy receiver gets nothing until the time that it names, a day at the most."""
    add_hook(engine, receiver.url())
    decide(engine, "L1")
    receiver.behave = answer_with(status, Retry_After=header)
    clock = Clock()
    deliver(engine, clock)
    decide(engine, "L2")
    seconds = RETRY_AFTER[header]
    receiver.behave = answer_with(200)
    if seconds > 5:
        clock.move(seconds=seconds - 2)
        assert deliver(engine, clock) == []  # no other message either
    clock.move(seconds=6)
    deliver(engine, clock)
    assert [state for state, *_ in list_states(engine)] == ["delivered", "delivered"]


@pytest.mark.slow
def test_a_hanging_receiver_holds_up_nobody(engine: Engine) -> None:
    """While some receivers hang with as many messages as they get at once, the others get theirs without delay."""
    with receiving() as hanging, receiving() as well:
        hanging.behave = hang
        for number in range(12):
            add_hook(engine, hanging.url(f"/{number}"))
        add_hook(engine, well.url())
        decide(engine, *[f"L{number}" for number in range(20)])
        start, taken = monotonic(), []

        async def run() -> None:
            attempts: list[object] = []
            sender = Sender(to_loopback=True, total_seconds=30)
            deliverer = Deliverer(DeliveryQueue(engine), sender, attempts.append)
            task = asyncio.create_task(deliverer.run())
            while len(well.received) < 20:
                assert monotonic() < start + 20
                await asyncio.sleep(0.01)
            taken.append(dict(deliverer.places.taken))
            deliverer.stop()
            await task

        asyncio.run(run())
        assert max(taken[0].values()) <= MOST_PLACES_PER_HOOK
        assert sum(taken[0].values()) <= MOST_PLACES + len(taken[0])
        assert len(hanging.received) >= 12  # each has its place
    assert sorted(json.loads(message.content)["data"]["lead"] for message in well.received) == sorted(
        f"L{number}" for number in range(20)
    )
    assert deliver(engine, total_seconds=0.3) != []  # what was broken off is due at once


def test_places() -> None:
    """Each subscription has a place of its own; the others are shared, and a failing one gets none of them."""
    places = Places()
    for number in range(100):
        for _ in range(places.count_free(f"hook {number}")):
            places.take(f"hook {number}")
    assert sum(places.taken.values()) == 100 + MOST_PLACES
    assert set(places.taken.values()) <= {1, 2, 3, 4}
    assert places.count_free("another") == 1
    places.give_back("hook 0", is_delivered=False)
    places.give_back("hook 0", is_delivered=True)
    places.give_back("hook 1", is_delivered=False)
    assert places.count_free("hook 1") == 0


def test_a_lease(engine: Engine, receiver: Receiver) -> None:
    """What one process tries no other does, until its lease is over; and then its answer doesn't count any more."""
    from leadledger.api.hooks.retries import Answer

    add_hook(engine, receiver.url())
    decide(engine, "L1", "L1", "L2")
    queue, now = DeliveryQueue(engine), datetime.now(UTC)
    first, second = queue.claim(now, Places())
    assert (first.lead_key, second.lead_key) == ("L1", "L2")
    assert queue.claim(now, Places()) == []  # the second of L1 waits
    later = now + timedelta(seconds=LEASE_SECONDS + 1)
    again = queue.claim(later, Places())
    assert [claim.message_id for claim in again] == [first.message_id, second.message_id]
    queue.settle([(first, Answer(200))], later)
    assert [state for state, *_ in list_states(engine)] == ["waiting"] * 3
    queue.settle([(again[0], Answer(200)), (again[1], Answer(500, "the answer was 500"))], later)
    assert [state for state, *_ in list_states(engine)] == ["delivered", "waiting", "waiting"]
    queue.release(queue.claim(later, Places()), later)
    assert [claim.lead_key for claim in queue.claim(later, Places())] == ["L1"]


def test_when_the_next_is_due(engine: Engine, receiver: Receiver) -> None:
    """The queue knows how much waits, and when the next attempt is due: a later message of a lead not before."""
    queue = DeliveryQueue(engine)
    assert (queue.find_next(), queue.count_waiting()) == (None, 0)
    add_hook(engine, receiver.url())
    decide(engine, "L1", "L1", "L1")
    receiver.behave = answer_with(500)
    clock = Clock()
    deliver(engine, clock)
    due = queue.find_next()
    assert due is not None
    assert 4.5 <= (due - clock()).total_seconds() <= 5.5
    assert queue.count_waiting() == 3


@pytest.mark.slow
def test_rotation(engine: Engine, receiver: Receiver) -> None:
    """After a rotation both secrets verify a message, until the old one ends."""
    hook, old = add_hook(engine, receiver.url())
    clock, subscriptions = Clock(), Subscriptions(engine)
    rotated, new = subscriptions.rotate(hook.id, 24, clock())
    assert rotated.old_secret_until == (clock() + timedelta(hours=24)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for number, secret in enumerate((old, new)):
        receiver.secret = secret
        decide(engine, f"L{number}")
        clock.move(minutes=1)
        assert [attempt.state for attempt in deliver(engine, clock)] == ["delivered"]
    assert len(receiver.received[0].headers["webhook-signature"].split()) == 2
    clock.move(hours=25)
    decide(engine, "L2")
    deliver(engine, clock)
    assert len(receiver.received[2].headers["webhook-signature"].split()) == 1
    for _ in range(8):
        _, newest = subscriptions.rotate(hook.id, 24, clock())
    assert len(subscriptions.read_target(hook.id, clock())[1]) == 5
    subscriptions.end_old_secrets(hook.id, clock())
    assert subscriptions.read_target(hook.id, clock())[1] == [newest]
    assert subscriptions.rotate(hook.id, 0, clock())[0].old_secret_until is None


@pytest.mark.slow
def test_several_processes_share_the_work(engine: Engine, receiver: Receiver) -> None:
    """Several that deliver at once deliver each message once, and those of a lead in their order."""
    add_hook(engine, receiver.url())
    leads = [f"L{number % 7}" for number in range(60)]
    ids = decide(engine, *leads)
    clock = Clock()
    threads = [threading.Thread(target=deliver, args=(engine, clock), kwargs={"total_seconds": 30}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while DeliveryQueue(engine).count_waiting():  # what the last one had on lease when the others ended
        deliver(engine, clock)
    received = [_score_of(message.content) for message in receiver.received]
    assert sorted(received) == sorted(ids)
    for lead in set(leads):
        of_lead = [score for score, name in zip(ids, leads, strict=True) if name == lead]
        assert [score for score in received if score in of_lead] == of_lead
