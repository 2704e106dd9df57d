"""The message that tests a subscription: it is sent once, at once, and kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence

from leadledger.api.hooks.retries import Answer
from leadledger.api.hooks.sender import Sender
from leadledger.api.log.message_bodies import write_body
from leadledger.api.log.message_kinds import TEST_KIND
from leadledger.api.log.record import new_id, now


async def send_test(sender: Sender, subscription: str, target: tuple[str, Sequence[str]]) -> Answer:
    """Send a test message to a subscription: to its URL, signed with its secrets."""
    url, secrets = target
    return await sender.send(url, f"msg_{new_id()}", write_body(TEST_KIND, now(), {"hook": subscription}), secrets)
