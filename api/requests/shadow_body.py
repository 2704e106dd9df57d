"""Which release or draft a request names as the shadow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from leadledger.api.requests.body import read_object
from leadledger.api.requests.json_text import name_kind
from leadledger.api.requests.mistakes import ROOT, Mistakes

LONGEST_NAME = 200  # characters


@dataclass(frozen=True, slots=True)
class ShadowNaming:
    """A release or a draft by its name."""

    kind: Literal["release", "draft"]
    name: str


def read_naming(body: Any) -> ShadowNaming:
    """The release or draft that a body names. Raises Refusal (422)."""
    mistakes = Mistakes()
    members = read_object(body, (), ("release", "draft"), '{"release": "2026-01-31-001"}', mistakes)
    for key, value in members.items():
        if key in ("release", "draft") and not isinstance(value, str):
            mistakes.add((*ROOT, key), f"is {name_kind(value)}; send a name")
        elif isinstance(value, str) and not 0 < len(value) <= LONGEST_NAME:
            mistakes.add((*ROOT, key), f"has {len(value):,} characters; a name has 1 to {LONGEST_NAME}")
    if isinstance(body, dict) and ("release" in members) == ("draft" in members):
        mistakes.add(ROOT, "send `release` or `draft`, one of the two")
    if mistakes:
        raise mistakes.to_refusal("named")
    if "release" in members:
        return ShadowNaming("release", members["release"])
    return ShadowNaming("draft", members["draft"])
