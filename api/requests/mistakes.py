"""Mistakes in a request, and its refusal, whatever brought it: HTTP, a list, a tool call.

A caller's text is shortened before an answer repeats it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

# The root ("$" is the body, "?limit" a parameter), then names of members and places in lists.
Path: TypeAlias = tuple[str | int, ...]
ROOT: Path = ("$",)

MOST_MISTAKES_LISTED = 100  # in one answer; the rest are counted
LONGEST_QUOTE = 40  # characters of a caller's text that an answer repeats
LONGEST_QUOTED_NAME = 80  # characters of a name in a path

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")


class _Nothing:
    """No value to repeat."""


NOTHING = _Nothing()


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a request: the path of what is wrong, why, and its value if an answer should repeat it."""

    path: Path
    reason: str
    value: object = NOTHING

    def to_dict(self) -> dict[str, object]:
        """Flat JSON. `value` is always a text, so that clients have one type for it: a text as the caller sent it,
        shortened to `LONGEST_QUOTE` characters, else its JSON. A longer number, a list or an object is left out.
        """
        fields: dict[str, object] = {"path": format_path(self.path), "reason": make_encodable(self.reason)}
        if isinstance(self.value, str):
            fields["value"] = shorten(self.value)
        elif self.value is None or _is_short(self.value):
            fields["value"] = json.dumps(self.value)
        return fields


class Mistakes:
    """Mistakes as they are found: all are counted, the first `most` are listed."""

    def __init__(self, most: int = MOST_MISTAKES_LISTED) -> None:
        self.most = most
        self.listed: list[Mistake] = []
        self.count = 0

    def add(self, path: Path, reason: str, value: object = NOTHING) -> None:
        """Note a mistake."""
        self.count += 1
        if self.count <= self.most:
            self.listed.append(Mistake(path, reason, value))

    def add_all(self, mistakes: Mistakes) -> None:
        """Note mistakes that were found apart, such as those of one lead."""
        self.count += mistakes.count
        self.listed += mistakes.listed[: max(0, self.most - len(self.listed))]

    def __bool__(self) -> bool:
        return self.count > 0

    def to_list(self) -> list[dict[str, object]]:
        """Those that are listed, as flat JSON."""
        return [mistake.to_dict() for mistake in self.listed]

    def to_refusal(self, done: str = "scored") -> Refusal:
        """The refusal of a request with these mistakes; `done` is what wasn't done with it."""
        number = f"{self.count:,} mistake{'s' if self.count > 1 else ''} in the request"
        most = f", the first {MOST_MISTAKES_LISTED} are listed" if self.count > MOST_MISTAKES_LISTED else ""
        return Refusal(422, f"{number}{most}; nothing was {done}.", tuple(self.listed))


class Refusal(Exception):
    """A request is refused, with an HTTP status and the reason in one sentence."""

    def __init__(
        self,
        status: int,
        detail: str,
        mistakes: tuple[Mistake, ...] = (),
        *,
        retry_after: int | None = None,  # seconds
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.detail = detail
        self.mistakes = mistakes
        self.retry_after = retry_after
        self.headers = headers
        super().__init__(detail)


def _is_short(value: object) -> bool:
    """Whether a value is true, false, or a number that JSON has and that is short enough to repeat."""
    return isinstance(value, bool | int | float) and len(repr(value)) <= LONGEST_QUOTE and math.isfinite(value)


def format_path(path: Path) -> str:
    """A path as JSONPath: `$.leads[3].employees`, or `$.lead["Number of employees"]` where a dot can't write it."""
    root, *keys = path
    return f"{root}{''.join(map(_format_key, keys))}"


def _format_key(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    if _PLAIN_NAME.fullmatch(key):
        return f".{key}"
    return f"[{json.dumps(shorten(key, LONGEST_QUOTED_NAME), ensure_ascii=False)}]"


def shorten(text: str, most: int = LONGEST_QUOTE) -> str:
    """A caller's text, short enough to repeat, without half characters."""
    return make_encodable(text if len(text) <= most else text[: most - 1] + "…")


def make_encodable(text: str) -> str:
    """A text that UTF-8 can carry: half characters (lone surrogates) become question marks."""
    return text if text.isascii() else text.encode(errors="replace").decode()
