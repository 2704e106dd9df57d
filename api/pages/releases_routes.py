"""The releases: the list, one with its report, two beside each other, the shadow, and making one current."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_key_name
from leadledger.api.pages.forms import read_form, see_other
from leadledger.api.pages.releases.comparison_view import view_comparison
from leadledger.api.pages.releases.measures import Measures
from leadledger.api.pages.releases.quality import ReleaseQuality, word_quality
from leadledger.api.pages.releases.release_list import list_page, view_changes, view_releases
from leadledger.api.pages.releases.release_view import REPORT_FILE, view_release
from leadledger.api.pages.releases.report_page import send_report
from leadledger.api.pages.releases.shadow_view import ShadowView, view_shadow
from leadledger.api.pages.rendering import hide_home, render_page
from leadledger.api.pages.studio.effect_view import EffectView, view_effect
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.requests.shadow_body import ShadowNaming
from leadledger.api.service import releases
from leadledger.api.service.service import Service
from leadledger.api.studio import drafts, shadows
from leadledger.api.studio.previews import preview_release
from leadledger.api.studio.publishing import list_changes
from leadledger.api.studio.studio import Studio
from leadledger.models.releases.manifest import METRICS

OVERTAKEN = "Release {name} has become the current one meanwhile. Look at the releases again."
NONE_CURRENT = "No release is current any more. Look at the releases again."


def add(app: FastAPI, studio: Studio) -> None:
    """Add the routes."""
    service = studio.service
    _add_shadow(app, studio)

    @app.get("/releases", include_in_schema=False)
    @needs("read", page=True)
    async def show_releases(request: Request) -> Response:
        answer = await releases.list_releases(service)
        number = request.query_params.get("page", "1")
        page = list_page(answer, int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 1)
        readable = [record["name"] for record in page[0] if not record["problem"]]
        qualities = dict(await asyncio.gather(*(read_quality(service, name) for name in readable)))
        view = view_releases(answer, page, {name: quality for name, quality in qualities.items() if quality})
        was = request.query_params.get("was", "")
        names = [record["name"] for record in answer["releases"]]
        context = {
            "view": view,
            "problem": hide_home(view.problem, request.scope),
            "was": was if was in names and was != view.current else "",
            "follows": service.follows,
            "changes": view_changes(await list_changes(studio)),
            "shadow": await _view_shadow(studio),
        }
        return render_page(request, "releases/list.html", context)

    @app.get("/releases/release", include_in_schema=False)
    @needs("read", page=True)
    async def show_release(request: Request) -> Response:
        shown = await releases.show_release(service, request.query_params.get("name", ""))
        answer = await releases.list_releases(service)
        current = next((record for record in answer["releases"] if record["current"]), None)
        context = {"view": view_release(shown), "current": current, "follows": service.follows}
        return render_page(request, "releases/release.html", context)

    @app.get("/releases/report", include_in_schema=False)
    @needs("read", page=True)
    async def show_report(request: Request) -> Response:
        name = request.query_params.get("name", "")
        return send_report(await releases.read_release_file(service, name, REPORT_FILE))

    @app.get("/releases/compare", include_in_schema=False)
    @needs("read", page=True)
    async def compare_releases(request: Request) -> Response:
        old, new = (request.query_params.get(side, "") for side in ("old", "new"))
        compared = await releases.compare_releases(service, old, new)
        view = await asyncio.to_thread(view_comparison, compared)
        answer = await releases.list_releases(service)
        names = [record["name"] for record in answer["releases"]][::-1]
        is_older = names.index(new) > names.index(old)
        effect = await _preview(studio, old, new)
        context = {"view": view, "names": names, "is_older": is_older, "follows": service.follows, "effect": effect}
        return render_page(request, "releases/compare.html", context)

    @app.post("/releases/use", include_in_schema=False)
    @needs("admin", page=True)
    async def use_release(request: Request) -> Response:
        form = await read_form(request)
        answer = await releases.list_releases(service)
        current = next((record["name"] for record in answer["releases"] if record["current"]), "")
        if current != form.get("was"):
            raise Refusal(409, OVERTAKEN.format(name=current) if current else NONE_CURRENT)
        await releases.use_release(service, form.get("name"), read_key_name(request))
        return see_other(f"/releases?was={current}")


def _add_shadow(app: FastAPI, studio: Studio) -> None:
    """Add the routes of the shadow: its page, naming it, and ending it."""

    @app.get("/releases/shadow", include_in_schema=False)
    @needs("read", page=True)
    async def show_shadow(request: Request) -> Response:
        shadow = view_shadow(await shadows.show_shadow(studio))
        answer = await releases.list_releases(studio.service)
        names = [record["name"] for record in answer["releases"][::-1] if not record["problem"]]
        context = {
            "shadow": shadow,
            "names": [name for name in names if name != studio.service.loaded.release],
            "drafts": [draft["name"] for draft in (await drafts.list_drafts(studio))["drafts"]],
            "served": studio.service.loaded.release,
        }
        return render_page(request, "releases/shadow.html", context)

    @app.post("/releases/shadow", include_in_schema=False)
    @needs("admin", page=True)
    async def name_shadow(request: Request) -> Response:
        kind, _, name = (await read_form(request)).get("what").partition(" ")
        naming = ShadowNaming("draft" if kind == "draft" else "release", name)
        await shadows.name_shadow(studio, naming, read_key_name(request))
        return see_other("/releases/shadow")

    @app.post("/releases/shadow/end", include_in_schema=False)
    @needs("admin", page=True)
    async def end_shadow(request: Request) -> Response:
        await read_form(request)
        await shadows.end_shadow(studio)
        return see_other("/releases/shadow")


async def _view_shadow(studio: Studio) -> ShadowView | None:
    """The shadow; None where there is no log to compare it with, or that fails: the page shows the rest."""
    try:
        return view_shadow(await shadows.show_shadow(studio))
    except Refusal:
        return None


async def _preview(studio: Studio, old: str, new: str) -> EffectView | None:
    """What a release would do to the known leads; None where nobody knows: it is another than the one that is served
    that it is compared with, or there is no log, or no lead.
    """
    if old != studio.service.loaded.release or old == new or studio.service.decision_log is None:
        return None
    try:
        effect = await preview_release(studio, new)
    except Refusal:  # the page shows the rest
        return None
    return view_effect(effect) if effect["leads"] or effect["problem"] else None


async def read_quality(service: Service, name: str) -> tuple[str, ReleaseQuality | None]:
    """How good a release is; None where its metrics can't be read."""
    from json import loads

    try:
        return name, word_quality(Measures(loads(await releases.read_release_file(service, name, METRICS))))
    except (Refusal, ValueError, RecursionError):
        return name, None
