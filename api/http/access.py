"""What each route needs of its caller, declared where the route is: `@needs("score")` below `@app.post(…)`.

A route that declares nothing can't be served: the table of routes is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from re import Pattern
from typing import Any, TypeVar

from starlette.routing import BaseRoute, Route

from leadledger.api.http.direct import DirectRoute
from leadledger.api.service.keys import SCOPES

OPEN = "open"  # anybody, at any time: no key, no limit
ANY_KEY = "any"  # any key that works, whatever its scopes
NEEDS = (OPEN, ANY_KEY, *SCOPES)

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def needs(scope: str) -> Callable[[Endpoint], Endpoint]:
    """Declare what a route's function needs: a scope, ANY_KEY, or OPEN. Raises ValueError for another word."""
    if scope not in NEEDS:
        raise ValueError(f"{scope!r} is not one of {', '.join(NEEDS)}")

    def declare(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["needs"] = scope
        return endpoint

    return declare


@dataclass(frozen=True, slots=True)
class GuardedRoute:
    """A route as the guard sees it: its template, what it needs, and its function if that is called directly."""

    route: Route
    template: str
    method: str
    needs: str
    call: Callable[..., Any] | None
    takes_body: bool


@dataclass(frozen=True, slots=True)
class RouteTable:
    """All routes: those with a fixed path by that path, the others in order; each by method."""

    fixed: dict[str, dict[str, GuardedRoute]]
    others: tuple[tuple[Pattern[str], dict[str, GuardedRoute]], ...]

    def at(self, path: str) -> dict[str, GuardedRoute]:
        """The entries of a path by method; empty where nothing is there."""
        found = self.fixed.get(path)
        if found is not None:
            return found
        return next((entries for pattern, entries in self.others if pattern.match(path)), {})


def build_route_table(routes: Iterable[BaseRoute]) -> RouteTable:
    """The table of an app's routes. Raises TypeError for a route that doesn't declare what it needs."""
    fixed: dict[str, dict[str, GuardedRoute]] = {}
    others: dict[str, tuple[Pattern[str], dict[str, GuardedRoute]]] = {}
    for route in routes:
        declared = getattr(getattr(route, "endpoint", None), "needs", None)
        if not isinstance(route, Route) or declared is None or not route.methods:
            raise TypeError(f"{route} doesn't say what it needs: put @needs(…) above its function")
        if route.param_convertors:
            entries = others.setdefault(route.path, (route.path_regex, {}))[1]
        else:
            entries = fixed.setdefault(route.path, {})
        for method in route.methods:
            call = route.endpoint if isinstance(route, DirectRoute) else None
            takes_body = method not in ("GET", "HEAD", "DELETE")
            entries.setdefault(method, GuardedRoute(route, route.path, method, declared, call, takes_body))
    return RouteTable(fixed, tuple(others.values()))
