"""From bytes to a JSON value, or to the reason why they are none.

The standard library's parser is not the fastest, but it reports what others swallow: repeated names, NaN, and numbers
that no double holds. It costs a request about 5 µs.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from leadledger.api.requests.mistakes import ROOT, Mistake, Mistakes, Path, Refusal

DEEPEST_NESTING = 32  # objects and lists inside each other; what CRMs send has less than ten

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ForeignNumber:
    """A number that JSON doesn't have (NaN, Infinity), or that has more digits than Python reads."""

    text: str

    @property
    def is_number(self) -> bool:
        """Whether it is a number at all."""
        return self.text.lstrip("-").isdecimal()

    def __repr__(self) -> str:
        """As it was written, since messages quote it."""
        return self.text


class RepeatingObject(dict[str, Any]):
    """An object in which names are repeated; `names` are those that are."""

    names: tuple[str, ...] = ()


_NESTING = frozenset({dict, list, RepeatingObject})


def parse_json(raw: bytes) -> Any:
    """The JSON value of a body, with `ForeignNumber` and `RepeatingObject` for what JSON doesn't have.

    Raises Refusal (400).
    """
    if raw.startswith(_BYTE_ORDER_MARK):
        raw = raw[len(_BYTE_ORDER_MARK) :]
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _not_json(f"byte {error.start + 1:,} is not UTF-8 text") from None
    if not text or text.isspace():
        raise _not_json("it is empty")
    for decoder in _DECODERS:
        try:
            value = decoder.decode(text)
        except json.JSONDecodeError as error:
            reason = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
            raise _not_json(f"{reason}, at line {error.lineno}, column {error.colno}") from None
        except RecursionError:
            raise _too_deep() from None
        except ValueError:
            continue
        # Without so many brackets it can't be so deep: that costs a lead nothing.
        if text.count("{") + text.count("[") > DEEPEST_NESTING and not is_shallow(value):
            raise _too_deep()
        return value
    raise AssertionError("the second decoder reads every integer")


def is_shallow(value: object) -> bool:
    """Whether a JSON value has at most `DEEPEST_NESTING` objects and lists inside each other."""
    level = [value]
    for _ in range(DEEPEST_NESTING + 1):
        level = [item for item in level if type(item) in _NESTING]
        if not level:
            return True
        level = [
            inner
            for item in level
            for inner in (item if type(item) is list else item.values())  # type: ignore[attr-defined]
        ]
    return False


def note_repeated_names(value: dict[str, Any], path: Path, mistakes: Mistakes) -> None:
    """Note the names that an object has more than once."""
    if isinstance(value, RepeatingObject):
        for name in value.names:
            mistakes.add((*path, name), "is given more than once; send it once")


def name_kind(value: Any) -> str:
    """What a JSON value is, in words: `an object`, `a list`, `a text`, `null`, `true`, `a number`."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "a text"
    if value is None:
        return "null"
    if isinstance(value, ForeignNumber) and not value.is_number:
        return f"{value.text}, which JSON does not have"
    return f"{value}".lower() if isinstance(value, bool) else "a number"


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    repeating = RepeatingObject(value)
    repeating.names = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return repeating


def _read_integer(text: str) -> int | ForeignNumber:
    try:
        return int(text)
    except ValueError:  # https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation
        return ForeignNumber(text)


def _too_deep() -> Refusal:
    reason = f"is nested more than {DEEPEST_NESTING} levels deep"
    return Refusal(400, f"The body {reason}.", (Mistake(ROOT, reason),))


def _not_json(reason: str) -> Refusal:
    return Refusal(400, f"The body is not JSON: {reason}.", (Mistake(ROOT, f"is not JSON: {reason}"),))


_DECODERS = (
    json.JSONDecoder(object_pairs_hook=_make_object, parse_constant=ForeignNumber),
    # The slower one is for bodies that the first refuses: it also says which integer was too long.
    json.JSONDecoder(object_pairs_hook=_make_object, parse_constant=ForeignNumber, parse_int=_read_integer),
)
