"""From the bytes of a request to leads and a day, or to every mistake in them, each with its path.

The standard library's parser is not the fastest, but it tells of what others swallow: names that are repeated, NaN, and
numbers that no double holds. It costs a request about 5 µs.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadledger.api.requests.mistakes import NOTHING, Mistake, Mistakes, Refusal, child, cut
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import LeadError, did_you_mean
from leadledger.scoring.field import Lead

LONGEST_LEAD_ID = 200  # characters
LONGEST_NAME = 200  # characters of a name in a lead, and
MOST_NAMES = 2_000  # names in a lead; CRMs stop earlier at both
DEEPEST = 32  # objects and lists inside each other; what CRMs send has less than ten
LARGEST = 1.7976931348623157e308  # the largest double

_BOM = b"\xef\xbb\xbf"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN = frozenset({str, int, float, bool, type(None)})
_NUMBERS = frozenset({int, float})
_FLAT = "a lead is flat: each value is a text, a number, true, false or null"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A number that is not one in JSON (NaN, Infinity), or that has more digits than anybody reads."""

    text: str

    @property
    def is_number(self) -> bool:
        """Whether it is a number at all."""
        return self.text.lstrip("-").isdecimal()


class Repeated(dict[str, Any]):
    """An object in which names are repeated; `names` are those that are."""

    names: tuple[str, ...] = ()


_NESTING = frozenset({dict, list, Repeated})


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated = Repeated(found)
    repeated.names = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return repeated


def _integer(text: str) -> int | Foreign:
    try:
        return int(text)
    except ValueError:  # https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation
        return Foreign(text)


_DECODERS = (
    json.JSONDecoder(object_pairs_hook=_object, parse_constant=Foreign),
    # The slower one is for bodies that the first refuses: it also says which integer was too long.
    json.JSONDecoder(object_pairs_hook=_object, parse_constant=Foreign, parse_int=_integer),
)


def parse(raw: bytes) -> Any:
    """The JSON value of a body, with `Foreign` and `Repeated` for what JSON doesn't have. Raises Refusal (400)."""
    if raw.startswith(_BOM):
        raw = raw[len(_BOM) :]
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _not_json(f"byte {error.start + 1} is not UTF-8 text") from None
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
        if text.count("{") + text.count("[") > DEEPEST and not is_shallow(value):
            raise _too_deep()
        return value
    raise AssertionError("the second decoder reads every integer")


