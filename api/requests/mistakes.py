"""Mistakes in a request, and its refusal, whatever brought it: HTTP, a list, a tool call.

What comes from the caller is cut before it is said back.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST = 100  # mistakes that one answer lists; the rest are counted
LONGEST = 40  # characters of a caller's text that are said back

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")


class _Nothing:
    """No value to say back."""


NOTHING = _Nothing()


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a request: the JSON path of what is wrong, why, and its value if it is worth saying back."""

    path: str
    reason: str
    value: object = NOTHING

    def to_dict(self) -> dict[str, object]:
        """Flat JSON. `value` is always a text, so that clients have one type for it: a text as it came, cut to
        `LONGEST` characters, else the JSON of what came. A longer number, a list or an object is not said back.
        """
        said: dict[str, object] = {"path": self.path, "reason": whole(self.reason)}
        if isinstance(self.value, str):
            said["value"] = cut(self.value)
        elif self.value is None or _is_short(self.value):
            said["value"] = json.dumps(self.value)
        return said


class Mistakes:
    """Mistakes as they are found: all are counted, the first `most` are kept."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.kept: list[Mistake] = []
        self.count = 0

    def add(self, path: str, reason: str, value: object = NOTHING) -> None:
        """Note a mistake."""
        self.count += 1
        if self.count <= self.most:
            self.kept.append(Mistake(path, reason, value))

    def __bool__(self) -> bool:
        return self.count > 0

    def refusal(self) -> Refusal:
        """The answer to a request with these mistakes."""
        number = f"{self.count} mistake{'s' if self.count > 1 else ''} in the request"
        listed = f", the first {MOST} are listed" if self.count > MOST else ""
        return Refusal(422, f"{number}{listed}; nothing was scored.", tuple(self.kept))


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
    """Whether a value is true, false, or a number that JSON has and that is short enough to say back."""
    return isinstance(value, bool | int | float) and len(repr(value)) <= LONGEST and math.isfinite(value)


def child(path: str, key: str) -> str:
    """The JSON path of a key: `$.lead.employees`, or `$.lead["Number of employees"]` where a dot can't say it."""
    return f"{path}.{key}" if _PLAIN.fullmatch(key) else f"{path}[{json.dumps(cut(key, 80), ensure_ascii=False)}]"


def cut(text: str, most: int = LONGEST) -> str:
    """A caller's text, short enough to say back, without half characters."""
    return whole(text if len(text) <= most else text[: most - 1] + "…")


def whole(text: str) -> str:
    """A text that UTF-8 can carry: half characters (lone surrogates) become question marks."""
    return text if text.isascii() else text.encode(errors="replace").decode()
