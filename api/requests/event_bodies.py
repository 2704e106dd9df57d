"""The bodies that hold events to be stored: one, a list, a batch of Segment, or CloudEvents in their three modes.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from leadledger.api.requests.json_text import name_kind, note_repeated_names, parse_json
from leadledger.api.requests.mistakes import ROOT, Mistakes, Path

MOST_STORED_EVENTS = 1_000  # in one request
LIST_MEMBERS = ("events", "batch")  # of a body, ours and Segment's
CE_PREFIX = b"ce-"  # of the headers that carry a CloudEvent in its binary mode
_BESIDE_BATCH = ("context", "integrations", "sentAt", "writeKey")  # what Segment writes beside its `batch`
_SHAPE = 'send an event like {"kind": "visit", "lead": "L1", "time": "2026-01-31T10:00:00Z"}, or {"events": [{…}, {…}]}'


def read_events_body(
    content: bytes, headers: Mapping[bytes, bytes], mistakes: Mistakes
) -> tuple[Sequence[Any], Sequence[Path]]:
    """The raw events of a body, and the path of each; none where the body has mistakes, which are noted.

    Raises Refusal (400) for what isn't JSON.
    """
    body = parse_json(content)
    if b"ce-specversion" in headers:
        return [_read_binary(body, headers)], [ROOT]
    member, path = _find_list(body)
    if member and isinstance(body, dict):
        note_repeated_names(body, ROOT, mistakes)
        for key in body:
            if key != member and not (member == "batch" and key in _BESIDE_BATCH):
                mistakes.add((*ROOT, key), "unknown key beside a list of events")
        body = body[member]
    if not path:
        if isinstance(body, dict):
            return [body], [ROOT]
        mistakes.add(ROOT, f"is {name_kind(body)}; {_SHAPE}")
        return [], []
    if not isinstance(body, list):
        mistakes.add(path, f"is {name_kind(body)}; send a list of events")
    elif len(body) > MOST_STORED_EVENTS:
        mistakes.add(path, f"holds {len(body):,} events; send at most {MOST_STORED_EVENTS:,} at once")
    if mistakes or not isinstance(body, list):
        return [], []
    return body, [(*path, number) for number in range(len(body))]


def _find_list(body: Any) -> tuple[str, Path]:
    """The member of a body that holds its events, and its path; empty where the body is one event, or nothing known."""
    if isinstance(body, list):
        return "", ROOT
    if isinstance(body, dict) and not {"kind", "type", "specversion"} & set(body):
        for member in LIST_MEMBERS:
            if member in body:
                return member, (*ROOT, member)
    return "", ()


def _read_binary(body: Any, headers: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The CloudEvent whose attributes are headers, and whose data is the body."""
    attributes = {
        name[len(CE_PREFIX) :].decode("latin-1"): unquote(value.decode("latin-1").strip().strip('"'))
        for name, value in headers.items()
        if name.startswith(CE_PREFIX)
    }
    return {**attributes, "data": body}
