"""The guard in front of every route: keys, scopes, limits; and behind it: security headers and the request log.

A program sends its key with each request; in a page, a cookie stands for the key that somebody signed in with. It never
does so at other routes, where another site could use it.

It stands in place of FastAPI's own middlewares and router, because every request pays for them: it looks the route up
in a table instead of trying all of them, and calls its function itself (`api.http.direct`). An open route needs nothing
more. Any other route needs, in this order, a key (401), a path and a method that exist (404, 405), the scope (403), the
rate of the key (429), a body within the limit (413, or 400 where the caller leaves), and a place among the requests in
progress (503). A request that is refused before its body is read costs next to nothing. A call that is signed needs no
key; its route checks the signature once the body is read.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from time import monotonic

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Message, Receive, Scope, Send

from leadledger.api.http import problem
from leadledger.api.http.access import ANY_KEY, OPEN, SIGNED, GuardedRoute, build_route_table
from leadledger.api.http.body_limit import read_body
from leadledger.api.http.local_callers import check_local
from leadledger.api.http.rate_limit import RateLimiter
from leadledger.api.http.security_headers import SECURITY_HEADERS
from leadledger.api.http.visitor_cookie import read_visitor
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.keys import SCOPES, Key, Keyring, find_key
from leadledger.api.service.metrics import Metrics
from leadledger.api.service.program_log import ProgramLog
from leadledger.api.service.sessions import Sessions
from leadledger.api.service.settings import Settings

# A request takes one place among those in progress for each 10,000 bytes of its body or part of them: about fifty leads
# and a few milliseconds. So all requests in progress are done in about the same time, however large the batches are.
# The largest request takes a quarter of all places.
BYTES_PER_PLACE = 10_000
RESERVED_PART = 10  # one in so many places is left to other keys, however many requests one key sends

KEYS_UNREADABLE = "The keys can't be read, so nobody has access. The server's log says why."

_ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_EPOCH = datetime.fromtimestamp(0, UTC)
_UNKNOWN_CALLER = Key("", "", (), _EPOCH, None, "")  # until the key is checked
_LOCAL_CALLER = Key("", "", SCOPES, _EPOCH, None, "")  # where no key is needed
_SIGNED_CALLER = Key("signed", "", (), _EPOCH, None, "")  # all callers that sign instead share the rate of one key


class Exchange:
    """One request and its answer. `client`: the address of the caller, empty where that isn't known; `places`: how many
    it holds among the requests in progress.
    """

    __slots__ = ("client", "guard", "key", "places", "received", "request_id", "send", "sent", "start", "status")

    def __init__(self, guard: Guard, request_id: str, client: str, start: float, send: Send) -> None:
        self.guard = guard
        self.client = client
        self.request_id = request_id
        self.start = start  # on the monotonic clock
        self.send = send
        self.key = _UNKNOWN_CALLER
        self.status = 0  # until an answer begins
        self.places = 0
        self.received = 0  # bytes of the request's body
        self.sent = 0  # bytes of the answer's body

    async def answer(self, message: Message) -> None:
        """Send a part of the answer, with the headers that every answer has.

        The work is done by then, so its places are free: how long the caller takes to read holds none.
        """
        if message["type"] == "http.response.start":
            self.guard.free_places(self)
            self.status = message["status"]
            headers = message.get("headers", ())
            given = {name for name, _ in headers}
            security = [header for header in SECURITY_HEADERS if header[0] not in given]
            message["headers"] = [*headers, (b"x-request-id", self.request_id.encode()), *security]
        else:
            self.sent += len(message.get("body", b""))
        await self.send(message)


class Guard:
    """The guard of some routes. Each process has one: it counts places and rates, and watches the keys."""

    def __init__(
        self,
        routes: Iterable[BaseRoute],
        *,
        load_late: Callable[[], Awaitable[None]] | None,
        keys: Keyring,
        sessions: Sessions,
        show_refusal: Callable[[Refusal, Scope], Response],
        settings: Settings,
        log: ProgramLog,
        metrics: Metrics,
    ) -> None:
        self._routes = routes
        self._load_late = load_late  # the routes that aren't there yet
        self._table = build_route_table(routes)
        self._keys = keys
        self._sessions = sessions
        self._show_refusal = show_refusal  # as a page
        self._log = log
        self._metrics = metrics
        self._rates = RateLimiter(settings.max_rate)
        self._max_body = settings.max_body
        self._places = settings.max_waiting
        self._most_places_per_request = max(1, settings.max_waiting // 4)
        self._most_places_per_key = settings.max_waiting - settings.max_waiting // RESERVED_PART
        self._places_taken = 0
        self._places_of_key: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and log it."""
        headers = scope["named_headers"] = dict(scope["headers"])  # the last of each name; routes read it too
        given_id = headers.get(b"x-request-id")
        request_id = given_id.decode() if given_id and _REQUEST_ID.fullmatch(given_id) else os.urandom(8).hex()
        scope["request_id"] = request_id
        routes = self._table.find(scope["path"])
        if not routes and self._load_late is not None:
            await self._load_late()
            self._load_late = None
            self._table = build_route_table(self._routes)
            routes = self._table.find(scope["path"])
        route = routes.get(scope["method"])
        is_page = next(iter(routes.values())).is_page if routes else b"text/html" in headers.get(b"accept", b"")
        exchange = Exchange(self, request_id, _find_client(scope), monotonic(), send)
        try:
            try:
                if route is None and routes and all(known.needs == OPEN for known in routes.values()):
                    _check_access(route, routes, exchange.key)  # an open path is no secret: a wrong method needs no key
                if route is not None and route.needs == SIGNED:
                    exchange.key = _SIGNED_CALLER
                    await self._admit(exchange, route, scope, headers, receive)
                elif route is None or route.needs != OPEN:
                    identify = self._identify_visitor if is_page else self._identify
                    exchange.key = identify(scope, headers, exchange.start)
                    route = _check_access(route, routes, exchange.key)
                    await self._admit(exchange, route, scope, headers, receive)
                scope["key"] = exchange.key  # routes record it
                if route.route.param_convertors:
                    scope.update(route.route.matches(scope)[1])
                response = await route.call(Request(scope, receive))
                await response(scope, receive, exchange.answer)
            except Refusal as refusal:
                if refusal.retry_after is not None:
                    scope["ask_later"] = True  # the server's protocol then pauses the connection
                await self._refuse(refusal, is_page, scope)(scope, receive, exchange.answer)
        except Exception as error:
            self._log.write_failure(error, request_id)
            if exchange.status:  # part of an answer is out: the server must cut it off, or it would look complete
                raise
            await self._refuse(problem.make_failure(), is_page, scope)(scope, receive, exchange.answer)
        finally:
            self.free_places(exchange)
            if exchange.key.id and "repeatable_leads" in scope:
                self._rates.charge(exchange.key.id, scope["repeatable_leads"] - 1)
            self._report(exchange, routes, route)

    def free_places(self, exchange: Exchange) -> None:
        """Give back the places that a request holds among those in progress."""
        if exchange.places:
            self._places_taken -= exchange.places
            key_id = exchange.key.id
            if key_id:
                left = self._places_of_key[key_id] - exchange.places
                if left:
                    self._places_of_key[key_id] = left
                else:
                    del self._places_of_key[key_id]
            exchange.places = 0

    def _report(self, exchange: Exchange, routes: Mapping[str, GuardedRoute], route: GuardedRoute | None) -> None:
        """Count a request, and log it: health checks at `debug`, refusals for lack of room at `warning`."""
        is_open = route is not None and route.needs == OPEN
        level = (0 if is_open else 1) if exchange.status < 500 else 2 if exchange.status == 503 else 3
        method = route.method if route is not None else ""
        template = next(iter(routes.values())).template if routes else ""
        seconds = monotonic() - exchange.start
        self._metrics.count_request(method, template, exchange.status, seconds)
        if self._log.is_logged[level]:
            self._log.write_request(level, exchange, method, template, seconds)

    async def _admit(
        self, exchange: Exchange, route: GuardedRoute, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive
    ) -> None:
        """Read the body, which `scope` then holds, and take places among the requests in progress.

        The body comes first, so that a slow sender holds no place. Raises Refusal: too many requests (429), too large
        (413), gone (400, 408), no place (503).
        """
        if exchange.key.id:
            wait = self._rates.wait(exchange.key.id, exchange.start)
            if wait:
                seconds = math.ceil(wait)
                raise Refusal(429, f"This key sends too many requests; try again in {seconds} s.", retry_after=seconds)
        if route.takes_body:
            most = max(self._max_body, route.largest_body)
            exchange.received = len(await read_body(scope, receive, headers.get(b"content-length"), most))
        places = min(1 + exchange.received // BYTES_PER_PLACE, self._most_places_per_request)
        key_id = exchange.key.id
        taken_by_key = self._places_of_key.get(key_id, 0)
        if self._places_taken + places > self._places or taken_by_key + places > self._most_places_per_key:
            raise Refusal(503, "The service is handling as many requests as it accepts.", retry_after=1)
        self._places_taken += places
        if key_id:
            self._places_of_key[key_id] = taken_by_key + places
        exchange.places = places
        # All requests that arrived at the same moment get here before the first one goes on. Only so are they all
        # counted, and those beyond the limit refused before any work is done.
        await asyncio.sleep(0)

    def _refuse(self, refusal: Refusal, is_page: bool, scope: Scope) -> Response:
        """A refusal as a page or as a problem."""
        return self._show_refusal(refusal, scope) if is_page else problem.respond(refusal, scope["request_id"])

    def _identify_visitor(self, scope: Scope, headers: Mapping[bytes, bytes], now: float) -> Key:
        """The key that somebody has signed in with. Raises Refusal: nobody has, or the keys can't be read."""
        keys = self._keys
        if now >= keys.next_look:
            self._look_at_keys(now)
        if not keys.needed:
            check_local(scope, headers)
            return _LOCAL_CALLER
        key = keys.by_id.get(self._sessions.find_key(read_visitor(headers), datetime.now(UTC)) or "")
        if key is not None and key.revoked is None:
            return key
        if keys.problem:
            raise Refusal(503, KEYS_UNREADABLE)
        raise Refusal(401, "Sign in with a key.")

    def _identify(self, scope: Scope, headers: Mapping[bytes, bytes], now: float) -> Key:
        """The key of the caller. Raises Refusal: no key, an unknown one, or the keys can't be read."""
        keys = self._keys
        if now >= keys.next_look:
            self._look_at_keys(now)
        if not keys.needed:
            check_local(scope, headers)
            return _LOCAL_CALLER
        authorization = headers.get(b"authorization")
        claimed = headers.get(b"x-api-key")
        if claimed is None and authorization is not None:
            scheme, _, token = authorization.partition(b" ")
            claimed = token if scheme.lower() == b"bearer" else None
        if claimed is not None:
            text = claimed.strip().decode("latin-1")
            # An unknown key may have been created a moment ago.
            key = find_key(keys.by_id, text) or (find_key(keys.by_id, text) if self._look_at_keys(now) else None)
            if key is not None:
                return key
        if keys.problem:
            raise Refusal(503, KEYS_UNREADABLE)
        if claimed is None:
            detail, challenge = "Send a key: `Authorization: Bearer ll_…` or `X-API-Key: ll_…`.", "Bearer"
        else:
            detail, challenge = "This key is unknown or revoked.", 'Bearer error="invalid_token"'
        raise Refusal(401, detail, headers={"WWW-Authenticate": challenge})

    def _look_at_keys(self, now: float) -> bool:
        """Look whether the keys have changed, and log it if they have."""
        has_changed = self._keys.look(now)
        if has_changed:
            if self._keys.problem:
                self._log.write("error", "keys", message=self._keys.problem)
            else:
                self._log.write("info", "keys", message="the keys were read", working=self._keys.working)
        return has_changed


def _find_client(scope: Scope) -> str:
    """The address that a request came from, by the word of a trusted proxy; empty where it isn't one."""
    client = scope.get("client")
    return client[0] if client and _ADDRESS.fullmatch(client[0]) else ""


def _check_access(route: GuardedRoute | None, routes: Mapping[str, GuardedRoute], key: Key) -> GuardedRoute:
    """The route, if the key may call it. Raises Refusal: no such path, another method, a missing scope."""
    if not routes:
        raise Refusal(404, "Nothing is at this path. GET /docs lists the paths.")
    if route is None:
        allowed = ", ".join(sorted(routes))
        raise Refusal(405, f"This path accepts only {allowed}.", headers={"Allow": allowed})
    if route.needs not in key.scopes and route.needs != ANY_KEY:
        raise Refusal(
            403,
            f"Key {key.id} lacks the scope `{route.needs}`; it has: {', '.join(key.scopes)}.",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{route.needs}"'},
        )
    return route
