"""What the log keeps of one score, and the forms in which values are kept."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from leadledger.scoring.errors import DataError
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Card
from leadledger.scoring.tree import Typed

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_ENCODER = json.JSONEncoder(default=date.isoformat)  # `json.dumps` would make one for each score


def new_id() -> str:
    """A new id: 26 signs, which sort by the millisecond they were made in; the rest is random.

    As https://github.com/ulid/spec has it, in lower case.
    """
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join([_ALPHABET[number >> shift & 31] for shift in range(125, -5, -5)])


def now() -> str:
    """The time, as the log writes it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def find_lead_id(card: Card, values: Mapping[str, Typed]) -> str | None:
    """The id of a lead: the value of the card's first field of `kind: id` that is known; None: there is none."""
    for one in card.plain:
        if one.kind == "id" and (found := values.get(one.name)) is not None:
            return make_storable(str(found))
    return None


def make_storable(text: str) -> str:
    """A text that every database can keep: NUL and half characters (lone surrogates) become signs of their own."""
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def encode_input(values: Mapping[str, Typed], ignored: tuple[str, ...]) -> str:
    """A cleaned lead as JSON: the values that are known, and the names that no field uses."""
    known = {name: value for name, value in values.items() if value is not None}
    return _ENCODER.encode({"values": known, "ignored": ignored})


def decode_input(card: Card, text: str, lenient: bool = False) -> tuple[dict[str, Typed], tuple[str, ...]]:
    """The typed values and the ignored names of what `encode_input` wrote.

    Raises DataError for a field that this card has not, or has of another kind; `lenient` leaves it out.
    """
    found = json.loads(text)
    values: dict[str, Typed] = {one.name: None for one in card.plain}
    for name, value in found["values"].items():
        kind = card.fields[name].kind if name in values else ""
        try:
            values[name] = _READ[kind](value)
        except (KeyError, TypeError, ValueError):
            if not lenient:
                raise DataError(f"the card has no field '{name}' that takes the value of the log") from None
    return values, tuple(found["ignored"])


def _exactly(kind: type) -> Callable[[Any], Typed]:
    def same(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError
        return value

    return same


_READ: Mapping[str, Callable[[Any], Typed]] = {
    "number": float,
    "date": date.fromisoformat,
    "text": _exactly(str),
    "id": _exactly(str),
    "flag": _exactly(bool),
}


@dataclass(frozen=True, slots=True)
class Record:
    """One score: its id, when it was given, to which lead, by which key; the answer as JSON, and what it came from."""

    id: str
    at: str
    lead: str | None
    key: str
    digest: str
    input: str
    answer: str
    result: Result

    def row(self) -> dict[str, Any]:
        """A row of the table `scores`, in the order of its columns."""
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
    """What was answered to a request with an Idempotency-Key: by which API key, its name, a digest of the request."""

    key: str
    name: str
    digest: str
    at: str
    body: str
    scores: str

    def row(self) -> dict[str, str]:
        """A row of the table `answers`."""
        return {one: getattr(self, one) for one in ("key", "name", "digest", "at", "body", "scores")}


@dataclass(frozen=True, slots=True)
class ScoredRequest:
    """What a request came to: the answer, the records of its scores, where there is a log, and their results."""

    body: bytes
    records: Sequence[Record]
    results: Sequence[Result]
