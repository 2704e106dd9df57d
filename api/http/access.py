"""What each route needs of its caller, declared on the route itself: `@needs("score")` below `@app.post(…)`.

A route that declares nothing can't be served: building the table of routes fails.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from re import Pattern
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from leadledger.api.http.direct import DirectRoute
from leadledger.api.service.keys import SCOPES

OPEN = "open"  # anybody, at any time: no key, no limit
ANY_KEY = "any"  # any key that works, whatever its scopes
SIGNED = "signed"  # no key but a signature over the body, which the route checks; all limits count
NEEDS = (OPEN, ANY_KEY, SIGNED, *SCOPES)

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def needs(scope: str, *, page: bool = False, largest_body: int = 0) -> Callable[[Endpoint], Endpoint]:
    """Declare what a route's function needs: a scope, ANY_KEY, SIGNED or OPEN. Raises ValueError for another word.

    `page`: people call it in a browser. They sign in once, a cookie then stands for their key, and refusals are pages.
    `largest_body`: bytes that it takes where that is more than the service takes otherwise.
    """
    if scope not in NEEDS:
        raise ValueError(f"{scope!r} is not one of {', '.join(NEEDS)}")

    def declare(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["needs"], endpoint.__dict__["is_page"] = scope, page
        endpoint.__dict__["largest_body"] = largest_body
        return endpoint

    return declare


@dataclass(frozen=True, slots=True)
class GuardedRoute:
    """One method of a route as the guard sees it.

    `template`: its path with parameters; `needs`: one of NEEDS; `call`: its function; `is_page`: people call it in a
    browser; `largest_body`: what `needs` says of it.
    """

    route: DirectRoute
    template: str
    method: str
    needs: str
    call: Callable[[Request], Awaitable[Response]]
    takes_body: bool
    is_page: bool
    largest_body: int


@dataclass(frozen=True, slots=True)
class RouteTable:
    """All routes by method: those with a fixed path by that path, the others in the order of their patterns."""

    fixed: dict[str, dict[str, GuardedRoute]]
    patterns: tuple[tuple[Pattern[str], dict[str, GuardedRoute]], ...]

    def find(self, path: str) -> dict[str, GuardedRoute]:
        """The routes at a path by method; empty where there are none."""
        routes = self.fixed.get(path)
        if routes is not None:
            return routes
        return next((routes for pattern, routes in self.patterns if pattern.match(path)), {})

    def by_path(self) -> list[dict[str, GuardedRoute]]:
        """The routes of each path by method."""
        return [*self.fixed.values(), *(routes for _, routes in self.patterns)]


def build_route_table(routes: Iterable[BaseRoute]) -> RouteTable:
    """Build the table of an app's routes. Raises TypeError for one that isn't lean or declares no need."""
    fixed: dict[str, dict[str, GuardedRoute]] = {}
    patterns: dict[str, tuple[Pattern[str], dict[str, GuardedRoute]]] = {}
    for route in routes:
        declared = getattr(getattr(route, "endpoint", None), "needs", None)
        if not isinstance(route, DirectRoute) or declared is None or not route.methods:
            raise TypeError(f"{route} doesn't declare what it needs: put @needs(…) above its function")
        if route.param_convertors:
            by_method = patterns.setdefault(route.path, (route.path_regex, {}))[1]
        else:
            by_method = fixed.setdefault(route.path, {})
        for method in route.methods:
            takes_body = method not in ("GET", "HEAD", "DELETE")
            known = route.endpoint.__dict__
            guarded = GuardedRoute(
                *(route, route.path_format, method, declared, route.endpoint, takes_body),
                is_page=known["is_page"],
                largest_body=known["largest_body"],
            )
            by_method.setdefault(method, guarded)
    return RouteTable(fixed, tuple(patterns.values()))
