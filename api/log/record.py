"""One score as the log keeps it, and how its values are written and read."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeAlias

from pydantic_core import to_json

from leadledger.scoring.errors import DataError
from leadledger.scoring.event_counts import EarnedByEvents, EventCounts, restore_counts
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import Typed

MoveCause: TypeAlias = Literal[
    "data", "time", "release", "events", "arrived_late", "unknown"
]  # why an entry moved between two scores
Ledger: TypeAlias = dict[tuple[str, str], int]  # tenths by kind and name of the entry
_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_ID_PAIRS = [first + second for first in _ID_ALPHABET for second in _ID_ALPHABET]  # ten bits each
_ID_OF_BYTES = (_ID_ALPHABET * 8).encode()  # five bits of each of the 256 bytes
_ENTRIES: KnownResults[bytes] = KnownResults(lambda entry: to_json(entry.to_dict()))  # most are those of many leads
_NO_LEDGER = b'"ledger":null'  # within a text, the quotes would be escaped
_ENCODER = json.JSONEncoder(default=date.isoformat)  # `json.dumps` would make an encoder for each score


def new_id() -> str:
    """A new id of 26 characters: it sorts by the millisecond of its creation, and the rest is random.

    The format is https://github.com/ulid/spec, in lower case.
    """
    stamp = time.time_ns() // 1_000_000
    pairs = [_ID_PAIRS[stamp >> shift & 1023] for shift in (40, 30, 20, 10, 0)]
    return "".join(pairs) + os.urandom(16).translate(_ID_OF_BYTES).decode()


def now() -> str:
    """The current time in UTC, as the log writes it."""
    return f"{datetime.now(UTC).isoformat(timespec='microseconds')[:26]}Z"


def find_lead_id(card: Card, values: Mapping[str, Typed]) -> str | None:
    """The id of a lead: the first known value of a field of `kind: id`, in the order of the card; else None."""
    for field in card.plain_fields:
        if field.kind == "id" and (value := values.get(field.name)) is not None:
            return make_storable(str(value))
    return None


def find_owner(values: Mapping[str, Typed]) -> str:
    """Whose lead it is: the text of the field named `owner`; empty where that isn't known, or the card has no such."""
    owner = values.get("owner")
    return make_storable(owner) if isinstance(owner, str) else ""


def make_storable(text: str) -> str:
    """A text that every database can store: lone surrogates become `?` and NUL becomes U+FFFD."""
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def encode_answer(score_id: str, result: Result) -> bytes:
    """Write the answer to one lead as JSON. `score_id` is empty where the score isn't recorded."""
    head, tail = to_json({"id": score_id, **result.describe(None)}).split(_NO_LEDGER, 1)
    entries = b",".join([_ENTRIES[entry] for entry in result.ledger])
    return b"".join((head, b'"ledger":[', entries, b"]", tail))


def encode_input(
    values: Mapping[str, Typed], ignored: tuple[str, ...], counts: EventCounts | None = None, *, has_sent: bool = False
) -> str:
    """Write a cleaned lead as JSON: its known values, and the names that no field of the card uses.

    `counts` is what its events come to, so that a replay needs no event; None: the card has none. `has_sent`: some came
    with the lead, and may not be stored.
    """
    whole = values if counts is None else {**values, **counts.values}
    known = {name: value for name, value in whole.items() if value is not None}
    kept: dict[str, Any] = {"values": known, "ignored": ignored}
    if counts is not None:
        kept["events"] = counts.to_dict()
        if has_sent:
            kept["sent"] = True
    return _ENCODER.encode(kept)


def has_sent_events(text: str) -> bool:
    """Whether events came with a lead, by what `encode_input` wrote of it."""
    return "sent" in json.loads(text)


def encode_value(value: Typed) -> str:
    """Write a value as `encode_input` writes it."""
    return _ENCODER.encode(value)


