"""/v1/views: the views of the list of leads that people have named."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_json, read_key_id, write_json
from leadledger.api.http.openapi_options import describe_answer, describe_exchange
from leadledger.api.pages.desk import saved_views
from leadledger.api.requests.json_text import parse_json
from leadledger.api.service.service import Service

_FAILS = {404: "There is no log.", 503: "The log can't be reached."}


def add(app: FastAPI, service: Service) -> None:
    """Add the routes of saved views."""

    @app.get(
        "/v1/views",
        summary="List the saved views",
        operation_id="list_views",
        **describe_answer("leads", "SavedViews", _FAILS),
    )
    @needs("read")
    async def list_views(request: Request) -> Response:
        """The views of the list of leads that were named with this key, by name."""
        views = await saved_views.list_views(service, read_key_id(request))
        return write_json({"views": [view.to_dict() for view in views]})

    @app.post(
        "/v1/views",
        summary="Save a view",
        operation_id="save_view",
        **describe_exchange(
            "leads", "SavedViewRequest", "SavedView", {**_FAILS, 409: "The key has as many views as it may have."}
        ),
    )
    @needs("read")
    async def save_view(request: Request) -> Response:
        """A view of the list of leads gets a name, in place of the view that had it. Only this key finds it again."""
        body = parse_json(read_json(request))
        view = await saved_views.save_view(service, read_key_id(request), body)
        return write_json(view.to_dict())

    @app.delete(
        "/v1/views/{id:path}",
        summary="Forget a saved view",
        operation_id="forget_view",
        **describe_answer("leads", "ForgottenView", {**_FAILS, 404: "There is no view of this name, or no log."}),
    )
    @needs("read")
    async def forget_view(request: Request) -> Response:
        """The view is no longer listed. Leads, and views of other keys, stay as they are."""
        name = request.path_params["id"]
        await saved_views.forget_view(service, read_key_id(request), name)
        return write_json({"name": name})
