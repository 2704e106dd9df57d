"""The web service: an app factory. The card or the release is loaded and checked once, before the first request."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import FastAPI

import scoring
from api import problem
from api.access import table
from api.guard import Guard
from api.keys import Keyring
from api.program_log import Log
from api.routes import docs, health, me, score, scorecard
from api.routes.direct import Direct
from api.settings import Settings
from models.releases import Releases
from scoring.engine import engine as engine_of
from scoring.scorecard import Scorecard


def create_app(settings: Settings) -> FastAPI:
    """The service for one card or release. Raises ScoringError where that can't be loaded: then nothing is served."""
    card = load(settings)
    engine = engine_of(card)
    engine.score({}, date.min)  # the first score compiles what later ones use
    app = FastAPI(
        title="leadledger",
        openapi_url=None,  # and no page: `routes.docs` has them, behind a key and with a policy for browsers
        redirect_slashes=False,  # a redirect would drop the body of a POST; a 404 says it plainly
    )
    app.state.card = card
    app.state.keys = Keyring(settings.home)
    app.state.log = Log(settings.log_level)
    problem.install(app)
    app.router.route_class = Direct
    score.add(app, engine, settings)
    scorecard.add(app, card)
    health.add(app, card)
    me.add(app)
    docs.add(app)
    table(app.routes)  # a route that doesn't say what it needs is refused here, not when it is first asked
    app.add_middleware(Guard, routes=app.routes, keys=app.state.keys, settings=settings, log=app.state.log)

    def openapi() -> dict[str, Any]:
        # Loaded where somebody asks: the models of the documentation would cost every start a tenth of its time.
        from api import schemas

        if app.openapi_schema is None:
            app.openapi_schema = schemas.openapi(app, engine)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend what it says of itself
    return app


def load(settings: Settings) -> Scorecard:
    """The scorecard that the settings name. Raises ScoringError."""
    if settings.card is not None:
        return scoring.load(settings.card)
    return Releases(settings.home).open(settings.release)
