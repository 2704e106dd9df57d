"""The web service: an app factory, which loads and checks the card or the release before the first request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from leadledger.api.http.access import build_route_table
from leadledger.api.http.direct import DirectRoute
from leadledger.api.http.guard import Guard
from leadledger.api.http.guarded_app import GuardedApp
from leadledger.api.http.routes import (
    agents,
    crm_calls,
    docs,
    drafts,
    events,
    health,
    history,
    hooks,
    known_leads,
    leads,
    me,
    metrics,
    outcomes,
    overview,
    releases,
    score,
    scorecard,
    shadow,
    views,
)
from leadledger.api.pages import routes as pages
from leadledger.api.pages.desk_readiness import kept_ready
from leadledger.api.pages.refusals import show_refusal
from leadledger.api.service.keys import Keyring
from leadledger.api.service.program_log import ProgramLog
from leadledger.api.service.service import open_service
from leadledger.api.service.sessions import Sessions
from leadledger.api.service.settings import Settings
from leadledger.api.studio.shadow_watch import ShadowWatch
from leadledger.api.studio.studio import Studio


def create_app(settings: Settings, *, needs_keys: bool = False) -> FastAPI:
    """Create the service for one card or release. Raises ScoringError where that can't be loaded.

    `needs_keys`: keys existed when the service started, so their loss is damage. Else the home tells.
    """
    log = ProgramLog(settings.log_level)
    service = open_service(settings, log)
    incoming = crm_calls.open_incoming(service)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with service.running(), kept_ready(service), crm_calls.taking(incoming):
            with ShadowWatch(service).running():
                yield
                await app.state.studio.sample.stop()
        app.state.trainings.stop()
        app.state.studio.trials.stop()
        log.flush()  # the process may end by a signal right after this

    app = GuardedApp(
        title="leadledger",
        openapi_url=None,  # nor a page: `routes.docs` has both, behind a key and with a content policy
        redirect_slashes=False,  # a redirect would drop the body of a POST; a 404 is plain
        lifespan=lifespan,
    )
    app.state.service, app.state.log = service, log
    app.state.studio = Studio(service)
    app.state.keys = Keyring(settings.home, needed=needs_keys)
    sessions = Sessions(settings.home)
    app.router.route_class = DirectRoute
    score.add(app, service)
    outcomes.add(app, service)
    events.add(app, service)
    history.add(app, service)
    known_leads.add(app, service)
    overview.add(app, service)
    views.add(app, service)
    leads.add(app, service)  # after all that begins with /v1/leads/
    hooks.add(app, service)
    crm_calls.add(app, incoming)
    scorecard.add(app, service)
    drafts.add(app, app.state.studio)
    releases.add(app, app.state.studio)  # after /v1/releases/history
    shadow.add(app, app.state.studio)
    health.add(app, service)
    metrics.add(app, service)
    me.add(app)
    agents.add(app, service)
    docs.add(app)
    pages.add(app, app.state.studio, app.state.keys, sessions)
    build_route_table(app.routes)  # it refuses a route that declares no need here, not at the first request
    app.make_guard = lambda: Guard(
        app.routes,
        keys=app.state.keys,
        sessions=sessions,
        show_refusal=show_refusal,
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
