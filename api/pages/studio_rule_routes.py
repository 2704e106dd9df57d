"""The page of a rule: its condition in rows, its points with the odds they mean, and what the edit would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.pages.forms import read_form
from leadledger.api.pages.rendering import render_page
from leadledger.api.pages.studio.draft_page import NO_EFFECT, open_draft, try_draft
from leadledger.api.pages.studio.rule_form import (
    RuleInputs,
    fill_in_rule,
    press,
    read_rule_form,
    view_rule_form,
    write_rule,
)
from leadledger.api.pages.studio.rule_list import find_rules
from leadledger.api.pages.studio.text_view import choose_lines, list_lines
from leadledger.api.pages.studio_edit_routes import keep_edits, read_number, refuse_edit
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.studio import drafts
from leadledger.api.studio.drafts import check_once
from leadledger.api.studio.studio import Studio
from leadledger.scoring.card_edits.apply import apply_edit
from leadledger.scoring.card_edits.edits import Edit
from leadledger.scoring.errors import CardEditError, ScorecardError
from leadledger.scoring.scorecard import Card

UNREADABLE = "The text of the draft has mistakes, so its rules can't be shown as sentences. Mend the text first."


def add(app: FastAPI, studio: Studio) -> None:
    """Add the routes."""

    @app.get("/studio/drafts/{draft}/rule", include_in_schema=False)
    @needs("read", page=True)
    async def show_rule(request: Request) -> Response:
        name, after = request.query_params.get("name", ""), request.query_params.get("after", "")
        draft = request.path_params["draft"]
        context = await open_draft(studio, draft, "Rules")
        card = _read_card(context["draft"]["text"])
        if name and name not in find_rules(card):
            raise Refusal(404, "The draft has no such rule.")
        inputs = fill_in_rule(card, context["draft"]["text"], name) if name else RuleInputs(after=after)
        return _show(request, studio, context, card, inputs)

    @app.post("/studio/drafts/{draft}/rule", include_in_schema=False)
    @needs("admin", page=True)
    async def save_rule(request: Request) -> Response:
        form = await read_form(request)
        draft, do = request.path_params["draft"], form.get("do", "keep")
        text = await drafts.read_text(studio, draft, read_number(form, "revision"))
        card = _read_card(text)
        inputs = read_rule_form(form)
        if do not in ("keep", "try"):
            inputs = press(inputs, card, do)
            return _show(request, studio, await open_draft(studio, draft, "Rules"), card, inputs)
        try:
            edits = _make_edits(card, text, inputs)
            edited = _apply(text, edits)
        except (CardEditError, ScorecardError) as error:
            context = await open_draft(studio, draft, "Rules")
            return _show(request, studio, context, card, inputs, refuse_edit(error).detail, 422)
        if do == "try":
            context = await open_draft(studio, draft, "Rules")
            checked = await drafts.check_draft(edited)
            effect = await try_draft(studio, draft, edited)
            shown = {"effect": effect, "summary": NO_EFFECT if effect is None else effect.summary}
            tried = {**context, **shown, "draft": {**context["draft"], "check": checked}}
            return _show(request, studio, tried, card, inputs)
        return await keep_edits(request, studio, form, edits, "")

    @app.post("/studio/drafts/{draft}/rule-effect", include_in_schema=False)
    @needs("read", page=True)
    async def try_rule(request: Request) -> Response:
        form = await read_form(request)
        draft = request.path_params["draft"]
        text = await drafts.read_text(studio, draft, read_number(form, "revision"))
        card = _read_card(text)
        inputs = read_rule_form(form)
        context: dict[str, Any] = {"effect": None, "summary": "", "lines": (), "mistakes": ()}
        try:
            edited = _apply(text, _make_edits(card, text, inputs))
            checked = await drafts.check_draft(edited)
            effect = await try_draft(studio, draft, edited)
            lines = () if checked["readable"] else choose_lines(list_lines(edited, checked))
            context |= {"effect": effect, "summary": NO_EFFECT if effect is None else effect.summary, "lines": lines}
        except (CardEditError, ScorecardError) as error:
            context["mistakes"] = (refuse_edit(error).detail,)
        odds = view_rule_form(card, inputs, studio.service.loaded.card).odds
        return render_page(request, "studio/effect.html", {**context, "odds": odds})


def _make_edits(card: Card, text: str, inputs: RuleInputs) -> list[Edit]:
    return write_rule(card, inputs, fill_in_rule(card, text, inputs.name).kept if inputs.name else {})


def _apply(text: str, edits: Sequence[Edit]) -> str:
    for edit in edits:
        text = apply_edit(text, edit)
    return text


def _read_card(text: str) -> Card:
    card = check_once(text).card
    if card is None:
        raise Refusal(409, UNREADABLE)
    return card


def _show(
    request: Request,
    studio: Studio,
    context: dict[str, object],
    card: Card,
    inputs: RuleInputs,
    mistake: str = "",
    status: int = 200,
) -> Response:
    view = view_rule_form(card, inputs, studio.service.loaded.card)
    return render_page(
        request, "studio/rule.html", {**context, "rule": inputs, "view": view, "mistake": mistake}, status
    )