def decode_counts(card: Card, text: str, values: Mapping[str, Typed]) -> EventCounts | None:
    """What `encode_input` wrote of the lead's events, for the rules of this card; None where it wrote nothing.

    `values` are those that `decode_input` read. A rule that wasn't counted then is unknown.
    """
    report = json.loads(text).get("events")
    if report is None or not card.events:
        return None
    counts = restore_counts({field.name: values[field.name] for field in card.event_fields}, report)
    earned = {rule.rule: rule for rule in counts.rules}
    rules = tuple(earned.get(rule.name, EarnedByEvents(rule.name, None)) for rule in card.each_rules)
    return replace(counts, rules=rules)


def decode_input(card: Card, text: str, lenient: bool = False) -> tuple[dict[str, Typed], tuple[str, ...]]:
    """Read what `encode_input` wrote: the typed values by field (None: unknown), and the ignored names.

    Raises DataError for a field that this card lacks or has as another kind; `lenient` leaves such a value out, and
    spells texts as this card does, which may have a word for one that the card of that day hadn't.
    """
    encoded = json.loads(text)
    values: dict[str, Typed] = {field.name: None for field in (*card.plain_fields, *card.event_fields)}
    spellings = card.text_spellings if lenient else {}
    for name, value in encoded["values"].items():
        kind = card.fields[name].kind if name in values else ""
        try:
            values[name] = _DECODERS[kind](value)
        except (KeyError, TypeError, ValueError):
            if not lenient:
                raise DataError(f"the card has no field '{name}' of the kind that the log holds") from None
            continue
        if lenient and name in spellings:
            values[name] = spellings[name].get(key_of(value), value)
    return values, tuple(encoded["ignored"])


def read_ledger(answer: str) -> Ledger:
    """The ledger of an answer as `encode_answer` wrote it."""
    return {(entry["kind"], entry["name"]): round(entry["points"] * 10) for entry in json.loads(answer)["ledger"]}


def _require(kind: type) -> Callable[[Any], Typed]:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError
        return value

    return check


_DECODERS: Mapping[str, Callable[[Any], Typed]] = {
    "number": float,
    "date": date.fromisoformat,
    "text": _require(str),
    "id": _require(str),
    "choices": _require(str),
    "flag": _require(bool),
}


@dataclass(frozen=True, slots=True)
class Record:
    """One score for the log.

    `at`: when it was answered; `lead`: the id of the lead, or None; `key`: the id of the API key, or empty; `digest`:
    that of a card served without a release, or empty; `input`: what `encode_input` wrote; `answer`: the answer as JSON;
    `owner`: whose lead it is (`find_owner`); `title`: what it is called (`find_title`).
    """

    id: str
    at: str
    lead: str | None
    key: str
    digest: str
    input: str
    answer: bytes
    result: Result
    owner: str = ""
    title: str = ""

    def row(self) -> dict[str, Any]:
        """The row of the table `scores`, in the order of its columns."""
        result = self.result
        return {
            "id": self.id,
            "at": self.at,
            "lead": self.lead,
            "card": result.card,
            "card_digest": self.digest,
            "release": result.release,
            "as_of": result.as_of.isoformat(),
            "tenths": result.tenths,
            "score": result.score,
            "probability": result.probability,
            "grade": result.grade,
            "recommendation": result.recommendation.verdict,
            "key": self.key,
            "input": self.input,
            "result": self.answer,
        }


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The answer to a request with an Idempotency-Key, kept so that a repeated request gets it again.

    `key`: the id of the API key; `name`: the Idempotency-Key; `digest`: that of the request; `scores`: the ids of its
    scores, separated by spaces.
    """

    key: str
    name: str
    digest: str
    at: str
    body: str
    scores: str

    def row(self) -> dict[str, str]:
        """The row of the table `answers`."""
        return {column: getattr(self, column) for column in ("key", "name", "digest", "at", "body", "scores")}


@dataclass(frozen=True, slots=True)
class ScoredRequest:
    """A request that was scored: the body of its answer, its scores for the log (none without a log), its results."""

    body: bytes
    records: Sequence[Record]
    results: Sequence[Result]


def digest_request(path: str, query: bytes, body: bytes) -> str:
    """A digest that tells requests with the same Idempotency-Key apart."""
    return hashlib.sha256(b"\0".join([path.encode(), query, body])).hexdigest()
