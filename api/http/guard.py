"""What stands before every route: who asks, may they, is there room; and after it, headers and a line in the log.

A plain ASGI middleware, because each request pays for it: it looks a route up in a table instead of trying all, and
calls lean routes (`api.http.direct`) itself. In order: the route's entry; for an open one, nothing more. Then the
key (401), its scope (403), the path and the method (404, 405), its rate (429), the body (413, or 400 where the caller
leaves), and a place among the requests in work (503). What is refused before its body is read costs next to nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import os
import re
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leadledger.api.http import problem
from leadledger.api.http.access import ANY_KEY, OPEN, GuardedRoute, build_route_table
from leadledger.api.http.rate import RateLimiter
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.keys import EPOCH, SCOPES, Key, Keyring, find_key
from leadledger.api.service.metrics import Metrics
from leadledger.api.service.program_log import Log
from leadledger.api.service.settings import Settings

# Nothing here is a page, to be kept, framed or run: browsers are told so. A response may bring a policy of its own.
# https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
CONTENT_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

# A request takes a place among those in work for each so many bytes of its body that are begun: some fifty leads, and a
# few milliseconds. So all that is in work is done in about the same time, however large the batches are. The largest
# takes a quarter of all places.
BYTES_PER_PLACE = 10_000

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_NO_KEY = "Send a key: `Authorization: Bearer ll_…` or `X-API-Key: ll_…`."
_MAKE_ONE = "Make one on the server: `leadledger keys add NAME --scope score`."
_WRONG_KEY = "This key is not known, or is revoked."
_UNKNOWN = Key("", "", (), EPOCH, None, "")  # before it is known who asks
_ANYBODY = Key("", "", SCOPES, EPOCH, None, "")  # where no key is needed


class Exchange:
    """One request and what becomes of it. `places` are those that it holds among the requests in work."""

    __slots__ = ("key", "places", "received", "request_id", "send", "sent", "start", "status")

    def __init__(self, request_id: str, start: float, send: Send) -> None:
        self.request_id = request_id
        self.start = start  # on the monotonic clock
        self.send = send
        self.key = _UNKNOWN
        self.status = 0  # until an answer begins
        self.places = 0
        self.received = 0  # bytes of the body
        self.sent = 0  # and of the answer's

    async def answer(self, message: Message) -> None:
        """Send a part of the answer, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *SECURITY_HEADERS, (b"x-request-id", self.request_id.encode())]
            if CONTENT_POLICY[0] not in dict(headers):
                headers.append(CONTENT_POLICY)
            message["headers"] = headers
        else:
            self.sent += len(message.get("body", b""))
        await self.send(message)


