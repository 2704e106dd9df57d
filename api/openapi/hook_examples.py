"""Examples of the bodies and answers about hooks; those of messages are of the card that is served."""

from __future__ import annotations

from typing import Any

from leadledger.api.hooks.samples import make_samples
from leadledger.api.log.message_kinds import MESSAGE_KINDS
from leadledger.scoring.engine.score import Engine

EXAMPLE_HOOK_ID = "sub_01kb0000000000000000000000"
_MESSAGE_ID = "msg_01kb0000000000000000000000"
_AT = "2026-01-31T09:00:00.000000Z"
_URL = "https://hooks.example.com/in"


def build_hook_examples(engine: Engine, key: str) -> dict[str, Any]:
    """An example for each schema by its name; `key`: the id of an API key."""
    hook = {
        **{"id": EXAMPLE_HOOK_ID, "url": _URL, "kinds": [*MESSAGE_KINDS[:2]], "state": "active", "problem": ""},
        **{"created": _AT, "key": key, "old_secret_until": None},
    }
    delivery = {
        **{"message_id": _MESSAGE_ID, "kind": MESSAGE_KINDS[0], "created": _AT, "state": "dead", "attempts": 10},
        **{"due": "2026-02-03T12:35:05.000000Z", "status": 500, "problem": "the answer was 500"},
    }
    samples = make_samples(engine)
    return {
        "HookRequest": {"url": _URL, "kinds": [*MESSAGE_KINDS[:2]]},
        "Hook": hook,
        "Subscribed": {**hook, "secret": "whsec_bGVhZGxlZGdlciBleGFtcGxlIHNlY3JldCAwMDAwMDE="},
        "Hooks": {"hooks": [hook]},
        "Unsubscribed": {"id": EXAMPLE_HOOK_ID},
        "TestedHook": {"delivered": True, "status": 200, "problem": "", "ms": 81.5},
        "Deliveries": {"deliveries": [delivery], "more": False},
        "Resent": {"resent": 1},
        "HookMessage": samples[0],
        "SampleMessages": samples[:1],
        "CrmCall": {"type": "lead.updated", "data": {"id": "4711"}},
        "TakenCall": {"records": 1},
    }
