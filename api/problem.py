"""Problems: the one shape of every refusal, `application/problem+json` as RFC 9457 has it.

    {"type": "about:blank", "title": "Unprocessable Content", "status": 422,
     "detail": "1 mistake in the request; nothing was scored.",
     "errors": [{"path": "$.lead.employees", "reason": "'many' is not a number; …", "value": "many"}],
     "request_id": "5f0c…"}

`type` is always about:blank: the status says which kind of problem it is (RFC 9457, 4.2.1). `errors` is always there,
and empty where nothing in the body is at fault; `request_id` finds the request in the server's log. Where it helps to
ask again, `retry_after` says after how many seconds, as the header does. What comes from the caller is cut before it is
said back.
"""

from __future__ import annotations

import http
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
MOST = 100  # mistakes that one answer lists; the rest are counted
LONGEST = 40  # characters of a caller's text that are said back

# RFC 9110's phrases: older Pythons still have those of RFC 7231 for some of them.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
_DETAILS = {
    404: "Nothing is at this path. GET /docs lists the paths.",
    500: "The service failed, and it is not your request's fault. The server's log says how.",
}
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


def response(refusal: Refusal, request_id: str = "") -> Response:
    """A refusal as an HTTP response."""
    headers = dict(refusal.headers or {})
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return Response(to_json(body(refusal, request_id)), refusal.status, headers, MEDIA_TYPE)


def body(refusal: Refusal, request_id: str) -> dict[str, object]:
    """A refusal as JSON."""
    said: dict[str, object] = {
        "type": "about:blank",
        "title": _TITLES.get(refusal.status) or http.HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.detail,
        "errors": [one.to_dict() for one in refusal.mistakes],
        "request_id": request_id,
    }
    if refusal.retry_after is not None:
        said["retry_after"] = refusal.retry_after
    return said


def refusal_of(error: HTTPException) -> Refusal:
    """What Starlette's own error says, as a refusal."""
    detail = _DETAILS.get(error.status_code, str(error.detail))
    return Refusal(error.status_code, detail, headers=error.headers)


def failed(request_id: str) -> Response:
    """The answer where the service itself is at fault; it tells nothing of what happened inside."""
    return response(Refusal(500, _DETAILS[500]), request_id)


def install(app: FastAPI) -> None:
    """Make every refusal of an app a problem."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        return response(error, request.scope["request_id"])

    async def unrouted(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return response(refusal_of(error), request.scope["request_id"])

    async def invalid(request: Request, error: Exception) -> Response:
        """Parameters that FastAPI checks itself."""
        assert isinstance(error, RequestValidationError)
        mistakes = Mistakes()
        for one in error.errors():
            mistakes.add(".".join(("$", *map(str, one["loc"][1:]))), str(one["msg"]), one.get("input", NOTHING))
        return response(mistakes.refusal(), request.scope["request_id"])

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(HTTPException, unrouted)
    app.add_exception_handler(RequestValidationError, invalid)


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
