"""What requests about hooks hold: a subscription, or parameters; or every mistake in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leadledger.api.requests.body import MOST_GUESSES, read_object
from leadledger.api.requests.json_text import name_kind
from leadledger.api.requests.mistakes import NOTHING, ROOT, Mistakes, shorten
from leadledger.api.requests.parameters import MOST_SCORES_PER_PAGE, SCORES_PER_PAGE, read_count, read_pairs
from leadledger.scoring.errors import did_you_mean

_EXAMPLE = '{"url": "https://hooks.example.com/in", "kinds": ["lead.promoted"]}'


@dataclass(frozen=True, slots=True)
class DeliveryParameters:
    """Which deliveries to list: at most `limit`, in a state (empty: in any), those before the message `before`."""

    limit: int = SCORES_PER_PAGE
    before: str = ""
    state: str = ""


def read_subscription(body: Any, known_kinds: Sequence[str], mistakes: Mistakes) -> tuple[str, tuple[str, ...]]:
    """The URL and the kinds of messages of a subscription (none: all of them); mistakes are noted."""
    members = read_object(body, ("url",), ("kinds",), _EXAMPLE, mistakes)
    url, kinds = members.get("url", NOTHING), members.get("kinds", ())
    if url is not NOTHING and not isinstance(url, str):
        mistakes.add((*ROOT, "url"), f"is {name_kind(url)}; send a text like https://hooks.example.com/in")
    if not isinstance(kinds, list | tuple):
        mistakes.add((*ROOT, "kinds"), f"is {name_kind(kinds)}; send a list of kinds, or leave it out for all of them")
        kinds = ()
    elif isinstance(kinds, list) and not kinds:
        mistakes.add((*ROOT, "kinds"), "is empty; name a kind, or leave it out for all of them")
    for place, kind in enumerate(kinds):
        if kind not in known_kinds:
            is_guessed = isinstance(kind, str) and mistakes.count < MOST_GUESSES
            guess = did_you_mean(shorten(kind), known_kinds) if is_guessed else ""
            mistakes.add((*ROOT, "kinds", place), f"is no kind of message.{guess}", kind)
    return url if isinstance(url, str) else "", tuple(kinds)


def read_delivery_parameters(query: bytes, states: Sequence[str], mistakes: Mistakes) -> DeliveryParameters:
    """The parameters of a request for deliveries; mistakes are noted."""
    limit, before, state = SCORES_PER_PAGE, "", ""
    for name, value in read_pairs(query, ("limit", "before", "state"), mistakes):
        if name == "before":
            before = value
        elif name == "state":
            state = _read_word("?state", value, states, "is no state of a delivery", mistakes)
        else:
            limit = read_count("?limit", value, 1, MOST_SCORES_PER_PAGE, mistakes) or limit
    return DeliveryParameters(limit, before, state)


def read_parameter(query: bytes, name: str, mistakes: Mistakes) -> str | None:
    """The only parameter that a request may have; None where it has none."""
    pairs = list(read_pairs(query, (name,), mistakes))
    if len(pairs) > 1:
        mistakes.add((f"?{name}",), "is given more than once; send it once")
    return pairs[0][1] if pairs else None


def read_kind_parameter(query: bytes, known_kinds: Sequence[str], mistakes: Mistakes) -> str:
    """The kind of messages that a request names; empty: it names none."""
    kind = read_parameter(query, "kind", mistakes)
    return "" if kind is None else _read_word("?kind", kind, known_kinds, "is no kind of message", mistakes)


def read_hours(query: bytes, most: int, default: int, mistakes: Mistakes) -> int:
    """For how many hours old secrets sign along; mistakes are noted."""
    text = read_parameter(query, "keep_hours", mistakes)
    hours = default if text is None else read_count("?keep_hours", text, 0, most, mistakes)
    return default if hours is None else hours


def _read_word(name: str, text: str, known: Sequence[str], reason: str, mistakes: Mistakes) -> str:
    if text not in known:
        mistakes.add((name,), f"{reason}.{did_you_mean(shorten(text), known)}", text)
        return ""
    return text
