"""GET /v1/releases and POST /v1/releases/{id}/use: what could be served, and which of it is."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_key_name, write_json
from leadledger.api.http.openapi_options import describe_answer
from leadledger.api.service import releases
from leadledger.api.service.service import Service


def add(app: FastAPI, service: Service) -> None:
    """Add the routes that show releases, and choose one."""

    @app.get(
        "/v1/releases",
        summary="List the releases",
        operation_id="list_releases",
        **describe_answer("releases", "Releases", {503: "The folder of releases can't be read."}),
    )
    @needs("read")
    async def list_releases(request: Request) -> Response:
        """All releases of the home, oldest first, and which one this service serves."""
        return write_json(await releases.list_releases(service))

    @app.post(
        "/v1/releases/{id}/use",
        summary="Make a release the current one",
        operation_id="use_release",
        **describe_answer(
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
        return write_json(await releases.use_release(service, request.path_params["id"], read_key_name(request)))
