"""The parts of the service that `late_routes` loads: all routes but those that score and take what became of leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from leadledger.api.http.routes import (
    agents,
    crm_calls,
    docs,
    drafts,
    history,
    hooks,
    known_leads,
    leads,
    overview,
    releases,
    shadow,
    views,
)
from leadledger.api.pages import routes as pages
from leadledger.api.pages.desk_readiness import kept_ready
from leadledger.api.service.service import Service
from leadledger.api.service.sessions import Sessions
from leadledger.api.studio.shadow_watch import ShadowWatch
from leadledger.api.studio.studio import Studio


def add(app: FastAPI, service: Service, sessions: Sessions) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Add the routes to an app. Returns what runs beside them while the service runs."""
    studio = app.state.studio = Studio(service)
    incoming = crm_calls.open_incoming(service)
    history.add(app, service)
    known_leads.add(app, service)
    overview.add(app, service)
    views.add(app, service)
    leads.add(app, service)  # after all that begins with /v1/leads/
    hooks.add(app, service)
    crm_calls.add(app, incoming)
    drafts.add(app, studio)
    releases.add(app, studio)  # after /v1/releases/history
    shadow.add(app, studio)
    agents.add(app, service)
    docs.add(app)
    pages.add(app, studio, app.state.keys, sessions)

    @asynccontextmanager
    async def run_beside() -> AsyncIterator[None]:
        async with kept_ready(service), crm_calls.taking(incoming):
            with ShadowWatch(service).running():
                yield
                await studio.sample.stop()
        app.state.trainings.stop()
        studio.trials.stop()

    return run_beside
