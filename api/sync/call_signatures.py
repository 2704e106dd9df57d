"""Whether a call comes from the CRM that it names: its signature over the body, by a secret that both have.

- HubSpot v3: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
- BottleCRM: https://github.com/Django-CRM/Django-CRM/blob/master/backend/webhooks/tasks.py
- any other, Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

A signature covers the time at which it was made, so an old one is refused, and one that was used before by its digest
(`api/log/call_store.py`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

OLDEST_SECONDS = 300  # before and after our clock
MOST_SIGNATURES = 8  # in one header: while a secret is exchanged, there are two
LONGEST_HEADER = 2000
_DIGITS = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True)
class SignedCall:
    """A call as it came: the names of headers in small letters, and the addresses under which it may have been sent."""

    method: str
    addresses: Sequence[str]
    headers: Mapping[str, str]
    body: bytes

    def read(self, name: str) -> str:
        """A header; empty: there is none, or it is too long for one."""
        value = self.headers.get(name, "")
        return value if len(value) <= LONGEST_HEADER else ""


def check_signature(system: str, call: SignedCall, secret: str, now: float) -> str:
    """The digest of the signature of a call at a time (seconds since 1970); empty: it is wrong, missing or too old.

    A sender that signs the same content anew at a later time has another digest: that is another attempt.
    """
    signed = _SCHEMES.get(system, _read_standard)(call)
    if signed is None:
        return ""
    timestamp, contents, signatures, key = signed[0], signed[1], signed[2], signed[3](secret)
    if key is None or abs(now - timestamp) > OLDEST_SECONDS:
        return ""
    digests = [hmac.digest(key, content, hashlib.sha256) for content in contents]
    # Each is compared with each, so that the time doesn't tell which of them came near.
    matches = [hmac.compare_digest(digest, signature) for digest in digests for signature in signatures]
    if not any(matches):
        return ""
    return hashlib.sha256(b"\n".join((system.encode(), *digests))).hexdigest()


# The time, what may have been signed, the signatures, and how the key is made of the secret.
_Signed = tuple[float, Sequence[bytes], Sequence[bytes], Callable[[str], "bytes | None"]]


def _read_hubspot(call: SignedCall) -> _Signed | None:
    """The method, the address, the body and the time in milliseconds, in Base64."""
    stamp = call.read("x-hubspot-request-timestamp")
    signature = _decode(call.read("x-hubspot-signature-v3"))
    if not _DIGITS.fullmatch(stamp) or signature is None:
        return None
    contents = [
        b"".join((call.method.encode(), address.encode(), call.body, stamp.encode())) for address in call.addresses
    ]
    return int(stamp) / 1000, contents, (signature,), str.encode


def _read_bottlecrm(call: SignedCall) -> _Signed | None:
    """`t=<seconds>,v1=<hex>` over the time, a point and the body."""
    parts = [part.strip().partition("=") for part in call.read("x-bottlecrm-signature").split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not _DIGITS.fullmatch(stamps[0]) or not 0 < len(signatures) <= MOST_SIGNATURES:
        return None
    try:
        decoded = [bytes.fromhex(value) for value in signatures]
    except ValueError:
        return None
    return int(stamps[0]), (b".".join((stamps[0].encode(), call.body)),), decoded, str.encode


def _read_standard(call: SignedCall) -> _Signed | None:
    """The id, the time in seconds and the body, between points; several signatures `v1,<Base64>`."""
    message, stamp = call.read("webhook-id"), call.read("webhook-timestamp")
    listed = call.read("webhook-signature").split()
    signatures = [_decode(value[3:]) for value in listed if value.startswith("v1,")]
    if not message or not _DIGITS.fullmatch(stamp) or not 0 < len(signatures) <= MOST_SIGNATURES:
        return None
    content = b".".join((message.encode("utf-8", "replace"), stamp.encode(), call.body))
    return int(stamp), (content,), [signature for signature in signatures if signature is not None], _read_secret


_SCHEMES: Mapping[str, Callable[[SignedCall], _Signed | None]] = {
    "hubspot": _read_hubspot,
    "bottlecrm": _read_bottlecrm,
}


def _read_secret(secret: str) -> bytes | None:
    """The key of a secret of Standard Webhooks, which is written in Base64."""
    return _decode(secret.removeprefix("whsec_"))


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
