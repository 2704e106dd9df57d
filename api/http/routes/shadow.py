"""/v1/shadow: a release or draft that is scored along unseen, and what it would have said differently."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_json, read_key_name, write_json
from leadledger.api.http.openapi_options import describe_answer, describe_exchange
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.shadow_body import read_naming
from leadledger.api.studio import shadows
from leadledger.api.studio.studio import Studio

_NO_LOG = {404: "There is no log.", 503: "The home or the log fails."}


def add(app: FastAPI, studio: Studio) -> None:
    """Add the routes of the shadow."""

    @app.get(
        "/v1/shadow",
        summary="The shadow, and what it would have said",
        operation_id="get_shadow",
        **describe_answer("shadow", "Shadow", _NO_LOG),
    )
    @needs("read")
    async def get_shadow(request: Request) -> Response:
        """Which release or draft is scored along unseen, since when, and how often it differs, by how much, for whom.

        Its scores are worked out after the answers have left, of the same values and days.
        """
        return write_json(await shadows.show_shadow(studio))

    @app.post(
        "/v1/shadow",
        summary="Name the shadow",
        operation_id="name_shadow",
        **describe_exchange(
            "shadow",
            "ShadowNaming",
            "Shadow",
            {
                404: "There is no such release or draft, or no log.",
                409: "It can't score the leads of the card that is served, or it is served itself.",
                503: "The home or the log fails.",
            },
        ),
    )
    @needs("admin")
    async def name_shadow(request: Request) -> Response:
        """Score a release or a draft along from now on, in place of the shadow before, whose counts are dropped.

        Nobody is answered by it, and it is in no book and no message of a hook. Of a draft, the text as it is counts.
        """
        naming = read_naming(parse_json(read_json(request)))
        return write_json(await shadows.name_shadow(studio, naming, read_key_name(request)))

    @app.delete(
        "/v1/shadow",
        summary="End the shadow",
        operation_id="end_shadow",
        **describe_answer("shadow", "Shadow", _NO_LOG),
    )
    @needs("admin")
    async def end_shadow(request: Request) -> Response:
        """Nothing is scored along any more. The answer is what was counted, which is dropped."""
        return write_json(await shadows.end_shadow(studio))