def is_shallow(value: object) -> bool:
    """Whether a JSON value has at most `DEEPEST` objects and lists inside each other."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [one for one in level if type(one) in _NESTING]
        if not level:
            return True
        level = [inner for one in level for inner in (one if type(one) is list else one.values())]  # type: ignore[attr-defined]
    return False


def _too_deep() -> Refusal:
    reason = f"is nested more than {DEEPEST} levels deep"
    return Refusal(400, f"The body {reason}.", (Mistake("$", reason),))


def _not_json(reason: str) -> Refusal:
    return Refusal(400, f"The body is not JSON: {reason}.", (Mistake("$", f"is not JSON: {reason}"),))


def members(body: Any, wanted: str, mistakes: Mistakes) -> tuple[Any, date | None]:
    """What stands under `wanted` (`lead` or `leads`) in a body, and its day; NOTHING and None where there is none."""
    found = flat(body, (wanted,), ("as_of",), f'{{"{wanted}": …}}', mistakes)
    return found.get(wanted, NOTHING), day(found.get("as_of"), "$.as_of", mistakes)


def flat(
    body: Any, needed: Sequence[str], others: Sequence[str], example: str, mistakes: Mistakes
) -> Mapping[str, Any]:
    """The members of a body that must be an object with some keys and may have others; empty where it is none."""
    if not isinstance(body, dict):
        mistakes.add("$", f"is {_kind(body)}; send an object like {example}")
        return {}
    _repeated(body, "$", mistakes)
    known = (*needed, *others)
    for key in body:
        if key not in known:
            # A guess takes a moment, and a hostile body has a hundred thousand keys.
            guess = did_you_mean(cut(key), known) if mistakes.count < 10 else ""
            mistakes.add(child("$", key), f"unknown key.{guess}")
    for one in needed:
        if one not in body:
            mistakes.add(f"$.{one}", "is not there, and is needed")
    return body


def day(raw: Any, path: str, mistakes: Mistakes) -> date | None:
    """The day that a text writes; None where there is none, or a mistake, which is noted."""
    if raw is None:
        return None
    if isinstance(raw, str) and _DAY.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    said = "" if isinstance(raw, str) else f"{_kind(raw)}, "
    mistakes.add(path, f"is {said}not a date; write it like 2026-01-31", raw)
    return None


def batch(leads: Any, most: int, mistakes: Mistakes, path: str = "$.leads") -> list[Any]:
    """The leads of a batch, at least one and at most `most`; empty where there is a mistake."""
    if not isinstance(leads, list):
        if leads is not NOTHING:
            mistakes.add(path, f"is {_kind(leads)}; send a list of leads")
    elif not leads:
        mistakes.add(path, "is empty; send at least one lead")
    elif len(leads) > most:
        mistakes.add(path, f"holds {len(leads):,} leads; send at most {most:,} at once")
    else:
        return leads
    return []


def clean(engine: Engine, lead: Any, path: str, mistakes: Mistakes) -> Lead | None:
    """The typed values of a raw lead; None where it has mistakes, which are noted."""
    if not isinstance(lead, dict):
        if lead is not NOTHING:
            mistakes.add(path, f'is {_kind(lead)}; a lead is an object like {{"employees": 120}}')
        return None
    if len(lead) > MOST_NAMES:
        mistakes.add(path, f"has {len(lead):,} names; send at most {MOST_NAMES:,}, those that the card uses")
        return None
    before = mistakes.count
    bad = set()
    if type(lead) is not dict:
        _repeated(lead, path, mistakes)
    for key, value in lead.items():
        kind = type(value)
        if kind not in _PLAIN or (kind in _NUMBERS and not -LARGEST <= value <= LARGEST):
            mistakes.add(child(path, key), _wrong(value))
            bad.add(key)
        if len(key) > LONGEST_NAME or not key.isascii():
            check_name(key, child(path, key), mistakes)
    try:
        cleaned = engine.clean({key: lead[key] for key in lead if key not in bad} if bad else lead, path)
    except LeadError as error:
        for one in error.problems:
            mistakes.add(child(path, one.path[len(path) + 1 :]), one.reason, one.value)
        return None
    return cleaned if mistakes.count == before else None


def check_name(key: str, path: str, mistakes: Mistakes) -> None:
    """Note a name that is too long, or that can't be said back."""
    if len(key) > LONGEST_NAME:
        mistakes.add(path, f"the name is longer than {LONGEST_NAME} characters")
    elif not is_whole(key):
        mistakes.add(path, "the name holds half a character (a lone surrogate)")


def _repeated(found: dict[str, Any], path: str, mistakes: Mistakes) -> None:
    if isinstance(found, Repeated):
        for name in found.names:
            mistakes.add(child(path, name), "stands here more than once; send it once")


def _wrong(value: Any) -> str:
    """Why a value can't stand in a lead."""
    if isinstance(value, dict | list):
        return f"is {_kind(value)}; {_FLAT}"
    if isinstance(value, Foreign) and not value.is_number:
        return f"is {_kind(value)}; send null for what is not known"
    return "is a number beyond the range of a double (1.8e308)"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "a text"
    if value is None:
        return "null"
    if isinstance(value, Foreign) and not value.is_number:
        return f"{value.text}, which JSON does not have"
    return f"{value}".lower() if isinstance(value, bool) else "a number"


def is_whole(text: str) -> bool:
    """Whether UTF-8 can carry a text: it holds no half characters (lone surrogates)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
