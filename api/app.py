"""The web service: an app factory, which loads and checks the card or the release before the first request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response
from starlette.types import Scope

from leadledger.api.http.access import build_route_table
from leadledger.api.http.direct import DirectRoute
from leadledger.api.http.guard import Guard
from leadledger.api.http.guarded_app import GuardedApp
from leadledger.api.http.routes import events, health, me, metrics, outcomes, score, scorecard
from leadledger.api.late_routes import LateRoutes
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.keys import Keyring
from leadledger.api.service.program_log import ProgramLog
from leadledger.api.service.service import open_service
from leadledger.api.service.sessions import Sessions
from leadledger.api.service.settings import Settings


def create_app(settings: Settings, *, needs_keys: bool = False, late: bool = False) -> FastAPI:
    """Create the service for one card or release. Raises ScoringError where that can't be loaded.

    `needs_keys`: keys existed when the service started, so their loss is damage. Else the home tells. `late`: the late
    routes come once it answers, for a quick start; else they are there at once.
    """
    log = ProgramLog(settings.log_level)
    service = open_service(settings, log)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with service.running(), late_routes.running():
            yield
        log.flush()  # the process may end by a signal right after this

    app = GuardedApp(
        title="leadledger",
        openapi_url=None,  # nor a page: `routes.docs` has both, behind a key and with a content policy
        redirect_slashes=False,  # a redirect would drop the body of a POST; a 404 is plain
        lifespan=lifespan,
    )
    app.state.service, app.state.log = service, log
    app.state.keys = Keyring(settings.home, needed=needs_keys)
    sessions = Sessions(settings.home)
    app.router.route_class = DirectRoute
    for routes in (score, outcomes, events, scorecard, health, metrics):
        routes.add(app, service)
    me.add(app)
    late_routes = LateRoutes(app, service, sessions)
    if not late:
        late_routes.add()
    build_route_table(app.routes)  # it refuses a route that declares no need here, not at the first request
    app.make_guard = lambda: Guard(
        app.routes,
        keys=app.state.keys,
        sessions=sessions,
        load_late=late_routes.ensure if late else None,
        show_refusal=_show_refusal,
        settings=settings,
        log=log,
        metrics=service.metrics,
    )

    described = None

    def openapi() -> dict[str, Any]:
        # Loaded on the first request for it: its models would cost every start a tenth of its time.
        from leadledger.api.openapi.document import build_document

        nonlocal described
        if app.openapi_schema is None or described is not service.loaded:
            described = service.loaded
            app.openapi_schema = build_document(app, described.engine)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return app


def _show_refusal(refusal: Refusal, scope: Scope) -> Response:
    """A refusal as a page."""
    from leadledger.api.pages.refusals import show_refusal  # loaded with the first one

    return show_refusal(refusal, scope)
