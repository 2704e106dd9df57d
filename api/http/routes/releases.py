"""GET /v1/releases and POST /v1/releases/{id}/use: what could be served, and which of it is."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from leadledger.api.http.access import needs
from leadledger.api.http.described import answers
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service.service import Service
from leadledger.models.releases.store import Releases
from leadledger.scoring.errors import ReleaseError, did_you_mean


def add(app: FastAPI, service: Service) -> None:
    """Add the routes that show releases, and choose one."""
    releases = Releases(service.settings.home)

    @app.get(
        "/v1/releases",
        summary="List the releases",
        operation_id="list_releases",
        **answers("releases", "Releases", {503: "The folder of releases can't be read."}),
    )
    @needs("read")
    async def list_releases(request: Request) -> Response:
        """All releases of the home, oldest first, and which one this service serves."""
        try:
            found = await asyncio.to_thread(releases.list)
        except ReleaseError as error:
            raise Refusal(503, f"The releases can't be listed: {error}.", retry_after=1) from None
        served = service.served
        return _answer(
            {
                "serves": served.release,
                "follows": service.follows,
                "problem": service.problem,
                "releases": [one.to_dict() | {"served": one.name == served.release} for one in found],
            }
        )

    @app.post(
        "/v1/releases/{id}/use",
        summary="Make a release the current one",
        operation_id="use_release",
        **answers(
            "releases",
            "Used",
            {
                404: "There is no such release.",
                409: "The release is refused, or this service serves another, whatever is current.",
            },
        ),
    )
    @needs("admin")
    async def use_release(request: Request) -> Response:
        """The worker that answers serves it from now on, all others within a second. Nothing is restarted or refused.

        A release that is damaged is refused, and the one before is served on.
        """
        name = request.path_params["id"]
        if not service.follows:
            only = f"the release {service.served.release}" if service.served.release else "a card alone"
            raise Refusal(409, f"This service was started to serve {only}, whatever release is current.")
        try:
            names = await asyncio.to_thread(releases.names)
            if name not in names:
                raise Refusal(404, f"There is no release of this name.{did_you_mean(name, reversed(names))}")
            was = service.served.release
            await asyncio.to_thread(releases.use, name)
            await service.follow()
        except ReleaseError as error:
            raise Refusal(409, f"It can't be used, and {service.served.release} is served on: {error}.") from None
        return _answer({"release": name, "was": was})


def _answer(said: dict[str, Any]) -> Response:
    return Response(to_json(said), media_type="application/json")
