"""From a draft to a release in the studio: compare, try on all leads and on past ones, publish."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.pages.forms import read_form, see_other
from leadledger.api.pages.rendering import render_page
from leadledger.api.pages.studio.draft_page import open_draft
from leadledger.api.pages.studio.effect_view import view_effect, view_past
from leadledger.api.pages.studio_edit_routes import read_number
from leadledger.api.requests.draft_bodies import read_publication, read_trial
from leadledger.api.studio import publishing, trials
from leadledger.api.studio.studio import Studio


def add(app: FastAPI, studio: Studio) -> None:
    """Add the routes."""

    @app.get("/studio/drafts/{draft}/compare", include_in_schema=False)
    @needs("read", page=True)
    async def compare_draft(request: Request) -> Response:
        name = request.path_params["draft"]
        context = await open_draft(studio, name, "")
        compared = await publishing.compare_draft(studio, name)
        tried = {trial["on"]: trial for trial in (await trials.read_trials(studio, name))["trials"]}
        shown = {
            "compared": compared,
            "trials": tried,
            "all_leads": view_effect(tried["leads"]["effect"]) if tried["leads"]["effect"] else None,
            "past": view_past(tried["history"]["backtest"]) if tried["history"]["backtest"] else None,
            "is_running": any(trial["state"] == "running" for trial in tried.values()),
        }
        return render_page(request, "studio/compare.html", {**context, **shown})

    @app.post("/studio/drafts/{draft}/trials", include_in_schema=False)
    @needs("admin", page=True)
    async def start_trial(request: Request) -> Response:
        form = await read_form(request)
        name = request.path_params["draft"]
        await trials.start_trial(studio, name, read_trial({"on": form.get("on")}), request.scope["key"].name)
        return see_other(f"/studio/drafts/{name}/compare")

    @app.post("/studio/drafts/{draft}/publish", include_in_schema=False)
    @needs("admin", page=True)
    async def publish_draft(request: Request) -> Response:
        form = await read_form(request)
        publication = read_publication({"revision": read_number(form, "revision"), "note": form.get("note")})
        name = request.path_params["draft"]
        await publishing.publish_draft(studio, name, publication, request.scope["key"].name)
        return see_other("/releases")
