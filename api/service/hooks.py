"""Hooks over any way in: subscribe, unsubscribe, test, rotate secrets, list and resend what was not delivered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from leadledger.api.log.message_kinds import MESSAGE_KINDS
from leadledger.api.requests.hook_bodies import (
    read_delivery_parameters,
    read_hours,
    read_kind_parameter,
    read_parameter,
    read_subscription,
)
from leadledger.api.requests.mistakes import ROOT, Mistakes, Refusal
from leadledger.api.service.history import read_log
from leadledger.api.service.service import Service
from leadledger.scoring.errors import HookError


async def subscribe(service: Service, body: Any, key: str) -> dict[str, Any]:
    """Subscribe, and show the secret, once. `body` is a JSON value, `key` the id of the API key.

    Raises Refusal: it has mistakes (422), there are too many (409), there is no log (404), it fails (503).
    """
    from leadledger.api.hooks.addresses import read_address

    mistakes = Mistakes()
    url, kinds = read_subscription(body, MESSAGE_KINDS, mistakes)
    to_loopback = service.settings.hooks_to_loopback
    if url:
        try:
            read_address(url, to_loopback)
        except HookError as error:
            mistakes.add((*ROOT, "url"), f"can't be sent to: {error}")
    elif not mistakes:
        mistakes.add((*ROOT, "url"), "is empty; send one like https://hooks.example.com/in")
    if mistakes:
        raise mistakes.to_refusal("subscribed")
    now = datetime.now(UTC)
    try:
        hook, secret = await read_log(service, lambda log: log.subscriptions.add(url, kinds, key, now, to_loopback))
    except HookError as error:
        raise Refusal(409, f"{_begin_large(error)}.") from None
    return {**hook.to_dict(), "secret": secret}


async def list_hooks(service: Service) -> dict[str, Any]:
    """All subscriptions, the oldest first, without their secrets. Raises Refusal (404, 503)."""
    now = datetime.now(UTC)
    hooks = await read_log(service, lambda log: log.subscriptions.list_all(now))
    return {"hooks": [hook.to_dict() for hook in hooks]}


async def unsubscribe(service: Service, hook: str) -> dict[str, Any]:
    """End a subscription, with all that waits for it. Raises Refusal (404, 503)."""
    try:
        await read_log(service, lambda log: log.subscriptions.remove(hook))
    except HookError as error:
        raise _refuse_unknown(error) from None
    return {"id": hook}


async def test_hook(service: Service, hook: str) -> dict[str, Any]:
    """Send a test message now, once; where it is taken, a disabled subscription is active again.

    Raises Refusal (404, 503).
    """
    from leadledger.api.hooks.sender import Sender
    from leadledger.api.hooks.testing import send_test

    if service.decision_log is None:
        await list_hooks(service)  # it refuses
    sender = Sender(service.settings.hooks_to_loopback)
    try:
        target = await read_log(service, lambda log: log.subscriptions.read_target(hook, datetime.now(UTC)))
    except HookError as error:
        raise _refuse_unknown(error) from None
    answer = await send_test(sender, hook, target)
    if answer.is_delivered:
        await read_log(service, lambda log: log.subscriptions.enable(hook))
    return {
        "delivered": answer.is_delivered,
        "status": answer.status,
        "problem": answer.problem,
        "ms": round(answer.seconds * 1000, 1),
    }


async def rotate_secret(service: Service, hook: str, query: bytes) -> dict[str, Any]:
    """Give a subscription a new secret, and show it, once. Raises Refusal (404, 422, 503)."""
    from leadledger.api.hooks.subscriptions import LONGEST_OLD_SECRET_HOURS, OLD_SECRET_HOURS

    mistakes = Mistakes()
    hours = read_hours(query, LONGEST_OLD_SECRET_HOURS, OLD_SECRET_HOURS, mistakes)
    if mistakes:
        raise mistakes.to_refusal("rotated")
    try:
        rotated, secret = await read_log(service, lambda log: log.subscriptions.rotate(hook, hours, datetime.now(UTC)))
    except HookError as error:
        raise _refuse_unknown(error) from None
    return {**rotated.to_dict(), "secret": secret}


async def end_old_secrets(service: Service, hook: str) -> dict[str, Any]:
    """From now on only the newest secret of a subscription signs. Raises Refusal (404, 503)."""
    try:
        ended = await read_log(service, lambda log: log.subscriptions.end_old_secrets(hook, datetime.now(UTC)))
    except HookError as error:
        raise _refuse_unknown(error) from None
    return ended.to_dict()


async def list_deliveries(service: Service, hook: str, query: bytes) -> dict[str, Any]:
    """What was delivered to a subscription, what waits, and what could not be delivered, the newest first.

    Raises Refusal (404, 422, 503).
    """
    from leadledger.api.log.outbox import DELIVERY_STATES

    mistakes = Mistakes()
    page = read_delivery_parameters(query, DELIVERY_STATES, mistakes)
    if mistakes:
        raise mistakes.to_refusal("listed")
    try:
        await read_log(service, lambda log: log.subscriptions.read(hook, datetime.now(UTC)))
    except HookError as error:
        raise _refuse_unknown(error) from None
    rows = await read_log(
        service, lambda log: log.deliveries.list_deliveries(hook, page.state, page.limit + 1, page.before)
    )
    if rows is None:
        raise Refusal(404, "The message that `before` names is not in the log.")
    return {"deliveries": [row._asdict() for row in rows[: page.limit]], "more": len(rows) > page.limit}


async def resend(service: Service, hook: str, query: bytes) -> dict[str, Any]:
    """Make the dead messages of a subscription due, or the one that a parameter names.

    Raises Refusal (404, 409, 422, 503).
    """
    from leadledger.api.log.outbox import DISABLED

    mistakes = Mistakes()
    message = read_parameter(query, "message", mistakes) or ""
    if mistakes:
        raise mistakes.to_refusal("resent")
    now = datetime.now(UTC)
    try:
        known = await read_log(service, lambda log: log.subscriptions.read(hook, now))
    except HookError as error:
        raise _refuse_unknown(error) from None
    if known.state == DISABLED:
        detail = f"The subscription is disabled: {known.problem}. A test that its receiver takes makes it active again."
        raise Refusal(409, detail)
    count = await read_log(service, lambda log: log.deliveries.send_again(hook, now, message))
    if message and not count:
        raise Refusal(404, "No dead message of this subscription has this id.")
    return {"resent": count}


def make_samples(service: Service, query: bytes) -> list[dict[str, Any]]:
    """A sample of each kind of message, or of the one that a parameter names. Raises Refusal (422)."""
    from leadledger.api.hooks.samples import make_samples

    mistakes = Mistakes()
    kind = read_kind_parameter(query, MESSAGE_KINDS, mistakes)
    if mistakes:
        raise mistakes.to_refusal("sampled")
    samples = make_samples(service.loaded.engine)
    return [sample for sample in samples if not kind or sample["type"] == kind]


def _refuse_unknown(error: HookError) -> Refusal:
    return Refusal(404, "There is no subscription of this id.")


def _begin_large(error: HookError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