class Guard:
    """See the module. One for each process: places and rates are counted in it, keys are looked at by it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        routes: Iterable[BaseRoute],
        keys: Keyring,
        settings: Settings,
        log: Log,
        metrics: Metrics,
    ) -> None:
        self._app = app
        self._table = build_route_table(routes)
        self._keys = keys
        self._log = log
        self._metrics = metrics
        self._rates = RateLimiter(settings.max_rate)
        self._max_body = settings.max_body
        self._max_waiting = settings.max_waiting
        self._most_places = max(1, settings.max_waiting // 4)
        self._working = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and tell of it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
                self._log.flush()  # the process may end by a signal, right after this
            else:  # nothing here speaks in web sockets
                await send({"type": "websocket.close", "code": 1000})
            return
        headers = scope["named_headers"] = dict(scope["headers"])  # of each name the last; routes look here too
        given = headers.get(b"x-request-id")
        request_id = given.decode() if given and _REQUEST_ID.fullmatch(given) else os.urandom(8).hex()
        scope["request_id"] = request_id
        entries = self._table.at(scope["path"])
        entry = entries.get(scope["method"])
        one = Exchange(request_id, monotonic(), send)
        try:
            try:
                if entry is None and entries and all(known.needs == OPEN for known in entries.values()):
                    _allowed(entry, entries, one.key)  # no secret is at an open path, so a wrong method needs no key
                if entry is None or entry.needs != OPEN:
                    one.key = self._caller(scope, headers, one.start)
                    entry = _allowed(entry, entries, one.key)
                    receive = await self._admit(one, entry, scope, headers, receive)
                scope["key"] = one.key  # for /v1/me, and for records of who asked
                if entry.call is None:
                    await self._app(scope, receive, one.answer)
                else:
                    if entry.route.param_convertors:
                        scope.update(entry.route.matches(scope)[1])
                    scope["route"] = entry.route
                    response = await entry.call(Request(scope, receive, one.answer))
                    await response(scope, receive, one.answer)
            except HTTPException as error:
                await problem.response(problem.refusal_of(error), request_id)(scope, receive, one.answer)
            except Refusal as refusal:
                if refusal.retry_after is not None:
                    scope["ask_later"] = True  # the server's protocol hears it
                await problem.response(refusal, request_id)(scope, receive, one.answer)
        except Exception as error:
            self._log.failure(error, request_id)
            if one.status:  # half of an answer is out: the server cuts the connection, so that it isn't taken for whole
                raise
            await problem.failed(request_id)(scope, receive, one.answer)
        finally:
            self._working -= one.places
            self._tell(one, entries, entry)

    def _tell(self, one: Exchange, entries: Mapping[str, GuardedRoute], entry: GuardedRoute | None) -> None:
        # Monitors ask every few seconds; what we refuse for want of room is worth a warning, what fails more.
        quiet = entry is not None and entry.needs == OPEN
        level = (0 if quiet else 1) if one.status < 500 else 2 if one.status == 503 else 3
        method = entry.method if entry is not None else ""
        route = next(iter(entries.values())).template if entries else ""
        seconds = monotonic() - one.start
        self._metrics.request(method, route, one.status, seconds)
        if self._log.told[level]:
            self._log.request(
                level,
                one.request_id,
                method,
                route,
                one.status,
                seconds,
                one.key.id,
                one.received,
                one.sent,
            )

    async def _admit(
        self, one: Exchange, entry: GuardedRoute, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive
    ) -> Receive:
        """Read the body, and take places among the requests in work; gives what gives the body again.

        Raises Refusal: too often (429), too large (413), gone (400, 408), no place (503).
        """
        if one.key.id:
            wait = self._rates.wait(one.key.id, one.start)
            if wait:
                _too_many(wait)
        if entry.takes_body:
            body = await self._body(scope, receive, headers.get(b"content-length"))
            one.received = len(body)
            receive = _again(body, receive)
        places = min(1 + one.received // BYTES_PER_PLACE, self._most_places)
        if self._working + places > self._max_waiting:
            raise Refusal(503, "The service has as much to do as it takes at once.", retry_after=1)
        self._working += places
        one.places = places
        # All that came in at the same moment get to this line before the first goes on: only so are they counted, and
        # those beyond the limit sent away before anybody's work is done.
        await asyncio.sleep(0)
        return receive

    def _caller(self, scope: Scope, headers: Mapping[bytes, bytes], now: float) -> Key:
        """The key of the caller. Raises Refusal: no key, a wrong one, or keys that can't be read."""
        keys = self._keys
        if now >= keys.next:
            self._look(now)
        if not keys.needed:
            _from_here(scope, headers)
            return _ANYBODY
        authorization = headers.get(b"authorization")
        claimed = headers.get(b"x-api-key")
        if claimed is None and authorization is not None:
            scheme, _, rest = authorization.partition(b" ")
            claimed = rest if scheme.lower() == b"bearer" else None
        if claimed is not None:
            text = claimed.strip().decode("latin-1")
            # A key that is not known may have been made a moment ago.
            found = find_key(keys.by_id, text) or (find_key(keys.by_id, text) if self._look(now) else None)
            if found is not None:
                return found
        if keys.problem:
            raise Refusal(503, "The keys can't be read, so nobody is let in. The server's log says why.")
        challenge = {"WWW-Authenticate": "Bearer" if claimed is None else 'Bearer error="invalid_token"'}
        raise Refusal(401, _NO_KEY if claimed is None else _WRONG_KEY, headers=challenge)

    def _look(self, now: float) -> bool:
        changed = self._keys.look(now)
        if changed:
            if self._keys.problem:
                self._log.line("error", "keys", message=self._keys.problem)
            else:
                self._log.line("info", "keys", message="the keys were read", working=self._keys.working)
        return changed

    async def _body(self, scope: Scope, receive: Receive, length: bytes | None) -> bytes:
        """The whole body. It is read before the request takes a place among those in work: a slow sender holds none."""
        most = self._max_body
        size = int(length) if length and length.isdigit() else 0
        chunks: list[bytes] = []
        if size <= most:
            size, more = 0, True
            while more and size <= most:
                message = await receive()
                if message["type"] != "http.request":
                    if scope.get("late"):  # the server's own protocol has answered with 408 already
                        raise Refusal(408, "The request did not arrive in time.")
                    raise Refusal(400, "The request ended before its body did.")
                chunk = message.get("body", b"")
                size += len(chunk)
                chunks.append(chunk)
                more = message.get("more_body", False)
        if size > most:
            raise Refusal(413, f"The body is larger than {most:,} bytes; send fewer leads at once.")
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _again(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read already, and after it what comes."""
    given = False

    async def once_more() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_more


def _allowed(entry: GuardedRoute | None, entries: Mapping[str, GuardedRoute], key: Key) -> GuardedRoute:
    """The entry of a route that the key may call. Raises Refusal: nothing there, another method, another scope."""
    if not entries:
        raise Refusal(404, "Nothing is at this path. GET /docs lists the paths.")
    if entry is None:
        allowed = ", ".join(sorted(entries))
        raise Refusal(405, f"This path takes {allowed} only.", headers={"Allow": allowed})
    if entry.needs not in key.scopes and entry.needs != ANY_KEY:
        raise Refusal(
            403,
            f"Key {key.id} lacks the scope `{entry.needs}`; it has: {', '.join(key.scopes)}.",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{entry.needs}"'},
        )
    return entry


def _too_many(wait: float) -> NoReturn:
    seconds = math.ceil(wait)
    raise Refusal(429, f"This key asks too often; ask again in {seconds} s.", retry_after=seconds)


def _from_here(scope: Scope, headers: Mapping[bytes, bytes]) -> None:
    """Where no key is needed, only programs of this machine may ask, and no web page through a browser of it.

    A page can have its own name point to this machine (DNS rebinding): then the Host is that name. It can ask another
    name, without seeing the answer, and a request without a body (to use another release) even without asking first by
    OPTIONS: then the Origin is that of the page. A proxy brings strangers.
    """
    here = (scope.get("server") or ("",))[0]  # the address at which the connection came in
    # Nothing listens elsewhere without keys; if their file is lost and a process begins anew, this still holds.
    if (here[:1].isdigit() or ":" in here) and not is_loopback(here):
        raise Refusal(403, f"No keys are made, so other machines can't ask. {_MAKE_ONE}")
    if b"x-forwarded-for" in headers or b"forwarded" in headers:
        raise Refusal(403, f"This came through a proxy, and no keys are made. {_MAKE_ONE}")
    origin = headers.get(b"origin")
    if origin is not None and not _is_of(origin.partition(b"://")[2], here):
        raise Refusal(403, f"This came from a web page of another site, and no keys are made. {_MAKE_ONE}")
    host = headers.get(b"host")
    if host is None or _is_of(host, here):  # no browser leaves it out
        return
    raise Refusal(421, f"Without keys, this service answers to localhost only, not to another name. {_MAKE_ONE}")


def _is_of(host: bytes, here: str) -> bool:
    """Whether a host, with or without a port, is a name of this machine; `here` is an address of it."""
    name = host.decode("latin-1").lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    return name == "localhost" or name == here or is_loopback(name)


def is_loopback(name: str) -> bool:
    """Whether a text is an address of this machine that no other machine can reach."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
