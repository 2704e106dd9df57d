"""/v1/releases: what could be served, which of it is, what each is made of, and what differs between two."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_key_name, write_json
from leadledger.api.http.openapi_options import describe_answer
from leadledger.api.service import releases
from leadledger.api.studio.publishing import list_text_changes
from leadledger.api.studio.studio import Studio

_OLD = {
    "name": "old",
    "in": "query",
    "description": "The release that it is compared with; the current one if left out.",
    "schema": {"type": "string"},
}


def add(app: FastAPI, studio: Studio) -> None:
    """Add the routes that show releases, and choose one."""
    service = studio.service

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

    @app.get(
        "/v1/releases/{id}",
        summary="A release",
        operation_id="get_release",
        **describe_answer(
            "releases", "ReleaseDetails", {404: "There is no such release.", 409: "The release is damaged."}
        ),
    )
    @needs("read")
    async def get_release(request: Request) -> Response:
        """What it was made of, who edited it, and what training measured."""
        return write_json(await releases.show_release(service, request.path_params["id"]))

    @app.get(
        "/v1/releases/{id}/compare",
        summary="A release beside another",
        operation_id="compare_releases",
        openapi_extra={"parameters": [_OLD]},
        **describe_answer(
            "releases",
            "ReleaseComparison",
            {
                404: "There is no such release, or none is current.",
                409: "A release is damaged.",
                422: "A parameter is wrong.",
            },
        ),
    )
    @needs("read")
    async def compare_releases(request: Request) -> Response:
        """Which points, thresholds, grades and parts of the card differ from the other release, and their lines."""
        old = await releases.read_other(service, request.scope["query_string"])
        compared = await releases.compare_releases(service, old, request.path_params["id"])
        return write_json({**compared.diff.to_dict(), "text": list_text_changes(*compared.texts)})
