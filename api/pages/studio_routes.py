"""The studio: the drafts of the card, and the pages of one, which show what it holds and what it would do."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.pages.forms import read_form, see_other
from leadledger.api.pages.releases.release_view import ReleaseView, view_release
from leadledger.api.pages.rendering import render_page
from leadledger.api.pages.studio.draft_page import open_draft
from leadledger.api.pages.studio.draft_view import list_history, list_parts, word_time
from leadledger.api.pages.studio.field_form import KIND_WORDS
from leadledger.api.pages.studio.rule_list import list_rules
from leadledger.api.pages.studio.text_view import choose_lines, list_lines
from leadledger.api.requests.draft_bodies import read_beginning
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service import releases
from leadledger.api.service.scoring import today
from leadledger.api.studio import drafts, rule_findings
from leadledger.api.studio.drafts import check_once
from leadledger.api.studio.studio import Studio
from leadledger.scoring.day_forms import find_zone


def add(app: FastAPI, studio: Studio) -> None:
    """Add the pages."""

    @app.get("/studio", include_in_schema=False)
    @needs("read", page=True)
    async def show_studio(request: Request) -> Response:
        studio.sample.prepare()
        loaded = studio.service.loaded
        zone = find_zone(loaded.card.card.time_zone)
        day = today(loaded.card.card.time_zone)
        listed = (await drafts.list_drafts(studio))["drafts"]
        card = loaded.card.card
        findings = await rule_findings.list_rule_findings(studio, waits=False)
        context = {
            "room": "studio",
            "title": card.title or card.name,
            "drafts": [{**draft, "time": word_time(draft["changed_at"], day, zone)} for draft in listed],
            "sections": list_rules(card, await drafts.read_served_text(studio), (), findings),
            "rules": f"{card.count_rules():,}",
            "measured": await _view_measured(studio),
        }
        return render_page(request, "studio/home.html", context)

    @app.post("/studio/drafts", include_in_schema=False)
    @needs("admin", page=True)
    async def begin_draft(request: Request) -> Response:
        form = await read_form(request)
        name = form.get("name").strip()
        body = {"name": name} if name else {}
        if form.get("text"):
            body["text"] = form.get("text")
        draft = await drafts.begin_draft(studio, read_beginning(body), request.scope["key"].name)
        return see_other(f"/studio/drafts/{draft['name']}")

    @app.get("/studio/drafts/{draft}", include_in_schema=False)
    @needs("read", page=True)
    async def show_rules(request: Request) -> Response:
        context = await open_draft(studio, request.path_params["draft"], "Rules")
        draft = context["draft"]
        card = check_once(draft["text"]).card
        findings = await rule_findings.list_rule_findings(studio, waits=False)
        sections = () if card is None else list_rules(card, draft["text"], draft["changes"], findings)
        groups = () if card is None else card.groups
        lines = choose_lines(list_lines(draft["text"], draft["check"]))
        return render_page(
            request, "studio/rules.html", {**context, "sections": sections, "groups": groups, "lines": lines}
        )

    @app.get("/studio/drafts/{draft}/parts", include_in_schema=False)
    @needs("read", page=True)
    async def show_parts(request: Request) -> Response:
        context = await open_draft(studio, request.path_params["draft"], "Everything else")
        parts = list_parts(context["draft"])
        return render_page(request, "studio/parts.html", {**context, "parts": parts, "kinds": KIND_WORDS})

    @app.get("/studio/drafts/{draft}/cases", include_in_schema=False)
    @needs("read", page=True)
    async def show_cases(request: Request) -> Response:
        context = await open_draft(studio, request.path_params["draft"], "Cases")
        return render_page(request, "studio/cases.html", {**context, "cases": context["draft"]["check"]["cases"]})

    @app.get("/studio/drafts/{draft}/text", include_in_schema=False)
    @needs("read", page=True)
    async def show_text(request: Request) -> Response:
        context = await open_draft(studio, request.path_params["draft"], "Text")
        draft = context["draft"]
        lines = list_lines(draft["text"], draft["check"])
        return render_page(
            request, "studio/text.html", {**context, "lines": choose_lines(lines), "text": draft["text"]}
        )

    @app.get("/studio/drafts/{draft}/history", include_in_schema=False)
    @needs("read", page=True)
    async def show_history(request: Request) -> Response:
        context = await open_draft(studio, request.path_params["draft"], "History")
        history = list_history(context["draft"]["edits"], context["day"], context["zone"])
        return render_page(request, "studio/history.html", {**context, "history": history})


async def _view_measured(studio: Studio) -> ReleaseView | None:
    """The release that measured what is served: itself, unless its card was edited since; None: it is gone."""
    name = studio.service.loaded.release
    try:
        while name:
            shown = await releases.show_release(studio.service, name)
            measured = shown["provenance"].get("measured_with")
            if not measured or measured == name:
                return view_release(shown)
            name = str(measured)
    except Refusal:  # it is gone, or damaged: the page shows the rest
        return None
    return None
