"""Signatures of Standard Webhooks 1.0: HMAC-SHA256 over the id, the time of the attempt and the body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

SECRET_PREFIX = "whsec_"
SECRET_BYTES = 32  # the standard wants 24 to 64


def make_secret() -> str:
    """A new secret, as receivers get it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign_message(message_id: str, timestamp: int, body: bytes, signing_secrets: Iterable[str]) -> dict[str, str]:
    """The three headers of an attempt at `timestamp` (seconds), with a signature for each secret."""
    content = b".".join([message_id.encode(), str(timestamp).encode(), body])
    signatures = [f"v1,{base64.b64encode(_sign(secret, content)).decode()}" for secret in signing_secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _sign(secret: str, content: bytes) -> bytes:
    return hmac.digest(base64.b64decode(secret.removeprefix(SECRET_PREFIX)), content, hashlib.sha256)
